//! Files that a browser keeps: their headers and names, and how a long one is sent.
//!
//! A file is written to the disk under no name as fast as the database gives it, and sent as fast as the line takes it: no
//! reader, however slow, holds a connection to the database or memory, and one that takes nothing for a while is left. A file
//! that cannot be ended has no last line, and its connection is cut.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, header};
use axum::response::{IntoResponse, Response};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::sync::{mpsc, watch};
use tokio::task::spawn_blocking;
use tokio_stream::wrappers::ReceiverStream;

use crate::http::error::ApiError;
use crate::service::App;
use crate::service::access::Caller;
use crate::service::office::{OfficeError, Pieces};

/// The longest that writing one file may take.
const LIMIT: Duration = Duration::from_secs(600);
/// The longest that a reader may take over one piece.
const PATIENCE: Duration = Duration::from_secs(120);
/// The longest that a reader may take over a whole file.
const READING: Duration = Duration::from_secs(4 * 3_600);
/// Bytes read at once for a reader.
const READ: u64 = 64 * 1024;
/// Characters that file systems do not take in a name, and more than they take.
const UNFIT: [char; 9] = ['/', '\\', ':', '*', '?', '"', '<', '>', '|'];
const LONGEST_NAME: usize = 80;

/// A whole file with this name, without its ending.
pub fn whole(name: &str, kind: Kind, content: impl Into<Body>) -> Response {
    (headers(name, kind), content.into()).into_response()
}

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A table.
    Csv,
    /// A text.
    Text,
}

fn headers(name: &str, kind: Kind) -> [(header::HeaderName, String); 2] {
    let (ending, content_type) = match kind {
        Kind::Csv => ("csv", "text/csv; charset=utf-8"),
        Kind::Text => ("txt", "text/plain; charset=utf-8"),
    };
    let fit = |letter: char| if UNFIT.contains(&letter) || letter.is_control() { '_' } else { letter };
    let name: String = name.chars().map(fit).take(LONGEST_NAME).collect();
    let encoded = utf8_percent_encode(&name, NON_ALPHANUMERIC);
    // the plain name is for programs older than RFC 5987
    let disposition = format!("attachment; filename=\"tsudoi.{ending}\"; filename*=UTF-8''{encoded}.{ending}");
    [(header::CONTENT_TYPE, content_type.to_owned()), (header::CONTENT_DISPOSITION, disposition)]
}

/// A table that `write` makes piece by piece; sent from the first piece on. Who only asks whether they may have it gets no
/// table.
pub async fn table<F>(
    app: App,
    caller: Caller,
    method: Method,
    name: &str,
    write: impl FnOnce(App, Caller, Spool) -> F,
) -> Result<Response, ApiError>
where
    F: Future<Output = Result<Spool, OfficeError>> + Send + 'static,
{
    let (place, turn) = app.downloads.place(&caller).await.ok_or_else(ApiError::too_many_files)?;
    if method == Method::HEAD {
        return Ok(whole(name, Kind::Csv, Body::empty()));
    }
    let (spool, pieces) = Spool::open(place).map_err(OfficeError::from)?;
    let written = write(app, caller, spool);
    tokio::spawn(async move {
        let _until_written = turn;
        match tokio::time::timeout(LIMIT, written).await {
            Ok(Ok(spool)) => spool.end(),
            Ok(Err(OfficeError::File(error))) if error.kind() == io::ErrorKind::BrokenPipe => {}
            Ok(Err(error)) => tracing::error!(%error, "a file ends before its end"),
            Err(_) => tracing::error!(limit_seconds = LIMIT.as_secs(), "a file ends before its end: it takes too long"),
        }
    });
    Ok(whole(name, Kind::Csv, Body::from_stream(ReceiverStream::new(pieces))))
}

/// How far a file is written.
#[derive(Clone, Copy, Default)]
struct Written {
    bytes: u64,
    ended: bool,
}

/// A file that is written while it is read.
pub struct Spool {
    file: Arc<File>,
    written: watch::Sender<Written>,
}

