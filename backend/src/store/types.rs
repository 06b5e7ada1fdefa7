//! Plain values that go into a store and come out of it. Nothing here names a database.

use sync_core::ids::{DeviceId, ScopeId};

/// An enrolled device with what it may hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceRow {
    /// The prefecture, two digits.
    pub tenant: String,
    /// The device.
    pub device: DeviceId,
    /// What people call it.
    pub name: String,
    /// Who enrolled it.
    pub person: String,
    /// A role's stable name.
    pub role: String,
    /// Municipality code, association id or tenant, as the role has it.
    pub organisation: String,
    /// The first is the home of documents this device makes.
    pub scopes: Vec<ScopeId>,
}

/// A person signed in at the office console.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginRow {
    /// The prefecture, two digits.
    pub tenant: String,
    /// Who signed in.
    pub person: String,
    /// A role's stable name.
    pub role: String,
    /// Municipality code, association id or tenant, as the role has it.
    pub organisation: String,
}
