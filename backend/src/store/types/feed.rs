//! Where a device stands in its scopes, and what it missed.

use sync_core::digest::{Digest, FeedState};
use sync_core::ids::{DocumentId, ScopeId};
use sync_core::wire::{DocumentPart, PartCursor};

/// Where a device stands in a scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedScope {
    /// The scope.
    pub scope: ScopeId,
    /// Epoch and sequence, when it has been there before.
    pub cursor: Option<([u8; 16], u64)>,
    /// Entries below this have not been taken yet. Counts only with a cursor that holds.
    pub below: Option<u64>,
}

impl WantedScope {
    /// Where a page begins: the sequence up to which everything is there, and the number below which older entries are
    /// missing.
    pub fn start(&self, scope: &ScopeRow) -> (u64, Option<u64>) {
        match self.cursor {
            Some((epoch, seq)) if epoch == scope.epoch && seq <= scope.seq => {
                (seq, self.below.filter(|below| *below > 1))
            }
            _ if scope.seq == 0 => (0, None),
            _ => (scope.seq, Some(scope.seq + 1)),
        }
    }
}

/// How a scope stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopeRow {
    /// The scope.
    pub scope: ScopeId,
    /// Its epoch.
    pub epoch: [u8; 16],
    /// Its last sequence number.
    pub seq: u64,
    /// Documents present.
    pub document_count: u64,
    /// Its digest.
    pub digest: Digest,
}

/// A page of one scope's feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedPage {
    /// How the scope stands at this moment.
    pub scope: ScopeRow,
    /// Document, sequence, state. First what is new, ascending by sequence; then older ones, descending.
    pub entries: Vec<(DocumentId, u64, FeedState)>,
    /// The cursor after the page.
    pub next_seq: u64,
    /// Older entries still to come lie below this; `None` when none are missing.
    pub below: Option<u64>,
    /// Whether more follows of either kind.
    pub more: bool,
}

/// Documents of an answer are compressed together, to less than this part of their bytes.
const TOGETHER: u64 = 2;

/// How much of documents an answer may hold.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PageSize {
    /// About so many bytes.
    pub bytes: u64,
    /// Whether a document that is larger comes in parts; else it comes whole.
    pub in_parts: bool,
    /// The document of which the device has parts.
    pub part: Option<PartCursor>,
}

impl PageSize {
    /// For a device that takes documents whole.
    pub fn whole(bytes: u64) -> Self {
        Self { bytes, in_parts: false, part: None }
    }

    /// What a whole document of so many bytes takes of it.
    pub fn weight(&self, document: u64) -> u64 {
        if self.in_parts { document / TOGETHER } else { document }
    }

    /// About the most that whole documents of an answer come to, in bytes.
    pub fn document_bytes(&self) -> u64 {
        if self.in_parts { self.bytes.saturating_mul(TOGETHER) } else { self.bytes }
    }

    /// For a device that takes parts: the largest of which the documents of an answer come to no more than this.
    pub fn in_parts(bytes: u64, documents: u64, part: Option<PartCursor>) -> Self {
        Self { bytes: bytes.min(documents / TOGETHER), in_parts: true, part }
    }
}

/// What a device missed, as one consistent look at the store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pull {
    /// In the order asked for.
    pub pages: Vec<FeedPage>,
    /// Saved bytes of the documents the pages name, once each.
    pub documents: Vec<(DocumentId, Vec<u8>)>,
    /// Part of a document too large for one answer. The pages end before it unless it is the last part.
    pub part: Option<DocumentPart>,
    /// The whole document of which that is the last part.
    pub joined: Option<Vec<u8>>,
    /// Documents of the scopes whose stored copy is damaged or missing. Their bytes are not among `documents`.
    pub damaged: Vec<DocumentId>,
    /// The registry's version.
    pub registry_version: u64,
}
