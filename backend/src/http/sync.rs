//! `POST /v1/sync`: bytes in, one service call, bytes out.

use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use sync_core::wire::{SyncRequest, WireLimits};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::caller::DeviceCaller;
use crate::http::error::{ApiError, Problem};
use crate::http::exchange::admit;
use crate::service::cold::Answer;
use crate::service::{App, sync};

/// The routes of this file.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(exchange))
}

/// One exchange: the tablet pushes everything unsent and gets everything it missed. CBOR; gzip both ways.
#[utoipa::path(post, path = "/v1/sync", tag = "sync", security(("device" = [])),
    request_body(content = Vec<u8>, content_type = "application/cbor"),
    responses((status = 200, content_type = "application/cbor", body = Vec<u8>), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 413, body = Problem), (status = 415, body = Problem),
        (status = 429, body = Problem), (status = 503, body = Problem)))]
async fn exchange(
    State(app): State<App>,
    device: DeviceCaller,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let mut admitted = admit(&app, &device, &headers, body).await?;
    let request = admitted.read(|plain| SyncRequest::decode(plain, &WireLimits::of(plain.len()))).await?;
    admitted.expect_documents(sync::document_bytes(&app.config, &request));
    if device.caller.is_over(app.now().0) {
        let late = sync::late(&app, &device.caller, &device.tablet, request).await?;
        let late = late.ok_or_else(|| ApiError::over(&device.caller))?;
        return admitted.answer(late.encode()).await;
    }
    match sync::exchange(&app, &device.caller, &device.tablet, request).await? {
        Answer::Fresh(response) => admitted.answer(response.encode()).await,
        Answer::Ready(ready) if admitted.takes_gzip() => Ok(admitted.answer_ready(ready.gzip(app.now()))),
        Answer::Ready(ready) => admitted.answer(ready.plain(app.now())).await,
    }
}
