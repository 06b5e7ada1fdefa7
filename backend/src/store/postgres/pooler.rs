//! A pooler that lends a session for one transaction (PgBouncer with `pool_mode = transaction`) breaks what is promised
//! here: settings of a session, among them that commits are durable, prepared statements, and LISTEN. It is found when the
//! database is opened, and refused. As it is installed, PgBouncer refuses the connection before: that is told as its doing.

use sqlx::postgres::{PgConnection, PgPool};
use sqlx::{AssertSqlSafe, Row as _};

use super::failed;
use crate::store::StoreError;

/// Refuses such a pooler. One connection leaves a mark on its session; while another holds a session in a transaction, the
/// first has its mark and the second has none, unless sessions are passed around.
pub(super) async fn refuse(pool: &PgPool) -> Result<(), StoreError> {
    let mut one = pool.acquire().await.map_err(failed)?;
    let mut other = pool.acquire().await.map_err(failed)?;
    let mut mark = [0; 8];
    getrandom::fill(&mut mark).map_err(|error| StoreError::Unavailable(Box::new(error)))?;
    let mark = hex::encode(mark);
    said(&mut one, format!("SELECT set_config('tsudoi.mark', '{mark}', false)")).await?;
    sqlx::raw_sql("BEGIN").execute(&mut *other).await.map_err(failed)?;
    let theirs = said(&mut other, SHOWN.to_owned()).await?;
    let ours = said(&mut one, SHOWN.to_owned()).await?;
    sqlx::raw_sql("ROLLBACK").execute(&mut *other).await.map_err(failed)?;
    let kept = ours.as_deref() == Some(mark.as_str()) && theirs.as_deref() != Some(mark.as_str());
    if kept { Ok(()) } else { Err(StoreError::NoSessions) }
}

const SHOWN: &str = "SELECT current_setting('tsudoi.mark', true)";

async fn said(connection: &mut PgConnection, text: String) -> Result<Option<String>, StoreError> {
    let row = sqlx::raw_sql(AssertSqlSafe(text)).fetch_one(connection).await.map_err(failed)?;
    row.try_get(0).map_err(failed)
}
