//! The binary calls of tablets: admission before a byte is read, the body, and an answer that owns its memory.
//!
//! Invariants: a request holds no more bytes than it has claimed; the limit of a body holds after decompression and is
//! reached without holding more than the limit; an answer's claim ends when its last byte was handed to the network.

use std::io::{Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use sync_core::wire::{GROWTH, WireError};

use crate::http::caller::DeviceCaller;
use crate::http::error::ApiError;
use crate::service::App;
use crate::service::admission::{Claim, Turn};
use crate::service::cold::EFFORT;
use crate::service::sync::most_document_bytes;

/// The type of requests and answers of tablets.
pub const CBOR: &str = "application/cbor";

/// Whether an answer is one of those to tablets, which are no pages.
pub fn is_binary(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == CBOR)
}

/// A body of so many bytes is held at most about this often at once: its changes as they came out of it, and once more
/// as they are saved or kept aside.
const BODY_COPIES: u64 = 2 * GROWTH as u64;
/// Documents of so many bytes are held about this often at once: those of a push as judged, as handed to the transaction
/// and as its statement has them; after that those of a page as read, encoded, and compressed.
const DOCUMENT_COPIES: u64 = 3;
/// A body below this is read where it is; another thread would cost more than the work.
const READ_HERE: usize = 4 * 1024;
/// An answer below this is sent as it is.
const COMPRESS_FROM: usize = 512;
/// An answer below this is compressed where it is; another thread would cost more than the work.
const COMPRESS_HERE: usize = 16 * 1024;

/// A request that was let in.
pub struct Admitted {
    plain: Vec<u8>,
    body_bytes: u64,
    claim: Claim,
    _turn: Turn,
    gzip_answer: bool,
}

/// Lets a tablet's request in and reads its body.
///
/// Errors: another type or coding, a body too large or broken, no room now, or too many requests of this tablet.
pub async fn admit(app: &App, device: &DeviceCaller, headers: &HeaderMap, body: Body) -> Result<Admitted, ApiError> {
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
    let length = text(header::CONTENT_LENGTH).and_then(|value| value.parse::<usize>().ok());
    if length.is_some_and(|length| length > limit) {
        return Err(ApiError::too_large());
    }
    let turn = app.admission.begin(&device.caller.tenant, device.tablet.device, app.now()).await?;
    let reading = app.admission.reading.claim(length.unwrap_or(limit) as u64).await?;
    let bytes = read_limited(body, length.unwrap_or(limit)).await?;
    let plain_limit = if gzip { stated_length(&bytes)?.min(limit) } else { bytes.len() };
    let body_bytes = bytes.len() as u64 + BODY_COPIES * plain_limit as u64;
    let documents = DOCUMENT_COPIES.saturating_mul(most_document_bytes(&app.config));
    let claim = app.admission.working.claim(body_bytes.saturating_add(documents)).await?;
    drop(reading);
    let plain = if gzip { unzip(bytes, plain_limit, limit).await? } else { bytes.to_vec() };
    let accepted = text(header::ACCEPT_ENCODING).unwrap_or("");
    let gzip_answer = accepted.split(',').any(|one| one.trim().eq_ignore_ascii_case("gzip"));
    Ok(Admitted { plain, body_bytes, claim, _turn: turn, gzip_answer })
}

impl Admitted {
    /// Reads the body. A panic ends nothing else; a large one is read on another thread.
    pub async fn read<T: Send + 'static>(
        &mut self,
        decode: impl FnOnce(&[u8]) -> Result<T, WireError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let plain = std::mem::take(&mut self.plain);
        let read = if plain.len() < READ_HERE {
            catch_unwind(AssertUnwindSafe(|| decode(&plain))).map_err(|_| malformed("panic"))?
        } else {
            on_a_thread(move || decode(&plain)).await?
        };
        read.map_err(|error| unreadable(&error))
    }

    /// Gives back what is not needed: answering holds documents of at most `bytes` at once.
    pub fn expect_documents(&mut self, bytes: u64) {
        self.claim.shrink(self.body_bytes.saturating_add(DOCUMENT_COPIES.saturating_mul(bytes)));
    }

    /// Whether the answer may be gzip.
    pub fn takes_gzip(&self) -> bool {
        self.gzip_answer
    }

    /// The answer, compressed when that is worth it.
    pub async fn answer(self, plain: Vec<u8>) -> Result<Response, ApiError> {
        if !self.gzip_answer || plain.len() < COMPRESS_FROM {
            return Ok(self.hand_over(plain, false));
        }
        let bytes = if plain.len() < COMPRESS_HERE { gzip(&plain) } else { on_a_thread(move || gzip(&plain)).await? };
        Ok(self.hand_over(bytes, true))
    }

    /// An answer that is gzip already.
    pub fn answer_ready(self, gzip: Vec<u8>) -> Response {
        self.hand_over(gzip, true)
    }

    fn hand_over(self, bytes: Vec<u8>, gzip: bool) -> Response {
        let Self { mut claim, .. } = self;
        claim.shrink(bytes.len() as u64);
        let mut response = Body::from(Bytes::from_owner(Held { bytes, _claim: claim })).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(CBOR));
        if gzip {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        response
    }
}

/// Bytes on their way, with the claim they are counted under.
struct Held {
    bytes: Vec<u8>,
    _claim: Claim,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

async fn read_limited(body: Body, limit: usize) -> Result<Bytes, ApiError> {
    let limited = http_body_util::Limited::new(body, limit);
    match http_body_util::BodyExt::collect(limited).await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => Err(ApiError::too_large()),
        Err(_) => Err(malformed("cut off")),
    }
}

/// The plain length that stands at the end of gzip bytes.
fn stated_length(bytes: &[u8]) -> Result<usize, ApiError> {
    let stated = bytes.last_chunk::<4>().ok_or_else(|| malformed("gzip"))?;
    Ok(usize::try_from(u32::from_le_bytes(*stated)).unwrap_or(usize::MAX))
}

async fn unzip(bytes: Bytes, stated: usize, limit: usize) -> Result<Vec<u8>, ApiError> {
    on_a_thread(move || {
        let mut plain = Vec::new();
        GzDecoder::new(&bytes[..]).take(stated as u64 + 1).read_to_end(&mut plain).map_err(|_| malformed("gzip"))?;
        match plain.len() {
            length if length <= stated => Ok(plain),
            _ if stated == limit => Err(ApiError::too_large()),
            _ => Err(malformed("gzip")),
        }
    })
    .await?
}

/// Compresses an answer.
fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(plain.len() / 2), Compression::new(EFFORT));
    // writing to a vector cannot fail
    let _ = encoder.write_all(plain);
    encoder.finish().unwrap_or_default()
}

async fn on_a_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, ApiError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| malformed("panic"))
}

fn unsupported() -> ApiError {
    ApiError::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unsupported_media_type",
        "この形式のデータは扱えません。アプリを更新してください。",
    )
}

fn unreadable(error: &WireError) -> ApiError {
    match error {
        WireError::TooMany(_) => ApiError::too_large(),
        WireError::Protocol(_) => ApiError::new(
            StatusCode::BAD_REQUEST,
            "unsupported_protocol",
            "アプリの版が合いません。アプリを更新してから、もう一度送ってください。",
        ),
        WireError::Malformed(_) | WireError::Trailing => malformed("cbor"),
    }
}

fn malformed(part: &'static str) -> ApiError {
    tracing::debug!(part, "a body cannot be read");
    ApiError::new(
        StatusCode::BAD_REQUEST,
        "malformed_body",
        "送られたデータが途中で壊れていました。自動でもう一度送ります。",
    )
}
