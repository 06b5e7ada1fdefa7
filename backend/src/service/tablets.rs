//! Tablets as the office handles them: codes that enrol them, their end, lost PINs, and who else uses them.
//!
//! A code is good once and for ten minutes. The tablet makes its own key; nothing that could be copied from a screen is
//! of use afterwards. Deliberately absent: taking a tablet's records away from afar, since it may hold what nobody else
//! has.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use sync_core::document::Document;
use sync_core::ids::{ActorId, DeviceId};
use utoipa::ToSchema;

use super::App;
use super::access::{Action, Caller, Organisation, Role};
use super::attempts::network;
use super::day_pass::{DayPassView, Sessions};
use super::enrol::{ANY_SCOPES, EnrolError};
use super::journal::{Act, Who};
use super::projection::project;
use super::registry::Named;
use super::scan::ScanCode;
use super::secret::{NoRandomness, SignInCode};
use crate::store::StoreError;
use crate::store::tablets::{RecoveryKey, TabletRow};
use crate::store::types::{CodePurpose, CodeRow, SecretHash};

/// How long a code shown by the office is good.
pub(super) const CODE_MS: u64 = 600_000;
/// Records looked at for what only one tablet has written.
const LOOKED_AT: u32 = 300;
/// Day passes that ended longer ago are listed only when something of them waits for a person.
const PASSES_SHOWN_MS: u64 = 30 * 86_400_000;

/// Why something about tablets or their day passes is not done.
#[derive(Debug, thiserror::Error)]
pub enum TabletError {
    /// Unknown, or not this caller's to see.
    #[error("unknown, or not this caller's to see")]
    NotFound,
    /// The caller sees it but may not do this.
    #[error("not this caller's to do")]
    Forbidden,
    /// Its registration has ended already, or a lost PIN of it cannot be recovered.
    #[error("not possible for this tablet")]
    Impossible,
    /// A day pass that has ended already.
    #[error("the day pass has ended already")]
    PassOver,
    /// A day pass for a session later than tomorrow.
    #[error("the session is later than tomorrow")]
    TooEarly,
    /// A day pass for what is not a session.
    #[error("not a session")]
    NotSession,
    /// A day pass for somebody neither of the lecturer bank nor a lecturer of the session, or a lecturer's tablet for
    /// nobody whom their association has as a lecturer.
    #[error("no such lecturer")]
    Lecturer,
    /// The address of the app has the wrong form.
    #[error("the address has the wrong form")]
    Address,
    /// The machine gave no randomness.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A tablet.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TabletView {
    /// Its id.
    pub device: String,
    /// What people call it.
    pub name: String,
    /// Who enrolled it.
    pub person: Named,
    /// Their role.
    pub role: Role,
    /// The role's organisation.
    pub organisation: String,
    /// ms.
    pub enrolled_at: u64,
    /// When it last synchronised, ms.
    pub last_seen_at: Option<u64>,
    /// Its clock minus the server's, ms.
    pub clock_offset_ms: Option<i64>,
    /// When its registration was revoked, ms.
    pub revoked_at: Option<u64>,
    /// Whether who registered it no longer has that role or may no longer sign in. Then it is treated like a revoked one.
    pub holder_gone: bool,
    /// Changes of it that wait for a person.
    pub held: u64,
    /// Whether a code for a lost PIN can be made.
    pub recoverable: bool,
    /// Whether the caller may end its registration, or its day pass.
    pub may_revoke: bool,
    /// The day pass it holds; null for a tablet of an organisation.
    pub pass: Option<DayPassView>,
    /// When it was noticed that what is on it is on another device too, ms; null: it is not.
    pub copied_at: Option<u64>,
}

/// Someone who may be given a tablet by the caller.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Holder {
    /// Who.
    pub person: Named,
    /// In which role.
    pub role: Role,
    /// The role's organisation.
    pub organisation: String,
}

/// The tablets a caller sees.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TabletPage {
    /// When this was read, ms.
    pub as_of: u64,
    /// By name.
    pub tablets: Vec<TabletView>,
    /// Who may be given one.
    pub holders: Vec<Holder>,
}

/// A record that only one tablet has written so far.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OwnRecord {
    /// The record.
    pub document: String,
    /// Its title, as far as there is one.
    pub title: Option<String>,
    /// ISO date.
    pub date: Option<String>,
}

