//! One exchange with a tablet: take in what it pushes, answer what it missed.
//!
//! Order: read documents → gate → one transaction → acknowledge → read pages. Nothing is acknowledged before the
//! commit, and what is pushed has left memory before a page is read.

use std::collections::HashMap;

use sync_core::document::Heads;
use sync_core::ids::{ChangeHash, DocumentId, ScopeId};
use sync_core::time::Timestamp;
use sync_core::wire::{
    Decision, DocumentPayload, FeedEntry, PROTOCOL, Place, Receipt, RegistryCursor, RegistryPayload, ScopePage,
    SyncRequest, SyncResponse,
};

use super::access::{Action, Caller, Tablet};
use super::cold::Answer;
use super::journal::Act;
use super::office::day_in_japan;
use super::push::{gather, push};
use super::{App, audit, broad, cold, day_pass, names, registry};
use crate::config::Config;
use crate::store::StoreError;
use crate::store::types::{PageSize, Pull, WantedScope};

/// A tablet that was here less than this ago, with the same clock, is not noted again.
const SEEN_MS: u64 = 60_000;
/// The least that tablets which take parts ask for, in bytes.
const LEAST_PAGE: u64 = 4 << 10;
/// What the documents of their answers may come to at least, in bytes.
const LEAST_DOCUMENTS: u64 = 2 * LEAST_PAGE;

/// Bytes of documents that answering this may hold at once: of those it pushes to, of those that show whose names it may
/// have, and then of a page. The largest that a document may have are always enough for a push.
pub fn document_bytes(config: &Config, request: &SyncRequest) -> u64 {
    let page = page_size(config, request).document_bytes();
    let largest = config.gate_document_bytes as u64;
    let read = if request.pushes.is_empty() && request.names.is_empty() { page } else { page.max(largest) };
    // with its last part a document is read whole, for the names in it
    let whole = if request.part.is_some() { page.saturating_add(largest) } else { 0 };
    read.max(whole).min(most_document_bytes(config))
}

/// The most that [`document_bytes`] says of any request.
pub fn most_document_bytes(config: &Config) -> u64 {
    config.page_limit_bytes.max(config.gate_document_bytes as u64).max(LEAST_DOCUMENTS)
}

/// How much of documents, and of the registry, this request is answered with.
pub(super) fn page_size(config: &Config, request: &SyncRequest) -> PageSize {
    if request.takes_parts() {
        PageSize::in_parts(
            request.page_bytes.max(LEAST_PAGE),
            config.page_limit_bytes.max(LEAST_DOCUMENTS),
            request.part.clone(),
        )
    } else {
        PageSize::whole(request.page_bytes.min(config.page_limit_bytes))
    }
}

/// The registry, or the part of it that follows what the tablet has.
fn payload_of(version: u64, json: &[u8], page: &PageSize, held: Option<RegistryCursor>) -> RegistryPayload {
    let length = usize::try_from(page.bytes).unwrap_or(usize::MAX);
    if !page.in_parts || json.len() <= length {
        return RegistryPayload { version, json: json.to_vec(), part: None };
    }
    let held = held.filter(|held| held.version == version).and_then(|held| usize::try_from(held.offset).ok());
    let (offset, rest) = held.and_then(|offset| Some((offset, json.get(offset..)?))).unwrap_or((0, json));
    let part = Place { offset: offset as u64, size: json.len() as u64 };
    RegistryPayload { version, json: rest[..rest.len().min(length)].to_vec(), part: Some(part) }
}

/// Answers one exchange. Where many tablets would get the same answer, it may be a ready one.
///
/// Errors: nothing of the request was acknowledged; the same request is right again later.
pub async fn exchange(app: &App, caller: &Caller, tablet: &Tablet, request: SyncRequest) -> Result<Answer, StoreError> {
    let wanted = wanted_scopes(tablet, &request);
    let copied_at = copied(app, caller, tablet, &request).await?;
    if copied_at.is_some() {
        let response = fresh(app, caller, tablet, request, &wanted).await?;
        return Ok(Answer::Fresh(Box::new(SyncResponse { copied_at, ..response })));
    }
    let asked = cold::Asked::new(app, caller, tablet, &request, &wanted);
    if let Some(ready) = asked.as_ref().and_then(|asked| asked.ready(app)) {
        note_seen(app, caller, tablet, &request).await?;
        return Ok(Answer::Ready(ready));
    }
    let response = fresh(app, caller, tablet, request, &wanted).await?;
    match asked {
        Some(asked) => asked.keep(app, response).await,
        None => Ok(Answer::Fresh(Box::new(response))),
    }
}

