//! What the server keeps, behind one trait of whole units of work.
//!
//! The contract, rule by rule; the suite in `tests/store` holds every store to it.
//!
//! - ST-1 Each method is one transaction: all of it is there afterwards, or nothing. Absent is `None`, not an error.
//! - ST-2 When [`Store::commit_pushes`] returns `Committed`, everything it was given survives a loss of power.
//! - ST-3 A document is only replaced by a writer that read its latest revision; otherwise nothing is written and the
//!   outdated documents are named.
//! - ST-4 Feed: one row per scope and document, with the latest sequence. A scope's sequence grows by one for each
//!   entry, and is taken while its row is held, scopes in order of id, after everything else of the transaction: a
//!   reader that has seen sequence n has seen all up to n.
//! - ST-5 A scope's count and digest are the number and the sum of the contributions of its present documents.
//! - ST-6 Projections and roll-ups move in the transaction that moves the document.
//! - ST-7 "Not reported" is NULL in projections and never becomes 0.
//! - ST-8 Custody keeps every change once per document, hash and device, and a later copy changes nothing.
//! - ST-9 [`Store::pull`] is one consistent look: pages, documents, counts and digests belong to the same moment.
//! - ST-10 Everything is kept apart by tenant; an id of one tenant is unknown in another.
//! - ST-11 A code is used up by the enrolment or login it pays for, in the same transaction.
//! - ST-12 The registry's version grows when, and only when, something tablets see has changed.
//! - ST-13 A destroyed document stays destroyed: whoever writes it is outdated. Its bytes are in no row any more. Of one
//!   that was kept long enough a line of numbers stays, and no figure changes.
//! - ST-14 A change in custody is decided on once, by one person, in the transaction that lets it in; let in, for every
//!   device that had sent it. One that was brought back is kept once.
//! - ST-15 What was reported at the closing of a month never changes; what comes later is the difference, and every record
//!   that makes one is named.
//! - ST-16 A row of the journal is never changed. Places run 1, 2, 3 … within a prefecture, each row's hash covers the
//!   row before it, and the head names the last.
//!   The beginning of a chain is taken away only after an entry of the same chain has said so.
//! - ST-17 A sign-in holds while the person is not disabled and has the role it was made with.
//! - ST-18 A session is present in the scope of itself alone while a day pass holds it: from the transaction that uses the
//!   pass's code to the one that ends the last of its passes. Neither counts as a write of the record.
//! - ST-19 A code is good for its purpose alone; tried for another it is as unknown, and not used up.
//! - ST-20 A known tablet is registered anew only by its own key or by a code that names it.
//! - ST-21 A tablet's registration is in force while whoever registered it is not disabled and has that role.
//! - ST-22 The tablets of a hub hold what is of the municipalities it covers, from the transaction that changes these.
//! - ST-23 A portion of documents holds no more stored bytes than it may, unless its first alone is larger.
//! - ST-24 A [`office::Moment`] answers every question as of its first one, whatever is written meanwhile.
//! - ST-25 A tablet is marked from the exchange in which a disk speaks whose number is known to have been replaced by another,
//!   until it is registered anew. A number nobody here has heard of marks nothing: the database may be a restored one.

pub mod day_pass;
pub mod error;
pub mod journal;
pub mod office;
pub mod open;
pub mod people;
pub mod postgres;
pub mod retention;
pub mod signin;
#[expect(clippy::duplicate_mod, reason = "store/sql is compiled once for each database")]
pub mod sqlite;
pub mod tablets;
pub mod types;

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use sync_core::digest::{Digest, FeedState};
use sync_core::document::Heads;
use sync_core::ids::{ChangeHash, DeviceId, DocumentId, ScopeId};
use tokio::sync::broadcast;

use day_pass::DayPassStore;
pub use error::StoreError;
use journal::JournalStore;
use office::{OfficeStore, Within};
use open::Schema;
use people::PeopleStore;
use retention::RetentionStore;
use signin::SignInStore;
use tablets::TabletStore;
use types::{
    Association, Change, ChangedRow, ClosingRow, CodePurpose, CodeRow, Correction, CorrectionCount, CustodyDecision,
    DecideOutcome, DecidedChange, DeviceRow, Enrolment, HealingRow, HeldChange, HeldFilter, Lecturer, LoginRow,
    Material, Municipality, NewDevice, PageSize, Part, Projection, Pull, Purge, PurgeOutcome, PurgedRow, PushOutcome,
    PushWrite, Rebuilt, Registry, Rollups, ScopeRow, SecretHash, StoredDocument, WantedScope,
};

