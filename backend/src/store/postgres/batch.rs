//! Many rows in one statement: each column travels as one array, so that a statement has one text whatever its rows.

use sqlx::AssertSqlSafe;
use sqlx::postgres::PgRow;
use sync_core::ids::DocumentId;

use super::sql::batch::{Insert, Select, Type, Value};
use super::{Connection, failed};
use crate::store::StoreError;

/// Most rows in one statement; arrays are bounded by memory alone.
const ROWS: usize = 10_000;

/// Keys PostgreSQL expects in an array it does not know. Fewer make it plan a statement anew each time, which takes
/// longer than the look; so short lists repeat their last key, which changes no answer.
const EXPECTED_KEYS: usize = 10;

type Query<'q> = sqlx::query::Query<'q, sqlx::Postgres, sqlx::postgres::PgArguments>;

fn bound<'q, 'a>(query: Query<'q>, of: Type, values: impl Iterator<Item = &'a Value<'a>>) -> Query<'q> {
    match of {
        Type::Text => query.bind(
            values.map(|value| if let Value::Text(text) = value { *text } else { None }).collect::<Vec<Option<&str>>>(),
        ),
        Type::Bytes => query.bind(
            values
                .map(|value| if let Value::Bytes(bytes) = value { *bytes } else { None })
                .collect::<Vec<Option<&[u8]>>>(),
        ),
        Type::Integer => query.bind(
            values
                .map(|value| if let Value::Integer(number) = value { *number } else { None })
                .collect::<Vec<Option<i64>>>(),
        ),
    }
}

fn array(of: Type) -> &'static str {
    match of {
        Type::Text => "text[]",
        Type::Bytes => "bytea[]",
        Type::Integer => "bigint[]",
    }
}

/// Inserts the rows in their order; what the statement returns, when it returns anything.
pub(in crate::store) async fn insert(
    connection: &mut Connection,
    insert: &Insert,
    rows: &[Vec<Value<'_>>],
) -> Result<Vec<PgRow>, StoreError> {
    let mut returned = Vec::new();
    for rows in rows.chunks(ROWS) {
        let mut query = sqlx::query(AssertSqlSafe(insert_text(insert, rows.len())));
        for (place, (_, of)) in insert.columns.iter().enumerate() {
            query = bound(query, *of, rows.iter().filter_map(|row| row.get(place)));
        }
        returned.extend(query.fetch_all(&mut *connection).await.map_err(failed)?);
    }
    Ok(returned)
}

/// The text; the same for any number of rows.
pub(in crate::store) fn insert_text(insert: &Insert, _rows: usize) -> String {
    let names: Vec<&str> = insert.columns.iter().map(|(name, _)| *name).collect();
    let arrays: Vec<String> =
        insert.columns.iter().enumerate().map(|(place, (_, of))| format!("${}::{}", place + 1, array(*of))).collect();
    let (names, arrays) = (names.join(", "), arrays.join(", "));
    format!("INSERT INTO {} ({names}) SELECT * FROM UNNEST({arrays}) {}", insert.table, insert.tail)
}

/// Rows whose column is one of the keys; also runs a `DELETE`.
pub(in crate::store) async fn select(
    connection: &mut Connection,
    select: &Select,
    tenant: &str,
    keys: &[Value<'_>],
) -> Result<Vec<PgRow>, StoreError> {
    let mut found = Vec::new();
    for keys in keys.chunks(ROWS) {
        let query = sqlx::query(AssertSqlSafe(select_text(select, keys.len())));
        let query = if select.of_tenant { query.bind(tenant) } else { query };
        let query = bound(query, select.of, padded(keys));
        found.extend(query.fetch_all(&mut *connection).await.map_err(failed)?);
    }
    Ok(found)
}

fn padded<'a>(keys: &'a [Value<'a>]) -> impl Iterator<Item = &'a Value<'a>> {
    let missing = EXPECTED_KEYS.saturating_sub(keys.len());
    keys.iter().chain(keys.last().into_iter().flat_map(move |last| std::iter::repeat_n(last, missing)))
}

/// The text; the same for any number of keys.
pub(in crate::store) fn select_text(select: &Select, _keys: usize) -> String {
    let Select { text, column, of, locks, of_tenant } = select;
    let tail = if *locks { format!(" ORDER BY {column} FOR UPDATE") } else { String::new() };
    let (tenant, place) = if *of_tenant { ("tenant = $1 AND ", 2) } else { ("", 1) };
    format!("{text} WHERE {tenant}{column} = ANY(${place}::{}){tail}", array(*of))
}

/// Deletes the rows of these documents from several tables, in one round trip.
pub(in crate::store) async fn delete_all(
    connection: &mut Connection,
    deletes: &[Select],
    tenant: &str,
    ids: &[DocumentId],
) -> Result<(), StoreError> {
    let keys: Vec<Value<'_>> = ids.iter().map(Value::from).collect();
    let texts: Vec<String> = deletes
        .iter()
        .enumerate()
        .map(|(number, delete)| format!("d{number} AS ({})", select_text(delete, ids.len())))
        .collect();
    let query = sqlx::query(AssertSqlSafe(format!("WITH {} SELECT 1", texts.join(", ")))).bind(tenant);
    bound(query, Type::Bytes, padded(&keys)).execute(connection).await.map(|_| ()).map_err(failed)
}
