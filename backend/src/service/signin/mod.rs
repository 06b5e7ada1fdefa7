//! Signing in at the office console: by code, password, passkey, or at the organisation's own provider.
//!
//! Invariants: a token is made here, at each sign-in and each proof anew, and is never taken from the caller; whoever
//! is unknown gets the answer, and waits the time, of one whose password is wrong; steps under way are used once.
//! Deliberately absent: rights. Who has signed in may do what `rights` says.

pub mod oidc;
pub mod own;
pub mod passkey;
pub mod password;

use std::net::IpAddr;

use webauthn_rs::prelude::Webauthn;

use super::App;
use super::access::{Action, Caller, Role};
use super::attempts::{Attempts, network};
use super::journal::Act;
use super::secret::{NoRandomness, SignInCode, random_token, secret_hash};
use crate::config::Config;
use crate::store::StoreError;
use crate::store::signin::{LoginOwner, NewLogin};
use crate::store::types::SecretHash;
use oidc::Provider;
use password::Passwords;

/// How long wrong passwords of one name are counted.
const NAME_WINDOW_MS: u64 = 15 * 60_000;
/// How long a step under way waits for its second half.
pub(crate) const CEREMONY_MS: u64 = 10 * 60_000;

/// What signing in needs beside the store.
pub struct Desk {
    /// Where passwords are checked.
    pub passwords: Passwords,
    /// Wrong passwords, by the network they come from.
    pub peers: Attempts<IpAddr>,
    /// Wrong passwords by the name they were tried with.
    pub names: Attempts<SecretHash>,
    /// `None` where the settings do not say how people reach this server.
    pub passkeys: Option<Webauthn>,
    /// The organisation's own provider.
    pub provider: Option<Provider>,
}

impl Desk {
    /// As the settings have it.
    pub fn new(config: &Config) -> Self {
        Self {
            passwords: Passwords::new(config.passwords_at_once),
            peers: Attempts::new(config.wrong_codes_per_minute, 60_000),
            names: Attempts::new(config.wrong_passwords, NAME_WINDOW_MS),
            passkeys: passkey::relying_party(&config.public_url),
            provider: Provider::new(config),
        }
    }
}

/// Where a sign-in comes from.
#[derive(Clone, Debug)]
pub struct From {
    /// The address.
    pub peer: IpAddr,
    /// The browser, in words.
    pub agent: String,
}

/// The way a person showed who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// A code from someone who may give one.
    Code,
    /// Name and password.
    Password,
    /// A passkey.
    Passkey,
    /// The organisation's own provider.
    Oidc,
}

impl Method {
    /// The stable name, as stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Password => "password",
            Self::Passkey => "passkey",
            Self::Oidc => "oidc",
        }
    }
}

