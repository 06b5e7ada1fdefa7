//! The registry: read by everyone who is signed in, edited by some.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::error::{ApiError, Problem};
use crate::http::extract::ApiJson;
use crate::service::access::Caller;
use crate::service::registry::{MaterialView, Named, NewAssociation, NewLecturer, NewMaterial, RegistryView};
use crate::service::{App, registry};

/// The id of what was added.
#[derive(Debug, Serialize, ToSchema)]
pub struct Added {
    /// Registry id.
    pub id: String,
}

/// The id of a material with its eligibilities.
#[derive(Debug, Serialize, ToSchema)]
pub struct AddedMaterial {
    /// Registry id.
    pub id: String,
    /// All of them, also those it had before.
    pub eligibilities: Vec<Named>,
}

/// The routes of this file.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(read))
        .routes(routes!(add_association))
        .routes(routes!(change_association))
        .routes(routes!(add_lecturer))
        .routes(routes!(add_material))
}

/// The registry of the caller's prefecture.
#[utoipa::path(get, path = "/v1/registry", tag = "registry", security(("device" = []), ("cookie" = [])),
    responses((status = 200, body = RegistryView), (status = 401, body = Problem)))]
async fn read(State(app): State<App>, caller: Caller) -> Result<Json<RegistryView>, ApiError> {
    registry::view(&app, &caller.tenant).await?.map(Json).ok_or_else(ApiError::not_found)
}

/// Adds an association or a hub, or municipalities to one. Saying it twice changes nothing.
#[utoipa::path(post, path = "/v1/registry/associations", tag = "registry", request_body = NewAssociation,
    security(("device" = []), ("cookie" = [])),
    responses((status = 200, body = Added), (status = 400, body = Problem), (status = 403, body = Problem),
        (status = 422, body = Problem)))]
async fn add_association(
    State(app): State<App>,
    caller: Caller,
    ApiJson(new): ApiJson<NewAssociation>,
) -> Result<Json<Added>, ApiError> {
    Ok(Json(Added { id: registry::put_association(&app, &caller, new).await? }))
}

/// Replaces the name of an association or a hub and the municipalities it covers.
#[utoipa::path(put, path = "/v1/registry/associations/{id}", tag = "registry", request_body = NewAssociation,
    params(("id" = String, Path, description = "Registry id")), security(("device" = []), ("cookie" = [])),
    responses((status = 204), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn change_association(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    ApiJson(new): ApiJson<NewAssociation>,
) -> Result<StatusCode, ApiError> {
    registry::change_association(&app, &caller, &id, new).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Adds a lecturer, or brings one up to date. Surname, given name and association make the id.
#[utoipa::path(post, path = "/v1/registry/lecturers", tag = "registry", request_body = NewLecturer,
    security(("device" = []), ("cookie" = [])),
    responses((status = 200, body = Added), (status = 400, body = Problem), (status = 403, body = Problem),
        (status = 422, body = Problem)))]
async fn add_lecturer(
    State(app): State<App>,
    caller: Caller,
    ApiJson(new): ApiJson<NewLecturer>,
) -> Result<Json<Added>, ApiError> {
    Ok(Json(Added { id: registry::put_lecturer(&app, &caller, new).await? }))
}

/// Adds a material, or eligibilities to one.
#[utoipa::path(post, path = "/v1/registry/materials", tag = "registry", request_body = NewMaterial,
    security(("device" = []), ("cookie" = [])),
    responses((status = 200, body = AddedMaterial), (status = 400, body = Problem), (status = 403, body = Problem)))]
async fn add_material(
    State(app): State<App>,
    caller: Caller,
    ApiJson(new): ApiJson<NewMaterial>,
) -> Result<Json<AddedMaterial>, ApiError> {
    let MaterialView { id, eligibilities, .. } = registry::put_material(&app, &caller, new).await?;
    Ok(Json(AddedMaterial { id, eligibilities }))
}
