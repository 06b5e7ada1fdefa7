//! Opening the database file: one connection that writes, several that read.
//!
//! Every connection uses the write-ahead log with `synchronous=FULL`, so that a commit is on the disk when it returns.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};

use sync_core::ids::{DocumentId, ScopeId};
use tokio::sync::broadcast;

use super::BEGIN;
use super::check::Hold;
use super::sql::lease::{Lease, Pulse};
use super::sql::migration;
use crate::store::types::Change;
use crate::store::{LIMIT, LONG, StoreError};

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
    (202611301200, "figures", include_str!("../../../../migrations/sqlite/202611301200_figures.sql")),
    (202611301210, "lecturer_years", include_str!("../../../../migrations/sqlite/202611301210_lecturer_years.sql")),
    (202611301300, "readiness", include_str!("../../../../migrations/sqlite/202611301300_readiness.sql")),
    (202611301400, "copies", include_str!("../../../../migrations/sqlite/202611301400_copies.sql")),
    (202611301500, "reading", include_str!("../../../../migrations/sqlite/202611301500_reading.sql")),
    (202611302300, "reasons", include_str!("../../../../migrations/sqlite/202611302300_reasons.sql")),
    (202611302310, "renamed", include_str!("../../../../migrations/sqlite/202611302310_renamed.sql")),
    (202611302315, "disks", include_str!("../../../../migrations/sqlite/202611302315_disks.sql")),
];

/// How often the log is tried to be emptied; each waits up to ten seconds for readers.
const CHECKPOINTS: usize = 3;

/// An SQLite file.
#[derive(Clone, Debug)]
pub struct SqliteStore {
    writer: SqlitePool,
    reader: SqlitePool,
    pulse: Pulse,
    limit: Duration,
    #[expect(dead_code, reason = "lets go of the file when the last store of it is gone")]
    hold: Option<Arc<Hold>>,
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
        let pool = || SqlitePoolOptions::new().test_before_acquire(false).acquire_timeout(Duration::from_secs(10));
        let writer = pool().max_connections(1).connect_with(options.clone()).await.map_err(failed)?;
        let reader = pool()
            .max_connections(reader_connections.max(1))
            .connect_with(options.pragma("query_only", "ON"))
            .await
            .map_err(failed)?;
        Ok(Self { writer, reader, pulse: Pulse::default(), limit: LIMIT, hold: None })
    }

    /// Statements may be silent only so long.
    pub fn within(self, limit: Duration) -> Self {
        Self { limit, ..self }
    }

    /// Keeps the file from other processes as long as this store is there.
    pub(in crate::store) fn held(self, hold: Option<Hold>) -> Self {
        Self { hold: hold.map(Arc::new), ..self }
    }

    /// Every migration, oldest first.
    pub(in crate::store) fn migrations() -> &'static [migration::Text] {
        MIGRATIONS
    }

    /// Brings the schema up to this binary's. Safe to run twice.
    pub(in crate::store) async fn migrate_schema(&self) -> Result<(), StoreError> {
        let migrator = Migrator { migrations: migration::list(MIGRATIONS).into(), ..Migrator::DEFAULT };
        migrator.run(&self.writer).await.map_err(|error| StoreError::Unavailable(Box::new(error)))
    }

    pub(in crate::store) fn readers(&self) -> &SqlitePool {
        &self.reader
    }

    pub(in crate::store) fn writers(&self) -> &SqlitePool {
        &self.writer
    }

    pub(in crate::store) fn pulse(&self) -> &Pulse {
        &self.pulse
    }

    pub(in crate::store) fn limit(&self) -> Duration {
        self.limit
    }

    /// Starts a transaction during which no document is written by another. Its statements may take long.
    pub(in crate::store) async fn begin_alone(&self) -> Result<Lease, StoreError> {
        Lease::take(&self.writer, &self.pulse, LONG, Some(BEGIN)).await
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
            let query = sqlx::query_scalar::<_, i64>("PRAGMA wal_checkpoint(TRUNCATE)");
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
        sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Io(_) | sqlx::Error::WorkerCrashed => {
            StoreError::Unreachable(Box::new(error))
        }
        sqlx::Error::Database(cause) => {
            match cause.code().and_then(|code| code.parse::<u32>().ok()).map(|code| code & 0xff) {
                // busy, locked
                Some(5 | 6) => StoreError::Busy,
                // too big, constraint, mismatch
                Some(18..=20) => StoreError::Constraint(cause.message().to_owned()),
                Some(8) => StoreError::ReadOnly,
                Some(13) => StoreError::Full,
                _ => StoreError::Unavailable(Box::new(error)),
            }
        }
        _ => StoreError::Unavailable(Box::new(error)),
    }
}

#[cfg(test)]
mod tests {
    use sqlx::sqlite::SqliteConnection;
    use sqlx::{Connection as _, Executor as _};

    use super::*;
    use crate::store::Store as _;

    async fn store(folder: &tempfile::TempDir) -> SqliteStore {
        let store = SqliteStore::open(&folder.path().join("t.sqlite"), 2).await.unwrap();
        store.migrate().await.unwrap();
        store
    }

    #[tokio::test]
    async fn a_full_disk_is_called_so_and_takes_again_what_comes_when_there_is_room() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&folder).await;
        let pages: i64 =
            sqlx::query_scalar("PRAGMA page_count").fetch_one(&mut *store.writer().await.unwrap()).await.unwrap();
        let most = |pages: i64| sqlx::AssertSqlSafe(format!("PRAGMA max_page_count = {pages}"));
        store.writer().await.unwrap().execute(most(pages)).await.unwrap();
        let name = "名".repeat(100_000);
        let full = store.upsert_tenant("11", &name, &[]).await;
        assert!(matches!(full, Err(StoreError::Full)), "{full:?}");
        assert_eq!(store.list_tenants().await.unwrap(), Vec::<String>::new());
        store.writer().await.unwrap().execute(most(1_000_000)).await.unwrap();
        store.upsert_tenant("11", &name, &[]).await.unwrap();
    }

    #[tokio::test]
    async fn a_file_that_another_process_holds_is_busy() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&folder).await;
        store.writer().await.unwrap().execute("PRAGMA busy_timeout = 20").await.unwrap();
        let options = SqliteConnectOptions::new().filename(folder.path().join("t.sqlite"));
        let mut other = SqliteConnection::connect_with(&options).await.unwrap();
        other.execute("BEGIN IMMEDIATE").await.unwrap();
        let busy = store.ready(1).await;
        assert!(matches!(busy, Err(StoreError::Busy)), "{busy:?}");
        other.execute("ROLLBACK").await.unwrap();
        store.ready(1).await.unwrap();
    }
}
