//! People, tablets and credentials.

use std::collections::HashMap;

use sync_core::ids::{DeviceId, ScopeId};

use super::batch::{Select, Type, Value};
use super::dialect::{Connection, Row, SqlStore, failed};
use super::feed::{scope_of, tenant_of};
use super::places::ensure_scopes;
use super::statements as sql;
use super::{corrupt, flag, get, integer, unsigned};
use crate::store::StoreError;
use crate::store::types::{CodePurpose, CodeRow, DeviceRow, Enrolment, LoginRow, NewDevice, SecretHash};

/// Devices by token, a row for each scope one holds, with how that scope stands.
pub(super) const DEVICES: Select = Select {
    text: "SELECT d.token_hash, d.tenant, d.device, d.name, d.person, d.role, d.organisation, d.last_seen_at, \
        d.clock_offset_ms, d.key_thumbprint, d.revoked_at, d.pass_ends_at, d.copied_at, s.position, s.scope, c.epoch, c.seq, \
        CAST(CASE WHEN d.pass_ends_at IS NOT NULL OR EXISTS (SELECT 1 FROM membership m JOIN person p \
        ON p.tenant = m.tenant AND p.person = m.person AND p.disabled_at IS NULL WHERE m.tenant = d.tenant \
        AND m.person = d.person AND m.role = d.role AND m.organisation = d.organisation) THEN 1 ELSE 0 END AS BIGINT) \
        AS held_in_force, \
        c.document_count, c.digest, \
        (SELECT t.registry_version FROM tenant t WHERE t.tenant = d.tenant) AS registry_version, \
        (SELECT MIN(x.found_at) FROM damaged x WHERE x.tenant = d.tenant) AS damage FROM device d \
        LEFT JOIN device_scope s ON s.tenant = d.tenant AND s.device = d.device \
        LEFT JOIN scope c ON c.tenant = s.tenant AND c.scope = s.scope",
    column: "d.token_hash",
    of: Type::Bytes,
    locks: false,
    of_tenant: false,
};

pub(super) async fn lookup_devices(
    store: &SqlStore,
    token_hashes: &[SecretHash],
) -> Result<Vec<Option<DeviceRow>>, StoreError> {
    let keys: Vec<Value<'_>> = token_hashes.iter().map(Value::from).collect();
    let rows = DEVICES.of_any(&mut *store.reader().await?, &keys).await?;
    let mut by_token: HashMap<&[u8], Vec<(Option<i64>, &Row)>> = HashMap::new();
    for row in &rows {
        by_token.entry(get(row, "token_hash")?).or_default().push((get(row, "position")?, row));
    }
    by_token.values_mut().for_each(|rows| rows.sort_by_key(|(position, _)| *position));
    token_hashes.iter().map(|hash| by_token.get(&hash[..]).map(|rows| device_row(rows)).transpose()).collect()
}

/// A device from its rows, in order of its scopes.
fn device_row(rows: &[(Option<i64>, &Row)]) -> Result<DeviceRow, StoreError> {
    let (_, row) = rows.first().ok_or(corrupt("device", "token_hash"))?;
    let mut scopes: Vec<ScopeId> = Vec::with_capacity(rows.len());
    let mut standing = tenant_of(row)?;
    for (_, row) in rows {
        if let Some(scope) = get::<Option<&str>>(row, "scope")? {
            scopes.push(scope.parse().map_err(|_| corrupt("device_scope", "scope"))?);
        }
        if get::<Option<i64>>(row, "seq")?.is_some() {
            standing.scopes.push(scope_of(row)?);
        }
    }
    Ok(DeviceRow {
        tenant: get(row, "tenant")?,
        device: DeviceId::from_slice(get(row, "device")?).ok_or(corrupt("device", "device"))?,
        name: get(row, "name")?,
        person: get(row, "person")?,
        role: get(row, "role")?,
        organisation: get(row, "organisation")?,
        scopes,
        last_seen_at: get::<Option<i64>>(row, "last_seen_at")?.map(unsigned),
        clock_offset_ms: get(row, "clock_offset_ms")?,
        key: get::<Option<&[u8]>>(row, "key_thumbprint")?.and_then(|key| key.try_into().ok()),
        revoked_at: get::<Option<i64>>(row, "revoked_at")?.map(unsigned),
        held_in_force: flag(row, "held_in_force")?,
        pass_ends_at: get::<Option<i64>>(row, "pass_ends_at")?.map(unsigned),
        copied_at: get::<Option<i64>>(row, "copied_at")?.map(unsigned),
        standing,
    })
}

