//! Taking in what a tablet pushes: documents are judged outside the transaction, and one transaction writes them.
//!
//! A document that another request changed meanwhile is judged anew; the others of the request wait for it only within
//! this request. Nothing is acknowledged that is not durable, and what is held, damaged or destroyed holds up nothing.
//!
//! Memory follows from the bytes of stored documents a request may hold: for what there is no room beside the others of
//! the request, it is left out and sent again. From reading to the commit a document is held in its saved form alone, as
//! it was read or as it was judged; loaded ones stay in the gate and its cache, which have bounds of their own.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use sync_core::digest::FeedState;
use sync_core::gate::{Code, Limits, Verdict, is_of_another};
use sync_core::ids::{ChangeHash, DeviceId, DocumentId, ScopeId};
use sync_core::wire::{DocumentPush, Outcome, Receipt, Run};

use super::access::{Action, Caller, Tablet};
use super::gate::{Judged, Work};
use super::{App, audit};
use crate::store::StoreError;
use crate::store::types::{CustodyRow, PushOutcome, PushWrite, Rollups, StoredDocument, accumulate, is_brought_back};

/// How often a write starts over when others change the same documents, before it is answered "busy".
pub(super) const ATTEMPTS: u32 = 40;
/// After this many, attempts of this process go one at a time.
const OPTIMISTIC_ATTEMPTS: u32 = 2;

/// The pushed changes by document; a document named twice is one piece of work.
pub(super) fn gather(tablet: &Tablet, pushes: Vec<DocumentPush>) -> Vec<Work> {
    let mut works: Vec<Work> = Vec::with_capacity(pushes.len());
    let mut places: HashMap<DocumentId, usize> = HashMap::new();
    for push in pushes {
        let changes = push.changes.into_iter().map(Vec::from);
        match places.get(&push.document).and_then(|place| works.get_mut(*place)) {
            Some(work) => {
                work.changes.extend(changes);
                work.again |= push.again;
                work.replaces.extend(push.replaces);
            }
            None => {
                places.insert(push.document, works.len());
                works.push(Work {
                    document: push.document,
                    kind: push.kind,
                    changes: changes.collect(),
                    again: push.again,
                    kept: 0,
                    replaces: push.replaces,
                    brought: HashSet::new(),
                    stored: None,
                    turned_away: Some(Code::NotInScope),
                    home: tablet.scopes.first().cloned(),
                });
            }
        }
    }
    works.retain(|work| !work.changes.is_empty());
    works
}

/// Why the tablet may not write to a document; `None` when it may: the document is in one of the tablet's scopes, or nobody
/// has it yet. An administrator's device may write to any of its prefecture, a day pass only to its session.
fn why_not(
    caller: &Caller,
    tablet: &Tablet,
    document: DocumentId,
    stored: Option<&StoredDocument>,
    now: u64,
) -> Option<Code> {
    if let Some(why) = tablet.turned_away(document, now) {
        return Some(why);
    }
    let stored = stored?;
    let holds = |scope: &ScopeId| tablet.scopes.contains(scope);
    let held = stored.home_scope.as_ref().is_some_and(holds)
        || stored.places.iter().any(|place| place.state == FeedState::Present && holds(&place.scope));
    if held || caller.may(Action::RecordAnywhere) { None } else { Some(Code::NotInScope) }
}

