//! How long things are kept, what falls due, and what was destroyed.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use sync_core::ids::{ChangeHash, DeviceId, DocumentId};

use super::dialect::{ATTEMPTS, Row, SqlStore, failed};
use super::documents::document_of;
use super::{PATIENCE, again, corrupt, get, integer, statements as sql, unsigned};
use crate::store::StoreError;
use crate::store::journal::JournalHead;
use crate::store::retention::{DecidedKey, DestructionRow, JournalPart, RetentionRow, RetentionStore};

fn device_of(row: &Row) -> Result<DeviceId, StoreError> {
    DeviceId::from_slice(get(row, "device")?).ok_or(corrupt("device", "device"))
}

fn destruction_of(tenant: &str, row: &Row, items: String) -> Result<DestructionRow, StoreError> {
    let hash: Vec<u8> = get(row, "hash")?;
    Ok(DestructionRow {
        tenant: tenant.to_owned(),
        destruction: get(row, "destruction")?,
        subject: get(row, "subject")?,
        years: get(row, "years")?,
        fiscal_year: get(row, "fiscal_year")?,
        reason: get(row, "reason")?,
        begun_at: unsigned(get(row, "begun_at")?),
        begun_by: get(row, "begun_by")?,
        finished_at: get::<Option<i64>>(row, "finished_at")?.map(unsigned),
        item_count: unsigned(get(row, "item_count")?),
        items,
        hash: hash.try_into().map_err(|_| corrupt("destruction", "hash"))?,
    })
}

async fn set(
    store: &SqlStore,
    tenant: &str,
    subject: &str,
    years: Option<i64>,
    by: &str,
    now: u64,
) -> Result<(), StoreError> {
    let query = match years {
        None => sqlx::query(sql::DELETE_RETENTION).bind(tenant).bind(subject),
        Some(years) => {
            sqlx::query(sql::UPSERT_RETENTION).bind(tenant).bind(subject).bind(years).bind(integer(now)).bind(by)
        }
    };
    query.execute(&mut *store.writer().await?).await.map_err(failed)?;
    Ok(())
}

async fn destroy_custody(store: &SqlStore, tenant: &str, keys: &[DecidedKey]) -> Result<(), StoreError> {
    let mut transaction = store.begin().await?;
    for (document, hash, device) in keys {
        let query = sqlx::query(sql::DESTROY_CUSTODY)
            .bind(tenant)
            .bind(&document.as_bytes()[..])
            .bind(&hash.as_bytes()[..])
            .bind(&device.as_bytes()[..]);
        query.execute(&mut *transaction).await.map_err(failed)?;
    }
    transaction.commit().await.map_err(failed)
}

async fn forget_tablets(store: &SqlStore, tenant: &str, devices: &[DeviceId]) -> Result<(), StoreError> {
    let mut transaction = store.begin().await?;
    for device in devices {
        let query = sqlx::query(sql::FORGET_TABLET).bind(tenant).bind(&device.as_bytes()[..]);
        query.execute(&mut *transaction).await.map_err(failed)?;
    }
    sqlx::query(sql::BUMP_REGISTRY).bind(tenant).execute(&mut *transaction).await.map_err(failed)?;
    transaction.commit().await.map_err(failed)
}

async fn destroy_sign_ins(store: &SqlStore, tenant: &str, people: &[String]) -> Result<(), StoreError> {
    let mut transaction = store.begin().await?;
    for person in people {
        for text in [sql::DESTROY_ACCOUNT, sql::DESTROY_PASSKEYS, sql::DESTROY_IDENTITIES, sql::DESTROY_CODES] {
            sqlx::query(text).bind(tenant).bind(person).execute(&mut *transaction).await.map_err(failed)?;
        }
    }
    transaction.commit().await.map_err(failed)
}

async fn begin(store: &SqlStore, new: &DestructionRow) -> Result<bool, StoreError> {
    let query = sqlx::query(sql::BEGIN_DESTRUCTION)
        .bind(&new.tenant)
        .bind(&new.destruction)
        .bind(&new.subject)
        .bind(new.years)
        .bind(new.fiscal_year)
        .bind(&new.reason)
        .bind(integer(new.begun_at))
        .bind(&new.begun_by)
        .bind(integer(new.item_count))
        .bind(&new.items)
        .bind(&new.hash[..]);
    Ok(query.execute(&mut *store.writer().await?).await.map_err(failed)?.rows_affected() > 0)
}

async fn finish(store: &SqlStore, done: &DestructionRow) -> Result<bool, StoreError> {
    let query = sqlx::query(sql::FINISH_DESTRUCTION)
        .bind(&done.tenant)
        .bind(&done.destruction)
        .bind(done.finished_at.map(integer))
        .bind(integer(done.item_count))
        .bind(&done.items)
        .bind(&done.hash[..]);
    Ok(query.execute(&mut *store.writer().await?).await.map_err(failed)?.rows_affected() > 0)
}

async fn destroy_journal(store: &SqlStore, tenant: &str, until: u64) -> Result<(), StoreError> {
    let query = sqlx::query(sql::DESTROY_JOURNAL).bind(tenant).bind(integer(until));
    query.execute(&mut *store.writer().await?).await.map_err(failed)?;
    Ok(())
}

