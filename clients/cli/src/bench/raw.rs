//! HTTP as bare bytes over one connection: cheap enough for thousands of tablets, and every byte is counted.

use std::io::{Error, ErrorKind, Read as _};

use flate2::read::GzDecoder;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

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
    pub sent: u64,
    pub received: u64,
}

/// The bytes of a `POST /v1/sync`, ready to be sent any number of times.
pub(super) fn sync_request(address: &str, token: &str, body: &[u8]) -> Vec<u8> {
    let host = address.trim_start_matches("http://");
    let packed = if body.len() >= 1_024 { gzip(body) } else { None };
    let encoding = if packed.is_some() { "content-encoding: gzip\r\n" } else { "" };
    let body = packed.as_deref().unwrap_or(body);
    let mut request = format!(
        "POST /v1/sync HTTP/1.1\r\nhost: {host}\r\nauthorization: Device {token}\r\ncontent-type: application/cbor\r\n\
         accept-encoding: gzip\r\n{encoding}content-length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    request.extend_from_slice(body);
    request
}

impl Wire {
    pub(super) async fn connect(address: &str) -> Result<Self, Error> {
        let stream = TcpStream::connect(address.trim_start_matches("http://")).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, read: Vec::new(), sent: 0, received: 0 })
    }

    /// Sends a request and reads the whole answer.
    pub(super) async fn exchange(&mut self, request: &[u8]) -> Result<Answer, Error> {
        self.stream.write_all(request).await?;
        self.sent += request.len() as u64;
        let head = self.until(b"\r\n\r\n").await?;
        let head = String::from_utf8_lossy(&head).to_ascii_lowercase();
        let status = head.split(' ').nth(1).and_then(|word| word.parse().ok()).ok_or_else(broken)?;
        let field =
            |name: &str| head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim);
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
