//! The records on this tablet: saved bytes of all, opened documents of a few.
//!
//! Invariant: an opened document with pending edits is never closed; the saved bytes of an entry never lack a change
//! that its outbox holds.

use std::collections::{BTreeMap, BTreeSet};

use super::row::{DeclinedRow, DocumentRow, EditRow, HeldRow, OutboxRow, encode};
use crate::digest::{Digest, FeedState};
use crate::document::{Document, EditError, Heads, Kind, LoadError};
use crate::domain::{Facts, facts};
use crate::ids::{ActorId, ChangeHash, DocumentId, ScopeId};
use crate::sync::{Outbox, Queued};
use crate::time::Timestamp;

/// Documents kept open besides those with pending edits.
const OPEN: usize = 16;

/// One record on this tablet.
pub(super) struct Entry {
    pub kind: Kind,
    pub saved: Vec<u8>,
    /// Heads of `saved`, computed from it.
    pub heads: Heads,
    pub facts: Facts,
    pub scopes: BTreeSet<ScopeId>,
    /// The shelf's revision when its content last changed here, or the server last took something of it in.
    pub touched: u64,
    /// Own changes the server keeps in custody.
    pub held: BTreeMap<ChangeHash, Held>,
    /// Changes in custody whose edits were made anew.
    pub replaces: Vec<ChangeHash>,
    /// What the waiting changes were made of.
    pub edits: BTreeMap<ChangeHash, Vec<EditRow>>,
    /// The server said the record left this device's scopes; it goes when nothing of its own waits.
    pub leaving: bool,
    pub outbox: Outbox,
    /// The heads of the copy the server last sent. Not stored.
    pub sent_heads: Option<Heads>,
    /// The server lacks what its waiting changes follow. Read by [`Entry::stuck`]. Not stored: after a start it is tried
    /// at once.
    pub told_stuck: Option<Stuck>,
    /// The first of its waiting changes did not get through although it went alone. Not stored.
    pub oversized: Option<Oversized>,
    open: Option<Box<Document>>,
}

/// A record that waits for changes the server does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stuck {
    /// How many times in a row it was told so.
    pub failures: u32,
    /// It is not sent before this time, unless a person wishes it.
    pub not_before: Timestamp,
}

/// A change that did not get through although it was sent alone: it waits by itself, and others go before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Oversized {
    /// Its bytes.
    pub bytes: u64,
    /// Whether it was called too large; else the line broke.
    pub refused: bool,
    /// How many times in a row.
    pub failures: u32,
    /// It is not sent before this time, unless a person wishes it.
    pub not_before: Timestamp,
}

/// Why a change is in custody, and what a person said to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Held {
    pub code: String,
    pub declined: Option<DeclinedRow>,
}

/// All records.
pub(super) struct Shelf {
    actor: ActorId,
    entries: BTreeMap<DocumentId, Entry>,
    /// Counts the changes of content on this tablet.
    revision: u64,
    /// Least recently used first.
    opened: Vec<DocumentId>,
}

impl Shelf {
    pub fn new(actor: ActorId) -> Self {
        Self { actor, entries: BTreeMap::new(), revision: 0, opened: Vec::new() }
    }

    /// Documents opened from here on are written under another number, which is returned.
    pub fn next_writer(&mut self) -> u32 {
        let writer = self.actor.writer().wrapping_add(1);
        self.actor = ActorId::new(self.actor.device(), writer);
        writer
    }

    /// The revision is no lower than one that was written down before.
    pub fn reached(&mut self, revision: u64) {
        self.revision = self.revision.max(revision);
    }

