//! Signing in by name and password.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::own::Ended;
use super::welcome;
use crate::http::enrol::Me;
use crate::http::error::{ApiError, Problem};
use crate::http::extract::ApiJson;
use crate::service::App;
use crate::service::access::Caller;
use crate::service::signin::{From, own, password};

/// A person who wants to sign in.
#[derive(Deserialize, ToSchema)]
pub struct PasswordRequest {
    /// The sign-in name.
    pub name: String,
    /// The password.
    pub password: String,
}

/// A new sign-in name and password.
#[derive(Deserialize, ToSchema)]
pub struct NewPassword {
    /// Letters, digits and `.-_@+`, 3 to 64.
    pub name: String,
    /// At least 12 letters.
    pub password: String,
}

/// The routes of this file.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(password_sign_in)).routes(routes!(set_password))
}

/// Signs a person in by name and password.
#[utoipa::path(post, path = "/v1/sign-in/password", tag = "identity", request_body = PasswordRequest,
    responses((status = 200, body = Me), (status = 401, body = Problem), (status = 429, body = Problem)))]
async fn password_sign_in(
    State(app): State<App>,
    from: From,
    headers: HeaderMap,
    ApiJson(request): ApiJson<PasswordRequest>,
) -> Result<Response, ApiError> {
    let signed_in = password::sign_in(&app, &from, &request.name, &request.password).await?;
    welcome(&app, &headers, signed_in).await
}

/// Sets the caller's sign-in name and password, and ends the caller's other sign-ins.
#[utoipa::path(post, path = "/v1/own/password", tag = "identity", security(("cookie" = [])), request_body = NewPassword,
    responses((status = 200, body = Ended), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 409, body = Problem)))]
async fn set_password(
    State(app): State<App>,
    caller: Caller,
    ApiJson(new): ApiJson<NewPassword>,
) -> Result<Json<Ended>, ApiError> {
    password::set(&app, &caller, &new.name, &new.password).await?;
    Ok(Json(Ended { ended: own::end_others(&app, &caller).await? }))
}
