//! The gate on its own threads: pushed changes of many documents, a bounded number of documents at the same time.
//!
//! Invariants: whatever a document's changes do, only that document is affected; a panic sends its changes to custody.
//! A request has a budget of time, asked for between documents and within each: what is not judged by then is handed back
//! unjudged, and nothing is said of it, so that the tablet keeps it and sends it again. Memory follows from the body's
//! limit: one document is loaded per thread.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use sync_core::document::{Document, Heads, hash_of};
use sync_core::gate::{
    Admission, Bounds, Code, Limits, Verdict, Verdicts, admit_again, admit_brought, restore, turn_away,
};
use sync_core::ids::{ChangeHash, DeviceId, DocumentId, ScopeId};
use tokio::sync::{Mutex, Semaphore};

use super::cache::DocumentCache;
use super::projection::{figures, places, project};
use crate::config::Config;
use crate::store::types::{DocumentWrite, Rollups, StoredDocument, accumulate};

/// The changes of one document, with the document as it is stored.
#[derive(Debug)]
pub struct Work {
    /// The document.
    pub document: DocumentId,
    /// The kind the device stated.
    pub kind: sync_core::document::Kind,
    /// In the order they were made.
    pub changes: Vec<Vec<u8>>,
    /// Whether they were acknowledged before and are offered again.
    pub again: bool,
    /// How many of them the device brought before, and were kept since they proved nothing alone.
    pub kept: usize,
    /// Changes in custody whose edits these make anew.
    pub replaces: Vec<ChangeHash>,
    /// Changes that a person lets in as their authors', whoever brought them.
    pub brought: HashSet<ChangeHash>,
    /// `None` when the store does not have it.
    pub stored: Option<StoredDocument>,
    /// Why the device may not write to it; `None` when it may.
    pub turned_away: Option<Code>,
    /// The home of the document, should it be new.
    pub home: Option<ScopeId>,
}

/// What became of it.
#[derive(Debug)]
pub struct Judged {
    /// What was judged; its stored form is spent.
    pub work: Work,
    /// One for each change, in order; fewer when the time was over before the last.
    pub verdicts: Verdicts,
    /// What to write, when anything was let in.
    pub write: Option<DocumentWrite>,
    /// What to add to the roll-ups.
    pub rollups: Rollups,
    /// Whether the stored copy was found damaged and is so still.
    pub newly_damaged: bool,
}

impl Judged {
    /// Whether every change is in the document now.
    pub fn is_all_in(&self) -> bool {
        let is_in = |(_, verdict): &(ChangeHash, Verdict)| matches!(verdict, Verdict::Stored | Verdict::Duplicate);
        !self.is_cut() && self.verdicts.iter().all(is_in)
    }

    /// Whether the time was over before its last change.
    pub fn is_cut(&self) -> bool {
        self.verdicts.len() < self.work.changes.len()
    }

    /// Bytes of the saved document to be written.
    pub fn saved_bytes(&self) -> u64 {
        self.write.as_ref().map_or(0, |write| write.snapshot.len() as u64)
    }

    /// Its document and figures are in the database; nothing is left to write but what is held.
    pub fn is_written(&mut self) {
        // what came back is counted once
        self.work.again = false;
        self.write = None;
        self.rollups = Rollups::new();
    }

    /// What would have been let in waits for a person instead.
    pub fn hold(&mut self) {
        self.is_written();
        for (_, verdict) in self.verdicts.iter_mut().filter(|(_, verdict)| *verdict == Verdict::Stored) {
            *verdict = Verdict::Custody(Code::Structure);
        }
    }

