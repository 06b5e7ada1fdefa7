//! Passkeys: made by a person who is signed in, then enough by themselves. The authenticator checks the person (PIN or
//! finger), so that a passkey is two proofs in one.
//!
//! Signing in names nobody: the passkey brings its person along, and there is no list to ask whether a name is known.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use webauthn_rs::prelude::{
    CreationChallengeResponse, DiscoverableAuthentication, DiscoverableKey, Passkey, PasskeyAuthentication,
    PasskeyRegistration, PublicKeyCredential, RegisterPublicKeyCredential, RequestChallengeResponse, Url, Uuid,
    Webauthn, WebauthnBuilder,
};

use super::{App, CEREMONY_MS, From, Method, SignInError, SignedIn, begin, begin_step};
use crate::service::access::{Action, Caller};
use crate::service::journal::Act;
use crate::service::secret::{random_token, secret_hash};
use crate::store::signin::{CeremonyRow, PasskeyRow};

const NAME_LETTERS: usize = 60;
/// A person has few authenticators.
const MOST: usize = 20;

/// What passkeys of this server are bound to; `None` where the settings do not say it.
pub fn relying_party(public_url: &str) -> Option<Webauthn> {
    let origin = Url::parse(public_url).ok()?;
    let domain = origin.domain()?.to_owned();
    match WebauthnBuilder::new(&domain, &origin).and_then(|builder| builder.rp_name("集い").build()) {
        Ok(party) => Some(party),
        Err(error) => {
            tracing::error!(%error, "public_url cannot be used for passkeys");
            None
        }
    }
}

/// A step whose second half needs this name again.
#[derive(Debug, Serialize)]
pub struct Step<T> {
    /// To be sent back; good once and for ten minutes.
    pub ceremony: String,
    /// For the browser, as it is.
    pub options: T,
}

fn party(app: &App) -> Result<&Webauthn, SignInError> {
    app.sign_in.passkeys.as_ref().ok_or(SignInError::NotSetUp)
}

async fn keep<T: Serialize>(
    app: &App,
    kind: &str,
    (tenant, person): (&str, &str),
    state: &T,
) -> Result<String, SignInError> {
    let secret = random_token()?;
    let now = app.now();
    let row = CeremonyRow {
        kind: kind.to_owned(),
        tenant: tenant.to_owned(),
        person: person.to_owned(),
        data: serde_json::to_string(state).map_err(|_| SignInError::WrongPasskey)?,
        expires_at: now.plus_ms(CEREMONY_MS).0,
    };
    app.store.begin_ceremony(&secret_hash(&secret), &row, now.0).await?;
    Ok(secret)
}

async fn taken<T: for<'de> Deserialize<'de>>(
    app: &App,
    kind: &str,
    (tenant, person): (&str, &str),
    ceremony: &str,
) -> Result<T, SignInError> {
    let row = app.store.take_ceremony(&secret_hash(ceremony), kind, app.now().0).await?.ok_or(SignInError::Over)?;
    if (row.tenant.as_str(), row.person.as_str()) != (tenant, person) {
        return Err(SignInError::Over);
    }
    serde_json::from_str(&row.data).map_err(|_| SignInError::Over)
}

/// The person's name to authenticators: says nothing about the person.
fn handle(caller: &Caller) -> Uuid {
    let digest = Sha256::digest(format!("{}|{}", caller.tenant, caller.person));
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    Uuid::from_bytes(bytes)
}

fn key_of(row: &PasskeyRow) -> Option<Passkey> {
    serde_json::from_str(&row.data).ok()
}

/// Begins to make a passkey. The caller has shown lately who they are.
pub async fn begin_adding(app: &App, caller: &Caller) -> Result<Step<serde_json::Value>, SignInError> {
    let rows = app.store.list_passkeys(&caller.tenant, &caller.person).await?;
    if rows.len() >= MOST {
        return Err(SignInError::Known);
    }
    let names = app.store.lookup_names(&caller.tenant, &caller.person).await?;
    let shown = names.map_or(String::new(), |(_, person)| person);
    let account = app.store.account_of(&caller.tenant, &caller.person).await?;
    let name = account.map_or_else(|| shown.clone(), |account| account.name);
    let known = rows.iter().filter_map(key_of).map(|key| key.cred_id().clone()).collect();
    let (options, state) = party(app)?
        .start_passkey_registration(handle(caller), &name, &shown, Some(known))
        .map_err(|error| refused(&error))?;
    let ceremony = keep(app, "passkey_add", (&caller.tenant, &caller.person), &state).await?;
    Ok(Step { ceremony, options: discoverable(&options)? })
}

/// Asks for a passkey that the authenticator keeps itself, so that it can sign in without a name.
fn discoverable(options: &CreationChallengeResponse) -> Result<serde_json::Value, SignInError> {
    let mut options = serde_json::to_value(options).map_err(|_| SignInError::WrongPasskey)?;
    let selection = &mut options["publicKey"]["authenticatorSelection"];
    selection["residentKey"] = "required".into();
    selection["requireResidentKey"] = true.into();
    Ok(options)
}

