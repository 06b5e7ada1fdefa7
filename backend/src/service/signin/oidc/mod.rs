//! Signing in at the organisation's own OpenID provider: sending a browser there, and what its return means here.
//!
//! Invariants: what comes back is taken once, within ten minutes, and only from the browser that was sent out (a cookie
//! is half of the secret). What the provider says is checked by [`Provider`].
//! Who the provider names is somebody here only when linked: by the person while signed in, or by the claim that the
//! settings name as the sign-in name. Deliberately absent: making people, and roles from claims.

mod provider;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openidconnect::core::CoreIdToken;
use serde::{Deserialize, Serialize};

use super::password::sign_in_name;
use super::{App, CEREMONY_MS, From, Method, SignInError, begin, begin_step, own, seen_since};
use crate::service::access::{Action, Caller};
use crate::service::journal::{Act, Who};
use crate::service::secret::{random_token, secret_hash};
use crate::store::signin::{CeremonyRow, IdentityRow};
use crate::store::types::SecretHash;
pub use provider::{Provider, ProviderError};

const KIND: &str = "oidc";
/// Where the provider sends people back to.
pub const BACK: &str = "/v1/sign-in/oidc/back";

/// What somebody went to the provider for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Signing in.
    SignIn,
    /// Linking it to the person who is signed in.
    Link,
    /// Proving anew who one is.
    Proof,
}

/// What the second half needs.
#[derive(Debug, Serialize, Deserialize)]
struct Under {
    purpose: Purpose,
    nonce: String,
    verifier: String,
    /// The sign-in that goes on, by its token's hash.
    login: Option<String>,
    began_at: u64,
}

/// Where to send the browser, and the half of the secret it keeps.
#[derive(Clone, Debug)]
pub struct Departure {
    /// The provider's address for this sign-in.
    pub url: String,
    /// Names this visit; comes back with the browser.
    pub state: String,
    /// For a cookie.
    pub secret: String,
}

/// How someone came back.
#[derive(Clone, Debug)]
pub enum Return {
    /// Signed in, under this token.
    SignedIn(String),
    /// Linked to the person who is signed in.
    Linked,
    /// Proved; the sign-in goes on under this token.
    Proved(String),
}

/// What the provider sends back along with the browser.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Answer {
    /// To be exchanged.
    pub code: Option<String>,
    /// Ours.
    pub state: Option<String>,
    /// Why there is no code.
    pub error: Option<String>,
    /// Who answers (RFC 9207).
    pub iss: Option<String>,
}

fn provider(app: &App) -> Result<&Provider, SignInError> {
    app.sign_in.provider.as_ref().ok_or(SignInError::NotSetUp)
}

/// Sends a browser to the provider. For everything but signing in, `caller` is who is signed in.
pub async fn depart(
    app: &App,
    from: &From,
    purpose: Purpose,
    caller: Option<(&Caller, [u8; 32])>,
) -> Result<Departure, SignInError> {
    begin_step(app, from.peer)?;
    let now = app.now();
    let (url, state, nonce, verifier) = provider(app)?.depart(now, purpose == Purpose::Proof).await?;
    let secret = random_token()?;
    let under = Under {
        purpose,
        nonce: nonce.secret().clone(),
        verifier: verifier.secret().clone(),
        login: caller.map(|(_, token)| hex::encode(token)),
        began_at: now.0,
    };
    let who = caller.map(|(caller, _)| (caller.tenant.clone(), caller.person.clone())).unwrap_or_default();
    let row = CeremonyRow {
        kind: KIND.to_owned(),
        tenant: who.0,
        person: who.1,
        data: serde_json::to_string(&under).map_err(|_| SignInError::Over)?,
        expires_at: now.plus_ms(CEREMONY_MS).0,
    };
    app.store.begin_ceremony(&secret_hash(&format!("{state}|{secret}")), &row, now.0).await?;
    Ok(Departure { url, state, secret })
}

