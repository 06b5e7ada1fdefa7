//! The store on one SQLite file: a single writer connection and a pool of readers.
//!
//! This file only routes the trait's methods to the files that hold their SQL.

mod connect;
mod devices;
mod documents;
mod feed;
mod office;
mod push;
mod rebuild;
mod registry;
mod rollup;

use std::collections::HashMap;

use async_trait::async_trait;
use sqlx::sqlite::{Sqlite, SqliteRow};
use sqlx::{ColumnIndex, Decode, Row, Type};
use sync_core::document::Heads;
use sync_core::ids::{DeviceId, DocumentId, ScopeId};

pub use connect::SqliteStore;
use connect::failed;

use crate::store::types::{
    Association, CodeRow, DeviceRow, Enrolment, Lecturer, LoginRow, Material, Municipality, NewDevice, Pull,
    PushOutcome, PushWrite, Rebuilt, Registry, Rollups, ScopeRow, SecretHash, StoredDocument, WantedScope,
};
use crate::store::{Store, StoreError};

/// Most values bound in one statement; SQLite allows 32,766.
const MAX_BINDS: usize = 16_000;

fn get<'r, T>(row: &'r SqliteRow, column: &str) -> Result<T, StoreError>
where
    T: Decode<'r, Sqlite> + Type<Sqlite>,
    for<'c> &'c str: ColumnIndex<SqliteRow>,
{
    row.try_get(column).map_err(failed)
}

/// A time or count for an INTEGER column.
fn integer(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// A time or count from an INTEGER column.
fn unsigned(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

fn corrupt(table: &'static str, column: &'static str) -> StoreError {
    StoreError::Corrupt { table, column }
}

#[async_trait]
impl Store for SqliteStore {
    async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query("SELECT 1 FROM tenant LIMIT 1").fetch_optional(&self.reader).await.map_err(failed)?;
        Ok(())
    }

    async fn lookup_device(&self, token_hash: &SecretHash) -> Result<Option<DeviceRow>, StoreError> {
        devices::lookup_device(self, token_hash).await
    }

    async fn lookup_login(&self, token_hash: &SecretHash, now: u64) -> Result<Option<LoginRow>, StoreError> {
        devices::lookup_login(self, token_hash, now).await
    }

    async fn lookup_code(&self, code_hash: &SecretHash, now: u64) -> Result<Option<CodeRow>, StoreError> {
        let mut connection = self.reader.acquire().await.map_err(failed)?;
        devices::lookup_code(&mut connection, code_hash, now).await
    }

    async fn upsert_code(&self, code_hash: &SecretHash, code: &CodeRow, name: &str) -> Result<(), StoreError> {
        devices::upsert_code(self, code_hash, code, name).await
    }

    async fn enrol(&self, code_hash: &SecretHash, device: &NewDevice, now: u64) -> Result<Enrolment, StoreError> {
        devices::enrol(self, code_hash, device, now).await
    }

    async fn login(
        &self,
        code_hash: &SecretHash,
        token_hash: &SecretHash,
        now: u64,
        expires_at: u64,
    ) -> Result<Option<LoginRow>, StoreError> {
        devices::login(self, code_hash, token_hash, now, expires_at).await
    }

    async fn logout(&self, token_hash: &SecretHash) -> Result<(), StoreError> {
        devices::logout(self, token_hash).await
    }

    async fn note_seen(&self, tenant: &str, device: DeviceId, now: u64, offset_ms: i64) -> Result<(), StoreError> {
        devices::note_seen(self, tenant, device, now, offset_ms).await
    }

    async fn lookup_names(&self, tenant: &str, person: &str) -> Result<Option<(String, String)>, StoreError> {
        devices::lookup_names(self, tenant, person).await
    }

    async fn upsert_tenant(&self, tenant: &str, name: &str, all: &[Municipality]) -> Result<(), StoreError> {
        registry::upsert_tenant(self, tenant, name, all).await
    }

    async fn registry(&self, tenant: &str) -> Result<Option<Registry>, StoreError> {
        registry::registry(self, tenant).await
    }

    async fn registry_version(&self, tenant: &str) -> Result<u64, StoreError> {
        let mut reader = self.reader.acquire().await.map_err(failed)?;
        registry::version(&mut reader, tenant).await
    }

    async fn upsert_association(&self, tenant: &str, association: &Association) -> Result<(), StoreError> {
        registry::upsert_association(self, tenant, association).await
    }

    async fn upsert_lecturer(&self, tenant: &str, lecturer: &Lecturer) -> Result<(), StoreError> {
        registry::upsert_lecturer(self, tenant, lecturer).await
    }

    async fn upsert_material(&self, tenant: &str, material: &Material) -> Result<(), StoreError> {
        registry::upsert_material(self, tenant, material).await
    }

    async fn list_tenants(&self) -> Result<Vec<String>, StoreError> {
        registry::list_tenants(self).await
    }

    async fn load_documents(&self, tenant: &str, ids: &[DocumentId]) -> Result<Vec<StoredDocument>, StoreError> {
        documents::load(self, tenant, ids).await
    }

    async fn list_documents(
        &self,
        tenant: &str,
        after: Option<DocumentId>,
        limit: u32,
    ) -> Result<Vec<StoredDocument>, StoreError> {
        documents::list(self, tenant, after, limit).await
    }

    async fn commit_push(&self, push: &PushWrite) -> Result<PushOutcome, StoreError> {
        push::commit(self, push).await
    }

    async fn pull(
        &self,
        tenant: &str,
        wanted: &[WantedScope],
        page_bytes: u64,
        known: &HashMap<DocumentId, Heads>,
    ) -> Result<Pull, StoreError> {
        feed::pull(self, tenant, wanted, page_bytes, known).await
    }

    async fn list_scopes(&self, tenant: &str, scopes: Option<&[ScopeId]>) -> Result<Vec<ScopeRow>, StoreError> {
        feed::list_scopes(self, tenant, scopes).await
    }

    async fn list_rollups(&self, tenant: &str) -> Result<Rollups, StoreError> {
        rollup::list(self, tenant).await
    }

    async fn rebuild(
        &self,
        tenant: &str,
        now: u64,
        project: &(dyn for<'a> Fn(&'a StoredDocument) -> Option<Rebuilt> + Send + Sync),
    ) -> Result<u64, StoreError> {
        rebuild::rebuild(self, tenant, now, project).await
    }
}
