//! Figures: everything a screen, a list or an export counts, each with an id, a unit, what it can be split by, and what
//! the facts of one record add to it.
//!
//! Invariants: a record adds at most once to a figure; what was cancelled, postponed, planned or is undecided adds to the
//! numbers of records and dispatches alone, never heads, viewers, materials, answers or consultations; what took place
//! without a number is a gap and never 0. There is no other place that says what a number means.
//! Deliberately absent: names, sentences, and how sums are stored.

mod id;
mod sum;

use std::collections::BTreeMap;

pub use id::{Credit, Figure, FigureError, Unit};
pub use sum::{Place, Split, Sum, sums};

use crate::document::Kind;
use crate::domain::vocabulary::{Activity, Attribution, CancelReason, Group};
use crate::domain::{Facts, Measure};

/// What a record adds to a figure; `None` is a gap: it took place, and nobody reported a number.
pub type Contributions = BTreeMap<Figure, Option<i64>>;

/// Everything a record adds.
pub fn contributions(facts: &Facts) -> Contributions {
    let mut all = standing(facts.activity, facts.group, facts.reason, facts.is_dispatch, &facts.lecturers);
    all.extend(together(quantities(facts)));
    all
}

/// What a record adds by being there: to the records of its activity and, where an association sent a lecturer, to the
/// dispatches, by how far it came.
pub fn standing(
    activity: Option<Activity>,
    group: Group,
    reason: Option<CancelReason>,
    is_dispatch: bool,
    lecturers: &[(String, Attribution)],
) -> Contributions {
    let mut figures = vec![Figure::Records { activity, group }];
    if is_dispatch {
        figures.push(Figure::Dispatches { group });
        if group == Group::Cancelled {
            figures.push(Figure::Cancelled { reason });
        }
        figures.extend(credited(lecturers).into_iter().map(|credit| Figure::DispatchesOf { credit, group }));
    }
    figures.into_iter().map(|figure| (figure, Some(1))).collect()
}

/// Whom a dispatch counts for: each lecturer that is named, all of them together when the source does not say which it
/// was, nobody when none is.
fn credited(lecturers: &[(String, Attribution)]) -> Vec<Credit> {
    if lecturers.is_empty() {
        return vec![Credit::Nobody];
    }
    if lecturers.iter().any(|(_, attribution)| *attribution == Attribution::Among) {
        let mut all: Vec<String> = lecturers.iter().map(|(id, _)| id.clone()).collect();
        all.sort_unstable();
        return vec![Credit::Among(all)];
    }
    lecturers.iter().map(|(id, _)| Credit::Lecturer(id.clone())).collect()
}

/// The quantities a record adds: heads, and each measure it reports or notes without a number.
pub fn quantities(facts: &Facts) -> Contributions {
    let mut all = Contributions::new();
    if !took_place(facts) {
        return all;
    }

    if facts.attendance.is_some() || gathers(facts) {
        all.insert(Figure::Attendance, facts.attendance);
    }
    let screened = facts.medium.is_some() || facts.activity == Some(Activity::Screening);
    if screened {
        all.insert(Figure::Counted(Measure::Viewers), None);
    }
    for (measure, value) in &facts.tallies {
        all.insert(Figure::Counted(measure.clone()), *value);
    }
    all
}

/// Quantities with those that are counted together: a material for whatever eligibility, consultations of any way. The
/// record adds once to these, a number when any of its measures has one.
pub fn together(mut quantities: Contributions) -> Contributions {
    let mut sums: Contributions = BTreeMap::new();
    for (figure, value) in &quantities {
        let whole = match figure {
            Figure::Counted(Measure::Material { material, .. }) => Figure::Material(material.clone()),
            Figure::Counted(Measure::Consultation(_)) => Figure::Consultations,
            _ => continue,
        };
        let sum = sums.entry(whole).or_default();
        *sum = sum.map_or(*value, |sum: i64| Some(sum.saturating_add(value.unwrap_or(0))));
    }
    quantities.append(&mut sums);
    quantities
}

/// Whether what the record counts is to be counted.
pub fn took_place(facts: &Facts) -> bool {
    facts.group == Group::Held
}

/// Whether people come together there, so that a missing head count is a gap.
fn gathers(facts: &Facts) -> bool {
    match facts.activity {
        None => facts.kind == Kind::Session,
        Some(
            Activity::Lecture
            | Activity::RoundTable
            | Activity::PublicLecture
            | Activity::VisitingLecture
            | Activity::Training
            | Activity::Booth
            | Activity::Meeting,
        ) => true,
        Some(Activity::Screening | Activity::Distribution | Activity::Publicity | Activity::Consultation) => false,
    }
}
