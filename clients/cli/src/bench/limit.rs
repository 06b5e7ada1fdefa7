//! The same work by library calls in one thread, without a server.

use std::time::Instant;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _};
use sync_core::document::{Change, Document, Kind};
use sync_core::domain::facts;

use super::day::Tablet;
use super::failed;
use super::process::TempFolder;
use crate::error::CliError;

/// Seconds for parsing, applying, reading values, saving, reloading, and inserting with one durable transaction a tablet.
pub(super) fn seconds(tablets: &[&Tablet]) -> Result<f64, CliError> {
    let folder = TempFolder::new()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
    runtime.block_on(async {
        let options = SqliteConnectOptions::new()
            .filename(folder.path().join("limit.sqlite"))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full);
        let mut database = options.connect().await.map_err(failed)?;
        sqlx::query("CREATE TABLE document (document BLOB NOT NULL PRIMARY KEY, snapshot BLOB NOT NULL, changes BLOB NOT NULL) STRICT")
            .execute(&mut database)
            .await
            .map_err(failed)?;
        let start = Instant::now();
        for tablet in tablets {
            one(&mut database, tablet).await?;
        }
        let seconds = start.elapsed().as_secs_f64();
        database.close().await.map_err(failed)?;
        Ok(seconds)
    })
}

async fn one(database: &mut SqliteConnection, tablet: &Tablet) -> Result<(), CliError> {
    let mut transaction = database.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
    for (id, changes) in &tablet.documents {
        let mut document = Document::genesis(*id, Kind::Session).map_err(failed)?;
        let parsed: Vec<Change> =
            changes.iter().map(|bytes| Change::parse(bytes)).collect::<Result<_, _>>().map_err(failed)?;
        document.apply_all(&parsed).map_err(failed)?;
        let read = facts(&document);
        let saved = document.save_verified().map_err(failed)?;
        if read.attendance.is_none() {
            return Err(failed("a session without heads"));
        }
        sqlx::query("INSERT INTO document (document, snapshot, changes) VALUES (?, ?, ?)")
            .bind(id.as_bytes().as_slice())
            .bind(saved)
            .bind(changes.concat())
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
    }
    transaction.commit().await.map_err(failed)
}
