//! The office console's lists.

use async_trait::async_trait;
use sync_core::ids::{DeviceId, DocumentId};
use tokio_stream::StreamExt as _;

use super::batch::Select;
use super::dialect::{Connection, Row, SqlStore, failed};
use super::filter::{Query, push_filter, push_measure_is};
use super::moment::SqlMoment;
use super::{corrupt, flag, get, integer, matters, rollup, statements as sql, sums, unsigned};
use crate::store::StoreError;
use crate::store::office::{
    CustodyFilter, CustodyRows, LecturerRow, LecturerSum, Moment, OccasionSum, OfficeStore, RecordFilter, RecordRow,
    SilentRow, TitleSum, Within,
};
use crate::store::types::{RollupKey, RollupValue};

/// No organisation has this name.
const NOBODY: &str = "-";

/// What a row's organisation is compared with; empty for all.
pub(super) fn organisation(within: &Within) -> &str {
    match within {
        Within::Tenant => "",
        Within::Municipality(code) => code,
        Within::Association(id) => id,
        Within::Nothing => NOBODY,
    }
}

pub(super) fn document_of(row: &Row) -> Result<DocumentId, StoreError> {
    DocumentId::from_slice(&get::<Vec<u8>>(row, "document")?).ok_or(corrupt("record_fact", "document"))
}

pub(super) fn device_of(row: &Row) -> Result<DeviceId, StoreError> {
    DeviceId::from_slice(&get::<Vec<u8>>(row, "device")?).ok_or(corrupt("device", "device"))
}

fn record_of(row: &Row) -> Result<RecordRow, StoreError> {
    Ok(RecordRow {
        document: document_of(row)?,
        kind: get(row, "kind")?,
        activity: get(row, "activity")?,
        fiscal_year: get(row, "fiscal_year")?,
        month: get(row, "month")?,
        date: get(row, "date")?,
        municipality: get(row, "municipality")?,
        association: get(row, "association")?,
        dispatched_by: get(row, "dispatched_by")?,
        title: get(row, "title")?,
        occasion: get(row, "occasion")?,
        venue: get(row, "venue")?,
        medium: get(row, "medium")?,
        state: get(row, "state")?,
        group: get(row, "record_group")?,
        reason: get(row, "reason")?,
        is_dispatch: flag(row, "is_dispatch")?,
        attendance: get(row, "attendance")?,
        viewers: get(row, "viewers")?,
        value: get(row, "value")?,
        conflict_count: get(row, "conflict_count")?,
    })
}

fn counted(tenant: &str, filter: &RecordFilter) -> Query {
    let mut query = Query::new("SELECT COUNT(*) AS n FROM record_fact r WHERE");
    push_filter(&mut query, tenant, filter);
    query
}

fn counted_by_month(tenant: &str, filter: &RecordFilter) -> Query {
    let mut query = Query::new("SELECT r.month, COUNT(*) AS n FROM record_fact r WHERE r.month IS NOT NULL AND");
    push_filter(&mut query, tenant, filter);
    query.push(" GROUP BY r.month");
    query
}

fn listed(tenant: &str, filter: &RecordFilter, offset: u32, limit: u32) -> Query {
    let mut query = Query::new(
        "SELECT r.document, r.kind, r.activity, r.fiscal_year, r.month, r.date, r.municipality, r.association, r.dispatched_by, \
         r.title, r.occasion, r.venue, r.medium, r.state, r.record_group, r.reason, r.is_dispatch, r.attendance, r.viewers, \
         r.conflict_count, ",
    );
    match filter.measure.as_deref() {
        None => {
            query.push("CAST(NULL AS BIGINT) AS value");
        }
        Some(measure) => {
            query.push("(SELECT CAST(SUM(t.value) AS BIGINT) FROM tally_fact t WHERE t.tenant = r.tenant ");
            query.push("AND t.document = r.document AND ");
            push_measure_is(&mut query, measure);
            query.push(") AS value");
        }
    }
    query.push(" FROM record_fact r WHERE");
    push_filter(&mut query, tenant, filter);
    query.push(ORDER).push(" LIMIT ").push_bind(i64::from(limit)).push(" OFFSET ").push_bind(i64::from(offset));
    query
}

fn ids(tenant: &str, filter: &RecordFilter) -> Query {
    let mut query = Query::new("SELECT r.document FROM record_fact r WHERE");
    push_filter(&mut query, tenant, filter);
    query.push(ORDER);
    query
}

