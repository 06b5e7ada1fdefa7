//! Day passes. A session is in the scope of itself alone while a pass holds it: the document is held first, so that no push
//! that was judged before misses the scope, and the scope is moved last.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use sync_core::digest::{Digest, FeedState};
use sync_core::document::Heads;
use sync_core::ids::{DeviceId, DocumentId, ScopeId};

use super::dialect::{ATTEMPTS, Connection, SqlStore, failed};
use super::documents::{document_of, places_of};
use super::places::{Moves, move_in_scopes};
use super::{PATIENCE, again, corrupt, get, integer, statements as sql, unsigned};
use crate::store::StoreError;
use crate::store::day_pass::{DayPassStore, PassCode, PassRow};
use crate::store::types::{Enrolment, NewDevice, Place, SecretHash};

#[async_trait]
impl DayPassStore for SqlStore {
    async fn keep_pass_code(&self, code_hash: &SecretHash, code: &PassCode, now: u64) -> Result<(), StoreError> {
        again!(keep_code(self, code_hash, code, now))
    }

    async fn lookup_pass_code(&self, code_hash: &SecretHash, now: u64) -> Result<Option<PassCode>, StoreError> {
        let query = sqlx::query(sql::LOOKUP_PASS_CODE).bind(&code_hash[..]).bind(integer(now));
        let Some(row) = query.fetch_optional(&mut *self.reader().await?).await.map_err(failed)? else {
            return Ok(None);
        };
        Ok(Some(PassCode {
            tenant: get(&row, "tenant")?,
            document: document_of(&row)?,
            person: get(&row, "person")?,
            name: get(&row, "name")?,
            ends_at: unsigned(get(&row, "ends_at")?),
            expires_at: unsigned(get(&row, "expires_at")?),
        }))
    }

    async fn enrol_visitor(&self, code_hash: &SecretHash, new: &NewDevice, now: u64) -> Result<Enrolment, StoreError> {
        again!(enrol(self, code_hash, new, now))
    }

    async fn end_pass(&self, pass: &PassRow, by: Option<&str>, now: u64) -> Result<bool, StoreError> {
        again!(end(self, pass, by, now))
    }

    async fn list_ended_passes(&self, before: u64) -> Result<Vec<PassRow>, StoreError> {
        let query = sqlx::query(sql::LIST_ENDED_PASSES).bind(integer(before));
        let rows = query.fetch_all(&mut *self.reader().await?).await.map_err(failed)?;
        rows.iter()
            .map(|row| {
                let session: &str = get(row, "organisation")?;
                Ok(PassRow {
                    tenant: get(row, "tenant")?,
                    device: DeviceId::from_slice(get(row, "device")?).ok_or(corrupt("device", "device"))?,
                    document: session.parse().map_err(|_| corrupt("device", "organisation"))?,
                })
            })
            .collect()
    }
}

async fn keep_code(store: &SqlStore, code_hash: &SecretHash, code: &PassCode, now: u64) -> Result<(), StoreError> {
    let mut transaction = store.begin().await?;
    let old = sqlx::query(sql::DELETE_OLD_PASS_CODES).bind(&code.tenant).bind(integer(now));
    old.execute(&mut *transaction).await.map_err(failed)?;
    let person = sqlx::query(sql::UPSERT_PERSON).bind(&code.tenant).bind(&code.person).bind(&code.name);
    if person.execute(&mut *transaction).await.map_err(failed)?.rows_affected() > 0 {
        sqlx::query(sql::BUMP_REGISTRY).bind(&code.tenant).execute(&mut *transaction).await.map_err(failed)?;
    }
    sqlx::query(sql::INSERT_PASS_CODE)
        .bind(&code.tenant)
        .bind(&code_hash[..])
        .bind(&code.document.as_bytes()[..])
        .bind(&code.person)
        .bind(integer(code.ends_at))
        .bind(integer(code.expires_at))
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
    transaction.commit().await.map_err(failed)
}

