//! From an edit to a change: stored at once, shown when durable, gathered with its neighbours, then committed.

use std::collections::{BTreeMap, BTreeSet};

use super::row::{EditRow, IntentRow, encode, intent_key};
use super::{Refusal, Table, Tablet, Waiting, Write, document_write, outbox_write};
use crate::document::{EditError, Kind, RawChange, Reason, Scalar, WRITERS};
use crate::domain::{Edit, Intent, IntentError};
use crate::ids::{ActorId, DocumentId, IntentId};
use crate::time::Timestamp;

/// Edits of one person within this time become one change.
const GATHER_MS: u64 = 400;
/// A change is ended before it grows past this many operations; the gate allows 256.
const OPERATIONS: usize = 100;
/// And before it names more writers than this; one more is the genesis.
const NAMED: usize = WRITERS - 1;

/// Pending edits of one record.
#[derive(Debug)]
pub(super) struct Batch {
    pub due: Timestamp,
    by: String,
    reason: Option<Reason>,
    at: Timestamp,
    /// Rows that go when the batch is committed.
    intents: Vec<u64>,
    /// What the open change is made of.
    edits: Vec<EditRow>,
    /// Made of edits that were made before: should these be held again, they are not made a third time.
    anew: bool,
    /// The last writer number used, where it took further ones.
    writer: Option<u32>,
}

impl Tablet {
    pub(super) fn record(
        &mut self,
        now: Timestamp,
        document: DocumentId,
        kind: Kind,
        by: String,
        intent: Intent,
    ) -> Result<(), Refusal> {
        let intent = intent.cleaned();
        self.may_record(document, kind, &intent)?;
        intent.check_beside(|field| self.coming(document, field))?;
        let number = self.next_intent;
        self.next_intent += 1;
        let text = serde_json::to_string(&intent).map_err(|_| IntentError::TextLength)?;
        let row = IntentRow { document, kind, by, at: now, intent: text };
        let writes = vec![
            Write { table: Table::Intent, key: intent_key(number), value: Some(encode(&row)) },
            Write { table: Table::Meta, key: "intent".to_owned(), value: Some(encode(&self.next_intent)) },
        ];
        self.stored_intents.insert(number, row);
        self.persist(writes, Waiting::Intent(number));
        Ok(())
    }

    /// Whether an edit can be stored, and makes sense.
    pub(super) fn may_record(&self, document: DocumentId, kind: Kind, intent: &Intent) -> Result<(), Refusal> {
        if self.storage_failed {
            return Err(Refusal::Storage);
        }
        intent.check()?;
        let same_kind = |other: Kind| other == kind;
        let waiting = self.stored_intents.values().filter(|row| row.document == document).map(|row| row.kind);
        if !self.shelf.get(document).map(|entry| entry.kind).into_iter().chain(waiting).all(same_kind) {
            return Err(Refusal::Kind);
        }
        Ok(())
    }

    /// The text of a field as it is once every stored edit is made.
    fn coming(&mut self, document: DocumentId, field: &str) -> Option<String> {
        let rows = self.stored_intents.values().rev().filter(|row| row.document == document);
        let stored =
            rows.filter_map(|row| serde_json::from_str::<Intent>(&row.intent).ok()).find_map(|intent| match intent {
                Intent::Set { field: name, value } if name == field => Some(value),
                _ => None,
            });
        let value = match stored {
            Some(value) => value,
            None => {
                let kind = self.shelf.get(document)?.kind;
                let fields = self.shelf.open(document, kind).ok()?.fields();
                let (_, values) = fields.into_iter().find(|(name, _)| name == field)?;
                values.into_iter().next().map(|shown| shown.value)
            }
        };
        match value {
            Some(Scalar::Text(text)) => Some(text),
            Some(Scalar::Number(_)) | None => None,
        }
    }

    /// The row of an intent is durable: makes the edit and shows it.
    pub(super) fn edit(&mut self, now: Timestamp, number: u64) {
        let Some(row) = self.stored_intents.get(&number).cloned() else {
            return;
        };
        let edit = EditRow { number, row };
        let row = &edit.row;
        let edited = Intent::read(&row.intent).is_some_and(|intent| {
            let begun = self.begin(now, &edit, intent.reason(), false);
            if let Some(batch) = self.batches.get_mut(&row.document) {
                batch.intents.push(number);
            }
            begun.is_ok() && self.apply(&edit, &intent).is_ok()
        });
        if !edited {
            // a row from another version of the app: kept for a newer one, not shown
            self.unreadable_rows += 1;
            return;
        }
        let document = edit.row.document;
        self.shelf.refresh(document);
        self.show(vec![document]);
    }

