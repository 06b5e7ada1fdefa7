//! The journal: who did what, from where, when. Rows are added and never changed, and each bears a hash over itself and
//! the row before it, so that a row changed or taken out is found.
//!
//! Each prefecture has a chain of its own; what belongs to none (a sign-in with an unknown code) is chained under ''.
//! Deliberately absent: names of people, contents of records, and anything secret.

use async_trait::async_trait;
use sha2::{Digest, Sha256};
use sync_core::ids::DeviceId;

use crate::store::StoreError;

/// The hash of a row; of no row at all, zeros.
pub type JournalHash = [u8; 32];

/// Something that was done or refused, before it has its place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewEntry {
    /// The prefecture, two digits; '' when none is known.
    pub tenant: String,
    /// When, ms.
    pub at: u64,
    /// Registry id of who did it; '' when nobody is known, `tsudoi-server` for the command line.
    pub person: String,
    /// The role's stable name.
    pub role: String,
    /// The role's organisation.
    pub organisation: String,
    /// The tablet it came from.
    pub device: Option<DeviceId>,
    /// The address it came from.
    pub peer: String,
    /// Stable name of the action.
    pub action: String,
    /// `done`, or the stable code of the refusal.
    pub outcome: String,
    /// What it was about: an id or an address.
    pub target: String,
    /// What else is worth knowing.
    pub detail: String,
    /// Name of the request, as in the log.
    pub request: String,
}

impl NewEntry {
    /// The hash this entry has at a place behind another.
    pub fn hash(&self, seq: u64, before: &JournalHash) -> JournalHash {
        let mut hasher = Sha256::new();
        hasher.update(before);
        hasher.update(seq.to_le_bytes());
        hasher.update(self.at.to_le_bytes());
        let device = self.device.as_ref().map(|device| device.as_bytes().to_vec()).unwrap_or_default();
        let texts = [
            &self.tenant,
            &self.person,
            &self.role,
            &self.organisation,
            &self.peer,
            &self.action,
            &self.outcome,
            &self.target,
            &self.detail,
            &self.request,
        ];
        for bytes in texts.into_iter().map(|text| text.as_bytes()).chain([&device[..]]) {
            // the length first, so that no two rows read alike
            hasher.update((bytes.len() as u64).to_le_bytes());
            hasher.update(bytes);
        }
        hasher.finalize().into()
    }
}

/// A row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalRow {
    /// Its place: 1, 2, 3 … within the prefecture.
    pub seq: u64,
    /// What it says.
    pub entry: NewEntry,
    /// The chain up to here.
    pub hash: JournalHash,
    /// Name of the person; '' when unknown.
    pub person_name: String,
    /// Name of the tablet; '' when unknown.
    pub device_name: String,
}

/// Where a chain stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JournalHead {
    /// Place of the last row; 0 when there is none.
    pub seq: u64,
    /// Its hash.
    pub hash: JournalHash,
}

/// Which rows are meant. Absent parts do not narrow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JournalFilter {
    /// Not before, ms.
    pub from: Option<u64>,
    /// Before, ms.
    pub until: Option<u64>,
    /// Registry id.
    pub person: Option<String>,
    /// Stable name of an action.
    pub action: Option<String>,
    /// A tablet.
    pub device: Option<DeviceId>,
    /// What it was about, exactly.
    pub target: Option<String>,
    /// Only what was refused, or only what was done.
    pub refused: Option<bool>,
}

/// Writing and reading the journal.
#[async_trait]
pub trait JournalStore {
    /// Adds entries, in their order, behind what is there. All of them or none.
    async fn append_journal(&self, entries: &[NewEntry]) -> Result<(), StoreError>;
    /// Rows before a place (or from the end), latest first.
    async fn list_journal(
        &self,
        tenant: &str,
        filter: &JournalFilter,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<JournalRow>, StoreError>;
    /// Rows after a place, in their order, for walking along the chain.
    async fn walk_journal(&self, tenant: &str, after: u64, limit: u32) -> Result<Vec<JournalRow>, StoreError>;
    /// Where the chain is said to stand.
    async fn journal_head(&self, tenant: &str) -> Result<JournalHead, StoreError>;
}
