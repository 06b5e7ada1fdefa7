//! How a tablet's scopes stand on the server.

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::caller::DeviceCaller;
use crate::http::error::Problem;
use crate::service::App;
use crate::store::types::ScopeRow;

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
async fn list(device: DeviceCaller) -> Json<Vec<ScopeView>> {
    let view = |row: &ScopeRow| ScopeView {
        scope: row.scope.to_string(),
        epoch: hex::encode(row.epoch),
        seq: row.seq,
        document_count: row.document_count,
        digest: row.digest.hex(),
    };
    Json(device.tablet.standing.scopes.iter().map(view).collect())
}
