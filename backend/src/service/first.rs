//! The first administrator: made at the first start, with a sign-in link that works once.
//!
//! As long as this administrator has never signed in and there is no other, each start prints a new link and the one
//! before it ends. Afterwards there is no such way in.

use super::access::{Action, Role};
use super::enrol::{Grant, keep_code, person_id};
use super::journal::{Act, Who};
use super::secret::{NoRandomness, SignInCode};
use super::{App, reference, registry};
use crate::store::StoreError;
use crate::store::people::Membership;

/// Name of that administrator, until someone is registered by their own name.
const NAME: &str = "最初の管理者";
/// How long the link holds.
const HOURS: u64 = 24;

/// Why the first administrator could not be made.
#[derive(Debug, thiserror::Error)]
pub enum FirstError {
    /// The setting names a prefecture whose municipalities are not known.
    #[error("{0} is not known; known prefectures are 11 and 14")]
    Prefecture(String),
    /// No randomness.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A code for the first administrator when there is none who could sign in; `None` otherwise.
pub async fn code(app: &App) -> Result<Option<SignInCode>, FirstError> {
    let tenant = app.config.prefecture.as_str();
    let grant = Grant {
        tenant: tenant.to_owned(),
        person_name: NAME.to_owned(),
        role: Role::Administrator,
        organisation: tenant.to_owned(),
        scopes: String::new(),
        uses: 1,
        expires_at: app.now().plus_ms(HOURS * 3_600_000).0,
        device: None,
    };
    let first = person_id(&grant);
    let administrator = Role::Administrator.as_str();
    for tenant in app.store.list_tenants().await? {
        for person in app.store.list_people(&tenant).await? {
            let administers = person.memberships.iter().any(|one| one.role == administrator);
            if administers && (person.person != first || person.signed_in_at.is_some()) {
                return Ok(None);
            }
        }
    }
    let known = reference::prefectures().into_iter().find(|prefecture| prefecture.tenant == tenant);
    let prefecture = known.ok_or_else(|| FirstError::Prefecture(tenant.to_owned()))?;
    registry::ensure_tenant(app, &prefecture).await?;
    // the codes of an earlier start end
    let role = Membership { role: administrator.to_owned(), organisation: tenant.to_owned() };
    app.store.take_role(tenant, &first, &role).await?;
    let code = SignInCode::random()?;
    keep_code(app, &code, &grant).await?;
    let act = Act::done(Action::EditPeople).to(&first).saying("code of the first administrator");
    app.journal.note(Who::command_line(tenant), act).await?;
    Ok(Some(code))
}