/// How long a statement may be silent, unless the settings say otherwise.
pub const LIMIT: Duration = Duration::from_secs(20);
/// How long one may be in what walks through everything: rebuilding, closing a month, vacuuming.
const LONG: Duration = Duration::from_secs(3_600);

/// A database that keeps the contract above.
#[async_trait]
pub trait Store:
    OfficeStore + JournalStore + PeopleStore + RetentionStore + SignInStore + TabletStore + DayPassStore + Send + Sync
{
    /// Whether the database takes what is written, durably: a row of its own is.
    async fn ready(&self, now: u64) -> Result<(), StoreError>;

    /// Brings the schema up to this binary's. Safe to run twice.
    async fn migrate(&self) -> Result<(), StoreError>;
    /// How the database's schema stands to this binary's.
    async fn schema(&self) -> Result<Schema, StoreError>;
    /// Closes every connection; what is committed stays.
    async fn close(&self);

    // People, tablets, credentials.

    /// The devices with these tokens, in their order, as one look.
    async fn lookup_devices(&self, token_hashes: &[SecretHash]) -> Result<Vec<Option<DeviceRow>>, StoreError>;
    /// The login with this token, unless it has expired at `now` or was not used since `seen_since`.
    async fn lookup_login(
        &self,
        token_hash: &SecretHash,
        now: u64,
        seen_since: u64,
    ) -> Result<Option<LoginRow>, StoreError>;
    /// The code, unless it is used up, has expired at `now` or is not good for this.
    async fn lookup_code(
        &self,
        code_hash: &SecretHash,
        purpose: CodePurpose,
        now: u64,
    ) -> Result<Option<CodeRow>, StoreError>;
    /// Keeps a code and its person; the same code again replaces what it grants.
    async fn upsert_code(&self, code_hash: &SecretHash, code: &CodeRow, person_name: &str) -> Result<(), StoreError>;
    /// Uses a code to enrol a device and makes its scopes. A known device is enrolled anew by a code that names it, or
    /// by its own key.
    async fn enrol(&self, code_hash: &SecretHash, device: &NewDevice, now: u64) -> Result<Enrolment, StoreError>;
    /// Ends a login. An unknown one is no error.
    async fn logout(&self, token_hash: &SecretHash) -> Result<(), StoreError>;
    /// Notes when a device was last here and how far its clock is off.
    async fn note_seen(&self, tenant: &str, device: DeviceId, now: u64, offset_ms: i64) -> Result<(), StoreError>;
    /// Name of a tenant and of a person in it.
    async fn lookup_names(&self, tenant: &str, person: &str) -> Result<Option<(String, String)>, StoreError>;

    // Registry.

    /// Makes a tenant with its municipalities, or brings its names up to these.
    async fn upsert_tenant(&self, tenant: &str, name: &str, all: &[Municipality]) -> Result<(), StoreError>;
    /// Everything tablets see of a tenant.
    async fn registry(&self, tenant: &str) -> Result<Option<Registry>, StoreError>;
    /// The registry's version, 0 for an unknown tenant.
    async fn registry_version(&self, tenant: &str) -> Result<u64, StoreError>;
    /// Adds an association or its missing municipalities.
    async fn upsert_association(&self, tenant: &str, association: &Association) -> Result<(), StoreError>;
    /// Adds or replaces a lecturer.
    async fn upsert_lecturer(&self, tenant: &str, lecturer: &Lecturer) -> Result<(), StoreError>;
    /// Adds a material or its missing eligibilities.
    async fn upsert_material(&self, tenant: &str, material: &Material) -> Result<(), StoreError>;
    /// Every tenant.
    async fn list_tenants(&self) -> Result<Vec<String>, StoreError>;

    /// Those of whom everything that follows from documents is to be made anew, since rules have changed.
    async fn list_stale_tenants(&self) -> Result<Vec<String>, StoreError>;

    // Documents and feed.

    /// Those of the documents that exist, with all that hangs on them, in no order.
    async fn load_documents(&self, tenant: &str, ids: &[DocumentId]) -> Result<Vec<StoredDocument>, StoreError>;
    /// The same, as far as there is room for `bytes` of stored documents, taken in the order of the ids; and the ids for
    /// which there was none. See ST-23.
    async fn load_portion(
        &self,
        tenant: &str,
        ids: &[DocumentId],
        bytes: u64,
    ) -> Result<(Vec<StoredDocument>, Vec<DocumentId>), StoreError>;
    /// The next documents after an id, ascending, for walking through all of them.
    async fn list_documents(
        &self,
        tenant: &str,
        after: Option<DocumentId>,
        limit: u32,
    ) -> Result<Vec<StoredDocument>, StoreError>;
    /// Writes pushes of one tenant as one unit: documents, custody, projections, roll-ups, and the feed last. No two of
    /// them write the same document. See ST-2 to ST-8.
    async fn commit_pushes(&self, tenant: &str, pushes: &[PushWrite]) -> Result<PushOutcome, StoreError>;
    /// What a device missed, up to about the size of a page of documents and at least one entry, or part of a document. Documents whose heads are
    /// those in `known` are named but not sent; those in `whole` are sent first when one of the scopes holds them.
    /// Scopes that are not there yet are left out.
    ///
    /// A cursor that does not hold (none, another epoch, ahead of the scope) starts anew at the latest entry and goes
    /// down from there, so that the newest come first; a cursor that holds takes what is new and then goes on down.
    async fn pull(
        &self,
        tenant: &str,
        wanted: &[WantedScope],
        whole: &[DocumentId],
        page: &PageSize,
        known: &HashMap<DocumentId, Heads>,
    ) -> Result<Pull, StoreError>;
    /// How a scope stands, with every document its feed names and what each adds to the digest when present; of one moment.
    async fn audit_entries(
        &self,
        tenant: &str,
        scope: &ScopeId,
    ) -> Result<Option<(ScopeRow, Vec<(DocumentId, FeedState, Digest)>)>, StoreError>;
    /// How every scope of a tenant stands.
    async fn list_scopes(&self, tenant: &str) -> Result<Vec<ScopeRow>, StoreError>;
    /// Every roll-up figure that is not zero.
    async fn list_rollups(&self, tenant: &str) -> Result<Rollups, StoreError>;
    /// Shows everything that belongs to a tenant's documents as it is at one moment, in portions: all documents, then what
    /// stays of those that were kept long enough, then the roll-ups, then the scopes.
    async fn survey(&self, tenant: &str, see: &mut (dyn FnMut(Part) + Send)) -> Result<(), StoreError>;
    /// Replaces projections, roll-ups, contributions, counts and digests by what `project` makes of each document.
    /// A document of which it makes nothing keeps its feed entries and has no projections. What stays of documents that
    /// were kept long enough stays, and counts as `figures` says. Returns how many documents.
    async fn rebuild(
        &self,
        tenant: &str,
        now: u64,
        project: &(dyn for<'a> Fn(&'a StoredDocument) -> Option<Rebuilt> + Send + Sync),
        figures: &(dyn for<'a> Fn(&'a Projection) -> Rollups + Send + Sync),
    ) -> Result<u64, StoreError>;
    /// The next lines that stay of documents which were kept long enough, by id.
    async fn list_retired(
        &self,
        tenant: &str,
        after: Option<DocumentId>,
        limit: u32,
    ) -> Result<Vec<(DocumentId, Projection)>, StoreError>;

    // Destroying, damage and healing.

    /// Destroys a document with all that follows from it; what is left is that it was destroyed, when, by whom and why.
    /// Its bytes are not in the database afterwards. A document the store never had is noted too.
    async fn purge(&self, purge: &Purge) -> Result<PurgeOutcome, StoreError>;
    /// Whether anything is known of a record: itself, that it was destroyed, or work of it in custody.
    async fn knows(&self, tenant: &str, document: DocumentId) -> Result<bool, StoreError>;
    /// Those of the documents that were destroyed.
    async fn list_purged(&self, tenant: &str, ids: &[DocumentId]) -> Result<Vec<PurgedRow>, StoreError>;
    /// Notes that stored documents are damaged or missing; tablets are asked for them until a push repairs them.
    async fn note_damaged(&self, tenant: &str, ids: &[DocumentId], now: u64) -> Result<(), StoreError>;
    /// Damaged documents, and when each was found, ms.
    async fn list_damaged(&self, tenant: &str) -> Result<Vec<(DocumentId, u64)>, StoreError>;
    /// How many changes tablets have ever brought back.
    async fn sum_healing(&self, tenant: &str) -> Result<u64, StoreError>;
    /// What tablets brought back, latest first.
    async fn list_healing(&self, tenant: &str, limit: u32) -> Result<Vec<HealingRow>, StoreError>;
    /// Gives the scopes of one tenant, or of all, new epochs, so that tablets offer what they hold. Returns how many.
    async fn renew_epochs(&self, tenant: Option<&str>) -> Result<u64, StoreError>;
    /// What other processes over the same database commit; `None` where there can be no other process.
    fn changes(&self) -> Option<broadcast::Receiver<Change>>;

    // Custody.

    /// The changes of one document that one tablet sent and that are or were held: those nobody has decided on first, then
    /// in the order they came. As many as there is room for in `bytes`, at least one; and whether there are more.
    async fn load_custody(
        &self,
        tenant: &str,
        document: DocumentId,
        device: DeviceId,
        bytes: u64,
    ) -> Result<(Vec<HeldChange>, bool), StoreError>;
    /// Where a record begun on a device is at home: in its first scope, revoked or not; with a day pass, where its session
    /// is at home.
    async fn home_of(&self, tenant: &str, device: DeviceId) -> Result<Option<ScopeId>, StoreError>;
    /// Notes a decision, and in the same transaction writes what it lets in. See ST-3.
    async fn decide_custody(
        &self,
        decision: &CustodyDecision,
        push: Option<&PushWrite>,
    ) -> Result<DecideOutcome, StoreError>;
    /// What was decided about these changes of a tablet. Changes that wait are left out.
    async fn list_decisions(
        &self,
        tenant: &str,
        device: DeviceId,
        hashes: &[ChangeHash],
    ) -> Result<Vec<DecidedChange>, StoreError>;

    /// Those of these changes of a tablet that no one has decided on, with their documents.
    async fn list_held(
        &self,
        tenant: &str,
        device: DeviceId,
        hashes: &[ChangeHash],
        filter: HeldFilter<'_>,
    ) -> Result<Vec<(DocumentId, HeldChange)>, StoreError>;

    // Closing a month.

    /// Keeps the month's figures as they are now; false when it was closed before.
    async fn close_month(
        &self,
        tenant: &str,
        month: &str,
        fiscal_year: i64,
        by: &str,
        now: u64,
    ) -> Result<bool, StoreError>;
    /// Closed months of a year, or of all years, ascending.
    async fn list_closings(&self, tenant: &str, fiscal_year: Option<i64>) -> Result<Vec<ClosingRow>, StoreError>;
    /// Figures of a closed month that differ from what was reported; none for a month that is open.
    async fn list_corrections(&self, tenant: &str, month: &str) -> Result<Vec<Correction>, StoreError>;
    /// How many figures of the closed months of a year differ from what was reported, by month and place.
    async fn count_corrections(&self, tenant: &str, fiscal_year: i64) -> Result<Vec<CorrectionCount>, StoreError>;
    /// Records that add other figures to a closed month than when it was closed, those that came to it or left it among
    /// them; written last first. Of an organisation, those that counted for it then or do now.
    async fn list_changed_since_closing(
        &self,
        tenant: &str,
        month: &str,
        within: &Within,
        offset: u32,
        limit: u32,
    ) -> Result<Vec<ChangedRow>, StoreError>;
}

/// Whether this names a PostgreSQL database rather than a file.
pub fn is_url(database: &str) -> bool {
    database.starts_with("postgres://") || database.starts_with("postgresql://")
}