pub(super) fn login_row(row: &Row) -> Result<LoginRow, StoreError> {
    Ok(LoginRow {
        tenant: get(row, "tenant")?,
        person: get(row, "person")?,
        role: get(row, "role")?,
        organisation: get(row, "organisation")?,
        login: get(row, "login")?,
        seen_at: unsigned(get(row, "seen_at")?),
        proved_at: unsigned(get(row, "proved_at")?),
    })
}

pub(super) async fn lookup_login(
    store: &SqlStore,
    token_hash: &SecretHash,
    now: u64,
    seen_since: u64,
) -> Result<Option<LoginRow>, StoreError> {
    let query = sqlx::query(sql::LOOKUP_LOGIN).bind(&token_hash[..]).bind(integer(now)).bind(integer(seen_since));
    query.fetch_optional(&mut *store.reader().await?).await.map_err(failed)?.as_ref().map(login_row).transpose()
}

pub(super) async fn lookup_code(
    connection: &mut Connection,
    code_hash: &SecretHash,
    purpose: CodePurpose,
    now: u64,
) -> Result<Option<CodeRow>, StoreError> {
    let query = sqlx::query(sql::LOOKUP_CODE).bind(&code_hash[..]).bind(integer(now)).bind(purpose.as_str());
    query.fetch_optional(connection).await.map_err(failed)?.as_ref().map(code_row).transpose()
}

/// Uses the code up once, unless it is used up, has expired or is not good for this; its row is held until the transaction ends.
pub(super) async fn take_code(
    connection: &mut Connection,
    code_hash: &SecretHash,
    purpose: CodePurpose,
    now: u64,
) -> Result<Option<CodeRow>, StoreError> {
    let query = sqlx::query(sql::TAKE_CODE).bind(&code_hash[..]).bind(integer(now)).bind(purpose.as_str());
    query.fetch_optional(connection).await.map_err(failed)?.as_ref().map(code_row).transpose()
}

fn code_row(row: &Row) -> Result<CodeRow, StoreError> {
    Ok(CodeRow {
        tenant: get(row, "tenant")?,
        person: get(row, "person")?,
        role: get(row, "role")?,
        organisation: get(row, "organisation")?,
        scopes: get(row, "scopes")?,
        uses_left: get(row, "uses_left")?,
        expires_at: unsigned(get(row, "expires_at")?),
        purpose: CodePurpose::from_name(get(row, "purpose")?).ok_or(corrupt("code", "purpose"))?,
        device: get::<Option<&[u8]>>(row, "device")?
            .map(|device| DeviceId::from_slice(device).ok_or(corrupt("code", "device")))
            .transpose()?,
    })
}

pub(super) async fn upsert_code(
    store: &SqlStore,
    code_hash: &SecretHash,
    code: &CodeRow,
    person_name: &str,
) -> Result<(), StoreError> {
    let mut transaction = store.begin().await?;
    let person = sqlx::query(sql::UPSERT_PERSON).bind(&code.tenant).bind(&code.person).bind(person_name);
    if person.execute(&mut *transaction).await.map_err(failed)?.rows_affected() > 0 {
        sqlx::query(sql::BUMP_REGISTRY).bind(&code.tenant).execute(&mut *transaction).await.map_err(failed)?;
    }
    sqlx::query(sql::INSERT_MEMBERSHIP)
        .bind(&code.tenant)
        .bind(&code.person)
        .bind(&code.role)
        .bind(&code.organisation)
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
    sqlx::query(sql::UPSERT_CODE)
        .bind(&code_hash[..])
        .bind(&code.tenant)
        .bind(&code.person)
        .bind(&code.role)
        .bind(&code.organisation)
        .bind(&code.scopes)
        .bind(code.uses_left)
        .bind(integer(code.expires_at))
        .bind(code.purpose.as_str())
        .bind(code.device.as_ref().map(|device| &device.as_bytes()[..]))
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
    transaction.commit().await.map_err(failed)
}

