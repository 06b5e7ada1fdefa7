//! Destroying a record for good: its bytes go, and that it was destroyed stays.

use sync_core::digest::FeedState;
use sync_core::ids::DocumentId;

use super::App;
use super::access::Action;
use super::commit::announce;
use super::journal::{Act, Who};
use super::projection::figures;
use super::push::ATTEMPTS;
use crate::store::StoreError;
use crate::store::types::{Purge, PurgeOutcome, Rollups, accumulate};

/// Destroys a document, also one the server never had: what tablets still send of it is refused from here on.
/// `false`: it was destroyed before.
pub async fn purge(app: &App, who: impl Into<Who>, document: DocumentId, reason: &str) -> Result<bool, StoreError> {
    let who = who.into();
    let (tenant, by) = (who.tenant.as_str(), who.person.as_str());
    for _ in 0..ATTEMPTS {
        let stored = app.store.load_documents(tenant, &[document]).await?.pop();
        let mut rollups = Rollups::new();
        if let Some(projection) = stored.as_ref().and_then(|stored| stored.projection.as_ref()) {
            accumulate(&mut rollups, &figures(projection), -1);
        }
        let purge = Purge {
            tenant: tenant.to_owned(),
            document,
            revision: stored.as_ref().map(|stored| stored.revision),
            rollups,
            by: by.to_owned(),
            reason: reason.to_owned(),
            now: app.now().0,
            retired: false,
        };
        match app.store.purge(&purge).await? {
            PurgeOutcome::Outdated => {}
            PurgeOutcome::Already => return Ok(false),
            PurgeOutcome::Done(scopes) => {
                app.cache.forget(tenant, document);
                app.cold.clear();
                let places = stored.iter().flat_map(|stored| &stored.places);
                let held = places.filter(|place| place.state == FeedState::Present).count();
                tracing::warn!(tenant, %document, by, scopes = held, "a record was destroyed");
                announce(&app.notices, tenant, scopes);
                app.journal.note(who, Act::done(Action::DestroyRecord).to(document)).await?;
                return Ok(true);
            }
        }
    }
    Err(StoreError::Busy)
}
