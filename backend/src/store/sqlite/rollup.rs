//! Projections and roll-ups, in SQLite's words.

use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{QueryBuilder, Sqlite};
use sync_core::ids::DocumentId;

use super::{MAX_BINDS, SqliteStore, failed, get, integer};
use crate::store::StoreError;
use crate::store::statements as sql;
use crate::store::types::{Projection, RollupKey, RollupValue, Rollups};

/// Runs `insert VALUES (…), (…) … tail` in pieces that fit the limit on bound values.
pub(super) async fn insert_all<T>(
    connection: &mut SqliteConnection,
    insert: &'static str,
    columns: usize,
    rows: &[T],
    mut bind: impl FnMut(sqlx::query_builder::Separated<'_, Sqlite, &'static str>, &T),
    tail: &'static str,
) -> Result<(), StoreError> {
    for rows in rows.chunks((MAX_BINDS / columns).max(1)) {
        let mut query = QueryBuilder::<Sqlite>::new(insert);
        query.push_values(rows, &mut bind);
        query.push(tail);
        query.build().persistent(false).execute(&mut *connection).await.map_err(failed)?;
    }
    Ok(())
}

/// Deletes the rows of these documents from one of the projection tables.
async fn clear(
    connection: &mut SqliteConnection,
    delete: &'static str,
    tenant: &str,
    ids: &[DocumentId],
) -> Result<(), StoreError> {
    for ids in ids.chunks(MAX_BINDS) {
        let mut query = QueryBuilder::<Sqlite>::new(delete);
        query.push(" WHERE tenant = ").push_bind(tenant).push(" AND document IN (");
        let mut list = query.separated(", ");
        for id in ids {
            list.push_bind(id.as_bytes().to_vec());
        }
        query.push(")");
        query.build().persistent(false).execute(&mut *connection).await.map_err(failed)?;
    }
    Ok(())
}

/// Replaces the projections of documents. `known` are those that had any before.
pub(super) async fn write_projections(
    connection: &mut SqliteConnection,
    tenant: &str,
    now: u64,
    known: &[DocumentId],
    projections: &[(DocumentId, &Projection)],
) -> Result<(), StoreError> {
    if !known.is_empty() {
        for delete in ["DELETE FROM tally_fact", "DELETE FROM record_lecturer", "DELETE FROM flag"] {
            clear(connection, delete, tenant, known).await?;
        }
        clear(connection, "DELETE FROM record_fact", tenant, known).await?;
    }
    let insert = "INSERT INTO record_fact (tenant, document, kind, activity, fiscal_year, month, date, start_time, \
        municipality, association, dispatched_by, item, title, occasion, venue, medium, state, reason, is_dispatch, \
        attendance, viewers, conflict_count, updated_at) ";
    let bind = |mut row: sqlx::query_builder::Separated<'_, Sqlite, &'static str>,
                (document, projection): &(DocumentId, &Projection)| {
        let fact = &projection.fact;
        row.push_bind(tenant.to_owned()).push_bind(document.as_bytes().to_vec());
        row.push_bind(fact.kind.clone()).push_bind(fact.activity.clone()).push_bind(fact.fiscal_year);
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
            row.push_bind(text.clone());
        }
        row.push_bind(fact.state.clone()).push_bind(fact.reason.clone()).push_bind(fact.is_dispatch);
        row.push_bind(fact.attendance).push_bind(fact.viewers).push_bind(fact.conflict_count);
        row.push_bind(integer(now));
    };
    insert_all(connection, insert, 23, projections, bind, "").await?;

    let each = |pick: fn(&Projection) -> usize| projections.iter().map(|(_, p)| pick(p)).sum();
    let mut tallies = Vec::with_capacity(each(|p| p.tallies.len()));
    let mut lecturers = Vec::with_capacity(each(|p| p.lecturers.len()));
    let mut flags = Vec::with_capacity(each(|p| p.flags.len()));
    for (document, projection) in projections {
        tallies.extend(projection.tallies.iter().map(|(measure, value)| (*document, measure, *value)));
        lecturers.extend(projection.lecturers.iter().map(|(lecturer, how)| (*document, lecturer, how)));
        flags.extend(projection.flags.iter().map(|code| (*document, code)));
    }
    let insert = "INSERT INTO tally_fact (tenant, document, measure, value) ";
    let bind = |mut row: sqlx::query_builder::Separated<'_, Sqlite, &'static str>,
                (document, measure, value): &(DocumentId, &String, Option<i64>)| {
        row.push_bind(tenant.to_owned()).push_bind(document.as_bytes().to_vec());
        row.push_bind((*measure).clone()).push_bind(*value);
    };
    insert_all(connection, insert, 4, &tallies, bind, "").await?;
    let insert = "INSERT INTO record_lecturer (tenant, document, lecturer, attribution) ";
    let bind = |mut row: sqlx::query_builder::Separated<'_, Sqlite, &'static str>,
                (document, lecturer, how): &(DocumentId, &String, &String)| {
        row.push_bind(tenant.to_owned()).push_bind(document.as_bytes().to_vec());
        row.push_bind((*lecturer).clone()).push_bind((*how).clone());
    };
    insert_all(connection, insert, 4, &lecturers, bind, "").await?;
    let insert = "INSERT INTO flag (tenant, document, code) ";
    let bind = |mut row: sqlx::query_builder::Separated<'_, Sqlite, &'static str>,
                (document, code): &(DocumentId, &String)| {
        row.push_bind(tenant.to_owned()).push_bind(document.as_bytes().to_vec()).push_bind((*code).clone());
    };
    insert_all(connection, insert, 3, &flags, bind, "").await
}

