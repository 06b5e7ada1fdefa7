//! How a tablet's scopes stand on the server.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::caller::DeviceCaller;
use crate::http::error::{ApiError, Problem};
use crate::service::App;

/// How one scope stands.
#[derive(Debug, Serialize, ToSchema)]
pub struct ScopeView {
    /// The scope.
    pub scope: String,
    /// Its epoch, hexadecimal.
    pub epoch: String,
    /// Its last sequence number.
    pub seq: u64,
    /// Documents present.
    pub document_count: u64,
    /// Its digest, hexadecimal.
    pub digest: String,
}

/// The routes of this file.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list))
}

/// The scopes of the calling tablet.
#[utoipa::path(get, path = "/v1/scopes", tag = "sync", security(("device" = [])),
    responses((status = 200, body = Vec<ScopeView>), (status = 401, body = Problem)))]
async fn list(State(app): State<App>, device: DeviceCaller) -> Result<Json<Vec<ScopeView>>, ApiError> {
    let rows = app.store.list_scopes(&device.caller.tenant, Some(&device.tablet.scopes)).await?;
    let view = |row: crate::store::types::ScopeRow| ScopeView {
        scope: row.scope.to_string(),
        epoch: hex::encode(row.epoch),
        seq: row.seq,
        document_count: row.document_count,
        digest: row.digest.hex(),
    };
    Ok(Json(rows.into_iter().map(view).collect()))
}
