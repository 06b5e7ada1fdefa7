//! What is kept of day passes: codes nobody has used yet, and phones and tablets that hold one session for a day.

use async_trait::async_trait;
use sync_core::ids::{DeviceId, DocumentId};

use super::StoreError;
use super::types::{Enrolment, NewDevice, SecretHash};

/// A code that lets one phone or tablet hold one session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PassCode {
    /// The prefecture, two digits.
    pub tenant: String,
    /// The session.
    pub document: DocumentId,
    /// Registry id of the lecturer, who is known as a person under it.
    pub person: String,
    /// Their name.
    pub name: String,
    /// When the pass ends, ms.
    pub ends_at: u64,
    /// Until when the code can be used, ms.
    pub expires_at: u64,
}

/// A day pass that is in use, or whose session is still held for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PassRow {
    /// The prefecture, two digits.
    pub tenant: String,
    /// The phone or tablet.
    pub device: DeviceId,
    /// The session.
    pub document: DocumentId,
}

/// Day passes.
#[async_trait]
pub trait DayPassStore {
    /// Keeps a code, and its lecturer as a person who has no role. Codes that have expired at `now` go.
    async fn keep_pass_code(&self, code_hash: &SecretHash, code: &PassCode, now: u64) -> Result<(), StoreError>;
    /// The code, unless it is used up or has expired at `now`.
    async fn lookup_pass_code(&self, code_hash: &SecretHash, now: u64) -> Result<Option<PassCode>, StoreError>;
    /// Uses a code up: enrols the device, and brings the session into the scope of itself alone. See ST-18.
    async fn enrol_visitor(
        &self,
        code_hash: &SecretHash,
        device: &NewDevice,
        now: u64,
    ) -> Result<Enrolment, StoreError>;
    /// Ends what a pass holds: with its last pass a session leaves the scope of itself alone. With `by`, who ends it before
    /// its time; then `false`: it was ended before. See ST-18.
    async fn end_pass(&self, pass: &PassRow, by: Option<&str>, now: u64) -> Result<bool, StoreError>;
    /// Passes that ended by `before`, ms, and still hold something.
    async fn list_ended_passes(&self, before: u64) -> Result<Vec<PassRow>, StoreError>;
}
