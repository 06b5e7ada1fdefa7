//! HTTP as bare bytes over one connection: cheap enough for thousands of tablets, and every byte is counted.

use std::io::{Error, ErrorKind, Read as _};

use flate2::read::GzDecoder;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::key::TabletKey;
use crate::transport::gzip;

/// What a server answered.
pub(super) struct Answer {
    pub status: u16,
    pub retry_after_seconds: Option<u64>,
    pub body: Vec<u8>,
}

/// One kept connection, and what went through it.
pub(super) struct Wire {
    stream: TcpStream,
    read: Vec<u8>,
    nonce: Option<String>,
    pub sent: u64,
    pub received: u64,
}

/// A `POST /v1/sync` that can be sent any number of times, each time with a proof of its own.
pub(super) struct Prepared {
    host: String,
    key: TabletKey,
    packed: bool,
    body: Vec<u8>,
}

/// Prepares a body of a tablet.
pub(super) fn sync_request(address: &str, key: &TabletKey, body: &[u8]) -> Prepared {
    let packed = if body.len() >= 1_024 { gzip(body) } else { None };
    let host = address.trim_start_matches("http://").to_owned();
    let (packed, body) = (packed.is_some(), packed.unwrap_or_else(|| body.to_vec()));
    Prepared { host, key: key.clone(), packed, body }
}

impl Prepared {
    fn bytes(&self, nonce: Option<&str>) -> Result<Vec<u8>, Error> {
        let address = format!("http://{}/v1/sync", self.host);
        let token = self.key.token();
        let seconds = chrono::Utc::now().timestamp();
        let proof = self.key.key().proof("POST", &address, nonce, Some(token), seconds).map_err(Error::other)?;
        let encoding = if self.packed { "content-encoding: gzip\r\n" } else { "" };
        let mut request = format!(
            "POST /v1/sync HTTP/1.1\r\nhost: {}\r\nauthorization: DPoP {token}\r\ndpop: {proof}\r\n\
             content-type: application/cbor\r\naccept-encoding: gzip\r\n{encoding}content-length: {}\r\n\r\n",
            self.host,
            self.body.len()
        )
        .into_bytes();
        request.extend_from_slice(&self.body);
        Ok(request)
    }
}

impl Wire {
    pub(super) async fn connect(address: &str) -> Result<Self, Error> {
        let stream = TcpStream::connect(address.trim_start_matches("http://")).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, read: Vec::new(), nonce: None, sent: 0, received: 0 })
    }

    /// Sends a request and reads the whole answer; once more when the server asks for another nonce.
    pub(super) async fn exchange(&mut self, request: &Prepared) -> Result<Answer, Error> {
        let before = self.nonce.clone();
        let answer = self.once(request).await?;
        if answer.status == 401 && self.nonce != before { self.once(request).await } else { Ok(answer) }
    }

    async fn once(&mut self, request: &Prepared) -> Result<Answer, Error> {
        let request = request.bytes(self.nonce.as_deref())?;
        self.stream.write_all(&request).await?;
        self.sent += request.len() as u64;
        let head = self.until(b"\r\n\r\n").await?;
        let head = String::from_utf8_lossy(&head);
        let status = head.split(' ').nth(1).and_then(|word| word.parse().ok()).ok_or_else(broken)?;
        let field = |name: &str| {
            head.lines()
                .filter_map(|line| line.split_once(':'))
                .find(|(of, _)| of.eq_ignore_ascii_case(name))
                .map(|(_, value)| value.trim())
        };
        if let Some(nonce) = field("dpop-nonce") {
            self.nonce = Some(nonce.to_owned());
        }
        let body = match field("content-length").and_then(|length| length.parse().ok()) {
            Some(length) => self.take(length).await?,
            None if field("transfer-encoding") == Some("chunked") => self.chunks().await?,
            None => Vec::new(),
        };
        let packed = field("content-encoding") == Some("gzip");
        let mut plain = Vec::new();
        if packed {
            GzDecoder::new(body.as_slice()).read_to_end(&mut plain)?;
        }
        Ok(Answer {
            status,
            retry_after_seconds: field("retry-after").and_then(|seconds| seconds.parse().ok()),
            body: if packed { plain } else { body },
        })
    }

    async fn more(&mut self) -> Result<(), Error> {
        let mut piece = [0; 16 * 1024];
        match self.stream.read(&mut piece).await? {
            0 => Err(ErrorKind::UnexpectedEof.into()),
            count => {
                self.received += count as u64;
                self.read.extend_from_slice(&piece[..count]);
                Ok(())
            }
        }
    }

    async fn until(&mut self, mark: &[u8]) -> Result<Vec<u8>, Error> {
        loop {
            if let Some(at) = self.read.windows(mark.len()).position(|window| window == mark) {
                let rest = self.read.split_off(at + mark.len());
                return Ok(std::mem::replace(&mut self.read, rest));
            }
            self.more().await?;
        }
    }

    async fn take(&mut self, count: usize) -> Result<Vec<u8>, Error> {
        while self.read.len() < count {
            self.more().await?;
        }
        let rest = self.read.split_off(count);
        Ok(std::mem::replace(&mut self.read, rest))
    }

    async fn chunks(&mut self) -> Result<Vec<u8>, Error> {
        let mut body = Vec::new();
        loop {
            let line = self.until(b"\r\n").await?;
            let digits = String::from_utf8_lossy(&line);
            let length = usize::from_str_radix(digits.trim(), 16).map_err(|_| broken())?;
            let piece = self.take(length + 2).await?;
            if length == 0 {
                return Ok(body);
            }
            body.extend_from_slice(&piece[..length]);
        }
    }
}

fn broken() -> Error {
    ErrorKind::InvalidData.into()
}
