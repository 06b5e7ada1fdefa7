//! What an answer of the server changes here.

use std::collections::BTreeSet;

use super::exchange::Sent;
use super::names::Told;
use super::row::{ScopeRow, encode, intent_key};
use super::shelf::{Entry, Held};
use super::{Table, Tablet, Waiting, Write, document_write, outbox_write};
use crate::digest::FeedState;
use crate::document::{Document, Heads};
use crate::ids::{DocumentId, ScopeId};
use crate::sync::{Own, Taken};
use crate::time::Timestamp;
use crate::wire::{DocumentPayload, FeedEntry, Outcome, Receipt, Run, ScopePage, SyncResponse};

/// What an answer changed, to be stored in one transaction.
#[derive(Default)]
pub(super) struct Changed {
    pub documents: BTreeSet<DocumentId>,
    dropped: BTreeSet<DocumentId>,
    scopes: BTreeSet<ScopeId>,
    gone_scopes: Vec<ScopeId>,
    pub left_outbox: Vec<(DocumentId, u64)>,
    gone_intents: Vec<u64>,
    gone_drafts: Vec<String>,
    /// This device writes under another number from here on.
    pub retire_writer: bool,
    pub registry: bool,
    /// Single rows: parts and names.
    pub singles: Vec<Write>,
    /// Records of which the server asked for changes it does not have.
    missing: BTreeSet<DocumentId>,
}

impl Tablet {
    pub(super) fn take_answer(&mut self, now: Timestamp, sent: &Sent, mut response: SyncResponse) {
        // pending edits end here, so that merging never closes a change without its author
        for document in self.batches.keys().copied().collect::<Vec<_>>() {
            self.commit(document);
        }
        let mut changed = Changed::default();
        for receipt in &response.receipts {
            self.take_receipt(now, sent, receipt, &mut changed);
        }
        for decision in &response.decisions {
            self.take_decision(decision, &mut changed);
        }
        for receipt in &response.receipts {
            let copy = response.documents.iter().find(|payload| payload.document == receipt.document);
            self.make_anew(now, receipt.document, copy, &mut changed);
        }
        let came: BTreeSet<DocumentId> = response.documents.iter().map(|payload| payload.document).collect();
        let in_parts = response.part.is_some();
        let joined = self.take_part(response.part.take(), &mut changed);
        for payload in response.documents.iter().chain(&joined) {
            self.take_document(now, payload, &mut changed);
        }
        let joined = joined.map(|payload| payload.document);
        let named = self.take_names(response.names.take().unwrap_or_default(), &mut changed);
        for id in &response.purged {
            self.purge(*id, &mut changed);
        }
        // a tablet that may hold nothing is told nothing: its wishes stay
        let is_told = !response.scopes.is_empty();
        let absent = if is_told { self.granted(&sent.wanted, &came, in_parts, joined) } else { Vec::new() };
        changed.gone_scopes = self.standings.drop_absent(&response.scopes);
        for scope in changed.gone_scopes.clone() {
            for id in self.leave_all(&scope, &mut changed) {
                if let Some(entry) = self.shelf.get_mut(id) {
                    entry.leaving = entry.scopes.is_empty();
                }
            }
        }
        let (mut new_epoch, mut first_epoch) = (false, false);
        for page in &response.scopes {
            if self.standings.get(&page.scope).is_some_and(|standing| standing.seq > page.next_seq) {
                // the store went back: what it was offered before may be lost again
                self.forget_offers();
            }
            if self.standings.get(&page.scope).is_some_and(|s| s.epoch.is_some_and(|epoch| epoch != page.epoch)) {
                self.forget_offers();
                // what the old store said of this scope no longer holds; the records stay, since the new store may
                // have lost them
                self.leave_all(&page.scope, &mut changed);
            }
            for entry in &page.entries {
                self.take_entry(&page.scope, entry, &mut changed);
            }
            match self.standings.take(page) {
                Taken::NewEpoch => new_epoch = true,
                Taken::First => first_epoch = true,
                Taken::Continued => {}
            }
            changed.scopes.insert(page.scope.clone());
        }
        let mut more = response.scopes.iter().any(|page| page.more) || (in_parts && joined.is_none());
        if let Some(registry) = response.registry {
            more |= self.take_registry(registry, &mut changed);
        }
        if more {
            self.sizes.pull.grow();
        }
        self.sizes.push.grow(sent.bytes);
        for page in response.scopes.iter().filter(|page| !page.more) {
            more |= self.compare(now, response.clock, page);
        }
        let missing = std::mem::take(&mut changed.missing);
        for id in self.shelf.ids() {
            let is_missing = missing.contains(&id);
            let entry = self.shelf.get(id);
            let first = entry.and_then(Entry::stuck).is_some_and(|stuck| stuck.failures == 1);
            // all that a revoked tablet is told is that its work is held, and not by which store
            let held =
                first_epoch && entry.is_some_and(|entry| entry.held.values().any(|held| held.declined.is_none()));
            let offers = (new_epoch || held || (is_missing && first)) && self.offer_own(id, &mut changed);
            // all of its own was sent, and still something is missing
            if is_missing && !offers {
                self.asked_for_others(id, &Heads::default());
            }
        }
        self.offer_lost(&absent);
        if is_told && !response.scopes.iter().any(|page| page.more) {
            self.ask_for_unnamed();
        }
        let asked = self.asked_for(&response.wanted);
        self.drop_left(&mut changed);
        let names = Told { version: response.names_version, answered: response.names_answered, named };
        more |= self.ask_for_names(&sent.names, names, &mut changed);
        self.last_exchange_at = Some(response.clock);
        self.clock_offset_ms = Some(now.minus_ms(response.clock));
        self.line_is_back(now);
        self.last_fault = None;
        let waits = |entry: &Entry| entry.may_be_sent(now) && entry.outbox.sendable().next().is_some();
        let unsent = self.shelf.iter().any(|(_, entry)| waits(entry));
        let wishes = is_told && !self.repair.wanted.is_empty();
        self.schedule.succeeded(now, more || unsent || asked || wishes);
        if let Some(at) = self.next_wait() {
            self.schedule.ask_by(at);
        }
        self.store(changed);
        if self.disk.answered(now, sent.disk, response.copied_at) {
            self.persist(vec![self.disk.write()], Waiting::Disk);
        }
    }

