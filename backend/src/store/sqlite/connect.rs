//! Opening the database file: one connection that writes, several that read.
//!
//! Every connection uses the write-ahead log with `synchronous=FULL`, so that a commit is on the disk when it returns.

use std::path::Path;
use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Sqlite, Transaction};

use sync_core::ids::{DocumentId, ScopeId};
use tokio::sync::broadcast;

use super::sql::migration;
use crate::store::StoreError;
use crate::store::types::Change;

/// Version, name and text of every migration, oldest first. Files are never edited once they have been released.
const MIGRATIONS: &[migration::Text] = &[
    (202611210400, "init", include_str!("../../../../migrations/sqlite/202611210400_init.sql")),
    (202611210730, "proof", include_str!("../../../../migrations/sqlite/202611210730_proof.sql")),
    (202611211100, "rights", include_str!("../../../../migrations/sqlite/202611211100_rights.sql")),
    (202611211105, "tablets", include_str!("../../../../migrations/sqlite/202611211105_tablets.sql")),
    (202611211110, "signin", include_str!("../../../../migrations/sqlite/202611211110_signin.sql")),
    (202611211120, "dashboards", include_str!("../../../../migrations/sqlite/202611211120_dashboards.sql")),
    (202611211130, "retention", include_str!("../../../../migrations/sqlite/202611211130_retention.sql")),
    (202611211140, "day_pass", include_str!("../../../../migrations/sqlite/202611211140_day_pass.sql")),
    (202611211150, "summaries", include_str!("../../../../migrations/sqlite/202611211150_summaries.sql")),
    (202611211700, "hub", include_str!("../../../../migrations/sqlite/202611211700_hub.sql")),
    (202611281000, "codes", include_str!("../../../../migrations/sqlite/202611281000_codes.sql")),
    (202611281010, "custody_matters", include_str!("../../../../migrations/sqlite/202611281010_custody_matters.sql")),
    (202611281020, "late_records", include_str!("../../../../migrations/sqlite/202611281020_late_records.sql")),
    (202611301400, "copies", include_str!("../../../../migrations/sqlite/202611301400_copies.sql")),
];

/// How often the log is tried to be emptied; each waits up to ten seconds for readers.
const CHECKPOINTS: usize = 3;

/// An SQLite file.
#[derive(Clone, Debug)]
pub struct SqliteStore {
    writer: SqlitePool,
    reader: SqlitePool,
}

impl SqliteStore {
    /// Opens the file, making it when it is missing. Does not migrate.
    pub async fn open(path: &Path, reader_connections: u32) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(10))
            // what is deleted is overwritten, so that destroyed documents are not in the file
            .pragma("secure_delete", "ON")
            .pragma("cache_size", "-16384")
            // lists and exports are thousands of rows; each time the buffer is full two threads wait for one another
            .row_buffer_size(1_024)
            .statement_cache_capacity(400);
        // a file does not hang up: its connections need not be tried before each use
        let pool = || SqlitePoolOptions::new().test_before_acquire(false);
        let writer = pool().max_connections(1).connect_with(options.clone()).await.map_err(failed)?;
        let reader = pool()
            .max_connections(reader_connections.max(1))
            .connect_with(options.pragma("query_only", "ON"))
            .await
            .map_err(failed)?;
        Ok(Self { writer, reader })
    }

    /// Brings the schema up to this binary's. Safe to run twice.
    pub(in crate::store) async fn migrate_schema(&self) -> Result<(), StoreError> {
        let migrator = Migrator { migrations: migration::list(MIGRATIONS).into(), ..Migrator::DEFAULT };
        migrator.run(&self.writer).await.map_err(|error| StoreError::Unavailable(Box::new(error)))
    }

    /// Starts a writing transaction. `IMMEDIATE`: it holds the write lock from its first statement, so that what it
    /// reads cannot change before it commits.
    pub(in crate::store) async fn begin(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(failed)
    }

    /// Starts a transaction during which no document is written by another.
    pub(in crate::store) async fn begin_alone(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        self.begin().await
    }

    /// Starts a look at one moment.
    pub(in crate::store) async fn look(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        self.reader.begin().await.map_err(failed)
    }

    /// A connection for single statements that read.
    pub(in crate::store) async fn reader(&self) -> Result<PoolConnection<Sqlite>, StoreError> {
        self.reader.acquire().await.map_err(failed)
    }

    /// The connection for single statements that write.
    pub(in crate::store) async fn writer(&self) -> Result<PoolConnection<Sqlite>, StoreError> {
        self.writer.acquire().await.map_err(failed)
    }

    /// One process owns the file, so nobody else has to be told.
    pub(in crate::store) fn announce(&self, _tenant: &str, _scopes: &[ScopeId]) {}

    /// See [`SqliteStore::announce`].
    pub(in crate::store) fn announce_destroyed(&self, _tenant: &str, _document: DocumentId) {}

    /// See [`SqliteStore::announce`].
    pub(in crate::store) fn subscribe(&self) -> Option<broadcast::Receiver<Change>> {
        None
    }

    /// Empties the write-ahead log, which still holds what was overwritten in the file. Waits for readers to end.
    pub(in crate::store) async fn forget_bytes(&self) -> Result<(), StoreError> {
        let mut writer = self.writer().await?;
        for _ in 0..CHECKPOINTS {
            let query = sqlx::query_scalar::<Sqlite, i64>("PRAGMA wal_checkpoint(TRUNCATE)");
            if query.fetch_one(&mut *writer).await.map_err(failed)? == 0 {
                return Ok(());
            }
        }
        Err(StoreError::Busy)
    }

    /// Closes every connection; what is committed is in the file.
    pub(in crate::store) async fn close_all(&self) {
        self.reader.close().await;
        self.writer.close().await;
    }
}

/// Sorts a driver error into the families of [`StoreError`].
pub(in crate::store) fn failed(error: sqlx::Error) -> StoreError {
    match &error {
        sqlx::Error::PoolTimedOut => StoreError::Busy,
        sqlx::Error::Database(cause) => match cause.code().as_deref() {
            Some("5" | "261" | "517") => StoreError::Busy,
            Some(code) if code.parse::<u32>().is_ok_and(|code| code & 0xff == 19) => {
                StoreError::Constraint(cause.message().to_owned())
            }
            _ => StoreError::Unavailable(Box::new(error)),
        },
        _ => StoreError::Unavailable(Box::new(error)),
    }
}
