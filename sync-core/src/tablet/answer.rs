//! Talking to the server: what is sent, and what its answer changes here.

use std::collections::{BTreeMap, BTreeSet};

use super::row::{RegistryRow, ScopeRow, encode};
use super::{
    Effect, Exchanged, Fault, InFlight, PAGE_BYTES, PUSH_BYTES, PUSH_DOCUMENTS, Table, Tablet, TaskId, Waiting, Write,
    document_write, outbox_write,
};
use crate::digest::FeedState;
use crate::document::Document;
use crate::ids::{DocumentId, ScopeId};
use crate::sync::{Own, Taken};
use crate::time::Timestamp;
use crate::wire::{DocumentPayload, DocumentPush, FeedEntry, PROTOCOL, Receipt, ScopePage, SyncRequest, SyncResponse};

/// What an answer changed, to be stored in one transaction.
#[derive(Default)]
struct Changed {
    documents: BTreeSet<DocumentId>,
    dropped: BTreeSet<DocumentId>,
    scopes: BTreeSet<ScopeId>,
    gone_scopes: Vec<ScopeId>,
    left_outbox: Vec<(DocumentId, u64)>,
    registry: bool,
    /// The server asked for changes it does not have.
    missing: bool,
}

impl Tablet {
    /// Starts an exchange when its time has come.
    pub(super) fn exchange_due(&mut self, now: Timestamp) {
        if self.schedule.next().is_none_or(|at| at > now) {
            return;
        }
        let mut sent = BTreeMap::new();
        let mut pushes = Vec::new();
        let mut bytes = 0;
        for (id, entry) in self.shelf.iter() {
            let mut changes = Vec::new();
            let mut hashes = Vec::new();
            for queued in entry.outbox.sendable() {
                if bytes > PUSH_BYTES {
                    break;
                }
                bytes += queued.change.bytes.len();
                hashes.push(queued.change.hash);
                changes.push(queued.change.bytes.clone().into());
            }
            if !changes.is_empty() {
                pushes.push(DocumentPush {
                    document: id,
                    kind: entry.kind,
                    heads: entry.heads.clone(),
                    changes,
                    again: false,
                });
                sent.insert(id, hashes);
            }
            if bytes > PUSH_BYTES || pushes.len() == PUSH_DOCUMENTS {
                break;
            }
        }
        let request = SyncRequest {
            protocol: PROTOCOL,
            clock: now,
            pushes,
            cursors: self.standings.cursors(),
            registry_version: self.registry.as_ref().map_or(0, |registry| registry.version),
            page_bytes: PAGE_BYTES,
            ..SyncRequest::default()
        };
        let task = self.task();
        self.schedule.started();
        self.in_flight = Some(InFlight { task, sent });
        self.effects.push_back(Effect::Exchange { task, body: request.encode() });
        self.show(Vec::new());
    }

    pub(super) fn exchanged(&mut self, now: Timestamp, task: TaskId, result: Exchanged) {
        let Some(in_flight) = self.in_flight.take_if(|in_flight| in_flight.task == task) else {
            return;
        };
        if self.storage_failed {
            return;
        }
        let response = match result {
            Exchanged::Ok(body) => SyncResponse::decode(&body).map_err(|_| Fault::Unreadable),
            Exchanged::Fault(fault) => Err(fault),
        };
        match response {
            Ok(response) => self.take_answer(now, &in_flight, response),
            Err(fault) => {
                let retry_after_ms = match &fault {
                    Fault::Busy { retry_after_ms } => *retry_after_ms,
                    Fault::Unreachable | Fault::Unauthorised | Fault::Refused { .. } | Fault::Unreadable => None,
                };
                self.schedule.failed(now, retry_after_ms);
                self.last_fault = Some(fault);
                self.show(Vec::new());
            }
        }
    }

    fn take_answer(&mut self, now: Timestamp, in_flight: &InFlight, response: SyncResponse) {
        // pending edits end here, so that merging never closes a change without its author
        for document in self.batches.keys().copied().collect::<Vec<_>>() {
            self.commit(document);
        }
        let mut changed = Changed::default();
        for receipt in &response.receipts {
            self.take_receipt(in_flight, receipt, &mut changed);
        }
        for payload in &response.documents {
            self.take_document(payload, &mut changed);
        }
        changed.gone_scopes = self.standings.drop_absent(&response.scopes);
        for scope in changed.gone_scopes.clone() {
            for id in self.leave_all(&scope, &mut changed) {
                if let Some(entry) = self.shelf.get_mut(id) {
                    entry.leaving = entry.scopes.is_empty();
                }
            }
        }
        let mut new_epoch = false;
        for page in &response.scopes {
            if self.standings.get(&page.scope).is_some_and(|s| s.epoch.is_some_and(|epoch| epoch != page.epoch)) {
                // what the old store said of this scope no longer holds; the records stay, since the new store may
                // have lost them
                self.leave_all(&page.scope, &mut changed);
            }
            for entry in &page.entries {
                self.take_entry(&page.scope, entry, &mut changed);
            }
            new_epoch |= self.standings.take(page) == Taken::NewEpoch;
            changed.scopes.insert(page.scope.clone());
        }
        let mut more = response.scopes.iter().any(|page| page.more);
        for page in response.scopes.iter().filter(|page| !page.more) {
            more |= self.compare(now, page);
        }
        if new_epoch || changed.missing {
            self.offer_again(new_epoch, in_flight, &mut changed);
        }
        self.drop_left(&mut changed);
        if let Some(registry) = response.registry {
            self.registry = Some(RegistryRow { version: registry.version, json: registry.json });
            changed.registry = true;
        }
        self.last_exchange_at = Some(now);
        self.last_fault = None;
        let unsent = self.shelf.iter().any(|(_, entry)| entry.outbox.sendable().next().is_some());
        if changed.missing && !new_epoch {
            self.schedule.failed(now, None);
        } else {
            self.schedule.succeeded(now, more || unsent);
        }
        self.store(now, changed);
    }

