//! Asking the organisation's provider: discovery, authorization code with PKCE, state and nonce.
//!
//! Invariants: only asymmetric signatures count; an ID token of another issuer, audience, nonce or time is refused. Keys are
//! asked for anew when a signature does not fit those known, so the provider may rotate them.

use std::pin::Pin;
use std::time::Duration;

use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreIdToken, CoreIdTokenClaims, CoreIdTokenVerifier, CoreJwsSigningAlgorithm,
    CoreProviderMetadata,
};
use openidconnect::{
    AsyncHttpClient, AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret, CsrfToken, HttpRequest,
    HttpResponse, IssuerUrl, Nonce, OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope,
    TokenResponse, http,
};
use sync_core::time::Timestamp;
use tokio::sync::Mutex;

use super::{BACK, Purpose, Under};
use crate::config::Config;

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

    /// Its name.
    pub(super) fn issuer(&self) -> &str {
        self.issuer.as_str()
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
    pub(super) async fn depart(
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
    pub(super) async fn exchange(
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
