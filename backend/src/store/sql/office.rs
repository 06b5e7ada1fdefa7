//! The office console's reads.

use async_trait::async_trait;
use sqlx::QueryBuilder;
use sync_core::ids::{DeviceId, DocumentId};

use super::custody::decision_of;
use super::dialect::{Database, Row, SqlStore, failed};
use super::statements as sql;
use super::{corrupt, flag, get, integer, unsigned};
use crate::store::StoreError;
use crate::store::office::{
    CustodyEntry, CustodyFilter, LecturerRow, NOT_REPORTED, OfficeStore, RecordFilter, RecordRow, SilentRow, TallyRow,
    Within,
};
use crate::store::types::{RollupKey, RollupValue};

type Query = QueryBuilder<Database>;

/// What people gather for: held, a head count is expected of it.
const GATHERING: &str = "(r.kind = 'session' AND (r.activity IS NULL OR r.activity IN ('lecture', 'round_table', \
     'public_lecture', 'visiting_lecture', 'training', 'booth', 'meeting')))";
const HELD: &str = "r.state IN ('held', 'reported', 'settled')";
const PLANNED: &str = "r.state IN ('none', 'requested', 'offered', 'confirmed')";

/// No organisation has this name.
const NOBODY: &str = "-";

fn organisation(within: &Within) -> &str {
    match within {
        Within::Tenant => "",
        Within::Municipality(code) => code,
        Within::Association(id) => id,
        Within::Nothing => NOBODY,
    }
}

fn push_text(query: &mut Query, column: &'static str, wanted: Option<&String>) {
    match wanted.map(String::as_str) {
        None => {}
        Some(NOT_REPORTED) => {
            query.push(" AND ").push(column).push(" IS NULL");
        }
        Some(text) => {
            query.push(" AND ").push(column).push(" = ").push_bind(text.to_owned());
        }
    }
}

fn push_measure_is(query: &mut Query, measure: &str) {
    query.push("(t.measure = ").push_bind(measure.to_owned());
    query.push(" OR (t.measure >= ").push_bind(format!("{measure}."));
    query.push(" AND t.measure < ").push_bind(format!("{measure}/")).push("))");
}

fn push_measure(query: &mut Query, measure: &str, without_value: bool) {
    query.push(" AND ");
    match measure {
        "attendance" if without_value => {
            query.push(HELD).push(" AND r.attendance IS NULL AND ").push(GATHERING);
        }
        "attendance" => {
            query.push(HELD).push(" AND (r.attendance IS NOT NULL OR ").push(GATHERING).push(")");
        }
        "screening.viewers" if without_value => {
            query.push(HELD).push(" AND r.viewers IS NULL AND (r.activity = 'screening' OR r.medium IS NOT NULL)");
        }
        "screening.viewers" => {
            query.push("(r.viewers IS NOT NULL OR (").push(HELD);
            query.push(" AND (r.activity = 'screening' OR r.medium IS NOT NULL)))");
        }
        measure => {
            query.push("EXISTS (SELECT 1 FROM tally_fact t WHERE t.tenant = r.tenant AND t.document = r.document AND ");
            push_measure_is(query, measure);
            query.push(if without_value { " AND t.value IS NULL)" } else { ")" });
        }
    }
}

fn push_lecturers(query: &mut Query, tenant: &str, filter: &RecordFilter) {
    const OF_RECORD: &str =
        "SELECT COUNT(*) FROM record_lecturer l WHERE l.tenant = r.tenant AND l.document = r.document";
    const RECORDS_OF: &str = " AND r.document IN (SELECT l.document FROM record_lecturer l WHERE l.tenant = ";
    match filter.lecturer.as_deref() {
        None => {}
        Some(NOT_REPORTED) => {
            query.push(" AND NOT EXISTS (SELECT 1 FROM record_lecturer l WHERE l.tenant = r.tenant ");
            query.push("AND l.document = r.document)");
        }
        Some(lecturer) => {
            query
                .push(RECORDS_OF)
                .push_bind(tenant.to_owned())
                .push(" AND l.lecturer = ")
                .push_bind(lecturer.to_owned())
                .push(" AND l.attribution <> 'among')");
        }
    }
    if let Some(first) = filter.among.first() {
        let count = i64::try_from(filter.among.len()).unwrap_or(i64::MAX);
        query
            .push(RECORDS_OF)
            .push_bind(tenant.to_owned())
            .push(" AND l.lecturer = ")
            .push_bind(first.clone())
            .push(")");
        query.push(" AND (").push(OF_RECORD).push(") = ").push_bind(count);
        query.push(" AND (").push(OF_RECORD).push(" AND l.attribution = 'among' AND l.lecturer IN (");
        let mut list = query.separated(", ");
        for lecturer in &filter.among {
            list.push_bind(lecturer.clone());
        }
        query.push(")) = ").push_bind(count);
    }
}

