//! What the server answers a pull with: pages up to the size asked for, and parts of what is larger.

use std::collections::{BTreeMap, BTreeSet};

use sync_core::digest::FeedState;
use sync_core::document::Heads;
use sync_core::ids::{DocumentId, ScopeId};
use sync_core::wire::{
    DocumentPart, DocumentPayload, FeedEntry, PartCursor, Place, ScopeCursor, ScopePage, SyncRequest,
};

use crate::server::{Server, Stored};

/// Entries of a page: few, so that paging happens.
const PAGE: usize = 3;

/// What an answer carries.
pub struct Basket<'a> {
    documents: &'a BTreeMap<DocumentId, Stored>,
    page_bytes: usize,
    bytes: usize,
    taken: BTreeSet<DocumentId>,
    part: Option<DocumentPart>,
    blocked: bool,
    pub carried: Vec<DocumentPayload>,
}

impl<'a> Basket<'a> {
    /// Begins with the next part of the document that comes in parts. `same` is what the tablet has already.
    pub fn new(server: &'a Server, request: &SyncRequest, scopes: &[ScopeId], same: BTreeSet<DocumentId>) -> Self {
        let page_bytes = usize::try_from(request.page_bytes).unwrap();
        let documents = server.stored();
        let (bytes, part, blocked, carried) = (0, None, false, Vec::new());
        let mut basket = Self { documents, page_bytes, bytes, taken: same, part, blocked, carried };
        let asked = request.part.as_ref().filter(|part| server.is_in(&part.document, scopes));
        if let Some(PartCursor { document, heads, offset }) = asked
            && documents.get(document).is_some_and(|stored| stored.heads == *heads)
        {
            basket.put_part(*document, usize::try_from(*offset).unwrap());
            basket.blocked = false;
        }
        basket
    }

    pub fn part(self) -> (Option<DocumentPart>, Vec<DocumentPayload>) {
        (self.part, self.carried)
    }

    fn is_full(&self) -> bool {
        self.blocked || (self.bytes > 0 && self.bytes >= self.page_bytes)
    }

    fn put_part(&mut self, document: DocumentId, offset: usize) {
        let stored = &self.documents[&document];
        let size = stored.saved.len();
        if offset >= size {
            return;
        }
        let end = size.min(offset + self.page_bytes.saturating_sub(self.bytes).max(1));
        let bytes = stored.saved[offset..end].to_vec();
        self.bytes += bytes.len();
        if end == size {
            self.taken.insert(document);
        } else {
            self.blocked = true;
        }
        let place = Place { offset: offset as u64, size: size as u64 };
        let heads: Heads = stored.heads.clone();
        self.part = Some(DocumentPart { document, heads, place, bytes });
    }

    /// Takes a document along; whether it is carried or known.
    pub fn put(&mut self, document: DocumentId, even_if_known: bool) -> bool {
        if self.is_full() {
            return false;
        }
        let carried = self.carried.iter().any(|payload| payload.document == document)
            || self.part.as_ref().is_some_and(|part| part.document == document);
        let Some(stored) = self.documents.get(&document) else { return true };
        if (self.taken.contains(&document) && !even_if_known) || (carried && self.taken.contains(&document)) {
            return true;
        }
        if stored.saved.len() > self.page_bytes {
            if self.part.is_none() {
                self.put_part(document, 0);
            }
            self.blocked = true;
            return false;
        }
        self.bytes += stored.saved.len();
        self.taken.insert(document);
        self.carried.push(DocumentPayload { document, snapshot: stored.saved.clone() });
        true
    }

    /// New entries upwards from the cursor, then older ones downwards; a cursor of another store starts anew.
    pub fn page(&mut self, server: &Server, scope: &ScopeId, cursors: &[ScopeCursor]) -> ScopePage {
        let (epoch, seq, mut all) = server.feed(scope);
        let cursor = cursors.iter().find(|cursor| cursor.scope == *scope);
        let known = cursor.filter(|cursor| cursor.epoch == Some(epoch) && cursor.seq <= seq);
        let (after, mut below) = known.map_or((seq, Some(seq + 1)), |cursor| (cursor.seq, cursor.below));
        all.sort_by_key(|entry| entry.seq);
        let mut entries = Vec::new();
        let mut next_seq = after;
        let mut take = |entry: &FeedEntry, entries: &mut Vec<FeedEntry>| {
            let fits = entries.len() < PAGE && (entry.state != FeedState::Present || self.put(entry.document, false));
            if fits {
                entries.push(entry.clone());
            }
            fits
        };
        let mut newer = all.iter().filter(|entry| entry.seq > after);
        let stopped = newer.find(|entry| {
            let fits = take(entry, &mut entries);
            if fits {
                next_seq = entry.seq;
            }
            !fits
        });
        let mut more = stopped.is_some();
        if !more {
            next_seq = seq;
            let older: Vec<&FeedEntry> =
                all.iter().rev().filter(|entry| below.is_some_and(|below| entry.seq < below)).collect();
            let taken = older.iter().take_while(|entry| take(entry, &mut entries)).count();
            more = taken < older.len();
            below = if more { taken.checked_sub(1).map(|last| older[last].seq).or(below) } else { None };
        }
        let (count, digest) = server.digest(scope);
        ScopePage { scope: scope.clone(), epoch, entries, next_seq, more, count, digest, below }
    }
}
