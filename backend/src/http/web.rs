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

const UNKNOWN: &str = "<!doctype html><html lang=\"ja\"><meta charset=\"utf-8\">\
    <meta name=\"viewport\" content=\"width=device-width\"><title>見つかりません</title>\
    <link rel=\"stylesheet\" href=\"/unknown.css\"><main><h1>このページはありません</h1>\
    <p>アドレスをお確かめください。</p><nav><a href=\"/\">記録の画面</a><a href=\"/office\">事務局の画面</a></nav></main></html>";

/// Addresses of the field app, as its router has them; `:` stands for any one part.
const FIELD: [&str; 5] = ["/", "/session/:document", "/records", "/summary", "/device"];
/// Addresses of the console, below `/office`.
const OFFICE: [&str; 19] = [
    "/",
    "/prefecture",
    "/municipality/:code",
    "/association/:id",
    "/records/:document",
    "/records",
    "/custody/:document/:device",
    "/custody",
    "/devices/:device",
    "/devices",
    "/healing",
    "/closings/:month",
    "/closings",
    "/people",
    "/lecturers",
    "/organisations",
    "/journal",
    "/retention",
    "/own",
];

/// The page of an address, when it is one of an app's.
fn page(path: &str) -> Option<&'static str> {
    let parts = |path: &str| path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    let fits = |pattern: &&str, path: &[String]| {
        let pattern = parts(pattern);
        pattern.len() == path.len()
            && pattern.iter().zip(path).all(|(wanted, part)| wanted.starts_with(':') || wanted == part)
    };
    let path = parts(path);
    match path.split_first() {
        Some((first, rest)) if first == "office" => OFFICE.iter().any(|one| fits(one, rest)).then_some("office.html"),
        _ => FIELD.iter().any(|one| fits(one, &path)).then_some("index.html"),
    }
}

/// Answers every path that no endpoint has: files and pages of the apps, and nothing else.
pub async fn fallback(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path().trim_start_matches('/');
    if path == "v1" || path.starts_with("v1/") {
        return ApiError::not_found().into_response();
    }
    if method != Method::GET && method != Method::HEAD {
        return method_not_allowed().await.into_response();
    }
    let file = Dist::get(path).filter(|_| !path.is_empty()).map(|file| (path, file));
    let page = page(uri.path());
    let mut response = match file.or_else(|| page.and_then(|page| Some((page, Dist::get(page)?)))) {
        Some((name, file)) => serve(name, file, &headers),
        None if page.is_some() => told(MISSING),
        None if wants_page(&headers) => told(UNKNOWN),
        None => ApiError::not_found().into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_SECURITY_POLICY));
    response
}

fn wants_page(headers: &HeaderMap) -> bool {
    headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).is_some_and(|value| value.contains("text/html"))
}

fn told(page: &'static str) -> Response {
    let headers = [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")];
    (StatusCode::NOT_FOUND, headers, page).into_response()
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The routes a router's source names.
    fn named(source: &str) -> Vec<&str> {
        source.split("<Route path=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect()
    }

    #[test]
    fn every_address_of_the_apps_has_its_page_and_no_other_has_one() {
        let field = named(include_str!("../../../clients/web/src/app/app.tsx"));
        let office = named(include_str!("../../../clients/web/src/office/console.tsx"));
        assert!(field.len() > 3 && office.len() > 15);
        for route in field {
            assert_eq!(page(&route.replace(':', "")), Some("index.html"), "{route}");
        }
        for route in office {
            assert_eq!(page(&format!("/office{}", route.replace(':', ""))), Some("office.html"), "{route}");
        }
        assert_eq!(
            (page("/"), page("/office"), page("/office/")),
            (Some("index.html"), Some("office.html"), Some("office.html"))
        );
        for unknown in ["/healthz", "/session", "/session/a/b", "/office/x", "/wp-login", "/Records", "/office.php"] {
            assert_eq!(page(unknown), None, "{unknown}");
        }
    }
}