/// The order of every list of records, which is that of the indexes by month.
const ORDER: &str = " ORDER BY r.month DESC NULLS LAST, r.date DESC NULLS LAST, r.title NULLS FIRST, r.document";

pub(super) const RECORDS_OF: Select = Select::by_document(
    "SELECT document, kind, activity, fiscal_year, month, date, municipality, association, dispatched_by, title, occasion, venue, \
     medium, state, record_group, reason, is_dispatch, attendance, viewers, conflict_count, CAST(NULL AS BIGINT) AS value \
     FROM record_fact",
);

pub(super) const LECTURERS_OF: Select =
    Select::by_document("SELECT document, lecturer, attribution FROM record_lecturer");

impl SqlStore {
    /// The texts of the queries that lists and sums with these filters make, for the tests of statements and plans.
    pub fn record_texts(filters: &[RecordFilter]) -> Vec<String> {
        let of = |filter: &RecordFilter| {
            let lists = [counted("11", filter), listed("11", filter, 0, 1), ids("11", filter)];
            lists.into_iter().chain(sums::queries("11", filter)).chain([counted_by_month("11", filter)])
        };
        filters.iter().flat_map(of).map(|query| query.sql().as_str().to_owned()).collect()
    }
}

pub(super) async fn years(connection: &mut Connection, tenant: &str, within: &Within) -> Result<Vec<i64>, StoreError> {
    let (municipality, association) = match within {
        Within::Tenant => ("", ""),
        Within::Nothing => (NOBODY, NOBODY),
        Within::Municipality(code) => (code.as_str(), ""),
        Within::Association(id) => ("", id.as_str()),
    };
    let query = sqlx::query(sql::YEARS).bind(tenant).bind(municipality).bind(association);
    query.fetch_all(connection).await.map_err(failed)?.iter().map(|row| get(row, "v")).collect()
}

pub(super) async fn figures(
    connection: &mut Connection,
    tenant: &str,
    fiscal_year: i64,
    prefix: &str,
) -> Result<Vec<(RollupKey, RollupValue)>, StoreError> {
    let query = sqlx::query(sql::FIGURES).bind(tenant).bind(fiscal_year).bind(prefix);
    let rows = query.fetch_all(connection).await.map_err(failed)?;
    rows.iter()
        .map(|row| {
            let key = RollupKey {
                fiscal_year,
                measure: get(row, "measure")?,
                municipality: get(row, "municipality")?,
                association: get(row, "association")?,
                holder: String::new(),
                month: String::new(),
            };
            Ok((key, sums::value_of(row)?))
        })
        .collect()
}

pub(super) async fn record_ids(
    connection: &mut Connection,
    tenant: &str,
    filter: &RecordFilter,
) -> Result<Vec<DocumentId>, StoreError> {
    let mut query = ids(tenant, filter);
    let mut rows = query.build().persistent(false).fetch(connection);
    let mut found = Vec::new();
    while let Some(row) = rows.next().await {
        found.push(document_of(&row.map_err(failed)?)?);
    }
    Ok(found)
}

/// These records, in no order.
pub(super) async fn records_of(
    connection: &mut Connection,
    tenant: &str,
    records: &[DocumentId],
) -> Result<Vec<RecordRow>, StoreError> {
    RECORDS_OF.of(connection, tenant, records).await?.iter().map(record_of).collect()
}

/// The lecturers of records, by record and id.
pub(super) async fn lecturers_of(
    connection: &mut Connection,
    tenant: &str,
    records: &[DocumentId],
) -> Result<Vec<LecturerRow>, StoreError> {
    let rows = LECTURERS_OF.of(connection, tenant, records).await?;
    let mut lecturers: Vec<LecturerRow> = rows.iter().map(sums::lecturer_of).collect::<Result<_, _>>()?;
    lecturers.sort_by(|a, b| (a.document, &a.lecturer).cmp(&(b.document, &b.lecturer)));
    Ok(lecturers)
}

#[async_trait]
impl OfficeStore for SqlStore {
    async fn moment(&self, tenant: &str) -> Result<Box<dyn Moment>, StoreError> {
        Ok(Box::new(SqlMoment::begin(self, tenant).await?))
    }

    async fn list_years(&self, tenant: &str, within: &Within) -> Result<Vec<i64>, StoreError> {
        years(&mut *self.reader().await?, tenant, within).await
    }