impl Spool {
    /// The file, and what a reader gets of it. Its place is kept until it is read.
    fn open(place: impl Send + 'static) -> io::Result<(Self, mpsc::Receiver<io::Result<Vec<u8>>>)> {
        let file = Arc::new(tempfile::tempfile()?);
        let (written, seen) = watch::channel(Written::default());
        let (sender, receiver) = mpsc::channel(1);
        let read = read_on(file.clone(), seen, sender);
        tokio::spawn(async move {
            let _until_read = place;
            let _ = tokio::time::timeout(READING, read).await;
        });
        Ok((Self { file, written }, receiver))
    }

    /// Nothing more comes. A file that is dropped without this was not ended.
    fn end(self) {
        self.written.send_modify(|written| written.ended = true);
    }
}

impl Pieces for Spool {
    async fn take(&mut self, piece: Vec<u8>) -> Result<(), OfficeError> {
        if self.written.is_closed() {
            return Err(io::Error::from(io::ErrorKind::BrokenPipe).into());
        }
        let (file, at, length) = (self.file.clone(), self.written.borrow().bytes, piece.len());
        let write = spawn_blocking(move || file.write_all_at(&piece, at));
        write.await.map_err(io::Error::other)??;
        self.written.send_modify(|written| written.bytes = at + u64::try_from(length).unwrap_or(0));
        Ok(())
    }
}

/// Gives the reader what is written, until the file has ended, the reader is gone, or nobody writes any more.
async fn read_on(file: Arc<File>, mut seen: watch::Receiver<Written>, to: mpsc::Sender<io::Result<Vec<u8>>>) {
    let mut at = 0;
    loop {
        let more = tokio::select! {
            more = seen.wait_for(|written| written.bytes > at || written.ended) => more.map(|written| *written).ok(),
            () = to.closed() => return,
        };
        let Some(written) = more else {
            let _ = tokio::time::timeout(PATIENCE, to.send(Err(io::Error::other("cut off")))).await;
            return;
        };
        if written.bytes == at {
            return;
        }
        let length = (written.bytes - at).min(READ);
        let file = file.clone();
        let read = spawn_blocking(move || {
            let mut piece = vec![0; usize::try_from(length).map_err(io::Error::other)?];
            file.read_exact_at(&mut piece, at).map(|()| piece)
        });
        let piece = read.await.map_err(io::Error::other).flatten();
        at += length;
        let failed = piece.is_err();
        let taken = tokio::time::timeout(PATIENCE, to.send(piece)).await;
        if !matches!(taken, Ok(Ok(()))) || failed {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn all(mut pieces: mpsc::Receiver<io::Result<Vec<u8>>>) -> io::Result<Vec<u8>> {
        let mut read = Vec::new();
        while let Some(piece) = pieces.recv().await {
            read.extend(piece?);
        }
        Ok(read)
    }

    #[tokio::test]
    async fn a_reader_gets_what_was_written_however_late_it_comes() {
        let (mut spool, pieces) = Spool::open(()).unwrap();
        let piece: Vec<u8> = (0..100_000_u32).map(|number| number as u8).collect();
        for _ in 0..50 {
            spool.take(piece.clone()).await.unwrap();
        }
        spool.end();
        assert!(all(pieces).await.unwrap() == piece.repeat(50));
    }

    #[tokio::test]
    async fn a_file_that_is_not_ended_is_cut_and_one_that_nobody_reads_is_not_written_on() {
        let (mut spool, pieces) = Spool::open(()).unwrap();
        spool.take(b"half".to_vec()).await.unwrap();
        drop(spool);
        assert!(all(pieces).await.is_err());

        let (mut spool, pieces) = Spool::open(()).unwrap();
        drop(pieces);
        spool.written.closed().await;
        assert!(matches!(spool.take(b"more".to_vec()).await, Err(OfficeError::File(_))));
    }

    #[test]
    fn a_name_says_what_is_inside_and_breaks_no_header() {
        let [_, (_, disposition)] = headers("R6_本庄市/\r\n\"x\"_記録", Kind::Csv);
        assert_eq!(
            disposition,
            "attachment; filename=\"tsudoi.csv\"; filename*=UTF-8''R6%5F%E6%9C%AC%E5%BA%84%E5%B8%82%5F%5F%5F%5Fx%5F%5F%E8%A8%98%E9%8C%B2.csv"
        );
    }
}
