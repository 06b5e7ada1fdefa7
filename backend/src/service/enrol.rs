//! Codes, and enrolment of tablets.

use std::net::IpAddr;

use sync_core::ids::{DeviceId, ScopeId};

use super::App;
use super::access::{Action, Caller, Role};
use super::attempts::network;
use super::day_pass;
use super::journal::Act;
use super::organisation::{Unknown, check_scope};
use super::secret::{NoRandomness, SignInCode, id_from_name, random_token, secret_hash};
use crate::store::StoreError;
use crate::store::types::{CodePurpose, CodeRow, Enrolment, NewDevice, SecretHash};

/// Stands for "the enrolling device names its scopes".
pub const ANY_SCOPES: &str = "*";
const NAME_CHARS: usize = 80;
const SCOPES: usize = 500;

/// Why a code is not taken.
#[derive(Debug, thiserror::Error)]
pub enum EnrolError {
    /// Too many wrong codes from this peer.
    #[error("too many wrong codes")]
    TooMany,
    /// Unknown, used up or expired: one answer for all.
    #[error("no such code")]
    NoCode,
    /// The code is for a tablet, and a day pass's was wanted. It was not used up.
    #[error("the code is no day pass's")]
    NotAPass,
    /// The device is known already, and the code does not register it anew.
    #[error("the device is known already")]
    DeviceTaken,
    /// Too many scopes, or a device without a name.
    #[error("the request has the wrong form")]
    Invalid,
    /// A scope of something the registry does not have.
    #[error(transparent)]
    Scope(#[from] Unknown),
    /// The machine gave no randomness.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a new code grants.
#[derive(Clone, Debug)]
pub struct Grant {
    /// The prefecture, two digits.
    pub tenant: String,
    /// Whose code it is; the person's id follows from name and organisation.
    pub person_name: String,
    /// The role.
    pub role: Role,
    /// Municipality code, association id or tenant, as the role has it.
    pub organisation: String,
    /// Scopes separated by spaces, or [`ANY_SCOPES`].
    pub scopes: String,
    /// How often it can be used.
    pub uses: i64,
    /// ms.
    pub expires_at: u64,
    /// The known tablet it registers anew; `None`: tablets that nobody knows yet.
    pub device: Option<DeviceId>,
}

/// Keeps a code that both registers a tablet and signs in. The same code again replaces what it grants.
pub async fn keep_code(app: &App, code: &SignInCode, grant: &Grant) -> Result<(), StoreError> {
    let row = CodeRow {
        tenant: grant.tenant.clone(),
        person: person_id(grant),
        role: grant.role.as_str().to_owned(),
        organisation: grant.organisation.clone(),
        scopes: grant.scopes.clone(),
        uses_left: grant.uses,
        expires_at: grant.expires_at,
        purpose: CodePurpose::Any,
        device: grant.device,
    };
    app.store.upsert_code(&code.hash(), &row, &grant.person_name).await
}

/// The registry id of the person a code is for.
pub fn person_id(grant: &Grant) -> String {
    id_from_name("pe", &format!("{}|{}", grant.person_name, grant.organisation))
}

/// An enrolled tablet with the token that only it gets to see.
#[derive(Clone, Debug)]
pub struct Enrolled {
    /// The bearer of this is the tablet.
    pub token: String,
    /// Who it is now.
    pub caller: Caller,
    /// Its name.
    pub device_name: String,
}

/// Turns a code into an enrolled tablet known by the key with this thumbprint.
pub async fn enrol(
    app: &App,
    peer: IpAddr,
    code: &str,
    device: DeviceId,
    key: SecretHash,
    device_name: &str,
    asked: &[ScopeId],
) -> Result<Enrolled, EnrolError> {
    let device_name = device_name.trim();
    if device_name.is_empty() || device_name.chars().count() > NAME_CHARS || asked.len() > SCOPES {
        return Err(EnrolError::Invalid);
    }
    let code_hash = checked(app, peer, code)?;
    let now = app.now().0;
    let Some(row) = app.store.lookup_code(&code_hash, CodePurpose::Tablet, now).await? else {
        return day_pass::enrol(app, peer, &code_hash, device, key).await;
    };
    app.attempts.forgive(&network(peer));
    let scopes = match row.scopes.as_str() {
        ANY_SCOPES => {
            let registry = app.store.registry(&row.tenant).await?.unwrap_or_default();
            let known = asked.iter().map(|scope| check_scope(&registry, scope.as_str()));
            known.collect::<Result<Vec<_>, _>>()?
        }
        scopes => scopes.split_whitespace().filter_map(|scope| scope.parse().ok()).collect(),
    };
    let token = random_token()?;
    let new = NewDevice { device, key, name: device_name.to_owned(), token_hash: secret_hash(&token), scopes };
    let replaced = row.device.filter(|former| *former != device);
    let outcome = app.store.enrol(&code_hash, &new, now).await?;
    let enrolled = enrolled(app, outcome, new, token, "").await?;
    if let Some(former) = replaced {
        let act = Act::done(Action::RevokeDevice).to(former).saying(format!("replaced by {device}"));
        app.journal.note(&enrolled.caller, act).await?;
    }
    Ok(enrolled)
}

/// Turns the code of a day pass into the phone that holds it.
pub async fn enter_pass(
    app: &App,
    peer: IpAddr,
    code: &str,
    device: DeviceId,
    key: SecretHash,
) -> Result<Enrolled, EnrolError> {
    let code_hash = checked(app, peer, code)?;
    if app.store.lookup_code(&code_hash, CodePurpose::Tablet, app.now().0).await?.is_some() {
        return Err(EnrolError::NotAPass);
    }
    day_pass::enrol(app, peer, &code_hash, device, key).await
}

/// What an enrolment came to; it is noted, with `detail`.
pub(super) async fn enrolled(
    app: &App,
    outcome: Enrolment,
    new: NewDevice,
    token: String,
    detail: &str,
) -> Result<Enrolled, EnrolError> {
    match outcome {
        Enrolment::Done => {}
        Enrolment::NoCode => return Err(EnrolError::NoCode),
        Enrolment::DeviceTaken => return Err(EnrolError::DeviceTaken),
    }
    let row = app.lookup.device(new.token_hash).await?;
    let caller = row.and_then(Caller::from_device).ok_or(EnrolError::NoCode)?;
    app.journal.note(&caller, Act::done(Action::Enrol).to(new.device).saying(detail)).await?;
    Ok(Enrolled { token, caller, device_name: new.name })
}

pub(super) fn checked(app: &App, peer: IpAddr, code: &str) -> Result<[u8; 32], EnrolError> {
    if !app.attempts.begin(network(peer), app.now()) {
        return Err(EnrolError::TooMany);
    }
    Ok(SignInCode::parse(code).ok_or(EnrolError::NoCode)?.hash())
}
