//! Plain values that go into a store and come out of it. Nothing here names a database.

mod feed;
mod proof;
mod registry;

use std::collections::{BTreeMap, BTreeSet};

use sync_core::digest::{Digest, FeedState};
use sync_core::document::{Heads, Kind};
use sync_core::gate::Code;
use sync_core::ids::{ChangeHash, DeviceId, DocumentId, ScopeId};

pub use feed::{FeedPage, PageSize, Pull, ScopeRow, WantedScope};
pub use proof::{
    Change, ChangedRow, ClosingRow, Correction, CorrectionCount, CustodyDecision, DecideOutcome, DecidedChange,
    Decision, HealingRow, HeldChange, HeldFilter, Purge, PurgeOutcome, PurgedRow,
};
pub use registry::{Association, Lecturer, Material, Municipality, Registry};

/// SHA-256 of a sign-in code or token: all that is kept of it.
pub type SecretHash = [u8; 32];

/// An enrolled device with what it may hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceRow {
    /// The prefecture, two digits.
    pub tenant: String,
    /// The device.
    pub device: DeviceId,
    /// What people call it.
    pub name: String,
    /// Who enrolled it.
    pub person: String,
    /// A role's stable name.
    pub role: String,
    /// Municipality code, association id or tenant, as the role has it.
    pub organisation: String,
    /// The first is the home of documents this device makes.
    pub scopes: Vec<ScopeId>,
    /// When it last synchronised, ms.
    pub last_seen_at: Option<u64>,
    /// Its clock minus the server's, ms, when it last synchronised.
    pub clock_offset_ms: Option<i64>,
    /// Thumbprint of its key; a tablet without one is not let in.
    pub key: Option<SecretHash>,
    /// When its registration was revoked, ms.
    pub revoked_at: Option<u64>,
    /// Whether who registered it still has that role and may sign in. A day pass is nobody's role.
    pub held_in_force: bool,
    /// When its day pass ends, ms; its organisation is the session then. `None`: it holds no day pass.
    pub pass_ends_at: Option<u64>,
    /// When it was noticed that two disks go by its name, ms.
    pub copied_at: Option<u64>,
    /// How what it may hold stands.
    pub standing: Standing,
}

/// How the scopes of a device stand, as one look.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Those that exist.
    pub scopes: Vec<ScopeRow>,
    /// The registry's version.
    pub registry_version: u64,
    /// Whether a stored document of its tenant is damaged.
    pub damage: bool,
}

impl Standing {
    /// How one of them stands.
    pub fn scope(&self, scope: &ScopeId) -> Option<&ScopeRow> {
        self.scopes.iter().find(|row| row.scope == *scope)
    }

    /// The answer to a device that has everything; `None` when there may be something for it.
    pub fn nothing_new(&self, wanted: &[WantedScope]) -> Option<Pull> {
        if self.damage {
            return None;
        }
        let mut pages = Vec::with_capacity(wanted.len());
        for want in wanted {
            let Some(scope) = self.scope(&want.scope) else { continue };
            if want.start(scope) != (scope.seq, None) {
                return None;
            }
            let (next_seq, scope) = (scope.seq, scope.clone());
            pages.push(FeedPage { scope, entries: Vec::new(), next_seq, below: None, more: false });
        }
        let registry_version = self.registry_version;
        Some(Pull { pages, registry_version, ..Pull::default() })
    }
}

/// A person signed in at the office console.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginRow {
    /// The prefecture, two digits.
    pub tenant: String,
    /// Who signed in.
    pub person: String,
    /// A role's stable name.
    pub role: String,
    /// Municipality code, association id or tenant, as the role has it.
    pub organisation: String,
    /// Names the sign-in to its owner.
    pub login: String,
    /// When it was last used, ms.
    pub seen_at: u64,
    /// When the person last showed who they are, ms.
    pub proved_at: u64,
}

/// What a code is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodePurpose {
    /// Both of the others: whoever makes one has a shell on the server.
    Any,
    /// Registering a tablet, or joining those who use one.
    Tablet,
    /// Signing in to the console, and proving there who one is.
    SignIn,
}

impl CodePurpose {
    /// The stable name, as stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Tablet => "tablet",
            Self::SignIn => "sign_in",
        }
    }

    /// The purpose with this stable name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Any, Self::Tablet, Self::SignIn].into_iter().find(|purpose| purpose.as_str() == name)
    }
}