    async fn list_figures(
        &self,
        tenant: &str,
        fiscal_year: i64,
        prefix: &str,
    ) -> Result<Vec<(RollupKey, RollupValue)>, StoreError> {
        figures(&mut *self.reader().await?, tenant, fiscal_year, prefix).await
    }

    async fn list_figures_at(
        &self,
        tenant: &str,
        fiscal_year: i64,
        within: &Within,
    ) -> Result<Vec<(RollupKey, RollupValue)>, StoreError> {
        let (text, place) = match within {
            Within::Municipality(code) => (sql::FIGURES_AT_MUNICIPALITY, code),
            Within::Association(id) => (sql::FIGURES_AT_ASSOCIATION, id),
            Within::Tenant | Within::Nothing => return Ok(Vec::new()),
        };
        let query = sqlx::query(text).bind(tenant).bind(place).bind(fiscal_year);
        let rows = query.fetch_all(&mut *self.reader().await?).await.map_err(failed)?;
        rows.iter().map(rollup::entry_of).collect()
    }

    async fn count_records(&self, tenant: &str, filter: &RecordFilter) -> Result<i64, StoreError> {
        let mut query = counted(tenant, filter);
        let row = query.build().persistent(false).fetch_one(&mut *self.reader().await?).await.map_err(failed)?;
        get(&row, "n")
    }

    async fn count_records_by_month(
        &self,
        tenant: &str,
        filter: &RecordFilter,
    ) -> Result<Vec<(String, i64)>, StoreError> {
        let mut query = counted_by_month(tenant, filter);
        let rows = query.build().persistent(false).fetch_all(&mut *self.reader().await?).await.map_err(failed)?;
        rows.iter().map(|row| Ok((get(row, "month")?, get(row, "n")?))).collect()
    }

    async fn list_records(
        &self,
        tenant: &str,
        filter: &RecordFilter,
        offset: u32,
        limit: u32,
    ) -> Result<Vec<RecordRow>, StoreError> {
        let mut query = listed(tenant, filter, offset, limit);
        let rows = query.build().persistent(false).fetch_all(&mut *self.reader().await?).await.map_err(failed)?;
        rows.iter().map(record_of).collect()
    }

    async fn sum_titles(&self, tenant: &str, filter: &RecordFilter) -> Result<Vec<TitleSum>, StoreError> {
        sums::titles(&mut *self.reader().await?, tenant, filter).await
    }

    async fn sum_occasions(&self, tenant: &str, filter: &RecordFilter) -> Result<Vec<OccasionSum>, StoreError> {
        sums::occasions(&mut *self.reader().await?, tenant, filter).await
    }

    async fn sum_attendance(&self, tenant: &str, filter: &RecordFilter) -> Result<RollupValue, StoreError> {
        sums::attendance(&mut *self.reader().await?, tenant, filter).await
    }

    async fn sum_lecturers(&self, tenant: &str, filter: &RecordFilter) -> Result<Vec<LecturerSum>, StoreError> {
        sums::lecturers(&mut *self.reader().await?, tenant, filter).await
    }

    async fn list_among(&self, tenant: &str, filter: &RecordFilter) -> Result<Vec<(String, LecturerRow)>, StoreError> {
        sums::among(&mut *self.reader().await?, tenant, filter).await
    }

    async fn any_sample(&self, tenant: &str, filter: &RecordFilter) -> Result<bool, StoreError> {
        sums::any_sample(&mut *self.reader().await?, tenant, filter).await
    }

    async fn list_lecturers_of(&self, tenant: &str, records: &[DocumentId]) -> Result<Vec<LecturerRow>, StoreError> {
        lecturers_of(&mut *self.reader().await?, tenant, records).await
    }

    async fn list_silent(&self, tenant: &str, within: &Within, before: u64) -> Result<Vec<SilentRow>, StoreError> {
        let query = sqlx::query(sql::SILENT).bind(tenant).bind(integer(before)).bind(organisation(within));
        let rows = query.fetch_all(&mut *self.reader().await?).await.map_err(failed)?;
        rows.iter()
            .map(|row| {
                let last_seen_at: Option<i64> = get(row, "last_seen_at")?;
                let last_seen_at = last_seen_at.map(unsigned);
                Ok(SilentRow { device: device_of(row)?, name: get(row, "name")?, last_seen_at })
            })
            .collect()
    }

    async fn list_custody(&self, tenant: &str, filter: &CustodyFilter, limit: u32) -> Result<CustodyRows, StoreError> {
        matters::list(&mut *self.reader().await?, tenant, filter, limit).await
    }
}
