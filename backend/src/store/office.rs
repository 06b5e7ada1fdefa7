//! Reads of the office console: what a store must answer for dashboards, record lists and custody.

use async_trait::async_trait;

/// Read-only questions over projections, roll-ups and custody.
#[async_trait]
pub trait OfficeStore: Send + Sync {}
