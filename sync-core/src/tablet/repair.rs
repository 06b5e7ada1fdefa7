//! Finding and mending differences between this tablet and the server, record by record, never by starting over.
//!
//! At most three requests: the sums of 256 buckets show which records differ; one exchange brings what this tablet
//! lacks and offers what the server lacks; a second one only when the first did not hold everything.

use std::collections::{BTreeMap, BTreeSet};

use super::Tablet;
use super::answer::Changed;
use super::exchange::Offered;
use super::row::OutboxRow;
use super::shelf::{Oversized, Stuck};
use crate::digest::{Buckets, FeedState};
use crate::document::{Change, Document, Heads, Kind, RawChange};
use crate::ids::{DocumentId, ScopeId};
use crate::sync::Queued;
use crate::time::Timestamp;
use crate::wire::{AuditEntry, AuditResponse, DocumentPush};

/// What is known to be amiss. Not stored: it is found again after a start.
#[derive(Debug, Default)]
pub(super) struct Repair {
    /// Records to ask the server for.
    pub wanted: BTreeSet<DocumentId>,
    /// The scopes in which an audit has named records that are not here yet: they stand in them as soon as they come.
    pub named: BTreeMap<DocumentId, BTreeSet<ScopeId>>,
    /// Records the server asked for, of which everything is to be offered.
    asked: BTreeSet<DocumentId>,
    /// What the server has answered an offer of such records with; the same is not offered twice.
    offered: BTreeMap<DocumentId, Heads>,
    /// How many changes of such a record, in which state, the server has answered where there is more.
    begun: BTreeMap<DocumentId, (Heads, usize)>,
    /// Records in no scope that were asked for already.
    unnamed: BTreeSet<DocumentId>,
    /// Waiting changes of records whose own row cannot be read, until the server has sent the record.
    waiting: BTreeMap<DocumentId, BTreeMap<u64, OutboxRow>>,
}

impl Tablet {
    /// Waiting changes that belong to no readable record.
    pub(super) fn changes_without_record(&self) -> usize {
        self.repair.waiting.values().map(BTreeMap::len).sum()
    }

    /// Puts back the waiting changes of a record. Is its row unreadable, the record is made anew from them, or, when
    /// they do not tell all of it, they wait for the server's copy.
    pub(super) fn restore_outbox(&mut self, document: DocumentId, rows: BTreeMap<u64, OutboxRow>) {
        if self.shelf.get(document).is_none() {
            let whole = [Kind::Session, Kind::Consultation].into_iter().find(|kind| {
                let genesis = Document::genesis(document, *kind).ok();
                genesis.is_some_and(|mut genesis| take_in(&mut genesis, &rows))
            });
            let opened = whole.and_then(|kind| self.shelf.open(document, kind).ok());
            if !opened.is_some_and(|genesis| take_in(genesis, &rows)) {
                self.repair.waiting.insert(document, rows);
                return;
            }
            self.shelf.save(document);
        }
        if let Some(entry) = self.shelf.get_mut(document) {
            for (number, row) in rows {
                if !row.edits.is_empty() {
                    entry.edits.insert(row.hash, row.edits);
                }
                entry.outbox.restore(number, RawChange { hash: row.hash, bytes: row.bytes }, row.again);
            }
        }
    }

    /// The server lacks what the waiting changes of a record follow: they are sent again after a while, by themselves. The
    /// copy it has, if any, is asked for once, so that its scope can be compared meanwhile.
    pub(super) fn is_stuck(&mut self, now: Timestamp, id: DocumentId) {
        let Some(entry) = self.shelf.get_mut(id).filter(|entry| !entry.outbox.is_empty()) else { return };
        let failures = entry.stuck().map_or(0, |stuck| stuck.failures).saturating_add(1);
        if failures == 1 && entry.sent_heads.is_none() {
            self.repair.wanted.insert(id);
        }
        entry.told_stuck = Some(Stuck { failures, not_before: self.schedule.retry_at(now, failures) });
    }

    /// The copy that the server has of a record.
    pub(super) fn server_has(&mut self, now: Timestamp, id: DocumentId, heads: Heads) {
        let Some(entry) = self.shelf.get_mut(id) else { return };
        if entry.sent_heads.as_ref() != Some(&heads) {
            entry.sent_heads = Some(heads);
            // what it waits for may have come
            self.end_wait(id, now);
        }
    }

    /// What waits by itself is tried again now.
    pub(super) fn end_waits(&mut self, now: Timestamp) {
        for id in self.shelf.ids() {
            self.end_wait(id, now);
        }
    }

    /// The same for one record.
    pub(super) fn end_wait(&mut self, id: DocumentId, now: Timestamp) {
        let Some(entry) = self.shelf.get_mut(id) else { return };
        if let Some(stuck) = &mut entry.told_stuck {
            stuck.not_before = stuck.not_before.min(now);
        }
        if let Some(oversized) = &mut entry.oversized {
            oversized.not_before = oversized.not_before.min(now);
        }
    }

