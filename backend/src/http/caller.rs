//! Extractors: who is calling. `Authorization: Device <token>` or the cookie `tsudoi_session`; only hashes are compared.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};

use crate::http::error::ApiError;
use crate::service::App;
use crate::service::access::{Caller, Tablet};
use crate::service::secret::secret_hash;

/// The cookie of the office console.
pub const COOKIE: &str = "tsudoi_session";

/// A call that must come from an enrolled tablet.
#[derive(Clone, Debug)]
pub struct DeviceCaller {
    /// The caller.
    pub caller: Caller,
    /// Its tablet.
    pub tablet: Tablet,
}

/// The office cookie's token, when there is one.
pub fn cookie_token(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies.flat_map(|line| line.split(';')).find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
}

/// The tablet's token, when there is one.
pub fn device_token(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("device").then(|| token.trim())
}

impl FromRequestParts<App> for Caller {
    type Rejection = ApiError;

    /// The guard has found out who is calling.
    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, ApiError> {
        parts.extensions.get::<Self>().cloned().ok_or_else(ApiError::unauthorised)
    }
}

impl Caller {
    /// Finds out who is calling, from what the request shows. The guard asks once for each request.
    pub(super) async fn identify(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let found = if let Some(token) = device_token(&parts.headers) {
            app.store.lookup_device(&secret_hash(token)).await?.and_then(Caller::from_device)
        } else if let Some(token) = cookie_token(&parts.headers) {
            app.store.lookup_login(&secret_hash(token), app.now().0).await?.and_then(Caller::from_login)
        } else {
            None
        };
        found.ok_or_else(ApiError::unauthorised)
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
