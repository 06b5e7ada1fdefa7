//! Closing a month: the roll-ups are copied, and later data show as the difference.

use std::collections::BTreeMap;

use sync_core::ids::DocumentId;

use super::dialect::{Row, SqlStore, failed};
use super::documents::document_of;
use super::sums::value_of;
use super::{get, integer, statements as sql, unsigned};
use crate::store::StoreError;
use crate::store::types::{ClosingRow, Correction, RollupKey, RollupValue};

pub(super) async fn close(
    store: &SqlStore,
    tenant: &str,
    month: &str,
    fiscal_year: i64,
    by: &str,
    now: u64,
) -> Result<bool, StoreError> {
    let mut transaction = store.begin().await?;
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

pub(super) async fn changed_since(
    store: &SqlStore,
    tenant: &str,
    month: &str,
    limit: u32,
) -> Result<Vec<DocumentId>, StoreError> {
    let query = sqlx::query(sql::CHANGED_SINCE_CLOSING).bind(tenant).bind(month).bind(i64::from(limit));
    let rows = query.fetch_all(&mut *store.reader().await?).await.map_err(failed)?;
    rows.iter().map(document_of).collect()
}
