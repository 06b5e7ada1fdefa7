//! Telling other processes over the same database that there is something new, by LISTEN and NOTIFY.
//!
//! Announcements are gathered while one is on its way, so that a busy process sends few. Losing one costs only
//! freshness: tablets and screens ask by themselves too. A broken listening connection is made anew, and then subscribers
//! are told that some may have been lost.

use std::collections::BTreeSet;
use std::time::Duration;

use sqlx::postgres::{PgListener, PgPool};
use tokio::sync::{broadcast, mpsc};
use tokio::task::JoinHandle;

use crate::store::StoreError;
use crate::store::types::Change;

const CHANNEL: &str = "tsudoi_change";
/// What a notice of a destroyed document begins with.
const DESTROYED: &str = "destroyed:";
/// Most announcements in one statement.
const GATHERED: usize = 1_000;
/// Changes waiting for a slow subscriber; older ones are dropped.
const WAITING: usize = 1_024;
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
    pub(super) fn start(pool: PgPool) -> Result<Self, StoreError> {
        let mut own = [0; 8];
        getrandom::fill(&mut own).map_err(|error| StoreError::Unavailable(Box::new(error)))?;
        let own = hex::encode(own);
        let (announcements, waiting) = mpsc::unbounded_channel();
        let changes = broadcast::channel(WAITING).0;
        let tell = tokio::spawn(tell(pool.clone(), own.clone(), waiting));
        let listen = tokio::spawn(listen(pool, own, changes.clone()));
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

async fn tell(pool: PgPool, own: String, mut waiting: mpsc::UnboundedReceiver<Change>) {
    let mut gathered = Vec::new();
    while waiting.recv_many(&mut gathered, GATHERED).await > 0 {
        let changes: BTreeSet<Change> = gathered.drain(..).collect();
        let payloads: Vec<String> =
            changes.iter().filter_map(words).map(|(tenant, what)| format!("{own} {tenant} {what}")).collect();
        if let Err(error) = sqlx::query(NOTIFY).bind(CHANNEL).bind(payloads).execute(&pool).await {
            tracing::warn!(%error, "other processes were not told of a change");
        }
    }
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

async fn listen(pool: PgPool, own: String, changes: broadcast::Sender<Change>) {
    loop {
        if let Err(error) = heard(&pool, &own, &changes).await {
            if pool.is_closed() {
                return;
            }
            tracing::warn!(%error, "the connection that hears of changes is broken and made anew");
        }
        tokio::time::sleep(AGAIN).await;
    }
}

async fn heard(pool: &PgPool, own: &str, changes: &broadcast::Sender<Change>) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen(CHANNEL).await?;
    // no subscriber is no fault, neither here nor below
    let _ = changes.send(Change::Missed);
    loop {
        let Some(notice) = listener.try_recv().await? else {
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
