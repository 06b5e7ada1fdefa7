//! Nothing from outside can hurt a document: every pushed change is measured, read, checked against the document it
//! claims to belong to, tried on a copy, and the result saved and loaded again, before anyone stores it.
//!
//! Invariants: a change that is let in comes from a writer of the device it is judged as (the pushing one, unless a
//! recorded head or a person vouches for another), is that writer's next, follows only changes of this document, touches
//! no other device's counter, and leaves a document that can be saved and loaded.
//! What fails is answered with a code and kept in custody by the caller; nothing is dropped. One that only shows when it
//! is applied is found by halves, so that its neighbours cost little more than without it.
//! Deliberately absent: judging what a record says. A session in the year 9999 passes; projections flag it. And a clock:
//! the caller says when the time is over.

mod limits;
mod structure;

use std::collections::{HashMap, HashSet};

pub use limits::{Bounds, Limits};

use crate::document::{Change, ChangeError, Document, Heads, Outline, Writers, hash_of};
use crate::ids::{ChangeHash, DeviceId};
use structure::Touched;

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
    /// Written by another device and offered with a record of which the server has lost something.
    BroughtBack,
    /// Not the writer's next change, or operation numbers that do not follow.
    Sequence,
    /// Works outside the fixed shape of a document, or breaks a rule of its containers.
    Structure,
    /// The document could not be applied, saved and loaded again with it.
    Unloadable,
    /// The whole document would be larger than one may be.
    DocumentTooLarge,
    /// The device may not write to this document, which the server knows and the gate does not. So of the next three.
    NotInScope,
    /// It came after the device's registration had been ended.
    TabletEnded,
    /// It came after the role had ended in which the device was registered.
    RoleEnded,
    /// It came when the day pass was over, or had been ended.
    PassEnded,
}

impl Code {
    const ALL: [(Code, &'static str); 15] = [
        (Self::TooLarge, "too_large"),
        (Self::TooComplex, "too_complex"),
        (Self::Malformed, "malformed"),
        (Self::ChunkKind, "chunk_kind"),
        (Self::HashMismatch, "hash_mismatch"),
        (Self::ForeignDevice, "foreign_device"),
        (Self::BroughtBack, "brought_back"),
        (Self::Sequence, "sequence"),
        (Self::Structure, "structure"),
        (Self::Unloadable, "unloadable"),
        (Self::DocumentTooLarge, "document_too_large"),
        (Self::NotInScope, "not_in_scope"),
        (Self::TabletEnded, "tablet_ended"),
        (Self::RoleEnded, "role_ended"),
        (Self::PassEnded, "pass_ended"),
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
    /// Name and verdict of the pushed changes, in the order they were pushed; fewer than were pushed when the time was
    /// over before the last. At least one, when any were pushed.
    pub verdicts: Verdicts,
}

/// Lets the changes of one device into a document, in the order given.
///
/// Cost: one application, one save and one load for each 512 changes, and a logarithm of that for each change
/// that fails only there.
/// Source: SPEC GATE-1 to GATE-9, GATE-12.
pub fn admit<'a>(
    document: Document,
    device: DeviceId,
    changes: &[Vec<u8>],
    bounds: impl Into<Bounds<'a>>,
) -> Admission {
    admit_from(document, changes, bounds.into(), &|_| Author { device, vouched: false })
}

/// The same for a record that a device offers as a whole, because the server has lost something of it: what others
/// wrote is held under a code of its own, so that a person may let it in with [`admit_brought`].
///
/// Source: SPEC GATE-11.
pub fn admit_again<'a>(
    document: Document,
    device: DeviceId,
    changes: &[Vec<u8>],
    bounds: impl Into<Bounds<'a>>,
) -> Admission {
    let bounds = bounds.into();
    let mut admission = admit(document, device, changes, bounds);
    for ((_, verdict), bytes) in admission.verdicts.iter_mut().zip(changes) {
        if *verdict == Verdict::Custody(Code::ForeignDevice) && is_of_another(bytes, device, bounds.limits) {
            *verdict = Verdict::Custody(Code::BroughtBack);
        }
    }
    admission
}