async fn enrol(store: &SqlStore, code_hash: &SecretHash, new: &NewDevice, now: u64) -> Result<Enrolment, StoreError> {
    let mut transaction = store.begin().await?;
    let take = sqlx::query(sql::TAKE_PASS_CODE).bind(&code_hash[..]).bind(integer(now));
    let Some(code) = take.fetch_optional(&mut *transaction).await.map_err(failed)? else {
        return Ok(Enrolment::NoCode);
    };
    let (tenant, document): (String, DocumentId) = (get(&code, "tenant")?, document_of(&code)?);
    let device = &new.device.as_bytes()[..];
    let made = sqlx::query(sql::INSERT_VISITOR)
        .bind(&tenant)
        .bind(device)
        .bind(&new.name)
        .bind(get::<String>(&code, "person")?)
        .bind(document.to_string())
        .bind(&new.token_hash[..])
        .bind(integer(now))
        .bind(&new.key[..])
        .bind(get::<i64>(&code, "ends_at")?);
    if made.execute(&mut *transaction).await.map_err(failed)?.rows_affected() == 0 {
        return Ok(Enrolment::DeviceTaken);
    }
    let scope = ScopeId::session(document);
    let insert = sqlx::query(sql::INSERT_DEVICE_SCOPE).bind(&tenant).bind(device).bind(scope.as_str());
    insert.bind(0_i64).execute(&mut *transaction).await.map_err(failed)?;
    sqlx::query(sql::BUMP_REGISTRY).bind(&tenant).execute(&mut *transaction).await.map_err(failed)?;
    let Some(heads) = hold(&mut transaction, &tenant, document).await? else { return Ok(Enrolment::NoCode) };
    place(&mut transaction, &tenant, document, &heads, FeedState::Present).await?;
    transaction.commit().await.map_err(failed)?;
    Ok(Enrolment::Done)
}

async fn end(store: &SqlStore, pass: &PassRow, by: Option<&str>, now: u64) -> Result<bool, StoreError> {
    let (tenant, device) = (pass.tenant.as_str(), &pass.device.as_bytes()[..]);
    let mut transaction = store.begin().await?;
    let heads = hold(&mut transaction, tenant, pass.document).await?;
    if let Some(by) = by {
        let revoke = sqlx::query(sql::REVOKE_DEVICE).bind(tenant).bind(device).bind(integer(now)).bind(by);
        if revoke.execute(&mut *transaction).await.map_err(failed)?.rows_affected() == 0 {
            return Ok(false);
        }
    }
    let clear = sqlx::query(sql::CLEAR_DEVICE_SCOPES).bind(tenant).bind(device);
    clear.execute(&mut *transaction).await.map_err(failed)?;
    let scope = ScopeId::session(pass.document);
    let other = sqlx::query(sql::OTHER_PASS).bind(tenant).bind(pass.document.to_string()).bind(scope.as_str());
    let other = other.fetch_optional(&mut *transaction).await.map_err(failed)?.is_some();
    if let Some(heads) = heads.filter(|_| !other) {
        place(&mut transaction, tenant, pass.document, &heads, FeedState::Left).await?;
    }
    transaction.commit().await.map_err(failed)?;
    store.announce(tenant, &[scope]);
    Ok(true)
}

/// Holds a document until the transaction ends; `None`: it is not there, or was destroyed. Its revision moves on, so that
/// pushes judged against its former places are judged anew.
async fn hold(connection: &mut Connection, tenant: &str, document: DocumentId) -> Result<Option<Heads>, StoreError> {
    let hold = sqlx::query(sql::HOLD_DOCUMENT).bind(tenant).bind(&document.as_bytes()[..]);
    let Some(row) = hold.fetch_optional(connection).await.map_err(failed)? else { return Ok(None) };
    Heads::from_bytes(get(&row, "heads")?).map(Some).ok_or(corrupt("document", "heads"))
}

/// Moves a document that is held in the scope of itself alone, unless it stands so already.
async fn place(
    connection: &mut Connection,
    tenant: &str,
    document: DocumentId,
    heads: &Heads,
    state: FeedState,
) -> Result<(), StoreError> {
    let scope = ScopeId::session(document);
    let places = places_of(connection, tenant, &[document]).await?.remove(&document).unwrap_or_default();
    let before = places.iter().find(|place| place.scope == scope);
    let known = before.map_or(FeedState::Left, |place| place.state);
    if known == state || known == FeedState::Purged {
        return Ok(());
    }
    let after = Place { contribution: Digest::of(document, state, heads), scope, state };
    let mut moves = Moves::new();
    moves.add(document, before, &after);
    move_in_scopes(connection, tenant, &moves).await
}
