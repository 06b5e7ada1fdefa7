//! Use cases. Each takes the [`App`] and a [`access::Caller`] and speaks of no HTTP and no SQL.

pub mod access;
pub mod clock;
pub mod office;

use std::sync::Arc;

use sync_core::ids::ScopeId;
use sync_core::time::Timestamp;
use tokio::sync::broadcast;

use crate::config::Config;
use crate::store::Store;
use clock::Clock;

/// "Something new in this scope": sent after the commit that made it so. Losing one loses nothing.
#[derive(Clone, Debug)]
pub struct Notice {
    /// The prefecture.
    pub tenant: String,
    /// Where there is something new.
    pub scope: ScopeId,
}

/// What every use case needs. Cheap to clone.
#[derive(Clone)]
pub struct App {
    /// The settings.
    pub config: Arc<Config>,
    /// The database.
    pub store: Arc<dyn Store>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Where commits are announced.
    pub notices: broadcast::Sender<Notice>,
}

impl App {
    /// Puts the parts together.
    pub fn new(config: Config, store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self { config: Arc::new(config), store, clock, notices: broadcast::channel(1024).0 }
    }

    /// The present time.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}