    /// The revision the shelf has reached.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    pub fn get(&self, id: DocumentId) -> Option<&Entry> {
        self.entries.get(&id)
    }

    pub fn get_mut(&mut self, id: DocumentId) -> Option<&mut Entry> {
        self.entries.get_mut(&id)
    }

    pub fn iter(&self) -> impl Iterator<Item = (DocumentId, &Entry)> {
        self.entries.iter().map(|(id, entry)| (*id, entry))
    }

    pub fn ids(&self) -> Vec<DocumentId> {
        self.entries.keys().copied().collect()
    }

    /// Puts back a row read from the host's store.
    pub fn restore(&mut self, id: DocumentId, row: DocumentRow) -> Result<(), LoadError> {
        let mut document = Document::load(&row.saved)?;
        if document.id() != id {
            return Err(LoadError::Genesis);
        }
        let entry = Entry {
            kind: document.kind(),
            heads: document.heads(),
            facts: facts(&document),
            saved: row.saved,
            scopes: super::row::scopes_of(&row.scopes),
            touched: row.touched,
            held: row.held.into_iter().map(|h| (h.hash, Held { code: h.code, declined: h.declined })).collect(),
            replaces: row.replaces,
            edits: BTreeMap::new(),
            leaving: row.leaving,
            outbox: Outbox::default(),
            sent_heads: None,
            told_stuck: None,
            oversized: None,
            open: None,
        };
        self.revision = self.revision.max(entry.touched);
        self.entries.insert(id, entry);
        Ok(())
    }

    /// The opened document, created from its genesis when there is none of this id.
    pub fn open(&mut self, id: DocumentId, kind: Kind) -> Result<&mut Document, EditError> {
        let actor = self.actor;
        self.opened.retain(|other| *other != id);
        self.opened.push(id);
        let entry = match self.entries.entry(id) {
            std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::btree_map::Entry::Vacant(vacant) => {
                let mut document = Document::genesis(id, kind)?;
                document.write_as(actor);
                vacant.insert(Entry {
                    kind,
                    saved: document.save(),
                    heads: document.heads(),
                    facts: facts(&document),
                    scopes: BTreeSet::new(),
                    touched: 0,
                    held: BTreeMap::new(),
                    replaces: Vec::new(),
                    edits: BTreeMap::new(),
                    leaving: false,
                    outbox: Outbox::default(),
                    sent_heads: None,
                    told_stuck: None,
                    oversized: None,
                    open: Some(Box::new(document)),
                })
            }
        };
        let document = match entry.open.take() {
            Some(document) => document,
            None => {
                // saved bytes were loaded once already; were they unreadable now, the record begins anew and the
                // server's copy and the outbox bring everything back
                let loaded = Document::load(&entry.saved).or_else(|_| Document::genesis(id, entry.kind));
                let mut document = Box::new(loaded?);
                document.write_as(actor);
                document
            }
        };
        Ok(entry.open.insert(document))
    }

    /// Puts another document in place of the opened one, to be written from here on by this device.
    pub fn replace(&mut self, id: DocumentId, mut document: Document) {
        document.write_as(self.actor);
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.open = Some(Box::new(document));
        }
    }

    /// A look at the record with its pending edits.
    pub fn read<T>(&self, id: DocumentId, look: impl FnOnce(&Document) -> T) -> Option<T> {
        let entry = self.entries.get(&id)?;
        match &entry.open {
            Some(document) => Some(look(document)),
            None => Document::load(&entry.saved).ok().map(|document| look(&document)),
        }
    }

    /// The opened document's content has changed: saves it. Pending edits must have been committed.
    pub fn save(&mut self, id: DocumentId) {
        self.revision += 1;
        if let Some(entry) = self.entries.get_mut(&id)
            && let Some(document) = &mut entry.open
        {
            entry.saved = document.save();
            entry.heads = document.heads();
            entry.facts = facts(document);
            entry.touched = self.revision;
        }
    }

    /// The server took something of a record in: what was compared before does not hold for it.
    pub fn touch(&mut self, id: DocumentId) {
        self.revision += 1;
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.touched = self.revision;
        }
    }

    /// Refreshes what lists show of a record with pending edits.
    pub fn refresh(&mut self, id: DocumentId) {
        if let Some(entry) = self.entries.get_mut(&id)
            && let Some(document) = &entry.open
        {
            entry.facts = facts(document);
        }
    }

    /// Closes all but the last few opened documents, apart from those `busy` with pending edits.
    pub fn close_idle(&mut self, busy: impl Fn(DocumentId) -> bool) {
        let mut excess = self.opened.len().saturating_sub(OPEN);
        let entries = &mut self.entries;
        self.opened.retain(|id| {
            let close = excess > 0 && !busy(*id);
            if close {
                excess -= 1;
                if let Some(entry) = entries.get_mut(id) {
                    entry.open = None;
                }
            }
            !close
        });
    }

    pub fn remove(&mut self, id: DocumentId) {
        self.entries.remove(&id);
        self.opened.retain(|other| *other != id);
    }

    /// The documents of a scope.
    pub fn in_scope(&self, scope: &ScopeId) -> Vec<DocumentId> {
        self.iter().filter(|(_, entry)| entry.scopes.contains(scope)).map(|(id, _)| id).collect()
    }

    /// What each document of a scope adds to its digest, computed from its content, or as the server has it where that is
    /// less: see [`Entry::heads_at_server`].
    pub fn contributions(&self, scope: &ScopeId) -> impl Iterator<Item = (DocumentId, Digest)> {
        self.iter()
            .filter(move |(_, entry)| entry.scopes.contains(scope))
            .map(|(id, entry)| (id, Digest::of(id, FeedState::Present, &entry.heads_at_server())))
    }

    /// Number and digest of the documents of a scope.
    pub fn digest(&self, scope: &ScopeId) -> (u64, Digest) {
        let add = |(count, sum): (u64, Digest), (_, contribution)| (count + 1, sum.plus(contribution));
        self.contributions(scope).fold((0, Digest::ZERO), add)
    }
}

