//! Extractors: who is calling. A tablet sends `Authorization: DPoP <token>` with a proof by its own key in the header
//! `DPoP`; the office sends the cookie `tsudoi_session`. Only hashes of secrets are compared.

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use url::Url;

use crate::http::error::ApiError;
use crate::http::proxy::FORWARDED_HOST;
use crate::service::App;
use crate::service::access::{Caller, Tablet};
use crate::service::credential::Credential;
use crate::service::journal::Who;
use crate::service::possession::{Call, NotProven, stated_nonce};
use crate::service::secret::secret_hash;
use crate::service::signin::seen_since;
use crate::store::types::SecretHash;

/// The cookie of the office console.
pub const COOKIE: &str = "tsudoi_session";
/// The header with a tablet's proof.
pub const PROOF: HeaderName = HeaderName::from_static("dpop");
/// The header with what the next proof has to hold.
pub const NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// A call that must come from an enrolled tablet.
#[derive(Clone, Debug)]
pub struct DeviceCaller {
    /// The caller.
    pub caller: Caller,
    /// Its tablet.
    pub tablet: Tablet,
}

/// A call signed by a key that no tablet is known by yet.
#[derive(Clone, Copy, Debug)]
pub struct KeyHolder(pub SecretHash);

/// The tablet whose token came with a proof that is not its own: whoever called has shown no more than that.
#[derive(Clone, Debug)]
pub struct Claimed(pub Who);

/// A sign-in is noted as used at most once in this time, ms.
const NOTE_MS: u64 = 60_000;

/// A cookie's name here. Where people come by TLS it bears the prefix with which browsers take it from this very host
/// alone and over TLS alone, so that no neighbour or eavesdropper can put one of their own in its place.
pub fn cookie_name(app: &App, name: &str) -> String {
    if app.config.is_secure() { format!("__Host-{name}") } else { name.to_owned() }
}

/// A cookie's value, when there is one.
pub fn cookie_of<'a>(app: &App, headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let name = cookie_name(app, name);
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies.flat_map(|line| line.split(';')).find_map(|pair| pair.trim().strip_prefix(&name)?.strip_prefix('='))
}

/// The names of the cookies here that begin so, without the prefix of this host's cookies, in the order of the browser.
pub fn cookies_beginning_with(app: &App, headers: &HeaderMap, begin: &str) -> Vec<String> {
    let (whole, host) = (cookie_name(app, begin), cookie_name(app, ""));
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let names = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split('=').next());
    let here = names.filter(|name| name.starts_with(&whole));
    here.filter_map(|name| name.strip_prefix(&host)).map(str::to_owned).collect()
}

/// The office cookie's token, when there is one.
pub fn cookie_token<'a>(app: &App, headers: &'a HeaderMap) -> Option<&'a str> {
    cookie_of(app, headers, COOKIE)
}

/// The caller behind the office cookie, whose use is noted.
async fn signed_in(app: &App, token: &str) -> Result<Option<Caller>, ApiError> {
    let (hash, now) = (secret_hash(token), app.now().0);
    let Some(row) = app.store.lookup_login(&hash, now, seen_since(app)).await? else { return Ok(None) };
    if row.seen_at.saturating_add(NOTE_MS) <= now {
        app.store.note_login_seen(&hash, now).await?;
    }
    Ok(Caller::from_login(row))
}

/// The tablet's token, when there is one.
pub fn device_token(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("dpop").then(|| token.trim())
}

/// What the request shows, so that it can be asked again later whether it still holds.
pub fn credential(app: &App, headers: &HeaderMap) -> Option<Credential> {
    let device = device_token(headers).map(|token| Credential::Device(secret_hash(token)));
    device.or_else(|| cookie_token(app, headers).map(|token| Credential::Login(secret_hash(token))))
}

