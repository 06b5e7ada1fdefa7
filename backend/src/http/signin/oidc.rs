//! Visits to the organisation's own provider: to sign in, to link it, to prove anew.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{session, set_cookie};
use crate::http::caller::{cookie_of, cookie_token, cookies_beginning_with};
use crate::http::error::{ApiError, Problem};
use crate::service::App;
use crate::service::access::{Action, Caller};
use crate::service::journal::{Act, Who};
use crate::service::secret::secret_hash;
use crate::service::signin::oidc::{Answer, Purpose, Return};
use crate::service::signin::{self, From, SignInError, oidc, own};

/// Begins the name of a cookie that is half of the secret of a visit to the provider. Each visit has its own, so that visits of
/// several tabs do not end one another.
const VISIT: &str = "tsudoi_visit_";
/// What the cookie of a finished visit holds, so that whoever goes back to it is led on.
const FINISHED: &str = "finished";
/// Visits a browser keeps; setting out once more forgets the first.
const VISITS: usize = 8;

/// The name of a visit's cookie.
fn visit_name(state: &str) -> String {
    let hash = hex::encode(secret_hash(state));
    format!("{VISIT}{}", hash.get(..16).unwrap_or_default())
}

/// What the provider is wanted for.
#[derive(Debug, Deserialize)]
struct Visit {
    purpose: Purpose,
}

/// The routes of this file.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(visit_provider))
        .routes(routes!(visit_own_provider, unlink))
        .routes(routes!(back_from_provider))
}

/// Sends the browser to the organisation's own provider.
#[utoipa::path(get, path = "/v1/sign-in/oidc", tag = "identity",
    responses((status = 303), (status = 401, body = Problem), (status = 404, body = Problem)))]
async fn visit_provider(State(app): State<App>, from: From, headers: HeaderMap) -> Result<Response, ApiError> {
    let departure = oidc::depart(&app, &from, Purpose::SignIn, None).await?;
    leave(&app, &headers, &departure)
}

fn leave(app: &App, headers: &HeaderMap, departure: &oidc::Departure) -> Result<Response, ApiError> {
    let mut response = Redirect::to(&departure.url).into_response();
    let cookies = response.headers_mut();
    let seconds = signin::CEREMONY_MS / 1000;
    let cookie = set_cookie(app, &visit_name(&departure.state), &departure.secret, seconds, "Lax")?;
    cookies.append(header::SET_COOKIE, cookie);

    // browsers name the eldest first
    let known = cookies_beginning_with(app, headers, VISIT);
    for name in known.iter().take((known.len() + 1).saturating_sub(VISITS)) {
        cookies.append(header::SET_COOKIE, set_cookie(app, name, "", 0, "Lax")?);
    }
    Ok(response)
}

/// Sends one who is signed in to the provider, to link it or to prove anew who they are.
#[utoipa::path(get, path = "/v1/own/provider", tag = "identity", security(("cookie" = [])),
    params(("purpose" = String, Query, description = "link or proof")),
    responses((status = 303), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem)))]
async fn visit_own_provider(
    State(app): State<App>,
    caller: Caller,
    from: From,
    headers: HeaderMap,
    visit: Result<Query<Visit>, QueryRejection>,
) -> Result<Response, ApiError> {
    let token = cookie_token(&app, &headers).map(secret_hash).ok_or_else(ApiError::unauthorised)?;
    let purpose = visit.ok().map(|Query(visit)| visit.purpose).filter(|purpose| *purpose != Purpose::SignIn);
    let purpose = purpose.ok_or_else(|| ApiError::invalid("目的の指定が正しくありません。"))?;
    if purpose == Purpose::Link && !own::is_proved(&app, &caller) {
        return Err(SignInError::ProofNeeded.into());
    }
    let departure = oidc::depart(&app, &from, purpose, Some((&caller, token))).await?;
    leave(&app, &headers, &departure)
}

/// Where the provider sends the browser back to.
#[utoipa::path(get, path = "/v1/sign-in/oidc/back", tag = "identity", responses((status = 303)))]
async fn back_from_provider(
    State(app): State<App>,
    from: From,
    headers: HeaderMap,
    Query(answer): Query<Answer>,
) -> Result<Response, ApiError> {
    let name = visit_name(answer.state.as_deref().unwrap_or_default());
    let secret = cookie_of(&app, &headers, &name).map(str::to_owned);
    if secret.as_deref() == Some(FINISHED) {
        return Ok(Redirect::to("/office").into_response());
    }
    let finished = set_cookie(&app, &name, FINISHED, signin::CEREMONY_MS / 1000, "Lax")?;
    let over = set_cookie(&app, &name, "", 0, "Lax")?;
    let then = |cookie: &HeaderValue, path: &str| ([(header::SET_COOKIE, cookie)], Redirect::to(path)).into_response();
    let to = |path: String| then(&finished, &path);
    match oidc::come_back(&app, &from, secret.as_deref(), answer).await {
        Ok(Return::SignedIn(token) | Return::Proved(token)) => {
            let mut response = to("/office".to_owned());
            response.headers_mut().append(header::SET_COOKIE, session(&app, &token)?);
            Ok(response)
        }
        Ok(Return::Linked) => Ok(to("/office/own".to_owned())),
        Err(error) => {
            let problem = ApiError::from(error);
            // the browser is sent on, so that the guard sees no refusal
            app.journal.note_refused(Who::default(), Act::refused(Action::SignIn, problem.code()).to("provider")).await;
            Ok(then(&over, &format!("/office?problem={}", problem.code())))
        }
    }
}

/// Ends the link between the caller and the organisation's own provider.
#[utoipa::path(delete, path = "/v1/own/provider", tag = "identity", security(("cookie" = [])),
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem)))]
async fn unlink(State(app): State<App>, caller: Caller) -> Result<StatusCode, ApiError> {
    own::unlink(&app, &caller).await?;
    Ok(StatusCode::NO_CONTENT)
}
