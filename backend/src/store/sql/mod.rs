//! What both databases do in the same words. This folder is compiled once for each dialect: `dialect` is the folder
//! that includes it, with its types, its way to send many rows at once, and its transactions.
//!
//! Invariants: SQL stands here when it reads the same in both, bound values are text, bytes and 64-bit integers, and a
//! writing transaction touches documents in order of id, notes on late figures and roll-ups each in order of key, and scopes
//! last in order of id.

mod basket;
pub(in crate::store) mod batch;
mod closing;
mod custody;
mod day_pass;
mod devices;
mod documents;
mod feed;
mod filter;
mod healing;
mod journal;
pub(in crate::store) mod lease;
mod matters;
pub(in crate::store) mod migration;
mod moment;
mod office;
mod people;
mod places;
mod purge;
mod push;
mod rebuild;
mod registry;
mod retention;
mod rollup;
mod signin;
mod statements;
mod sums;
mod survey;
mod tablets;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use sqlx::{ColumnIndex, Decode, Row as _, Type};
use sync_core::digest::{Digest, FeedState};
use sync_core::document::Heads;
use sync_core::ids::{ChangeHash, DeviceId, DocumentId, ScopeId};
use tokio::sync::broadcast;

use super as dialect;
use crate::store::office::Within;
use crate::store::open::Schema;
use crate::store::types::{
    Association, Change, ChangedRow, ClosingRow, CodePurpose, CodeRow, Correction, CorrectionCount, CustodyDecision,
    DecideOutcome, DecidedChange, DeviceRow, Enrolment, HealingRow, HeldChange, HeldFilter, Lecturer, LoginRow,
    Material, Municipality, NewDevice, PageSize, Part, Projection, Pull, Purge, PurgeOutcome, PurgedRow, PushOutcome,
    PushWrite, Rebuilt, Registry, Rollups, ScopeRow, SecretHash, StoredDocument, WantedScope,
};
use crate::store::{Store, StoreError};
use dialect::{ATTEMPTS, Database, Row, SqlStore, failed};
use lease::Lease;

/// A unit of work is not started over once it has taken this long.
const PATIENCE: Duration = Duration::from_secs(5);

/// Runs a unit of work again while others are in its way. What was ended has written nothing.
macro_rules! again {
    ($work:expr) => {{
        let started = Instant::now();
        let mut attempt = 1;
        loop {
            match $work.await {
                Err(StoreError::Busy) if attempt < ATTEMPTS && started.elapsed() < PATIENCE => {
                    tokio::time::sleep(Duration::from_millis(1 << attempt)).await;
                    attempt += 1;
                }
                other => break other,
            }
        }
    }};
}
use again;

fn get<'r, T>(row: &'r Row, column: &str) -> Result<T, StoreError>
where
    T: Decode<'r, Database> + Type<Database>,
    for<'c> &'c str: ColumnIndex<Row>,
{
    row.try_get(column).map_err(failed)
}

