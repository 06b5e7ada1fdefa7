//! The web app, from inside the binary: the field app at `/`, the office console at `/office`.
//!
//! Hashed assets may be kept for ever; pages and the service worker are asked for again each time.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::http::error::ApiError;

#[derive(RustEmbed)]
#[folder = "../clients/web/dist"]
#[allow_missing = true]
struct Dist;

/// No script or style from elsewhere, none inside a page; WebAssembly may be compiled. The one style named by its hash is
/// what React Aria adds for things that are pressed (`touch-action`).
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; \
    style-src 'self' 'sha256-38RhXrc7EdReTKsOm23ZPOCUgniTUUcjky8QOOrQx6o='; img-src 'self' data: blob:; \
    font-src 'self'; connect-src 'self'; worker-src 'self'; manifest-src 'self'; object-src 'none'; base-uri 'none'; \
    form-action 'self'; frame-ancestors 'none'";

const MISSING: &str = "<!doctype html><html lang=\"ja\"><meta charset=\"utf-8\"><title>Tsudoi</title>\
    <p>画面のファイルがまだ組み込まれていません。<code>npm --prefix clients/web ci &amp;&amp; npm --prefix clients/web run \
    build</code> を実行してから、サーバーを作り直してください。</p></html>";

/// Answers every path that no endpoint has.
pub async fn fallback(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path().trim_start_matches('/');
    if path == "v1" || path.starts_with("v1/") {
        return ApiError::not_found().into_response();
    }
    if method != Method::GET && method != Method::HEAD {
        return method_not_allowed().await.into_response();
    }
    let office = path == "office" || path.starts_with("office/");
    let has_extension = path.rsplit('/').next().is_some_and(|name| name.contains('.'));
    let page = if office { "office.html" } else { "index.html" };
    let (name, file) = match Dist::get(path).filter(|_| !path.is_empty()) {
        Some(file) => (path, Some(file)),
        None if has_extension => return ApiError::not_found().into_response(),
        None => (page, Dist::get(page)),
    };
    let mut response = match file {
        Some(file) => serve(name, file, &headers),
        None => {
            let headers = [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")];
            (StatusCode::NOT_FOUND, headers, MISSING).into_response()
        }
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_SECURITY_POLICY));
    response
}

/// Refuses a method that the path does not have.
pub async fn method_not_allowed() -> ApiError {
    ApiError::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "この操作はできません。アドレスと操作の種類をお確かめください。",
    )
}

fn serve(name: &str, file: EmbeddedFile, headers: &HeaderMap) -> Response {
    let tag = format!("\"{}\"", hex::encode(file.metadata.sha256_hash()));
    let cache = if name.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    let kind = match name.rsplit('.').next() {
        Some("webmanifest") => "application/manifest+json".to_owned(),
        _ => match mime_guess::from_path(name).first_or_octet_stream() {
            kind if kind.type_() == mime_guess::mime::TEXT => format!("{kind}; charset=utf-8"),
            kind => kind.to_string(),
        },
    };
    let same = headers
        .get(header::IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|asked| asked.split(',').any(|one| one.trim().trim_start_matches("W/") == tag));
    let mut response = if same {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Body::from(file.data.into_owned()).into_response()
    };
    let headers = response.headers_mut();
    for (name, value) in
        [(header::ETAG, tag.as_str()), (header::CACHE_CONTROL, cache), (header::CONTENT_TYPE, kind.as_str())]
    {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    }
    response
}
