//! Closing a month: the roll-ups are copied, and later data show as the difference.
//!
//! What a single record added to a closed month is not copied with them, which would be all records once more. It is kept
//! when the record is written for the first time after that, by whoever writes it ([`KEEP_BEFORE`], [`KEEP_AFTER`]); so
//! each record that makes a difference is found, also one that has left the month, or is no more. Neither of the two
//! compares times.

use std::collections::{BTreeMap, BTreeSet};

use super::batch::{Select, Type, Value};
use super::dialect::{Connection, Row, SqlStore, failed};
use super::documents::document_of;
use super::filter::{held, planned};
use super::office::organisation;
use super::sums::value_of;
use super::{flag, get, integer, statements as sql, unsigned};
use crate::store::StoreError;
use crate::store::office::Within;
use crate::store::types::{ChangedRow, ClosingRow, Correction, RollupKey, RollupValue, Rollups};

pub(super) async fn close(
    store: &SqlStore,
    tenant: &str,
    month: &str,
    fiscal_year: i64,
    by: &str,
    now: u64,
) -> Result<bool, StoreError> {
    // no push is half way: what it adds is in the roll-ups that are copied, or it finds the month closed
    let mut transaction = store.begin_alone().await?;
    let close = sqlx::query(sql::INSERT_CLOSING).bind(tenant).bind(month).bind(fiscal_year).bind(integer(now)).bind(by);
    if close.execute(&mut *transaction).await.map_err(failed)?.rows_affected() == 0 {
        return Ok(false);
    }
    let copy = sqlx::query(sql::COPY_ROLLUPS).bind(tenant).bind(month).bind(fiscal_year);
    copy.execute(&mut *transaction).await.map_err(failed)?;
    transaction.commit().await.map_err(failed)?;
    Ok(true)
}

pub(super) async fn list(
    store: &SqlStore,
    tenant: &str,
    fiscal_year: Option<i64>,
) -> Result<Vec<ClosingRow>, StoreError> {
    let query = sqlx::query(sql::LIST_CLOSINGS).bind(tenant).bind(fiscal_year.unwrap_or(-1));
    let rows = query.fetch_all(&mut *store.reader().await?).await.map_err(failed)?;
    rows.iter()
        .map(|row| {
            Ok(ClosingRow {
                month: get(row, "month")?,
                fiscal_year: get(row, "fiscal_year")?,
                closed_at: unsigned(get(row, "closed_at")?),
                closed_by: get(row, "closed_by")?,
                closed_by_name: get(row, "closed_by_name")?,
            })
        })
        .collect()
}

pub(super) async fn corrections(store: &SqlStore, tenant: &str, month: &str) -> Result<Vec<Correction>, StoreError> {
    let mut look = store.look().await?;
    let mut both: BTreeMap<RollupKey, (RollupValue, RollupValue)> = BTreeMap::new();
    let closing = sqlx::query(sql::LOOKUP_CLOSING).bind(tenant).bind(month);
    let Some(closing) = closing.fetch_optional(&mut *look).await.map_err(failed)? else { return Ok(Vec::new()) };
    let fiscal_year: i64 = get(&closing, "fiscal_year")?;
    let query = sqlx::query(sql::CLOSED_FIGURES).bind(tenant).bind(month);
    for row in query.fetch_all(&mut *look).await.map_err(failed)? {
        let (key, value) = entry_of(&row, month, fiscal_year)?;
        both.entry(key).or_default().0 = value;
    }
    let query = sqlx::query(sql::PRESENT_FIGURES).bind(tenant).bind(month).bind(fiscal_year);
    for row in query.fetch_all(&mut *look).await.map_err(failed)? {
        let (key, value) = entry_of(&row, month, fiscal_year)?;
        both.entry(key).or_default().1 = value;
    }
    both.retain(|_, (reported, now)| reported != now);
    Ok(both.into_iter().map(|(key, (reported, now))| Correction { key, reported, now }).collect())
}

fn entry_of(row: &Row, month: &str, fiscal_year: i64) -> Result<(RollupKey, RollupValue), StoreError> {
    let key = RollupKey {
        fiscal_year,
        measure: get(row, "measure")?,
        municipality: get(row, "municipality")?,
        association: get(row, "association")?,
        month: month.to_owned(),
    };
    Ok((key, value_of(row)?))
}