/// Lets in what a person vouches for: the changes named `brought` are judged as their authors', all others as `device`'s.
/// Whether an author is known is for the caller to find out. They may hold text that not every database can hold.
///
/// Source: SPEC GATE-11, GATE-15.
pub fn admit_brought<'a>(
    document: Document,
    device: DeviceId,
    brought: &HashSet<ChangeHash>,
    changes: &[Vec<u8>],
    bounds: impl Into<Bounds<'a>>,
) -> Admission {
    admit_from(document, changes, bounds.into(), &|change| Author::of(change, brought, device))
}

/// Judges what comes from a device that may not write to the document, or not any more; `why` says which. What it wrote
/// itself and the document has is in, whatever was decided since its acknowledgement was lost; everything else waits for a
/// person. Of what others wrote it learns nothing. `again` as for [`admit_again`]; `document` is `None` when there is none to read.
///
/// Source: SPEC GATE-13.
pub fn turn_away(
    mut document: Option<&mut Document>,
    device: DeviceId,
    again: bool,
    changes: &[Vec<u8>],
    why: Code,
    limits: &Limits,
) -> Verdicts {
    let mut judge = |bytes: &Vec<u8>| {
        let hash = hash_of(bytes);
        let is_in = document.as_mut().is_some_and(|document| document.contains(&hash));
        let verdict = match (Outline::read(bytes), author_of(bytes, limits)) {
            (_, Some(author)) if author == device && is_in => Verdict::Duplicate,
            // what others wrote is not the device's to be let in as
            (_, Some(author)) if author != device && again => Verdict::Custody(Code::BroughtBack),
            // a damaged copy is nobody's change: there is nothing to decide on
            (Err(error), _) => Verdict::Custody(code_of(error)),
            (Ok(_), _) => Verdict::Custody(why),
        };
        (hash, verdict)
    };
    changes.iter().map(&mut judge).collect()
}

/// The device that wrote a change; `None` when the bytes do not say, or are larger than a change may be.
pub fn author_of(bytes: &[u8], limits: &Limits) -> Option<DeviceId> {
    measured(bytes, limits)?.actor().map(|actor| actor.device())
}

/// Whether a change says that another device wrote it.
pub fn is_of_another(bytes: &[u8], device: DeviceId, limits: &Limits) -> bool {
    author_of(bytes, limits).is_some_and(|author| author != device)
}

/// A change of which the size was looked at before it was read.
fn measured(bytes: &[u8], limits: &Limits) -> Option<Change> {
    let outline = Outline::read(bytes).ok().filter(|_| bytes.len() <= limits.change_bytes)?;
    if limits.allow(&outline) { Change::parse(bytes).ok() } else { None }
}

/// The outcome of a repair.
#[derive(Debug)]
pub struct Restored {
    /// As of any push.
    pub admission: Admission,
    /// Whether the document now holds everything its recorded heads lead to.
    pub whole: bool,
}

/// Makes a document whole again from what a device holds of it, after the stored copy was damaged.
///
/// `base` is what can still be read of it, else the genesis; `recorded` are the heads it had. A change's name covers all
/// it follows, so whatever a recorded head leads to is what was stored before, whoever brings it; all else must be the
/// device's own. Each head is proved for itself: whoever wrote it has held all it follows, so that the writers of the
/// heads together bring everything back. What proves nothing yet is held as brought back: a device offers a document in
/// parts where its line is poor, and the caller judges what it holds of them together with the next.
pub fn restore<'a>(
    base: Document,
    recorded: &Heads,
    device: DeviceId,
    changes: &[Vec<u8>],
    bounds: impl Into<Bounds<'a>>,
) -> Restored {
    let (mut base, bounds) = (base, bounds.into());
    let vouched = vouched_for(&mut base, recorded, changes, bounds.limits);
    let mut admission = admit_from(base, changes, bounds, &|change| Author::of(change, &vouched, device));
    let whole = recorded.as_slice().iter().all(|head| admission.document.contains(head));
    for (_, verdict) in &mut admission.verdicts {
        let proves_nothing = match verdict {
            Verdict::Custody(code) => *code == Code::ForeignDevice,
            Verdict::MissingDeps => !whole,
            Verdict::Stored | Verdict::Duplicate => false,
        };
        if proves_nothing {
            *verdict = Verdict::Custody(Code::BroughtBack);
        }
    }
    Restored { admission, whole }
}