    fn take_receipt(&mut self, in_flight: &InFlight, receipt: &Receipt, changed: &mut Changed) {
        let Some(sent) = in_flight.sent.get(&receipt.document) else {
            return;
        };
        let Some(entry) = self.shelf.get_mut(receipt.document) else {
            return;
        };
        let settled = entry.outbox.settle(sent, receipt);
        changed.left_outbox.extend(settled.left.iter().map(|number| (receipt.document, *number)));
        changed.missing |= settled.missing;
        entry.held.extend(settled.held);
        for hash in &settled.kept {
            entry.held.remove(hash);
        }
        changed.documents.insert(receipt.document);
    }

    /// Merges one document from the server. One that cannot be read is passed over: the digest will tell.
    fn take_document(&mut self, payload: &DocumentPayload, changed: &mut Changed) {
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
        if known.as_ref().is_some_and(|(kind, heads)| *kind != incoming.kind() || *heads == incoming.heads()) {
            return;
        }
        let kind = incoming.kind();
        let Ok(document) = self.shelf.open(payload.document, kind) else {
            return;
        };
        if document.merge(&mut incoming).is_ok() {
            self.shelf.save(payload.document);
            changed.documents.insert(payload.document);
        }
    }

    fn take_entry(&mut self, scope: &ScopeId, entry: &FeedEntry, changed: &mut Changed) {
        let Some(known) = self.shelf.get_mut(entry.document) else {
            return;
        };
        let moved = match entry.state {
            FeedState::Present => known.scopes.insert(scope.clone()),
            FeedState::Left | FeedState::Purged => known.scopes.remove(scope),
        };
        known.leaving = known.scopes.is_empty() && (known.leaving || entry.state == FeedState::Left);
        if moved {
            changed.documents.insert(entry.document);
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
    fn drop_left(&mut self, changed: &mut Changed) {
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

    /// Compares digests, where nothing of this device's own is under way in the scope.
    fn compare(&mut self, now: Timestamp, page: &ScopePage) -> bool {
        let busy = |entry: &super::shelf::Entry| entry.scopes.contains(&page.scope) && !entry.outbox.is_empty();
        if self.shelf.iter().any(|(_, entry)| busy(entry)) {
            return false;
        }
        let (count, digest) = self.shelf.digest(&page.scope);
        self.standings.compare(page, Own { count, digest, revision: self.shelf.revision() }, now)
    }

    /// Puts own changes back into the outbox: of every record after a new epoch, else of those the server asked for.
    fn offer_again(&mut self, every: bool, in_flight: &InFlight, changed: &mut Changed) {
        for id in self.shelf.ids() {
            if !every && !in_flight.sent.contains_key(&id) {
                continue;
            }
            let Some(kind) = self.shelf.get(id).map(|entry| entry.kind) else {
                continue;
            };
            let Ok(document) = self.shelf.open(id, kind) else {
                continue;
            };
            let own = document.changes_of(self.identity.device);
            let Some(entry) = self.shelf.get_mut(id) else {
                continue;
            };
            if !own.is_empty() && entry.outbox.len() < own.len() {
                let (old, _) = entry.outbox.replace(own);
                changed.left_outbox.extend(old.into_iter().map(|number| (id, number)));
                changed.documents.insert(id);
            }
        }
    }

    fn store(&mut self, now: Timestamp, changed: Changed) {
        let mut writes = Vec::new();
        let mut rows = Vec::new();
        for (id, number) in changed.left_outbox {
            writes.push(outbox_write(id, number, None));
        }
        for id in &changed.documents {
            if let Some(entry) = self.shelf.get(*id) {
                writes.push(document_write(*id, entry));
                for queued in entry.outbox.iter().filter(|queued| !queued.durable) {
                    writes.push(outbox_write(*id, queued.number, Some(&queued.change)));
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
            writes.push(Write { table: Table::Scope, key: scope.to_string(), value: None });
        }
        if let Some(registry) = self.registry.as_ref().filter(|_| changed.registry) {
            writes.push(Write { table: Table::Meta, key: "registry".to_owned(), value: Some(encode(registry)) });
        }
        if !changed.dropped.is_empty() {
            let writer = self.shelf.next_writer();
            writes.push(Write { table: Table::Meta, key: "writer".to_owned(), value: Some(encode(&writer)) });
        }
        writes.push(Write { table: Table::Meta, key: "exchange".to_owned(), value: Some(encode(&now.0)) });
        let shown = changed.documents.into_iter().chain(changed.dropped).collect();
        self.persist(writes, Waiting::Confirm { rows, shown });
    }
}