/// The figures a record adds to its month, as text: equal texts, equal figures. `r` is its row of facts.
macro_rules! contribution {
    () => {
        concat!(
            "COALESCE(r.activity, 'none') || '|' || CASE WHEN ", held!(), " THEN 'held' WHEN ", planned!(), " THEN 'planned' \
             ELSE r.state END || CASE WHEN r.is_dispatch = 0 THEN '|' WHEN r.state = 'cancelled' \
             THEN '|dispatch ' || COALESCE(r.reason, 'none') ELSE '|dispatch' END || CASE WHEN ", held!(),
            " THEN '|' || COALESCE(CAST(r.attendance AS TEXT), '') || CASE WHEN r.medium IS NULL \
             AND (r.activity IS NULL OR r.activity <> 'screening') THEN '|' ELSE '|screened' END ELSE '||' END || '|' || \
             COALESCE((SELECT STRING_AGG(t.measure || '=' || COALESCE(CAST(t.value AS TEXT), ''), ' ' ORDER BY t.measure) \
             FROM tally_fact t WHERE t.tenant = r.tenant AND t.document = r.document), '')"
        )
    };
}
/// The association a record's figures are added to.
macro_rules! credited {
    () => {
        "COALESCE(r.dispatched_by, r.association, '')"
    };
}
/// Rows of facts in closed months whose records were not written since.
macro_rules! first_written {
    ($municipality:expr, $association:expr, $contribution:expr) => {
        concat!(
            "INSERT INTO late_record (tenant, month, document, municipality, association, contribution) \
             SELECT tenant, month, document, municipality, association, contribution FROM (\
             SELECT r.tenant, r.month, r.document, ",
            $municipality,
            " AS municipality, ",
            $association,
            " AS association, ",
            $contribution,
            " AS contribution FROM record_fact r JOIN closing c ON c.tenant = r.tenant \
             AND c.month = r.month AND c.fiscal_year = r.fiscal_year WHERE NOT EXISTS (SELECT 1 FROM late_record l \
             WHERE l.tenant = r.tenant AND l.month = r.month AND l.document = r.document)) first_written"
        )
    };
}
const BEFORE: &str = first_written!("COALESCE(r.municipality, '')", credited!(), contribution!());
const AFTER: &str = first_written!("''", "''", "CAST(NULL AS TEXT)");
/// Keeps what documents added to closed months, before they are written.
pub(super) const KEEP_BEFORE: Select = Select::by_document(BEFORE);
/// Notes those that have come to closed months, after they were written.
pub(super) const KEEP_AFTER: Select = Select::by_document(AFTER);
/// The same for every document of a prefecture.
pub(super) const KEEP_ALL_BEFORE: &str =
    concat!(first_written!("COALESCE(r.municipality, '')", credited!(), contribution!()), " WHERE tenant = $1");
pub(super) const KEEP_ALL_AFTER: &str = concat!(first_written!("''", "''", "CAST(NULL AS TEXT)"), " WHERE tenant = $1");
/// Whether a record that was written since is in the month now.
macro_rules! is_there {
    () => {
        "(r.document IS NOT NULL AND r.month = c.month AND r.fiscal_year = c.fiscal_year)"
    };
}
/// Whether it adds something else to the month now than when that was closed.
macro_rules! differs {
    () => {
        concat!(
            "CASE WHEN ",
            is_there!(),
            " THEN l.contribution IS NULL OR l.municipality <> COALESCE(r.municipality, '') \
             OR l.association <> ",
            credited!(),
            " OR l.contribution <> ",
            contribution!(),
            " ELSE l.contribution IS NOT NULL END"
        )
    };
}
macro_rules! late {
    () => {
        "FROM closing c JOIN late_record l ON l.tenant = c.tenant AND l.month = c.month \
         LEFT JOIN record_fact r ON r.tenant = l.tenant AND r.document = l.document"
    };
}
pub(super) const CHANGED: &str = concat!(
    "SELECT l.document, CAST(CASE WHEN l.contribution IS NULL THEN 0 ELSE 1 END AS BIGINT) AS was_there, \
     CAST(CASE WHEN ",
    is_there!(),
    " THEN 1 ELSE 0 END AS BIGINT) AS is_there ",
    late!(),
    " LEFT JOIN document d ON d.tenant = l.tenant AND d.document = l.document \
     WHERE c.tenant = $1 AND c.month = $2 AND ($3 = '' OR l.municipality = $3 OR l.association = $3 OR ",
    is_there!(),
    " AND (r.municipality = $3 OR ",
    credited!(),
    " = $3)) AND ",
    differs!(),
    " ORDER BY COALESCE(d.updated_at, 0) DESC, l.document LIMIT $4 OFFSET $5"
);
/// After a rebuild, records that add what they added are forgotten again.
pub(super) const FORGET_EQUAL: &str = concat!(
    "DELETE FROM late_record WHERE tenant = $1 AND contribution <> '' AND (month, document) IN (SELECT l.month, l.document ",
    late!(),
    " WHERE c.tenant = $1 AND NOT (",
    differs!(),
    "))"
);
const CLOSED: Select =
    Select { text: "SELECT month FROM closing", column: "month", of: Type::Text, locks: false, of_tenant: true };

/// Whether figures of a closed month change by this.
pub(super) async fn is_late(connection: &mut Connection, tenant: &str, rollups: &Rollups) -> Result<bool, StoreError> {
    let months: BTreeSet<&str> =
        rollups.keys().map(|key| key.month.as_str()).filter(|month| !month.is_empty()).collect();
    let months: Vec<Value<'_>> = months.into_iter().map(Value::from).collect();
    Ok(!CLOSED.run(connection, tenant, &months).await?.is_empty())
}

pub(super) async fn changed_since(
    store: &SqlStore,
    tenant: &str,
    month: &str,
    within: &Within,
    offset: u32,
    limit: u32,
) -> Result<Vec<ChangedRow>, StoreError> {
    let query = sqlx::query(CHANGED).bind(tenant).bind(month).bind(organisation(within));
    let query = query.bind(i64::from(limit)).bind(i64::from(offset));
    let rows = query.fetch_all(&mut *store.reader().await?).await.map_err(failed)?;
    rows.iter()
        .map(|row| {
            Ok(ChangedRow {
                document: document_of(row)?,
                was_there: flag(row, "was_there")?,
                is_there: flag(row, "is_there")?,
            })
        })
        .collect()
}