/// Keeps the passkey that was made.
pub async fn add(
    app: &App,
    caller: &Caller,
    ceremony: &str,
    name: &str,
    made: &RegisterPublicKeyCredential,
) -> Result<(), SignInError> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > NAME_LETTERS {
        return Err(SignInError::Name);
    }
    let state: PasskeyRegistration = taken(app, "passkey_add", (&caller.tenant, &caller.person), ceremony).await?;
    let key = party(app)?.finish_passkey_registration(made, &state).map_err(|error| refused(&error))?;
    let row = PasskeyRow {
        credential: key.cred_id().to_vec(),
        tenant: caller.tenant.clone(),
        person: caller.person.clone(),
        name: name.to_owned(),
        data: serde_json::to_string(&key).map_err(|_| SignInError::WrongPasskey)?,
        added_at: app.now().0,
        used_at: None,
    };
    if !app.store.add_passkey(&row).await? {
        return Err(SignInError::Known);
    }
    Ok(app.journal.note(caller, Act::done(Action::EditOwn).to("passkey")).await?)
}

/// Begins to sign in with whatever passkey the browser has.
pub async fn begin_sign_in(app: &App, from: &From) -> Result<Step<RequestChallengeResponse>, SignInError> {
    begin_step(app, from.peer)?;
    let (mut options, state) = party(app)?.start_discoverable_authentication().map_err(|error| refused(&error))?;
    // asked for by pressing a button, not offered beside a field
    options.mediation = None;
    let ceremony = keep(app, "passkey_sign_in", ("", ""), &state).await?;
    Ok(Step { ceremony, options })
}

/// Signs in with the passkey that signed.
pub async fn sign_in(
    app: &App,
    from: &From,
    ceremony: &str,
    signed: &PublicKeyCredential,
) -> Result<SignedIn, SignInError> {
    let state: DiscoverableAuthentication = taken(app, "passkey_sign_in", ("", ""), ceremony).await?;
    let party = party(app)?;
    let (_, credential) = party.identify_discoverable_authentication(signed).map_err(|error| refused(&error))?;
    let row = app.store.lookup_passkey(credential).await?.ok_or(SignInError::WrongPasskey)?;
    let mut key = key_of(&row).ok_or(SignInError::WrongPasskey)?;
    let outcome = party
        .finish_discoverable_authentication_v2(signed, state, DiscoverableKey::from(&key))
        .map_err(|error| refused(&error))?;
    key.update_credential(&outcome);
    note_used(app, &row, &key).await?;
    begin(app, from, Method::Passkey, &row.tenant, &row.person).await?.ok_or(SignInError::WrongPasskey)
}

/// Begins to prove with one of the caller's passkeys.
pub async fn begin_proof(app: &App, caller: &Caller) -> Result<Step<RequestChallengeResponse>, SignInError> {
    let rows = app.store.list_passkeys(&caller.tenant, &caller.person).await?;
    let keys: Vec<Passkey> = rows.iter().filter_map(key_of).collect();
    let (options, state) = party(app)?.start_passkey_authentication(&keys).map_err(|error| refused(&error))?;
    let ceremony = keep(app, "passkey_proof", (&caller.tenant, &caller.person), &state).await?;
    Ok(Step { ceremony, options })
}

/// Whether one of the caller's passkeys signed.
pub async fn prove(
    app: &App,
    caller: &Caller,
    ceremony: &str,
    signed: &PublicKeyCredential,
) -> Result<(), SignInError> {
    let state: PasskeyAuthentication = taken(app, "passkey_proof", (&caller.tenant, &caller.person), ceremony).await?;
    let outcome = party(app)?.finish_passkey_authentication(signed, &state).map_err(|error| refused(&error))?;
    let row = app.store.lookup_passkey(outcome.cred_id().as_ref()).await?.ok_or(SignInError::WrongPasskey)?;
    if (&row.tenant, &row.person) != (&caller.tenant, &caller.person) {
        return Err(SignInError::WrongPasskey);
    }
    let mut key = key_of(&row).ok_or(SignInError::WrongPasskey)?;
    key.update_credential(&outcome);
    note_used(app, &row, &key).await
}

async fn note_used(app: &App, row: &PasskeyRow, key: &Passkey) -> Result<(), SignInError> {
    let data = serde_json::to_string(key).map_err(|_| SignInError::WrongPasskey)?;
    Ok(app.store.note_passkey_used(&row.credential, &data, app.now().0).await?)
}

fn refused(error: &webauthn_rs::prelude::WebauthnError) -> SignInError {
    tracing::info!(%error, "a passkey was refused");
    SignInError::WrongPasskey
}
