//! Destroying, custody decisions, closing a month, damage and healing: what goes into a store and comes out of it.

use sync_core::document::Kind;
use sync_core::ids::{ChangeHash, DeviceId, DocumentId, ScopeId};

use super::{RollupKey, RollupValue, Rollups};

/// A document to be destroyed.
#[derive(Clone, Debug)]
pub struct Purge {
    /// The prefecture.
    pub tenant: String,
    /// The document.
    pub document: DocumentId,
    /// Revision of the row its figures were made from; `None` when there was none.
    pub revision: Option<i64>,
    /// What to add to the roll-ups: its figures, negative.
    pub rollups: Rollups,
    /// Person id.
    pub by: String,
    /// Why, in words.
    pub reason: String,
    /// The present time, ms.
    pub now: u64,
    /// It was kept long enough: what remains is a line of numbers without texts, so that every figure stays as it is.
    /// Many are destroyed one after the other, and whoever does so calls `forget_deleted` at the end.
    pub retired: bool,
}

/// How destroying a document ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PurgeOutcome {
    /// It is gone, or was never there and will not come; in these scopes there is something new.
    Done(Vec<ScopeId>),
    /// It was destroyed before.
    Already,
    /// Nothing was written: it has changed since it was read.
    Outdated,
}

/// A destroyed document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PurgedRow {
    /// The document.
    pub document: DocumentId,
    /// When, ms.
    pub at: u64,
    /// Person id.
    pub by: String,
    /// Why, in words.
    pub reason: String,
}

/// What a person decided about a change in custody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Let in, or declined.
    pub admitted: bool,
    /// When, ms.
    pub at: u64,
    /// Person id.
    pub by: String,
    /// Name of that person.
    pub by_name: String,
    /// Why, in words.
    pub reason: String,
}

/// A decision with the change it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecidedChange {
    /// The document the change claims to belong to.
    pub document: DocumentId,
    /// The change.
    pub hash: ChangeHash,
    /// What was decided.
    pub decision: Decision,
}

/// Which of a device's held changes are wanted.
#[derive(Clone, Copy, Debug)]
pub struct HeldFilter<'a> {
    /// Those that wait under this code.
    pub code: &'a str,
    /// Those of at most so many bytes each.
    pub change_bytes: u64,
    /// As many as fit into so many bytes.
    pub bytes: u64,
}

/// A change in custody with its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldChange {
    /// Its name.
    pub hash: ChangeHash,
    /// The kind the device stated.
    pub kind: Kind,
    /// Why it is held.
    pub code: String,
    /// The change.
    pub bytes: Vec<u8>,
    /// When it came, ms.
    pub received_at: u64,
    /// What was decided; `None` while it waits.
    pub decision: Option<Decision>,
}

/// A decision to be noted.
#[derive(Clone, Debug)]
pub struct CustodyDecision {
    /// The prefecture.
    pub tenant: String,
    /// The document the changes claim to belong to.
    pub document: DocumentId,
    /// The tablet they came from.
    pub device: DeviceId,
    /// The changes.
    pub hashes: Vec<ChangeHash>,
    /// Let in, or declined.
    pub admitted: bool,
    /// Person id.
    pub by: String,
    /// Why, in words.
    pub reason: String,
    /// The present time, ms.
    pub now: u64,
}

/// How noting a decision ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DecideOutcome {
    /// It is noted, and what it lets in is written.
    Done,
    /// Nothing was written: a change is not in custody or was decided on before.
    AlreadyDecided,
    /// Nothing was written: these documents have changed since they were read.
    Outdated(Vec<DocumentId>),
}

/// A closed month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClosingRow {
    /// `YYYY-MM`.
    pub month: String,
    /// Starting year.
    pub fiscal_year: i64,
    /// When, ms.
    pub closed_at: u64,
    /// Person id.
    pub closed_by: String,
    /// Name of that person.
    pub closed_by_name: String,
}

/// A figure of a closed month that has changed since.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Correction {
    /// Which figure.
    pub key: RollupKey,
    /// As reported: when the month was closed.
    pub reported: RollupValue,
    /// As it is now.
    pub now: RollupValue,
}

/// How many figures of a closed month have changed since, in one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CorrectionCount {
    /// `YYYY-MM`.
    pub month: String,
    /// Six-digit code, or empty.
    pub municipality: String,
    /// Registry id, or empty.
    pub association: String,
    /// How many.
    pub figures: u64,
}

/// A record that adds something else to a closed month than when that was closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChangedRow {
    /// The record.
    pub document: DocumentId,
    /// Whether it was in the month.
    pub was_there: bool,
    /// Whether it is in the month now.
    pub is_there: bool,
}

/// What a tablet brought back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealingRow {
    /// The tablet.
    pub device: DeviceId,
    /// What people call it.
    pub device_name: Option<String>,
    /// When, ms.
    pub healed_at: u64,
    /// Documents with something that had been lost.
    pub documents: u64,
    /// Changes that had been lost.
    pub changes: u64,
}

/// What another process over the same database has committed. Losing one costs only freshness; that some may have been
/// lost is told.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// There is something new in a scope.
    Scope {
        /// The prefecture.
        tenant: String,
        /// The scope.
        scope: ScopeId,
    },
    /// A document was destroyed.
    Destroyed {
        /// The prefecture.
        tenant: String,
        /// The document.
        document: DocumentId,
    },
    /// Some may have been lost.
    Missed,
}
