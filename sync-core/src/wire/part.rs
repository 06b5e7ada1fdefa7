//! What is too large for one answer: which part is asked for, and which part comes.
//!
//! Parts are of one state of a document, or of one version of the registry; a part of another begins with offset 0.

use minicbor::{Decode, Encode};

use super::SyncRequest;
use super::ids as id;
use crate::document::Heads;
use crate::ids::DocumentId;

impl SyncRequest {
    /// Whether what is larger than `page_bytes` may come in parts. Tablets that know parts ask for powers of two; those
    /// that do not ask for 1,000,000 bytes, and get everything whole.
    pub fn takes_parts(&self) -> bool {
        self.page_bytes.is_power_of_two()
    }
}

/// How far a document that comes in parts is here.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(map)]
pub struct PartCursor {
    /// The document.
    #[cbor(n(0), with = "id::document")]
    pub document: DocumentId,
    /// The state of which the parts are.
    #[cbor(n(1), with = "id::heads")]
    pub heads: Heads,
    /// Bytes that are here.
    #[n(2)]
    pub offset: u64,
}

/// How far a registry that comes in parts is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(map)]
pub struct RegistryCursor {
    /// The version of which the parts are.
    #[n(0)]
    pub version: u64,
    /// Bytes that are here.
    #[n(1)]
    pub offset: u64,
}

/// Where a part belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Place {
    /// Bytes before it.
    #[n(0)]
    pub offset: u64,
    /// Bytes of the whole.
    #[n(1)]
    pub size: u64,
}

/// Part of a saved document.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct DocumentPart {
    /// The document.
    #[cbor(n(0), with = "id::document")]
    pub document: DocumentId,
    /// The state of which this is a part.
    #[cbor(n(1), with = "id::heads")]
    pub heads: Heads,
    /// Where it belongs.
    #[n(2)]
    pub place: Place,
    /// Saved bytes.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub bytes: Vec<u8>,
}
