//! Sums over the records that a filter means, made by the database.

use super::dialect::{Connection, Row, failed};
use super::filter::{Query, push_filter};
use super::get;
use super::office::document_of;
use crate::store::StoreError;
use crate::store::office::{LecturerRow, LecturerSum, OccasionSum, RecordFilter, TitleSum};
use crate::store::types::RollupValue;

const AMONG: &str = "EXISTS (SELECT 1 FROM record_lecturer a WHERE a.tenant = r.tenant AND a.document = r.document \
     AND a.attribution = 'among')";

fn measured(filter: &RecordFilter, measure: &str) -> RecordFilter {
    RecordFilter { measure: Some(measure.to_owned()), without_value: false, ..filter.clone() }
}

fn of_titles(tenant: &str, filter: &RecordFilter) -> Query {
    let mut query = Query::new("SELECT r.title, r.record_group, COUNT(*) AS n FROM record_fact r WHERE");
    push_filter(&mut query, tenant, filter);
    query.push(" GROUP BY r.title, r.record_group");
    query
}

fn of_occasions(tenant: &str, filter: &RecordFilter) -> Query {
    let mut query = Query::new(
        "SELECT r.occasion, COUNT(r.viewers) AS reported, COUNT(*) - COUNT(r.viewers) AS unreported, \
         CAST(COALESCE(SUM(r.viewers), 0) AS BIGINT) AS total FROM record_fact r WHERE",
    );
    push_filter(&mut query, tenant, &measured(filter, "screening.viewers"));
    query.push(" GROUP BY r.occasion");
    query
}

fn of_attendance(tenant: &str, filter: &RecordFilter) -> Query {
    let mut query = Query::new(
        "SELECT COUNT(r.attendance) AS reported, COUNT(*) - COUNT(r.attendance) AS unreported, \
         CAST(COALESCE(SUM(r.attendance), 0) AS BIGINT) AS total FROM record_fact r WHERE",
    );
    push_filter(&mut query, tenant, &measured(filter, "attendance"));
    query
}

fn of_lecturers(tenant: &str, filter: &RecordFilter) -> Query {
    let mut query = Query::new(
        "SELECT l.lecturer, r.record_group, COUNT(*) AS n FROM record_fact r \
         LEFT JOIN record_lecturer l ON l.tenant = r.tenant AND l.document = r.document WHERE",
    );
    push_filter(&mut query, tenant, filter);
    query.push(" AND NOT ").push(AMONG).push(" GROUP BY l.lecturer, r.record_group");
    query
}

fn of_among(tenant: &str, filter: &RecordFilter) -> Query {
    let mut query = Query::new(
        "SELECT r.document, r.record_group, l.lecturer, l.attribution FROM record_fact r \
         JOIN record_lecturer l ON l.tenant = r.tenant AND l.document = r.document WHERE",
    );
    push_filter(&mut query, tenant, filter);
    query.push(" AND ").push(AMONG).push(" ORDER BY r.document, l.lecturer");
    query
}

fn of_samples(tenant: &str, filter: &RecordFilter) -> Query {
    let mut query = Query::new("SELECT 1 AS v FROM record_fact r WHERE");
    push_filter(&mut query, tenant, filter);
    // in the words of the index of made-up records, so that it serves
    query.push(" AND SUBSTR(r.title, 1, 2) = '見本' LIMIT 1");
    query
}

/// Every query of this file, for the tests of statements and plans.
pub(super) fn queries(tenant: &str, filter: &RecordFilter) -> Vec<Query> {
    [of_titles, of_occasions, of_attendance, of_lecturers, of_among, of_samples]
        .map(|query| query(tenant, filter))
        .into()
}

async fn fetch(connection: &mut Connection, mut query: Query) -> Result<Vec<Row>, StoreError> {
    query.build().persistent(false).fetch_all(connection).await.map_err(failed)
}

pub(super) fn value_of(row: &Row) -> Result<RollupValue, StoreError> {
    Ok(RollupValue { reported: get(row, "reported")?, unreported: get(row, "unreported")?, total: get(row, "total")? })
}

pub(super) async fn titles(
    connection: &mut Connection,
    tenant: &str,
    filter: &RecordFilter,
) -> Result<Vec<TitleSum>, StoreError> {
    let rows = fetch(connection, of_titles(tenant, filter)).await?;
    rows.iter()
        .map(|row| Ok(TitleSum { title: get(row, "title")?, group: get(row, "record_group")?, count: get(row, "n")? }))
        .collect()
}

pub(super) async fn occasions(
    connection: &mut Connection,
    tenant: &str,
    filter: &RecordFilter,
) -> Result<Vec<OccasionSum>, StoreError> {
    let rows = fetch(connection, of_occasions(tenant, filter)).await?;
    rows.iter().map(|row| Ok(OccasionSum { occasion: get(row, "occasion")?, viewers: value_of(row)? })).collect()
}

pub(super) async fn attendance(
    connection: &mut Connection,
    tenant: &str,
    filter: &RecordFilter,
) -> Result<RollupValue, StoreError> {
    fetch(connection, of_attendance(tenant, filter)).await?.first().map_or_else(|| Ok(RollupValue::default()), value_of)
}

pub(super) async fn lecturers(
    connection: &mut Connection,
    tenant: &str,
    filter: &RecordFilter,
) -> Result<Vec<LecturerSum>, StoreError> {
    let rows = fetch(connection, of_lecturers(tenant, filter)).await?;
    rows.iter()
        .map(|row| {
            Ok(LecturerSum { lecturer: get(row, "lecturer")?, group: get(row, "record_group")?, count: get(row, "n")? })
        })
        .collect()
}

pub(super) async fn among(
    connection: &mut Connection,
    tenant: &str,
    filter: &RecordFilter,
) -> Result<Vec<(String, LecturerRow)>, StoreError> {
    let rows = fetch(connection, of_among(tenant, filter)).await?;
    rows.iter().map(|row| Ok((get(row, "record_group")?, lecturer_of(row)?))).collect()
}

pub(super) async fn any_sample(
    connection: &mut Connection,
    tenant: &str,
    filter: &RecordFilter,
) -> Result<bool, StoreError> {
    Ok(!fetch(connection, of_samples(tenant, filter)).await?.is_empty())
}

pub(super) fn lecturer_of(row: &Row) -> Result<LecturerRow, StoreError> {
    Ok(LecturerRow {
        document: document_of(row)?,
        lecturer: get(row, "lecturer")?,
        attribution: get(row, "attribution")?,
    })
}
