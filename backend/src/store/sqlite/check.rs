//! What is looked at before a file is opened for writing: whether it is sound together with the log beside it, and whether
//! another process holds it. Nothing is written to the database or its log.

use std::ffi::OsString;
use std::fs::{File, TryLockError};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};

use crate::store::open::OpenError;

/// What every SQLite file begins with.
const HEADER: &[u8] = b"SQLite format 3\0";
/// What the name of its log ends with.
const LOG: &str = "-wal";
/// The steps of SQLite's machine after which the time is looked at.
const STEPS: i32 = 10_000;

/// A file that no other process brings up to date or serves, until this is dropped or the process ends.
#[derive(Debug)]
pub struct Hold(#[expect(dead_code, reason = "holds the lock")] File);

impl Hold {
    /// Takes it; `None` while another process has it. The lock is on a file of its own, since SQLite's own locks end when
    /// any handle of the database is closed.
    pub fn take(path: &Path) -> std::io::Result<Option<Self>> {
        let file = File::options().create(true).truncate(false).write(true).open(beside(path, "-lock"))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

/// Refuses what begins as no database does, before anything is written beside it; an empty file only where one may be made.
pub fn may_be_database(path: &Path, may_be_made: bool) -> Result<(), OpenError> {
    let unreadable = |cause: String| OpenError::Unreadable { path: path.to_owned(), cause };
    let failed = |error: std::io::Error| unreadable(error.to_string());
    if !std::fs::metadata(path).map_err(failed)?.is_file() {
        return Err(unreadable("it is no file".to_owned()));
    }
    let mut begins = Vec::new();
    File::open(path).map_err(failed)?.take(HEADER.len() as u64).read_to_end(&mut begins).map_err(failed)?;
    match begins.as_slice() {
        HEADER => Ok(()),
        // what was made a moment ago may stand in its log alone
        [] if may_be_made || beside(path, LOG).exists() => Ok(()),
        [] => Err(OpenError::Empty(path.display().to_string())),
        _ => Err(OpenError::Damaged { path: path.to_owned(), finding: "file is not a database".to_owned() }),
    }
}

/// Refuses a file that is damaged as it stands with its log. Where a log was left behind, indexes are compared with their
/// tables too: pages of another file may each be sound. After `limit` what was found by then counts.
pub async fn check(path: &Path, limit: Duration) -> Result<(), OpenError> {
    let length = |path: &Path| std::fs::metadata(path).map_or(0, |file| file.len());
    if length(path) == 0 {
        return Ok(());
    }
    let log_left = length(&beside(path, LOG)) > 0;
    let until = Instant::now() + limit;
    let options = SqliteConnectOptions::new().filename(path).read_only(true);
    let mut connection = options.connect().await.map_err(|error| found(path, &error))?;
    let walk = async {
        connection.lock_handle().await?.set_progress_handler(STEPS, move || Instant::now() < until);
        let mut finding = first_finding(&mut connection, "PRAGMA quick_check(1)").await?;
        if finding.is_none() && log_left {
            finding = first_finding(&mut connection, "PRAGMA integrity_check(1)").await?;
        }
        Ok::<_, sqlx::Error>(finding)
    };
    let outcome = walk.await;
    // closed in any case, so that nobody has the file open but who goes on
    let closed = connection.close().await;
    match outcome {
        Ok(None) => closed.map_err(|error| found(path, &error)),
        Ok(Some(finding)) => Err(OpenError::Damaged { path: path.to_owned(), finding }),
        Err(error) if code(&error) == Some(9) => {
            tracing::warn!(database = %path.display(), seconds = limit.as_secs(), "no damage was found in the time for it; the rest was not checked");
            Ok(())
        }
        Err(error) => Err(found(path, &error)),
    }
}

async fn first_finding(connection: &mut SqliteConnection, text: &'static str) -> Result<Option<String>, sqlx::Error> {
    let said: String = sqlx::query_scalar(text).fetch_one(connection).await?;
    Ok((said != "ok").then_some(said))
}

/// SQLite's primary code.
fn code(error: &sqlx::Error) -> Option<u32> {
    Some(error.as_database_error()?.code()?.parse::<u32>().ok()? & 0xff)
}

fn found(path: &Path, error: &sqlx::Error) -> OpenError {
    let cause = error.as_database_error().map_or_else(|| error.to_string(), |cause| cause.message().to_owned());
    match code(error) {
        // corrupt, not a database
        Some(11 | 26) => OpenError::Damaged { path: path.to_owned(), finding: cause },
        _ => OpenError::Unreadable { path: path.to_owned(), cause },
    }
}
