//! HTTP: JSON calls, and the one binary call of syncing. Bodies are gzip on the wire both ways.
//!
//! Deliberately absent: retrying and deciding what is sent, which are the core's.

use std::io::{self, Read as _, Write as _};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use reqwest::blocking::{Client, RequestBuilder, Response};
use reqwest::header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, DATE, RETRY_AFTER};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sync_core::tablet::{Endpoint, Exchanged, Fault};

use crate::error::CliError;
use crate::key::{DeviceKey, TabletKey};

/// A body below this is sent as it is.
const COMPRESS_FROM: usize = 1_024;
/// An answer larger than this after decompression is refused.
const ANSWER_BYTES: u64 = 64 * 1024 * 1024;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// An answer of which nothing more comes for so long has broken off.
const SILENCE: Duration = Duration::from_secs(60);
/// A line that carries less than so many bytes a second up carries nothing.
const LEAST_BYTES_PER_SECOND: u64 = 1_024;

/// A server, and how many bytes went each way.
#[derive(Debug)]
pub struct Server {
    base: String,
    client: Client,
    sent: AtomicU64,
    received: AtomicU64,
    /// What the next proof has to hold.
    nonce: Mutex<Option<String>>,
    /// The server's clock minus this machine's, in seconds.
    ahead: AtomicI64,
    /// By how many seconds this machine's clock is taken to be wrong. Tests cannot set the machine's own.
    wrong: AtomicI64,
}

/// Time by the server's clock that is further off was learnt before this machine's clock was set.
const CLOCK_SET_SECONDS: u64 = 60;

/// A key, and the token that goes with it once there is one.
type Signing<'a> = (&'a DeviceKey, Option<&'a str>);

fn own(key: &TabletKey) -> Signing<'_> {
    (key.key(), Some(key.token()))
}

/// The address in the form used as a name: no trailing slash.
pub fn normal_address(address: &str) -> Result<String, CliError> {
    let base = address.trim().trim_end_matches('/').to_owned();
    let known = base.strip_prefix("http://").or_else(|| base.strip_prefix("https://"));
    match known.filter(|rest| !rest.is_empty() && !rest.starts_with('/')) {
        Some(_) => Ok(base),
        None => Err(CliError::ServerAddress(address.to_owned())),
    }
}

