//! Nothing from outside can hurt a document: every pushed change is measured, read, checked against the document it
//! claims to belong to, tried on a copy, and the result saved and loaded again, before anyone stores it.
//!
//! Invariants: a change that is let in comes from a writer of the pushing device, is that writer's next, follows only
//! changes of this document, touches no other device's counter, and leaves a document that can be saved and loaded.
//! What fails is answered with a code and kept in custody by the caller; nothing is dropped.
//! Deliberately absent: judging what a record says. A session in the year 9999 passes; projections flag it.

mod limits;
mod structure;

pub use limits::Limits;

use crate::document::{Change, ChangeError, Document, Outline, Writers, hash_of};
use crate::ids::{ChangeHash, DeviceId};

/// Why a change is held in custody. The names are stable: they are stored and shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    /// More bytes than a change may have.
    TooLarge,
    /// More operations, dependencies, actors or message than a change may have.
    TooComplex,
    /// Not a change, or not readable.
    Malformed,
    /// A document chunk or compressed bytes.
    ChunkKind,
    /// The bytes do not fit their checksum.
    HashMismatch,
    /// Written by, or counting for, another device.
    ForeignDevice,
    /// Not the writer's next change, or operation numbers that do not follow.
    Sequence,
    /// Works outside the fixed shape of a document, or breaks a rule of its containers.
    Structure,
    /// The document could not be applied, saved and loaded again with it.
    Unloadable,
    /// The device may not write to this document. Given by the server, not by the gate.
    NotInScope,
}

impl Code {
    const ALL: [(Code, &'static str); 10] = [
        (Self::TooLarge, "too_large"),
        (Self::TooComplex, "too_complex"),
        (Self::Malformed, "malformed"),
        (Self::ChunkKind, "chunk_kind"),
        (Self::HashMismatch, "hash_mismatch"),
        (Self::ForeignDevice, "foreign_device"),
        (Self::Sequence, "sequence"),
        (Self::Structure, "structure"),
        (Self::Unloadable, "unloadable"),
        (Self::NotInScope, "not_in_scope"),
    ];

    /// The stored name.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(code, _)| *code == self).map_or("", |(_, name)| name)
    }

    /// The code of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(code, _)| *code)
    }
}

/// What becomes of one pushed change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is part of the document now.
    Stored,
    /// It was part of the document before.
    Duplicate,
    /// It follows a change this document does not have; push that first.
    MissingDeps,
    /// It must be kept aside.
    Custody(Code),
}

/// Name and verdict of every change, in the order they were pushed.
pub type Verdicts = Vec<(ChangeHash, Verdict)>;

/// The outcome of a push to one document.
#[derive(Debug)]
pub struct Admission {
    /// The document with every stored change; the given one when nothing was stored.
    pub document: Document,
    /// Its saved bytes; `None` when nothing was stored.
    pub snapshot: Option<Vec<u8>>,
    /// Name and verdict of every pushed change, in the order they were pushed.
    pub verdicts: Verdicts,
}