/// A code with what it grants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeRow {
    /// The prefecture, two digits.
    pub tenant: String,
    /// Whose code it is: id.
    pub person: String,
    /// A role's stable name.
    pub role: String,
    /// Municipality code, association id or tenant, as the role has it.
    pub organisation: String,
    /// Scopes separated by spaces, or `*`: the enrolling device names them.
    pub scopes: String,
    /// How often it can still be used.
    pub uses_left: i64,
    /// ms.
    pub expires_at: u64,
    /// What it is good for.
    pub purpose: CodePurpose,
    /// The known tablet it registers anew; `None`: a tablet that nobody knows yet.
    pub device: Option<DeviceId>,
}

/// What an accepted code turns into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDevice {
    /// Made by the installation.
    pub device: DeviceId,
    /// Thumbprint of the key it made.
    pub key: SecretHash,
    /// What people call it.
    pub name: String,
    /// What is kept of its token.
    pub token_hash: SecretHash,
    /// What it may hold, in order.
    pub scopes: Vec<ScopeId>,
}

/// How a device's enrolment ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enrolment {
    /// It is enrolled.
    Done,
    /// The code is unknown, used up or expired.
    NoCode,
    /// The device is known already, and the code does not register it anew.
    DeviceTaken,
}

/// The columns of `record_fact` that come from the document. `None` is "not reported".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactRow {
    /// Kind of document.
    pub kind: String,
    /// Kind of outreach.
    pub activity: Option<String>,
    /// Starting year.
    pub fiscal_year: Option<i64>,
    /// `YYYY-MM`.
    pub month: Option<String>,
    /// ISO date.
    pub date: Option<String>,
    /// `HH:MM`.
    pub start: Option<String>,
    /// Six-digit code.
    pub municipality: Option<String>,
    /// Registry id.
    pub association: Option<String>,
    /// Registry id.
    pub dispatched_by: Option<String>,
    /// ア to ク.
    pub item: Option<String>,
    /// Title.
    pub title: Option<String>,
    /// The gathering it rode on.
    pub occasion: Option<String>,
    /// Place.
    pub venue: Option<String>,
    /// What was screened.
    pub medium: Option<String>,
    /// `none`, a step's state, or `conflict`.
    pub state: String,
    /// What it counts as.
    pub group: String,
    /// Why cancelled or postponed.
    pub reason: Option<String>,
    /// Whether an association sent a lecturer.
    pub is_dispatch: bool,
    /// Heads, counted or not.
    pub attendance: Option<i64>,
    /// Viewers, counted or not.
    pub viewers: Option<i64>,
    /// Fields and steps in conflict.
    pub conflict_count: i64,
}

/// Everything the projections hold on one document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Projection {
    /// Its row of facts.
    pub fact: FactRow,
    /// The quantities it adds to figures, by id; `None` is "took place, number not reported".
    pub tallies: BTreeMap<String, Option<i64>>,
    /// Lecturer id to attribution.
    pub lecturers: BTreeMap<String, String>,
    /// Flag codes.
    pub flags: BTreeSet<String>,
}

/// Where a roll-up figure belongs. Empty text and year 0 stand for "not reported".
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RollupKey {
    /// Starting year.
    pub fiscal_year: i64,
    /// What is counted.
    pub measure: String,
    /// Six-digit code.
    pub municipality: String,
    /// Registry id: the association that sent the lecturer, else the record's own.
    pub association: String,
    /// Registry id of the association or hub whose record it is, when another one sent the lecturer.
    pub holder: String,
    /// `YYYY-MM`.
    pub month: String,
}

/// A roll-up figure, or what is to be added to one.
pub use sync_core::figures::Sum as RollupValue;

/// Roll-up figures, or what is to be added to them.
pub type Rollups = BTreeMap<RollupKey, RollupValue>;

/// Adds `figures` to `sum`, or takes them away with `sign` −1.
pub fn accumulate(sum: &mut Rollups, figures: &Rollups, sign: i64) {
    for (key, value) in figures {
        let figure: &mut RollupValue = sum.entry(key.clone()).or_default();
        figure.reported += sign * value.reported;
        figure.unreported += sign * value.unreported;
        figure.total = figure.total.saturating_add(sign.saturating_mul(value.total));
    }
}