/// When it was noticed that two disks go by this tablet's name, ms: just now, or before. Ready answers are many tablets' and do
/// not say it.
async fn copied(app: &App, caller: &Caller, tablet: &Tablet, request: &SyncRequest) -> Result<Option<u64>, StoreError> {
    let Some(disk) = &request.disk else { return Ok(tablet.copied_at) };
    let now = app.now().0;
    let copied_at = app.store.note_disk(&caller.tenant, tablet.device, (disk.was, disk.is), now).await?;
    if tablet.copied_at.is_none() && copied_at.is_some() {
        tracing::warn!(tenant = caller.tenant, device = %tablet.device, "a tablet's disk was copied: two go by its name");
    }
    Ok(copied_at)
}

/// Takes in what a tablet still holds whose registration was revoked or whose day pass has ended, and tells it nothing but
/// that it arrived. What is turned away ([`Tablet::turned_away`]) waits for a person. `None`: it brought nothing.
pub async fn late(
    app: &App,
    caller: &Caller,
    tablet: &Tablet,
    request: SyncRequest,
) -> Result<Option<SyncResponse>, StoreError> {
    let bytes = document_bytes(&app.config, &request);
    let works = gather(tablet, request.pushes);
    if works.is_empty() {
        return Ok(None);
    }
    let order: Vec<DocumentId> = works.iter().map(|work| work.document).collect();
    if tablet.pass.is_some() {
        app.journal.note_read(caller, Act::done(Action::Sync).to(tablet.device).saying("late")).await;
    }
    let mut receipts = push(app, caller, tablet, works, bytes).await?;
    let receipts = order.iter().filter_map(|document| receipts.remove(document)).collect();
    Ok(Some(answer(app.now(), receipts, Pull::default(), None)))
}

/// Answers one exchange from the store.
async fn fresh(
    app: &App,
    caller: &Caller,
    tablet: &Tablet,
    mut request: SyncRequest,
    wanted: &[WantedScope],
) -> Result<SyncResponse, StoreError> {
    let known: HashMap<DocumentId, Heads> =
        request.pushes.iter().map(|push| (push.document, push.heads.clone())).collect();
    note_seen(app, caller, tablet, &request).await?;
    let bytes = document_bytes(&app.config, &request);
    broad::judge_again(app, caller, tablet, &request.held, bytes).await?;
    let works = gather(tablet, std::mem::take(&mut request.pushes));
    let order: Vec<DocumentId> = works.iter().map(|work| work.document).collect();
    let mut receipts = if works.is_empty() { HashMap::new() } else { push(app, caller, tablet, works, bytes).await? };
    let receipts = order.iter().filter_map(|document| receipts.remove(document)).collect();

    let asked = names::asked(app, caller, tablet, &request.names, bytes).await?;

    let page = page_size(&app.config, &request);
    // most often there is nothing new, which is known since it is known who is calling; a push makes something new
    let idle = (known.is_empty() && request.wanted.is_empty() && request.part.is_none())
        .then(|| tablet.standing.nothing_new(wanted))
        .flatten();
    let pull = match idle {
        Some(pull) => pull,
        None => app.store.pull(&caller.tenant, wanted, &request.wanted, &page, &known).await?,
    };
    note_lost(app, &caller.tenant, &pull.damaged).await?;
    let registry = match &tablet.pass {
        Some(pass) => day_pass::registry(app, caller, pass).await?,
        None => registry::json(app, &caller.tenant, pull.registry_version).await?,
    };
    let registry = registry.filter(|(version, _)| *version != request.registry_version);
    // a tablet that began with an earlier one comes to its end first; a day pass never gets the whole registry
    let begun = request.registry_part.filter(|_| registry.is_some() && tablet.pass.is_none());
    let begun = begun.and_then(|held| registry::earlier(app, &caller.tenant, held.version));
    let registry = begun.or(registry);
    let registry = registry.map(|(version, json)| payload_of(version, &json, &page, request.registry_part));
    let told = names::told(app, &caller.tenant, request.names_version, asked, &pull).await?;
    let decisions = decisions(app, caller, tablet, &request.held).await?;
    let asked: Vec<DocumentId> = request.wanted.into_iter().filter(|document| tablet.may_ask_of(*document)).collect();
    let purged = destroyed(app, &caller.tenant, &asked).await?;
    let response = answer(app.now(), receipts, pull, registry);
    let names::Told { names, version: names_version, answered: names_answered } = told;
    Ok(SyncResponse { decisions, purged, names, names_version, names_answered, ..response })
}