/// The offered changes that lead up to recorded heads of which nothing is missing.
fn vouched_for(base: &mut Document, recorded: &Heads, changes: &[Vec<u8>], limits: &Limits) -> HashSet<ChangeHash> {
    let parsed = changes.iter().filter_map(|bytes| measured(bytes, limits));
    let offered: HashMap<ChangeHash, Change> = parsed.map(|change| (change.hash(), change)).collect();
    let mut vouched = HashSet::new();
    for head in recorded.as_slice() {
        let mut closure = HashSet::new();
        let mut open = vec![*head];
        let mut complete = true;
        while let Some(hash) = open.pop() {
            if base.contains(&hash) || vouched.contains(&hash) || !closure.insert(hash) {
                continue;
            }
            match offered.get(&hash) {
                Some(change) => open.extend(change.dependencies()),
                None => complete = false,
            }
        }
        if complete {
            vouched.extend(closure);
        }
    }
    vouched
}

/// Whose a change must be, and whether a recorded head or a person vouches for it.
#[derive(Clone, Copy)]
struct Author {
    device: DeviceId,
    vouched: bool,
}

impl Author {
    /// Its writer, of one that is vouched for; else `device`.
    fn of(change: &Change, vouched: &HashSet<ChangeHash>, device: DeviceId) -> Self {
        let writer = change.actor().filter(|_| vouched.contains(&change.hash()));
        Self { device: writer.map_or(device, |writer| writer.device()), vouched: writer.is_some() }
    }
}

/// Whose each change must be.
type Authors<'a> = &'a dyn Fn(&Change) -> Author;

/// Changes that are tried together at most: between two tries the caller is asked for the time.
const STEP: usize = 512;

/// Judges and tries as many changes together as the last tries promise: a try that fails is repeated with half as many,
/// until one change is left, which is at fault; one that succeeds is followed by one with twice as many. So a change at
/// fault costs about two logarithms of tries, and a long row of such changes one each.
fn admit_from(document: Document, changes: &[Vec<u8>], bounds: Bounds<'_>, authors: Authors<'_>) -> Admission {
    let mut admission = Admission { document, snapshot: None, verdicts: Vec::with_capacity(changes.len()) };
    let mut width = STEP;
    let mut rest = changes;
    while !rest.is_empty() {
        // what was decided on is decided, so that whoever sends the rest again comes to an end
        if (bounds.is_over)() && !admission.verdicts.is_empty() {
            break;
        }
        let (these, after) = rest.split_at(width.min(rest.len()));
        let (verdicts, admitted, known) = judge_all(&mut admission.document, these, bounds.limits, authors);
        if !admitted.is_empty() {
            match try_together(&admission.document, &admitted, &known, bounds.limits) {
                Ok((document, snapshot)) => (admission.document, admission.snapshot) = (document, Some(snapshot)),
                Err(_) if these.len() > 1 => {
                    width = these.len() / 2;
                    continue;
                }
                Err(code) => {
                    admission.verdicts.extend(verdicts.iter().map(|(hash, _)| (*hash, Verdict::Custody(code))));
                    (rest, width) = (after, 1);
                    continue;
                }
            }
        }
        admission.verdicts.extend(verdicts);
        (rest, width) = (after, (width * 2).min(STEP));
    }
    admission
}

/// Checks changes one after the other, each as if those let in before it were applied. Returns the verdicts, the changes
/// let in so far, and what they add.
fn judge_all(
    document: &mut Document,
    changes: &[Vec<u8>],
    limits: &Limits,
    authors: Authors<'_>,
) -> (Verdicts, Vec<Change>, Known) {
    let mut known = Known::of(document);
    let mut admitted = Vec::new();
    let mut verdicts = Vec::with_capacity(changes.len());
    for bytes in changes {
        verdicts.push(match judge(document, &known, bytes, limits, authors) {
            Err(refused) => refused,
            Ok((change, touched)) => {
                let hash = change.hash();
                known.take(&change, touched);
                admitted.push(change);
                (hash, Verdict::Stored)
            }
        });
    }
    (verdicts, admitted, known)
}