/// Takes in the works, holding at most `bytes` of their documents, or one; what became of each is durable on return. A
/// work without receipt is to be sent again.
pub(super) async fn push(
    app: &App,
    caller: &Caller,
    tablet: &Tablet,
    works: Vec<Work>,
    bytes: u64,
) -> Result<HashMap<DocumentId, Receipt>, StoreError> {
    let mut todo = works;
    let mut done: Vec<Judged> = Vec::new();
    let mut gone: Vec<Work> = Vec::new();
    for attempt in 0..ATTEMPTS {
        let _one_at_a_time = if attempt < OPTIMISTIC_ATTEMPTS { None } else { Some(app.contended.lock().await) };
        let room = bytes.saturating_sub(done.iter().map(Judged::saved_bytes).sum());
        read(app, caller, tablet, room, &mut todo, &mut gone).await?;
        let count = todo.len();
        let outcome = app.gate.judge(&caller.tenant, tablet.device, std::mem::take(&mut todo)).await;
        if outcome.judged.len() + outcome.unjudged.len() != count {
            return Err(StoreError::Busy);
        }
        let cut = outcome.judged.iter().filter(|judged| judged.is_cut()).count();
        let (documents, device) = (outcome.unjudged.len() + cut, tablet.device);
        done.extend(outcome.judged);
        if documents > 0 {
            tracing::warn!(tenant = caller.tenant, %device, documents, "the time to judge a request was used up");
            if done.is_empty() && gone.is_empty() {
                return Err(StoreError::Busy);
            }
        }
        note_damage(app, caller, &done).await?;
        let written = match app.commits.write(collect(app, caller, tablet, &done)).await {
            Err(StoreError::Constraint(cause)) => {
                hold_refused(app, caller, tablet, &mut done, &cause).await?;
                app.commits.write(collect(app, caller, tablet, &done)).await
            }
            written => written,
        };
        match written? {
            PushOutcome::Committed => {
                let mut receipts = settle(caller, tablet.device, done, app.gate.limits());
                receipts.extend(gone.into_iter().map(|work| (work.document, purged(&work))));
                return Ok(receipts);
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

/// Reads the stored form of each work, up to `room` bytes; works that do not fit are let go of, and those on destroyed
/// documents move to `gone`.
async fn read(
    app: &App,
    caller: &Caller,
    tablet: &Tablet,
    room: u64,
    todo: &mut Vec<Work>,
    gone: &mut Vec<Work>,
) -> Result<(), StoreError> {
    let ids: Vec<DocumentId> = todo.iter().map(|work| work.document).collect();
    let (stored, unread) = app.store.load_portion(&caller.tenant, &ids, room).await?;
    if !unread.is_empty() {
        let (device, documents) = (tablet.device, unread.len());
        tracing::info!(tenant = caller.tenant, %device, documents, "the documents of a push are larger than it may hold");
        let unread: HashSet<DocumentId> = unread.into_iter().collect();
        todo.retain(|work| !unread.contains(&work.document));
    }
    let mut stored: HashMap<DocumentId, StoredDocument> =
        stored.into_iter().map(|stored| (stored.document, stored)).collect();
    for work in todo.iter_mut() {
        work.stored = stored.remove(&work.document);
        work.turned_away = why_not(caller, tablet, work.document, work.stored.as_ref(), app.now().0);
    }
    bring_along(app, caller, tablet, todo).await?;
    let absent = todo.iter().filter(|work| work.stored.is_none()).map(|work| work.document);
    let absent: Vec<DocumentId> = absent.filter(|document| tablet.may_ask_of(*document)).collect();
    if absent.is_empty() {
        return Ok(());
    }
    let purged = app.store.list_purged(&caller.tenant, &absent).await?;
    let purged: BTreeSet<DocumentId> = purged.into_iter().map(|row| row.document).collect();
    if !purged.is_empty() {
        let (destroyed, rest): (Vec<_>, Vec<_>) =
            std::mem::take(todo).into_iter().partition(|work| purged.contains(&work.document));
        *todo = rest;
        // one that was being judged while it was destroyed has come back into the cache
        destroyed.iter().for_each(|work| app.cache.forget(&caller.tenant, work.document));
        gone.extend(destroyed);
    }
    Ok(())
}

/// A damaged document may be offered in parts. What this tablet brought of it before is judged together with what it brings
/// now.
async fn bring_along(app: &App, caller: &Caller, tablet: &Tablet, todo: &mut [Work]) -> Result<(), StoreError> {
    if !todo.iter().any(|work| work.again) {
        return Ok(());
    }
    let damaged = app.store.list_damaged(&caller.tenant).await?;
    let is_damaged = |document: DocumentId| damaged.iter().any(|(one, _)| *one == document);
    for work in todo.iter_mut().filter(|work| work.again && work.kept == 0 && is_damaged(work.document)) {
        let room = app.config.gate_document_bytes as u64;
        let (held, _) = app.store.load_custody(&caller.tenant, work.document, tablet.device, room).await?;
        let kept = held.into_iter().filter(|one| one.decision.is_none() && is_brought_back(&one.code));
        let mut changes: Vec<Vec<u8>> = kept.map(|one| one.bytes).collect();
        work.kept = changes.len();
        changes.append(&mut work.changes);
        work.changes = changes;
    }
    Ok(())
}

async fn note_damage(app: &App, caller: &Caller, judged: &[Judged]) -> Result<(), StoreError> {
    let found: Vec<DocumentId> =
        judged.iter().filter(|judged| judged.newly_damaged).map(|judged| judged.work.document).collect();
    if found.is_empty() {
        return Ok(());
    }
    for document in &found {
        tracing::error!(tenant = caller.tenant, %document, "a stored document is damaged; tablets are asked for it");
    }
    audit::note(app, &caller.tenant, &found).await
}

/// The database has refused something of these documents. Each is written alone; what is refused then is held, so that the
/// others pass. Those written are left with nothing more to write.
async fn hold_refused(
    app: &App,
    caller: &Caller,
    tablet: &Tablet,
    judged: &mut [Judged],
    cause: &str,
) -> Result<(), StoreError> {
    tracing::error!(tenant = caller.tenant, cause, "the database refused what a document adds to its tables");
    for one in judged.iter_mut().filter(|one| one.write.is_some()) {
        let alone = collect(app, caller, tablet, std::slice::from_ref(one));
        match app.commits.write(alone).await {
            Ok(PushOutcome::Committed) => one.is_written(),
            // it is judged anew with what the next writing finds outdated
            Ok(PushOutcome::Outdated(_)) => {}
            Err(StoreError::Constraint(cause)) => {
                let (document, device) = (one.work.document, tablet.device);
                tracing::error!(tenant = caller.tenant, %document, %device, cause, "a document is held, as the database refuses it");
                app.cache.forget(&caller.tenant, document);
                one.hold();
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// What the judged documents write.
fn collect(app: &App, caller: &Caller, tablet: &Tablet, judged: &[Judged]) -> PushWrite {
    let mut write = PushWrite {
        tenant: caller.tenant.clone(),
        device: tablet.device,
        now: app.now().0,
        documents: Vec::new(),
        custody: Vec::new(),
        released: Vec::new(),
        replaced: Vec::new(),
        rollups: Rollups::new(),
        healed_documents: 0,
        healed_changes: 0,
    };
    for one in judged {
        let document = one.work.document;
        let mut healed = 0;
        for ((hash, verdict), bytes) in one.verdicts.iter().zip(&one.work.changes) {
            match verdict {
                Verdict::Stored | Verdict::Duplicate => {
                    healed += u64::from(one.work.again && *verdict == Verdict::Stored);
                    write.released.push((document, *hash));
                }
                Verdict::MissingDeps => {}
                Verdict::Custody(code) => write.custody.push(CustodyRow {
                    document,
                    hash: *hash,
                    kind: one.work.kind,
                    code: code.as_str().to_owned(),
                    bytes: bytes.clone(),
                }),
            }
        }
        if one.is_all_in() {
            // made anew as these changes, the first form can no longer be let in
            write.replaced.extend(one.work.replaces.iter().map(|hash| (document, *hash)));
        }
        write.healed_changes += healed;
        write.healed_documents += u64::from(healed > 0);
        write.documents.extend(one.write.clone());
        accumulate(&mut write.rollups, &one.rollups, 1);
    }
    write
}

/// Receipts of what is durable now.
fn settle(caller: &Caller, device: DeviceId, judged: Vec<Judged>, limits: &Limits) -> HashMap<DocumentId, Receipt> {
    let mut receipts = HashMap::with_capacity(judged.len());
    let mut codes: BTreeMap<String, u64> = BTreeMap::new();
    for one in judged {
        let document = one.work.document;
        let judged = one.verdicts.into_iter().zip(&one.work.changes).skip(one.work.kept);
        let outcomes = judged.map(|((hash, verdict), bytes)| match verdict {
            Verdict::Stored => (hash, Outcome::Stored, None),
            // its own part of a damaged document is kept beside others', and no matter for a person
            Verdict::Custody(Code::BroughtBack) if !is_of_another(bytes, device, limits) => {
                (hash, Outcome::MissingDeps, None)
            }
            Verdict::Duplicate => (hash, Outcome::Duplicate, None),
            Verdict::MissingDeps => (hash, Outcome::MissingDeps, None),
            Verdict::Custody(code) => {
                *codes.entry(code.as_str().to_owned()).or_default() += 1;
                (hash, Outcome::Custody, Some(code.as_str().to_owned()))
            }
        });
        receipts.insert(document, Receipt { document, runs: runs(outcomes) });
    }
    if !codes.is_empty() {
        tracing::warn!(tenant = caller.tenant, ?codes, "changes were put into custody");
    }
    receipts
}

fn purged(work: &Work) -> Receipt {
    let outcomes =
        work.changes.iter().skip(work.kept).map(|bytes| (sync_core::document::hash_of(bytes), Outcome::Purged, None));
    Receipt { document: work.document, runs: runs(outcomes) }
}

/// Consecutive changes with the same outcome, named by the last.
fn runs(outcomes: impl Iterator<Item = (ChangeHash, Outcome, Option<String>)>) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for (hash, outcome, code) in outcomes {
        match runs.last_mut().filter(|run| run.outcome == outcome && run.code == code) {
            Some(run) => {
                run.count += 1;
                run.last = hash;
            }
            None => runs.push(Run { outcome, count: 1, last: hash, code }),
        }
    }
    runs
}
