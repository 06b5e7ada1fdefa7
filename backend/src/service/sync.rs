//! One exchange with a tablet: take in what it pushes, answer what it missed.
//!
//! Order: read documents → gate → one transaction → acknowledge → read pages. Nothing is acknowledged before the
//! commit. A document that another request changed meanwhile is judged anew; the others of the request wait for it
//! only within this request.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sync_core::digest::FeedState;
use sync_core::document::Heads;
use sync_core::gate::Verdict;
use sync_core::ids::{DocumentId, ScopeId};
use sync_core::wire::{
    DocumentPayload, FeedEntry, Outcome, PROTOCOL, Receipt, RegistryPayload, Run, ScopePage, SyncRequest, SyncResponse,
};

use super::access::{Caller, Role, Tablet};
use super::gate::{Judged, Work};
use super::projection::accumulate;
use super::{App, Notice, registry};
use crate::store::StoreError;
use crate::store::types::{CustodyRow, Pull, PushOutcome, PushWrite, Rollups, StoredDocument, WantedScope};

/// How often a push starts over when others change the same documents, before it is answered "busy".
const ATTEMPTS: u32 = 40;
/// After this many, attempts of this process go one at a time.
const OPTIMISTIC_ATTEMPTS: u32 = 2;
/// A tablet that was here less than this ago, with the same clock, is not noted again.
const SEEN_MS: u64 = 60_000;

/// Answers one exchange.
///
/// Errors: nothing of the request was acknowledged; the same request is right again later.
pub async fn exchange(
    app: &App,
    caller: &Caller,
    tablet: &Tablet,
    request: SyncRequest,
) -> Result<SyncResponse, StoreError> {
    let known: HashMap<DocumentId, Heads> =
        request.pushes.iter().map(|push| (push.document, push.heads.clone())).collect();
    note_seen(app, caller, tablet, &request).await?;
    let works = gather(caller, tablet, &request);
    let order: Vec<DocumentId> = works.iter().map(|work| work.document).collect();
    let mut receipts = if works.is_empty() { HashMap::new() } else { push(app, caller, tablet, works).await? };
    let receipts = order.iter().filter_map(|document| receipts.remove(document)).collect();

    let cursors: HashMap<&ScopeId, _> = request.cursors.iter().map(|cursor| (&cursor.scope, cursor)).collect();
    let wanted: Vec<WantedScope> = tablet
        .scopes
        .iter()
        .map(|scope| WantedScope {
            scope: scope.clone(),
            cursor: cursors.get(scope).and_then(|cursor| Some((cursor.epoch?, cursor.seq))),
            below: cursors.get(scope).and_then(|cursor| cursor.below),
        })
        .collect();
    let page_bytes = request.page_bytes.min(app.config.page_limit_bytes);
    let pull = app.store.pull(&caller.tenant, &wanted, &request.wanted, page_bytes, &known).await?;
    let registry = if pull.registry_version == request.registry_version {
        None
    } else {
        registry::json(app, &caller.tenant).await?
    };
    let registry = registry.map(|(version, json)| RegistryPayload { version, json: json.as_ref().clone() });
    Ok(answer(app, receipts, pull, registry))
}

async fn note_seen(app: &App, caller: &Caller, tablet: &Tablet, request: &SyncRequest) -> Result<(), StoreError> {
    let now = app.now().0;
    let signed = |time: u64| i64::try_from(time).unwrap_or(i64::MAX);
    let offset = signed(request.clock.0).saturating_sub(signed(now));
    let recent = tablet.last_seen_at.is_some_and(|seen| now.saturating_sub(seen) < SEEN_MS);
    let same_clock =
        tablet.clock_offset_ms.is_some_and(|before| before.saturating_sub(offset).unsigned_abs() < SEEN_MS);
    if recent && same_clock {
        return Ok(());
    }
    app.store.note_seen(&caller.tenant, tablet.device, now, offset).await
}

/// The pushed changes by document; a document named twice is one piece of work.
fn gather(caller: &Caller, tablet: &Tablet, request: &SyncRequest) -> Vec<Work> {
    let mut works: Vec<Work> = Vec::with_capacity(request.pushes.len());
    let mut places: HashMap<DocumentId, usize> = HashMap::new();
    for push in &request.pushes {
        let changes = push.changes.iter().map(|bytes| bytes.to_vec());
        match places.get(&push.document).and_then(|place| works.get_mut(*place)) {
            Some(work) => work.changes.extend(changes),
            None => {
                places.insert(push.document, works.len());
                works.push(Work {
                    document: push.document,
                    kind: push.kind,
                    changes: changes.collect(),
                    stored: None,
                    allowed: caller.role == Role::Administrator,
                    home: tablet.scopes.first().cloned(),
                });
            }
        }
    }
    works.retain(|work| !work.changes.is_empty());
    works
}

/// Whether the tablet may write to a document: it is in one of the tablet's scopes, or nobody has it yet.
/// An administrator's device may write to any of its prefecture.
fn may_write(caller: &Caller, tablet: &Tablet, stored: Option<&StoredDocument>) -> bool {
    let Some(stored) = stored else { return true };
    let holds = |scope: &ScopeId| tablet.scopes.contains(scope);
    caller.role == Role::Administrator
        || stored.home_scope.as_ref().is_some_and(holds)
        || stored.places.iter().any(|place| place.state == FeedState::Present && holds(&place.scope))
}

