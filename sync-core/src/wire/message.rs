//! Requests and answers of `POST /v1/sync` and `POST /v1/audit`. Field numbers are the wire format and are never reused.

use minicbor::{Decode, Encode};

use super::ids as id;
use super::part::{DocumentPart, PartCursor, Place, RegistryCursor};
use super::room::{self, Room};
use crate::digest::{Buckets, Digest, FeedState};
use crate::document::{Heads, Kind};
use crate::ids::{ChangeHash, DeviceId, DocumentId, ScopeId};
use crate::time::Timestamp;

/// The protocol spoken here.
pub const PROTOCOL: u16 = 1;

/// What a device sends: everything unsent, as far as one request holds, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map, context_bound = "Room")]
pub struct SyncRequest {
    /// [`PROTOCOL`] of the sender.
    #[n(0)]
    pub protocol: u16,
    /// The device's clock when it sent this; recorded, never used for ordering.
    #[cbor(n(1), with = "id::time")]
    pub clock: Timestamp,
    /// Unsent changes by document.
    #[cbor(n(2), with = "room::pushes")]
    pub pushes: Vec<DocumentPush>,
    /// Where the device stands in each scope it knows.
    #[cbor(n(3), with = "room::cursors")]
    pub cursors: Vec<ScopeCursor>,
    /// Version of the registry it holds; 0 for none.
    #[n(4)]
    pub registry_version: u64,
    /// About how many bytes of documents the answer may hold. See [`SyncRequest::takes_parts`].
    #[n(5)]
    pub page_bytes: u64,
    /// Documents to be sent whole, wherever the cursors stand.
    #[cbor(n(6), with = "id::documents", default)]
    pub wanted: Vec<DocumentId>,
    /// Own changes this device believes to be in custody; the answer names those that a person has decided on.
    #[cbor(n(7), with = "id::hashes", default)]
    pub held: Vec<ChangeHash>,
    /// The document that comes in parts, and how far it is here.
    #[n(8)]
    pub part: Option<PartCursor>,
    /// The same of the registry.
    #[n(9)]
    pub registry_part: Option<RegistryCursor>,
    /// Version of the names it holds, 0 for none; absent: it asks for no names.
    #[n(10)]
    pub names_version: Option<u64>,
    /// Names asked for, of people and tablets that wrote in records here.
    #[cbor(n(11), with = "room::names", default, skip_if = "Vec::is_empty")]
    pub names: Vec<AskedName>,
    /// Which disk speaks; absent once the server has answered it.
    #[n(24)]
    pub disk: Option<DiskMark>,
}

/// A name that is asked for. The record shows that the asking device needs it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct AskedName {
    /// A record of the device's scopes in which they wrote.
    #[cbor(n(0), with = "id::document")]
    pub record: DocumentId,
    /// Whose name.
    #[n(1)]
    pub of: Author,
}

/// Someone who writes in records.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub enum Author {
    /// A person, by registry id.
    #[n(0)]
    Person(#[n(0)] String),
    /// A tablet.
    #[n(1)]
    Device(#[cbor(n(0), with = "id::device")] DeviceId),
}

/// Tells two copies of one tablet's disk apart: each opening takes a number of its own and names the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct DiskMark {
    /// The number the server answered last; absent on a new tablet.
    #[n(0)]
    pub was: Option<u64>,
    /// The number of this disk from now on, random.
    #[n(1)]
    pub is: u64,
}

impl Default for SyncRequest {
    /// Nothing to push, no scope known.
    fn default() -> Self {
        Self {
            protocol: PROTOCOL,
            clock: Timestamp(0),
            pushes: Vec::new(),
            cursors: Vec::new(),
            registry_version: 0,
            page_bytes: 0,
            wanted: Vec::new(),
            held: Vec::new(),
            part: None,
            registry_part: None,
            names_version: None,
            names: Vec::new(),
            disk: None,
        }
    }
}

/// Unsent changes of one document, in the order they were made.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map, context_bound = "Room")]
pub struct DocumentPush {
    /// The document.
    #[cbor(n(0), with = "id::document")]
    pub document: DocumentId,
    /// Its kind; with the id it fixes the genesis.
    #[cbor(n(1), with = "id::kind")]
    pub kind: Kind,
    /// Heads on the device, these changes included. The answer leaves out a document whose heads are the same.
    #[cbor(n(2), with = "id::heads")]
    pub heads: Heads,
    /// Automerge change chunks, uncompressed. On the wire a change that follows the one before it leaves out what
    /// that one tells already.
    #[cbor(n(3), with = "super::changes")]
    pub changes: Vec<minicbor::bytes::ByteVec>,
    /// These changes were acknowledged before and are offered again, because the server may have lost them.
    #[cbor(n(4), default)]
    pub again: bool,
    /// Changes in custody whose edits these changes make anew: they can no longer be let in.
    #[cbor(n(5), with = "id::hashes", default)]
    pub replaces: Vec<ChangeHash>,
}