    /// When the next record that waits by itself is to be sent.
    pub(super) fn next_wait(&self) -> Option<Timestamp> {
        self.shelf.iter().filter_map(|(_, entry)| entry.waits_until()).min()
    }

    /// A change of a record did not get through although it was sent alone.
    pub(super) fn is_oversized(&mut self, now: Timestamp, id: DocumentId, bytes: u64, refused: bool) {
        let Some(entry) = self.shelf.get_mut(id) else { return };
        let failures = entry.oversized.map_or(0, |oversized| oversized.failures).saturating_add(1);
        let not_before = self.schedule.retry_at(now, failures);
        entry.oversized = Some(Oversized { bytes, refused, failures, not_before });
    }

    /// An answer came: a change that did not get through once may have met no line at all, and is tried again now.
    pub(super) fn line_is_back(&mut self, now: Timestamp) {
        let once =
            self.shelf.iter().filter(|(_, entry)| entry.oversized.is_some_and(|o| o.failures == 1 && !o.refused));
        for id in once.map(|(id, _)| id).collect::<Vec<_>>() {
            self.end_wait(id, now);
        }
    }

    /// The server has sent a record whose changes were waiting for it.
    pub(super) fn rejoin(&mut self, document: DocumentId) {
        let Some(rows) = self.repair.waiting.remove(&document) else { return };
        let kind = self.shelf.get(document).map(|entry| entry.kind);
        if let Some(opened) = kind.and_then(|kind| self.shelf.open(document, kind).ok())
            && take_in(opened, &rows)
        {
            self.shelf.save(document);
        }
        self.restore_outbox(document, rows);
    }

    /// Records the server has lost: everything this tablet holds of them is offered, unless it was already.
    pub(super) fn asked_for(&mut self, documents: &[DocumentId]) -> bool {
        let repair = &mut self.repair;
        let news = documents.iter().filter(|id| {
            let heads = self.shelf.get(**id).map(|entry| &entry.heads);
            heads.is_some() && repair.offered.get(id) != heads
        });
        repair.asked.extend(news.copied());
        !repair.asked.is_empty()
    }

    /// The server lacks something that leads to, or follows, the changes `known` of a record. What this tablet wrote
    /// itself goes by its outbox; only what others wrote makes it offer the whole.
    pub(super) fn asked_for_others(&mut self, id: DocumentId, known: &Heads) {
        let device = self.identity.device;
        let Some(kind) = self.shelf.get(id).map(|entry| entry.kind) else { return };
        if self.shelf.open(id, kind).is_ok_and(|document| document.has_of_others_beyond(known, device)) {
            self.asked_for(&[id]);
        }
    }

    /// Records the server asked for, whether or not there was room for them in the last request.
    pub(super) fn asked(&self) -> Vec<DocumentId> {
        self.repair.asked.iter().copied().collect()
    }

    /// Everything this tablet holds of a record the server asked for, and whether all of it is durable yet. What was
    /// acknowledged before is: its record is. `None`: there is nothing to offer any more.
    pub(super) fn offer(&mut self, id: DocumentId) -> Option<(DocumentPush, bool)> {
        self.commit(id);
        let (kind, heads) = self.shelf.get(id).map(|entry| (entry.kind, entry.heads.clone()))?;
        let mut changes = self.shelf.open(id, kind).ok()?.changes();
        let all = changes.len();
        let entry = self.shelf.get(id)?;
        let unstored = |change: &RawChange| {
            let waits = |queued: &&Queued| !queued.durable && !queued.again && queued.change.hash == change.hash;
            entry.outbox.iter().any(|queued| waits(&queued))
        };
        changes.truncate(changes.iter().position(unstored).unwrap_or(all));
        let whole = changes.len() == all;
        let changes = changes.into_iter().map(|change| change.bytes.into()).collect();
        Some((DocumentPush { again: true, ..DocumentPush::new(id, kind, heads, changes) }, whole))
    }

    /// There is nothing to offer of this record any more.
    pub(super) fn forget_asked(&mut self, id: DocumentId) {
        self.repair.asked.remove(&id);
    }

    /// The server has answered an offer, or part of one.
    pub(super) fn offered(&mut self, id: DocumentId, offered: &Offered) {
        self.repair.begun.remove(&id);
        if !offered.last {
            self.repair.begun.insert(id, (offered.heads.clone(), offered.until));
        } else if offered.whole {
            self.repair.asked.remove(&id);
            self.repair.offered.insert(id, offered.heads.clone());
        }
    }

    /// How many changes of a record in this state the server has answered already.
    pub(super) fn offered_until(&self, id: DocumentId, heads: &Heads) -> usize {
        let begun = self.repair.begun.get(&id).filter(|(state, _)| state == heads);
        begun.map_or(0, |(_, until)| *until)
    }

