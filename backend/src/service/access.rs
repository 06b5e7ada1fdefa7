//! Who is calling, and what that lets them see and do.
//!
//! What a caller may not see does not exist for it: the answer is the one for an unknown id.

use serde::{Deserialize, Serialize};
use sync_core::ids::{DeviceId, ScopeId};
use utoipa::ToSchema;

use crate::store::types::{DeviceRow, LoginRow};

/// What a person does with Tsudoi.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// 登録講師; organisation: an association.
    Lecturer,
    /// 職員; organisation: a municipality.
    Staff,
    /// コーディネーター; organisation: an association.
    Coordinator,
    /// 市町村担当; organisation: a municipality.
    Municipal,
    /// 県; organisation: the tenant.
    Prefectural,
    /// システム管理者; organisation: the tenant.
    Administrator,
}

impl Role {
    /// The stable name, as stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lecturer => "lecturer",
            Self::Staff => "staff",
            Self::Coordinator => "coordinator",
            Self::Municipal => "municipal",
            Self::Prefectural => "prefectural",
            Self::Administrator => "administrator",
        }
    }

    /// The role with this stable name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Lecturer, Self::Staff, Self::Coordinator, Self::Municipal, Self::Prefectural, Self::Administrator]
            .into_iter()
            .find(|role| role.as_str() == name)
    }
}

/// A signed-in person or an enrolled tablet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The prefecture, two digits.
    pub tenant: String,
    /// The person's id in the registry.
    pub person: String,
    /// The person's role.
    pub role: Role,
    /// Municipality code, association id or tenant, as the role has it.
    pub organisation: String,
    /// The tablet, when the call comes from one.
    pub device: Option<Tablet>,
}

/// The enrolled tablet behind a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tablet {
    /// Its id.
    pub device: DeviceId,
    /// What it may hold; the first is the home of documents it makes.
    pub scopes: Vec<ScopeId>,
    /// When it last synchronised, ms.
    pub last_seen_at: Option<u64>,
    /// Its clock minus the server's, ms.
    pub clock_offset_ms: Option<i64>,
}

impl Caller {
    /// The caller behind a device's token; `None` when its role is unknown to this version.
    pub fn from_device(row: DeviceRow) -> Option<Self> {
        Some(Self {
            tenant: row.tenant,
            person: row.person,
            role: Role::from_name(&row.role)?,
            organisation: row.organisation,
            device: Some(Tablet {
                device: row.device,
                scopes: row.scopes,
                last_seen_at: row.last_seen_at,
                clock_offset_ms: row.clock_offset_ms,
            }),
        })
    }

    /// The caller behind a login; `None` when its role is unknown to this version.
    pub fn from_login(row: LoginRow) -> Option<Self> {
        Some(Self {
            tenant: row.tenant,
            person: row.person,
            role: Role::from_name(&row.role)?,
            organisation: row.organisation,
            device: None,
        })
    }

    /// Whether the figures and records of the whole prefecture are this caller's to see.
    pub fn sees_prefecture(&self) -> bool {
        matches!(self.role, Role::Prefectural | Role::Administrator)
    }

    /// Whether the figures and records of this municipality are this caller's to see.
    pub fn sees_municipality(&self, code: &str) -> bool {
        self.sees_prefecture() || (matches!(self.role, Role::Municipal | Role::Staff) && self.organisation == code)
    }

    /// Whether the figures and records of this association are this caller's to see.
    pub fn sees_association(&self, association: &str) -> bool {
        self.sees_prefecture()
            || (matches!(self.role, Role::Coordinator | Role::Lecturer) && self.organisation == association)
    }

    /// Whether this caller may edit the registry.
    pub fn edits_registry(&self) -> bool {
        matches!(self.role, Role::Coordinator | Role::Prefectural | Role::Administrator)
    }

    /// Whether news of this scope are this caller's to hear.
    pub fn hears(&self, scope: &ScopeId) -> bool {
        if let Some(tablet) = &self.device {
            return tablet.scopes.contains(scope);
        }
        match scope.as_str().split_once(':') {
            Some(("municipality", code)) => self.sees_municipality(code),
            Some(("association", id)) => self.sees_association(id),
            _ => self.sees_prefecture(),
        }
    }
}