/// `FROM record_fact r WHERE …` for a filter.
fn push_filter(query: &mut Query, tenant: &str, filter: &RecordFilter) {
    query.push(" r.tenant = ").push_bind(tenant.to_owned());
    match filter.fiscal_year {
        None => {}
        Some(0) => {
            query.push(" AND r.fiscal_year IS NULL");
        }
        Some(year) => {
            query.push(" AND r.fiscal_year = ").push_bind(year);
        }
    }
    match &filter.within {
        Within::Tenant => {}
        Within::Nothing => {
            query.push(" AND 1 = 0");
        }
        Within::Municipality(code) => {
            query.push(" AND r.municipality = ").push_bind(code.clone());
        }
        Within::Association(id) => {
            query.push(" AND (r.association = ").push_bind(id.clone());
            query.push(" OR r.dispatched_by = ").push_bind(id.clone()).push(")");
        }
    }
    push_text(query, "r.municipality", filter.municipality.as_ref());
    push_text(query, "r.month", filter.month.as_ref());
    match filter.association.as_deref() {
        None => {}
        Some(NOT_REPORTED) => {
            query.push(" AND r.dispatched_by IS NULL AND r.association IS NULL");
        }
        Some(association) => {
            query.push(" AND (r.dispatched_by = ").push_bind(association.to_owned());
            query.push(" OR r.dispatched_by IS NULL AND r.association = ").push_bind(association.to_owned()).push(")");
        }
    }
    push_text(query, "r.activity", filter.activity.as_ref());
    push_text(query, "r.reason", filter.reason.as_ref());
    push_text(query, "r.title", filter.title.as_ref());
    push_text(query, "r.occasion", filter.occasion.as_ref());
    let areas = "(SELECT m.medical_area FROM municipality m WHERE m.tenant = r.tenant AND m.code = r.municipality)";
    push_text(query, areas, filter.medical_area.as_ref());
    match filter.group.as_deref() {
        None => {}
        Some("planned") => {
            query.push(" AND ").push(PLANNED);
        }
        Some("held") => {
            query.push(" AND ").push(HELD);
        }
        Some(state) => {
            query.push(" AND r.state = ").push_bind(state.to_owned());
        }
    }
    if let Some(is_dispatch) = filter.is_dispatch {
        // as text, so that the index of dispatches serves
        query.push(if is_dispatch { " AND r.is_dispatch = 1" } else { " AND r.is_dispatch = 0" });
    }
    if let Some(today) = &filter.report_missing_on {
        query.push(" AND r.kind = 'session' AND r.date < ").push_bind(today.clone()).push(" AND ").push(PLANNED);
    }
    if let Some(measure) = &filter.measure {
        push_measure(query, measure, filter.without_value);
    }
    push_lecturers(query, tenant, filter);
}

