//! The office console's reads, in SQLite's words.

use async_trait::async_trait;

use crate::store::office::OfficeStore;
use crate::store::sqlite::SqliteStore;

#[async_trait]
impl OfficeStore for SqliteStore {}
