//! Opening the database: one pool, whose connections never acknowledge before the disk has it and wait for nothing for ever.

use std::sync::Arc;
use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sqlx::{Connection, Executor};

use sync_core::ids::{DocumentId, ScopeId};
use tokio::sync::broadcast;
use tokio::time::timeout;

use super::notices::Notices;
use super::sql::lease::{Lease, Pulse};
use super::sql::migration;
use super::{BEGIN, pooler};
use crate::store::types::Change;
use crate::store::{LIMIT, LONG, StoreError};

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
    (202611301200, "figures", include_str!("../../../../migrations/postgres/202611301200_figures.sql")),
    (202611301210, "lecturer_years", include_str!("../../../../migrations/postgres/202611301210_lecturer_years.sql")),
    (202611301300, "readiness", include_str!("../../../../migrations/postgres/202611301300_readiness.sql")),
    (202611301400, "copies", include_str!("../../../../migrations/postgres/202611301400_copies.sql")),
    (202611301500, "reading", include_str!("../../../../migrations/postgres/202611301500_reading.sql")),
    (202611302300, "reasons", include_str!("../../../../migrations/postgres/202611302300_reasons.sql")),
    (202611302310, "renamed", include_str!("../../../../migrations/postgres/202611302310_renamed.sql")),
    (202611302315, "disks", include_str!("../../../../migrations/postgres/202611302315_disks.sql")),
];

/// A connection idle this long is tried before it is used.
const IDLE: Duration = Duration::from_secs(1);
/// How long that may take.
const TRIED: Duration = Duration::from_secs(2);
/// How long a connection is waited for, the making of one included.
const ACQUIRE: Duration = Duration::from_secs(10);

/// What holds on each connection of the pool. A server that was told to answer commits before they are durable is told
/// otherwise; a statement that takes too long is ended by the server a little before it is given up here; and locks are not
/// kept for a process that has vanished or stands still.
fn settings(limit: Duration) -> String {
    let statement = limit.saturating_sub(limit / 10).as_millis().max(1);
    format!(
        "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'; \
         SELECT set_config('statement_timeout', '{statement}', false), set_config('lock_timeout', '5000', false), \
         set_config('idle_in_transaction_session_timeout', '600000', false), \
         set_config('tcp_keepalives_idle', '30', false), set_config('tcp_keepalives_interval', '10', false), \
         set_config('tcp_keepalives_count', '3', false), set_config('tcp_user_timeout', '60000', false)"
    )
}

/// Whether the connection is still there, unless it was used just now.
async fn alive(connection: &mut PgConnection, idle: Duration) -> Result<bool, sqlx::Error> {
    if idle < IDLE {
        return Ok(true);
    }
    // an error has it cut off, without a word that nobody would hear
    timeout(TRIED, connection.ping()).await.unwrap_or(Err(sqlx::Error::PoolTimedOut)).map(|()| true)
}

/// A PostgreSQL database.
#[derive(Clone, Debug)]
pub struct PostgresStore {
    pool: PgPool,
    options: PgConnectOptions,
    pulse: Pulse,
    limit: Duration,
    notices: Arc<Notices>,
}

impl PostgresStore {
    /// Connects. Does not migrate.
    pub async fn open(url: &str, connections: u32) -> Result<Self, StoreError> {
        Self::open_within(url, connections, LIMIT).await
    }