/// A row that the feed names and that is not there gets one that a tablet can fill.
async fn note_lost(app: &App, tenant: &str, damaged: &[DocumentId]) -> Result<(), StoreError> {
    if damaged.is_empty() {
        return Ok(());
    }
    let noted = app.store.list_damaged(tenant).await?;
    let is_new = |document: &&DocumentId| !noted.iter().any(|(known, _)| known == *document);
    let new: Vec<DocumentId> = damaged.iter().filter(is_new).copied().collect();
    if new.is_empty() {
        return Ok(());
    }
    tracing::error!(tenant, documents = new.len(), "stored documents are lost; tablets are asked for them");
    audit::note(app, tenant, &new).await
}

/// The scopes of a tablet with where it stands in each. Scopes it names and may not hold are passed over.
fn wanted_scopes(tablet: &Tablet, request: &SyncRequest) -> Vec<WantedScope> {
    let cursors: HashMap<&ScopeId, _> = request.cursors.iter().map(|cursor| (&cursor.scope, cursor)).collect();
    let want = |scope: &ScopeId| WantedScope {
        scope: scope.clone(),
        cursor: cursors.get(scope).and_then(|cursor| Some((cursor.epoch?, cursor.seq))),
        below: cursors.get(scope).and_then(|cursor| cursor.below),
    };
    tablet.scopes.iter().map(want).collect()
}

async fn note_seen(app: &App, caller: &Caller, tablet: &Tablet, request: &SyncRequest) -> Result<(), StoreError> {
    let now = app.now().0;
    let offset = request.clock.minus_ms(Timestamp(now));
    let recent = tablet.last_seen_at.is_some_and(|seen| now.saturating_sub(seen) < SEEN_MS);
    let same_clock =
        tablet.clock_offset_ms.is_some_and(|before| before.saturating_sub(offset).unsigned_abs() < SEEN_MS);
    if recent && same_clock {
        return Ok(());
    }
    let is_today = |seen: u64| day_in_japan(seen) == day_in_japan(now);
    if !tablet.last_seen_at.is_some_and(is_today) {
        let scopes: Vec<&str> = tablet.scopes.iter().map(ScopeId::as_str).collect();
        let act = Act::done(Action::Sync).to(tablet.device).saying(scopes.join(" "));
        app.journal.note_read(caller, act).await;
    }
    app.store.note_seen(&caller.tenant, tablet.device, now, offset).await
}

/// Which of the documents a tablet asks for were destroyed.
async fn destroyed(app: &App, tenant: &str, wanted: &[DocumentId]) -> Result<Vec<DocumentId>, StoreError> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let rows = app.store.list_purged(tenant, wanted).await?;
    Ok(rows.into_iter().map(|row| row.document).collect())
}

/// What people decided on the changes a tablet names as held.
async fn decisions(
    app: &App,
    caller: &Caller,
    tablet: &Tablet,
    held: &[ChangeHash],
) -> Result<Vec<Decision>, StoreError> {
    if held.is_empty() {
        return Ok(Vec::new());
    }
    let decided = app.store.list_decisions(&caller.tenant, tablet.device, held).await?;
    let decision = |one: crate::store::types::DecidedChange| Decision {
        document: one.document,
        hash: one.hash,
        admitted: one.decision.admitted,
        reason: one.decision.reason,
        by: one.decision.by_name,
        at: Timestamp(one.decision.at),
    };
    Ok(decided.into_iter().map(decision).collect())
}

fn answer(now: Timestamp, receipts: Vec<Receipt>, pull: Pull, registry: Option<RegistryPayload>) -> SyncResponse {
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
        clock: now,
        receipts,
        scopes: scopes.collect(),
        documents: pull
            .documents
            .into_iter()
            .map(|(document, snapshot)| DocumentPayload { document, snapshot })
            .collect(),
        registry,
        wanted: pull.damaged,
        decisions: Vec::new(),
        purged: Vec::new(),
        part: pull.part,
        names: None,
        names_version: None,
        names_answered: None,
        copied_at: None,
    }
}