    /// Opens the change that an edit becomes part of, unless one is open that it fits into.
    fn begin(&mut self, now: Timestamp, edit: &EditRow, reason: Option<Reason>, anew: bool) -> Result<(), EditError> {
        let row = &edit.row;
        let other = |batch: &Batch| batch.by != row.by || batch.reason != reason;
        if self.batches.get(&row.document).is_some_and(other) {
            self.commit(row.document);
        }
        if self.batches.contains_key(&row.document) {
            return Ok(());
        }
        let (due, by, at) = (now.plus_ms(GATHER_MS), row.by.clone(), row.at);
        let batch = Batch { due, by, reason, at, intents: Vec::new(), edits: Vec::new(), anew, writer: None };
        self.batches.insert(row.document, batch);

        self.gather(edit, anew)
    }

    /// Gathers more heads than the change that comes may follow.
    fn gather(&mut self, edit: &EditRow, anew: bool) -> Result<(), EditError> {
        let row = &edit.row;
        let gathered = self.shelf.open(row.document, row.kind)?.gather(row.at, &row.by)?;
        if !gathered.is_empty() {
            self.shelf.save(row.document);
        }
        for change in gathered {
            self.queue(edit, change, anew);
        }
        Ok(())
    }

    /// Puts a change that was made for an edit, beside the one that holds it, into the outbox, not yet durable.
    fn queue(&mut self, edit: &EditRow, change: RawChange, anew: bool) {
        let Some(entry) = self.shelf.get_mut(edit.row.document) else { return };
        if !anew {
            entry.edits.insert(change.hash, vec![edit.clone()]);
        }
        entry.outbox.push(change, false, false);
    }

    /// Makes edits of a record once more, as changes that are not durable yet.
    pub(super) fn edit_anew(&mut self, now: Timestamp, edits: &[EditRow]) {
        for edit in edits {
            let Some(intent) = Intent::read(&edit.row.intent) else { continue };
            let other = |batch: &Batch| batch.by != edit.row.by || batch.reason != intent.reason();
            if self.batches.get(&edit.row.document).is_some_and(other) {
                self.end_change(edit.row.document);
                self.batches.remove(&edit.row.document);
            }
            // an edit that no longer fits the record as the server has it is left out, as it would be for a person
            let begun = self.begin(now, edit, intent.reason(), true);
            let _ = begun.map_err(IntentError::from).and_then(|()| self.apply(edit, &intent));
        }
        if let Some(document) = edits.first().map(|edit| edit.row.document) {
            self.end_change(document);
            self.batches.remove(&document);
        }
    }

    fn apply(&mut self, edit: &EditRow, intent: &Intent) -> Result<(), IntentError> {
        let row = &edit.row;
        let id = self.own_id(edit, intent)?;
        let edits = intent.edits(id, self.shelf.open(row.document, row.kind)?)?;
        for small in edits {
            let document = self.shelf.open(row.document, row.kind)?;
            let named = document.pending_writers() + small.writers(document);
            if document.pending_operations() >= OPERATIONS || (document.pending_operations() > 0 && named > NAMED) {
                self.end_change(row.document);
            }
            self.narrow(edit, id, &small)?;
            small.apply(id, self.shelf.open(row.document, row.kind)?)?;
            if let Some(batch) = self.batches.get_mut(&row.document)
                && !batch.anew
                && batch.edits.last().is_none_or(|last| last.number != edit.number)
            {
                batch.edits.push(edit.clone());
            }
        }
        Ok(())
    }

