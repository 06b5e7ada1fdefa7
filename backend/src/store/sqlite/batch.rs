//! Many rows in few statements: `VALUES` and `IN` lists whose lengths are powers of two, so that there are few texts
//! and each stays prepared.

use sqlx::AssertSqlSafe;
use sqlx::sqlite::SqliteRow;
use sync_core::ids::DocumentId;

use super::sql::batch::{Insert, Select, Value};
use super::{Connection, failed};
use crate::store::StoreError;

/// Most values in one statement; SQLite allows 32,766.
const BINDS: usize = 4_096;

type Query<'q> = sqlx::query::Query<'q, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>;

fn bound<'q>(query: Query<'q>, value: &Value<'_>) -> Query<'q> {
    match value {
        Value::Text(text) => query.bind(*text),
        Value::Bytes(bytes) => query.bind(*bytes),
        Value::Integer(number) => query.bind(*number),
    }
}

/// The largest power of two that is not above `count`, 1 for 0.
fn power(count: usize) -> usize {
    1 << count.max(1).ilog2()
}

/// Inserts the rows; what the statement returns, when it returns anything.
pub(in crate::store) async fn insert(
    connection: &mut Connection,
    insert: &Insert,
    rows: &[Vec<Value<'_>>],
) -> Result<Vec<SqliteRow>, StoreError> {
    let most = power(BINDS / insert.columns.len());
    let (mut rest, mut returned) = (rows, Vec::new());
    while !rest.is_empty() {
        let (now, later) = rest.split_at(power(rest.len()).min(most));
        let query = sqlx::query(AssertSqlSafe(insert_text(insert, now.len())));
        let query = now.iter().flatten().fold(query, bound);
        returned.extend(query.fetch_all(&mut *connection).await.map_err(failed)?);
        rest = later;
    }
    Ok(returned)
}

/// The text for so many rows.
pub(in crate::store) fn insert_text(insert: &Insert, rows: usize) -> String {
    let columns = insert.columns.len();
    let names: Vec<&str> = insert.columns.iter().map(|(name, _)| *name).collect();
    let row = format!("({})", vec!["?"; columns].join(", "));
    let rows = vec![row; rows].join(", ");
    format!("INSERT INTO {} ({}) VALUES {rows} {}", insert.table, names.join(", "), insert.tail)
}

/// Rows whose column is one of the keys; also runs a `DELETE`.
pub(in crate::store) async fn select(
    connection: &mut Connection,
    select: &Select,
    tenant: &str,
    keys: &[Value<'_>],
) -> Result<Vec<SqliteRow>, StoreError> {
    let mut found = Vec::new();
    for keys in keys.chunks(BINDS) {
        let padded = keys.len().next_power_of_two();
        let query = sqlx::query(AssertSqlSafe(select_text(select, padded)));
        let query = if select.of_tenant { query.bind(tenant) } else { query };
        // the last key again and again: it changes no answer
        let query =
            keys.iter().chain(std::iter::repeat_n(&keys[keys.len() - 1], padded - keys.len())).fold(query, bound);
        found.extend(query.fetch_all(&mut *connection).await.map_err(failed)?);
    }
    Ok(found)
}

/// The text for so many keys.
pub(in crate::store) fn select_text(select: &Select, keys: usize) -> String {
    let list = vec!["?"; keys].join(", ");
    let order = if select.locks { format!(" ORDER BY {}", select.column) } else { String::new() };
    let tenant = if select.of_tenant { "tenant = ? AND " } else { "" };
    format!("{} WHERE {tenant}{} IN ({list}){order}", select.text, select.column)
}

/// Deletes the rows of these documents from several tables.
pub(in crate::store) async fn delete_all(
    connection: &mut Connection,
    deletes: &[Select],
    tenant: &str,
    ids: &[DocumentId],
) -> Result<(), StoreError> {
    for delete in deletes {
        delete.of(connection, tenant, ids).await?;
    }
    Ok(())
}