impl Server {
    /// A server at an address. Nothing is sent yet.
    pub fn new(address: &str) -> Result<Self, CliError> {
        let base = normal_address(address)?;
        // an error means another part of this process chose a provider before, which is as good
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(SILENCE)
            .user_agent(concat!("tsudoi/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| CliError::Unreachable { server: base.clone(), cause: error.to_string() })?;
        Ok(Self {
            base,
            client,
            sent: 0.into(),
            received: 0.into(),
            nonce: Mutex::default(),
            ahead: 0.into(),
            wrong: 0.into(),
        })
    }

    /// The address.
    pub fn address(&self) -> &str {
        &self.base
    }

    /// Takes this machine's clock to be wrong by so many seconds from now on.
    pub fn set_clock_wrong(&self, seconds: i64) {
        self.wrong.store(seconds, Ordering::Relaxed);
    }

    fn seconds(&self) -> i64 {
        chrono::Utc::now().timestamp() + self.wrong.load(Ordering::Relaxed)
    }

    /// Bytes of the bodies sent and received by syncing, as they were on the wire.
    pub fn body_bytes(&self) -> (u64, u64) {
        (self.sent.load(Ordering::Relaxed), self.received.load(Ordering::Relaxed))
    }

    /// `GET` of JSON.
    pub fn get<T: DeserializeOwned>(&self, path: &str, key: &TabletKey) -> Result<T, CliError> {
        self.json(path, self.client.get(self.url(path)), own(key))
    }

    /// `POST` of JSON.
    pub fn post<T: DeserializeOwned, B: Serialize>(
        &self,
        path: &str,
        key: &TabletKey,
        body: &B,
    ) -> Result<T, CliError> {
        self.json(path, self.client.post(self.url(path)).json(body), own(key))
    }

    /// `POST` of JSON, signed by a key that the server does not know yet.
    pub fn introduce<T: DeserializeOwned, B: Serialize>(
        &self,
        path: &str,
        key: &DeviceKey,
        body: &B,
    ) -> Result<T, CliError> {
        self.json(path, self.client.post(self.url(path)).json(body), (key, None))
    }

    /// As [`Self::send_once_more`], for people.
    fn send(&self, request: RequestBuilder, key: Signing<'_>) -> Result<Response, CliError> {
        self.send_once_more(&request, key).map_err(|error| match error {
            Unsent::Broken(error) => {
                CliError::Unreachable { server: self.base.clone(), cause: error.without_url().to_string() }
            }
            Unsent::Unmade(error) => error,
        })
    }

    /// Sends a request with a proof; once more when the server asks for another nonce.
    fn send_once_more(&self, request: &RequestBuilder, (key, token): Signing<'_>) -> Result<Response, Unsent> {
        let unreachable = |cause: String| CliError::Unreachable { server: self.base.clone(), cause };
        let mut asked = false;
        loop {
            let again = request.try_clone().ok_or_else(|| unreachable("送る内容を用意できません".to_owned()))?;
            let mut ready = again.build().map_err(|error| unreachable(error.without_url().to_string()))?;
            let nonce = self.nonce.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let ahead = self.ahead.load(Ordering::Relaxed);
            let seconds = self.seconds() + ahead;
            let proof = key.proof(ready.method().as_str(), ready.url().as_str(), nonce.as_deref(), token, seconds)?;
            let value = |text: String| text.parse().map_err(|_| unreachable("送る内容を用意できません".to_owned()));
            ready.headers_mut().insert("dpop", value(proof)?);
            if let Some(token) = token {
                ready.headers_mut().insert(AUTHORIZATION, value(format!("DPoP {token}"))?);
            }
            let response = self.client.execute(ready).map_err(Unsent::Broken)?;
            let new = self.learn(&response);
            let clock_set = self.ahead.load(Ordering::Relaxed).abs_diff(ahead) > CLOCK_SET_SECONDS;
            // another nonce than the one that was used, or time by the server's clock
            let learnt = new.is_some() && (new != nonce || clock_set);
            if response.status().as_u16() != 401 || asked || !learnt {
                return Ok(response);
            }
            asked = true;
        }
    }

    /// Keeps what an answer says of the next proof.
    fn learn(&self, response: &Response) -> Option<String> {
        let text = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
        let nonce = text("dpop-nonce")?.to_owned();
        if let Some(date) = text(DATE.as_str()).and_then(|date| chrono::DateTime::parse_from_rfc2822(date).ok()) {
            self.ahead.store(date.timestamp() - self.seconds(), Ordering::Relaxed);
        }
        *self.nonce.lock().unwrap_or_else(PoisonError::into_inner) = Some(nonce.clone());
        Some(nonce)
    }

    /// One exchange of syncing.
    pub fn sync(&self, key: &TabletKey, body: &[u8]) -> Exchanged {
        self.exchange(Endpoint::Sync, key, body)
    }

    /// One exchange. What is no answer becomes a fault the core knows what to do with.
    pub fn exchange(&self, endpoint: Endpoint, key: &TabletKey, body: &[u8]) -> Exchanged {
        match self.try_exchange(endpoint, key, body) {
            Ok(answer) => Exchanged::Ok(answer),
            Err(fault) => Exchanged::Fault(fault),
        }
    }

    fn try_exchange(&self, endpoint: Endpoint, key: &TabletKey, body: &[u8]) -> Result<Vec<u8>, Fault> {
        let request = self
            .client
            .post(self.url(endpoint.path()))
            .header(CONTENT_TYPE, "application/cbor")
            .header(ACCEPT_ENCODING, "gzip");
        let (request, bytes) = if body.len() >= COMPRESS_FROM {
            (request.header(CONTENT_ENCODING, "gzip"), gzip(body).ok_or(Fault::Unreachable)?)
        } else {
            (request, body.to_vec())
        };
        self.sent.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        // how far a body has gone up is not told; after that the time is between two reads
        let patience = SILENCE + Duration::from_secs(bytes.len() as u64 / LEAST_BYTES_PER_SECOND);
        let response =
            self.send_once_more(&request.body(bytes).timeout(patience), own(key)).map_err(|error| match error {
                Unsent::Broken(error) => fault_of(&error),
                Unsent::Unmade(_) => Fault::Unreachable,
            })?;
        let status = response.status().as_u16();
        let retry_after_ms = response
            .headers()
            .get(RETRY_AFTER)
            .and_then(|value| value.to_str().ok()?.parse::<u64>().ok())
            .map(|seconds| seconds.saturating_mul(1000));
        let answer = self.body(response).map_err(|error| match error.kind() {
            io::ErrorKind::InvalidData => Fault::Unreadable,
            io::ErrorKind::TimedOut => Fault::TimedOut,
            _ if error.get_ref().and_then(|inner| inner.downcast_ref()).is_some_and(reqwest::Error::is_timeout) => {
                Fault::TimedOut
            }
            _ => Fault::Cut,
        })?;
        match status {
            200 => Ok(answer),
            401 => Err(Fault::Unauthorised),
            408 | 504 => Err(Fault::TimedOut),
            413 => Err(Fault::TooLarge),
            429 | 500.. => Err(Fault::Busy { retry_after_ms }),
            _ => Err(Fault::Refused { code: problem(&answer).map(|(code, _)| code) }),
        }
    }

    fn json<T: DeserializeOwned>(&self, path: &str, request: RequestBuilder, key: Signing<'_>) -> Result<T, CliError> {
        let unreachable = |cause: String| CliError::Unreachable { server: self.base.clone(), cause };
        let response = self.send(request, key)?;
        let status = response.status();
        let answer = self.body(response).map_err(|_| unreachable("答えが途中で切れました".to_owned()))?;
        if status.is_success() {
            return serde_json::from_slice(&answer).map_err(|_| CliError::Answer { what: path.to_owned() });
        }
        let (code, detail) =
            problem(&answer).unwrap_or_else(|| ("http".to_owned(), format!("状態 {}", status.as_u16())));
        Err(CliError::Refused { status: status.as_u16(), code, detail })
    }

    fn body(&self, response: Response) -> io::Result<Vec<u8>> {
        let compressed = response.headers().get(CONTENT_ENCODING).is_some_and(|value| value == "gzip");
        let mut bytes = Vec::new();
        response.take(ANSWER_BYTES).read_to_end(&mut bytes)?;
        self.received.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        if !compressed {
            return Ok(bytes);
        }
        let mut plain = Vec::new();
        let read = GzDecoder::new(bytes.as_slice()).take(ANSWER_BYTES + 1).read_to_end(&mut plain);
        let invalid = |error| io::Error::new(io::ErrorKind::InvalidData, error);
        if read.map_err(invalid)? as u64 > ANSWER_BYTES {
            return Err(io::ErrorKind::InvalidData.into());
        }
        Ok(plain)
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }
}

/// Why there is no response.
enum Unsent {
    /// The request could not be made.
    Unmade(CliError),
    /// The line was not there, or broke.
    Broken(reqwest::Error),
}

impl From<CliError> for Unsent {
    fn from(error: CliError) -> Self {
        Self::Unmade(error)
    }
}

fn fault_of(error: &reqwest::Error) -> Fault {
    match error {
        error if error.is_connect() => Fault::Unreachable,
        error if error.is_timeout() => Fault::TimedOut,
        _ => Fault::Cut,
    }
}

/// Code and detail of a problem document.
fn problem(answer: &[u8]) -> Option<(String, String)> {
    let problem: Value = serde_json::from_slice(answer).ok()?;
    let text = |field: &str| problem.get(field).and_then(Value::as_str).map(str::to_owned);
    let code = text("code")?;
    let detail = text("detail").unwrap_or_else(|| code.clone());
    Some((code, detail))
}

/// Compressed bytes. `None` only when memory is out.
pub fn gzip(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_name_with_and_without_its_slash() {
        assert_eq!(normal_address(" http://localhost:8787/ ").unwrap(), "http://localhost:8787");
        for address in ["", "localhost:8787", "ftp://a", "http://", "https:///x"] {
            assert!(normal_address(address).is_err(), "{address}");
        }
    }

    #[test]
    fn a_problem_is_read_and_other_bodies_are_not() {
        let answer = r#"{"code":"code_used","detail":"このコードは使えません"}"#.as_bytes();
        assert_eq!(problem(answer), Some(("code_used".to_owned(), "このコードは使えません".to_owned())));
        assert_eq!(problem(b"<html>"), None);
    }
}
