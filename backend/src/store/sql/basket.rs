//! What one answer to a tablet carries: small documents as they are read with the feed, large ones after that, and of one
//! that is larger than a page a part.
//!
//! Invariant: an entry is taken only when its document is carried whole, known to the tablet, or damaged.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use sync_core::digest::FeedState;
use sync_core::document::Heads;
use sync_core::ids::DocumentId;
use sync_core::wire::{DocumentPart, PartCursor, Place};

use super::batch::Select;
use super::dialect::{Connection, Row, failed};
use super::documents::{document_of, state_of};
use super::{corrupt, get, integer, statements as sql, unsigned};
use crate::store::StoreError;
use crate::store::types::{FeedPage, PageSize};

/// About what a feed entry takes on the wire, in bytes.
const ENTRY_BYTES: u64 = 32;
/// A part is no smaller, unless it is the last.
const LEAST_PART: u64 = 1 << 10;
/// The content of documents, whatever its size.
pub(super) const WHOLE: Select = Select::by_document("SELECT snapshot FROM document");

/// What an answer carries, up to about the size of a page.
pub(super) struct Basket<'a> {
    known: &'a HashMap<DocumentId, Heads>,
    page: &'a PageSize,
    /// What everything taken comes to, with the large ones.
    bytes: u64,
    pub documents: Vec<(DocumentId, Vec<u8>)>,
    /// Documents taken whose content did not come with their rows.
    large: Vec<DocumentId>,
    /// The state in which each document was taken, or was known.
    carried: HashMap<DocumentId, Heads>,
    /// Part of a document that does not fit into one answer.
    pub part: Option<DocumentPart>,
    /// The whole document of which that is the last part.
    pub joined: Option<Vec<u8>>,
    /// The document that nothing goes past before it is whole.
    blocked: Option<DocumentId>,
    /// Whether a document was met in two states, which one look at everything never does.
    torn: bool,
    pub damaged: HashSet<DocumentId>,
}

impl<'a> Basket<'a> {
    pub fn new(known: &'a HashMap<DocumentId, Heads>, page: &'a PageSize) -> Self {
        Self {
            known,
            page,
            bytes: 0,
            documents: Vec::new(),
            large: Vec::new(),
            carried: HashMap::new(),
            part: None,
            joined: None,
            blocked: None,
            torn: false,
            damaged: HashSet::new(),
        }
    }

    /// One entry always fits, so that every exchange gets on.
    pub fn is_full(&self) -> bool {
        self.blocked.is_some() || (self.bytes > 0 && self.bytes >= self.page.bytes)
    }

    /// Whether everything taken is here, each document in one state.
    pub fn is_complete(&self) -> bool {
        self.damaged.is_empty() && self.large.is_empty() && self.blocked.is_none() && !self.torn
    }

    /// Takes the document of a row along, unless it is there, known to the tablet, or damaged. `false`: it is too large
    /// for this answer.
    pub fn put(&mut self, row: &Row, even_if_known: bool) -> Result<bool, StoreError> {
        let document = document_of(row)?;
        if self.damaged.contains(&document) {
            return Ok(true);
        }
        let (Some(heads), Some(size)) = (get::<Option<&[u8]>>(row, "heads")?, get::<Option<i64>>(row, "size")?) else {
            // the feed names it and it is not there
            self.damaged.insert(document);
            return Ok(true);
        };
        let heads = Heads::from_bytes(heads).ok_or(corrupt("document", "heads"))?;
        match self.carried.entry(document) {
            Entry::Occupied(before) => self.torn |= *before.get() != heads,
            Entry::Vacant(place) => {
                if even_if_known || self.known.get(&document) != Some(&heads) {
                    if self.page.in_parts && unsigned(size) > self.page.bytes {
                        self.blocked = Some(document);
                        return Ok(false);
                    }
                    self.bytes += self.page.weight(unsigned(size));
                    match get(row, "snapshot")? {
                        Some(snapshot) => self.documents.push((document, snapshot)),
                        None => self.large.push(document),
                    }
                }
                place.insert(heads);
            }
        }
        Ok(true)
    }

    /// Takes an entry of a feed along; its number, or `None` when its document is too large for this answer.
    pub fn take(&mut self, row: &Row, page: &mut FeedPage) -> Result<Option<u64>, StoreError> {
        let (state, seq) = (state_of(get(row, "state")?)?, unsigned(get(row, "seq")?));
        if state == FeedState::Present && !self.put(row, false)? {
            return Ok(None);
        }
        self.bytes += ENTRY_BYTES;
        page.entries.push((document_of(row)?, seq, state));
        Ok(Some(seq))
    }

    /// Goes on with the document that comes in parts, as long as it is in the state of which the tablet has parts. With
    /// its last part it is carried.
    pub async fn go_on(
        &mut self,
        connection: &mut Connection,
        tenant: &str,
        cursor: &PartCursor,
    ) -> Result<(), StoreError> {
        let Some(part) = read_part(connection, tenant, cursor.document, cursor.offset, self.page.bytes).await? else {
            return Ok(());
        };
        if part.heads != cursor.heads || part.bytes.is_empty() || self.damaged.contains(&cursor.document) {
            return Ok(());
        }
        self.bytes += part.bytes.len() as u64;
        if cursor.offset.saturating_add(part.bytes.len() as u64) == part.place.size {
            self.carried.insert(part.document, part.heads.clone());
            let whole = WHOLE.of(connection, tenant, &[cursor.document]).await?;
            self.joined = whole.first().map(|row| get(row, "snapshot")).transpose()?;
        }
        self.part = Some(part);
        Ok(())
    }

    /// Reads the large ones, one after the other: together no more than a page takes. Then begins the one that is larger
    /// than a page.
    pub async fn fetch_large(&mut self, connection: &mut Connection, tenant: &str) -> Result<(), StoreError> {
        for document in std::mem::take(&mut self.large) {
            if let Some(row) = WHOLE.of(connection, tenant, &[document]).await?.first() {
                self.documents.push((document, get(row, "snapshot")?));
            }
        }
        if let (Some(document), None) = (self.blocked, &self.part) {
            let bytes = self.page.bytes.saturating_sub(self.bytes).max(LEAST_PART);
            self.part = read_part(connection, tenant, document, 0, bytes).await?;
        }
        Ok(())
    }
}

/// At most so many bytes of a document from a place on; `None`: it is not there.
async fn read_part(
    connection: &mut Connection,
    tenant: &str,
    document: DocumentId,
    offset: u64,
    bytes: u64,
) -> Result<Option<DocumentPart>, StoreError> {
    let query = sqlx::query(sql::PART_OF_DOCUMENT).bind(tenant).bind(&document.as_bytes()[..]);
    let query = query.bind(integer(offset.saturating_add(1).min(i32::MAX as u64))).bind(integer(bytes));
    let Some(row) = query.fetch_optional(connection).await.map_err(failed)? else { return Ok(None) };
    Ok(Some(DocumentPart {
        document,
        heads: Heads::from_bytes(get(&row, "heads")?).ok_or(corrupt("document", "heads"))?,
        place: Place { offset, size: unsigned(get(&row, "size")?) },
        bytes: get(&row, "part")?,
    }))
}
