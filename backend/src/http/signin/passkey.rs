//! Signing in with a passkey, proving anew with one, and keeping them.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{opened, welcome};
use crate::http::enrol::Me;
use crate::http::error::{ApiError, Problem};
use crate::http::extract::ApiJson;
use crate::service::App;
use crate::service::access::Caller;
use crate::service::signin::{From, SignInError, own, passkey};

/// A step to be answered by the browser.
#[derive(Serialize, ToSchema)]
pub struct PasskeyStep {
    /// To be sent back; good once and for ten minutes.
    pub ceremony: String,
    /// For `navigator.credentials`.
    pub options: serde_json::Value,
}

/// What the browser made of a step.
#[derive(Deserialize, ToSchema)]
pub struct PasskeyAnswer {
    /// From the step.
    pub ceremony: String,
    /// What `navigator.credentials` gave.
    pub credential: serde_json::Value,
    /// What to call a new passkey.
    #[serde(default)]
    pub name: String,
}

/// The routes of this file.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(begin_passkey))
        .routes(routes!(passkey_sign_in))
        .routes(routes!(begin_proof))
        .routes(routes!(passkey_proof))
        .routes(routes!(begin_adding_passkey))
        .routes(routes!(add_passkey))
        .routes(routes!(remove_passkey))
}

fn step<T: Serialize>(step: passkey::Step<T>) -> Result<Json<PasskeyStep>, ApiError> {
    let options = serde_json::to_value(&step.options).map_err(|_| ApiError::internal())?;
    Ok(Json(PasskeyStep { ceremony: step.ceremony, options }))
}

fn credential<T: for<'de> Deserialize<'de>>(value: serde_json::Value) -> Result<T, ApiError> {
    serde_json::from_value(value).map_err(|_| SignInError::WrongPasskey.into())
}

/// Begins to sign in with a passkey.
#[utoipa::path(post, path = "/v1/sign-in/passkey/begin", tag = "identity",
    responses((status = 200, body = PasskeyStep), (status = 404, body = Problem), (status = 429, body = Problem)))]
async fn begin_passkey(State(app): State<App>, from: From) -> Result<Json<PasskeyStep>, ApiError> {
    step(passkey::begin_sign_in(&app, &from).await?)
}

/// Signs a person in with a passkey.
#[utoipa::path(post, path = "/v1/sign-in/passkey", tag = "identity", request_body = PasskeyAnswer,
    responses((status = 200, body = Me), (status = 401, body = Problem), (status = 429, body = Problem)))]
async fn passkey_sign_in(
    State(app): State<App>,
    from: From,
    headers: HeaderMap,
    ApiJson(request): ApiJson<PasskeyAnswer>,
) -> Result<Response, ApiError> {
    let signed_in = passkey::sign_in(&app, &from, &request.ceremony, &credential(request.credential)?).await?;
    welcome(&app, &headers, signed_in).await
}

/// Begins to prove with a passkey.
#[utoipa::path(post, path = "/v1/own/proof/passkey/begin", tag = "identity", security(("cookie" = [])),
    responses((status = 200, body = PasskeyStep), (status = 401, body = Problem), (status = 404, body = Problem)))]
async fn begin_proof(State(app): State<App>, caller: Caller) -> Result<Json<PasskeyStep>, ApiError> {
    step(passkey::begin_proof(&app, &caller).await?)
}

/// Proves anew who the caller is, with a passkey.
#[utoipa::path(post, path = "/v1/own/proof/passkey", tag = "identity", security(("cookie" = [])),
    request_body = PasskeyAnswer, responses((status = 204), (status = 401, body = Problem)))]
async fn passkey_proof(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    ApiJson(request): ApiJson<PasskeyAnswer>,
) -> Result<Response, ApiError> {
    passkey::prove(&app, &caller, &request.ceremony, &credential(request.credential)?).await?;
    opened(&app, &headers).await
}

/// Begins to make a passkey.
#[utoipa::path(post, path = "/v1/own/passkeys/begin", tag = "identity", security(("cookie" = [])),
    responses((status = 200, body = PasskeyStep), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem)))]
async fn begin_adding_passkey(State(app): State<App>, caller: Caller) -> Result<Json<PasskeyStep>, ApiError> {
    step(passkey::begin_adding(&app, &caller).await?)
}

/// Keeps a new passkey.
#[utoipa::path(post, path = "/v1/own/passkeys", tag = "identity", security(("cookie" = [])), request_body = PasskeyAnswer,
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 409, body = Problem)))]
async fn add_passkey(
    State(app): State<App>,
    caller: Caller,
    ApiJson(request): ApiJson<PasskeyAnswer>,
) -> Result<StatusCode, ApiError> {
    let made = credential(request.credential)?;
    passkey::add(&app, &caller, &request.ceremony, &request.name, &made).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes one of the caller's passkeys.
#[utoipa::path(delete, path = "/v1/own/passkeys/{id}", tag = "identity", security(("cookie" = [])),
    params(("id" = String, Path, description = "hexadecimal")),
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem)))]
async fn remove_passkey(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    own::remove_passkey(&app, &caller, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