    fn take_receipt(&mut self, now: Timestamp, sent: &Sent, receipt: &Receipt, changed: &mut Changed) {
        let Some(names) = sent.changes.get(&receipt.document) else {
            return;
        };
        let offered = sent.offered.get(&receipt.document);
        // a server that ran out of time answers part of an offer; it is then made once more
        let answered = receipt.runs.iter().fold(0, |sum: u64, run| sum.saturating_add(run.count)) >= names.len() as u64;
        if let Some(offered) = offered.filter(|_| answered) {
            self.offered(receipt.document, offered);
        }
        let Some(entry) = self.shelf.get_mut(receipt.document) else {
            return;
        };
        // what is held of an offer is others' work, or is sent once more by itself
        let unheld = |run: &Run| match run.outcome {
            Outcome::Custody => Run { outcome: Outcome::MissingDeps, ..run.clone() },
            _ => run.clone(),
        };
        let of_offer = offered.map(|_| Receipt { runs: receipt.runs.iter().map(unheld).collect(), ..receipt.clone() });
        let repeated = entry.outbox.sendable().next().is_some_and(|first| first.again);
        let settled = entry.outbox.settle(names, of_offer.as_ref().unwrap_or(receipt));
        changed.left_outbox.extend(settled.left.iter().map(|number| (receipt.document, *number)));
        if settled.purged {
            self.purge(receipt.document, changed);
            return;
        }
        for hash in &settled.kept {
            entry.held.remove(hash);
            entry.edits.remove(hash);
        }
        // that the server has what it had before says nothing of what it lacks
        if entry.outbox.is_empty() || (offered.is_none() && !repeated && !settled.missing) {
            entry.told_stuck = None;
        }
        entry.oversized = None;
        if !settled.kept.is_empty() {
            if entry.outbox.is_empty() {
                entry.replaces.clear();
            }
            // its copy is another now; it is sent along unless it equals this one
            entry.sent_heads = None;
            self.shelf.touch(receipt.document);
            self.end_wait(receipt.document, now);
        }
        changed.documents.insert(receipt.document);
        if offered.is_some() {
            // other devices' work among it is theirs to mend
            return;
        }
        if settled.missing {
            changed.missing.insert(receipt.document);
            self.is_stuck(now, receipt.document);
        }
        let Some(entry) = self.shelf.get_mut(receipt.document) else { return };
        for (hash, code) in settled.held {
            // the latest word counts, but for what a person has declined
            let held = entry.held.entry(hash).or_insert_with(|| Held { code: String::new(), declined: None });
            if held.declined.is_none() {
                held.code = code;
            }
        }
    }

