//! A look at a prefecture that lasts: one transaction that reads, begun before the first answer and ended by dropping it.

use std::collections::{BTreeSet, HashMap};

use async_trait::async_trait;
use sync_core::ids::DocumentId;

use super::batch::Select;
use super::dialect::SqlStore;
use super::lease::Lease;
use super::office::{document_of, figures, lecturers_of, record_ids, records_of, years};
use super::{get, journal, purge, registry};
use crate::store::StoreError;
use crate::store::journal::{JournalFilter, JournalRow};
use crate::store::office::{LecturerRow, Moment, RecordFilter, RecordRow, WholeRow, Within};
use crate::store::types::{Registry, RollupKey, RollupValue};

pub(super) const TALLIES_OF: Select = Select::by_document("SELECT document, measure, value FROM tally_fact");

/// The look, and whose it is.
pub(super) struct SqlMoment {
    look: Lease,
    tenant: String,
}

impl SqlMoment {
    /// The moment is that of the first question.
    pub(super) async fn begin(store: &SqlStore, tenant: &str) -> Result<Self, StoreError> {
        Ok(Self { look: store.look().await?, tenant: tenant.to_owned() })
    }
}

#[async_trait]
impl Moment for SqlMoment {
    async fn registry(&mut self) -> Result<Option<Registry>, StoreError> {
        registry::read(&mut self.look, &self.tenant).await
    }

    async fn list_years(&mut self, within: &Within) -> Result<Vec<i64>, StoreError> {
        years(&mut self.look, &self.tenant, within).await
    }

    async fn list_figures(
        &mut self,
        fiscal_year: i64,
        prefix: &str,
    ) -> Result<Vec<(RollupKey, RollupValue)>, StoreError> {
        figures(&mut self.look, &self.tenant, fiscal_year, prefix).await
    }

    async fn list_record_ids(&mut self, filter: &RecordFilter) -> Result<Vec<DocumentId>, StoreError> {
        record_ids(&mut self.look, &self.tenant, filter).await
    }

    async fn list_whole(&mut self, records: &[DocumentId]) -> Result<Vec<WholeRow>, StoreError> {
        let rows = records_of(&mut self.look, &self.tenant, records).await?;
        let mut found: HashMap<DocumentId, RecordRow> = rows.into_iter().map(|row| (row.document, row)).collect();

        let mut lecturers: HashMap<DocumentId, Vec<LecturerRow>> = HashMap::new();
        for row in lecturers_of(&mut self.look, &self.tenant, records).await? {
            lecturers.entry(row.document).or_default().push(row);
        }

        let mut tallies: HashMap<DocumentId, Vec<(String, Option<i64>)>> = HashMap::new();
        for row in TALLIES_OF.of(&mut self.look, &self.tenant, records).await? {
            tallies.entry(document_of(&row)?).or_default().push((get(&row, "measure")?, get(&row, "value")?));
        }

        let purged = purge::read(&mut self.look, &self.tenant, records).await?;
        let destroyed: BTreeSet<DocumentId> = purged.into_iter().map(|row| row.document).collect();

        let whole = |id: &DocumentId| {
            let record = found.remove(id)?;
            let mut tallies = tallies.remove(id).unwrap_or_default();
            tallies.sort();
            let lecturers = lecturers.remove(id).unwrap_or_default();
            Some(WholeRow { record, lecturers, tallies, destroyed: destroyed.contains(id) })
        };
        Ok(records.iter().filter_map(whole).collect())
    }

    async fn list_journal(
        &mut self,
        chain: &str,
        filter: &JournalFilter,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<JournalRow>, StoreError> {
        journal::list(&mut self.look, chain, filter, before, limit).await
    }
}