/// A document's place in one scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The scope.
    pub scope: ScopeId,
    /// Whether the scope holds it.
    pub state: FeedState,
    /// What it adds to the scope's digest.
    pub contribution: Digest,
}

/// A document as it is stored.
#[derive(Clone, Debug)]
pub struct StoredDocument {
    /// Its id.
    pub document: DocumentId,
    /// Its kind.
    pub kind: Kind,
    /// The first scope of the device that first sent it.
    pub home_scope: Option<ScopeId>,
    /// Its heads.
    pub heads: Heads,
    /// Saved bytes.
    pub snapshot: Vec<u8>,
    /// Counts writes.
    pub revision: i64,
    /// What the projections hold; `None` when its row is missing.
    pub projection: Option<Projection>,
    /// Its places, by scope.
    pub places: Vec<Place>,
}

/// A document to be written, with all that follows from it.
#[derive(Clone, Debug)]
pub struct DocumentWrite {
    /// Its id.
    pub document: DocumentId,
    /// Its kind.
    pub kind: Kind,
    /// Its home; kept from the first write.
    pub home_scope: Option<ScopeId>,
    /// Revision of the row this was made from; `None` when there was none.
    pub base_revision: Option<i64>,
    /// The heads after.
    pub heads: Heads,
    /// The saved bytes after.
    pub snapshot: Vec<u8>,
    /// The projections after.
    pub projection: Projection,
    /// Where it stood before.
    pub places_before: Vec<Place>,
    /// Where it stands after; scopes it left are here with [`FeedState::Left`].
    pub places: Vec<Place>,
    /// The row was damaged and this makes it whole.
    pub repaired: bool,
}

/// A change that is kept aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustodyRow {
    /// The document it claims to belong to.
    pub document: DocumentId,
    /// Its name.
    pub hash: ChangeHash,
    /// The kind the device stated.
    pub kind: Kind,
    /// Why.
    pub code: String,
    /// The change.
    pub bytes: Vec<u8>,
}

/// Whether a change is held because another device than its author has brought it back.
pub fn is_brought_back(code: &str) -> bool {
    code == Code::BroughtBack.as_str()
}

/// Everything one push request writes.
#[derive(Clone, Debug)]
pub struct PushWrite {
    /// The prefecture.
    pub tenant: String,
    /// The pushing device.
    pub device: DeviceId,
    /// The present time, ms.
    pub now: u64,
    /// Documents with new changes.
    pub documents: Vec<DocumentWrite>,
    /// Changes kept aside. One that is kept already stays as it is; one that was brought back is kept once, whichever
    /// device it came from.
    pub custody: Vec<CustodyRow>,
    /// Changes that are part of their documents and may lie in custody still, whichever device they came from.
    pub released: Vec<(DocumentId, ChangeHash)>,
    /// Changes of this device in custody whose edits were made anew.
    pub replaced: Vec<(DocumentId, ChangeHash)>,
    /// What to add to the roll-ups.
    pub rollups: Rollups,
    /// Documents with changes that had been acknowledged before and were lost here.
    pub healed_documents: u64,
    /// How many such changes; 0 when nothing had been lost.
    pub healed_changes: u64,
}

impl PushWrite {
    /// The scopes in which there is something new afterwards, in order.
    pub fn scopes(&self) -> Vec<ScopeId> {
        let scopes = self.documents.iter().flat_map(|document| &document.places).map(|place| place.scope.clone());
        scopes.collect::<BTreeSet<_>>().into_iter().collect()
    }
}

/// How a push was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PushOutcome {
    /// All of it is durable.
    Committed,
    /// Nothing was written: these documents have changed since they were read.
    Outdated(Vec<DocumentId>),
}

/// What a rebuild makes of one document.
#[derive(Clone, Debug)]
pub struct Rebuilt {
    /// Its projections.
    pub projection: Projection,
    /// Its figures.
    pub rollups: Rollups,
    /// Where it should stand; scopes it is not in any more are here with [`FeedState::Left`].
    pub places: Vec<Place>,
}

/// A portion of everything there is of a prefecture.
#[derive(Clone, Debug)]
pub enum Part {
    /// Documents with what follows from them.
    Documents(Vec<StoredDocument>),
    /// What stays of documents that were kept long enough.
    Retired(Vec<(DocumentId, Projection)>),
    /// Every roll-up figure that is not zero.
    Rollups(Rollups),
    /// How every scope stands.
    Scopes(Vec<ScopeRow>),
}
