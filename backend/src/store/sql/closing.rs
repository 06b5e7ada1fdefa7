//! Closing a month: the roll-ups are copied, and later data show as the difference.
//!
//! What a single record added to a closed month is not copied with them, which would be all records once more. It is kept
//! when the record is written for the first time after that, by whoever writes it ([`KEEP_BEFORE`], [`KEEP_AFTER`]); so
//! each record that makes a difference is found, also one that has left the month, or is no more. Neither of the two
//! compares times. In the same way figures that are written to are noted, and only these are compared with what was reported.

use std::collections::BTreeSet;

use super::batch::{Insert, Select, Type, Value};
use super::dialect::{Connection, SqlStore, failed};
use super::documents::document_of;
use super::office::organisation;
use super::{flag, get, integer, rollup, statements as sql, unsigned};
use crate::store::StoreError;
use crate::store::office::Within;
use crate::store::types::{ChangedRow, ClosingRow, Correction, CorrectionCount, RollupValue, Rollups};

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

/// Figures of closed months that were written to and are others than was reported; `$condition` narrows them further.
macro_rules! differing {
    ($condition:expr) => {
        concat!(
            "FROM closing c JOIN late_figure m ON m.tenant = c.tenant AND m.month = c.month LEFT JOIN closed_rollup k \
             ON k.tenant = m.tenant AND k.month = m.month AND k.measure = m.measure AND k.municipality = m.municipality \
             AND k.association = m.association LEFT JOIN rollup r ON r.tenant = m.tenant \
             AND r.fiscal_year = c.fiscal_year AND r.measure = m.measure AND r.municipality = m.municipality \
             AND r.association = m.association AND r.month = m.month WHERE c.tenant = $1 AND ",
            $condition,
            " GROUP BY c.fiscal_year, m.month, m.measure, m.municipality, m.association, k.reported, k.unreported, k.total \
             HAVING COALESCE(k.reported, 0) <> COALESCE(SUM(r.reported), 0) \
             OR COALESCE(k.unreported, 0) <> COALESCE(SUM(r.unreported), 0) \
             OR COALESCE(k.total, 0) <> COALESCE(SUM(r.total), 0)"
        )
    };
}
pub(super) const CORRECTIONS: &str = concat!(
    "SELECT c.fiscal_year, m.month, m.measure, m.municipality, m.association, '' AS holder, \
     COALESCE(k.reported, 0) AS reported_then, COALESCE(k.unreported, 0) AS unreported_then, \
     COALESCE(k.total, 0) AS total_then, CAST(COALESCE(SUM(r.reported), 0) AS BIGINT) AS reported, \
     CAST(COALESCE(SUM(r.unreported), 0) AS BIGINT) AS unreported, CAST(COALESCE(SUM(r.total), 0) AS BIGINT) AS total ",
    differing!("c.month = $2"),
    " ORDER BY m.measure, m.municipality, m.association"
);
pub(super) const COUNT_CORRECTIONS: &str = concat!(
    "SELECT month, municipality, association, COUNT(*) AS n FROM (SELECT m.month, m.municipality, m.association ",
    differing!("c.fiscal_year = $2"),
    ") differing GROUP BY month, municipality, association"
);
pub(super) const LATE_FIGURE: Insert = Insert {
    table: "late_figure",
    columns: &[
        ("tenant", Type::Text),
        ("month", Type::Text),
        ("measure", Type::Text),
        ("municipality", Type::Text),
        ("association", Type::Text),
    ],
    tail: "ON CONFLICT DO NOTHING",
};

pub(super) async fn corrections(store: &SqlStore, tenant: &str, month: &str) -> Result<Vec<Correction>, StoreError> {
    let query = sqlx::query(CORRECTIONS).bind(tenant).bind(month);
    let rows = query.fetch_all(&mut *store.reader().await?).await.map_err(failed)?;
    rows.iter()
        .map(|row| {
            let (key, now) = rollup::entry_of(row)?;
            let reported = RollupValue {
                reported: get(row, "reported_then")?,
                unreported: get(row, "unreported_then")?,
                total: get(row, "total_then")?,
            };
            Ok(Correction { key, reported, now })
        })
        .collect()
}

pub(super) async fn count_corrections(
    store: &SqlStore,
    tenant: &str,
    fiscal_year: i64,
) -> Result<Vec<CorrectionCount>, StoreError> {
    let query = sqlx::query(COUNT_CORRECTIONS).bind(tenant).bind(fiscal_year);
    let rows = query.fetch_all(&mut *store.reader().await?).await.map_err(failed)?;
    rows.iter()
        .map(|row| {
            Ok(CorrectionCount {
                month: get(row, "month")?,
                municipality: get(row, "municipality")?,
                association: get(row, "association")?,
                figures: unsigned(get(row, "n")?),
            })
        })
        .collect()
}

/// What a record adds to the figures of its month, as text: equal texts, equal figures. `r` is its row of facts.
macro_rules! contribution {
    () => {
        "COALESCE(r.activity, 'none') || '|' || r.record_group || CASE WHEN r.is_dispatch = 0 THEN '|' \
         WHEN r.record_group = 'cancelled' THEN '|dispatch ' || COALESCE(r.reason, 'none') ELSE '|dispatch' END || '|' || \
         COALESCE((SELECT STRING_AGG(t.measure || '=' || COALESCE(CAST(t.value AS TEXT), ''), ' ' ORDER BY t.measure) \
         FROM tally_fact t WHERE t.tenant = r.tenant AND t.document = r.document), '')"
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
    " AND (r.municipality = $3 OR r.association = $3 OR r.dispatched_by = $3)) AND ",
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

/// Whether figures of a closed month change by this; those that do are noted.
pub(super) async fn is_late(connection: &mut Connection, tenant: &str, rollups: &Rollups) -> Result<bool, StoreError> {
    let months: BTreeSet<&str> =
        rollups.keys().map(|key| key.month.as_str()).filter(|month| !month.is_empty()).collect();
    let months: Vec<Value<'_>> = months.into_iter().map(Value::from).collect();
    let rows = CLOSED.run(connection, tenant, &months).await?;
    let closed: BTreeSet<String> = rows.iter().map(|row| get(row, "month")).collect::<Result<_, _>>()?;
    let late: BTreeSet<_> = rollups
        .keys()
        .filter(|key| closed.contains(&key.month))
        .map(|key| [&key.month, &key.measure, &key.municipality, &key.association])
        .collect();
    let noted: Vec<Vec<Value<'_>>> = late
        .into_iter()
        .map(|key| std::iter::once(tenant.into()).chain(key.map(|text| Value::from(text.as_str()))).collect())
        .collect();
    LATE_FIGURE.run(connection, &noted).await?;
    Ok(!closed.is_empty())
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