/// A time or count for an INTEGER column.
fn integer(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// A time or count from an INTEGER column.
fn unsigned(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

/// A yes or no from an INTEGER column.
fn flag(row: &Row, column: &str) -> Result<bool, StoreError> {
    Ok(get::<i64>(row, column)? != 0)
}

fn corrupt(table: &'static str, column: &'static str) -> StoreError {
    StoreError::Corrupt { table, column }
}

#[async_trait]
impl Store for SqlStore {
    async fn ready(&self, now: u64) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        let query = sqlx::query(statements::NOTE_READY).bind(integer(now));
        query.execute(&mut *transaction).await.map_err(failed)?;
        transaction.commit().await.map_err(failed)
    }

    async fn migrate(&self) -> Result<(), StoreError> {
        self.migrate_schema().await
    }

    async fn schema(&self) -> Result<Schema, StoreError> {
        migration::schema(&mut *self.reader().await?).await
    }

    async fn close(&self) {
        self.close_all().await;
    }

    async fn lookup_devices(&self, token_hashes: &[SecretHash]) -> Result<Vec<Option<DeviceRow>>, StoreError> {
        devices::lookup_devices(self, token_hashes).await
    }

    async fn lookup_login(
        &self,
        token_hash: &SecretHash,
        now: u64,
        seen_since: u64,
    ) -> Result<Option<LoginRow>, StoreError> {
        devices::lookup_login(self, token_hash, now, seen_since).await
    }

    async fn lookup_code(
        &self,
        code_hash: &SecretHash,
        purpose: CodePurpose,
        now: u64,
    ) -> Result<Option<CodeRow>, StoreError> {
        let mut connection = self.reader().await?;
        devices::lookup_code(&mut connection, code_hash, purpose, now).await
    }

    async fn upsert_code(&self, code_hash: &SecretHash, code: &CodeRow, name: &str) -> Result<(), StoreError> {
        again!(devices::upsert_code(self, code_hash, code, name))
    }

    async fn enrol(&self, code_hash: &SecretHash, device: &NewDevice, now: u64) -> Result<Enrolment, StoreError> {
        again!(devices::enrol(self, code_hash, device, now))
    }

    async fn logout(&self, token_hash: &SecretHash) -> Result<(), StoreError> {
        again!(devices::logout(self, token_hash))
    }

    async fn note_seen(&self, tenant: &str, device: DeviceId, now: u64, offset_ms: i64) -> Result<(), StoreError> {
        again!(devices::note_seen(self, tenant, device, now, offset_ms))
    }

    async fn lookup_names(&self, tenant: &str, person: &str) -> Result<Option<(String, String)>, StoreError> {
        devices::lookup_names(self, tenant, person).await
    }

    async fn upsert_tenant(&self, tenant: &str, name: &str, all: &[Municipality]) -> Result<(), StoreError> {
        again!(registry::upsert_tenant(self, tenant, name, all))
    }

    async fn registry(&self, tenant: &str) -> Result<Option<Registry>, StoreError> {
        registry::registry(self, tenant).await
    }

    async fn registry_version(&self, tenant: &str) -> Result<u64, StoreError> {
        let mut reader = self.reader().await?;
        registry::version(&mut reader, tenant).await
    }

    async fn upsert_association(&self, tenant: &str, association: &Association) -> Result<(), StoreError> {
        again!(registry::upsert_association(self, tenant, association))
    }

    async fn upsert_lecturer(&self, tenant: &str, lecturer: &Lecturer) -> Result<(), StoreError> {
        again!(registry::upsert_lecturer(self, tenant, lecturer))
    }

    async fn upsert_material(&self, tenant: &str, material: &Material) -> Result<(), StoreError> {
        again!(registry::upsert_material(self, tenant, material))
    }

    async fn list_stale_tenants(&self) -> Result<Vec<String>, StoreError> {
        registry::list_stale_tenants(self).await
    }

    async fn list_tenants(&self) -> Result<Vec<String>, StoreError> {
        registry::list_tenants(self).await
    }

    async fn load_documents(&self, tenant: &str, ids: &[DocumentId]) -> Result<Vec<StoredDocument>, StoreError> {
        documents::load(self, tenant, ids).await
    }

    async fn load_portion(
        &self,
        tenant: &str,
        ids: &[DocumentId],
        bytes: u64,
    ) -> Result<(Vec<StoredDocument>, Vec<DocumentId>), StoreError> {
        documents::load_portion(self, tenant, ids, bytes).await
    }

    async fn list_documents(
        &self,
        tenant: &str,
        after: Option<DocumentId>,
        limit: u32,
    ) -> Result<Vec<StoredDocument>, StoreError> {
        documents::list(self, tenant, after, limit).await
    }

    async fn commit_pushes(&self, tenant: &str, pushes: &[PushWrite]) -> Result<PushOutcome, StoreError> {
        again!(push::commit(self, tenant, pushes))
    }

    async fn pull(
        &self,
        tenant: &str,
        wanted: &[WantedScope],
        whole: &[DocumentId],
        page: &PageSize,
        known: &HashMap<DocumentId, Heads>,
    ) -> Result<Pull, StoreError> {
        feed::pull(self, tenant, wanted, whole, page, known).await
    }

    async fn audit_entries(
        &self,
        tenant: &str,
        scope: &ScopeId,
    ) -> Result<Option<(ScopeRow, Vec<(DocumentId, FeedState, Digest)>)>, StoreError> {
        healing::audit_entries(self, tenant, scope).await
    }

    async fn list_scopes(&self, tenant: &str) -> Result<Vec<ScopeRow>, StoreError> {
        feed::all_scopes(&mut *self.reader().await?, tenant).await
    }

    async fn list_rollups(&self, tenant: &str) -> Result<Rollups, StoreError> {
        rollup::list(self, tenant).await
    }

    async fn survey(&self, tenant: &str, see: &mut (dyn FnMut(Part) + Send)) -> Result<(), StoreError> {
        survey::survey(self, tenant, see).await
    }

    async fn rebuild(
        &self,
        tenant: &str,
        now: u64,
        project: &(dyn for<'a> Fn(&'a StoredDocument) -> Option<Rebuilt> + Send + Sync),
        figures: &(dyn for<'a> Fn(&'a Projection) -> Rollups + Send + Sync),
    ) -> Result<u64, StoreError> {
        again!(rebuild::rebuild(self, tenant, now, project, figures))
    }

    async fn list_retired(
        &self,
        tenant: &str,
        after: Option<DocumentId>,
        limit: u32,
    ) -> Result<Vec<(DocumentId, Projection)>, StoreError> {
        documents::retired(&mut *self.look().await?, tenant, after, limit).await
    }

    async fn purge(&self, purge: &Purge) -> Result<PurgeOutcome, StoreError> {
        again!(purge::purge(self, purge))
    }

    async fn knows(&self, tenant: &str, document: DocumentId) -> Result<bool, StoreError> {
        purge::knows(self, tenant, document).await
    }

    async fn list_purged(&self, tenant: &str, ids: &[DocumentId]) -> Result<Vec<PurgedRow>, StoreError> {
        purge::list(self, tenant, ids).await
    }

    async fn note_damaged(&self, tenant: &str, ids: &[DocumentId], now: u64) -> Result<(), StoreError> {
        again!(healing::note_damaged(self, tenant, ids, now))
    }

    async fn list_damaged(&self, tenant: &str) -> Result<Vec<(DocumentId, u64)>, StoreError> {
        healing::list_damaged(self, tenant).await
    }

    async fn sum_healing(&self, tenant: &str) -> Result<u64, StoreError> {
        healing::sum(self, tenant).await
    }

    async fn list_healing(&self, tenant: &str, limit: u32) -> Result<Vec<HealingRow>, StoreError> {
        healing::list(self, tenant, limit).await
    }

    async fn renew_epochs(&self, tenant: Option<&str>) -> Result<u64, StoreError> {
        again!(healing::renew_epochs(self, tenant))
    }

    fn changes(&self) -> Option<broadcast::Receiver<Change>> {
        self.subscribe()
    }

    async fn load_custody(
        &self,
        tenant: &str,
        document: DocumentId,
        device: DeviceId,
        bytes: u64,
    ) -> Result<(Vec<HeldChange>, bool), StoreError> {
        custody::load(self, tenant, document, device, bytes).await
    }

    async fn home_of(&self, tenant: &str, device: DeviceId) -> Result<Option<ScopeId>, StoreError> {
        custody::home_of(self, tenant, device).await
    }

    async fn decide_custody(
        &self,
        decision: &CustodyDecision,
        push: Option<&PushWrite>,
    ) -> Result<DecideOutcome, StoreError> {
        again!(custody::decide(self, decision, push))
    }

    async fn list_decisions(
        &self,
        tenant: &str,
        device: DeviceId,
        hashes: &[ChangeHash],
    ) -> Result<Vec<DecidedChange>, StoreError> {
        custody::decisions(self, tenant, device, hashes).await
    }

    async fn list_held(
        &self,
        tenant: &str,
        device: DeviceId,
        hashes: &[ChangeHash],
        filter: HeldFilter<'_>,
    ) -> Result<Vec<(DocumentId, HeldChange)>, StoreError> {
        custody::held(self, tenant, device, hashes, filter).await
    }

    async fn close_month(
        &self,
        tenant: &str,
        month: &str,
        fiscal_year: i64,
        by: &str,
        now: u64,
    ) -> Result<bool, StoreError> {
        again!(closing::close(self, tenant, month, fiscal_year, by, now))
    }

    async fn list_closings(&self, tenant: &str, fiscal_year: Option<i64>) -> Result<Vec<ClosingRow>, StoreError> {
        closing::list(self, tenant, fiscal_year).await
    }

    async fn list_corrections(&self, tenant: &str, month: &str) -> Result<Vec<Correction>, StoreError> {
        closing::corrections(self, tenant, month).await
    }

    async fn count_corrections(&self, tenant: &str, fiscal_year: i64) -> Result<Vec<CorrectionCount>, StoreError> {
        closing::count_corrections(self, tenant, fiscal_year).await
    }

    async fn list_changed_since_closing(
        &self,
        tenant: &str,
        month: &str,
        within: &Within,
        offset: u32,
        limit: u32,
    ) -> Result<Vec<ChangedRow>, StoreError> {
        closing::changed_since(self, tenant, month, within, offset, limit).await
    }
}

