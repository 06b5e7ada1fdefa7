//! `GET /v1/events`: says "something new in scope X" and nothing else. Losing an event loses nothing.
//!
//! The first word comes at once, and a comment now and then, so that whoever listens knows whether a proxy lets the stream
//! through or holds it back; one that does is asked not to, and nothing on the way may change or compress it.
//! Invariants: before each event it is asked again whether what the caller has shown still holds; streams are counted.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, header};
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use serde_json::json;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::caller::credential;
use crate::http::error::{ApiError, Problem};
use crate::service::App;
use crate::service::access::{Action, Caller};

/// Proxies end what is silent for a minute.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How long a browser waits before it opens a stream anew.
const RETRY: Duration = Duration::from_secs(5);
/// Read by nginx and by those that follow it.
const HOLDS_BACK: HeaderName = HeaderName::from_static("x-accel-buffering");
/// Events waiting for a slow reader; more are dropped.
const WAITING: usize = 64;

/// The routes of this file.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(events))
}

/// First an event named `listening`, at once; then events named `changed` with data `{"scope": …}`, for scopes the caller may
/// hear of.
#[utoipa::path(get, path = "/v1/events", tag = "sync", security(("device" = []), ("cookie" = [])),
    responses((status = 200, content_type = "text/event-stream", body = String), (status = 401, body = Problem),
        (status = 503, body = Problem)))]
async fn events(State(app): State<App>, caller: Caller, headers: HeaderMap) -> Result<impl IntoResponse, ApiError> {
    let credential = credential(&app, &headers).ok_or_else(ApiError::unauthorised)?;
    let place = app.streams.clone().try_acquire_owned().map_err(|_| ApiError::busy())?;
    let (sender, receiver) = mpsc::channel::<Result<Event, Infallible>>(WAITING);
    // there is room
    let _ = sender.try_send(Ok(Event::default().event("listening").retry(RETRY).data("{}")));
    let mut notices = app.notices.subscribe();
    let mut ending = app.ending.subscribe();
    tokio::spawn(async move {
        let _place = place;
        loop {
            let notice = tokio::select! {
                notice = notices.recv() => notice,
                _ = ending.wait_for(|ending| *ending) => break,
                () = sender.closed() => break,
            };
            match notice {
                Ok(notice) if notice.tenant == caller.tenant && caller.hears(&notice.scope) => {
                    let now = credential.caller(&app, Action::Hear).await;
                    if !now.is_ok_and(|now| now.is_some_and(|now| now.hears(&notice.scope))) {
                        break;
                    }
                    let event = Event::default().event("changed").data(json!({ "scope": notice.scope }).to_string());
                    if let Err(mpsc::error::TrySendError::Closed(_)) = sender.try_send(Ok(event)) {
                        break;
                    }
                }
                Ok(_) | Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => break,
            }
        }
    });
    let stream = Sse::new(ReceiverStream::new(receiver)).keep_alive(KeepAlive::new().interval(KEEP_ALIVE));
    Ok(([(header::CACHE_CONTROL, "no-store, no-transform"), (HOLDS_BACK, "no")], stream))
}
