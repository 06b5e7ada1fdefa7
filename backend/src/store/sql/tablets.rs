//! What is kept of tablets beside their credential.

use async_trait::async_trait;
use sync_core::ids::{DeviceId, DocumentId};

use super::devices::take_code;
use super::dialect::{SqlStore, failed};
use super::documents::document_of;
use super::{corrupt, flag, get, integer, statements as sql, unsigned};
use crate::store::StoreError;
use crate::store::tablets::{HolderRow, RecoveryKey, TabletRow, TabletStore};
use crate::store::types::{CodePurpose, SecretHash};

#[async_trait]
impl TabletStore for SqlStore {
    async fn note_disk(
        &self,
        tenant: &str,
        device: DeviceId,
        (was, is): (Option<u64>, u64),
        now: u64,
    ) -> Result<Option<u64>, StoreError> {
        // numbers are random in all of their 64 bits; columns have a sign
        let (was, is) = (was.map(u64::cast_signed), is.cast_signed());
        let note = sqlx::query(sql::NOTE_DISK).bind(tenant).bind(&device.as_bytes()[..]);
        let note = note.bind(was).bind(is).bind(integer(now));
        let row = note.fetch_optional(&mut *self.writer().await?).await.map_err(failed)?;
        let copied_at: Option<i64> = row.map(|row| get(&row, "copied_at")).transpose()?.flatten();
        Ok(copied_at.map(unsigned))
    }

    async fn list_tablets(&self, tenant: &str) -> Result<Vec<TabletRow>, StoreError> {
        let query = sqlx::query(sql::LIST_TABLETS).bind(tenant);
        let rows = query.fetch_all(&mut *self.reader().await?).await.map_err(failed)?;
        rows.iter()
            .map(|row| {
                Ok(TabletRow {
                    device: DeviceId::from_slice(get(row, "device")?).ok_or(corrupt("device", "device"))?,
                    name: get(row, "name")?,
                    person: get(row, "person")?,
                    person_name: get::<Option<String>>(row, "person_name")?.unwrap_or_default(),
                    role: get(row, "role")?,
                    organisation: get(row, "organisation")?,
                    enrolled_at: unsigned(get(row, "enrolled_at")?),
                    last_seen_at: get::<Option<i64>>(row, "last_seen_at")?.map(unsigned),
                    clock_offset_ms: get(row, "clock_offset_ms")?,
                    revoked_at: get::<Option<i64>>(row, "revoked_at")?.map(unsigned),
                    held_in_force: flag(row, "held_in_force")?,
                    recoverable: get::<i64>(row, "recoverable")? > 0,
                    held: unsigned(get(row, "held")?),
                    pass_ends_at: get::<Option<i64>>(row, "pass_ends_at")?.map(unsigned),
                    copied_at: get::<Option<i64>>(row, "copied_at")?.map(unsigned),
                })
            })
            .collect()
    }

    async fn list_holders(&self, tenant: &str) -> Result<Vec<HolderRow>, StoreError> {
        let query = sqlx::query(sql::LIST_HOLDERS).bind(tenant);
        let rows = query.fetch_all(&mut *self.reader().await?).await.map_err(failed)?;
        rows.iter()
            .map(|row| {
                Ok(HolderRow {
                    person: get(row, "person")?,
                    name: get(row, "name")?,
                    role: get(row, "role")?,
                    organisation: get(row, "organisation")?,
                })
            })
            .collect()
    }

    async fn revoke_device(&self, tenant: &str, device: DeviceId, by: &str, now: u64) -> Result<bool, StoreError> {
        let query = sqlx::query(sql::REVOKE_DEVICE).bind(tenant).bind(&device.as_bytes()[..]);
        let query = query.bind(integer(now)).bind(by);
        let done = query.execute(&mut *self.writer().await?).await.map_err(failed)?;
        Ok(done.rows_affected() > 0)
    }

    async fn list_home_documents(
        &self,
        tenant: &str,
        device: DeviceId,
        limit: u32,
    ) -> Result<Vec<DocumentId>, StoreError> {
        let query = sqlx::query(sql::LIST_HOME_DOCUMENTS).bind(tenant).bind(&device.as_bytes()[..]);
        let query = query.bind(i64::from(limit));
        let rows = query.fetch_all(&mut *self.reader().await?).await.map_err(failed)?;
        rows.iter().map(document_of).collect()
    }

    async fn keep_recovery(&self, tenant: &str, device: DeviceId, key: &RecoveryKey) -> Result<(), StoreError> {
        let query = sqlx::query(sql::KEEP_RECOVERY).bind(tenant).bind(&device.as_bytes()[..]).bind(&key[..]);
        query.execute(&mut *self.writer().await?).await.map_err(failed)?;
        Ok(())
    }

    async fn keep_pin_code(
        &self,
        code_hash: &SecretHash,
        tenant: &str,
        device: DeviceId,
        person: &str,
        expires_at: u64,
    ) -> Result<(), StoreError> {
        let query = sqlx::query(sql::INSERT_PIN_CODE).bind(tenant).bind(&code_hash[..]).bind(&device.as_bytes()[..]);
        query.bind(person).bind(integer(expires_at)).execute(&mut *self.writer().await?).await.map_err(failed)?;
        Ok(())
    }

    async fn take_recovery(
        &self,
        code_hash: &SecretHash,
        device: DeviceId,
        key: &SecretHash,
        now: u64,
    ) -> Result<Option<(String, String, RecoveryKey)>, StoreError> {
        let mut transaction = self.begin().await?;
        let take = sqlx::query(sql::TAKE_PIN_CODE).bind(&code_hash[..]).bind(&device.as_bytes()[..]);
        let Some(row) = take.bind(integer(now)).fetch_optional(&mut *transaction).await.map_err(failed)? else {
            return Ok(None);
        };
        let (tenant, person): (String, String) = (get(&row, "tenant")?, get(&row, "person")?);
        let find = sqlx::query(sql::LOOKUP_RECOVERY).bind(&tenant).bind(&device.as_bytes()[..]).bind(&key[..]);
        let Some(row) = find.fetch_optional(&mut *transaction).await.map_err(failed)? else { return Ok(None) };
        let half: &[u8] = get(&row, "recovery")?;
        let half: RecoveryKey = half.try_into().map_err(|_| corrupt("device", "recovery"))?;
        transaction.commit().await.map_err(failed)?;
        Ok(Some((tenant, person, half)))
    }

    async fn take_colleague(
        &self,
        code_hash: &SecretHash,
        tenant: &str,
        organisation: &str,
        device: DeviceId,
        now: u64,
    ) -> Result<Option<(String, String)>, StoreError> {
        let mut transaction = self.begin().await?;
        let taken = take_code(&mut transaction, code_hash, CodePurpose::Tablet, now).await?;
        let Some(code) = taken else { return Ok(None) };
        let of_another = code.device.is_some_and(|named| named != device);
        if code.tenant != tenant || code.organisation != organisation || of_another {
            return Ok(None);
        }
        let names = sqlx::query(sql::LOOKUP_NAMES).bind(tenant).bind(&code.person);
        let Some(row) = names.fetch_optional(&mut *transaction).await.map_err(failed)? else { return Ok(None) };
        let name: Option<String> = get(&row, "person_name")?;
        transaction.commit().await.map_err(failed)?;
        Ok(Some((code.person, name.unwrap_or_default())))
    }
}