/// One tablet, and what nobody else can vouch for.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TabletDetail {
    /// When this was read, ms.
    pub as_of: u64,
    /// The tablet.
    pub tablet: TabletView,
    /// Records that no other tablet has written, of the latest of its home.
    pub own_records: Vec<OwnRecord>,
    /// Who of its organisation may be given it.
    pub holders: Vec<Holder>,
}

/// For whom a tablet is to be.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTabletCode {
    /// Registry id of the person.
    pub person: String,
    /// One of their roles.
    pub role: Role,
    /// The role's organisation.
    pub organisation: String,
    /// Where the field app is: scheme, host and port.
    pub address: String,
    /// The known tablet that it registers anew; `None`: a tablet that nobody knows yet.
    #[serde(default)]
    pub device: Option<String>,
    /// For a person with the role of a lecturer: which one of the registry. Their tablet holds that one's dispatches.
    #[serde(default)]
    pub lecturer: Option<String>,
}

/// For whom a lost PIN is to be.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPinCode {
    /// Registry id of one who may be given the tablet.
    pub person: String,
}

/// A code for a lost PIN; shown only here.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PinCode {
    /// `XXXX-XXXX`.
    pub code: String,
    /// Until when it can be used, ms.
    pub expires_at: u64,
}

fn may(caller: &Caller, action: Action, role: Role, organisation: &str) -> bool {
    caller.may_at(action, Organisation::of(role, organisation))
}

/// A tablet as this caller sees it; `None` when they do not. A day pass is seen by those its session belongs to.
fn seen(caller: &Caller, sessions: &Sessions, row: TabletRow) -> Option<TabletView> {
    let role = Role::from_name(&row.role)?;
    let (pass, may_revoke) = match row.pass_ends_at {
        Some(_) => sessions.pass(&row).map(|(pass, may_end)| (Some(pass), may_end))?,
        None if !may(caller, Action::ReadDevices, role, &row.organisation) => return None,
        None => (None, may(caller, Action::RevokeDevice, role, &row.organisation)),
    };
    Some(TabletView {
        may_revoke: may_revoke && row.revoked_at.is_none(),
        pass,
        recoverable: row.recoverable
            && row.revoked_at.is_none()
            && may(caller, Action::ResetPin, role, &row.organisation),
        device: row.device.to_string(),
        name: row.name,
        person: Named { id: row.person, name: row.person_name },
        role,
        organisation: row.organisation,
        enrolled_at: row.enrolled_at,
        last_seen_at: row.last_seen_at,
        clock_offset_ms: row.clock_offset_ms,
        revoked_at: row.revoked_at,
        holder_gone: !row.held_in_force,
        held: row.held,
        copied_at: row.copied_at,
    })
}

/// The tablets of the caller's organisation, and who may be given one.
pub async fn list(app: &App, caller: &Caller) -> Result<TabletPage, TabletError> {
    let mut rows = app.store.list_tablets(&caller.tenant).await?;
    let since = app.now().0.saturating_sub(PASSES_SHOWN_MS);
    rows.retain(|row| row.held > 0 || row.pass_ends_at.is_none_or(|ends_at| ends_at > since));
    let sessions = Sessions::of(app, caller, &rows).await?;
    Ok(TabletPage {
        as_of: app.now().0,
        tablets: rows.into_iter().filter_map(|row| seen(caller, &sessions, row)).collect(),
        holders: holders(app, caller).await?,
    })
}

async fn holders(app: &App, caller: &Caller) -> Result<Vec<Holder>, TabletError> {
    let rows = app.store.list_holders(&caller.tenant).await?;
    let holder = |row: crate::store::tablets::HolderRow| {
        let role = Role::from_name(&row.role)?;
        let own = row.person == caller.person && role == caller.role;
        let given = own || caller.role.gives().contains(&role);
        let allowed = given && may(caller, Action::IssueEnrolment, role, &row.organisation);
        let person = Named { id: row.person, name: row.name };
        allowed.then_some(Holder { person, role, organisation: row.organisation })
    };
    Ok(rows.into_iter().filter_map(holder).collect())
}