    fn refused(work: Work, verdict: Verdict) -> Self {
        let verdicts = work.changes.iter().map(|bytes| (hash_of(bytes), verdict)).collect();
        Self { work, verdicts, write: None, rollups: Rollups::new(), newly_damaged: false }
    }
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
    /// Held while a request waits for the threads of all its parts: the first to come is committed while the next are
    /// judged, in place of all at the end.
    turn: Arc<Mutex<()>>,
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
        let (turn, permits) = (Arc::default(), Arc::new(Semaphore::new(threads)));
        Self { turn, permits, threads, budget, limits: config.gate_limits(), cache }
    }

    /// Which of these documents are damaged, looked at on a thread of the gate.
    pub async fn inspect(&self, documents: Vec<StoredDocument>) -> Vec<(StoredDocument, bool)> {
        let Ok(permit) = self.permits.clone().acquire_owned().await else { return Vec::new() };
        let inspected = tokio::task::spawn_blocking(move || {
            let inspect = |stored: StoredDocument| {
                let damaged = read_stored(&stored).is_err();
                (stored, damaged)
            };
            let inspected = documents.into_iter().map(inspect).collect();
            drop(permit);
            inspected
        });
        inspected.await.unwrap_or_default()
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
        let turn = self.turn.lock().await;
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
        drop(turn);
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
        let is_over = || started.elapsed() >= self.budget;
        let bounds = Bounds { limits: &self.limits, is_over: &is_over };
        let mut outcome = Outcome::default();
        for work in part {
            if is_over() {
                outcome.unjudged.push(work);
            } else {
                outcome.judged.push(judge_one(&self.cache, tenant, device, bounds, work));
            }
        }
        outcome
    }
}

fn judge_one(cache: &DocumentCache, tenant: &str, device: DeviceId, bounds: Bounds<'_>, mut work: Work) -> Judged {
    if let Some(why) = work.turned_away {
        return turned_away(cache, tenant, device, bounds.limits, work, why);
    }
    // of a row that was lost nobody knows the kind
    let known = |stored: &&StoredDocument| !stored.snapshot.is_empty();
    if work.stored.as_ref().filter(known).is_some_and(|stored| stored.kind != work.kind) {
        return Judged::refused(work, Verdict::Custody(Code::Structure));
    }
    let stored = work.stored.take();
    let outcome = catch_unwind(AssertUnwindSafe(|| match base(cache, tenant, &work, stored.as_ref()) {
        Some(Base::Sound(document)) => {
            let admission = if work.again {
                admit_again(document, device, &work.changes, bounds)
            } else {
                admit_brought(document, device, &work.brought, &work.changes, bounds)
            };
            conclude(cache, tenant, &work, stored.as_ref(), admission, Standing::Sound)
        }
        Some(Base::Damaged(document, recorded)) if work.again => {
            let restored = restore(document, &recorded, device, &work.changes, bounds);
            let standing = if restored.whole { Standing::Repaired } else { Standing::Partial };
            let mut written = conclude(cache, tenant, &work, stored.as_ref(), restored.admission, standing);
            written.newly_damaged = !restored.whole;
            written
        }
        Some(Base::Damaged(..)) => Written { newly_damaged: true, ..Written::nothing(&work, Verdict::MissingDeps) },
        None => Written::nothing(&work, Verdict::Custody(Code::Unloadable)),
    }));
    match outcome {
        Ok(Written { verdicts, write, rollups, newly_damaged }) => {
            Judged { work, verdicts, write, rollups, newly_damaged }
        }
        Err(_) => {
            tracing::error!(tenant, document = %work.document, "the gate panicked");
            Judged::refused(work, Verdict::Custody(Code::Unloadable))
        }
    }
}

/// What a device may not write (any more), judged on what is stored.
fn turned_away(
    cache: &DocumentCache,
    tenant: &str,
    device: DeviceId,
    limits: &Limits,
    mut work: Work,
    why: Code,
) -> Judged {
    let stored = work.stored.take();
    let judged = catch_unwind(AssertUnwindSafe(|| {
        let mut sound = match base(cache, tenant, &work, stored.as_ref()) {
            Some(Base::Sound(document)) => Some(document),
            Some(Base::Damaged(..)) | None => None,
        };
        let verdicts = turn_away(sound.as_mut(), device, work.again, &work.changes, why, limits);
        if let (Some(document), Some(stored)) = (sound, &stored) {
            cache.put(tenant, stored.heads.clone(), document, stored.snapshot.len());
        }
        verdicts
    }));
    match judged {
        Ok(verdicts) => Judged { verdicts, ..Judged::refused(work, Verdict::MissingDeps) },
        Err(_) => Judged::refused(work, Verdict::Custody(why)),
    }
}