    /// A record that no scope names, though it never left one, was lost by a restored server or destroyed meanwhile:
    /// asked for once.
    pub(super) fn ask_for_unnamed(&mut self) {
        let unnamed = self.shelf.iter().filter(|(_, entry)| {
            entry.scopes.is_empty() && !entry.leaving && entry.outbox.is_empty() && entry.held.is_empty()
        });
        for (id, _) in unnamed {
            if self.repair.unnamed.insert(id) {
                self.repair.wanted.insert(id);
            }
        }
    }

    /// The documents of the request's wishes that need not be asked for again: those answered and those before them.
    /// When none was answered, the server has none of them for this tablet, unless the answer was taken up by part of a
    /// document. Returns those it does not have. `joined` came whole with that part.
    pub(super) fn granted(
        &mut self,
        wanted: &[DocumentId],
        came: &BTreeSet<DocumentId>,
        in_parts: bool,
        joined: Option<DocumentId>,
    ) -> Vec<DocumentId> {
        let last = wanted.iter().rposition(|id| came.contains(id));
        let count = last.map_or(if in_parts { 0 } else { wanted.len() }, |last| last + 1);
        let answered = wanted.iter().take(count);
        for id in answered.clone().chain(&joined) {
            self.repair.wanted.remove(id);
        }
        answered.filter(|id| !came.contains(id) && joined != Some(**id)).copied().collect()
    }

    /// Records that the server does not have for this tablet and that never left it were lost: what others wrote of
    /// them is offered too.
    pub(super) fn offer_lost(&mut self, absent: &[DocumentId]) {
        for id in absent {
            if self.shelf.get(*id).is_some_and(|entry| entry.scopes.is_empty() && !entry.leaving) {
                self.asked_for_others(*id, &Heads::default());
            }
        }
    }

    /// The server's store is another than the one that was offered records before.
    pub(super) fn forget_offers(&mut self) {
        self.repair.offered.clear();
        self.repair.begun.clear();
    }

    /// Compares what the server holds in the differing buckets with what is here.
    pub(super) fn take_audit(&mut self, now: Timestamp, scope: &ScopeId, response: &AuditResponse) {
        // pending edits end here, as when an answer comes
        for document in self.batches.keys().copied().collect::<Vec<_>>() {
            self.commit(document);
        }
        let mut changed = Changed::default();
        let differing: BTreeSet<u8> = response.differing.iter().copied().collect();
        let mut named = BTreeSet::new();
        for entry in &response.entries {
            named.insert(entry.document);
            self.take_audit_entry(scope, entry, &mut changed);
        }
        let lost = |id: &DocumentId| differing.contains(&Buckets::number(*id)) && !named.contains(id);
        let here = self.shelf.in_scope(scope);
        for id in here.into_iter().filter(lost) {
            self.offer_own(id, &mut changed);
            self.asked_for_others(id, &Heads::default());
        }
        self.drop_left(&mut changed);
        self.last_fault = None;
        if let Some(next) = response.next {
            self.sizes.pull.grow();
            self.standings.ask_audit(scope, next);
        }
        // what is offered goes as soon as it is stored, together with the wishes
        self.schedule.succeeded(now, changed.documents.is_empty() || response.next.is_some());
        self.store(changed);
    }

    fn take_audit_entry(&mut self, scope: &ScopeId, entry: &AuditEntry, changed: &mut Changed) {
        let Some(known) = self.shelf.get_mut(entry.document) else {
            if entry.state == FeedState::Present {
                self.repair.wanted.insert(entry.document);
                self.repair.named.entry(entry.document).or_default().insert(scope.clone());
            }
            return;
        };
        let (same, kind) = (known.heads == entry.heads, known.kind);
        self.take_standing(scope, entry.document, entry.state, changed);
        if entry.state != FeedState::Present {
            return;
        }
        if same {
            // an answer that was overtaken called held what has come in since
            if let Some(known) = self.shelf.get_mut(entry.document).filter(|known| !known.held.is_empty()) {
                known.held.clear();
                changed.documents.insert(entry.document);
            }
            return;
        }
        let Some(known) = self.shelf.get_mut(entry.document) else { return };
        if entry.heads.as_slice().is_empty() {
            self.asked_for(&[entry.document]);
        } else {
            known.sent_heads = Some(entry.heads.clone());
            self.repair.wanted.insert(entry.document);
            self.offer_own(entry.document, changed);
            let document = self.shelf.open(entry.document, kind).ok();
            // what the server has beyond this tablet comes first; the next comparison tells the rest
            if document.is_some_and(|document| entry.heads.as_slice().iter().all(|head| document.contains(head))) {
                self.asked_for_others(entry.document, &entry.heads);
            }
        }
    }
}

/// Applies waiting changes to a document; whether all of them are in it now.
fn take_in(document: &mut Document, rows: &BTreeMap<u64, OutboxRow>) -> bool {
    let changes: Option<Vec<Change>> = rows.values().map(|row| Change::parse(&row.bytes).ok()).collect();
    changes.is_some_and(|changes| document.apply_all(&changes).is_ok())
        && rows.values().all(|row| document.contains(&row.hash))
}
