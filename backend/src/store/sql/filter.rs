//! Which records a filter means, as the condition of a statement over `record_fact r`.

use sqlx::QueryBuilder;
use sync_core::domain::vocabulary::Flag;
use sync_core::figures::Figure;

use super::dialect::Database;
use crate::store::office::{NOT_REPORTED, RecordFilter, Within};

pub(super) type Query = QueryBuilder<Database>;

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

/// Rows of a figure, or of all whose ids begin with these segments.
pub(super) fn push_measure_is(query: &mut Query, measure: &str) {
    query.push("(t.measure = ").push_bind(measure.to_owned());
    if measure.parse::<Figure>().is_err() {
        query.push(" OR (t.measure >= ").push_bind(format!("{measure}."));
        query.push(" AND t.measure < ").push_bind(format!("{measure}/")).push(")");
    }
    query.push(")");
}

/// Records that add to a measure, be it a number or a gap.
fn push_measure(query: &mut Query, measure: &str, without_value: bool) {
    query.push(" AND EXISTS (SELECT 1 FROM tally_fact t WHERE t.tenant = r.tenant AND t.document = r.document AND ");
    push_measure_is(query, measure);
    query.push(if without_value { " AND t.value IS NULL)" } else { ")" });
}

/// Records that are an association's own or for which it sent the lecturer.
fn push_association(query: &mut Query, id: &str) {
    query.push(" AND (r.association = ").push_bind(id.to_owned());
    query.push(" OR r.dispatched_by = ").push_bind(id.to_owned()).push(")");
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

/// What follows `FROM record_fact r … WHERE`.
pub(super) fn push_filter(query: &mut Query, tenant: &str, filter: &RecordFilter) {
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
        // what counts for it is within it
        Within::Association(id) if filter.association.as_ref() == Some(id) => {}
        Within::Association(id) => push_association(query, id),
    }
    push_text(query, "r.municipality", filter.municipality.as_ref());
    push_text(query, "r.month", filter.month.as_ref());
    match filter.association.as_deref() {
        None => {}
        Some(NOT_REPORTED) => {
            query.push(" AND r.association IS NULL AND r.dispatched_by IS NULL");
        }
        Some(id) => push_association(query, id),
    }
    push_text(query, "r.dispatched_by", filter.dispatched_by.as_ref());
    push_text(query, "r.activity", filter.activity.as_ref());
    push_text(query, "r.reason", filter.reason.as_ref());
    push_text(query, "r.title", filter.title.as_ref());
    push_text(query, "r.occasion", filter.occasion.as_ref());
    let areas = "(SELECT m.medical_area FROM municipality m WHERE m.tenant = r.tenant AND m.code = r.municipality)";
    push_text(query, areas, filter.medical_area.as_ref());
    push_text(query, "r.record_group", filter.group.as_ref());
    if let Some(flag) = &filter.flag {
        query.push(" AND r.document IN (SELECT f.document FROM flag f WHERE f.tenant = ").push_bind(tenant.to_owned());
        query.push(" AND f.code = ").push_bind(flag.clone()).push(")");
    }
    if let Some(last) = filter.dates_doubtful_until {
        query
            .push(" AND r.document IN (SELECT y.document FROM record_fact y WHERE y.tenant = ")
            .push_bind(tenant.to_owned());
        query.push(" AND (y.fiscal_year IS NULL OR y.fiscal_year > ").push_bind(last).push(")");
        query.push(" UNION SELECT f.document FROM flag f WHERE f.tenant = ").push_bind(tenant.to_owned());
        query.push(" AND f.code = ").push_bind(Flag::DateFar.as_str()).push(")");
    }
    if let Some(is_dispatch) = filter.is_dispatch {
        // as text, so that the index of dispatches serves
        query.push(if is_dispatch { " AND r.is_dispatch = 1" } else { " AND r.is_dispatch = 0" });
    }
    if let Some(today) = &filter.report_missing_on {
        query.push(" AND r.kind = 'session' AND r.date < ").push_bind(today.clone());
        query.push(" AND r.record_group = 'planned'");
    }
    if let Some(measure) = &filter.measure {
        push_measure(query, measure, filter.without_value);
    }
    push_lecturers(query, tenant, filter);
}