impl DocumentPush {
    /// Changes pushed for the first time.
    pub fn new(document: DocumentId, kind: Kind, heads: Heads, changes: Vec<minicbor::bytes::ByteVec>) -> Self {
        Self { document, kind, heads, changes, again: false, replaces: Vec::new() }
    }
}

/// Where a device stands in a scope's feed.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ScopeCursor {
    /// The scope.
    #[cbor(n(0), with = "id::scope")]
    pub scope: ScopeId,
    /// The epoch the sequence belongs to; absent before the first answer.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub epoch: Option<[u8; 16]>,
    /// The last sequence number taken in.
    #[n(2)]
    pub seq: u64,
    /// Entries below this number have not been taken in yet; absent when none are missing.
    #[n(3)]
    pub below: Option<u64>,
}

/// What the server answers, after everything it acknowledges is durable.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct SyncResponse {
    /// [`PROTOCOL`] of the sender.
    #[n(0)]
    pub protocol: u16,
    /// The server's clock.
    #[cbor(n(1), with = "id::time")]
    pub clock: Timestamp,
    /// What became of every pushed change.
    #[n(2)]
    pub receipts: Vec<Receipt>,
    /// One page of every scope the device may hold. A scope the device knows and that is not here is no longer its own.
    #[n(3)]
    pub scopes: Vec<ScopePage>,
    /// The documents the pages name, once each, apart from those the device has already.
    #[n(4)]
    pub documents: Vec<DocumentPayload>,
    /// The registry, when the device holds another version.
    #[n(5)]
    pub registry: Option<RegistryPayload>,
    /// Documents the server has lost or whose copy is damaged: the device offers every change it holds of them.
    #[cbor(n(6), with = "id::documents", default)]
    pub wanted: Vec<DocumentId>,
    /// What people decided on the changes the device named as held.
    #[cbor(n(7), default)]
    pub decisions: Vec<Decision>,
    /// Those of the documents asked for that were destroyed for good.
    #[cbor(n(8), with = "id::documents", default)]
    pub purged: Vec<DocumentId>,
    /// Part of a document too large for this answer. The pages end before its entry unless this is the last of it.
    #[n(9)]
    pub part: Option<DocumentPart>,
    /// Names of the people and tablets that wrote in the documents of this answer, and those asked for. Of somebody asked for
    /// who has none any more it is empty.
    #[n(10)]
    pub names: Option<Names>,
    /// Version of the names, when the device holds another: some that it may hold have changed.
    #[n(11)]
    pub names_version: Option<u64>,
    /// How many of the names asked for, from the first, were looked for; absent when none were.
    #[n(12)]
    pub names_answered: Option<u64>,
    /// When two copies of this device's disk were noticed, ms since the Unix epoch; absent when none were.
    #[n(24)]
    pub copied_at: Option<u64>,
}

impl Default for SyncResponse {
    /// Nothing pushed, no scope held.
    fn default() -> Self {
        Self {
            protocol: PROTOCOL,
            clock: Timestamp(0),
            receipts: Vec::new(),
            scopes: Vec::new(),
            documents: Vec::new(),
            registry: None,
            wanted: Vec::new(),
            decisions: Vec::new(),
            purged: Vec::new(),
            part: None,
            names: None,
            names_version: None,
            names_answered: None,
            copied_at: None,
        }
    }
}

/// What became of the changes pushed to one document, in the order they were pushed.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Receipt {
    /// The document.
    #[cbor(n(0), with = "id::document")]
    pub document: DocumentId,
    /// Runs of changes with the same outcome.
    #[n(1)]
    pub runs: Vec<Run>,
}

/// Consecutive pushed changes with the same outcome, named by the last of them.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Run {
    /// What became of them.
    #[n(0)]
    pub outcome: Outcome,
    /// How many.
    #[n(1)]
    pub count: u64,
    /// Name of the last.
    #[cbor(n(2), with = "id::hash")]
    pub last: ChangeHash,
    /// Why they are in custody, a stable word.
    #[n(3)]
    pub code: Option<String>,
}

/// What became of a pushed change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Outcome {
    /// Durable, and part of the document.
    #[n(0)]
    Stored,
    /// Was part of the document before.
    #[n(1)]
    Duplicate,
    /// Durable, kept aside for a person to decide.
    #[n(2)]
    Custody,
    /// Not kept: follows a change the server does not have.
    #[n(3)]
    MissingDeps,
    /// Not kept: the document was destroyed for good.
    #[n(4)]
    Purged,
}

