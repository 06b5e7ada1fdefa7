//! Routes and the order of middleware; nothing else.

pub mod caller;
pub mod error;
pub mod health;
pub mod office;
pub mod request_id;

use axum::{Json, Router, middleware};
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::service::App;

#[derive(OpenApi)]
#[openapi(info(title = "Tsudoi", description = "ACP普及啓発の記録と集計"))]
struct Description;

fn api() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Description::openapi()).merge(health::router()).merge(office::router())
}

/// The description of every JSON endpoint.
pub fn openapi() -> utoipa::openapi::OpenApi {
    api().split_for_parts().1
}

/// The whole application, ready to be served.
pub fn router(app: App) -> Router {
    let (routes, description) = api().split_for_parts();
    routes
        .route("/openapi.json", axum::routing::get(move || async move { Json(description) }))
        .layer(middleware::from_fn(request_id::layer))
        .with_state(app)
}