#[async_trait]
impl RetentionStore for SqlStore {
    async fn list_retention(&self, tenant: &str) -> Result<Vec<RetentionRow>, StoreError> {
        let query = sqlx::query(sql::LIST_RETENTION).bind(tenant);
        let rows = query.fetch_all(&mut *self.reader().await?).await.map_err(failed)?;
        rows.iter()
            .map(|row| {
                Ok(RetentionRow {
                    subject: get(row, "subject")?,
                    years: get(row, "years")?,
                    set_at: unsigned(get(row, "set_at")?),
                    set_by: get(row, "set_by")?,
                })
            })
            .collect()
    }

    async fn set_retention(
        &self,
        tenant: &str,
        subject: &str,
        years: Option<i64>,
        by: &str,
        now: u64,
    ) -> Result<(), StoreError> {
        again!(set(self, tenant, subject, years, by, now))
    }

    async fn list_due_records(
        &self,
        tenant: &str,
        fiscal_year: i64,
        before: u64,
    ) -> Result<Vec<(DocumentId, Option<i64>)>, StoreError> {
        let query = sqlx::query(sql::DUE_RECORDS).bind(tenant).bind(fiscal_year).bind(integer(before));
        let rows = query.fetch_all(&mut *self.reader().await?).await.map_err(failed)?;
        rows.iter().map(|row| Ok((document_of(row)?, get(row, "fiscal_year")?))).collect()
    }

    async fn list_due_custody(&self, tenant: &str, before: u64) -> Result<Vec<DecidedKey>, StoreError> {
        let query = sqlx::query(sql::DUE_CUSTODY).bind(tenant).bind(integer(before));
        let rows = query.fetch_all(&mut *self.reader().await?).await.map_err(failed)?;
        let hash = |row: &Row| ChangeHash::from_slice(get(row, "hash")?).ok_or(corrupt("custody", "hash"));
        rows.iter().map(|row| Ok((document_of(row)?, hash(row)?, device_of(row)?))).collect()
    }

    async fn list_due_tablets(&self, tenant: &str, before: u64) -> Result<Vec<DeviceId>, StoreError> {
        let query = sqlx::query(sql::DUE_TABLETS).bind(tenant).bind(integer(before));
        let rows = query.fetch_all(&mut *self.reader().await?).await.map_err(failed)?;
        rows.iter().map(device_of).collect()
    }

    async fn list_due_sign_ins(&self, tenant: &str, before: u64) -> Result<Vec<String>, StoreError> {
        let query = sqlx::query(sql::DUE_SIGN_INS).bind(tenant).bind(integer(before));
        let rows = query.fetch_all(&mut *self.reader().await?).await.map_err(failed)?;
        rows.iter().map(|row| get(row, "person")).collect()
    }

    async fn journal_before(&self, tenant: &str, before: u64) -> Result<Option<JournalPart>, StoreError> {
        let mut look = self.look().await?;
        let query = sqlx::query(sql::JOURNAL_BEFORE).bind(tenant).bind(integer(before));
        let Some(row) = query.fetch_optional(&mut *look).await.map_err(failed)? else { return Ok(None) };
        let hash: Vec<u8> = get(&row, "hash")?;
        let hash = hash.try_into().map_err(|_| corrupt("journal", "hash"))?;
        let last = JournalHead { seq: unsigned(get(&row, "seq")?), hash };
        Ok(Some(JournalPart { from: unsigned(get(&row, "first")?), last }))
    }

    async fn destroy_custody(&self, tenant: &str, keys: &[DecidedKey]) -> Result<(), StoreError> {
        again!(destroy_custody(self, tenant, keys))
    }

    async fn forget_tablets(&self, tenant: &str, devices: &[DeviceId]) -> Result<(), StoreError> {
        again!(forget_tablets(self, tenant, devices))
    }

    async fn destroy_sign_ins(&self, tenant: &str, people: &[String]) -> Result<(), StoreError> {
        again!(destroy_sign_ins(self, tenant, people))
    }

    async fn destroy_journal(&self, tenant: &str, until: u64) -> Result<(), StoreError> {
        again!(destroy_journal(self, tenant, until))
    }

    async fn forget_deleted(&self) -> Result<(), StoreError> {
        self.forget_bytes().await
    }

    async fn begin_destruction(&self, destruction: &DestructionRow) -> Result<bool, StoreError> {
        again!(begin(self, destruction))
    }

    async fn finish_destruction(&self, destruction: &DestructionRow) -> Result<bool, StoreError> {
        again!(finish(self, destruction))
    }

    async fn list_destructions(&self, tenant: &str) -> Result<Vec<DestructionRow>, StoreError> {
        let query = sqlx::query(sql::LIST_DESTRUCTIONS).bind(tenant);
        let rows = query.fetch_all(&mut *self.reader().await?).await.map_err(failed)?;
        rows.iter().map(|row| destruction_of(tenant, row, String::new())).collect()
    }

    async fn lookup_destruction(&self, tenant: &str, destruction: &str) -> Result<Option<DestructionRow>, StoreError> {
        let query = sqlx::query(sql::LOOKUP_DESTRUCTION).bind(tenant).bind(destruction);
        let row = query.fetch_optional(&mut *self.reader().await?).await.map_err(failed)?;
        row.map(|row| destruction_of(tenant, &row, get(&row, "items")?)).transpose()
    }
}
