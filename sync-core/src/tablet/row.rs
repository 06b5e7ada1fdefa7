//! What the host stores: rows of bytes under text keys in five tables. The host never reads them.
//!
//! Invariant: one `persist` effect is one transaction. A row that cannot be read later is left out and counted, and
//! everything is then asked for again.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

use crate::document::Kind;
use crate::ids::{ChangeHash, DocumentId, ScopeId};
use crate::sync::Standing;
use crate::time::Timestamp;
use crate::wire::ids as id;

/// Where a row stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Table {
    /// Saved documents, by document id.
    Document,
    /// Changes not yet acknowledged, by document id and number.
    Outbox,
    /// Edits not yet part of a change, by number.
    Intent,
    /// Standing in each scope, by scope.
    Scope,
    /// Drafts; names; parts of what is not whole yet; and single rows: `writer`, `intent`, `registry`, `exchange`.
    Meta,
}

/// One row read from the host's store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Where it stands.
    pub table: Table,
    /// Its key.
    pub key: String,
    /// Its bytes.
    pub value: Vec<u8>,
}

/// One write: a value, or `None` to delete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// Where.
    pub table: Table,
    /// Under which key.
    pub key: String,
    /// The bytes.
    pub value: Option<Vec<u8>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(super) struct DocumentRow {
    #[cbor(n(0), with = "minicbor::bytes")]
    pub saved: Vec<u8>,
    #[n(1)]
    pub scopes: Vec<String>,
    #[n(2)]
    pub touched: u64,
    /// Hashes of own changes the server keeps in custody, with its code.
    #[n(3)]
    pub held: Vec<HeldRow>,
    #[n(4)]
    pub leaving: bool,
    /// Changes in custody whose edits were made anew; said until the server has them.
    #[cbor(n(5), with = "id::hashes", default)]
    pub replaces: Vec<ChangeHash>,
}

#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(super) struct HeldRow {
    #[cbor(n(0), with = "id::hash")]
    pub hash: ChangeHash,
    #[n(1)]
    pub code: String,
    /// Set when a person has declined it.
    #[n(2)]
    pub declined: Option<DeclinedRow>,
}

#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(super) struct DeclinedRow {
    #[n(0)]
    pub reason: String,
    #[n(1)]
    pub by: String,
    #[cbor(n(2), with = "id::time")]
    pub at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(super) struct OutboxRow {
    #[cbor(n(0), with = "id::hash")]
    pub hash: ChangeHash,
    #[cbor(n(1), with = "minicbor::bytes")]
    pub bytes: Vec<u8>,
    /// Acknowledged before, and offered again.
    #[cbor(n(2), default)]
    pub again: bool,
    /// The edits it was made of, to be made anew should the server not take it. None when it was made of such already.
    #[cbor(n(3), default)]
    pub edits: Vec<EditRow>,
}

#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(super) struct EditRow {
    #[n(0)]
    pub number: u64,
    #[n(1)]
    pub row: IntentRow,
}

#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(super) struct IntentRow {
    #[cbor(n(0), with = "id::document")]
    pub document: DocumentId,
    #[cbor(n(1), with = "id::kind")]
    pub kind: Kind,
    #[n(2)]
    pub by: String,
    #[cbor(n(3), with = "id::time")]
    pub at: Timestamp,
    /// JSON of the intent.
    #[n(4)]
    pub intent: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(super) struct ScopeRow {
    #[cbor(n(0), with = "minicbor::bytes")]
    pub epoch: Option<[u8; 16]>,
    #[n(1)]
    pub seq: u64,
    #[n(2)]
    pub agreed_at: Option<u64>,
    #[n(3)]
    pub differs: bool,
    #[n(4)]
    pub repaired_at: Option<u64>,
    #[n(5)]
    pub agreed_revision: u64,
    #[n(6)]
    pub below: Option<u64>,
    /// No longer held: only the epoch counts.
    #[cbor(n(7), default)]
    pub gone: bool,
}

impl ScopeRow {
    /// The row of a scope that is no longer held.
    pub fn former(epoch: [u8; 16]) -> Self {
        Self { gone: true, ..Self::from(&Standing { epoch: Some(epoch), ..Standing::default() }) }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(super) struct RegistryRow {
    #[n(0)]
    pub version: u64,
    #[cbor(n(1), with = "minicbor::bytes")]
    pub json: Vec<u8>,
}

pub(super) fn encode<T: Encode<()>>(row: &T) -> Vec<u8> {
    let mut bytes = Vec::new();
    // writing to a vector cannot fail
    let _ = minicbor::encode(row, &mut bytes);
    bytes
}

pub(super) fn decode<'b, T: Decode<'b, ()>>(bytes: &'b [u8]) -> Option<T> {
    minicbor::decode(bytes).ok()
}

pub(super) fn outbox_key(document: DocumentId, number: u64) -> String {
    format!("{document}/{number:012}")
}

pub(super) fn read_outbox_key(key: &str) -> Option<(DocumentId, u64)> {
    let (document, number) = key.split_once('/')?;
    Some((document.parse().ok()?, number.parse().ok()?))
}

pub(super) fn intent_key(number: u64) -> String {
    format!("{number:012}")
}

impl From<&Standing> for ScopeRow {
    fn from(standing: &Standing) -> Self {
        Self {
            epoch: standing.epoch,
            seq: standing.seq,
            agreed_at: standing.agreed_at.map(|at| at.0),
            differs: standing.differs,
            repaired_at: standing.repaired_at.map(|at| at.0),
            agreed_revision: standing.agreed_revision,
            below: standing.below,
            gone: false,
        }
    }
}

impl From<ScopeRow> for Standing {
    fn from(row: ScopeRow) -> Self {
        Self {
            epoch: row.epoch,
            seq: row.seq,
            agreed_at: row.agreed_at.map(Timestamp),
            differs: row.differs,
            repaired_at: row.repaired_at.map(Timestamp),
            agreed_revision: row.agreed_revision,
            below: row.below,
            audit: None,
        }
    }
}

pub(super) fn scopes_of(names: &[String]) -> std::collections::BTreeSet<ScopeId> {
    names.iter().filter_map(|name| name.parse().ok()).collect()
}
