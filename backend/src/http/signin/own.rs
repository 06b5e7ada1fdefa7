//! What people see and change of their own sign-ins, and proving anew before dangerous acts.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::opened;
use crate::http::error::{ApiError, Problem};
use crate::http::extract::ApiJson;
use crate::service::App;
use crate::service::access::Caller;
use crate::service::signin::own::OwnSignIn;
use crate::service::signin::{From, own, password};

/// What proves anew who the caller is: one of the two.
#[derive(Deserialize, ToSchema)]
pub struct ProofRequest {
    /// The password.
    #[serde(default)]
    pub password: Option<String>,
    /// A code of the caller's.
    #[serde(default)]
    pub code: Option<String>,
}

/// How many sign-ins were ended.
#[derive(Debug, Serialize, ToSchema)]
pub struct Ended {
    /// That many.
    pub ended: u64,
}

/// The routes of this file.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(show_own))
        .routes(routes!(prove))
        .routes(routes!(end_login))
        .routes(routes!(end_others))
}

/// Tells how the caller signs in.
#[utoipa::path(get, path = "/v1/own/sign-in", tag = "identity", security(("cookie" = [])),
    responses((status = 200, body = OwnSignIn), (status = 401, body = Problem)))]
async fn show_own(State(app): State<App>, caller: Caller) -> Result<Json<OwnSignIn>, ApiError> {
    Ok(Json(own::show(&app, &caller).await?))
}

/// Proves anew who the caller is, with their password or a code of theirs.
#[utoipa::path(post, path = "/v1/own/proof", tag = "identity", security(("cookie" = [])), request_body = ProofRequest,
    responses((status = 204), (status = 401, body = Problem), (status = 429, body = Problem)))]
async fn prove(
    State(app): State<App>,
    caller: Caller,
    from: From,
    headers: HeaderMap,
    ApiJson(proof): ApiJson<ProofRequest>,
) -> Result<Response, ApiError> {
    match (&proof.password, &proof.code) {
        (Some(word), None) => password::prove(&app, &caller, &from, word).await?,
        (None, Some(code)) => own::prove_by_code(&app, &caller, &from, code).await?,
        _ => return Err(ApiError::invalid("パスワードかサインインコードのどちらかを入力してください。")),
    }
    opened(&app, &headers).await
}

/// Ends one of the caller's sign-ins.
#[utoipa::path(delete, path = "/v1/own/logins/{id}", tag = "identity", security(("cookie" = [])),
    params(("id" = String, Path, description = "as listed")),
    responses((status = 204), (status = 401, body = Problem), (status = 404, body = Problem)))]
async fn end_login(State(app): State<App>, caller: Caller, Path(id): Path<String>) -> Result<StatusCode, ApiError> {
    own::end(&app, &caller, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends all of the caller's sign-ins but this one.
#[utoipa::path(delete, path = "/v1/own/logins", tag = "identity", security(("cookie" = [])),
    responses((status = 200, body = Ended), (status = 401, body = Problem)))]
async fn end_others(State(app): State<App>, caller: Caller) -> Result<Json<Ended>, ApiError> {
    Ok(Json(Ended { ended: own::end_others(&app, &caller).await? }))
}
