//! What a document adds to tables that reports read: one row of facts, the quantities it adds, and figures for the roll-ups.
//!
//! Invariant: a figure is derived from the stored rows alone, so that what a document added can always be taken away
//! again exactly. What counts, and as what, is `sync_core::figures`' to say.

use std::collections::BTreeMap;

use sync_core::digest::{Digest, FeedState};
use sync_core::document::{Document, Heads};
use sync_core::domain::vocabulary::{Activity, Attribution, CancelReason, Group};
use sync_core::domain::{Facts, facts};
use sync_core::figures::{Figure, Split, quantities, standing, together};
use sync_core::ids::{DocumentId, ScopeId};
use sync_core::text::column;

use crate::store::types::{FactRow, Place, Projection, RollupKey, Rollups};

/// Reads what the projections hold on a document.
pub fn project(document: &Document) -> Projection {
    let facts = facts(document);
    let quantities = quantities(&facts);
    Projection {
        tallies: quantities.iter().map(|(figure, value)| (column(&figure.to_string()), *value)).collect(),
        lecturers: facts.lecturers.iter().map(|(id, how)| (column(id), how.as_str().to_owned())).collect(),
        flags: facts.flags.iter().map(|flag| flag.as_str().to_owned()).collect(),
        fact: fact_row(facts),
    }
}

/// What a column of a table holds of a text; `None` when nothing is left of it.
fn held(text: Option<String>) -> Option<String> {
    text.map(|text| column(&text)).filter(|text| !text.is_empty())
}

fn fact_row(facts: Facts) -> FactRow {
    let state = match (facts.group, facts.state) {
        (Group::Conflict, _) => "conflict",
        (_, None) => "none",
        (_, Some(state)) => state.as_str(),
    };
    FactRow {
        kind: facts.kind.as_str().to_owned(),
        activity: facts.activity.map(|activity| activity.as_str().to_owned()),
        fiscal_year: facts.fiscal_year,
        month: held(facts.month),
        date: held(facts.date),
        start: held(facts.start),
        municipality: held(facts.municipality),
        association: held(facts.association),
        dispatched_by: held(facts.dispatched_by),
        item: held(facts.item),
        title: held(facts.title),
        occasion: held(facts.occasion),
        venue: held(facts.venue),
        medium: held(facts.medium),
        state: state.to_owned(),
        group: facts.group.as_str().to_owned(),
        reason: facts.reason.map(|reason| reason.as_str().to_owned()),
        is_dispatch: facts.is_dispatch,
        attendance: facts.attendance,
        viewers: facts.viewers,
        conflict_count: i64::try_from(facts.conflict_count).unwrap_or(i64::MAX),
    }
}

/// The figures a document adds to the roll-ups.
pub fn figures(projection: &Projection) -> Rollups {
    let Projection { fact, tallies, lecturers, .. } = projection;
    let activity = fact.activity.as_deref().and_then(Activity::parse);
    let group = Group::parse(&fact.group).unwrap_or(Group::Planned);
    let reason = fact.reason.as_deref().and_then(CancelReason::parse);
    let attributed = |(id, how): (&String, &String)| Some((id.clone(), Attribution::parse(how)?));
    let lecturers: Vec<_> = lecturers.iter().filter_map(attributed).collect();
    let quantity = |(id, value): (&String, &Option<i64>)| Some((id.parse::<Figure>().ok()?, *value));
    let mut contributions = standing(activity, group, reason, fact.is_dispatch, &lecturers);
    contributions.extend(together(tallies.iter().filter_map(quantity).collect()));

    let split = Split::new(fact.association.clone(), fact.dispatched_by.clone());
    let key = |figure: &Figure| {
        let of = |kept: bool, part: &Option<String>| part.clone().filter(|_| kept).unwrap_or_default();
        RollupKey {
            fiscal_year: fact.fiscal_year.unwrap_or(0),
            measure: figure.to_string(),
            municipality: of(figure.by_municipality(), &fact.municipality),
            association: of(true, &split.association),
            holder: of(true, &split.holder),
            month: of(figure.by_month(), &fact.month),
        }
    };
    let mut rollups = Rollups::new();
    for (figure, value) in contributions {
        rollups.entry(key(&figure)).or_default().add(value);
    }
    rollups
}

/// Where a document stands: in its home, in every scope its fields and links name, and in the scope of itself alone while
/// that is open. Other scopes of `before` are there as left. Sorted by scope.
pub fn places(
    document: DocumentId,
    heads: &Heads,
    home: Option<&ScopeId>,
    projection: &Projection,
    before: &[Place],
) -> Vec<Place> {
    // nothing in a document says that it is held alone: who lets it be so opens and ends that
    let kept = |place: &Place| if place.scope.of_session().is_some() { place.state } else { FeedState::Left };
    let mut states: BTreeMap<ScopeId, FeedState> =
        before.iter().map(|place| (place.scope.clone(), kept(place))).collect();
    let fact = &projection.fact;
    let municipality = fact.municipality.as_deref().and_then(|code| ScopeId::municipality(code).ok());
    let associations = [&fact.association, &fact.dispatched_by];
    let associations = associations.into_iter().flatten().filter_map(|id| ScopeId::association(id).ok());
    let lecturers = projection.lecturers.keys().filter_map(|id| ScopeId::lecturer(id).ok());
    for scope in home.cloned().into_iter().chain(municipality).chain(associations).chain(lecturers) {
        states.insert(scope, FeedState::Present);
    }
    let place = |(scope, state)| Place { scope, state, contribution: Digest::of(document, state, heads) };
    states.into_iter().map(place).collect()
}
