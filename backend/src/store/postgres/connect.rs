//! Opening the database: one pool, whose connections never acknowledge before the disk has it.

use std::sync::Arc;
use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sqlx::{Connection, Executor, Postgres, Transaction};

use sync_core::ids::{DocumentId, ScopeId};
use tokio::sync::broadcast;

use super::notices::Notices;
use super::sql::migration;
use crate::store::StoreError;
use crate::store::types::Change;

/// Version, name and text of every migration, oldest first. Files are never edited once they have been released.
const MIGRATIONS: &[migration::Text] = &[
    (202611210400, "init", include_str!("../../../../migrations/postgres/202611210400_init.sql")),
    (202611210730, "proof", include_str!("../../../../migrations/postgres/202611210730_proof.sql")),
    (202611211100, "rights", include_str!("../../../../migrations/postgres/202611211100_rights.sql")),
    (202611211105, "tablets", include_str!("../../../../migrations/postgres/202611211105_tablets.sql")),
    (202611211110, "signin", include_str!("../../../../migrations/postgres/202611211110_signin.sql")),
    (202611211120, "dashboards", include_str!("../../../../migrations/postgres/202611211120_dashboards.sql")),
    (202611211130, "retention", include_str!("../../../../migrations/postgres/202611211130_retention.sql")),
    (202611211140, "day_pass", include_str!("../../../../migrations/postgres/202611211140_day_pass.sql")),
    (202611211150, "summaries", include_str!("../../../../migrations/postgres/202611211150_summaries.sql")),
    (202611211700, "hub", include_str!("../../../../migrations/postgres/202611211700_hub.sql")),
    (202611281000, "codes", include_str!("../../../../migrations/postgres/202611281000_codes.sql")),
    (202611281010, "custody_matters", include_str!("../../../../migrations/postgres/202611281010_custody_matters.sql")),
    (202611281020, "late_records", include_str!("../../../../migrations/postgres/202611281020_late_records.sql")),
    (202611301400, "copies", include_str!("../../../../migrations/postgres/202611301400_copies.sql")),
];

/// A server that was told to answer commits before they are durable is told otherwise for our connections.
const DURABLE: &str = "SELECT set_config('synchronous_commit', 'on', false) \
     WHERE current_setting('synchronous_commit') = 'off'";

/// A connection idle this long is tried before it is used.
const IDLE: Duration = Duration::from_secs(1);

/// Whether the connection is still there, unless it was used just now.
async fn alive(connection: &mut PgConnection, idle: Duration) -> Result<bool, sqlx::Error> {
    Ok(idle < IDLE || connection.ping().await.is_ok())
}

/// A PostgreSQL database.
#[derive(Clone, Debug)]
pub struct PostgresStore {
    pool: PgPool,
    notices: Arc<Notices>,
}

impl PostgresStore {
    /// Connects. Does not migrate.
    pub async fn open(url: &str, connections: u32) -> Result<Self, StoreError> {
        let options: PgConnectOptions = url.parse().map_err(failed)?;
        let pool = PgPoolOptions::new()
            .max_connections(connections.max(2))
            .acquire_timeout(Duration::from_secs(10))
            // a connection is tried when it is given back; trying it again at once would double each statement's way
            .test_before_acquire(false)
            .before_acquire(|connection, known| Box::pin(alive(connection, known.idle_for)))
            .after_connect(|connection, _| Box::pin(async move { connection.execute(DURABLE).await.map(|_| ()) }))
            .connect_with(options.application_name("tsudoi-server").statement_cache_capacity(400))
            .await
            .map_err(failed)?;
        Ok(Self { notices: Arc::new(Notices::start(pool.clone())?), pool })
    }

    /// Tells other processes, soon. Not in the transaction: PostgreSQL lets transactions with notices commit one after
    /// the other only, each with its own flush.
    pub(in crate::store) fn announce(&self, tenant: &str, scopes: &[ScopeId]) {
        for scope in scopes {
            self.notices.announce(Change::Scope { tenant: tenant.to_owned(), scope: scope.clone() });
        }
    }

    /// Tells other processes to forget a document that was destroyed.
    pub(in crate::store) fn announce_destroyed(&self, tenant: &str, document: DocumentId) {
        self.notices.announce(Change::Destroyed { tenant: tenant.to_owned(), document });
    }

    /// What other processes announce.
    pub(in crate::store) fn subscribe(&self) -> Option<broadcast::Receiver<Change>> {
        Some(self.notices.subscribe())
    }

    /// Removes what was deleted or overwritten from the tables. The server's own log and backups forget it in their time.
    pub(in crate::store) async fn forget_bytes(&self) -> Result<(), StoreError> {
        let mut writer = self.writer().await?;
        let vacuum = "VACUUM document, custody, record_fact, tally_fact, record_lecturer, flag, journal, device, account, \
             passkey, identity, code";
        writer.execute(vacuum).await.map(|_| ()).map_err(failed)
    }

    /// Brings the schema up to this binary's. Safe to run twice, and from several processes at once.
    pub(in crate::store) async fn migrate_schema(&self) -> Result<(), StoreError> {
        let migrator = Migrator { migrations: migration::list(MIGRATIONS).into(), ..Migrator::DEFAULT };
        migrator.run(&self.pool).await.map_err(|error| StoreError::Unavailable(Box::new(error)))
    }

    /// Starts a writing transaction. Each statement sees what was committed before it; what must not change is locked.
    pub(in crate::store) async fn begin(&self) -> Result<Transaction<'static, Postgres>, StoreError> {
        self.pool.begin_with("BEGIN ISOLATION LEVEL READ COMMITTED").await.map_err(failed)
    }

    /// Starts a transaction during which no document is written by another.
    pub(in crate::store) async fn begin_alone(&self) -> Result<Transaction<'static, Postgres>, StoreError> {
        let mut transaction = self.begin().await?;
        let lock = "LOCK TABLE document IN SHARE ROW EXCLUSIVE MODE";
        transaction.execute(lock).await.map_err(failed)?;
        Ok(transaction)
    }

    /// Starts a look at one moment.
    pub(in crate::store) async fn look(&self) -> Result<Transaction<'static, Postgres>, StoreError> {
        self.pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await.map_err(failed)
    }

    /// A connection for single statements that read.
    pub(in crate::store) async fn reader(&self) -> Result<PoolConnection<Postgres>, StoreError> {
        self.pool.acquire().await.map_err(failed)
    }

    /// A connection for single statements that write.
    pub(in crate::store) async fn writer(&self) -> Result<PoolConnection<Postgres>, StoreError> {
        self.reader().await
    }

    /// Closes every connection.
    pub(in crate::store) async fn close_all(&self) {
        self.notices.stop();
        self.pool.close().await;
    }
}

/// Sorts a driver error into the families of [`StoreError`].
pub(in crate::store) fn failed(error: sqlx::Error) -> StoreError {
    match &error {
        sqlx::Error::PoolTimedOut => StoreError::Busy,
        sqlx::Error::Database(cause) => match cause.code().as_deref() {
            // serialization failure, deadlock, lock not available, too many connections
            Some("40001" | "40P01" | "55P03" | "53300") => StoreError::Busy,
            Some(code) if code.starts_with("23") => StoreError::Constraint(cause.message().to_owned()),
            _ => StoreError::Unavailable(Box::new(error)),
        },
        _ => StoreError::Unavailable(Box::new(error)),
    }
}
