//! People, tablets and credentials, in SQLite's words.

use sqlx::Row;
use sqlx::sqlite::SqlitePool;
use sync_core::ids::DeviceId;

use super::connect::failed;
use crate::store::StoreError;
use crate::store::types::{DeviceRow, LoginRow};

pub(super) async fn lookup_device(pool: &SqlitePool, token_hash: &[u8; 32]) -> Result<Option<DeviceRow>, StoreError> {
    let row = sqlx::query("SELECT tenant, device, name, person, role, organisation FROM device WHERE token_hash = $1")
        .bind(&token_hash[..])
        .fetch_optional(pool)
        .await
        .map_err(failed)?;
    let Some(row) = row else { return Ok(None) };
    let tenant: String = row.try_get("tenant").map_err(failed)?;
    let device: Vec<u8> = row.try_get("device").map_err(failed)?;
    let scopes: Vec<String> =
        sqlx::query_scalar("SELECT scope FROM device_scope WHERE tenant = $1 AND device = $2 ORDER BY position")
            .bind(&tenant)
            .bind(&device)
            .fetch_all(pool)
            .await
            .map_err(failed)?;
    let corrupt = |column| StoreError::Corrupt { table: "device", column };
    Ok(Some(DeviceRow {
        device: DeviceId::from_slice(&device).ok_or(corrupt("device"))?,
        name: row.try_get("name").map_err(failed)?,
        person: row.try_get("person").map_err(failed)?,
        role: row.try_get("role").map_err(failed)?,
        organisation: row.try_get("organisation").map_err(failed)?,
        scopes: scopes.iter().map(|scope| scope.parse().map_err(|_| corrupt("scope"))).collect::<Result<_, _>>()?,
        tenant,
    }))
}

pub(super) async fn lookup_login(
    pool: &SqlitePool,
    token_hash: &[u8; 32],
    now: u64,
) -> Result<Option<LoginRow>, StoreError> {
    let row =
        sqlx::query("SELECT tenant, person, role, organisation FROM login WHERE token_hash = $1 AND expires_at > $2")
            .bind(&token_hash[..])
            .bind(i64::try_from(now).unwrap_or(i64::MAX))
            .fetch_optional(pool)
            .await
            .map_err(failed)?;
    row.map(|row| {
        Ok(LoginRow {
            tenant: row.try_get("tenant").map_err(failed)?,
            person: row.try_get("person").map_err(failed)?,
            role: row.try_get("role").map_err(failed)?,
            organisation: row.try_get("organisation").map_err(failed)?,
        })
    })
    .transpose()
}
