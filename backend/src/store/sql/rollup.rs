//! Projections and roll-ups.

use sync_core::ids::DocumentId;

use super::batch::{Insert, Select, Type, Value};
use super::dialect::{Connection, Row, SqlStore, delete_all, failed};
use super::sums::value_of;
use super::{get, integer, statements as sql};
use crate::store::StoreError;
use crate::store::types::{Projection, RollupKey, RollupValue, Rollups};

pub(super) const RECORD_FACT: Insert = Insert {
    table: "record_fact",
    columns: &[
        ("tenant", Type::Text),
        ("document", Type::Bytes),
        ("kind", Type::Text),
        ("activity", Type::Text),
        ("fiscal_year", Type::Integer),
        ("month", Type::Text),
        ("date", Type::Text),
        ("start_time", Type::Text),
        ("municipality", Type::Text),
        ("association", Type::Text),
        ("dispatched_by", Type::Text),
        ("item", Type::Text),
        ("title", Type::Text),
        ("occasion", Type::Text),
        ("venue", Type::Text),
        ("medium", Type::Text),
        ("state", Type::Text),
        ("record_group", Type::Text),
        ("reason", Type::Text),
        ("is_dispatch", Type::Integer),
        ("attendance", Type::Integer),
        ("viewers", Type::Integer),
        ("conflict_count", Type::Integer),
        ("updated_at", Type::Integer),
    ],
    tail: "ON CONFLICT (tenant, document) DO UPDATE SET kind = excluded.kind, activity = excluded.activity, \
        fiscal_year = excluded.fiscal_year, month = excluded.month, date = excluded.date, start_time = \
        excluded.start_time, municipality = excluded.municipality, association = excluded.association, \
        dispatched_by = excluded.dispatched_by, item = excluded.item, title = excluded.title, occasion = \
        excluded.occasion, venue = excluded.venue, medium = excluded.medium, state = excluded.state, record_group = excluded.record_group, reason \
        = excluded.reason, is_dispatch = excluded.is_dispatch, attendance = excluded.attendance, viewers = \
        excluded.viewers, conflict_count = excluded.conflict_count, updated_at = excluded.updated_at",
};
pub(super) const TALLY_FACT: Insert = Insert {
    table: "tally_fact",
    columns: &[("tenant", Type::Text), ("document", Type::Bytes), ("measure", Type::Text), ("value", Type::Integer)],
    tail: "",
};
pub(super) const RECORD_LECTURER: Insert = Insert {
    table: "record_lecturer",
    columns: &[
        ("tenant", Type::Text),
        ("document", Type::Bytes),
        ("lecturer", Type::Text),
        ("attribution", Type::Text),
    ],
    tail: "",
};
pub(super) const FLAG: Insert = Insert {
    table: "flag",
    columns: &[("tenant", Type::Text), ("document", Type::Bytes), ("code", Type::Text)],
    tail: "",
};
pub(super) const ROLLUP: Insert = Insert {
    table: "rollup",
    columns: &[
        ("tenant", Type::Text),
        ("fiscal_year", Type::Integer),
        ("month", Type::Text),
        ("municipality", Type::Text),
        ("association", Type::Text),
        ("holder", Type::Text),
        ("measure", Type::Text),
        ("reported", Type::Integer),
        ("unreported", Type::Integer),
        ("total", Type::Integer),
    ],
    tail: "ON CONFLICT (tenant, fiscal_year, measure, municipality, association, holder, month) DO UPDATE SET \
        reported = rollup.reported + excluded.reported, unreported = rollup.unreported + excluded.unreported, \
        total = rollup.total + excluded.total",
};
/// What clears the projections of documents but for their rows of facts, which are replaced.
pub(super) const CLEAR: [Select; 3] = [
    Select::by_document("DELETE FROM tally_fact"),
    Select::by_document("DELETE FROM record_lecturer"),
    Select::by_document("DELETE FROM flag"),
];
pub(super) const CLEAR_FACTS: Select = Select::by_document("DELETE FROM record_fact");

/// Deletes what hangs on documents but their rows of facts.
pub(super) async fn clear(connection: &mut Connection, tenant: &str, ids: &[DocumentId]) -> Result<(), StoreError> {
    if ids.is_empty() { Ok(()) } else { delete_all(connection, &CLEAR, tenant, ids).await }
}

