//! `POST /v1/audit`: where a tablet and the server differ. Bytes in, one service call, bytes out.

use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use sync_core::wire::AuditRequest;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::caller::DeviceCaller;
use crate::http::error::{ApiError, Problem};
use crate::http::exchange::admit;
use crate::service::{App, audit};

/// The routes of this file.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(compare))
}

/// Compares bucket sums and names what the server holds where they differ. CBOR; gzip both ways.
#[utoipa::path(post, path = "/v1/audit", tag = "sync", security(("device" = [])),
    request_body(content = Vec<u8>, content_type = "application/cbor"),
    responses((status = 200, content_type = "application/cbor", body = Vec<u8>), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 404, body = Problem), (status = 429, body = Problem),
        (status = 503, body = Problem)))]
async fn compare(
    State(app): State<App>,
    device: DeviceCaller,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let mut admitted = admit(&app, &device, &headers, body).await?;
    let request = admitted.read(AuditRequest::decode).await?;
    admitted.expect_documents(audit::BYTES);
    let response = audit::audit(&app, &device.caller, &device.tablet, &request).await?;
    admitted.answer(response.ok_or_else(ApiError::not_found)?.encode()).await
}