    /// The same with statements that may be silent only so long.
    pub async fn open_within(url: &str, connections: u32, limit: Duration) -> Result<Self, StoreError> {
        let options: PgConnectOptions = url.parse().map_err(failed)?;
        let options = options.application_name("tsudoi-server").statement_cache_capacity(400);
        let settings: &'static str = settings(limit).leak();
        let pool = PgPoolOptions::new()
            .max_connections(connections.max(2))
            .acquire_timeout(limit.min(ACQUIRE))
            // a connection is tried when it is given back; trying it again at once would double each statement's way
            .test_before_acquire(false)
            .before_acquire(|connection, known| Box::pin(alive(connection, known.idle_for)))
            .after_connect(move |connection, _| Box::pin(async move { connection.execute(settings).await.map(|_| ()) }))
            .connect_with(options.clone())
            .await
            .map_err(failed)?;
        let refused = timeout(ACQUIRE, pooler::refuse(&pool)).await;
        refused.unwrap_or_else(|late| Err(StoreError::Unreachable(Box::new(late))))?;
        let notices = Arc::new(Notices::start(pool.clone(), options.clone(), limit)?);
        Ok(Self { pool, options, pulse: Pulse::default(), limit, notices })
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
        let mut own = self.own().await?;
        let vacuum = "VACUUM document, custody, record_fact, tally_fact, record_lecturer, flag, journal, device, account, \
             passkey, identity, code";
        let done = timeout(LONG, own.execute(vacuum)).await;
        done.map_err(|_| StoreError::Busy)?.map(|_| ()).map_err(failed)
    }

    /// A connection beside the pool, without its limits: for what may take long.
    async fn own(&self) -> Result<PgConnection, StoreError> {
        let connecting = PgConnection::connect_with(&self.options);
        let connected = timeout(ACQUIRE, connecting).await;
        connected.unwrap_or(Err(sqlx::Error::PoolTimedOut)).map_err(failed)
    }

    /// Every migration, oldest first.
    pub(in crate::store) fn migrations() -> &'static [migration::Text] {
        MIGRATIONS
    }

    /// Brings the schema up to this binary's. Safe to run twice, and from several processes at once.
    pub(in crate::store) async fn migrate_schema(&self) -> Result<(), StoreError> {
        let migrator = Migrator { migrations: migration::list(MIGRATIONS).into(), ..Migrator::DEFAULT };
        let alone = PgPoolOptions::new().max_connections(1).acquire_timeout(ACQUIRE);
        let alone = alone.connect_with(self.options.clone()).await.map_err(failed)?;
        let outcome = migrator.run(&alone).await;
        alone.close().await;
        outcome.map_err(|error| StoreError::Unavailable(Box::new(error)))
    }

    pub(in crate::store) fn readers(&self) -> &PgPool {
        &self.pool
    }

    pub(in crate::store) fn writers(&self) -> &PgPool {
        &self.pool
    }

    pub(in crate::store) fn pulse(&self) -> &Pulse {
        &self.pulse
    }

    pub(in crate::store) fn limit(&self) -> Duration {
        self.limit
    }

    /// Starts a transaction during which no document is written by another. Its statements may take long.
    pub(in crate::store) async fn begin_alone(&self) -> Result<Lease, StoreError> {
        let mut transaction = Lease::take(&self.pool, &self.pulse, LONG, Some(BEGIN)).await?;
        for text in ["LOCK TABLE document IN SHARE ROW EXCLUSIVE MODE", "SET LOCAL statement_timeout = 0"] {
            transaction.execute(text).await.map_err(failed)?;
        }
        Ok(transaction)
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
        sqlx::Error::Database(cause) => match cause.code().as_deref() {
            // serialization failure, deadlock, lock not available, too many connections, statement too long
            Some("40001" | "40P01" | "55P03" | "53300" | "57014") => StoreError::Busy,
            Some("08P01") if cause.message().contains("startup parameter") => {
                StoreError::Parameter(cause.message().to_owned())
            }
            Some("08P01") if cause.message().contains("pooling mode") => StoreError::NoSessions,
            Some("25006") => StoreError::ReadOnly,
            Some("53100") => StoreError::Full,
            // what a column or an index cannot hold: text with U+0000, numbers, rows of an index
            Some("22021" | "22P05" | "22001" | "22003" | "54000") => StoreError::Constraint(cause.message().to_owned()),
            Some(code) if code.starts_with("23") => StoreError::Constraint(cause.message().to_owned()),
            Some(code) if code.starts_with("08") || code.starts_with("57P") || code == "25P03" => {
                StoreError::Unreachable(Box::new(error))
            }
            _ => StoreError::Unavailable(Box::new(error)),
        },
        sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Io(_) | sqlx::Error::Tls(_) => {
            StoreError::Unreachable(Box::new(error))
        }
        _ => StoreError::Unavailable(Box::new(error)),
    }
}
