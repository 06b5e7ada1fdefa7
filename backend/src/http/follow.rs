//! `GET /v1/follow`: a WebSocket on which stock automerge-repo clients follow documents, and the tickets for it.
//!
//! Off unless `follow_connections` is set. The credential comes in the `Authorization` header or, because automerge-repo's
//! own adapter gives nothing but an address, as a ticket in that address: good once and for a minute, so that a copy in
//! a log is worthless; who loses the connection asks for another. The cookie alone is not taken here: a browser would send it along for a page of any origin.

use std::time::Duration;

use axum::Json;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::caller::{credential, device_token};
use crate::http::error::{ApiError, Problem};
use crate::service::App;
use crate::service::access::{Action, Caller};
use crate::service::credential::Credential;
use crate::service::follow::message::Outgoing;
use crate::service::follow::{End, Session, TICKET_MS};
use crate::service::journal;
use crate::service::secret::{random_token, secret_hash};

/// How often a silent connection is asked whether it is still there.
const PING: Duration = Duration::from_secs(30);
/// How long the other side may take to let a message through.
const SEND: Duration = Duration::from_secs(30);

/// A ticket for one connection.
#[derive(Debug, Serialize, ToSchema)]
pub struct FollowTicket {
    /// For `/v1/follow?ticket=…`.
    pub ticket: String,
    /// How long it is good for, ms.
    pub valid_ms: u64,
}

/// The address of a connection.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct FollowQuery {
    /// From `/v1/follow/ticket`, where the header cannot be set.
    ticket: Option<String>,
}

/// The routes of this file.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(follow)).routes(routes!(ticket))
}

fn is_on(app: &App) -> Result<(), ApiError> {
    if app.config.follow_connections == 0 { Err(ApiError::not_found()) } else { Ok(()) }
}

/// Gives the caller a ticket for one connection.
#[utoipa::path(post, path = "/v1/follow/ticket", tag = "follow", security(("device" = []), ("cookie" = [])),
    responses((status = 200, body = FollowTicket), (status = 401, body = Problem), (status = 404, body = Problem),
        (status = 503, body = Problem)))]
async fn ticket(State(app): State<App>, _: Caller, headers: HeaderMap) -> Result<Json<FollowTicket>, ApiError> {
    let credential = credential(&app, &headers).ok_or_else(ApiError::unauthorised)?;
    is_on(&app)?;
    let ticket = app.follow.ticket(credential, app.now().0).map_err(|_| ApiError::internal())?;
    let ticket = ticket.ok_or_else(ApiError::busy)?;
    Ok(Json(FollowTicket { ticket, valid_ms: TICKET_MS }))
}

/// automerge-repo's network protocol, version 1, read-only: what a client sends as changes is thrown away.
#[utoipa::path(get, path = "/v1/follow", tag = "follow", params(FollowQuery), security(("device" = [])),
    responses((status = 101, description = "WebSocket"), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 404, body = Problem), (status = 503, body = Problem)))]
async fn follow(
    State(app): State<App>,
    Query(query): Query<FollowQuery>,
    mut parts: Parts,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    let credential = match (device_token(&parts.headers).map(secret_hash), query.ticket) {
        (Some(token), _) => {
            Caller::identify(&mut parts, &app).await?;
            Some(Credential::Device(token))
        }
        (None, Some(ticket)) => app.follow.redeem(&ticket, app.now().0),
        (None, None) => None,
    };
    let credential = credential.ok_or_else(ApiError::unauthorised)?;
    let caller = credential.caller(&app, Action::Follow).await?.ok_or_else(ApiError::unauthorised)?;
    is_on(&app)?;
    let upgrade = upgrade.map_err(|_| ApiError::invalid("WebSocket で接続してください。"))?;
    let place = app.follow.place().ok_or_else(ApiError::busy)?;
    let name = random_token().map_err(|_| ApiError::internal())?;
    let own = format!("tsudoi-{}", name.get(..16).unwrap_or_default());
    let limit = app.config.follow_message_bytes;
    let session = Session::new(app.clone(), credential, caller, own);
    let origin = journal::origin();
    Ok(upgrade.max_message_size(limit).max_frame_size(limit).on_upgrade(async move |socket| {
        journal::from(origin, run(app, session, socket)).await;
        drop(place);
    }))
}

async fn run(app: App, mut session: Session, mut socket: WebSocket) {
    let mut notices = app.notices.subscribe();
    let mut ending = app.ending.subscribe();
    let mut ping = interval_at(Instant::now() + PING, PING);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut heard = true;
    loop {
        let outcome = tokio::select! {
            () = ended(&mut ending) => return,
            incoming = socket.recv() => {
                heard = true;
                match incoming {
                    Some(Ok(Message::Binary(bytes))) => session.receive(&bytes).await,
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
                    Some(Ok(Message::Text(_))) => Err(End::Protocol("messages are binary")),
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                }
            }
            notice = notices.recv() => match notice {
                Ok(notice) if session.hears(&notice) => {
                    // whatever else has been announced meanwhile is seen by the same look
                    while let Ok(_) | Err(TryRecvError::Lagged(_)) = notices.try_recv() {}
                    session.news().await
                }
                Ok(_) => continue,
                Err(RecvError::Lagged(_)) => session.news().await,
                Err(RecvError::Closed) => return,
            },
            _ = ping.tick() => {
                if !std::mem::replace(&mut heard, false) || !send(&mut socket, Message::Ping(Vec::new().into())).await {
                    return;
                }
                continue;
            }
        };
        match outcome {
            Ok(messages) => {
                for message in messages {
                    if !send(&mut socket, Message::Binary(message.into())).await {
                        return;
                    }
                }
            }
            Err(end) => {
                let reason = match &end {
                    End::Protocol(reason) => reason,
                    End::Credential => "the credential is no longer valid",
                    End::Store(_) => "try again later",
                };
                tracing::info!(%end, "a follower's connection ends");
                let _ = send(&mut socket, Message::Binary(session.write(Outgoing::Error(reason)).into())).await;
                let _ = send(&mut socket, Message::Close(None)).await;
                return;
            }
        }
    }
}

async fn ended(ending: &mut watch::Receiver<bool>) {
    // no sender means that the process ends, too
    let _ = ending.wait_for(|ending| *ending).await;
}

async fn send(socket: &mut WebSocket, message: Message) -> bool {
    matches!(timeout(SEND, socket.send(message)).await, Ok(Ok(())))
}
