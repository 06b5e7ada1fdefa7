//! Damage that was found, what tablets brought back, and the look an audit starts from.

use sync_core::digest::{Digest, FeedState};
use sync_core::ids::{DeviceId, DocumentId, ScopeId};

use super::batch::{Insert, Select, Type, Value};
use super::dialect::{Connection, SqlStore, failed};
use super::documents::{document_of, state_of};
use super::feed::{all_scopes, these_scopes};
use super::places::renew;
use super::purge::NOTHING;
use super::{corrupt, get, integer, statements as sql, unsigned};
use crate::store::StoreError;
use crate::store::types::{HealingRow, PushWrite, ScopeRow};

pub(super) const DAMAGED: Insert = Insert {
    table: "damaged",
    columns: &[("tenant", Type::Text), ("document", Type::Bytes), ("found_at", Type::Integer)],
    tail: "ON CONFLICT DO NOTHING",
};
/// Documents that a feed names and whose rows are there.
pub(super) const EXISTING: Select = Select::by_document("SELECT document FROM document");

/// Every document a scope's feed names, with its stored contribution.
pub(super) async fn audit_entries(
    store: &SqlStore,
    tenant: &str,
    scope: &ScopeId,
) -> Result<Option<(ScopeRow, Vec<(DocumentId, FeedState, Digest)>)>, StoreError> {
    let mut look = store.look().await?;
    let Some(row) = these_scopes(&mut look, tenant, [scope].into_iter()).await?.scopes.pop() else {
        return Ok(None);
    };
    let query = sqlx::query(sql::AUDIT_ENTRIES).bind(tenant).bind(scope.as_str());
    let rows = query.fetch_all(&mut *look).await.map_err(failed)?;
    let entry = |row| {
        let contribution = Digest::from_bytes(get(row, "contribution")?).ok_or(corrupt("feed", "contribution"))?;
        Ok((document_of(row)?, state_of(get(row, "state")?)?, contribution))
    };
    Ok(Some((row, rows.iter().map(entry).collect::<Result<_, StoreError>>()?)))
}

/// Notes damage. A document whose row is missing gets an empty one, so that a tablet can bring it back.
pub(super) async fn note_damaged(
    store: &SqlStore,
    tenant: &str,
    ids: &[DocumentId],
    now: u64,
) -> Result<(), StoreError> {
    let mut transaction = store.begin().await?;
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    ids.dedup();
    let existing = EXISTING.of(&mut transaction, tenant, &ids).await?;
    let existing: Vec<DocumentId> = existing.iter().map(document_of).collect::<Result<_, _>>()?;
    for id in ids.iter().filter(|id| !existing.contains(id)) {
        let revive = sqlx::query(sql::INSERT_LOST_DOCUMENT)
            .bind(tenant)
            .bind(&id.as_bytes()[..])
            .bind(integer(now))
            .bind(&NOTHING[..]);
        revive.execute(&mut *transaction).await.map_err(failed)?;
    }
    let rows: Vec<Vec<Value<'_>>> = ids.iter().map(|id| vec![tenant.into(), id.into(), integer(now).into()]).collect();
    DAMAGED.run(&mut transaction, &rows).await?;
    transaction.commit().await.map_err(failed)
}

pub(super) async fn list_damaged(store: &SqlStore, tenant: &str) -> Result<Vec<(DocumentId, u64)>, StoreError> {
    let query = sqlx::query(sql::LIST_DAMAGED).bind(tenant);
    let rows = query.fetch_all(&mut *store.reader().await?).await.map_err(failed)?;
    rows.iter().map(|row| Ok((document_of(row)?, unsigned(get(row, "found_at")?)))).collect()
}

/// Notes what a push brought back.
pub(super) async fn note(connection: &mut Connection, push: &PushWrite) -> Result<(), StoreError> {
    if push.healed_changes == 0 {
        return Ok(());
    }
    let query = sqlx::query(sql::NOTE_HEALING).bind(&push.tenant).bind(&push.device.as_bytes()[..]);
    let query = query.bind(integer(push.now)).bind(integer(push.healed_documents)).bind(integer(push.healed_changes));
    query.execute(connection).await.map_err(failed)?;
    Ok(())
}

pub(super) async fn list(store: &SqlStore, tenant: &str, limit: u32) -> Result<Vec<HealingRow>, StoreError> {
    let query = sqlx::query(sql::LIST_HEALING).bind(tenant).bind(i64::from(limit));
    let rows = query.fetch_all(&mut *store.reader().await?).await.map_err(failed)?;
    rows.iter()
        .map(|row| {
            let device: Vec<u8> = get(row, "device")?;
            Ok(HealingRow {
                device: DeviceId::from_slice(&device).ok_or(corrupt("healing", "device"))?,
                device_name: get(row, "device_name")?,
                healed_at: unsigned(get(row, "healed_at")?),
                documents: unsigned(get(row, "documents")?),
                changes: unsigned(get(row, "changes")?),
            })
        })
        .collect()
}

pub(super) async fn sum(store: &SqlStore, tenant: &str) -> Result<u64, StoreError> {
    let query = sqlx::query(sql::SUM_HEALING).bind(tenant);
    let row = query.fetch_one(&mut *store.reader().await?).await.map_err(failed)?;
    Ok(unsigned(get(&row, "changes")?))
}

/// Gives the scopes of one tenant, or of all, new random epochs.
pub(super) async fn renew_epochs(store: &SqlStore, tenant: Option<&str>) -> Result<u64, StoreError> {
    let tenants = match tenant {
        Some(tenant) => vec![tenant.to_owned()],
        None => super::registry::list_tenants(store).await?,
    };
    let mut count = 0;
    for tenant in tenants {
        let mut transaction = store.begin().await?;
        let scopes = all_scopes(&mut transaction, &tenant).await?;
        let ids: Vec<&ScopeId> = scopes.iter().map(|scope| &scope.scope).collect();
        count += renew(&mut transaction, &tenant, &ids).await?;
        transaction.commit().await.map_err(failed)?;
    }
    Ok(count)
}
