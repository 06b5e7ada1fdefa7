//! What a caller has shown, kept for as long as a connection lasts, so that it can be asked again whether it still holds.

use super::App;
use super::access::{Action, Caller};
use super::signin::seen_since;
use crate::store::StoreError;
use crate::store::types::SecretHash;

/// The hash of a secret that a caller has shown.
#[derive(Clone, Copy, Debug)]
pub enum Credential {
    /// A tablet's token.
    Device(SecretHash),
    /// A sign-in of the office console.
    Login(SecretHash),
}

impl Credential {
    /// Whose it is now; `None` when it has ended, or its role does not reach anywhere in this action any more.
    pub async fn caller(&self, app: &App, action: Action) -> Result<Option<Caller>, StoreError> {
        let now = app.now().0;
        let caller = match self {
            Self::Device(hash) => app.lookup.device(*hash).await?.and_then(Caller::from_device),
            Self::Login(hash) => app.store.lookup_login(hash, now, seen_since(app)).await?.and_then(Caller::from_login),
        };
        Ok(caller.filter(|caller| !caller.is_over(now) && caller.may(action)))
    }
}
