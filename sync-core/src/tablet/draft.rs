//! What a person is typing, before it is an edit: kept on the disk, and made one edit when they leave the box, pause, or
//! the tablet starts again.
//!
//! A draft is a single row under the record and the place where it is typed, which a box on a screen chooses anew for each
//! visit. A version that does not know drafts leaves such rows alone.
//! Invariants: a draft is no part of its record, is not sent and has no history, and counts as unsent; in one transaction
//! its row goes and the edit's comes; whoever goes on typing where a draft was made an edit meanwhile goes on from there.
//! Source: SPEC TAB-11, TAB-12.

use std::collections::BTreeMap;

use minicbor::{Decode, Encode};

use super::row::{IntentRow, decode, encode, intent_key};
use super::{Refusal, Table, Tablet, Waiting, Write};
use crate::document::Kind;
use crate::domain::{Intent, IntentError};
use crate::ids::{DocumentId, is_slug};
use crate::time::Timestamp;

const PREFIX: &str = "draft/";
/// A draft that has stood so long becomes an edit.
const PAUSE_MS: u64 = 10_000;

/// A draft as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
struct Draft {
    /// The edit it will be.
    #[n(0)]
    row: IntentRow,
    /// What the box showed when the person came to it, if it is a long text's.
    #[n(1)]
    seen: Option<String>,
}

/// The drafts of a tablet, by key.
#[derive(Debug, Default)]
pub(super) struct Drafts {
    open: BTreeMap<String, (Draft, Timestamp)>,
    /// Drafts that became an edit while somebody may still be typing: what the box showed, and what was written.
    written: BTreeMap<String, (String, String)>,
}

impl Drafts {
    /// Reads the rows of drafts; returns the number of those that cannot be read.
    pub fn restore(&mut self, meta: &BTreeMap<String, Vec<u8>>, now: Timestamp) -> usize {
        let rows: Vec<_> = meta.iter().filter(|(key, _)| key.starts_with(PREFIX)).collect();
        let read = rows.iter().filter_map(|(key, bytes)| Some(((*key).clone(), (decode::<Draft>(bytes)?, now))));
        self.open.extend(read);
        rows.len() - self.open.len()
    }

    /// When the next draft becomes an edit.
    pub fn next(&self) -> Option<Timestamp> {
        self.open.values().map(|(_, due)| *due).min()
    }

    /// Where something is being typed into a record.
    pub fn places(&self, document: DocumentId) -> Vec<String> {
        let prefix = format!("{PREFIX}{document}/");
        self.open.keys().filter_map(|key| key.strip_prefix(&prefix)).map(str::to_owned).collect()
    }

    /// The records into which something is being typed, each as often as it is.
    pub fn documents(&self) -> impl Iterator<Item = DocumentId> {
        self.open.values().map(|(draft, _)| draft.row.document)
    }

    /// Forgets the drafts of a record; returns the keys of their rows.
    pub fn forget(&mut self, document: DocumentId) -> Vec<String> {
        self.open.extract_if(.., |_, (draft, _)| draft.row.document == document).map(|(key, _)| key).collect()
    }

    /// The clock went back: nothing waits longer than it would have.
    pub fn rewind(&mut self, now: Timestamp) {
        for (_, due) in self.open.values_mut() {
            *due = (*due).min(now.plus_ms(PAUSE_MS));
        }
    }
}

/// What a person has typed so far.
pub(super) struct Typed {
    pub document: DocumentId,
    pub kind: Kind,
    pub by: String,
    pub intent: Intent,
    /// The visit to the box.
    pub place: String,
    /// They left it.
    pub ends: bool,
}

impl Tablet {
    /// Keeps what is being typed, and makes it an edit when the person has left the box. Something is stored every time.
    pub(super) fn draft(&mut self, now: Timestamp, typed: Typed) -> Result<(), Refusal> {
        let Typed { document, kind, by, intent, place, ends } = typed;
        let mut intent = intent.cleaned();
        self.may_record(document, kind, &intent)?;
        if !is_slug(&place) {
            return Err(IntentError::Field(place.chars().take(80).collect()).into());
        }
        let key = format!("{PREFIX}{document}/{place}");

        let seen = match &mut intent {
            Intent::Write { base: Some(base), .. } => {
                let seen = base.clone();
                match self.drafts.written.get(&key) {
                    Some((shown, written)) if *shown == seen => base.clone_from(written),
                    Some(_) | None => {}
                }
                Some(seen)
            }
            _ => None,
        };
        let text = serde_json::to_string(&intent).map_err(|_| IntentError::TextLength)?;
        let draft = Draft { row: IntentRow { document, kind, by, at: now, intent: text }, seen };
        if ends {
            self.drafts.written.remove(&key);
            self.end_draft(key, draft);
            return Ok(());
        }
        let value = Some(encode(&draft));
        self.drafts.open.insert(key.clone(), (draft, now.plus_ms(PAUSE_MS)));
        let then = Waiting::Confirm { rows: Vec::new(), shown: vec![document] };
        self.persist(vec![Write { table: Table::Meta, key, value }], then);
        Ok(())
    }

    /// Makes edits of the drafts whose time has come.
    pub(super) fn end_drafts_due(&mut self, now: Timestamp) {
        let due: Vec<(String, Draft)> =
            self.drafts.open.extract_if(.., |_, (_, due)| *due <= now).map(|(key, (draft, _))| (key, draft)).collect();
        for (key, draft) in due {
            let written = match Intent::read(&draft.row.intent) {
                Some(Intent::Write { value, .. }) => draft.seen.clone().zip(Some(value)),
                Some(_) | None => None,
            };
            if let Some(written) = written {
                self.drafts.written.insert(key.clone(), written);
            }
            self.end_draft(key, draft);
        }
    }

    /// In one transaction the row of the draft goes and that of the edit comes.
    fn end_draft(&mut self, key: String, draft: Draft) {
        self.drafts.open.remove(&key);
        let number = self.next_intent;
        self.next_intent += 1;
        let writes = vec![
            Write { table: Table::Meta, key, value: None },
            Write { table: Table::Intent, key: intent_key(number), value: Some(encode(&draft.row)) },
            Write { table: Table::Meta, key: "intent".to_owned(), value: Some(encode(&self.next_intent)) },
        ];
        self.stored_intents.insert(number, draft.row);
        self.persist(writes, Waiting::Intent(number));
    }
}