/// Why someone is not signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Too many wrong attempts.
    #[error("too many wrong attempts")]
    TooMany {
        /// When to try again.
        retry_after_seconds: u32,
    },
    /// Unknown, used up or expired: one answer for all.
    #[error("no such code")]
    NoCode,
    /// Unknown name or wrong password: one answer for both.
    #[error("wrong name or password")]
    WrongPassword,
    /// Too many passwords are being checked.
    #[error("busy")]
    Busy,
    /// Unknown passkey, or it did not sign what was asked.
    #[error("the passkey is not accepted")]
    WrongPasskey,
    /// The step's time is over, it was used, or it was another browser's.
    #[error("the step is over")]
    Over,
    /// The server is not set up for this way.
    #[error("not set up")]
    NotSetUp,
    /// The person must show anew who they are before this.
    #[error("a fresh proof is needed")]
    ProofNeeded,
    /// The new password is too weak; the text says what to do.
    #[error("weak password")]
    Weak(&'static str),
    /// The sign-in name has the wrong form.
    #[error("wrong name")]
    Name,
    /// Someone else has the sign-in name.
    #[error("the name is taken")]
    NameTaken,
    /// The passkey or identity is known already.
    #[error("known already")]
    Known,
    /// No such passkey, identity or sign-in of this person.
    #[error("no such thing")]
    Unknown,
    /// The provider refused, or did not answer as agreed.
    #[error(transparent)]
    Provider(#[from] oidc::ProviderError),
    /// The machine gave no randomness.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A person who has signed in, with the token that only their browser gets.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// For the cookie.
    pub token: String,
    /// Who it is.
    pub caller: Caller,
}

/// Signs a person in with a code.
pub async fn by_code(app: &App, from: &From, code: &str) -> Result<SignedIn, SignInError> {
    let code = count(app, from.peer, || SignInCode::parse(code))?.ok_or(SignInError::NoCode)?;
    let (token, new) = fresh(app, from, Method::Code)?;
    let row = app.store.login(&code.hash(), &new).await?.ok_or(SignInError::NoCode)?;
    app.attempts.forgive(&network(from.peer));
    let caller = Caller::from_login(row).ok_or(SignInError::NoCode)?;
    app.journal.note(&caller, Act::done(Action::SignIn).saying(Method::Code.as_str())).await?;
    Ok(SignedIn { token, caller })
}

/// Counts an attempt of this peer at a code before it is looked at.
fn count<T>(app: &App, peer: IpAddr, read: impl FnOnce() -> T) -> Result<T, SignInError> {
    counted(app, &app.attempts, peer).map(|()| read())
}

/// Counts a step that a peer begins and that is kept until its second half comes: nobody has shown anything yet.
fn begin_step(app: &App, peer: IpAddr) -> Result<(), SignInError> {
    counted(app, &app.begun, peer)
}

fn counted(app: &App, attempts: &Attempts<IpAddr>, peer: IpAddr) -> Result<(), SignInError> {
    let is_few = attempts.begin(network(peer), app.now());
    if is_few { Ok(()) } else { Err(SignInError::TooMany { retry_after_seconds: 60 }) }
}

fn fresh(app: &App, from: &From, method: Method) -> Result<(String, NewLogin), NoRandomness> {
    let (token, now) = (random_token()?, app.now());
    let new = NewLogin {
        token_hash: secret_hash(&token),
        login: random_token()?.chars().take(16).collect(),
        method: method.as_str().to_owned(),
        peer: from.peer.to_string(),
        agent: from.agent.clone(),
        now: now.0,
        expires_at: now.plus_ms(app.config.login_hours.saturating_mul(3_600_000)).0,
    };
    Ok((token, new))
}

/// The role a person begins with; `None` for one who is disabled or has none.
async fn role_of(app: &App, tenant: &str, person: &str) -> Result<Option<(Role, String)>, StoreError> {
    let memberships = app.store.list_roles_in_use(tenant, person).await?;
    let known = memberships.into_iter().filter_map(|(role, at)| Some((Role::from_name(&role)?, at)));
    // the last of a person's roles reaches furthest
    Ok(known.max_by_key(|(role, _)| Role::ALL.iter().position(|one| one == role)))
}

/// Signs in a person who has shown who they are; `None` for one who is disabled or has no role.
async fn begin(
    app: &App,
    from: &From,
    method: Method,
    tenant: &str,
    person: &str,
) -> Result<Option<SignedIn>, SignInError> {
    let Some((role, organisation)) = role_of(app, tenant, person).await? else { return Ok(None) };
    let (token, new) = fresh(app, from, method)?;
    let owner = LoginOwner {
        tenant: tenant.to_owned(),
        person: person.to_owned(),
        role: role.as_str().to_owned(),
        organisation,
    };
    app.store.begin_login(&owner, &new).await?;
    let row = app.store.lookup_login(&new.token_hash, new.now, 0).await?;
    let Some(caller) = row.and_then(Caller::from_login) else { return Ok(None) };
    app.journal.note(&caller, Act::done(Action::SignIn).saying(method.as_str())).await?;
    Ok(Some(SignedIn { token, caller }))
}

/// Before when a sign-in must have been used to go on now.
pub fn seen_since(app: &App) -> u64 {
    app.now().0.saturating_sub(app.config.login_idle_minutes.saturating_mul(60_000))
}

/// Browser and system of a `User-Agent`, in words; versions are left out, for they are nobody's business.
pub fn agent_words(header: &str) -> String {
    let first = |names: &[(&str, &'static str)]| {
        names.iter().find(|(part, _)| header.contains(part)).map_or("不明", |(_, word)| *word)
    };
    let browser = first(&[
        ("Edg/", "Edge"),
        ("Firefox/", "Firefox"),
        ("CriOS/", "Chrome"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
    ]);
    let system = first(&[
        ("Windows", "Windows"),
        ("iPad", "iPad"),
        ("iPhone", "iPhone"),
        ("Android", "Android"),
        ("Mac OS X", "Mac"),
        ("CrOS", "Chromebook"),
        ("Linux", "Linux"),
    ]);
    format!("{browser}（{system}）")
}

#[cfg(test)]
mod tests {
    use super::agent_words;

    #[test]
    fn a_browser_is_named_as_people_know_it() {
        let edge = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 \
             Safari/537.36 Edg/130.0.0.0";
        assert_eq!(agent_words(edge), "Edge（Windows）");
        let ipad = "Mozilla/5.0 (iPad; CPU OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
             Version/18.0 Safari/604.1";
        assert_eq!(agent_words(ipad), "Safari（iPad）");
        assert_eq!(agent_words("<script>"), "不明（不明）");
    }
}