/// Adds to the roll-ups, keys in ascending order.
pub(super) async fn add_rollups(
    connection: &mut SqliteConnection,
    tenant: &str,
    rollups: &Rollups,
) -> Result<(), StoreError> {
    let rows: Vec<(&RollupKey, &RollupValue)> = rollups.iter().filter(|(_, value)| !value.is_zero()).collect();
    let insert = "INSERT INTO rollup (tenant, fiscal_year, month, municipality, association, measure, reported, \
        unreported, total) ";
    let bind = |mut row: sqlx::query_builder::Separated<'_, Sqlite, &'static str>,
                (key, value): &(&RollupKey, &RollupValue)| {
        row.push_bind(tenant.to_owned()).push_bind(key.fiscal_year).push_bind(key.month.clone());
        row.push_bind(key.municipality.clone()).push_bind(key.association.clone()).push_bind(key.measure.clone());
        row.push_bind(value.reported).push_bind(value.unreported).push_bind(value.total);
    };
    let tail = " ON CONFLICT (tenant, fiscal_year, measure, municipality, association, month) DO UPDATE SET \
        reported = rollup.reported + excluded.reported, unreported = rollup.unreported + excluded.unreported, \
        total = rollup.total + excluded.total";
    insert_all(connection, insert, 9, &rows, bind, tail).await
}

pub(super) async fn list(store: &SqliteStore, tenant: &str) -> Result<Rollups, StoreError> {
    let rows = sqlx::query(sql::LIST_ROLLUPS).bind(tenant).fetch_all(&store.reader).await.map_err(failed)?;
    rows.iter().map(entry_of).collect()
}

fn entry_of(row: &SqliteRow) -> Result<(RollupKey, RollupValue), StoreError> {
    let key = RollupKey {
        fiscal_year: get(row, "fiscal_year")?,
        measure: get(row, "measure")?,
        municipality: get(row, "municipality")?,
        association: get(row, "association")?,
        month: get(row, "month")?,
    };
    let value =
        RollupValue { reported: get(row, "reported")?, unreported: get(row, "unreported")?, total: get(row, "total")? };
    Ok((key, value))
}
