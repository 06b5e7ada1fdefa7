//! Who is calling, and what that lets them see and do.
//!
//! How far a role reaches stands in [`super::rights`]; here it meets the organisation of a caller. What a caller may not
//! see does not exist for it: the answer is the one for an unknown id.

use std::sync::Arc;

use sync_core::gate::Code;
use sync_core::ids::{DeviceId, DocumentId, ScopeId};

use super::journal::COMMAND_LINE;
pub use super::rights::{Action, Extent, OrganisationKind, Role};
use crate::store::office::Within;
use crate::store::types::{DeviceRow, LoginRow, Standing};

/// An organisation to which something belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Organisation<'a> {
    /// 県.
    Prefecture,
    /// 市町村, by its code.
    Municipality(&'a str),
    /// 郡市医師会 or 在宅医療連携拠点, by its registry id.
    Association(&'a str),
    /// One session, by its document's id.
    Session(&'a str),
}

impl<'a> Organisation<'a> {
    /// The organisation of one who has this role.
    pub fn of(role: Role, id: &'a str) -> Self {
        match role.organisation_kind(id) {
            OrganisationKind::Municipality => Self::Municipality(id),
            OrganisationKind::Association => Self::Association(id),
            OrganisationKind::Prefecture => Self::Prefecture,
            OrganisationKind::Session => Self::Session(id),
        }
    }

    /// The organisation a scope belongs to; the prefecture for what is no single organisation's.
    pub fn of_scope(scope: &'a ScopeId) -> Self {
        match scope.as_str().split_once(':') {
            Some(("municipality", code)) => Self::Municipality(code),
            Some(("association", id)) => Self::Association(id),
            Some(("session", id)) => Self::Session(id),
            _ => Self::Prefecture,
        }
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
    /// The sign-in, when the call comes from the console.
    pub login: Option<Login>,
}

/// The sign-in behind a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// Names it to its owner.
    pub name: String,
    /// When the person last showed who they are, ms.
    pub proved_at: u64,
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
    /// How its registration or its day pass was ended, or that who registered it no longer has that role. Then it sees
    /// nothing, and what it still sends waits for a person under this code.
    pub ended: Option<Code>,
    /// The day pass it holds; `None` for a tablet of an organisation.
    pub pass: Option<Pass>,
    /// When it was noticed that two disks go by its name, ms.
    pub copied_at: Option<u64>,
    /// How its scopes stood when it was found out who is calling.
    pub standing: Arc<Standing>,
}

/// What a day pass lets its holder see and write, and until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pass {
    /// The one session.
    pub document: DocumentId,
    /// From then on it shows nothing, ms.
    pub ends_at: u64,
}

/// For so long after a day pass has ended, what was recorded on it is taken in like before.
pub const LATE_MS: u64 = 3 * 24 * 3_600_000;

impl Tablet {
    /// Why what it sends of this document waits for a person, whoever the document belongs to.
    pub fn turned_away(&self, document: DocumentId, now: u64) -> Option<Code> {
        let late = |pass: &Pass| now >= pass.ends_at.saturating_add(LATE_MS);
        if !self.may_ask_of(document) {
            return Some(Code::NotInScope);
        }
        self.ended.or(self.pass.as_ref().is_some_and(late).then_some(Code::PassEnded))
    }

    /// Whether it may be told anything of this document.
    pub fn may_ask_of(&self, document: DocumentId) -> bool {
        self.pass.is_none_or(|pass| pass.document == document)
    }
}

impl Caller {
    /// The caller behind a device's token; `None` when its role is unknown to this version, or does not go with a pass.
    pub fn from_device(row: DeviceRow) -> Option<Self> {
        let role = Role::from_name(&row.role)?;
        let pass = match (role, row.pass_ends_at) {
            (Role::Visitor, Some(ends_at)) => Some(Pass { document: row.organisation.parse().ok()?, ends_at }),
            (Role::Visitor, None) | (_, Some(_)) => return None,
            (_, None) => None,
        };
        let ended = match (row.revoked_at, pass) {
            (Some(_), None) => Some(Code::TabletEnded),
            (Some(_), Some(_)) => Some(Code::PassEnded),
            (None, _) => (!row.held_in_force).then_some(Code::RoleEnded),
        };
        Some(Self {
            tenant: row.tenant,
            person: row.person,
            role,
            organisation: row.organisation,
            device: Some(Tablet {
                device: row.device,
                scopes: row.scopes,
                last_seen_at: row.last_seen_at,
                clock_offset_ms: row.clock_offset_ms,
                ended,
                pass,
                copied_at: row.copied_at,
                standing: Arc::new(row.standing),
            }),
            login: None,
        })
    }

    /// The caller behind a login; `None` when its role is unknown to this version, or nobody signs in with it.
    pub fn from_login(row: LoginRow) -> Option<Self> {
        let role = Role::from_name(&row.role).filter(|role| Role::GIVEN.contains(role))?;
        Some(Self {
            tenant: row.tenant,
            person: row.person,
            role,
            organisation: row.organisation,
            device: None,
            login: Some(Login { name: row.login, proved_at: row.proved_at }),
        })
    }

    /// The command line of the server: whoever has a shell there administers.
    pub fn command_line(tenant: &str) -> Self {
        Self {
            tenant: tenant.to_owned(),
            person: COMMAND_LINE.to_owned(),
            role: Role::Administrator,
            organisation: tenant.to_owned(),
            device: None,
            login: None,
        }
    }

    /// Whether the tablet's registration or its day pass has ended.
    pub fn is_over(&self, now: u64) -> bool {
        let over = |tablet: &Tablet| tablet.ended.is_some() || tablet.pass.is_some_and(|pass| pass.ends_at <= now);
        self.device.as_ref().is_some_and(over)
    }

    /// The caller's organisation.
    pub fn own(&self) -> Organisation<'_> {
        Organisation::of(self.role, &self.organisation)
    }

    /// How far the caller reaches in an action.
    pub fn extent(&self, action: Action) -> Extent {
        self.role.extent(action)
    }

    /// Whether the caller does this at all, somewhere.
    pub fn may(&self, action: Action) -> bool {
        self.extent(action) != Extent::Nothing
    }

    /// Whether the caller may do this to what belongs to an organisation.
    pub fn may_at(&self, action: Action, organisation: Organisation<'_>) -> bool {
        match self.extent(action) {
            Extent::Prefecture => true,
            Extent::Own => self.own() == organisation,
            Extent::Tablet | Extent::Oneself | Extent::Nothing => false,
        }
    }

    /// Which records an action reaches.
    pub fn within(&self, action: Action) -> Within {
        match (self.extent(action), self.own()) {
            (Extent::Prefecture, _) | (Extent::Own, Organisation::Prefecture) => Within::Tenant,
            (Extent::Own, Organisation::Municipality(code)) => Within::Municipality(code.to_owned()),
            (Extent::Own, Organisation::Association(id)) => Within::Association(id.to_owned()),
            (Extent::Own, Organisation::Session(_)) => Within::Nothing,
            (Extent::Tablet | Extent::Oneself | Extent::Nothing, _) => Within::Nothing,
        }
    }

    /// Whether the figures and records of this municipality are this caller's to see.
    pub fn sees_municipality(&self, code: &str) -> bool {
        self.may_at(Action::ReadRecords, Organisation::Municipality(code))
    }

    /// Whether the figures and records of this association are this caller's to see.
    pub fn sees_association(&self, association: &str) -> bool {
        self.may_at(Action::ReadRecords, Organisation::Association(association))
    }

    /// Whether the figures and records of the whole prefecture are this caller's to see.
    pub fn sees_prefecture(&self) -> bool {
        self.extent(Action::ReadRecords) == Extent::Prefecture
    }

    /// Whether news of this scope are this caller's to hear.
    pub fn hears(&self, scope: &ScopeId) -> bool {
        match &self.device {
            Some(tablet) => tablet.scopes.contains(scope),
            None => self.may_at(Action::Hear, Organisation::of_scope(scope)),
        }
    }
}