/// Replaces the projections of documents, each with the time of writing, ms. `known` are those that had any before.
pub(super) async fn write_projections(
    connection: &mut Connection,
    tenant: &str,
    known: &[DocumentId],
    projections: &[(DocumentId, &Projection, u64)],
) -> Result<(), StoreError> {
    clear(connection, tenant, known).await?;
    let (mut facts, mut tallies, mut lecturers, mut flags) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (document, projection, now) in projections {
        facts.push(fact_row(tenant, document, projection, *now));
        for (measure, value) in &projection.tallies {
            tallies.push(vec![tenant.into(), document.into(), measure.as_str().into(), (*value).into()]);
        }
        for (lecturer, how) in &projection.lecturers {
            lecturers.push(vec![tenant.into(), document.into(), lecturer.as_str().into(), how.as_str().into()]);
        }
        for code in &projection.flags {
            flags.push(vec![tenant.into(), document.into(), code.as_str().into()]);
        }
    }
    for (insert, rows) in [(&RECORD_FACT, facts), (&TALLY_FACT, tallies), (&RECORD_LECTURER, lecturers), (&FLAG, flags)]
    {
        insert.run(connection, &rows).await?;
    }
    Ok(())
}

fn fact_row<'a>(tenant: &'a str, document: &'a DocumentId, projection: &'a Projection, now: u64) -> Vec<Value<'a>> {
    let fact = &projection.fact;
    let mut row: Vec<Value<'a>> = vec![
        tenant.into(),
        document.into(),
        fact.kind.as_str().into(),
        (&fact.activity).into(),
        fact.fiscal_year.into(),
    ];
    for text in [
        &fact.month,
        &fact.date,
        &fact.start,
        &fact.municipality,
        &fact.association,
        &fact.dispatched_by,
        &fact.item,
        &fact.title,
        &fact.occasion,
        &fact.venue,
        &fact.medium,
    ] {
        row.push(text.into());
    }
    row.extend::<[Value<'a>; 8]>([
        fact.state.as_str().into(),
        fact.group.as_str().into(),
        (&fact.reason).into(),
        i64::from(fact.is_dispatch).into(),
        fact.attendance.into(),
        fact.viewers.into(),
        fact.conflict_count.into(),
        integer(now).into(),
    ]);
    row
}

/// Adds to the roll-ups, keys in ascending order.
pub(super) async fn add_rollups(
    connection: &mut Connection,
    tenant: &str,
    rollups: &Rollups,
) -> Result<(), StoreError> {
    let rows: Vec<Vec<Value<'_>>> = rollups
        .iter()
        .filter(|(_, value)| !value.is_zero())
        .map(|(key, value)| {
            vec![
                tenant.into(),
                key.fiscal_year.into(),
                key.month.as_str().into(),
                key.municipality.as_str().into(),
                key.association.as_str().into(),
                key.holder.as_str().into(),
                key.measure.as_str().into(),
                value.reported.into(),
                value.unreported.into(),
                value.total.into(),
            ]
        })
        .collect();
    ROLLUP.run(connection, &rows).await.map(|_| ())
}

pub(super) async fn list(store: &SqlStore, tenant: &str) -> Result<Rollups, StoreError> {
    read(&mut *store.reader().await?, tenant).await
}

/// As [`list`], inside a transaction.
pub(super) async fn read(connection: &mut Connection, tenant: &str) -> Result<Rollups, StoreError> {
    let rows = sqlx::query(sql::LIST_ROLLUPS).bind(tenant).fetch_all(connection).await.map_err(failed)?;
    rows.iter().map(entry_of).collect()
}

pub(super) fn entry_of(row: &Row) -> Result<(RollupKey, RollupValue), StoreError> {
    let key = RollupKey {
        fiscal_year: get(row, "fiscal_year")?,
        measure: get(row, "measure")?,
        municipality: get(row, "municipality")?,
        association: get(row, "association")?,
        holder: get(row, "holder")?,
        month: get(row, "month")?,
    };
    Ok((key, value_of(row)?))
}
