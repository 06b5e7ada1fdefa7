//! The gate on its own threads: pushed changes of many documents, a bounded number of documents at the same time.
//!
//! Invariant: whatever a document's changes do, only that document is affected. A panic sends its changes to custody.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use sync_core::document::{Document, hash_of};
use sync_core::gate::{Code, Limits, Verdict, admit};
use sync_core::ids::{ChangeHash, DeviceId, DocumentId, ScopeId};
use tokio::sync::Semaphore;

use super::cache::DocumentCache;
use super::projection::{accumulate, figures, places, project};
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
    /// The document after, for the cache.
    pub loaded: Option<Document>,
}

/// Runs the gate. Cheap to clone.
#[derive(Clone)]
pub struct Gate {
    permits: Arc<Semaphore>,
    threads: usize,
    cache: Arc<DocumentCache>,
}

impl Gate {
    /// A gate on `threads` threads, 0 for one per core.
    pub fn new(threads: usize, cache: Arc<DocumentCache>) -> Self {
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        let threads = if threads == 0 { cores() } else { threads };
        Self { permits: Arc::new(Semaphore::new(threads)), threads, cache }
    }

    /// Judges each document's changes. The answer is in no particular order.
    pub async fn judge(&self, tenant: &str, device: DeviceId, works: Vec<Work>) -> Vec<Judged> {
        let share = works.len().div_ceil(self.threads).max(1);
        let mut running = Vec::new();
        let mut works = works.into_iter().peekable();
        while works.peek().is_some() {
            let part: Vec<Work> = works.by_ref().take(share).collect();
            let (cache, tenant) = (self.cache.clone(), tenant.to_owned());
            let Ok(permit) = self.permits.clone().acquire_owned().await else { break };
            running.push(tokio::task::spawn_blocking(move || {
                let judged: Vec<Judged> =
                    part.into_iter().map(|work| judge_one(&cache, &tenant, device, work)).collect();
                drop(permit);
                judged
            }));
        }
        let mut judged = Vec::new();
        for part in running {
            match part.await {
                Ok(part) => judged.extend(part),
                Err(error) => tracing::error!(%error, "a thread of the gate ended"),
            }
        }
        judged
    }
}

fn judge_one(cache: &DocumentCache, tenant: &str, device: DeviceId, mut work: Work) -> Judged {
    if !work.allowed {
        return held(work, Code::NotInScope);
    }
    if work.stored.as_ref().is_some_and(|stored| stored.kind != work.kind) {
        return held(work, Code::Structure);
    }
    let stored = work.stored.take();
    let outcome = catch_unwind(AssertUnwindSafe(|| try_admit(cache, tenant, device, &work, stored)));
    match outcome {
        Ok(Some((verdicts, write, rollups, loaded))) => Judged { work, verdicts, write, rollups, loaded },
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

type Admitted = (Vec<(ChangeHash, Verdict)>, Option<DocumentWrite>, Rollups, Option<Document>);

fn try_admit(
    cache: &DocumentCache,
    tenant: &str,
    device: DeviceId,
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
    let admission = admit(document, device, &work.changes, &Limits::default());
    let mut document = admission.document;
    let Some(snapshot) = admission.snapshot else {
        return Some((admission.verdicts, None, Rollups::new(), None));
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
    };
    Some((admission.verdicts, Some(write), rollups, Some(document)))
}

fn held(work: Work, code: Code) -> Judged {
    let verdicts = work.changes.iter().map(|bytes| (hash_of(bytes), Verdict::Custody(code))).collect();
    Judged { work, verdicts, write: None, rollups: Rollups::new(), loaded: None }
}