/// A page of a scope's feed, and how the whole scope stands at the moment of the answer.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ScopePage {
    /// The scope.
    #[cbor(n(0), with = "id::scope")]
    pub scope: ScopeId,
    /// Changes when the server's store was restored; the page then starts from the beginning.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub epoch: [u8; 16],
    /// What is new since the cursor, in ascending order of `seq`; then what the device does not have yet of before,
    /// newest first. May repeat what the device has.
    #[n(2)]
    pub entries: Vec<FeedEntry>,
    /// The cursor after this page.
    #[n(3)]
    pub next_seq: u64,
    /// Whether more follows, of either part.
    #[n(4)]
    pub more: bool,
    /// Documents present in the scope.
    #[n(5)]
    pub count: u64,
    /// Digest of the scope.
    #[cbor(n(6), with = "id::digest")]
    pub digest: Digest,
    /// Older entries still to come lie below this number; absent when none are missing.
    #[n(7)]
    pub below: Option<u64>,
}

/// The latest word of a scope on one document.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct FeedEntry {
    /// The document.
    #[cbor(n(0), with = "id::document")]
    pub document: DocumentId,
    /// Its place in the feed.
    #[n(1)]
    pub seq: u64,
    /// Whether the scope holds it.
    #[cbor(n(2), with = "id::state")]
    pub state: FeedState,
}

/// A whole document.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct DocumentPayload {
    /// The document.
    #[cbor(n(0), with = "id::document")]
    pub document: DocumentId,
    /// Saved bytes.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub snapshot: Vec<u8>,
}

/// Names by id, in order of id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Names {
    /// Of people, by registry id.
    #[n(0)]
    pub people: Vec<Name>,
    /// Of tablets, by id as text.
    #[n(1)]
    pub devices: Vec<Name>,
}

/// A name.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, serde::Serialize)]
pub struct Name {
    /// Whose.
    #[n(0)]
    pub id: String,
    /// The name.
    #[n(1)]
    pub name: String,
}

/// The registry of the tenant, as JSON that only screens read.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct RegistryPayload {
    /// Its version.
    #[n(0)]
    pub version: u64,
    /// JSON, or part of it.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub json: Vec<u8>,
    /// Where the part belongs; `None`: it is whole.
    #[n(2)]
    pub part: Option<Place>,
}

/// What a person decided on one change in custody.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Decision {
    /// The document.
    #[cbor(n(0), with = "id::document")]
    pub document: DocumentId,
    /// The change.
    #[cbor(n(1), with = "id::hash")]
    pub hash: ChangeHash,
    /// Whether it was let in; else it was declined.
    #[n(2)]
    pub admitted: bool,
    /// The person's words.
    #[n(3)]
    pub reason: String,
    /// The person's name.
    #[n(4)]
    pub by: String,
    /// When.
    #[cbor(n(5), with = "id::time")]
    pub at: Timestamp,
}

/// What a device sends when its digest of a scope differs from the server's: the sums of its buckets.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct AuditRequest {
    /// [`PROTOCOL`] of the sender.
    #[n(0)]
    pub protocol: u16,
    /// The scope.
    #[cbor(n(1), with = "id::scope")]
    pub scope: ScopeId,
    /// The digest of each bucket; a document's bucket is the last byte of its id.
    #[cbor(n(2), with = "id::buckets")]
    pub buckets: Buckets,
    /// About how many bytes the answer may hold, one bucket at least; `None`: all that differs.
    #[n(3)]
    pub page_bytes: Option<u64>,
    /// Buckets below this one were answered before.
    #[cbor(n(4), default)]
    pub from: u8,
}

/// What the server holds in the buckets that differ.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct AuditResponse {
    /// [`PROTOCOL`] of the sender.
    #[n(0)]
    pub protocol: u16,
    /// The scope.
    #[cbor(n(1), with = "id::scope")]
    pub scope: ScopeId,
    /// Its epoch.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub epoch: [u8; 16],
    /// Its last sequence number.
    #[n(3)]
    pub seq: u64,
    /// Numbers of the buckets that differ.
    #[cbor(n(4), with = "minicbor::bytes")]
    pub differing: Vec<u8>,
    /// Every document that the scope's feed names in those buckets.
    #[n(5)]
    pub entries: Vec<AuditEntry>,
    /// The lowest bucket that differs and is not answered here; `None`: all are.
    #[n(6)]
    pub next: Option<u8>,
}

/// A document as the server has it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct AuditEntry {
    /// The document.
    #[cbor(n(0), with = "id::document")]
    pub document: DocumentId,
    /// The heads of its content; none when the server's copy is damaged.
    #[cbor(n(1), with = "id::heads")]
    pub heads: Heads,
    /// How it stands in the scope.
    #[cbor(n(2), with = "id::state")]
    pub state: FeedState,
}
