//! The store on one SQLite file: a single writer connection and a pool of readers.

mod connect;
mod devices;
mod office;

use async_trait::async_trait;

pub use connect::SqliteStore;
use connect::failed;

use crate::store::types::{DeviceRow, LoginRow};
use crate::store::{Store, StoreError};

#[async_trait]
impl Store for SqliteStore {
    async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query("SELECT 1 FROM tenant LIMIT 1").fetch_optional(&self.reader).await.map_err(failed)?;
        Ok(())
    }

    async fn lookup_device(&self, token_hash: &[u8; 32]) -> Result<Option<DeviceRow>, StoreError> {
        devices::lookup_device(&self.reader, token_hash).await
    }

    async fn lookup_login(&self, token_hash: &[u8; 32], now: u64) -> Result<Option<LoginRow>, StoreError> {
        devices::lookup_login(&self.reader, token_hash, now).await
    }
}
