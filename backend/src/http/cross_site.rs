//! Requests that another site has a browser send are refused before anything reads them.
//!
//! Browsers say where a request comes from (`Sec-Fetch-Site`, and `Origin` in older ones); no page can write these. Who
//! sends neither is no browser and brings no cookie of one. What changes nothing (GET) passes.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use tower_http::csrf::{CsrfLayer, ProtectionError, ProtectionErrorKind};

use crate::http::error::ApiError;

/// How a refusal looks.
pub type Refusal = fn(ProtectionError) -> Response;

fn refuse(error: ProtectionError) -> Response {
    // an older browser, or one that came without TLS, says only where its page is from; a proxy that changes `Host` looks the
    // same as another site
    if matches!(error.kind(), ProtectionErrorKind::CrossOriginRequestFromOldBrowser) {
        return ApiError::new(
            StatusCode::FORBIDDEN,
            "cross_site",
            "画面を開いているアドレスと、サーバーが受け取ったあて先が違うため、受け付けられません。集いの画面を開き直しても同じときは、システム管理者にこの文面を見せて、サーバーの設定「public_url」か、中継サーバーの「Host」の設定を直してもらってください。",
        )
        .into_response();
    }
    ApiError::new(
        StatusCode::FORBIDDEN,
        "cross_site",
        "ほかのサイトから送られた操作は受け付けません。集いの画面を開いて、もう一度操作してください。",
    )
    .into_response()
}

/// The layer; `public_url` is where people reach this server, in case a proxy changes `Host`.
pub fn layer(public_url: &str) -> CsrfLayer<Refusal> {
    let origin = url::Url::parse(public_url).ok().map(|url| url.origin().ascii_serialization());
    let layer = CsrfLayer::new();
    let layer = match origin.map(|origin| CsrfLayer::new().add_trusted_origin(origin)) {
        Some(Ok(trusting)) => trusting,
        _ => layer,
    };
    layer.with_rejection_response(refuse as Refusal)
}
