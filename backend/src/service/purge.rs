//! Destroying a record: its bytes go, and that it was destroyed stays.
//!
//! There are two occasions. At somebody's request the figures go along ([`purge`]); when a record has been kept long
//! enough they stay, as a line of numbers ([`super::retention`]).

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

/// What becomes of a record's figures.
#[derive(Clone, Copy, Debug)]
pub(super) enum Figures {
    /// They go along.
    Go,
    /// They stay, without texts; and a record that belongs to a later fiscal year than this is left as it is.
    Stay {
        /// Starting year.
        up_to: i64,
    },
}

/// How a destruction ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Destroyed {
    /// It was destroyed now; so many scopes held it.
    Now(usize),
    /// It was destroyed before.
    Before,
    /// It belongs to a later fiscal year and is as it was.
    NotDue,
}

/// Destroys a document, also one the server never had, forgets it here and tells who listens. Notes nothing.
pub(super) async fn destroy(
    app: &App,
    who: &Who,
    document: DocumentId,
    reason: &str,
    extent: Figures,
) -> Result<Destroyed, StoreError> {
    let tenant = who.tenant.as_str();
    for _ in 0..ATTEMPTS {
        let stored = app.store.load_documents(tenant, &[document]).await?.pop();
        let projection = stored.as_ref().and_then(|stored| stored.projection.as_ref());
        let mut rollups = Rollups::new();
        match (extent, projection) {
            (Figures::Go, Some(projection)) => accumulate(&mut rollups, &figures(projection), -1),
            (Figures::Stay { up_to }, Some(projection))
                if projection.fact.fiscal_year.is_some_and(|year| year > up_to) =>
            {
                return Ok(Destroyed::NotDue);
            }
            _ => {}
        }
        let purge = Purge {
            tenant: tenant.to_owned(),
            document,
            revision: stored.as_ref().map(|stored| stored.revision),
            rollups,
            by: who.person.clone(),
            reason: reason.to_owned(),
            now: app.now().0,
            retired: matches!(extent, Figures::Stay { .. }),
        };
        match app.store.purge(&purge).await? {
            PurgeOutcome::Outdated => {}
            PurgeOutcome::Already => return Ok(Destroyed::Before),
            PurgeOutcome::Done(scopes) => {
                app.cache.forget(tenant, document);
                scopes.iter().for_each(|scope| app.cold.forget(tenant, scope));
                announce(&app.notices, tenant, scopes);
                let places = stored.iter().flat_map(|stored| &stored.places);
                return Ok(Destroyed::Now(places.filter(|place| place.state == FeedState::Present).count()));
            }
        }
    }
    Err(StoreError::Busy)
}

/// Destroys a document for good at somebody's request: what tablets still send of it is refused from here on.
/// `false`: it was destroyed before.
pub async fn purge(app: &App, who: impl Into<Who>, document: DocumentId, reason: &str) -> Result<bool, StoreError> {
    let who = who.into();
    let Destroyed::Now(scopes) = destroy(app, &who, document, reason, Figures::Go).await? else { return Ok(false) };
    tracing::warn!(tenant = who.tenant, %document, by = who.person, scopes, "a record was destroyed");
    app.journal.note(who, Act::done(Action::DestroyRecord).to(document)).await?;
    Ok(true)
}
