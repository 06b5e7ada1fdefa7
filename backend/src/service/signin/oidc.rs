//! Signing in at the organisation's own OpenID provider: discovery, authorization code with PKCE, state and nonce.
//!
//! Invariants: what comes back is taken once, within ten minutes, and only from the browser that was sent out (a cookie
//! is half of the secret); only asymmetric signatures count; an ID token of another issuer, audience, nonce or time is
//! refused. Keys are asked for anew when a signature does not fit those known, so the provider may rotate them.
//! Who the provider names is somebody here only when linked: by the person while signed in, or by the claim that the
//! settings name as the sign-in name. Deliberately absent: making people, and roles from claims.

use std::pin::Pin;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreIdToken, CoreIdTokenClaims, CoreIdTokenVerifier, CoreJwsSigningAlgorithm,
    CoreProviderMetadata,
};
use openidconnect::{
    AsyncHttpClient, AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret, CsrfToken, HttpRequest,
    HttpResponse, IssuerUrl, Nonce, OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope,
    TokenResponse, http,
};
use serde::{Deserialize, Serialize};
use sync_core::time::Timestamp;
use tokio::sync::Mutex;

use super::password::sign_in_name;
use super::{App, CEREMONY_MS, From, Method, SignInError, begin, count, own};
use crate::config::Config;
use crate::service::access::{Action, Caller};
use crate::service::attempts::network;
use crate::service::journal::{Act, Who};
use crate::service::secret::{random_token, secret_hash};
use crate::store::signin::{CeremonyRow, IdentityRow};

const KIND: &str = "oidc";
/// Where the provider sends people back to.
pub const BACK: &str = "/v1/sign-in/oidc/back";
/// How long what the provider says of itself is believed.
const METADATA_MS: u64 = 600_000;
const TIMEOUT: Duration = Duration::from_secs(10);
/// Largest answer of a provider, in bytes.
const ANSWER_BYTES: usize = 1 << 20;

/// Signatures that need the provider's private key.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// Why the provider's word is not taken.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// It does not answer, or not as agreed.
    #[error("the provider cannot be asked: {0}")]
    Unreachable(String),
    /// The person did not agree there, or may not.
    #[error("the provider refused: {0}")]
    Denied(String),
    /// Its answer is not to be trusted.
    #[error("the provider's answer is not valid: {0}")]
    Invalid(String),
    /// Nobody here is linked to whom it names.
    #[error("nobody is linked")]
    Unlinked,
}

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

/// How the provider is asked.
#[derive(Clone)]
struct Http(reqwest::Client);

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = HttpError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        let client = self.0.clone();
        Box::pin(async move {
            let mut response = client.execute(request.try_into()?).await?;
            let mut answer = http::Response::builder().status(response.status().as_u16());
            for (name, value) in response.headers() {
                answer = answer.header(name.as_str(), value.as_bytes());
            }
            let mut body = Vec::new();
            while let Some(part) = response.chunk().await? {
                if body.len() + part.len() > ANSWER_BYTES {
                    return Err(HttpError::TooLarge);
                }
                body.extend_from_slice(&part);
            }
            Ok(answer.body(body)?)
        })
    }
}

/// The organisation's own provider.
pub struct Provider {
    issuer: IssuerUrl,
    client_id: ClientId,
    secret: Option<ClientSecret>,
    redirect: RedirectUrl,
    skew_ms: u64,
    http: Http,
    known: Mutex<Option<(Timestamp, CoreProviderMetadata)>>,
}

