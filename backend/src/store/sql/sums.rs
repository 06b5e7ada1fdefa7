//! Sums over the records that a filter means, made by the database.

use super::dialect::{Connection, Row, failed};
use super::filter::{HELD, Query, push_filter, push_measure_is};
use super::office::document_of;
use super::{flag, get};
use crate::store::StoreError;
use crate::store::office::{Apart, LecturerRow, LecturerSum, RecordFilter, RecordSum, TallyRow, TallySum};
use crate::store::types::RollupValue;

/// What was screened, or is called a screening.
const SCREENED: &str = "(r.medium IS NOT NULL OR r.activity = 'screening')";
const AMONG: &str = "EXISTS (SELECT 1 FROM record_lecturer a WHERE a.tenant = r.tenant AND a.document = r.document \
     AND a.attribution = 'among')";

fn of_records(tenant: &str, filter: &RecordFilter, apart: Apart) -> Query {
    const NONE: &str = "CAST(NULL AS TEXT)";
    let when = |condition: &str, column: &str| format!("CASE WHEN {condition} THEN {column} END");
    let screening = format!("CASE WHEN r.viewers IS NOT NULL OR {HELD} AND {SCREENED} THEN 1 ELSE 0 END");
    let none = || NONE.to_owned();
    let parts: [(&str, String); 6] = match apart {
        Apart::Kinds => [
            ("activity", "r.activity".to_owned()),
            ("reason", "r.reason".to_owned()),
            ("occasion", when(&format!("{SCREENED} OR r.viewers IS NOT NULL"), "r.occasion")),
            ("title", when("r.activity = 'meeting'", "r.title")),
            ("municipality", none()),
            ("month", none()),
        ],
        Apart::Municipalities | Apart::Months => [
            ("activity", none()),
            ("reason", none()),
            ("occasion", none()),
            ("title", none()),
            ("municipality", if apart == Apart::Months { none() } else { "r.municipality".to_owned() }),
            ("month", if apart == Apart::Months { "r.month".to_owned() } else { none() }),
        ],
    };
    let mut query = Query::new("SELECT kind, state, is_dispatch, is_screening, activity, reason, occasion, title, ");
    query.push("municipality, month, COUNT(*) AS n, COUNT(attendance) AS attended, COUNT(viewers) AS viewed, ");
    query.push("CAST(COALESCE(SUM(attendance), 0) AS BIGINT) AS heads, ");
    query.push("CAST(COALESCE(SUM(viewers), 0) AS BIGINT) AS watching ");
    query.push("FROM (SELECT r.kind, r.state, r.is_dispatch, r.attendance, r.viewers, ").push(screening);
    query.push(" AS is_screening");
    for (name, expression) in parts {
        query.push(", ").push(expression).push(" AS ").push(name);
    }
    query.push(" FROM record_fact r WHERE");
    push_filter(&mut query, tenant, filter);
    query.push(") x GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10");
    query
}

fn of_tallies(tenant: &str, filter: &RecordFilter, prefix: &str) -> Query {
    let mut query = Query::new(
        "SELECT r.document, r.month, t.measure, t.value FROM record_fact r \
         JOIN tally_fact t ON t.tenant = r.tenant AND t.document = r.document WHERE",
    );
    push_filter(&mut query, tenant, filter);
    query.push(" AND ");
    push_measure_is(&mut query, prefix);
    query
}

fn of_measures(tenant: &str, filter: &RecordFilter) -> Query {
    let mut query = Query::new(
        "SELECT t.measure, COUNT(t.value) AS reported, COUNT(*) - COUNT(t.value) AS unreported, \
         CAST(COALESCE(SUM(t.value), 0) AS BIGINT) AS total FROM record_fact r \
         JOIN tally_fact t ON t.tenant = r.tenant AND t.document = r.document WHERE",
    );
    push_filter(&mut query, tenant, filter);
    query.push(" GROUP BY t.measure ORDER BY t.measure");
    query
}

fn of_lecturers(tenant: &str, filter: &RecordFilter) -> Query {
    let mut query = Query::new(
        "SELECT l.lecturer, r.state, COUNT(*) AS n FROM record_fact r \
         LEFT JOIN record_lecturer l ON l.tenant = r.tenant AND l.document = r.document WHERE",
    );
    push_filter(&mut query, tenant, filter);
    query.push(" AND NOT ").push(AMONG).push(" GROUP BY l.lecturer, r.state");
    query
}

