//! The one place before all endpoints: who is calling, may their role do this at all, and what of it is noted.
//!
//! What belongs to whom is decided by the services, which know what a call is about. What was read and what was refused is
//! noted here; what was done is noted by the service that did it.

use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::http::caller::Claimed;
use crate::http::error::{ApiError, ProblemCode};
use crate::http::extract::Peer;
use crate::http::matrix::{Endpoint, Entrance, Noted, Proof};
use crate::http::request_id;
use crate::service::App;
use crate::service::access::{Caller, Extent};
use crate::service::journal::{self, Act, Origin, Who};
use crate::service::signin::SignInError;
use crate::service::signin::own::is_proved;

/// Answers a request, or refuses it, and notes what is to be noted.
pub async fn layer(State(app): State<App>, request: Request, next: Next) -> Response {
    let path = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned()).unwrap_or_default();
    let Some(endpoint) = Endpoint::find(request.method().as_str(), &path) else {
        tracing::error!(%path, "an endpoint that is not in the list is answered to nobody");
        return ApiError::not_found().into_response();
    };
    let (mut parts, body) = request.into_parts();
    let Ok(Peer(peer)) = Peer::from_request_parts(&mut parts, &app).await;
    let origin = Origin { peer: peer.to_string(), request: request_id::current() };
    let address = parts.uri.path().to_owned();
    let query = parts.uri.query().unwrap_or_default().to_owned();
    journal::from(origin, async {
        let entered = match endpoint.entrance {
            Entrance::Open => Ok(()),
            Entrance::Caller | Entrance::Person | Entrance::Tablet => enter(endpoint, &mut parts, &app).await,
        };
        let caller = parts.extensions.get::<Caller>().cloned();
        let claimed = parts.extensions.get::<Claimed>().cloned();
        let response = match entered {
            Err(refusal) => refusal.into_response(),
            Ok(()) => next.run(Request::from_parts(parts, body)).await,
        };
        let code = response.extensions().get::<ProblemCode>().map_or("refused", |code| code.0);
        note(&app, endpoint, (caller.as_ref(), claimed), (&address, &query), (response.status(), code)).await;
        response
    })
    .await
}

/// Finds out who is calling and whether the endpoint is theirs to use at all. Endpoints find them in the request.
async fn enter(endpoint: &Endpoint, parts: &mut Parts, app: &App) -> Result<(), ApiError> {
    let caller = Caller::identify(parts, app).await?;
    parts.extensions.insert(caller.clone());
    // what a revoked tablet, or one whose day pass has ended, still holds is taken in, and it sees nothing
    if caller.is_over(app.now().0) && endpoint.path != "/v1/sync" {
        return Err(ApiError::over(&caller));
    }
    if endpoint.entrance == Entrance::Tablet && caller.device.is_none() {
        return Err(ApiError::unauthorised());
    }
    let of_persons = endpoint.entrance == Entrance::Person;
    if (of_persons && caller.login.is_none()) || !caller.may(endpoint.action) {
        return Err(if endpoint.hidden { ApiError::not_found() } else { ApiError::forbidden() });
    }
    let asked = match endpoint.proof {
        Proof::Nobody => false,
        Proof::Everyone => true,
        Proof::WholePrefecture => caller.extent(endpoint.action) == Extent::Prefecture,
    };
    if asked && !is_proved(app, &caller) {
        return Err(SignInError::ProofNeeded.into());
    }
    Ok(())
}

async fn note(
    app: &App,
    endpoint: &Endpoint,
    (caller, claimed): (Option<&Caller>, Option<Claimed>),
    (address, query): (&str, &str),
    (status, code): (StatusCode, &str),
) {
    // how a tablet asks for the nonce of its proof
    if code == "use_dpop_nonce" {
        return;
    }
    // an address may hold a secret where nobody has said who they are
    let target = if caller.is_some() { address } else { endpoint.path };
    let detail = if endpoint.noted == Noted::Never { String::new() } else { journal::asked(query) };
    let who = caller.map(Who::from).or(claimed.map(|claimed| claimed.0)).unwrap_or_default();
    if status.is_client_error() {
        let act = Act::refused(endpoint.action, code).to(target).saying(detail);
        app.journal.note_refused(who, act).await;
    } else if status.is_success() && caller.is_some() {
        let act = Act::done(endpoint.action).to(target).saying(detail);
        match endpoint.noted {
            Noted::Never => {}
            Noted::Once => app.journal.note_read(who, act).await,
            Noted::EveryTime => app.journal.note_soon(who, act).await,
        }
    }
}