    /// Where an edit takes the place of more values than one change may name, it is made on parts of them first, each by a
    /// writer of its own, until few enough are left.
    fn narrow(&mut self, edit: &EditRow, id: IntentId, small: &Edit) -> Result<(), IntentError> {
        let Some((container, key)) = small.replaces() else { return Ok(()) };
        let (document, kind) = (edit.row.document, edit.row.kind);
        while let Some(mut part) = self.shelf.open(document, kind)?.part_with(container, key, NAMED)? {
            let Some(batch) = self.batches.get(&document) else { return Ok(()) };
            let (at, by, reason, anew) = (batch.at, batch.by.clone(), batch.reason, batch.anew);
            let writer = self.shelf.next_writer();
            part.write_as(ActorId::new(self.identity.device, writer));
            small.apply(id, &mut part)?;

            let whole = self.shelf.open(document, kind)?;
            let before = whole.count_values(container, key);
            let change = whole.join(part, at, &by, reason)?;
            let after = whole.count_values(container, key);
            if let Some(batch) = self.batches.get_mut(&document) {
                batch.writer = Some(writer);
            }
            if let Some(change) = change {
                self.queue(edit, change, anew);
            }
            self.gather(edit, anew)?;
            if after >= before {
                break;
            }
        }
        Ok(())
    }

    /// The id of an edit. A step of this device that stands under the same number was made on a copy of this tablet's disk by a
    /// version that numbered edits on: neither may hide the other.
    fn own_id(&mut self, edit: &EditRow, intent: &Intent) -> Result<IntentId, IntentError> {
        let mut id = IntentId { device: self.identity.device, number: edit.number };
        if !matches!(intent, Intent::Step { .. } | Intent::TakeBack { .. }) {
            return Ok(id);
        }
        let document = self.shelf.open(edit.row.document, edit.row.kind)?;
        let taken: BTreeSet<String> = document.steps().into_iter().map(|(id, _)| id).collect();
        while taken.contains(&id.to_string()) {
            id.number = self.next_intent;
            self.next_intent += 1;
        }
        Ok(id)
    }

    /// The clock went back: nothing waits longer than it would have.
    pub(super) fn rewind(&mut self, now: Timestamp) {
        for batch in self.batches.values_mut() {
            batch.due = batch.due.min(now.plus_ms(GATHER_MS));
        }
        self.drafts.rewind(now);
        self.end_waits(now);
        self.schedule.rewind(now);
    }

    /// Commits every batch whose time has come.
    pub(super) fn commit_due(&mut self, now: Timestamp) {
        let due: Vec<DocumentId> =
            self.batches.iter().filter(|(_, batch)| batch.due <= now).map(|(id, _)| *id).collect();
        for document in due {
            self.commit(document);
        }
    }

    /// Commits the pending edits of a record and stores the change in place of its intents.
    pub(super) fn commit(&mut self, document: DocumentId) {
        if !self.batches.contains_key(&document) {
            return;
        }
        let row = self.end_change(document);
        let Some(batch) = self.batches.remove(&document) else {
            return;
        };
        let mut writes = Vec::new();
        for number in &batch.intents {
            self.stored_intents.remove(number);
            writes.push(Write { table: Table::Intent, key: intent_key(*number), value: None });
        }
        if let Some(writer) = batch.writer {
            writes.push(Write { table: Table::Meta, key: "writer".to_owned(), value: Some(encode(&writer)) });
        }
        let mut rows = Vec::new();
        if let Some(entry) = self.shelf.get(document) {
            writes.push(document_write(document, entry));
            for queued in entry.outbox.iter().filter(|queued| !queued.durable) {
                writes.push(outbox_write(document, queued.number, Some(entry.outbox_row(queued))));
                rows.push((document, queued.number));
            }
        }
        let shown = if row.is_some() { vec![document] } else { Vec::new() };
        self.persist(writes, Waiting::Confirm { rows, shown });
    }

    /// Ends the open change of a record and puts it into the outbox, not yet durable. Returns its row number.
    fn end_change(&mut self, document: DocumentId) -> Option<u64> {
        let batch = self.batches.get_mut(&document)?;
        let (at, by, reason, edits) = (batch.at, batch.by.clone(), batch.reason, std::mem::take(&mut batch.edits));
        let kind = self.shelf.get(document)?.kind;
        let change = self.shelf.open(document, kind).ok()?.commit(at, &by, reason)?;
        self.shelf.save(document);
        let entry = self.shelf.get_mut(document)?;
        if !edits.is_empty() {
            entry.edits.insert(change.hash, edits);
        }
        Some(entry.outbox.push(change, false, false))
    }

    /// Makes the edits whose rows were durable when the tablet last stopped.
    pub(super) fn replay(&mut self, now: Timestamp) {
        let rows: BTreeMap<u64, IntentRow> = self.stored_intents.clone();
        for number in rows.keys() {
            self.edit(now, *number);
        }
        for document in self.batches.keys().copied().collect::<Vec<_>>() {
            self.commit(document);
        }
    }
}