/// Lets the changes of one device into a document, one at a time, in the order given.
///
/// Cost: one save and one load for the whole batch; when that check fails, one for each change.
/// Source: SPEC GATE-1 to GATE-9.
pub fn admit(mut document: Document, device: DeviceId, changes: &[Vec<u8>], limits: &Limits) -> Admission {
    let original = document.clone();
    let (tried, verdicts) = admit_each(&mut document, device, changes, limits, Check::Once);
    match tried {
        Ok(snapshot) => Admission { document, snapshot, verdicts },
        Err(_) => {
            let mut document = original;
            let (snapshot, verdicts) = admit_each(&mut document, device, changes, limits, Check::Each);
            Admission { document, snapshot: snapshot.ok().flatten(), verdicts }
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Check {
    /// Apply in place, save and load at the end.
    Once,
    /// Apply to a copy, save and load after each change, keep the copy only when it is sound.
    Each,
}

struct Broken;

fn admit_each(
    document: &mut Document,
    device: DeviceId,
    changes: &[Vec<u8>],
    limits: &Limits,
    check: Check,
) -> (Result<Option<Vec<u8>>, Broken>, Verdicts) {
    let mut writers = document.writers();
    let mut snapshot = None;
    let mut counters = Vec::new();
    let mut stored = false;
    let mut verdicts = Vec::with_capacity(changes.len());
    for bytes in changes {
        let hash = hash_of(bytes);
        let verdict = match judge(document, &writers, device, bytes, limits) {
            Err(verdict) => verdict,
            Ok((change, touched)) => {
                let applied = match check {
                    Check::Once => document.apply(&change).is_ok(),
                    Check::Each => {
                        let mut copy = document.clone();
                        let sound = copy.apply(&change).is_ok() && touched.iter().all(|key| copy.counter_is_whole(key));
                        match copy.save_verified() {
                            Ok(bytes) if sound => {
                                *document = copy;
                                snapshot = Some(bytes);
                                true
                            }
                            _ => false,
                        }
                    }
                };
                match (applied, check) {
                    (false, Check::Once) => return (Err(Broken), verdicts),
                    (false, Check::Each) => Verdict::Custody(Code::Unloadable),
                    (true, _) => {
                        stored = true;
                        record(&mut writers, &change);
                        counters.extend(touched);
                        Verdict::Stored
                    }
                }
            }
        };
        verdicts.push((hash, verdict));
    }
    if check == Check::Once && stored {
        if !counters.iter().all(|key| document.counter_is_whole(key)) {
            return (Err(Broken), verdicts);
        }
        match document.save_verified() {
            Ok(bytes) => snapshot = Some(bytes),
            Err(_) => return (Err(Broken), verdicts),
        }
    }
    (Ok(snapshot), verdicts)
}

/// Reads one change and checks all that can be checked without applying it.
/// Returns the change and the tally keys it touches.
fn judge(
    document: &mut Document,
    writers: &Writers,
    device: DeviceId,
    bytes: &[u8],
    limits: &Limits,
) -> Result<(Change, Vec<String>), Verdict> {
    let held = |code| Err(Verdict::Custody(code));
    if bytes.len() > limits.change_bytes {
        return held(Code::TooLarge);
    }
    let outline = Outline::read(bytes).map_err(|error| Verdict::Custody(code_of(error)))?;
    if document.contains(&hash_of(bytes)) {
        return Err(Verdict::Duplicate);
    }
    if outline.rows > limits.operations
        || outline.dependencies > limits.dependencies
        || outline.other_actors > limits.other_actors
        || outline.message_bytes > limits.message_bytes
    {
        return held(Code::TooComplex);
    }
    let change = Change::parse(bytes).map_err(|error| Verdict::Custody(code_of(error)))?;
    if change.hash() != hash_of(bytes) {
        return held(Code::HashMismatch);
    }
    let Some(actor) = change.actor().filter(|actor| actor.device() == device) else {
        return held(Code::ForeignDevice);
    };
    if change.dependencies().next().is_none() || change.has_extras() {
        return held(Code::Structure);
    }
    let missing = change.dependencies().any(|dependency| !document.contains(&dependency));
    if missing {
        return Err(Verdict::MissingDeps);
    }
    if change.sequence() != writers.sequences.get(&actor).copied().unwrap_or(0) + 1
        || change.start_op() > writers.max_op + 1
        || change.start_op() >= limits.start_op
    {
        return held(Code::Sequence);
    }
    if change.other_actors().any(|other| !other.is_some_and(|other| writers.sequences.contains_key(&other))) {
        return held(Code::Structure);
    }
    let operations = change.operations().map_err(|error| Verdict::Custody(code_of(error)))?;
    let touched = structure::check(document, device, &operations, limits).map_err(Verdict::Custody)?;
    Ok((change, touched))
}

fn record(writers: &mut Writers, change: &Change) {
    if let Some(actor) = change.actor() {
        writers.sequences.insert(actor, change.sequence());
    }
    writers.max_op = writers.max_op.max(change.last_op());
}

fn code_of(error: ChangeError) -> Code {
    match error {
        ChangeError::Malformed => Code::Malformed,
        ChangeError::ChunkKind => Code::ChunkKind,
        ChangeError::HashMismatch => Code::HashMismatch,
    }
}