/// Someone comes back from the provider. No attempt at a secret is counted: half of this one is random in the browser's cookie,
/// and setting out is counted.
pub async fn come_back(app: &App, from: &From, secret: Option<&str>, answer: Answer) -> Result<Return, SignInError> {
    let provider = provider(app)?;
    let now = app.now();
    let (state, secret) = (answer.state.as_deref().ok_or(SignInError::Over)?, secret.ok_or(SignInError::Over)?);
    let key = secret_hash(&format!("{state}|{secret}"));
    let owner = app.store.take_ceremony(&key, KIND, now.0).await?.ok_or(SignInError::Over)?;
    let under: Under = serde_json::from_str(&owner.data).map_err(|_| SignInError::Over)?;
    if let Some(issuer) = &answer.iss
        && issuer != provider.issuer()
    {
        return Err(ProviderError::Invalid(format!("another issuer answers: {issuer}")).into());
    }
    if let Some(error) = answer.error {
        let known: String = error.chars().filter(|letter| letter.is_ascii_alphanumeric() || *letter == '_').collect();
        return Err(ProviderError::Denied(known).into());
    }
    let code = answer.code.ok_or_else(|| ProviderError::Invalid("no code".to_owned()))?;
    let (token, claims) = provider.exchange(now, code, &under).await?;
    let (issuer, subject) = (provider.issuer(), claims.subject().as_str());
    let known = app.store.lookup_identity(issuer, subject).await?;
    let back = match under.purpose {
        Purpose::SignIn => {
            let (tenant, person) = match known {
                Some(identity) => (identity.tenant, identity.person),
                None => by_claim(app, issuer, subject, &token).await?.ok_or(ProviderError::Unlinked)?,
            };
            let signed_in = begin(app, from, Method::Oidc, &tenant, &person).await?;
            Return::SignedIn(signed_in.ok_or(ProviderError::Unlinked)?.token)
        }
        Purpose::Link => {
            let login = login_of(&under).ok_or(SignInError::Over)?;
            let row = app.store.lookup_login(&login, now.0, seen_since(app)).await?;
            // the sign-in from which it was begun may have ended meanwhile
            row.filter(|row| (&row.tenant, &row.person) == (&owner.tenant, &owner.person)).ok_or(SignInError::Over)?;
            if known.is_some() || !keep(app, issuer, subject, &owner.tenant, &owner.person).await? {
                return Err(SignInError::Known);
            }
            Return::Linked
        }
        Purpose::Proof => {
            let same = known.is_some_and(|one| (one.tenant, one.person) == (owner.tenant, owner.person));
            match (same, login_of(&under)) {
                (true, Some(login)) => Return::Proved(own::proved(app, &login).await?),
                _ => return Err(ProviderError::Unlinked.into()),
            }
        }
    };
    Ok(back)
}

/// The hash of the token of the sign-in that goes on.
fn login_of(under: &Under) -> Option<SecretHash> {
    hex::decode(under.login.as_ref()?).ok()?.try_into().ok()
}

async fn keep(app: &App, issuer: &str, subject: &str, tenant: &str, person: &str) -> Result<bool, SignInError> {
    let row = IdentityRow {
        issuer: issuer.to_owned(),
        subject: subject.to_owned(),
        tenant: tenant.to_owned(),
        person: person.to_owned(),
        added_at: app.now().0,
    };
    let added = app.store.add_identity(&row).await?;
    if added {
        app.journal.note(Who::person(tenant, person), Act::done(Action::EditOwn).to("provider")).await?;
    }
    Ok(added)
}

/// The person whose sign-in name the claim of the settings holds; linked for good by it.
async fn by_claim(
    app: &App,
    issuer: &str,
    subject: &str,
    token: &CoreIdToken,
) -> Result<Option<(String, String)>, SignInError> {
    let claim = app.config.oidc_name_claim.as_str();
    let Some(name) = claimed_name(claim, &token.to_string()) else { return Ok(None) };
    let Some(account) = app.store.lookup_account(&name).await? else { return Ok(None) };
    let others = app.store.list_identities(&account.tenant, &account.person).await?;
    // a name that was given to someone else at the provider is not a way into the account
    if others.iter().any(|other| other.issuer == issuer) {
        return Ok(None);
    }
    keep(app, issuer, subject, &account.tenant, &account.person).await?;
    Ok(Some((account.tenant, account.person)))
}

/// The claim of an ID token that has been checked.
fn claimed_name(claim: &str, token: &str) -> Option<String> {
    if claim.is_empty() {
        return None;
    }
    let body = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let claims: serde_json::Value = serde_json::from_slice(&body).ok()?;
    if claim == "email" && claims["email_verified"] != true {
        return None;
    }
    sign_in_name(claims[claim].as_str()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_the_provider_has_not_verified_names_nobody() {
        let token = |claims: serde_json::Value| format!("e.{}.s", URL_SAFE_NO_PAD.encode(claims.to_string()));
        let name = |claim: &str, claims| claimed_name(claim, &token(claims));
        let verified = serde_json::json!({ "email": "Yamada@example.jp", "email_verified": true });
        assert_eq!(name("email", verified.clone()).as_deref(), Some("yamada@example.jp"));
        assert_eq!(name("", verified.clone()), None);
        assert_eq!(name("email", serde_json::json!({ "email": "yamada@example.jp" })), None);
        assert_eq!(name("email", serde_json::json!({ "email": "yamada@example.jp", "email_verified": "true" })), None);
        assert_eq!(
            name("preferred_username", serde_json::json!({ "preferred_username": "yamada" })).as_deref(),
            Some("yamada")
        );
        assert_eq!(name("preferred_username", serde_json::json!({ "preferred_username": 7 })), None);
    }
}
