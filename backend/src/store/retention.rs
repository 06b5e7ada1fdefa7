//! How long things are kept, what falls due, and what was destroyed.

use async_trait::async_trait;
use sync_core::ids::{ChangeHash, DeviceId, DocumentId};

use crate::store::StoreError;
use crate::store::journal::JournalHead;

/// How many fiscal years a subject is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetentionRow {
    /// Stable name of the subject.
    pub subject: String,
    /// Fiscal years after the one it belongs to.
    pub years: i64,
    /// When this was set, ms.
    pub set_at: u64,
    /// By whom: person id.
    pub set_by: String,
}

/// A destruction that a person confirmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DestructionRow {
    /// The prefecture.
    pub tenant: String,
    /// Its id.
    pub destruction: String,
    /// Stable name of the subject.
    pub subject: String,
    /// Fiscal years it was to be kept.
    pub years: i64,
    /// The last fiscal year that was destroyed.
    pub fiscal_year: i64,
    /// Why, in words.
    pub reason: String,
    /// When it was confirmed, ms.
    pub begun_at: u64,
    /// By whom: person id.
    pub begun_by: String,
    /// When it was done, ms; `None`: it goes on.
    pub finished_at: Option<u64>,
    /// Number of lines in `items`.
    pub item_count: u64,
    /// What is to be destroyed, and afterwards what was, a line each.
    pub items: String,
    /// SHA-256 of `items`.
    pub hash: [u8; 32],
}

/// Change in custody on which a person has decided.
pub type DecidedKey = (DocumentId, ChangeHash, DeviceId);

/// The beginning of a chain of the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JournalPart {
    /// Place of its first row.
    pub from: u64,
    /// Its last row.
    pub last: JournalHead,
}

/// Keeping, and destroying what is no longer kept. What falls due is listed in a fixed order.
#[async_trait]
pub trait RetentionStore {
    /// What is set; subjects that are kept for good are not among it.
    async fn list_retention(&self, tenant: &str) -> Result<Vec<RetentionRow>, StoreError>;
    /// Sets how long a subject is kept; `None`: for good.
    async fn set_retention(
        &self,
        tenant: &str,
        subject: &str,
        years: Option<i64>,
        by: &str,
        now: u64,
    ) -> Result<(), StoreError>;

    /// Records of fiscal years up to this one, and records without one that nobody wrote to since `before`. Records for
    /// which changes wait in custody are not among them.
    async fn list_due_records(
        &self,
        tenant: &str,
        fiscal_year: i64,
        before: u64,
    ) -> Result<Vec<(DocumentId, Option<i64>)>, StoreError>;
    /// Changes in custody that were decided on before this time.
    async fn list_due_custody(&self, tenant: &str, before: u64) -> Result<Vec<DecidedKey>, StoreError>;
    /// Tablets whose registration, or whose day pass, ended before this time and that are still named.
    async fn list_due_tablets(&self, tenant: &str, before: u64) -> Result<Vec<DeviceId>, StoreError>;
    /// People who were kept from signing in before this time and whose ways to sign in are still there.
    async fn list_due_sign_ins(&self, tenant: &str, before: u64) -> Result<Vec<String>, StoreError>;
    /// The rows from the beginning of the journal up to the first one of this time or later.
    async fn journal_before(&self, tenant: &str, before: u64) -> Result<Option<JournalPart>, StoreError>;

    /// Destroys decided changes. Those on which nobody has decided stay.
    async fn destroy_custody(&self, tenant: &str, keys: &[DecidedKey]) -> Result<(), StoreError>;
    /// Takes name and person from tablets whose registration has ended. Their ids stay taken, and what they still send is
    /// taken into custody as before.
    async fn forget_tablets(&self, tenant: &str, devices: &[DeviceId]) -> Result<(), StoreError>;
    /// Destroys passwords, passkeys, links to a provider and codes of people who may not sign in.
    async fn destroy_sign_ins(&self, tenant: &str, people: &[String]) -> Result<(), StoreError>;
    /// Destroys the rows of the journal up to this place.
    async fn destroy_journal(&self, tenant: &str, until: u64) -> Result<(), StoreError>;
    /// Makes sure that what was deleted so far is in no file of the database any more.
    async fn forget_deleted(&self) -> Result<(), StoreError>;

    /// Notes a destruction that begins; `false`: one of this subject goes on.
    async fn begin_destruction(&self, destruction: &DestructionRow) -> Result<bool, StoreError>;
    /// Notes its end with what was destroyed; `false`: it was noted before.
    async fn finish_destruction(&self, destruction: &DestructionRow) -> Result<bool, StoreError>;
    /// Every destruction, latest first, without its items.
    async fn list_destructions(&self, tenant: &str) -> Result<Vec<DestructionRow>, StoreError>;
    /// One of them, whole.
    async fn lookup_destruction(&self, tenant: &str, destruction: &str) -> Result<Option<DestructionRow>, StoreError>;
}
