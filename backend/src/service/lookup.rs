//! Tablets that call while others are being looked up are looked up together.
//!
//! A look costs the same way to the database and back whether it is for one tablet or for fifty. Nobody waits for
//! company: a look begins at once when none is under way, and another where the last is held up.
//!
//! Invariants: a look begins after the call it answers has come, so that what was revoked before is revoked; a tablet
//! whose row cannot be read fails alone; whoever asked may go away.

use std::slice::from_ref;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::store::types::{DeviceRow, SecretHash};
use crate::store::{Store, StoreError};

/// Looks under way at the same time.
const LOOKS: usize = 8;
/// A look that takes longer is held up, and those who come do not wait for it.
const HELD_UP: Duration = Duration::from_millis(20);
/// Tablets in one look.
const TOGETHER: usize = 64;

type Outcome = Result<Option<DeviceRow>, StoreError>;

struct Waiting {
    token_hash: SecretHash,
    answer: oneshot::Sender<Outcome>,
}

#[derive(Default)]
struct Queue {
    waiting: Vec<Waiting>,
    looks: usize,
    /// When the last look began.
    began: Option<Instant>,
}

/// Finds tablets by their tokens. Cheap to clone.
#[derive(Clone)]
pub struct Lookup {
    store: Arc<dyn Store>,
    queue: Arc<Mutex<Queue>>,
}

impl Lookup {
    /// Looks in this store.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store, queue: Arc::default() }
    }

    /// The device with this token, as it is now.
    pub async fn device(&self, token_hash: SecretHash) -> Outcome {
        let (answer, outcome) = oneshot::channel();
        let begins = {
            let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
            queue.waiting.push(Waiting { token_hash, answer });
            let held_up = || queue.began.is_some_and(|began| began.elapsed() > HELD_UP);
            let begins = queue.looks == 0 || (queue.looks < LOOKS && held_up());
            queue.looks += usize::from(begins);
            begins
        };
        if begins {
            tokio::spawn(self.clone().serve());
        }
        outcome.await.unwrap_or(Err(StoreError::Busy))
    }

    /// Looks until nobody waits.
    async fn serve(self) {
        while let Some(group) = self.next() {
            if let Err(error) = tokio::spawn(look(self.store.clone(), group)).await {
                // those in it are answered "busy": their answers went with it
                tracing::error!(%error, "looking up tablets ended");
            }
        }
    }

    /// Those of the next look; `None` ends this one's turn.
    fn next(&self) -> Option<Vec<Waiting>> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        if queue.waiting.is_empty() {
            queue.looks -= 1;
            return None;
        }
        queue.began = Some(Instant::now());
        let first = queue.waiting.len().min(TOGETHER);
        Some(queue.waiting.drain(..first).collect())
    }
}

async fn look(store: Arc<dyn Store>, group: Vec<Waiting>) {
    let token_hashes: Vec<SecretHash> = group.iter().map(|waiting| waiting.token_hash).collect();
    match store.lookup_devices(&token_hashes).await {
        Ok(rows) => group.into_iter().zip(rows).for_each(|(waiting, row)| reply(waiting.answer, Ok(row))),
        Err(error) if group.len() == 1 => {
            if let Some(waiting) = group.into_iter().next() {
                reply(waiting.answer, Err(error));
            }
        }
        Err(error) => {
            tracing::warn!(%error, tablets = group.len(), "tablets could not be looked up together");
            for Waiting { token_hash, answer } in group {
                reply(answer, store.lookup_devices(from_ref(&token_hash)).await.map(|mut rows| rows.pop().flatten()));
            }
        }
    }
}

/// Whoever asked may be gone.
fn reply(answer: oneshot::Sender<Outcome>, outcome: Outcome) {
    let _ = answer.send(outcome);
}