impl Entry {
    /// Whether, and since when, it waits for changes the server does not have.
    pub fn stuck(&self) -> Option<Stuck> {
        self.told_stuck.filter(|_| !self.outbox.is_empty())
    }

    /// Until when its waiting changes wait by themselves; `None`: they do not.
    pub fn waits_until(&self) -> Option<Timestamp> {
        let oversized = self.oversized.filter(|_| !self.outbox.is_empty());
        self.stuck().map(|stuck| stuck.not_before).max(oversized.map(|oversized| oversized.not_before))
    }

    /// Whether its waiting changes may be sent, as far as the record itself is concerned.
    pub fn may_be_sent(&self, now: Timestamp) -> bool {
        self.waits_until().is_none_or(|at| at <= now)
    }

    /// The heads that the server's copy should have: without changes in custody, and of a record that waits for what the
    /// server has lost, those of the copy it sent. A wrong belief does no harm: no other set of heads gives the same sum.
    fn heads_at_server(&self) -> Heads {
        if self.stuck().is_none() && self.held.is_empty() {
            return self.heads.clone();
        }
        if let (Some(_), Some(sent)) = (self.stuck(), &self.sent_heads) {
            return sent.clone();
        }
        let waits = self.stuck().map(|_| self.outbox.iter().map(|queued| queued.change.hash));
        let waiting: BTreeSet<ChangeHash> = waits.into_iter().flatten().collect();
        let left_out = |hash: &ChangeHash| self.held.contains_key(hash) || waiting.contains(hash);
        Document::load(&self.saved).map(|mut document| document.heads_without(&left_out)).unwrap_or_default()
    }

    /// The row that stores this entry.
    pub fn row(&self) -> Vec<u8> {
        let held = self.held.iter().map(|(hash, held)| HeldRow {
            hash: *hash,
            code: held.code.clone(),
            declined: held.declined.clone(),
        });
        encode(&DocumentRow {
            saved: self.saved.clone(),
            scopes: self.scopes.iter().map(ToString::to_string).collect(),
            touched: self.touched,
            held: held.collect(),
            leaving: self.leaving,
            replaces: self.replaces.clone(),
        })
    }

    /// The row that stores a waiting change.
    pub fn outbox_row(&self, queued: &Queued) -> Vec<u8> {
        encode(&OutboxRow {
            hash: queued.change.hash,
            bytes: queued.change.bytes.clone(),
            again: queued.again,
            edits: self.edits.get(&queued.change.hash).cloned().unwrap_or_default(),
        })
    }
}
