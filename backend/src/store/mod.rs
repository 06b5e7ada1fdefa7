//! What the server keeps, behind one trait of whole units of work.

pub mod error;
pub mod office;
pub mod sqlite;
pub mod types;

use async_trait::async_trait;

pub use error::StoreError;
use office::OfficeStore;
use types::{DeviceRow, LoginRow};

/// A database that keeps the contract above.
#[async_trait]
pub trait Store: OfficeStore + Send + Sync {
    /// Whether the database answers.
    async fn ping(&self) -> Result<(), StoreError>;
    /// The device with this token.
    async fn lookup_device(&self, token_hash: &[u8; 32]) -> Result<Option<DeviceRow>, StoreError>;
    /// The login with this token, unless it has expired at `now`.
    async fn lookup_login(&self, token_hash: &[u8; 32], now: u64) -> Result<Option<LoginRow>, StoreError>;
}