    /// Merges one document from the server. One that cannot be read is passed over: the digest will tell.
    fn take_document(&mut self, now: Timestamp, payload: &DocumentPayload, changed: &mut Changed) {
        let Ok(mut incoming) = Document::load(&payload.snapshot) else {
            return;
        };
        if incoming.id() != payload.document {
            return;
        }
        let known = self.shelf.get(payload.document).map(|entry| (entry.kind, entry.heads.clone()));
        if known.is_none() && !incoming.begins_with_genesis() {
            return;
        }
        let (kind, incoming_heads) = (incoming.kind(), incoming.heads());
        if known.as_ref().is_some_and(|(known, _)| *known != kind) {
            return;
        }
        if let Some(entry) = self.shelf.get_mut(payload.document) {
            // what an answer that was overtaken called held has come in since
            let held = entry.held.len();
            entry.held.retain(|hash, _| !incoming.contains(hash));
            if entry.held.len() < held {
                changed.documents.insert(payload.document);
            }
        }
        if known.is_some_and(|(_, heads)| heads == incoming_heads) {
            self.server_has(now, payload.document, incoming_heads);
            return;
        }
        let Ok(document) = self.shelf.open(payload.document, kind) else {
            return;
        };
        if document.merge(&mut incoming).is_ok() {
            self.shelf.save(payload.document);
            self.rejoin(payload.document);
            for scope in self.repair.named.remove(&payload.document).unwrap_or_default() {
                self.take_standing(&scope, payload.document, FeedState::Present, changed);
            }
            changed.documents.insert(payload.document);
        }
        self.server_has(now, payload.document, incoming_heads);
    }

    fn take_entry(&mut self, scope: &ScopeId, entry: &FeedEntry, changed: &mut Changed) {
        self.take_standing(scope, entry.document, entry.state, changed);
    }

    /// How a record stands in a scope, by the server's word.
    pub(super) fn take_standing(
        &mut self,
        scope: &ScopeId,
        document: DocumentId,
        state: FeedState,
        changed: &mut Changed,
    ) {
        if state == FeedState::Purged {
            self.purge(document, changed);
            return;
        }
        let Some(known) = self.shelf.get_mut(document) else {
            if let Some(named) = self.repair.named.get_mut(&document).filter(|_| state != FeedState::Present) {
                named.remove(scope);
            }
            return;
        };
        let moved = match state {
            FeedState::Present => known.scopes.insert(scope.clone()),
            FeedState::Left | FeedState::Purged => known.scopes.remove(scope),
        };
        known.leaving = known.scopes.is_empty() && (known.leaving || state == FeedState::Left);
        if moved {
            changed.documents.insert(document);
        }
    }

    /// A record was destroyed for good: nothing of it stays here, sent or not.
    fn purge(&mut self, id: DocumentId, changed: &mut Changed) {
        self.batches.remove(&id);
        let intents = self.stored_intents.iter().filter(|(_, row)| row.document == id).map(|(number, _)| *number);
        let intents: Vec<u64> = intents.collect();
        for number in &intents {
            self.stored_intents.remove(number);
        }
        changed.gone_intents.extend(intents);
        changed.gone_drafts.extend(self.drafts.forget(id));
        if let Some(entry) = self.shelf.get_mut(id) {
            changed.left_outbox.extend(entry.outbox.withdraw(|_| true).into_iter().map(|number| (id, number)));
            self.shelf.remove(id);
            changed.documents.remove(&id);
            changed.dropped.insert(id);
        }
    }

    fn leave_all(&mut self, scope: &ScopeId, changed: &mut Changed) -> Vec<DocumentId> {
        let mut left = self.shelf.ids();
        left.retain(|id| self.shelf.get_mut(*id).is_some_and(|entry| entry.scopes.remove(scope)));
        changed.documents.extend(&left);
        left
    }