pub(super) async fn enrol(
    store: &SqlStore,
    code_hash: &SecretHash,
    new: &NewDevice,
    now: u64,
) -> Result<Enrolment, StoreError> {
    let mut transaction = store.begin().await?;
    let Some(code) = take_code(&mut transaction, code_hash, CodePurpose::Tablet, now).await? else {
        return Ok(Enrolment::NoCode);
    };
    let device = &new.device.as_bytes()[..];
    let owner = sqlx::query(sql::DEVICE_OWNER).bind(&code.tenant).bind(device);
    let known = owner.fetch_optional(&mut *transaction).await.map_err(failed)?;
    if let Some(former) = code.device.filter(|former| known.is_none() && *former != new.device) {
        // the code of one tablet on a new installation: this one takes its place. It is a device of its own, since the other
        // may hold unsent work written under its id
        let revoke = sqlx::query(sql::REVOKE_DEVICE).bind(&code.tenant).bind(&former.as_bytes()[..]);
        revoke.bind(integer(now)).bind(&code.person).execute(&mut *transaction).await.map_err(failed)?;
    }
    if let Some(row) = known {
        let owner: &str = get(&row, "organisation")?;
        // a code made for it, or its own key with a code made for none: knowing its id, which many do, is not enough
        let own = get::<Option<&[u8]>>(&row, "key_thumbprint")? == Some(&new.key[..]);
        if owner != code.organisation || !code.device.map_or(own, |named| named == new.device) {
            return Ok(Enrolment::DeviceTaken);
        }
    }
    sqlx::query(sql::UPSERT_DEVICE)
        .bind(&code.tenant)
        .bind(device)
        .bind(&new.name)
        .bind(&code.person)
        .bind(&code.role)
        .bind(&code.organisation)
        .bind(&new.token_hash[..])
        .bind(integer(now))
        .bind(&new.key[..])
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
    let clear = sqlx::query(sql::CLEAR_DEVICE_SCOPES).bind(&code.tenant).bind(device);
    clear.execute(&mut *transaction).await.map_err(failed)?;
    for (position, scope) in new.scopes.iter().enumerate() {
        let insert = sqlx::query(sql::INSERT_DEVICE_SCOPE).bind(&code.tenant).bind(device).bind(scope.as_str());
        insert.bind(integer(position as u64)).execute(&mut *transaction).await.map_err(failed)?;
    }
    sqlx::query(sql::BUMP_REGISTRY).bind(&code.tenant).execute(&mut *transaction).await.map_err(failed)?;
    ensure_scopes(&mut transaction, &code.tenant, &new.scopes.iter().collect::<Vec<_>>()).await?;
    transaction.commit().await.map_err(failed)?;
    Ok(Enrolment::Done)
}

pub(super) async fn logout(store: &SqlStore, token_hash: &SecretHash) -> Result<(), StoreError> {
    let query = sqlx::query(sql::DELETE_LOGIN).bind(&token_hash[..]);
    query.execute(&mut *store.writer().await?).await.map_err(failed)?;
    Ok(())
}

pub(super) async fn note_seen(
    store: &SqlStore,
    tenant: &str,
    device: DeviceId,
    now: u64,
    offset_ms: i64,
) -> Result<(), StoreError> {
    let query = sqlx::query(sql::NOTE_SEEN).bind(tenant).bind(&device.as_bytes()[..]).bind(integer(now));
    query.bind(offset_ms).execute(&mut *store.writer().await?).await.map_err(failed)?;
    Ok(())
}

pub(super) async fn lookup_names(
    store: &SqlStore,
    tenant: &str,
    person: &str,
) -> Result<Option<(String, String)>, StoreError> {
    let query = sqlx::query(sql::LOOKUP_NAMES).bind(tenant).bind(person);
    let Some(row) = query.fetch_optional(&mut *store.reader().await?).await.map_err(failed)? else { return Ok(None) };
    let name: Option<String> = get(&row, "person_name")?;
    Ok(Some((get(&row, "tenant_name")?, name.unwrap_or_default())))
}
