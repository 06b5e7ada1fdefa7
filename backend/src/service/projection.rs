//! What a document adds to tables that reports read: one row of facts, tallies, and figures for the roll-ups.
//!
//! Invariant: a figure is derived from the stored row alone, so that what a document added can always be taken away
//! again exactly. "Not reported" stays `None` and is counted as unreported, never as 0.

use std::collections::BTreeMap;

use sync_core::digest::{Digest, FeedState};
use sync_core::document::{Document, Heads};
use sync_core::domain::vocabulary::{Activity, Group, StepState};
use sync_core::domain::{Facts, facts, group_of};
use sync_core::ids::{DocumentId, ScopeId};
use sync_core::text::column;

use crate::store::types::{FactRow, Place, Projection, RollupKey, Rollups};

/// Heads at what was held.
pub const ATTENDANCE: &str = "attendance";
/// Viewers of screenings.
pub const VIEWERS: &str = "screening.viewers";

/// Reads what the projections hold on a document.
pub fn project(document: &Document) -> Projection {
    let facts = facts(document);
    Projection {
        tallies: facts.tallies.iter().map(|(measure, value)| (column(&measure.to_string()), *value)).collect(),
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
        reason: facts.reason.map(|reason| reason.as_str().to_owned()),
        is_dispatch: facts.is_dispatch,
        attendance: facts.attendance,
        viewers: facts.viewers,
        conflict_count: i64::try_from(facts.conflict_count).unwrap_or(i64::MAX),
    }
}

/// What a stored state counts as.
pub fn group_of_state(state: &str) -> Group {
    match state {
        "conflict" => Group::Conflict,
        state => StepState::parse(state).map_or(Group::Planned, group_of),
    }
}

/// The figures a document adds to the roll-ups.
pub fn figures(projection: &Projection) -> Rollups {
    let fact = &projection.fact;
    let group = group_of_state(&fact.state);
    let held = group == Group::Held;
    let group = group.as_str();
    let mut figures = Figures { fact, rollups: BTreeMap::new() };

    figures.add(&format!("record.{}.{group}", fact.activity.as_deref().unwrap_or("none")), Some(1));
    if fact.is_dispatch {
        figures.add(&format!("dispatch.{group}"), Some(1));
        if group == Group::Cancelled.as_str() {
            figures.add(&format!("dispatch.cancelled.{}", fact.reason.as_deref().unwrap_or("none")), Some(1));
        }
        for lecturers in credited(&projection.lecturers) {
            figures.add_to_year(&format!("dispatch.{lecturers}.{group}"));
        }
    }
    if held && (fact.attendance.is_some() || gathers(fact)) {
        figures.add(ATTENDANCE, fact.attendance);
    }
    let screened = fact.medium.is_some() || fact.activity.as_deref() == Some(Activity::Screening.as_str());
    if held && screened && !projection.tallies.contains_key(VIEWERS) {
        figures.add(VIEWERS, None);
    }
    let mut together: BTreeMap<String, Option<i64>> = BTreeMap::new();
    for (measure, value) in &projection.tallies {
        figures.add(measure, *value);
        if let Some(name) = counted_together(measure) {
            let sum = together.entry(name.to_owned()).or_default();
            *sum = sum.map_or(*value, |sum| Some(sum.saturating_add(value.unwrap_or(0))));
        }
    }
    for (name, value) in together {
        let municipality = fact.municipality.clone().unwrap_or_default();
        figures.add_at(&format!("{TOGETHER}{name}"), value, municipality, String::new());
    }
    figures.rollups
}

/// What begins the measures that count a record once, however many measures it has of what follows: in its year,
/// municipality and association, whatever its month.
pub const TOGETHER: &str = "together.";

/// What a measure is counted together with others as: a material for whatever eligibility, consultations of any way.
fn counted_together(measure: &str) -> Option<&str> {
    let (name, _) = measure.rsplit_once('.')?;
    (name == "consultation" || name.starts_with("material.")).then_some(name)
}

/// Whether a measure of the roll-ups is one that records report themselves, and not made from other things of them.
pub fn is_reported(measure: &str) -> bool {
    let derived = ["record.", "dispatch.", TOGETHER];
    measure != ATTENDANCE && !derived.iter().any(|begin| measure.starts_with(begin))
}

/// Whom a dispatch counts for, in the words of a measure: `by.` and a lecturer, for each that is named; `among.` and
/// all of them joined by `+`, once, when the source does not say which it was; `by.none` when nobody is.
fn credited(lecturers: &BTreeMap<String, String>) -> Vec<String> {
    if lecturers.is_empty() {
        return vec!["by.none".to_owned()];
    }
    if lecturers.values().any(|attribution| attribution == "among") {
        let all: Vec<&str> = lecturers.keys().map(String::as_str).collect();
        return vec![format!("among.{}", all.join("+"))];
    }
    lecturers.keys().map(|lecturer| format!("by.{lecturer}")).collect()
}

/// Whether people come together there, so that a missing head count is a gap.
fn gathers(fact: &FactRow) -> bool {
    match fact.activity.as_deref().map(Activity::parse) {
        None | Some(None) => fact.kind == "session",
        Some(Some(activity)) => match activity {
            Activity::Lecture
            | Activity::RoundTable
            | Activity::PublicLecture
            | Activity::VisitingLecture
            | Activity::Training
            | Activity::Booth
            | Activity::Meeting => true,
            Activity::Screening | Activity::Distribution | Activity::Publicity | Activity::Consultation => false,
        },
    }
}

struct Figures<'a> {
    fact: &'a FactRow,
    rollups: Rollups,
}

impl Figures<'_> {
    fn add(&mut self, measure: &str, value: Option<i64>) {
        let place = self.fact.municipality.clone().unwrap_or_default();
        let month = self.fact.month.clone().unwrap_or_default();
        self.add_at(measure, value, place, month);
    }

    /// Counts the record once in its year and association, whatever its municipality and month.
    fn add_to_year(&mut self, measure: &str) {
        self.add_at(measure, Some(1), String::new(), String::new());
    }

    fn add_at(&mut self, measure: &str, value: Option<i64>, municipality: String, month: String) {
        let fact = self.fact;
        let association = fact.dispatched_by.clone().or_else(|| fact.association.clone()).unwrap_or_default();
        let fiscal_year = fact.fiscal_year.unwrap_or(0);
        let key = RollupKey { fiscal_year, measure: measure.to_owned(), municipality, association, month };
        let figure = self.rollups.entry(key).or_default();
        match value {
            Some(number) => {
                figure.reported += 1;
                figure.total = figure.total.saturating_add(number);
            }
            None => figure.unreported += 1,
        }
    }
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
