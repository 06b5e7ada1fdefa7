//! `POST /v1/sync`: bytes in, one service call, bytes out.
//!
//! The body's limit holds after decompression and is reached without holding more than the limit in memory.

use std::io::Read;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sync_core::wire::{SyncRequest, WireError, WireLimits};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::caller::DeviceCaller;
use crate::http::error::{ApiError, Problem};
use crate::service::{App, sync};

const CBOR: &str = "application/cbor";

/// The routes of this file.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(exchange))
}

/// One exchange: the tablet pushes everything unsent and gets everything it missed. CBOR; gzip both ways.
#[utoipa::path(post, path = "/v1/sync", tag = "sync", security(("device" = [])),
    request_body(content = Vec<u8>, content_type = "application/cbor"),
    responses((status = 200, content_type = "application/cbor", body = Vec<u8>), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 413, body = Problem), (status = 415, body = Problem),
        (status = 503, body = Problem)))]
async fn exchange(
    State(app): State<App>,
    device: DeviceCaller,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let unsupported = || {
        ApiError::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "この形式のデータは扱えません。アプリを更新してください。",
        )
    };
    let text = |name: header::HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    if text(header::CONTENT_TYPE) != Some(CBOR) {
        return Err(unsupported());
    }
    let gzip = match text(header::CONTENT_ENCODING) {
        None | Some("identity") => false,
        Some("gzip") => true,
        Some(_) => return Err(unsupported()),
    };
    let limit = app.config.body_limit_bytes;
    let bytes = read_limited(body, limit).await?;
    // taken only now: a slow connection holds up nobody
    let _turn = app.exchanges.acquire().await.map_err(|_| ApiError::busy())?;
    let decoded = tokio::task::spawn_blocking(move || decode(&bytes, gzip, limit)).await;
    let request = decoded.map_err(|_| malformed("panic"))??;
    let response = sync::exchange(&app, &device.caller, &device.tablet, request).await?;
    let headers = [(header::CONTENT_TYPE, CBOR), (header::CACHE_CONTROL, "no-store")];
    Ok((headers, response.encode()).into_response())
}

async fn read_limited(body: Body, limit: usize) -> Result<bytes::Bytes, ApiError> {
    let limited = http_body_util::Limited::new(body, limit);
    match http_body_util::BodyExt::collect(limited).await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => Err(ApiError::too_large()),
        Err(_) => Err(malformed("cut off")),
    }
}

fn decode(bytes: &[u8], gzip: bool, limit: usize) -> Result<SyncRequest, ApiError> {
    let mut plain = Vec::new();
    let bytes = if gzip {
        let limit = u64::try_from(limit).unwrap_or(u64::MAX);
        let mut decoder = flate2::read::MultiGzDecoder::new(bytes).take(limit.saturating_add(1));
        decoder.read_to_end(&mut plain).map_err(|_| malformed("gzip"))?;
        if plain.len() as u64 > limit {
            return Err(ApiError::too_large());
        }
        plain.as_slice()
    } else {
        bytes
    };
    SyncRequest::decode(bytes, &WireLimits::default()).map_err(|error| match error {
        WireError::TooMany(_) => ApiError::too_large(),
        WireError::Protocol(_) => ApiError::new(
            StatusCode::BAD_REQUEST,
            "unsupported_protocol",
            "アプリの版が合いません。アプリを更新してから、もう一度送ってください。",
        ),
        WireError::Malformed(_) | WireError::Trailing => malformed("cbor"),
    })
}

fn malformed(part: &'static str) -> ApiError {
    tracing::debug!(part, "a sync body cannot be read");
    ApiError::new(
        StatusCode::BAD_REQUEST,
        "malformed_body",
        "送られたデータが途中で壊れていました。自動でもう一度送ります。",
    )
}