    /// Records that left every scope go, once nothing of this device's own waits or is held.
    ///
    /// A dropped record may come back, or be begun anew under the same id: from here on this device writes under
    /// another number, so that no sequence number is ever used twice.
    pub(super) fn drop_left(&mut self, changed: &mut Changed) {
        for id in self.shelf.ids() {
            let goes = self.shelf.get(id).is_some_and(|entry| {
                entry.leaving && entry.scopes.is_empty() && entry.outbox.is_empty() && entry.held.is_empty()
            });
            if goes {
                self.shelf.remove(id);
                changed.documents.remove(&id);
                changed.dropped.insert(id);
            }
        }
    }

    /// Compares digests, where nothing of this device's own is under way in the scope. A record that waits for what the
    /// server has lost keeps the others of its scope waiting no more than those of other scopes: see
    /// [`Entry::heads_at_server`].
    fn compare(&mut self, now: Timestamp, told: Timestamp, page: &ScopePage) -> bool {
        if !self.repair.wanted.is_empty() {
            return false;
        }
        let busy =
            |entry: &Entry| entry.scopes.contains(&page.scope) && entry.stuck().is_none() && !entry.outbox.is_empty();
        if self.shelf.iter().any(|(_, entry)| busy(entry)) {
            return false;
        }
        let (count, digest) = self.shelf.digest(&page.scope);
        self.standings.compare(page, Own { count, digest, revision: self.shelf.revision() }, now, told)
    }

    /// Puts this device's own changes of a record back into the outbox: the server may have lost them. Whether any of
    /// them was not there.
    pub(super) fn offer_own(&mut self, id: DocumentId, changed: &mut Changed) -> bool {
        let Some(kind) = self.shelf.get(id).map(|entry| entry.kind) else {
            return false;
        };
        let Ok(document) = self.shelf.open(id, kind) else {
            return false;
        };
        let own = document.changes_of(self.identity.device);
        let Some(entry) = self.shelf.get_mut(id) else {
            return false;
        };
        let lacks = !own.is_empty() && entry.outbox.len() < own.len();
        if lacks {
            let old = entry.outbox.offer_again(own);
            changed.left_outbox.extend(old.into_iter().map(|number| (id, number)));
            changed.documents.insert(id);
        }
        lacks
    }

    pub(super) fn store(&mut self, mut changed: Changed) {
        if !changed.dropped.is_empty() {
            self.forget_names(&mut changed);
        }
        let mut writes = Vec::new();
        let mut rows = Vec::new();
        for (id, number) in changed.left_outbox {
            writes.push(outbox_write(id, number, None));
        }
        for id in &changed.documents {
            if let Some(entry) = self.shelf.get(*id) {
                writes.push(document_write(*id, entry));
                for queued in entry.outbox.iter().filter(|queued| !queued.durable) {
                    writes.push(outbox_write(*id, queued.number, Some(entry.outbox_row(queued))));
                    rows.push((*id, queued.number));
                }
            }
        }
        for id in &changed.dropped {
            writes.push(Write { table: Table::Document, key: id.to_string(), value: None });
        }
        for scope in &changed.scopes {
            if let Some(standing) = self.standings.get(scope) {
                let value = Some(encode(&ScopeRow::from(standing)));
                writes.push(Write { table: Table::Scope, key: scope.to_string(), value });
            }
        }
        for scope in &changed.gone_scopes {
            let value = self.standings.former(scope).map(|epoch| encode(&ScopeRow::former(epoch)));
            writes.push(Write { table: Table::Scope, key: scope.to_string(), value });
        }
        if let Some(registry) = self.registry.as_ref().filter(|_| changed.registry) {
            writes.push(Write { table: Table::Meta, key: "registry".to_owned(), value: Some(encode(registry)) });
        }
        writes.extend(changed.singles);
        for number in changed.gone_intents {
            writes.push(Write { table: Table::Intent, key: intent_key(number), value: None });
        }
        for key in changed.gone_drafts {
            writes.push(Write { table: Table::Meta, key, value: None });
        }
        if changed.retire_writer || !changed.dropped.is_empty() {
            let writer = self.shelf.next_writer();
            writes.push(Write { table: Table::Meta, key: "writer".to_owned(), value: Some(encode(&writer)) });
        }
        writes.extend(self.last_exchange_at.map(|at| Write {
            table: Table::Meta,
            key: "exchange".to_owned(),
            value: Some(encode(&at.0)),
        }));
        let shown = changed.documents.into_iter().chain(changed.dropped).collect();
        self.persist(writes, Waiting::Confirm { rows, shown });
    }
}
