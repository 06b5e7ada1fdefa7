//! From an edit to a change: stored at once, shown when durable, gathered with its neighbours, then committed.

use std::collections::{BTreeMap, BTreeSet};

use super::row::{EditRow, IntentRow, encode, intent_key};
use super::{Refusal, Table, Tablet, Waiting, Write, document_write, outbox_write};
use crate::document::{Kind, Reason, Scalar, TextName};
use crate::domain::{Intent, IntentError};
use crate::ids::{DocumentId, IntentId};
use crate::time::Timestamp;

/// Edits of one person within this time become one change.
const GATHER_MS: u64 = 400;
/// Letters of a long text changed in one step, so that no change outgrows the gate.
const TEXT_STEP: usize = 100;
/// A change is ended before it grows past this many operations; the gate allows 256.
const OPERATIONS: usize = 100;

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
        if self.storage_failed {
            return Err(Refusal::Storage);
        }
        let intent = intent.cleaned();
        intent.check()?;
        let same_kind = |other: Kind| other == kind;
        let waiting = self.stored_intents.values().filter(|row| row.document == document).map(|row| row.kind);
        if !self.shelf.get(document).map(|entry| entry.kind).into_iter().chain(waiting).all(same_kind) {
            return Err(Refusal::Kind);
        }
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
            self.begin(now, row, intent.reason());
            if let Some(batch) = self.batches.get_mut(&row.document) {
                batch.intents.push(number);
            }
            self.apply(&edit, &intent).is_ok()
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

    fn begin(&mut self, now: Timestamp, row: &IntentRow, reason: Option<Reason>) {
        let other = |batch: &Batch| batch.by != row.by || batch.reason != reason;
        if self.batches.get(&row.document).is_some_and(other) {
            self.commit(row.document);
        }
        self.batches.entry(row.document).or_insert_with(|| Batch {
            due: now.plus_ms(GATHER_MS),
            by: row.by.clone(),
            reason,
            at: row.at,
            intents: Vec::new(),
            edits: Vec::new(),
            anew: false,
        });
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
            self.begin(now, &edit.row, intent.reason());
            if let Some(batch) = self.batches.get_mut(&edit.row.document) {
                batch.anew = true;
            }
            // an edit that no longer fits the record as the server has it is left out, as it would be for a person
            let _ = self.apply(edit, &intent);
        }
        if let Some(document) = edits.first().map(|edit| edit.row.document) {
            self.end_change(document);
            self.batches.remove(&document);
        }
    }

    fn apply(&mut self, edit: &EditRow, intent: &Intent) -> Result<(), IntentError> {
        let row = &edit.row;
        let id = self.own_id(edit, intent)?;
        let steps = match intent {
            Intent::Write { text, value } => {
                let current = self.shelf.open(row.document, row.kind)?.text(*text);
                text_steps(*text, &current, value)
            }
            Intent::Set { .. }
            | Intent::Count { .. }
            | Intent::Void { .. }
            | Intent::Link { .. }
            | Intent::Unlink { .. }
            | Intent::Step { .. }
            | Intent::TakeBack { .. } => {
                vec![intent.clone()]
            }
        };
        for step in steps {
            let document = self.shelf.open(row.document, row.kind)?;
            let full = document.pending_operations() >= OPERATIONS;
            if full {
                self.end_change(row.document);
            }
            step.apply(id, self.shelf.open(row.document, row.kind)?)?;
            if let Some(batch) = self.batches.get_mut(&row.document)
                && !batch.anew
                && batch.edits.last().is_none_or(|last| last.number != edit.number)
            {
                batch.edits.push(edit.clone());
            }
        }
        Ok(())
    }

    /// The id of an edit. A step of this device that stands under the same number was made on a copy of this tablet's disk:
    /// neither may hide the other.
    fn own_id(&mut self, edit: &EditRow, intent: &Intent) -> Result<IntentId, IntentError> {
        let mut id = IntentId { device: self.identity.device, number: edit.number };
        if matches!(intent, Intent::Step { .. }) {
            let document = self.shelf.open(edit.row.document, edit.row.kind)?;
            let taken: BTreeSet<String> = document.steps().into_iter().map(|(id, _)| id).collect();
            while taken.contains(&id.to_string()) {
                id.number = self.next_intent;
                self.next_intent += 1;
            }
        }
        Ok(id)
    }

    /// The clock went back: nothing waits longer than it would have.
    pub(super) fn rewind(&mut self, now: Timestamp) {
        for batch in self.batches.values_mut() {
            batch.due = batch.due.min(now.plus_ms(GATHER_MS));
        }
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

/// Cuts the way from one text to another into steps that each touch few letters.
fn text_steps(text: TextName, from: &str, to: &str) -> Vec<Intent> {
    let from: Vec<char> = from.chars().collect();
    let to: Vec<char> = to.chars().collect();
    let prefix = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let rest = from[prefix..].iter().rev().zip(to[prefix..].iter().rev());
    let suffix = rest.take_while(|(a, b)| a == b).count();
    let (removed, added) = (&from[prefix..from.len() - suffix], &to[prefix..to.len() - suffix]);
    let write = |middle: &[char]| Intent::Write {
        text,
        value: to[..prefix].iter().chain(middle).chain(&to[to.len() - suffix..]).collect(),
    };
    if removed.len() + added.len() <= TEXT_STEP {
        return vec![write(added)];
    }
    let mut steps = Vec::new();
    let mut left = removed.len();
    while left > 0 {
        left = left.saturating_sub(TEXT_STEP);
        steps.push(write(&removed[..left]));
    }
    let mut written = 0;
    while written < added.len() {
        written = (written + TEXT_STEP).min(added.len());
        steps.push(write(&added[..written]));
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_written_in_small_steps_that_end_where_they_should() {
        let from = format!("前{}後", "あ".repeat(350));
        let to = format!("前{}後", "い".repeat(450));
        let steps = text_steps(TextName::Plan, &from, &to);
        let values: Vec<String> = steps
            .iter()
            .map(|step| match step {
                Intent::Write { value, .. } => value.clone(),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(values.last(), Some(&to));
        let mut before = from;
        for value in values {
            let change = before.chars().count().abs_diff(value.chars().count());
            assert!((1..=TEXT_STEP).contains(&change));
            before = value;
        }
    }
}