/// What pushed changes are put on.
enum Base {
    Sound(Document),
    /// What can still be read, and the heads that were recorded.
    Damaged(Document, Heads),
}

/// `None` when not even the genesis can be made.
fn base(cache: &DocumentCache, tenant: &str, work: &Work, stored: Option<&StoredDocument>) -> Option<Base> {
    let genesis = || Document::genesis(work.document, work.kind).ok();
    let Some(stored) = stored else { return genesis().map(Base::Sound) };
    if let Some(document) = cache.take(tenant, work.document, &stored.heads) {
        return Some(Base::Sound(document));
    }
    match read_stored(stored) {
        Ok(document) => Some(Base::Sound(document)),
        Err(readable) => match readable {
            Some(document) => Some(Base::Damaged(*document, stored.heads.clone())),
            None => genesis().map(|genesis| Base::Damaged(genesis, stored.heads.clone())),
        },
    }
}

/// The stored document, when it is what it is recorded to be; else what can be read of it as this document.
pub fn read_stored(stored: &StoredDocument) -> Result<Document, Option<Box<Document>>> {
    let loaded = catch_unwind(AssertUnwindSafe(|| {
        let mut document = Document::load(&stored.snapshot).ok()?;
        let own = document.id() == stored.document && document.begins_with_genesis();
        own.then(|| (document.heads() == stored.heads, document))
    }));
    match loaded {
        Ok(Some((true, document))) => Ok(document),
        Ok(Some((false, document))) => Err(Some(Box::new(document))),
        Ok(None) | Err(_) => Err(None),
    }
}

struct Written {
    verdicts: Verdicts,
    write: Option<DocumentWrite>,
    rollups: Rollups,
    newly_damaged: bool,
}

impl Written {
    fn nothing(work: &Work, verdict: Verdict) -> Self {
        let verdicts = work.changes.iter().map(|bytes| (hash_of(bytes), verdict)).collect();
        Self { verdicts, write: None, rollups: Rollups::new(), newly_damaged: false }
    }
}

/// How the stored copy stands after an admission.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// It was whole before.
    Sound,
    /// It was damaged and is whole now.
    Repaired,
    /// It was damaged and part of it is still missing.
    Partial,
}

/// What is written of an admission. A document of which a part is missing keeps its recorded heads, places and figures
/// until another tablet brings the rest.
fn conclude(
    cache: &DocumentCache,
    tenant: &str,
    work: &Work,
    stored: Option<&StoredDocument>,
    admission: Admission,
    standing: Standing,
) -> Written {
    let verdicts = admission.verdicts;
    let mut document = admission.document;
    // what can be read may be all there ever was
    let reread = || document.save_verified().ok().filter(|_| standing == Standing::Repaired);
    let Some(snapshot) = admission.snapshot.or_else(reread) else {
        return Written { verdicts, write: None, rollups: Rollups::new(), newly_damaged: false };
    };
    let before = stored.and_then(|stored| stored.projection.as_ref());
    let partial = standing == Standing::Partial;
    let recorded = stored.filter(|_| partial).map(|stored| stored.heads.clone());
    let heads = recorded.unwrap_or_else(|| document.heads());
    let projection = before.filter(|_| partial).cloned().unwrap_or_else(|| project(&document));
    let home = stored.map_or_else(|| work.home.clone(), |stored| stored.home_scope.clone());
    let places_before = stored.map(|stored| stored.places.clone()).unwrap_or_default();
    let mut rollups = Rollups::new();
    if let Some(before) = before {
        accumulate(&mut rollups, &figures(before), -1);
    }
    accumulate(&mut rollups, &figures(&projection), 1);
    let write = DocumentWrite {
        document: work.document,
        kind: work.kind,
        places: places(work.document, &heads, home.as_ref(), &projection, &places_before),
        home_scope: home,
        base_revision: stored.map(|stored| stored.revision),
        heads,
        snapshot,
        projection,
        places_before,
        repaired: standing == Standing::Repaired,
    };
    if !partial {
        // before the commit, so that a request does not hold all its documents: heads never stored are not found
        cache.put(tenant, write.heads.clone(), document, write.snapshot.len());
    }
    Written { verdicts, write: Some(write), rollups, newly_damaged: false }
}