#[derive(Debug, thiserror::Error)]
enum HttpError {
    #[error(transparent)]
    Request(#[from] reqwest::Error),
    #[error("an answer of more than {ANSWER_BYTES} bytes")]
    TooLarge,
    #[error(transparent)]
    Form(#[from] http::Error),
}

impl Provider {
    /// As the settings have it; `None` for none, or when they cannot be used, which is logged.
    pub fn new(config: &Config) -> Option<Self> {
        if config.oidc_issuer.is_empty() {
            return None;
        }
        match Self::from_settings(config) {
            Ok(provider) => Some(provider),
            Err(error) => {
                tracing::error!(error, "the OpenID provider of the settings cannot be used");
                None
            }
        }
    }

    fn from_settings(config: &Config) -> Result<Self, String> {
        let secret = match config.oidc_client_secret_file.as_str() {
            "" => None,
            file => {
                let text = std::fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
                Some(ClientSecret::new(text.trim().to_owned()))
            }
        };
        let public = url::Url::parse(&config.public_url).map_err(|error| format!("public_url: {error}"))?;
        let redirect = public.join(BACK).map_err(|error| format!("public_url: {error}"))?;
        // a process may have one already
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(TIMEOUT)
            .build()
            .map_err(|error| error.to_string())?;
        Ok(Self {
            issuer: IssuerUrl::new(config.oidc_issuer.clone()).map_err(|error| format!("oidc_issuer: {error}"))?,
            client_id: ClientId::new(config.oidc_client_id.clone()),
            secret,
            redirect: RedirectUrl::from_url(redirect),
            skew_ms: config.oidc_clock_skew_seconds.saturating_mul(1000),
            http: Http(http),
            known: Mutex::new(None),
        })
    }

    /// What the provider says of itself, not older than `oldest`.
    async fn metadata(&self, now: Timestamp, oldest_ms: u64) -> Result<CoreProviderMetadata, ProviderError> {
        let mut known = self.known.lock().await;
        if let Some((at, metadata)) = known.as_ref()
            && now.0.saturating_sub(at.0) < oldest_ms
        {
            return Ok(metadata.clone());
        }
        let metadata = CoreProviderMetadata::discover_async(self.issuer.clone(), &self.http)
            .await
            .map_err(|error| ProviderError::Unreachable(chain(&error)))?;
        *known = Some((now, metadata.clone()));
        Ok(metadata)
    }

    /// An address to send a browser to.
    async fn depart(
        &self,
        now: Timestamp,
        again: bool,
    ) -> Result<(String, String, Nonce, PkceCodeVerifier), ProviderError> {
        let metadata = self.metadata(now, METADATA_MS).await?;
        let client = CoreClient::from_provider_metadata(metadata, self.client_id.clone(), self.secret.clone())
            .set_redirect_uri(self.redirect.clone());
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let mut request = client
            .authorize_url(CoreAuthenticationFlow::AuthorizationCode, CsrfToken::new_random, Nonce::new_random)
            .add_scope(Scope::new("profile".to_owned()))
            .add_scope(Scope::new("email".to_owned()))
            .set_pkce_challenge(challenge);
        if again {
            request = request.add_extra_param("prompt", "login").set_max_age(Duration::ZERO);
        }
        let (url, state, nonce) = request.url();
        Ok((url.to_string(), state.secret().clone(), nonce, verifier))
    }

    /// Exchanges a code for an ID token and checks it.
    async fn exchange(
        &self,
        now: Timestamp,
        code: String,
        under: &Under,
    ) -> Result<(CoreIdToken, CoreIdTokenClaims), ProviderError> {
        let metadata = self.metadata(now, METADATA_MS).await?;
        let client = CoreClient::from_provider_metadata(metadata, self.client_id.clone(), self.secret.clone())
            .set_redirect_uri(self.redirect.clone());
        let answer = client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|error| ProviderError::Invalid(error.to_string()))?
            .set_pkce_verifier(PkceCodeVerifier::new(under.verifier.clone()))
            .request_async(&self.http)
            .await
            .map_err(|error| ProviderError::Invalid(chain(&error)))?;
        let token = answer.id_token().ok_or_else(|| ProviderError::Invalid("no ID token".to_owned()))?.clone();
        let nonce = Nonce::new(under.nonce.clone());
        let verify = |verifier: CoreIdTokenVerifier<'_>| {
            let verifier = self.strict(verifier, now, under);
            token.claims(&verifier, &nonce).cloned()
        };
        let claims = match verify(client.id_token_verifier()) {
            Err(ClaimsVerificationError::SignatureVerification(_)) => {
                // the provider may have new keys since
                let metadata = self.metadata(now, 0).await?;
                let client = CoreClient::from_provider_metadata(metadata, self.client_id.clone(), self.secret.clone());
                verify(client.id_token_verifier())
            }
            other => other,
        };
        let claims = claims.map_err(|error| ProviderError::Invalid(chain(&error)))?;
        if let Some(expected) = claims.access_token_hash() {
            let algorithm = token.signing_alg().map_err(|error| ProviderError::Invalid(error.to_string()))?;
            let metadata = self.metadata(now, METADATA_MS).await?;
            let client = CoreClient::from_provider_metadata(metadata, self.client_id.clone(), self.secret.clone());
            let verifier = client.id_token_verifier();
            let key = token.signing_key(&verifier).map_err(|error| ProviderError::Invalid(error.to_string()))?;
            let actual = openidconnect::AccessTokenHash::from_token(answer.access_token(), algorithm, key)
                .map_err(|error| ProviderError::Invalid(error.to_string()))?;
            if actual != *expected {
                return Err(ProviderError::Invalid("another access token".to_owned()));
            }
        }
        Ok((token, claims))
    }