/// The document with these changes and its saved bytes, when all of it can be applied, saved and loaded again and is no
/// larger than a document may be.
fn try_together(
    document: &Document,
    changes: &[Change],
    known: &Known,
    limits: &Limits,
) -> Result<(Document, Vec<u8>), Code> {
    let mut together = document.clone();
    let sound = together.apply_all(changes).is_ok() && known.is_whole(&mut together);
    let snapshot = if sound { together.save_verified().ok() } else { None };
    let snapshot = snapshot.ok_or(Code::Unloadable)?;
    if snapshot.len() > limits.document_bytes { Err(Code::DocumentTooLarge) } else { Ok((together, snapshot)) }
}

/// What the document holds, and what the changes judged so far add to it.
struct Known {
    writers: Writers,
    hashes: HashSet<ChangeHash>,
    touched: Touched,
}

impl Known {
    fn of(document: &mut Document) -> Self {
        Self { writers: document.writers(), hashes: HashSet::new(), touched: Touched::default() }
    }

    fn take(&mut self, change: &Change, touched: Touched) {
        if let Some(actor) = change.actor() {
            self.writers.sequences.insert(actor, change.sequence());
        }
        self.writers.max_op = self.writers.max_op.max(change.last_op());
        self.hashes.insert(change.hash());
        self.touched.extend(touched);
    }

    /// Whether the document has every change taken, and every counter touched is one.
    fn is_whole(&self, document: &mut Document) -> bool {
        let whole = document.whole_counters();
        self.hashes.iter().all(|hash| document.contains(hash)) && self.touched.tallies().all(|key| whole.contains(key))
    }
}

/// Reads one change and checks all that can be checked without applying it.
/// Returns the change and the keys it makes or counts, or its name and why it is not let in.
fn judge(
    document: &mut Document,
    known: &Known,
    bytes: &[u8],
    limits: &Limits,
    authors: Authors<'_>,
) -> Result<(Change, Touched), (ChangeHash, Verdict)> {
    if bytes.len() > limits.change_bytes {
        return Err((hash_of(bytes), Verdict::Custody(Code::TooLarge)));
    }
    let outline = Outline::read(bytes).map_err(|error| (hash_of(bytes), Verdict::Custody(code_of(error))))?;
    judge_outlined(document, known, bytes, &outline, limits, authors).map_err(|verdict| (outline.hash, verdict))
}

fn judge_outlined(
    document: &mut Document,
    known: &Known,
    bytes: &[u8],
    outline: &Outline,
    limits: &Limits,
    authors: Authors<'_>,
) -> Result<(Change, Touched), Verdict> {
    let held = |code| Err(Verdict::Custody(code));
    if known.hashes.contains(&outline.hash) || document.contains(&outline.hash) {
        return Err(Verdict::Duplicate);
    }
    if !limits.allow(outline) {
        return held(Code::TooComplex);
    }
    let change = Change::parse(bytes).map_err(|error| Verdict::Custody(code_of(error)))?;
    if change.hash() != outline.hash {
        return held(Code::HashMismatch);
    }
    let author = authors(&change);
    let Some(actor) = change.actor().filter(|actor| actor.device() == author.device) else {
        return held(Code::ForeignDevice);
    };
    if change.dependencies().next().is_none() || change.has_extras() {
        return held(Code::Structure);
    }
    if change.dependencies().any(|hash| !known.hashes.contains(&hash) && !document.contains(&hash)) {
        return Err(Verdict::MissingDeps);
    }
    let writers = &known.writers;
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
    let touched = structure::check(document, &known.touched, author, &operations, limits).map_err(Verdict::Custody)?;
    Ok((change, touched))
}

fn code_of(error: ChangeError) -> Code {
    match error {
        ChangeError::Malformed => Code::Malformed,
        ChangeError::ChunkKind => Code::ChunkKind,
        ChangeError::HashMismatch => Code::HashMismatch,
    }
}