/// Gives every tablet the nonce for its next proof unless it has it, and says in the standard's words when one was missing.
pub async fn nonces(State(app): State<App>, request: Request, next: Next) -> Response {
    let stated = request.headers().get(PROOF).map(|proof| proof.to_str().ok().and_then(stated_nonce));
    let from_tablet = stated.is_some() || device_token(request.headers()).is_some();
    let enrolling = ["/v1/enrol", "/v1/recover"].contains(&request.uri().path());
    let mut response = next.run(request).await;
    if !from_tablet && !enrolling {
        return response;
    }
    let Ok(nonce) = app.possession.nonce(app.now()) else { return response };
    let refused = response.status() == StatusCode::UNAUTHORIZED;
    if !refused && stated.flatten().is_some_and(|stated| stated == nonce) {
        return response;
    }
    let headers = response.headers_mut();
    if let Ok(nonce) = HeaderValue::from_str(&nonce) {
        headers.insert(NONCE, nonce);
    }
    if refused {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(r#"DPoP algs="ES256""#));
    }
    response
}

/// Where a proof may say that this call goes: where people reach this server, or by whatever name it was called where the
/// settings do not say it.
fn origins(parts: &Parts, app: &App) -> Vec<Url> {
    if let Ok(public) = Url::parse(&app.config.public_url) {
        return vec![public];
    }
    let named = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let authorities = [parts.uri.authority().map(|one| one.as_str()), named("host"), named(FORWARDED_HOST)];
    let of = |authority: &str| ["http", "https"].map(|scheme| Url::parse(&format!("{scheme}://{authority}")).ok());
    authorities.into_iter().flatten().flat_map(of).flatten().collect()
}

/// The key that made this call's proof.
fn proven(parts: &Parts, app: &App, token: Option<&str>) -> Result<SecretHash, ApiError> {
    let mut proofs = parts.headers.get_all(PROOF).iter();
    let proof = proofs.next().and_then(|value| value.to_str().ok()).ok_or_else(|| ApiError::proof("use_dpop_nonce"))?;
    if proofs.next().is_some() {
        return Err(ApiError::proof("invalid_dpop_proof"));
    }
    let origins = origins(parts, app);
    let call = Call { method: parts.method.as_str(), path: parts.uri.path(), origins: &origins, token };
    app.possession.check(app.now(), proof, &call).map_err(|refusal| match refusal {
        NotProven::Nonce => ApiError::proof("use_dpop_nonce"),
        NotProven::Wrong(what) => {
            tracing::warn!(what, path = parts.uri.path(), "a tablet's proof is wrong");
            ApiError::proof("invalid_dpop_proof")
        }
        NotProven::Elsewhere(stated) => {
            let known: Vec<String> = origins.iter().map(|url| url.origin().ascii_serialization()).collect();
            elsewhere(app, token.is_some(), (&stated, &known.join(" / ")))
        }
    })
}

/// Tablets go to one address, and calls arrive under another: what the operator has to set, once in the log and in the answer.
/// What callers without a token say takes no room from what tablets say.
fn elsewhere(app: &App, is_tablet: bool, (stated, known): (&str, &str)) -> ApiError {
    let kind = if is_tablet { "address of a tablet" } else { "address of a stranger" };
    if app.told.first(kind, &format!("{stated} {known}")) {
        tracing::error!(
            code = "address_mismatch",
            tablets_use = stated,
            arrives_as = known,
            "tablets are refused: they use one address and their calls arrive under another. Set public_url to the address \
             tablets use, or have the reverse proxy pass Host on unchanged (nginx: proxy_set_header Host $http_host)"
        );
    }
    ApiError::address_mismatch(stated, known)
}

async fn tablet_of(parts: &mut Parts, app: &App, token: &str) -> Result<Caller, ApiError> {
    let row = app.lookup.device(secret_hash(token)).await?.ok_or_else(ApiError::unauthorised)?;
    let claimed = Who { tenant: row.tenant.clone(), device: Some(row.device), ..Who::default() };
    parts.extensions.insert(Claimed(claimed));
    let key = proven(parts, app, Some(token))?;
    if row.key != Some(key) {
        tracing::warn!(device = %row.device, "a tablet's token came with another key");
        return Err(ApiError::proof("invalid_dpop_proof"));
    }
    Caller::from_device(row).ok_or_else(ApiError::unauthorised)
}

impl FromRequestParts<App> for Caller {
    type Rejection = ApiError;

    /// The guard has found out who is calling.
    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, ApiError> {
        parts.extensions.get::<Self>().cloned().ok_or_else(ApiError::unauthorised)
    }
}

impl Caller {
    /// Finds out who is calling, from what the request shows. The guard asks once for each request. A tablet whose
    /// registration was revoked is found too.
    pub(super) async fn identify(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        if let Some(token) = device_token(&parts.headers).map(str::to_owned) {
            return tablet_of(parts, app, &token).await;
        }
        let token = cookie_token(app, &parts.headers).ok_or_else(ApiError::unauthorised)?;
        signed_in(app, token).await?.ok_or_else(ApiError::unauthorised)
    }
}

impl FromRequestParts<App> for DeviceCaller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let caller = Caller::from_request_parts(parts, app).await?;
        let tablet = caller.device.clone().ok_or_else(ApiError::unauthorised)?;
        Ok(Self { caller, tablet })
    }
}

impl FromRequestParts<App> for KeyHolder {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        proven(parts, app, None).map(Self)
    }
}