    fn strict<'a>(&self, verifier: CoreIdTokenVerifier<'a>, now: Timestamp, under: &Under) -> CoreIdTokenVerifier<'a> {
        let time = |ms: u64| {
            chrono::DateTime::from_timestamp_millis(i64::try_from(ms).unwrap_or(i64::MAX)).unwrap_or_default()
        };
        let (early, late) = (time(now.0.saturating_sub(self.skew_ms)), time(now.0.saturating_add(self.skew_ms)));
        let began = time(under.began_at.saturating_sub(self.skew_ms));
        let again = under.purpose == Purpose::Proof;
        verifier
            .set_allowed_algs(ALGORITHMS)
            // a token that ended within the skew is still taken
            .set_time_fn(move || early)
            .set_issue_time_verifier_fn(
                move |at| if at <= late { Ok(()) } else { Err("issued in the future".to_owned()) },
            )
            .set_auth_time_verifier_fn(move |at| match at {
                _ if !again => Ok(()),
                Some(at) if at >= began => Ok(()),
                _ => Err("the person was not asked anew".to_owned()),
            })
    }
}

/// An error with its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
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
    count(app, from.peer, || ())?;
    app.attempts.forgive(&network(from.peer));
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
    Ok(Departure { url, secret })
}

/// Someone comes back from the provider.
pub async fn come_back(app: &App, from: &From, secret: Option<&str>, answer: Answer) -> Result<Return, SignInError> {
    count(app, from.peer, || ())?;
    let provider = provider(app)?;
    let now = app.now();
    let (state, secret) = (answer.state.as_deref().ok_or(SignInError::Over)?, secret.ok_or(SignInError::Over)?);
    let key = secret_hash(&format!("{state}|{secret}"));
    let row = app.store.take_ceremony(&key, KIND, now.0).await?.ok_or(SignInError::Over)?;
    let under: Under = serde_json::from_str(&row.data).map_err(|_| SignInError::Over)?;
    if let Some(issuer) = &answer.iss
        && issuer != provider.issuer.as_str()
    {
        return Err(ProviderError::Invalid(format!("another issuer answers: {issuer}")).into());
    }
    if let Some(error) = answer.error {
        let known: String = error.chars().filter(|letter| letter.is_ascii_alphanumeric() || *letter == '_').collect();
        return Err(ProviderError::Denied(known).into());
    }
    let code = answer.code.ok_or_else(|| ProviderError::Invalid("no code".to_owned()))?;
    let (token, claims) = provider.exchange(now, code, &under).await?;
    let (issuer, subject) = (provider.issuer.as_str(), claims.subject().as_str());
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
            if known.is_some() || !keep(app, issuer, subject, &row.tenant, &row.person).await? {
                return Err(SignInError::Known);
            }
            Return::Linked
        }
        Purpose::Proof => {
            let same = known.is_some_and(|one| (one.tenant, one.person) == (row.tenant, row.person));
            let login = under.login.and_then(|login| hex::decode(login).ok()?.try_into().ok());
            match (same, login) {
                (true, Some(login)) => Return::Proved(own::proved(app, &login).await?),
                _ => return Err(ProviderError::Unlinked.into()),
            }
        }
    };
    app.attempts.forgive(&network(from.peer));
    Ok(back)
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