fn document_of(row: &Row) -> Result<DocumentId, StoreError> {
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

fn listed(tenant: &str, filter: &RecordFilter, offset: u32, limit: u32) -> Query {
    let mut query = Query::new(
        "SELECT r.document, r.kind, r.activity, r.month, r.date, r.municipality, r.association, r.dispatched_by, \
         r.title, r.occasion, r.venue, r.medium, r.state, r.reason, r.is_dispatch, r.attendance, r.viewers, \
         r.conflict_count, ",
    );
    match filter.measure.as_deref() {
        None => {
            query.push("CAST(NULL AS BIGINT) AS value");
        }
        Some("attendance") => {
            query.push("r.attendance AS value");
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
    query.push(" ORDER BY r.date DESC NULLS LAST, r.month DESC NULLS LAST, r.title NULLS FIRST, r.document LIMIT ");
    query.push_bind(i64::from(limit)).push(" OFFSET ").push_bind(i64::from(offset));
    query
}

fn tallied(tenant: &str, filter: &RecordFilter) -> Query {
    let mut query = Query::new(
        "SELECT r.document, r.month, x.measure, x.value FROM record_fact r \
         JOIN tally_fact x ON x.tenant = r.tenant AND x.document = r.document WHERE",
    );
    push_filter(&mut query, tenant, filter);
    query
}

fn lectured(tenant: &str, filter: &RecordFilter) -> Query {
    let mut query = Query::new(
        "SELECT r.document, x.lecturer, x.attribution FROM record_fact r \
         JOIN record_lecturer x ON x.tenant = r.tenant AND x.document = r.document WHERE",
    );
    push_filter(&mut query, tenant, filter);
    query.push(" ORDER BY r.document, x.lecturer");
    query
}

impl SqlStore {
    /// The texts of the queries that lists with these filters make, for the tests of statements and plans.
    pub fn record_texts(filters: &[RecordFilter]) -> Vec<String> {
        let of = |filter: &RecordFilter| {
            [counted("11", filter), listed("11", filter, 0, 1), tallied("11", filter), lectured("11", filter)]
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
                    month: String::new(),
                };
                let value = RollupValue {
                    reported: get(row, "reported")?,
                    unreported: get(row, "unreported")?,
                    total: get(row, "total")?,
                };
                Ok((key, value))
            })
            .collect()
    }

    async fn count_records(&self, tenant: &str, filter: &RecordFilter) -> Result<i64, StoreError> {
        let mut query = counted(tenant, filter);
        let row = query.build().persistent(false).fetch_one(&mut *self.reader().await?).await.map_err(failed)?;
        get(&row, "n")
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

    async fn list_tallies(&self, tenant: &str, filter: &RecordFilter) -> Result<Vec<TallyRow>, StoreError> {
        let mut query = tallied(tenant, filter);
        let rows = query.build().persistent(false).fetch_all(&mut *self.reader().await?).await.map_err(failed)?;
        rows.iter()
            .map(|row| {
                Ok(TallyRow {
                    document: document_of(row)?,
                    month: get(row, "month")?,
                    measure: get(row, "measure")?,
                    value: get(row, "value")?,
                })
            })
            .collect()
    }

    async fn list_record_lecturers(&self, tenant: &str, filter: &RecordFilter) -> Result<Vec<LecturerRow>, StoreError> {
        let mut query = lectured(tenant, filter);
        let rows = query.build().persistent(false).fetch_all(&mut *self.reader().await?).await.map_err(failed)?;
        rows.iter()
            .map(|row| {
                Ok(LecturerRow {
                    document: document_of(row)?,
                    lecturer: get(row, "lecturer")?,
                    attribution: get(row, "attribution")?,
                })
            })
            .collect()
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

    async fn list_custody(
        &self,
        tenant: &str,
        filter: &CustodyFilter,
        limit: u32,
    ) -> Result<Vec<CustodyEntry>, StoreError> {
        let mut query = Query::new(
            "SELECT c.document, c.hash, c.kind, c.code, c.received_at, CAST(LENGTH(c.bytes) AS BIGINT) AS byte_count, \
             c.device, c.decision, c.decided_at, c.decided_by, c.decision_reason, p.name AS decided_by_name, \
             d.name AS device_name, r.title, r.venue, r.date FROM custody c \
             LEFT JOIN device d ON d.tenant = c.tenant AND d.device = c.device \
             LEFT JOIN person p ON p.tenant = c.tenant AND p.person = c.decided_by \
             LEFT JOIN record_fact r ON r.tenant = c.tenant AND r.document = c.document",
        );
        let within = organisation(&filter.within).to_owned();
        if !within.is_empty() {
            query.push(" AND (r.municipality = ").push_bind(within.clone());
            query.push(" OR r.association = ").push_bind(within.clone());
            query.push(" OR r.dispatched_by = ").push_bind(within.clone()).push(")");
        }
        query.push(" WHERE c.tenant = ").push_bind(tenant.to_owned());
        if !within.is_empty() {
            query.push(" AND d.organisation = ").push_bind(within);
        }
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
        query.push(" ORDER BY c.decision IS NOT NULL, c.received_at DESC, c.document, c.hash LIMIT ");
        query.push_bind(i64::from(limit));
        let mut reader = self.reader().await?;
        let rows = query.build().persistent(false).fetch_all(&mut *reader).await.map_err(failed)?;
        rows.iter()
            .map(|row| {
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
            })
            .collect()
    }
}
