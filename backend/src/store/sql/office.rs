//! The office console's lists.

use std::collections::HashMap;

use async_trait::async_trait;
use sync_core::ids::{DeviceId, DocumentId};

use super::batch::Select;
use super::custody::decision_of;
use super::dialect::{Row, SqlStore, failed};
use super::filter::{Query, push_filter, push_measure_is};
use super::{corrupt, flag, get, integer, rollup, statements as sql, sums, unsigned};
use crate::store::StoreError;
use crate::store::office::{
    CustodyEntry, CustodyFilter, CustodyPlace, CustodyRows, LecturerRow, LecturerSum, OccasionSum, OfficeStore,
    RecordFilter, RecordRow, SilentRow, TitleSum, Within,
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

fn device_of(row: &Row) -> Result<DeviceId, StoreError> {
    DeviceId::from_slice(&get::<Vec<u8>>(row, "device")?).ok_or(corrupt("device", "device"))
}

fn record_of(row: &Row) -> Result<RecordRow, StoreError> {
    Ok(RecordRow {
        document: document_of(row)?,
        kind: get(row, "kind")?,
        activity: get(row, "activity")?,
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
        "SELECT r.document, r.kind, r.activity, r.month, r.date, r.municipality, r.association, r.dispatched_by, \
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
    "SELECT document, kind, activity, month, date, municipality, association, dispatched_by, title, occasion, venue, \
     medium, state, record_group, reason, is_dispatch, attendance, viewers, conflict_count, CAST(NULL AS BIGINT) AS value \
     FROM record_fact",
);

pub(super) const LECTURERS_OF: Select =
    Select::by_document("SELECT document, lecturer, attribution FROM record_lecturer");

impl SqlStore {
    /// The text of the query behind the list of custody, for the test of statements.
    pub fn custody_text(filter: &CustodyFilter) -> String {
        held("11", filter, 1).sql().as_str().to_owned()
    }

    /// The texts of the queries that lists and sums with these filters make, for the tests of statements and plans.
    pub fn record_texts(filters: &[RecordFilter]) -> Vec<String> {
        let of = |filter: &RecordFilter| {
            let lists = [counted("11", filter), listed("11", filter, 0, 1), ids("11", filter)];
            lists.into_iter().chain(sums::queries("11", filter)).chain([counted_by_month("11", filter)])
        };
        filters.iter().flat_map(of).map(|query| query.sql().as_str().to_owned()).collect()
    }
}

#[async_trait]
impl OfficeStore for SqlStore {
    async fn list_years(&self, tenant: &str, within: &Within) -> Result<Vec<i64>, StoreError> {
        let (municipality, association) = match within {
            Within::Tenant => ("", ""),
            Within::Nothing => (NOBODY, NOBODY),
            Within::Municipality(code) => (code.as_str(), ""),
            Within::Association(id) => ("", id.as_str()),
        };
        let query = sqlx::query(sql::YEARS).bind(tenant).bind(municipality).bind(association);
        query.fetch_all(&mut *self.reader().await?).await.map_err(failed)?.iter().map(|row| get(row, "v")).collect()
    }

    async fn list_figures(
        &self,
        tenant: &str,
        fiscal_year: i64,
        prefix: &str,
    ) -> Result<Vec<(RollupKey, RollupValue)>, StoreError> {
        let query = sqlx::query(sql::FIGURES).bind(tenant).bind(fiscal_year).bind(prefix);
        let rows = query.fetch_all(&mut *self.reader().await?).await.map_err(failed)?;
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

    async fn list_record_ids(&self, tenant: &str, filter: &RecordFilter) -> Result<Vec<DocumentId>, StoreError> {
        let mut query = ids(tenant, filter);
        let rows = query.build().persistent(false).fetch_all(&mut *self.reader().await?).await.map_err(failed)?;
        rows.iter().map(document_of).collect()
    }

    async fn list_records_of(&self, tenant: &str, records: &[DocumentId]) -> Result<Vec<RecordRow>, StoreError> {
        let rows = RECORDS_OF.of(&mut *self.reader().await?, tenant, records).await?;
        let mut found = rows
            .iter()
            .map(|row| record_of(row).map(|record| (record.document, record)))
            .collect::<Result<HashMap<_, _>, _>>()?;
        Ok(records.iter().filter_map(|id| found.remove(id)).collect())
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
        let rows = LECTURERS_OF.of(&mut *self.reader().await?, tenant, records).await?;
        let mut lecturers: Vec<LecturerRow> = rows.iter().map(sums::lecturer_of).collect::<Result<_, _>>()?;
        lecturers.sort_by(|a, b| (a.document, &a.lecturer).cmp(&(b.document, &b.lecturer)));
        Ok(lecturers)
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
        let mut query = held(tenant, filter, i64::from(limit) + 1);
        let mut reader = self.reader().await?;
        let rows = query.build().persistent(false).fetch_all(&mut *reader).await.map_err(failed)?;
        let (mut page, mut matters, mut last) = (CustodyRows::default(), 0, None);
        for row in &rows {
            let place = place_of(row)?;
            if last != Some(place) {
                matters += 1;
            }
            if matters > limit {
                page.next = last;
                break;
            }
            last = Some(place);
            page.entries.push(held_of(row)?);
        }
        Ok(page)
    }
}

/// Changes of one matter and one reason that are listed.
const CHANGES: i64 = 5;

/// The list of custody: matters are chosen before anything else is read, so that no number of changes hides one.
fn held(tenant: &str, filter: &CustodyFilter, matters: i64) -> Query {
    let mut query = Query::new(
        "WITH matter AS (SELECT c.document, c.device, \
         CAST(MAX(CASE WHEN c.decision IS NULL THEN 1 ELSE 0 END) AS BIGINT) AS waits, \
         COALESCE(MAX(CASE WHEN c.decision IS NULL THEN c.received_at END), MAX(c.received_at)) AS at FROM custody c WHERE ",
    );
    push_held(&mut query, tenant, filter);
    let within = organisation(&filter.within).to_owned();
    query.push(
        " GROUP BY c.document, c.device), page AS (SELECT m.document, m.device, m.waits, m.at, d.name AS device_name, \
         r.title, r.venue, r.date FROM ",
    );
    if within.is_empty() {
        // all of them are the caller's: only those of the page are looked at
        query.push("(SELECT m.document, m.device, m.waits, m.at FROM matter m WHERE ");
        push_after(&mut query, filter.after.as_ref());
        push_first(&mut query, matters);
        query.push(") m");
    } else {
        query.push("matter m");
    }
    query.push(" LEFT JOIN device d ON d.tenant = ").push_bind(tenant.to_owned());
    query.push(" AND d.device = m.device LEFT JOIN record_fact r ON r.tenant = ");
    query.push_bind(tenant.to_owned()).push(" AND r.document = m.document");
    if !within.is_empty() {
        query.push(" AND (r.municipality = ").push_bind(within.clone());
        query.push(" OR r.association = ").push_bind(within.clone());
        query.push(" OR r.dispatched_by = ").push_bind(within.clone()).push(") WHERE ");
        push_after(&mut query, filter.after.as_ref());
        // what a day pass sent belongs to those whose record it is about
        query.push(" AND (d.organisation = ").push_bind(within);
        query.push(" OR (d.pass_ends_at IS NOT NULL AND r.document IS NOT NULL))");
        push_first(&mut query, matters);
    }
    query.push(
        "), change AS (SELECT c.tenant, c.document, c.hash, c.kind, c.code, c.received_at, c.device, c.decision, \
         c.decided_at, c.decided_by, c.decision_reason, CAST(LENGTH(c.bytes) AS BIGINT) AS byte_count, ROW_NUMBER() OVER (PARTITION BY c.document, c.device, c.code \
         ORDER BY c.decision IS NOT NULL, c.received_at DESC, c.hash) AS place, p.waits, p.at, p.device_name, p.title, \
         p.venue, p.date FROM page p JOIN custody c ON c.document = p.document AND c.device = p.device AND ",
    );
    push_held(&mut query, tenant, filter);
    query.push(
        ") SELECT c.document, c.hash, c.kind, c.code, c.received_at, c.byte_count, c.device, c.decision, c.decided_at, c.decided_by, c.decision_reason, \
         p.name AS decided_by_name, c.waits, c.at, c.device_name, c.title, c.venue, c.date FROM change c \
         LEFT JOIN person p ON p.tenant = c.tenant AND p.person = c.decided_by WHERE c.place <= ",
    );
    query.push_bind(CHANGES).push(
        " ORDER BY c.waits DESC, c.at DESC, c.document, c.device, c.decision IS NOT NULL, c.received_at DESC, c.hash",
    );
    query
}

/// Matters behind this place, under the name `m`.
fn push_after(query: &mut Query, after: Option<&CustodyPlace>) {
    let Some(place) = after else {
        query.push("1 = 1");
        return;
    };
    let (waits, at) = (i64::from(place.waits), integer(place.at));
    query.push("(m.waits < ").push_bind(waits).push(" OR m.waits = ").push_bind(waits);
    query.push(" AND (m.at < ").push_bind(at).push(" OR m.at = ").push_bind(at);
    query.push(" AND (m.document, m.device) > (").push_bind(place.document.as_bytes().to_vec());
    query.push(", ").push_bind(place.device.as_bytes().to_vec()).push(")))");
}

/// The first of the matters, in the order of the list.
fn push_first(query: &mut Query, matters: i64) {
    query.push(" ORDER BY m.waits DESC, m.at DESC, m.document, m.device LIMIT ").push_bind(matters);
}

/// Which changes are looked at, under the name `c`.
fn push_held(query: &mut Query, tenant: &str, filter: &CustodyFilter) {
    query.push("c.tenant = ").push_bind(tenant.to_owned());
    match filter.decided {
        None => {}
        Some(true) => {
            query.push(" AND c.decision IS NOT NULL");
        }
        Some(false) => {
            query.push(" AND c.decision IS NULL");
        }
    }
    if let Some(document) = filter.document {
        query.push(" AND c.document = ").push_bind(document.as_bytes().to_vec());
    }
    if let Some(device) = filter.device {
        query.push(" AND c.device = ").push_bind(device.as_bytes().to_vec());
    }
}

fn place_of(row: &Row) -> Result<CustodyPlace, StoreError> {
    Ok(CustodyPlace {
        waits: flag(row, "waits")?,
        at: unsigned(get(row, "at")?),
        document: document_of(row)?,
        device: device_of(row)?,
    })
}

fn held_of(row: &Row) -> Result<CustodyEntry, StoreError> {
    Ok(CustodyEntry {
        document: document_of(row)?,
        hash: hex::encode(get::<Vec<u8>>(row, "hash")?),
        kind: get(row, "kind")?,
        code: get(row, "code")?,
        received_at: unsigned(get(row, "received_at")?),
        byte_count: get(row, "byte_count")?,
        device: device_of(row)?,
        device_name: get(row, "device_name")?,
        title: get(row, "title")?,
        venue: get(row, "venue")?,
        date: get(row, "date")?,
        decision: decision_of(row)?,
    })
}
