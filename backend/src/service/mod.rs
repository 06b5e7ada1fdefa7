//! Use cases. Each takes the [`App`] and a [`access::Caller`] and speaks of no HTTP and no SQL.

pub mod access;
pub mod admission;
pub mod attempts;
pub mod audit;
mod broad;
pub mod cache;
pub mod clock;
pub mod cold;
pub mod commit;
pub mod credential;
pub mod day_pass;
pub mod demo;
pub mod downloads;
pub mod enrol;
pub mod first;
pub mod follow;
pub mod gate;
pub mod journal;
pub mod lookup;
mod names;
pub mod office;
pub mod organisation;
mod pace;
pub mod people;
pub mod possession;
pub mod projection;
pub mod purge;
mod push;
pub mod readiness;
pub mod reference;
pub mod registry;
pub mod retention;
pub mod rights;
pub mod scan;
pub mod scrub;
pub mod secret;
pub mod signin;
pub mod sync;
pub mod tablets;
pub mod told;
pub mod verify;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use sync_core::ids::ScopeId;
use sync_core::time::Timestamp;
use tokio::sync::{Mutex, Semaphore, broadcast, watch};

use crate::config::Config;
use crate::store::types::Change;
use crate::store::{Store, StoreError};
use admission::Admission;
use attempts::Attempts;
use cache::DocumentCache;
use clock::Clock;
use cold::ColdCache;
use commit::Commits;
use gate::Gate;
use journal::Journal;
use lookup::Lookup;
use registry::RegistryCache;
use told::Told;

/// "Something new in this scope": sent after the commit that made it so. Losing one loses nothing.
#[derive(Clone, Debug)]
pub struct Notice {
    /// The prefecture.
    pub tenant: String,
    /// Where there is something new.
    pub scope: ScopeId,
}

/// What every use case needs. A clone is the same application.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// The parts of an [`App`].
pub struct Parts {
    /// The settings.
    pub config: Config,
    /// The database.
    pub store: Arc<dyn Store>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Where commits are announced.
    pub notices: broadcast::Sender<Notice>,
    /// Where the gate runs.
    pub gate: Gate,
    /// Loaded documents.
    pub cache: Arc<DocumentCache>,
    /// Ready answers to tablets that begin with nothing.
    pub cold: Arc<ColdCache>,
    /// Registries ready for tablets.
    pub registries: RegistryCache,
    /// Wrong codes, by the network they come from.
    pub attempts: Attempts<IpAddr>,
    /// Steps of a sign-in that were begun, by the network they come from.
    pub begun: Attempts<IpAddr>,
    /// Passwords, passkeys and the organisation's own provider.
    pub sign_in: signin::Desk,
    /// Nonces for tablets, and the proofs made with them.
    pub possession: possession::Possession,
    /// Where tablets are found by their tokens.
    pub lookup: Lookup,
    /// Where pushes are written.
    pub commits: Commits,
    /// Held by pushes that meet others on the same documents again and again.
    pub contended: Mutex<()>,
    /// Who is answered now, so that all that is answered at the same time fits into memory.
    pub admission: Arc<Admission>,
    /// Places for event streams.
    pub streams: Arc<Semaphore>,
    /// Places for long files.
    pub downloads: downloads::Downloads,
    /// Tickets and connections of followers.
    pub follow: Arc<follow::Desk>,
    /// What was said in the log and is not said again.
    pub told: Told,
    /// Where acts are noted.
    pub journal: Journal,
    /// When the database last took a row, ms; held by whoever tries whether it does.
    pub readiness: Mutex<Option<u64>>,
    /// Becomes true when the process is told to end; event streams end then.
    pub ending: watch::Sender<bool>,
}

impl std::ops::Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl App {
    /// Puts the parts together. Call it inside the runtime.
    pub fn new(config: Config, store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        let cache = Arc::new(DocumentCache::new(config.document_cache_bytes));
        let notices = broadcast::channel(1024).0;
        let cold = Arc::new(ColdCache::new(config.cold_cache_bytes));
        if let Some(changes) = store.changes() {
            tokio::spawn(forward(changes, store.clone(), notices.clone(), cold.clone(), cache.clone()));
        }
        Self(Arc::new(Parts {
            gate: Gate::new(&config, cache.clone()),
            attempts: Attempts::new(config.wrong_codes_per_minute, 60_000),
            begun: Attempts::new(config.steps_begun_per_minute, 60_000),
            sign_in: signin::Desk::new(&config),
            admission: Arc::new(Admission::new(&config)),
            cold,
            registries: RegistryCache::new(config.registry_cache_bytes),
            streams: Arc::new(Semaphore::new(config.event_streams)),
            downloads: downloads::Downloads::default(),
            follow: Arc::new(follow::Desk::new(config.follow_connections)),
            lookup: Lookup::new(store.clone()),
            commits: Commits::new(store.clone(), notices.clone()),
            told: Told::default(),
            journal: Journal::new(store.clone(), clock.clone()),
            config,
            store,
            clock,
            notices,
            cache,
            possession: possession::Possession::default(),
            contended: Mutex::default(),
            readiness: Mutex::default(),
            ending: watch::channel(false).0,
        }))
    }

    /// The present time.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

/// How often what was missed is looked for; then tablets and screens find it by asking, as they do by themselves.
const CATCH_UPS: u32 = 120;
/// How long to wait in between.
const CATCH_UP_AGAIN: Duration = Duration::from_millis(500);

/// How scopes stood when they were last announced after notices may have been lost.
type Standing = HashMap<(String, ScopeId), u64>;

/// Announces here what other processes over the same database commit, and forgets what they destroyed, until the store is
/// gone.
async fn forward(
    mut changes: broadcast::Receiver<Change>,
    store: Arc<dyn Store>,
    notices: broadcast::Sender<Notice>,
    cold: Arc<ColdCache>,
    documents: Arc<DocumentCache>,
) {
    let mut known = Standing::new();
    loop {
        match changes.recv().await {
            Ok(Change::Scope { tenant, scope }) => {
                cold.forget(&tenant, &scope);
                // no listener is no fault
                let _ = notices.send(Notice { tenant, scope });
            }
            Ok(Change::Destroyed { tenant, document }) => documents.forget(&tenant, document),
            Ok(Change::Missed) | Err(broadcast::error::RecvError::Lagged(_)) => {
                cold.clear();
                documents.clear();
                for _ in 0..CATCH_UPS {
                    match catch_up(store.as_ref(), &notices, &mut known).await {
                        Ok(()) => break,
                        Err(error) => tracing::warn!(%error, "what is new could not be looked for yet"),
                    }
                    tokio::time::sleep(CATCH_UP_AGAIN).await;
                }
            }
            Err(broadcast::error::RecvError::Closed) => break,
        }
    }
}

/// Announces every scope that has moved on since this was last done: notices may have been lost.
async fn catch_up(
    store: &dyn Store,
    notices: &broadcast::Sender<Notice>,
    known: &mut Standing,
) -> Result<(), StoreError> {
    for tenant in store.list_tenants().await? {
        for row in store.list_scopes(&tenant).await? {
            let (scope, seq) = (row.scope, row.seq);
            if known.insert((tenant.clone(), scope.clone()), seq) != Some(seq) {
                let _ = notices.send(Notice { tenant: tenant.clone(), scope });
            }
        }
    }
    Ok(())
}
