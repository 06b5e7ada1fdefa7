//! What is kept of tablets beside their credential: who uses them, their end, and the way back in when a PIN is lost.

use async_trait::async_trait;
use sync_core::ids::{DeviceId, DocumentId};

use super::StoreError;
use super::types::SecretHash;

/// Half of what opens a tablet again when every PIN of it is lost; the other half is on the tablet.
pub type RecoveryKey = [u8; 32];

/// A tablet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TabletRow {
    /// The tablet.
    pub device: DeviceId,
    /// What people call it.
    pub name: String,
    /// Who enrolled it.
    pub person: String,
    /// Their name.
    pub person_name: String,
    /// A role's stable name.
    pub role: String,
    /// Municipality code, association id or tenant, as the role has it.
    pub organisation: String,
    /// ms.
    pub enrolled_at: u64,
    /// When it last synchronised, ms.
    pub last_seen_at: Option<u64>,
    /// Its clock minus the server's, ms.
    pub clock_offset_ms: Option<i64>,
    /// When its registration was revoked, ms.
    pub revoked_at: Option<u64>,
    /// Whether who registered it still has that role and may sign in.
    pub held_in_force: bool,
    /// Whether a lost PIN can be recovered.
    pub recoverable: bool,
    /// Changes of it that wait for a person.
    pub held: u64,
    /// When its day pass ends, ms; its organisation is the session then.
    pub pass_ends_at: Option<u64>,
    /// When it was noticed that two disks go by its name, ms.
    pub copied_at: Option<u64>,
}

/// Someone who may be given a tablet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HolderRow {
    /// Registry id.
    pub person: String,
    /// Name.
    pub name: String,
    /// A role's stable name.
    pub role: String,
    /// The role's organisation.
    pub organisation: String,
}

/// Tablets, their people, and lost PINs.
#[async_trait]
pub trait TabletStore {
    /// Takes in what a tablet's disk says of itself: the number it has taken, and the one it had when it was last answered.
    /// One whose number is known to have been replaced is a copy: from then on the tablet is marked. A number nobody here has
    /// heard of is none, since the database may be a restored one; it takes the place of the last. When it was marked, ms. See
    /// ST-25.
    async fn note_disk(
        &self,
        tenant: &str,
        device: DeviceId,
        (was, is): (Option<u64>, u64),
        now: u64,
    ) -> Result<Option<u64>, StoreError>;
    /// Every tablet of a prefecture, by name.
    async fn list_tablets(&self, tenant: &str) -> Result<Vec<TabletRow>, StoreError>;
    /// Everyone with a role who may sign in.
    async fn list_holders(&self, tenant: &str) -> Result<Vec<HolderRow>, StoreError>;
    /// Ends a registration; `false`: there is none, or it has ended.
    async fn revoke_device(&self, tenant: &str, device: DeviceId, by: &str, now: u64) -> Result<bool, StoreError>;
    /// The latest documents of a tablet's home, at most `limit`.
    async fn list_home_documents(
        &self,
        tenant: &str,
        device: DeviceId,
        limit: u32,
    ) -> Result<Vec<DocumentId>, StoreError>;
    /// Keeps the server's half of the way back in.
    async fn keep_recovery(&self, tenant: &str, device: DeviceId, key: &RecoveryKey) -> Result<(), StoreError>;
    /// Keeps a code that gives the half back once, for one person's PIN.
    async fn keep_pin_code(
        &self,
        code_hash: &SecretHash,
        tenant: &str,
        device: DeviceId,
        person: &str,
        expires_at: u64,
    ) -> Result<(), StoreError>;
    /// Uses such a code up: its prefecture, whose PIN it is for, and the half. `None` when it is unknown, used up, has expired, or is for another key or a revoked tablet.
    async fn take_recovery(
        &self,
        code_hash: &SecretHash,
        device: DeviceId,
        key: &SecretHash,
        now: u64,
    ) -> Result<Option<(String, String, RecoveryKey)>, StoreError>;
    /// Uses up a code for a tablet that a person of this organisation was given, for this tablet if it names one: their
    /// id and name. `None`: not such a code.
    async fn take_colleague(
        &self,
        code_hash: &SecretHash,
        tenant: &str,
        organisation: &str,
        device: DeviceId,
        now: u64,
    ) -> Result<Option<(String, String)>, StoreError>;
}