async fn find(app: &App, caller: &Caller, device: DeviceId) -> Result<TabletView, TabletError> {
    let rows = app.store.list_tablets(&caller.tenant).await?;
    let row = rows.into_iter().find(|row| row.device == device).ok_or(TabletError::NotFound)?;
    let sessions = Sessions::of(app, caller, std::slice::from_ref(&row)).await?;
    seen(caller, &sessions, row).ok_or(TabletError::NotFound)
}

/// One tablet with the records only it has written.
pub async fn show(app: &App, caller: &Caller, device: DeviceId) -> Result<TabletDetail, TabletError> {
    let tablet = find(app, caller, device).await?;
    let ids = app.store.list_home_documents(&caller.tenant, device, LOOKED_AT).await?;
    let mut own_records = Vec::new();
    for stored in app.store.load_documents(&caller.tenant, &ids).await? {
        let Ok(mut document) = Document::load(&stored.snapshot) else { continue };
        let writers = document.writers();
        let mut devices = writers.sequences.keys().filter(|actor| **actor != ActorId::GENESIS).map(ActorId::device);
        if devices.next() == Some(device) && devices.all(|one| one == device) {
            let fact = project(&document).fact;
            own_records.push(OwnRecord { document: stored.document.to_string(), title: fact.title, date: fact.date });
        }
    }
    let mut holders = holders(app, caller).await?;
    holders.retain(|holder| holder.organisation == tablet.organisation);
    Ok(TabletDetail { as_of: app.now().0, tablet, own_records, holders })
}

/// Makes a code that enrols one tablet, with its picture. It is good for nothing else.
pub async fn issue(app: &App, caller: &Caller, new: &NewTabletCode) -> Result<ScanCode, TabletError> {
    let known = holders(app, caller).await?;
    let fits =
        |one: &&Holder| one.person.id == new.person && one.role == new.role && one.organisation == new.organisation;
    let holder = known.iter().find(fits).ok_or(TabletError::NotFound)?;
    let device = match &new.device {
        None => None,
        Some(id) => Some(known_tablet(app, caller, id, &holder.organisation).await?),
    };
    let code = SignInCode::random()?;
    let expires_at = app.now().plus_ms(CODE_MS).0;
    let shown = ScanCode::new(&new.address, "code", &code, expires_at).ok_or(TabletError::Address)?;
    let row = CodeRow {
        tenant: caller.tenant.clone(),
        person: holder.person.id.clone(),
        role: holder.role.as_str().to_owned(),
        organisation: holder.organisation.clone(),
        scopes: scopes_of(app, &caller.tenant, holder, new.lecturer.as_deref()).await?,
        uses_left: 1,
        expires_at,
        purpose: CodePurpose::Tablet,
        device,
    };
    app.store.upsert_code(&code.hash(), &row, &holder.person.name).await?;
    let again = device.map(|device| format!("again {device}")).unwrap_or_default();
    app.journal.note(caller, Act::done(Action::IssueEnrolment).to(&holder.person.id).saying(again)).await?;
    Ok(shown)
}

/// A tablet of this organisation that may be registered anew.
async fn known_tablet(app: &App, caller: &Caller, id: &str, organisation: &str) -> Result<DeviceId, TabletError> {
    let device = id.parse().map_err(|_| TabletError::NotFound)?;
    let tablet = find(app, caller, device).await?;
    if tablet.pass.is_some() || tablet.organisation != organisation {
        return Err(TabletError::Impossible);
    }
    Ok(device)
}

/// What a tablet of such a person holds: that of a lecturer their own dispatches. That of a hub also holds what belongs to the municipalities it covers: at one
/// venue their tablets and the hub's record the same session.
async fn scopes_of(app: &App, tenant: &str, holder: &Holder, lecturer: Option<&str>) -> Result<String, TabletError> {
    if holder.role == Role::Lecturer {
        let known = app.store.registry(tenant).await?.map(|registry| registry.lecturers).unwrap_or_default();
        let mut own = known.iter().filter(|one| one.association.as_ref() == Some(&holder.organisation));
        let found = own.find(|one| lecturer == Some(one.id.as_str())).ok_or(TabletError::Lecturer)?;
        return Ok(format!("lecturer:{}", found.id));
    }
    Ok(match Organisation::of(holder.role, &holder.organisation) {
        Organisation::Municipality(code) => format!("municipality:{code}"),
        Organisation::Association(id) => {
            let known = app.store.registry(tenant).await?.map(|registry| registry.associations).unwrap_or_default();
            let hub = known.into_iter().find(|one| one.hub && one.id == id);
            let covered = hub.map(|hub| hub.municipalities).unwrap_or_default();
            covered.iter().fold(format!("association:{id}"), |scopes, code| format!("{scopes} municipality:{code}"))
        }
        Organisation::Prefecture => ANY_SCOPES.to_owned(),
        Organisation::Session(_) => String::new(),
    })
}

