//! The gate on its own threads: pushed changes of many documents, a bounded number of documents at the same time.
//!
//! Invariants: whatever a document's changes do, only that document is affected; a panic sends its changes to custody.
//! A request has a budget of time: what is not judged by then is handed back unjudged, and nothing is said of it, so
//! that the tablet keeps it and sends it again. Memory follows from the body's limit: one document is loaded per thread.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use sync_core::document::{Document, hash_of};
use sync_core::gate::{Code, Limits, Verdict, admit};
use sync_core::ids::{ChangeHash, DeviceId, DocumentId, ScopeId};
use tokio::sync::Semaphore;

use super::cache::DocumentCache;
use super::projection::{accumulate, figures, places, project};
use crate::config::Config;
use crate::store::types::{DocumentWrite, Rollups, StoredDocument};

/// The changes of one document, with the document as it is stored.
#[derive(Debug)]
pub struct Work {
    /// The document.
    pub document: DocumentId,
    /// The kind the device stated.
    pub kind: sync_core::document::Kind,
    /// In the order they were made.
    pub changes: Vec<Vec<u8>>,
    /// `None` when the store does not have it.
    pub stored: Option<StoredDocument>,
    /// Whether the device may write to it.
    pub allowed: bool,
    /// The home of the document, should it be new.
    pub home: Option<ScopeId>,
}

/// What became of it.
#[derive(Debug)]
pub struct Judged {
    /// What was judged; its stored form is spent.
    pub work: Work,
    /// One for each change.
    pub verdicts: Vec<(ChangeHash, Verdict)>,
    /// What to write, when anything was let in.
    pub write: Option<DocumentWrite>,
    /// What to add to the roll-ups.
    pub rollups: Rollups,
}

/// What a request's documents came to.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Those judged, in no particular order.
    pub judged: Vec<Judged>,
    /// Those for which the time did not suffice.
    pub unjudged: Vec<Work>,
}

/// Runs the gate. Cheap to clone.
#[derive(Clone)]
pub struct Gate {
    permits: Arc<Semaphore>,
    threads: usize,
    budget: Duration,
    limits: Limits,
    cache: Arc<DocumentCache>,
}

impl Gate {
    /// A gate with the threads, limits and time that the settings give it.
    pub fn new(config: &Config, cache: Arc<DocumentCache>) -> Self {
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        let threads = if config.gate_threads == 0 { cores() } else { config.gate_threads };
        let budget = Duration::from_millis(config.gate_budget_ms);
        Self { permits: Arc::new(Semaphore::new(threads)), threads, budget, limits: config.gate_limits(), cache }
    }

    /// The limits of a change.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Judges each document's changes, as far as the time allows. The time runs while a thread judges, not while it is
    /// waited for.
    pub async fn judge(&self, tenant: &str, device: DeviceId, works: Vec<Work>) -> Outcome {
        let share = works.len().div_ceil(self.threads).max(1);
        let mut running = Vec::new();
        let mut works = works.into_iter().peekable();
        while works.peek().is_some() {
            let part: Vec<Work> = works.by_ref().take(share).collect();
            let (gate, tenant) = (self.clone(), tenant.to_owned());
            let Ok(permit) = self.permits.clone().acquire_owned().await else { break };
            running.push(tokio::task::spawn_blocking(move || {
                let outcome = gate.judge_part(&tenant, device, part);
                drop(permit);
                outcome
            }));
        }
        let mut outcome = Outcome::default();
        for part in running {
            match part.await {
                Ok(part) => {
                    outcome.judged.extend(part.judged);
                    outcome.unjudged.extend(part.unjudged);
                }
                Err(error) => tracing::error!(%error, "a thread of the gate ended"),
            }
        }
        outcome
    }

    fn judge_part(&self, tenant: &str, device: DeviceId, part: Vec<Work>) -> Outcome {
        let started = Instant::now();
        let mut outcome = Outcome::default();
        for work in part {
            if started.elapsed() >= self.budget {
                outcome.unjudged.push(work);
            } else {
                outcome.judged.push(judge_one(&self.cache, tenant, device, &self.limits, work));
            }
        }
        outcome
    }
}

fn judge_one(cache: &DocumentCache, tenant: &str, device: DeviceId, limits: &Limits, mut work: Work) -> Judged {
    if !work.allowed {
        return held(work, Code::NotInScope);
    }
    if work.stored.as_ref().is_some_and(|stored| stored.kind != work.kind) {
        return held(work, Code::Structure);
    }
    let stored = work.stored.take();
    let outcome = catch_unwind(AssertUnwindSafe(|| try_admit(cache, tenant, device, limits, &work, stored)));
    match outcome {
        Ok(Some((verdicts, write, rollups))) => Judged { work, verdicts, write, rollups },
        Ok(None) => {
            tracing::error!(tenant, document = %work.document, "a stored document cannot be loaded");
            held(work, Code::Unloadable)
        }
        Err(_) => {
            tracing::error!(tenant, document = %work.document, "the gate panicked");
            held(work, Code::Unloadable)
        }
    }
}

type Admitted = (Vec<(ChangeHash, Verdict)>, Option<DocumentWrite>, Rollups);

fn try_admit(
    cache: &DocumentCache,
    tenant: &str,
    device: DeviceId,
    limits: &Limits,
    work: &Work,
    stored: Option<StoredDocument>,
) -> Option<Admitted> {
    let document = match &stored {
        None => Document::genesis(work.document, work.kind).ok()?,
        Some(stored) => match cache.take(tenant, work.document, &stored.heads) {
            Some(document) => document,
            None => Document::load(&stored.snapshot).ok()?,
        },
    };
    let admission = admit(document, device, &work.changes, limits);
    let mut document = admission.document;
    let Some(snapshot) = admission.snapshot else {
        return Some((admission.verdicts, None, Rollups::new()));
    };
    let heads = document.heads();
    let projection = project(&document);
    let (home, base_revision, before, places_before) = match stored {
        None => (work.home.clone(), None, None, Vec::new()),
        Some(stored) => (stored.home_scope, Some(stored.revision), stored.projection, stored.places),
    };
    let mut rollups = Rollups::new();
    if let Some(before) = &before {
        accumulate(&mut rollups, &figures(before), -1);
    }
    accumulate(&mut rollups, &figures(&projection), 1);
    let write = DocumentWrite {
        document: work.document,
        kind: work.kind,
        places: places(work.document, &heads, home.as_ref(), &projection, &places_before),
        home_scope: home,
        base_revision,
        heads,
        snapshot,
        projection,
        places_before,
        repaired: false,
    };
    // before the commit, so that a request does not hold all its documents: heads that were never stored are not found
    cache.put(tenant, write.heads.clone(), document, write.snapshot.len());
    Some((admission.verdicts, Some(write), rollups))
}

fn held(work: Work, code: Code) -> Judged {
    let verdicts = work.changes.iter().map(|bytes| (hash_of(bytes), Verdict::Custody(code))).collect();
    Judged { work, verdicts, write: None, rollups: Rollups::new() }
}