async fn push(
    app: &App,
    caller: &Caller,
    tablet: &Tablet,
    works: Vec<Work>,
) -> Result<HashMap<DocumentId, Receipt>, StoreError> {
    let mut todo = works;
    let mut done: Vec<Judged> = Vec::new();
    for attempt in 0..ATTEMPTS {
        let _one_at_a_time = if attempt < OPTIMISTIC_ATTEMPTS { None } else { Some(app.contended.lock().await) };
        let ids: Vec<DocumentId> = todo.iter().map(|work| work.document).collect();
        let stored = app.store.load_documents(&caller.tenant, &ids).await?;
        let mut stored: HashMap<DocumentId, StoredDocument> =
            stored.into_iter().map(|stored| (stored.document, stored)).collect();
        for work in &mut todo {
            work.stored = stored.remove(&work.document);
            work.allowed = may_write(caller, tablet, work.stored.as_ref());
        }
        let count = todo.len();
        let outcome = app.gate.judge(&caller.tenant, tablet.device, std::mem::take(&mut todo)).await;
        if outcome.judged.len() + outcome.unjudged.len() != count {
            return Err(StoreError::Busy);
        }
        done.extend(outcome.judged);
        if !outcome.unjudged.is_empty() {
            let (documents, device) = (outcome.unjudged.len(), tablet.device);
            tracing::warn!(tenant = caller.tenant, %device, documents, "the time to judge a request was used up");
            if done.is_empty() {
                return Err(StoreError::Busy);
            }
        }
        let (write, scopes) = collect(app, caller, tablet, &done);
        match app.store.commit_push(&write).await? {
            PushOutcome::Committed => {
                for scope in scopes {
                    // no listener is no fault
                    let _ = app.notices.send(Notice { tenant: caller.tenant.clone(), scope });
                }
                return Ok(settle(caller, done));
            }
            PushOutcome::Outdated(ids) => {
                let outdated: BTreeSet<DocumentId> = ids.into_iter().collect();
                let (again, rest): (Vec<_>, Vec<_>) =
                    done.into_iter().partition(|judged| outdated.contains(&judged.work.document));
                todo = again.into_iter().map(|judged| judged.work).collect();
                done = rest;
            }
        }
    }
    tracing::warn!(tenant = caller.tenant, "a push met others on the same documents too often");
    Err(StoreError::Busy)
}

/// What the judged documents write, and the scopes in which there is something new.
fn collect(app: &App, caller: &Caller, tablet: &Tablet, judged: &[Judged]) -> (PushWrite, BTreeSet<ScopeId>) {
    let mut write = PushWrite {
        tenant: caller.tenant.clone(),
        device: tablet.device,
        now: app.now().0,
        documents: Vec::new(),
        custody: Vec::new(),
        released: Vec::new(),
        rollups: Rollups::new(),
        healed_documents: 0,
        healed_changes: 0,
    };
    for one in judged {
        for ((hash, verdict), bytes) in one.verdicts.iter().zip(&one.work.changes) {
            match verdict {
                Verdict::Stored | Verdict::Duplicate => write.released.push((one.work.document, *hash)),
                Verdict::MissingDeps => {}
                Verdict::Custody(code) => write.custody.push(CustodyRow {
                    document: one.work.document,
                    hash: *hash,
                    kind: one.work.kind,
                    code: code.as_str().to_owned(),
                    bytes: bytes.clone(),
                }),
            }
        }
        write.documents.extend(one.write.clone());
        accumulate(&mut write.rollups, &one.rollups, 1);
    }
    let scopes = write.documents.iter().flat_map(|document| &document.places).map(|place| place.scope.clone());
    let scopes = scopes.collect();
    (write, scopes)
}

/// Receipts of what is durable now.
fn settle(caller: &Caller, judged: Vec<Judged>) -> HashMap<DocumentId, Receipt> {
    let mut receipts = HashMap::with_capacity(judged.len());
    let mut codes: BTreeMap<String, u64> = BTreeMap::new();
    for one in judged {
        let document = one.work.document;
        let mut runs: Vec<Run> = Vec::new();
        for (hash, verdict) in one.verdicts {
            let (outcome, code) = match verdict {
                Verdict::Stored => (Outcome::Stored, None),
                Verdict::Duplicate => (Outcome::Duplicate, None),
                Verdict::MissingDeps => (Outcome::MissingDeps, None),
                Verdict::Custody(code) => {
                    *codes.entry(code.as_str().to_owned()).or_default() += 1;
                    (Outcome::Custody, Some(code.as_str().to_owned()))
                }
            };
            match runs.last_mut().filter(|run| run.outcome == outcome && run.code == code) {
                Some(run) => {
                    run.count += 1;
                    run.last = hash;
                }
                None => runs.push(Run { outcome, count: 1, last: hash, code }),
            }
        }
        receipts.insert(document, Receipt { document, runs });
    }
    if !codes.is_empty() {
        tracing::warn!(tenant = caller.tenant, ?codes, "changes were put into custody");
    }
    receipts
}

fn answer(app: &App, receipts: Vec<Receipt>, pull: Pull, registry: Option<RegistryPayload>) -> SyncResponse {
    let scopes = pull.pages.into_iter().map(|page| ScopePage {
        scope: page.scope.scope,
        epoch: page.scope.epoch,
        entries: page.entries.into_iter().map(|(document, seq, state)| FeedEntry { document, seq, state }).collect(),
        next_seq: page.next_seq,
        more: page.more,
        count: page.scope.document_count,
        digest: page.scope.digest,
        below: page.below,
    });
    SyncResponse {
        protocol: PROTOCOL,
        clock: app.now(),
        receipts,
        scopes: scopes.collect(),
        documents: pull
            .documents
            .into_iter()
            .map(|(document, snapshot)| DocumentPayload { document, snapshot })
            .collect(),
        registry,
        wanted: Vec::new(),
        decisions: Vec::new(),
    }
}