/// Ends a tablet's registration. It takes effect at its next request.
pub async fn revoke(app: &App, caller: &Caller, device: DeviceId) -> Result<(), TabletError> {
    let tablet = find(app, caller, device).await?;
    if tablet.pass.is_some() {
        // it holds something that has to be let go of too
        return Err(TabletError::Impossible);
    }
    if !may(caller, Action::RevokeDevice, tablet.role, &tablet.organisation) {
        return Err(TabletError::Forbidden);
    }
    if !app.store.revoke_device(&caller.tenant, device, &caller.person, app.now().0).await? {
        return Err(TabletError::Impossible);
    }
    Ok(app.journal.note(caller, Act::done(Action::RevokeDevice).to(device)).await?)
}

/// Makes a code with which one person, and no other, opens this tablet, and no other, without their PIN.
pub async fn issue_pin_code(
    app: &App,
    caller: &Caller,
    device: DeviceId,
    person: &str,
) -> Result<PinCode, TabletError> {
    let tablet = find(app, caller, device).await?;
    if !may(caller, Action::ResetPin, tablet.role, &tablet.organisation) {
        return Err(TabletError::Forbidden);
    }
    if !tablet.recoverable {
        return Err(TabletError::Impossible);
    }
    let mut holders = app.store.list_holders(&caller.tenant).await?.into_iter();
    if !holders.any(|one| one.person == person && one.organisation == tablet.organisation) {
        return Err(TabletError::NotFound);
    }
    let code = SignInCode::random()?;
    let expires_at = app.now().plus_ms(CODE_MS).0;
    app.store.keep_pin_code(&code.hash(), &caller.tenant, device, person, expires_at).await?;
    app.journal.note(caller, Act::done(Action::ResetPin).to(device).saying(person)).await?;
    Ok(PinCode { code: code.shown(), expires_at })
}

/// Gives a tablet the server's half of the way back in and says for whose PIN, once for each code and only to the
/// tablet's own key.
pub async fn recover(
    app: &App,
    peer: IpAddr,
    code: &str,
    device: DeviceId,
    key: &SecretHash,
) -> Result<(RecoveryKey, Named), EnrolError> {
    let code_hash = super::enrol::checked(app, peer, code)?;
    let taken = app.store.take_recovery(&code_hash, device, key, app.now().0).await?;
    let (tenant, person, half) = taken.ok_or(EnrolError::NoCode)?;
    app.attempts.forgive(&network(peer));
    let who = Who { device: Some(device), ..Who::person(&tenant, &person) };
    app.journal.note(who, Act::done(Action::ResetPin).to(device).saying("recovered")).await?;
    let names = app.store.lookup_names(&tenant, &person).await?;
    let name = names.map(|(_, person)| person).unwrap_or_default();
    Ok((half, Named { id: person, name }))
}

/// Adds a colleague of the same organisation to those who use the tablet.
pub async fn add_colleague(
    app: &App,
    caller: &Caller,
    device: DeviceId,
    peer: IpAddr,
    code: &str,
) -> Result<Named, EnrolError> {
    let code_hash = super::enrol::checked(app, peer, code)?;
    let (tenant, organisation) = (&caller.tenant, &caller.organisation);
    let taken = app.store.take_colleague(&code_hash, tenant, organisation, device, app.now().0).await?;
    let (id, name) = taken.ok_or(EnrolError::NoCode)?;
    app.attempts.forgive(&network(peer));
    app.journal.note(caller, Act::done(Action::Enrol).to(&id).saying("colleague")).await?;
    Ok(Named { id, name })
}
