//! Endpoints of the office console.

use utoipa_axum::router::OpenApiRouter;

use crate::service::App;

/// The routes of the office console.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
}