impl SqlStore {
    /// A connection for single statements that read.
    pub(in crate::store) async fn reader(&self) -> Result<Lease, StoreError> {
        Lease::take(self.readers(), self.pulse(), self.limit(), None).await
    }

    /// A connection for single statements that write.
    pub(in crate::store) async fn writer(&self) -> Result<Lease, StoreError> {
        Lease::take(self.writers(), self.pulse(), self.limit(), None).await
    }

    /// Starts a look at one moment.
    pub(in crate::store) async fn look(&self) -> Result<Lease, StoreError> {
        Lease::take(self.readers(), self.pulse(), self.limit(), Some(dialect::BEGIN_LOOK)).await
    }

    /// Starts a writing transaction.
    pub(in crate::store) async fn begin(&self) -> Result<Lease, StoreError> {
        Lease::take(self.writers(), self.pulse(), self.limit(), Some(dialect::BEGIN)).await
    }

    /// Every statement in the store's words for this database, as texts, for the test that prepares them all. Filters
    /// of lists are put together when they are asked for and not among them.
    pub fn statement_texts() -> Vec<String> {
        let inserts = [
            &push::DOCUMENT,
            &push::CUSTODY,
            &journal::JOURNAL,
            &healing::DAMAGED,
            &places::NEW_SCOPE,
            &places::SCOPE,
            &places::FEED,
            &rollup::RECORD_FACT,
            &rollup::TALLY_FACT,
            &rollup::RECORD_LECTURER,
            &rollup::FLAG,
            &rollup::ROLLUP,
            &closing::LATE_FIGURE,
        ];
        let selects = [
            &push::BROUGHT,
            &push::IN_CUSTODY,
            &devices::DEVICES,
            &places::HOLD_SCOPES,
            &feed::SCOPES,
            &feed::DAMAGED_IN,
            &feed::SMALL,
            &basket::WHOLE,
            &custody::DECISIONS,
            &closing::KEEP_BEFORE,
            &closing::KEEP_AFTER,
            &healing::EXISTING,
            &purge::PURGED,
            &purge::CLEAR_CUSTODY,
            &purge::CLEAR_DAMAGED,
            &documents::DOCUMENTS,
            &documents::SIZES,
            &documents::PLACES,
            &documents::PARTS,
            &rollup::CLEAR_FACTS,
            &office::LECTURERS_OF,
            &office::RECORDS_OF,
            &moment::TALLIES_OF,
        ];
        let mut texts: Vec<String> = statements::ALL
            .iter()
            .chain([&documents::WALK, &documents::RETIRED])
            .chain([&closing::CHANGED, &closing::KEEP_ALL_BEFORE, &closing::KEEP_ALL_AFTER, &closing::FORGET_EQUAL])
            .chain([&closing::CORRECTIONS, &closing::COUNT_CORRECTIONS])
            .map(|text| (*text).to_owned())
            .collect();
        texts.extend(inserts.iter().flat_map(|insert| [1, 2].map(|rows| dialect::insert_text(insert, rows))));
        let selects = selects.into_iter().chain(&rollup::CLEAR);
        texts.extend(selects.flat_map(|select| [1, 2].map(|keys| dialect::select_text(select, keys))));
        texts
    }
}