fn of_among(tenant: &str, filter: &RecordFilter) -> Query {
    let mut query = Query::new(
        "SELECT r.document, r.state, l.lecturer, l.attribution FROM record_fact r \
         JOIN record_lecturer l ON l.tenant = r.tenant AND l.document = r.document WHERE",
    );
    push_filter(&mut query, tenant, filter);
    query.push(" AND ").push(AMONG).push(" ORDER BY r.document, l.lecturer");
    query
}

fn of_titles(tenant: &str, filter: &RecordFilter, text: &str) -> Query {
    let mut query = Query::new("SELECT 1 AS v FROM record_fact r WHERE");
    push_filter(&mut query, tenant, filter);
    query.push(format!(" AND SUBSTR(r.title, 1, {}) = ", text.chars().count())).push_bind(text.to_owned());
    query.push(" LIMIT 1");
    query
}

/// Every query of this file, for the tests of statements and plans.
pub(super) fn queries(tenant: &str, filter: &RecordFilter) -> Vec<Query> {
    let apart = [Apart::Kinds, Apart::Municipalities, Apart::Months];
    let mut queries: Vec<Query> = apart.into_iter().map(|apart| of_records(tenant, filter, apart)).collect();
    queries.extend([
        of_tallies(tenant, filter, "material"),
        of_measures(tenant, filter),
        of_lecturers(tenant, filter),
        of_among(tenant, filter),
        of_titles(tenant, filter, "a"),
    ]);
    queries
}

async fn fetch(connection: &mut Connection, mut query: Query) -> Result<Vec<Row>, StoreError> {
    query.build().persistent(false).fetch_all(connection).await.map_err(failed)
}

pub(super) async fn records(
    connection: &mut Connection,
    tenant: &str,
    filter: &RecordFilter,
    apart: Apart,
) -> Result<Vec<RecordSum>, StoreError> {
    let rows = fetch(connection, of_records(tenant, filter, apart)).await?;
    rows.iter()
        .map(|row| {
            Ok(RecordSum {
                kind: get(row, "kind")?,
                state: get(row, "state")?,
                is_dispatch: flag(row, "is_dispatch")?,
                is_screening: get::<i32>(row, "is_screening")? != 0,
                activity: get(row, "activity")?,
                reason: get(row, "reason")?,
                occasion: get(row, "occasion")?,
                title: get(row, "title")?,
                municipality: get(row, "municipality")?,
                month: get(row, "month")?,
                count: get(row, "n")?,
                attendance_reported: get(row, "attended")?,
                attendance: get(row, "heads")?,
                viewers_reported: get(row, "viewed")?,
                viewers: get(row, "watching")?,
            })
        })
        .collect()
}

pub(super) async fn tallies(
    connection: &mut Connection,
    tenant: &str,
    filter: &RecordFilter,
    prefix: &str,
) -> Result<Vec<TallyRow>, StoreError> {
    let rows = fetch(connection, of_tallies(tenant, filter, prefix)).await?;
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

pub(super) async fn measures(
    connection: &mut Connection,
    tenant: &str,
    filter: &RecordFilter,
) -> Result<Vec<TallySum>, StoreError> {
    let rows = fetch(connection, of_measures(tenant, filter)).await?;
    rows.iter()
        .map(|row| {
            let value = RollupValue {
                reported: get(row, "reported")?,
                unreported: get(row, "unreported")?,
                total: get(row, "total")?,
            };
            Ok(TallySum { measure: get(row, "measure")?, value })
        })
        .collect()
}

pub(super) async fn lecturers(
    connection: &mut Connection,
    tenant: &str,
    filter: &RecordFilter,
) -> Result<Vec<LecturerSum>, StoreError> {
    let rows = fetch(connection, of_lecturers(tenant, filter)).await?;
    rows.iter()
        .map(|row| {
            Ok(LecturerSum { lecturer: get(row, "lecturer")?, state: get(row, "state")?, count: get(row, "n")? })
        })
        .collect()
}

pub(super) async fn among(
    connection: &mut Connection,
    tenant: &str,
    filter: &RecordFilter,
) -> Result<Vec<(String, LecturerRow)>, StoreError> {
    let rows = fetch(connection, of_among(tenant, filter)).await?;
    rows.iter().map(|row| Ok((get(row, "state")?, lecturer_of(row)?))).collect()
}

pub(super) async fn any_title_begins(
    connection: &mut Connection,
    tenant: &str,
    filter: &RecordFilter,
    text: &str,
) -> Result<bool, StoreError> {
    Ok(!fetch(connection, of_titles(tenant, filter, text)).await?.is_empty())
}

pub(super) fn lecturer_of(row: &Row) -> Result<LecturerRow, StoreError> {
    Ok(LecturerRow {
        document: document_of(row)?,
        lecturer: get(row, "lecturer")?,
        attribution: get(row, "attribution")?,
    })
}
