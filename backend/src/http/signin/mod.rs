//! Signing in at the console and out again; the cookie, and the ways to get one, each in a file.

mod oidc;
mod own;
mod passkey;
mod password;
mod refusals;

use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::caller::{cookie_name, cookie_token};
use crate::http::enrol::{Me, me_of};
use crate::http::error::{ApiError, Problem};
use crate::http::extract::{ApiJson, Peer};
use crate::service::App;
use crate::service::secret::secret_hash;
use crate::service::signin::own::{proved, sign_out};
use crate::service::signin::{self, From, SignedIn};

/// A person who wants to sign in.
#[derive(Deserialize, ToSchema)]
pub struct LoginRequest {
    /// As shown: `XXXX-XXXX`.
    pub code: String,
}

/// The ways one can sign in here.
#[derive(Debug, Serialize, ToSchema)]
pub struct Ways {
    /// Whether passkeys can be used.
    pub passkeys: bool,
    /// What the organisation's own provider is called, where there is one.
    pub provider: Option<String>,
}

/// The routes of this folder.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(ways))
        .routes(routes!(login))
        .routes(routes!(logout))
        .merge(password::router())
        .merge(passkey::router())
        .merge(oidc::router())
        .merge(own::router())
}

impl From {
    fn of(peer: Peer, headers: &HeaderMap) -> Self {
        let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        Self { peer: peer.0, agent: signin::agent_words(agent) }
    }
}

impl FromRequestParts<App> for From {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let Ok(peer) = Peer::from_request_parts(parts, app).await;
        Ok(Self::of(peer, &parts.headers))
    }
}

fn set_cookie(app: &App, name: &str, value: &str, seconds: u64, same_site: &str) -> Result<HeaderValue, ApiError> {
    let name = cookie_name(app, name);
    let secure = if app.config.is_secure() { "; Secure" } else { "" };
    let text = format!("{name}={value}; HttpOnly; SameSite={same_site}; Path=/; Max-Age={seconds}{secure}");
    HeaderValue::try_from(text).map_err(|_| ApiError::internal())
}

fn session(app: &App, token: &str) -> Result<HeaderValue, ApiError> {
    let seconds = if token.is_empty() { 0 } else { app.config.login_hours.saturating_mul(3600) };
    set_cookie(app, crate::http::caller::COOKIE, token, seconds, "Strict")
}

/// The answer to one who has signed in. A sign-in that the browser still had ends.
async fn welcome(app: &App, headers: &HeaderMap, signed_in: SignedIn) -> Result<Response, ApiError> {
    if let Some(old) = cookie_token(app, headers) {
        sign_out(app, &secret_hash(old)).await?;
    }
    let cookie = session(app, &signed_in.token)?;
    let me = me_of(app, signed_in.caller).await?;
    Ok(([(header::SET_COOKIE, cookie)], Json(me)).into_response())
}

/// Names the ways one can sign in here.
#[utoipa::path(get, path = "/v1/sign-in/ways", tag = "identity", responses((status = 200, body = Ways)))]
async fn ways(State(app): State<App>) -> Json<Ways> {
    let provider = app.sign_in.provider.as_ref().map(|_| app.config.oidc_name.clone());
    Json(Ways { passkeys: app.sign_in.passkeys.is_some(), provider })
}

/// Signs a person in with a code.
#[utoipa::path(post, path = "/v1/login", tag = "identity", request_body = LoginRequest,
    responses((status = 200, body = Me), (status = 401, body = Problem), (status = 429, body = Problem)))]
async fn login(
    State(app): State<App>,
    from: From,
    headers: HeaderMap,
    ApiJson(request): ApiJson<LoginRequest>,
) -> Result<Response, ApiError> {
    let signed_in = signin::by_code(&app, &from, &request.code).await?;
    welcome(&app, &headers, signed_in).await
}

/// Ends the console's sign-in.
#[utoipa::path(post, path = "/v1/logout", tag = "identity", responses((status = 204)))]
async fn logout(State(app): State<App>, headers: HeaderMap) -> Result<Response, ApiError> {
    if let Some(token) = cookie_token(&app, &headers) {
        sign_out(&app, &secret_hash(token)).await?;
    }
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, session(&app, "")?)]).into_response())
}

/// Opens dangerous acts to the person who proved: the sign-in goes on under another token.
async fn opened(app: &App, headers: &HeaderMap) -> Result<Response, ApiError> {
    let old = cookie_token(app, headers).ok_or_else(ApiError::unauthorised)?;
    let token = proved(app, &secret_hash(old)).await?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, session(app, &token)?)]).into_response())
}
