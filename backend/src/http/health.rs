//! Whether the process runs, whether it can serve, and which version it is. No credential needed, nothing told.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::error::{ApiError, Problem};
use crate::service::{App, readiness};

/// The version of the server.
#[derive(Debug, Serialize, ToSchema)]
pub struct Version {
    /// Always `tsudoi-server`.
    pub name: String,
    /// As in the package.
    pub version: String,
    /// The synchronisation protocol it speaks.
    pub protocol: u32,
}

/// The routes of this file.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(livez)).routes(routes!(readyz)).routes(routes!(version))
}

/// Answers as long as the process runs.
#[utoipa::path(get, path = "/livez", tag = "health", responses((status = 204)))]
async fn livez() -> StatusCode {
    StatusCode::NO_CONTENT
}

/// Answers when the database takes what is written, durably and soon.
#[utoipa::path(get, path = "/readyz", tag = "health", responses((status = 204), (status = 503, body = Problem)))]
async fn readyz(State(app): State<App>) -> Result<StatusCode, ApiError> {
    readiness::check(&app).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Tells the version.
#[utoipa::path(get, path = "/version", tag = "health", responses((status = 200, body = Version)))]
async fn version() -> Json<Version> {
    Json(Version {
        name: env!("CARGO_PKG_NAME").to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        protocol: 1,
    })
}
