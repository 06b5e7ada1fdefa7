//! What people see and change of their own signing in: name, password, passkeys, provider, sign-ins; and proving anew
//! who one is before a dangerous act.

use serde::Serialize;
use sync_core::time::Timestamp;
use utoipa::ToSchema;

use super::{App, From, SignInError, count};
use crate::service::access::{Action, Caller};
use crate::service::attempts::network;
use crate::service::journal::Act;
use crate::service::secret::{SignInCode, random_token, secret_hash};
use crate::store::types::{CodePurpose, SecretHash};

/// How the caller signs in.
#[derive(Debug, Serialize, ToSchema)]
pub struct OwnSignIn {
    /// The sign-in name, when there is one.
    pub name: Option<String>,
    /// When the password was set, ms.
    pub password_set_at: Option<u64>,
    /// In the order they were added.
    pub passkeys: Vec<OwnPasskey>,
    /// Whether passkeys can be used at this server.
    pub passkeys_possible: bool,
    /// What the organisation's own provider is called, where there is one.
    pub provider: Option<String>,
    /// Whether the caller may sign in there.
    pub linked: bool,
    /// Those last used first.
    pub logins: Vec<OwnLogin>,
    /// Dangerous acts are open until then, ms.
    pub proved_until: u64,
}

/// A passkey of the caller.
#[derive(Debug, Serialize, ToSchema)]
pub struct OwnPasskey {
    /// Hexadecimal.
    pub id: String,
    /// As the caller calls it.
    pub name: String,
    /// ms.
    pub added_at: u64,
    /// ms.
    pub used_at: Option<u64>,
}

/// A sign-in of the caller.
#[derive(Debug, Serialize, ToSchema)]
pub struct OwnLogin {
    /// Its name.
    pub id: String,
    /// code, password, passkey or oidc.
    pub method: String,
    /// The address it began from.
    pub peer: String,
    /// Browser and system.
    pub agent: String,
    /// ms.
    pub began_at: u64,
    /// ms.
    pub seen_at: u64,
    /// This one.
    pub current: bool,
}

/// How the caller signs in.
pub async fn show(app: &App, caller: &Caller) -> Result<OwnSignIn, SignInError> {
    let (tenant, person) = (&caller.tenant, &caller.person);
    let account = app.store.account_of(tenant, person).await?;
    let passkeys = app.store.list_passkeys(tenant, person).await?;
    let logins = app.store.list_logins(tenant, person, app.now().0).await?;
    let identities = app.store.list_identities(tenant, person).await?;
    let current = caller.login.as_ref();
    let since = super::seen_since(app);
    Ok(OwnSignIn {
        password_set_at: account.as_ref().map(|account| account.set_at),
        name: account.map(|account| account.name),
        passkeys: passkeys
            .into_iter()
            .map(|row| OwnPasskey {
                id: hex::encode(&row.credential),
                name: row.name,
                added_at: row.added_at,
                used_at: row.used_at,
            })
            .collect(),
        passkeys_possible: app.sign_in.passkeys.is_some(),
        provider: app.sign_in.provider.as_ref().map(|_| app.config.oidc_name.clone()),
        linked: identities.iter().any(|identity| identity.issuer == app.config.oidc_issuer),
        logins: logins
            .into_iter()
            .filter(|login| login.seen_at >= since)
            .map(|login| OwnLogin {
                current: current.is_some_and(|current| current.name == login.login),
                id: login.login,
                method: login.method,
                peer: login.peer,
                agent: login.agent,
                began_at: login.began_at,
                seen_at: login.seen_at,
            })
            .collect(),
        proved_until: current.map_or(0, |login| login.proved_at.saturating_add(proof_ms(app))),
    })
}

fn proof_ms(app: &App) -> u64 {
    app.config.proof_minutes.saturating_mul(60_000)
}

/// Whether the caller has shown lately who they are. A tablet proves itself with every request, and no person.
pub fn is_proved(app: &App, caller: &Caller) -> bool {
    let proved = caller.login.as_ref().map(|login| Timestamp(login.proved_at));
    proved.is_some_and(|at| app.now().0 < at.plus_ms(proof_ms(app)).0)
}

/// Whether a code is one of the caller's; it is used up by it.
pub async fn prove_by_code(app: &App, caller: &Caller, from: &From, code: &str) -> Result<(), SignInError> {
    let code = count(app, from.peer, || SignInCode::parse(code))?.ok_or(SignInError::NoCode)?;
    let row = app.store.lookup_code(&code.hash(), CodePurpose::SignIn, app.now().0).await?;
    let owned = row.is_some_and(|row| (&row.tenant, &row.person) == (&caller.tenant, &caller.person));
    // someone else's code is not used up by trying it here
    if !owned || !app.store.use_code(&code.hash(), app.now().0).await? {
        return Err(SignInError::NoCode);
    }
    app.attempts.forgive(&network(from.peer));
    Ok(())
}

/// Notes that the person has shown anew who they are; the sign-in goes on under the token returned.
pub async fn proved(app: &App, old: &SecretHash) -> Result<String, SignInError> {
    let token = random_token()?;
    if app.store.prove_login(old, &secret_hash(&token), app.now().0).await? {
        Ok(token)
    } else {
        Err(SignInError::Over)
    }
}

/// Ends the sign-in with this token; an unknown one is no error.
pub async fn sign_out(app: &App, token_hash: &SecretHash) -> Result<(), SignInError> {
    let row = app.store.lookup_login(token_hash, app.now().0, 0).await?;
    app.store.logout(token_hash).await?;
    if let Some(caller) = row.and_then(Caller::from_login) {
        app.journal.note(&caller, Act::done(Action::SignOut)).await?;
    }
    Ok(())
}

/// Ends one of the caller's sign-ins.
pub async fn end(app: &App, caller: &Caller, login: &str) -> Result<(), SignInError> {
    if !app.store.end_login(&caller.tenant, &caller.person, login).await? {
        return Err(SignInError::Unknown);
    }
    Ok(app.journal.note(caller, Act::done(Action::SignOut).to(login)).await?)
}

/// Ends all of the caller's sign-ins but this one; how many.
pub async fn end_others(app: &App, caller: &Caller) -> Result<u64, SignInError> {
    let current = caller.login.as_ref().map_or("", |login| &login.name);
    let ended = app.store.end_logins(&caller.tenant, &caller.person, current).await?;
    app.journal.note(caller, Act::done(Action::SignOut).to("others").saying(ended.to_string())).await?;
    Ok(ended)
}

/// Removes one of the caller's passkeys.
pub async fn remove_passkey(app: &App, caller: &Caller, id: &str) -> Result<(), SignInError> {
    let credential = hex::decode(id).map_err(|_| SignInError::Unknown)?;
    let removed = app.store.remove_passkey(&caller.tenant, &caller.person, &credential).await?;
    if !removed {
        return Err(SignInError::Unknown);
    }
    Ok(app.journal.note(caller, Act::done(Action::EditOwn).to("passkey").saying("removed")).await?)
}

/// Ends the link between the caller and the organisation's own provider.
pub async fn unlink(app: &App, caller: &Caller) -> Result<(), SignInError> {
    if !app.store.remove_identity(&caller.tenant, &caller.person, &app.config.oidc_issuer).await? {
        return Err(SignInError::Unknown);
    }
    Ok(app.journal.note(caller, Act::done(Action::EditOwn).to("provider").saying("removed")).await?)
}
