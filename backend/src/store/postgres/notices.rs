//! Telling other processes over the same database that there is something new, by LISTEN and NOTIFY.
//!
//! Announcements are gathered while one is on its way, so that a busy process sends few. Losing one costs only
//! freshness: tablets and screens ask by themselves too. Each process also announces to itself, from time to time, that it
//! is there; a listening connection that is broken or does not hear that is made anew, and then subscribers are told that
//! some may have been lost.

use std::collections::BTreeSet;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgListener, PgPool, PgPoolOptions};
use tokio::sync::{broadcast, mpsc};
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

use super::failed;
use super::sql::lease::{Lease, Pulse};
use crate::store::StoreError;
use crate::store::types::Change;

const CHANNEL: &str = "tsudoi_change";
/// What a notice of a destroyed document begins with.
const DESTROYED: &str = "destroyed:";
/// Most announcements in one statement.
const GATHERED: usize = 1_000;
/// Changes waiting for a slow subscriber; older ones are dropped.
const WAITING: usize = 1_024;
/// The word of a process to itself.
const BEAT: &str = "beat";
/// How often it is said in the time after which a connection on which nothing was heard does not listen any more.
const BEATS: u32 = 4;
/// How long to wait before a broken connection is tried again.
const AGAIN: Duration = Duration::from_millis(500);

pub(super) const NOTIFY: &str = "SELECT pg_notify($1, payload) FROM UNNEST($2::text[]) AS of (payload)";

/// The two tasks of a process. They end with it.
#[derive(Debug)]
pub(super) struct Notices {
    announcements: mpsc::UnboundedSender<Change>,
    changes: broadcast::Sender<Change>,
    tasks: [JoinHandle<()>; 2],
}

impl Notices {
    /// Starts them.
    pub(super) fn start(pool: PgPool, options: PgConnectOptions, silence: Duration) -> Result<Self, StoreError> {
        let mut own = [0; 8];
        getrandom::fill(&mut own).map_err(|error| StoreError::Unavailable(Box::new(error)))?;
        let own = hex::encode(own);
        let (announcements, waiting) = mpsc::unbounded_channel();
        let changes = broadcast::channel(WAITING).0;
        let tell = tokio::spawn(tell(pool, own.clone(), waiting, silence));
        let listen = tokio::spawn(listen(options, own, changes.clone(), silence));
        Ok(Self { announcements, changes, tasks: [tell, listen] })
    }

    pub(super) fn announce(&self, change: Change) {
        // without the task nobody is told, which costs only freshness
        let _ = self.announcements.send(change);
    }

    pub(super) fn subscribe(&self) -> broadcast::Receiver<Change> {
        self.changes.subscribe()
    }

    pub(super) fn stop(&self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl Drop for Notices {
    fn drop(&mut self) {
        self.stop();
    }
}

async fn tell(pool: PgPool, own: String, mut waiting: mpsc::UnboundedReceiver<Change>, silence: Duration) {
    let mut gathered = Vec::new();
    let mut beats = tokio::time::interval(silence / BEATS);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let beat = tokio::select! {
            count = waiting.recv_many(&mut gathered, GATHERED) => if count > 0 { None } else { return },
            _ = beats.tick() => Some(format!("{own} - {BEAT}")),
        };
        let changes: BTreeSet<Change> = gathered.drain(..).collect();
        let told = changes.iter().filter_map(words).map(|(tenant, what)| format!("{own} {tenant} {what}"));
        if let Err(error) = notify(&pool, told.chain(beat).collect(), silence).await {
            tracing::warn!(%error, "other processes were not told of a change");
        }
    }
}

async fn notify(pool: &PgPool, payloads: Vec<String>, silence: Duration) -> Result<(), StoreError> {
    let mut lease = Lease::take(pool, &Pulse::default(), silence, None).await?;
    sqlx::query(NOTIFY).bind(CHANNEL).bind(payloads).execute(&mut *lease).await.map(|_| ()).map_err(failed)
}

/// The prefecture, and what has changed there: a scope, or a word no scope begins with and the destroyed document.
fn words(change: &Change) -> Option<(&str, String)> {
    match change {
        Change::Scope { tenant, scope } => Some((tenant, scope.to_string())),
        Change::Destroyed { tenant, document } => Some((tenant, format!("{DESTROYED}{document}"))),
        Change::Missed => None,
    }
}

fn read(tenant: &str, what: &str) -> Option<Change> {
    let tenant = tenant.to_owned();
    match what.strip_prefix(DESTROYED) {
        Some(document) => Some(Change::Destroyed { tenant, document: document.parse().ok()? }),
        None => Some(Change::Scope { tenant, scope: what.parse().ok()? }),
    }
}

async fn listen(options: PgConnectOptions, own: String, changes: broadcast::Sender<Change>, silence: Duration) {
    loop {
        // a pool of its own: a connection that is given up holds no place of those that answer
        let alone = PgPoolOptions::new().max_connections(1).max_lifetime(None).idle_timeout(None);
        let pool = alone.acquire_timeout(silence).connect_lazy_with(options.clone());
        if let Err(error) = heard(&pool, &own, &changes, silence).await {
            tracing::warn!(%error, "the connection that hears of changes is broken and made anew");
        }
        let _ = tokio::time::timeout(AGAIN, pool.close()).await;
        tokio::time::sleep(AGAIN).await;
    }
}

async fn heard(
    pool: &PgPool,
    own: &str,
    changes: &broadcast::Sender<Change>,
    silence: Duration,
) -> Result<(), sqlx::Error> {
    let silent = |_| sqlx::Error::PoolTimedOut;
    let mut listener = tokio::time::timeout(silence, PgListener::connect_with(pool)).await.map_err(silent)??;
    tokio::time::timeout(silence, listener.listen(CHANNEL)).await.map_err(silent)??;
    // no subscriber is no fault, neither here nor below
    let _ = changes.send(Change::Missed);
    loop {
        let Some(notice) = tokio::time::timeout(silence, listener.try_recv()).await.map_err(silent)?? else {
            // it listens again by itself
            let _ = changes.send(Change::Missed);
            continue;
        };
        let mut words = notice.payload().splitn(3, ' ');
        let (Some(from), Some(tenant), Some(what)) = (words.next(), words.next(), words.next()) else { continue };
        if from != own
            && let Some(change) = read(tenant, what)
        {
            let _ = changes.send(change);
        }
    }
}
