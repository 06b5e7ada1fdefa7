//! The steps of a dispatch, or of a session without one: an append-only graph, and the present state derived from it.
//!
//! Every step names the steps it follows. A step that takes others back is no state itself, and leaves those it names out.
//! Of the rest, the steps nobody follows are the tips; one tip is the present state, several tips are decisions made
//! apart. A later step that follows all tips settles them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::vocabulary::{CancelReason, Group, StepState};
use crate::document::Document;

/// One step as it stands in a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The state reached.
    pub state: StepState,
    /// Why, when cancelled or postponed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<CancelReason>,
    /// Ids of the steps this one follows, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<String>,
    /// Ids of the steps this one takes back. Then its state only tells older tablets where the record stands.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub undoes: Vec<String>,
}

impl Step {
    /// The step that brings a document to a state; `None` when it is the state already.
    pub fn towards(document: &Document, state: StepState, reason: Option<CancelReason>) -> Option<Self> {
        let steps = read(document);
        let tips = tips(&steps);
        let there = tips.len() == 1 && tips.iter().all(|(_, step)| step.state == state && step.reason == reason);
        (!there).then(|| Self { state, reason, after: last(&steps), undoes: Vec::new() })
    }

    /// The step that takes others back; `None` when none of them stands in the document or all are taken back already.
    pub fn taking_back(document: &Document, ids: &[String]) -> Option<Self> {
        let mut steps = read(document);
        let gone = left_out(&steps);
        let undoes: Vec<String> = steps
            .iter()
            .map(|(id, _)| id)
            .filter(|id| ids.contains(id) && !gone.contains(id.as_str()))
            .cloned()
            .collect();
        if undoes.is_empty() {
            return None;
        }

        let after = last(&steps);
        let mut step = Self { state: StepState::Confirmed, reason: None, after, undoes };
        steps.push((String::new(), step.clone()));
        let Present { state, reason, .. } = present(&steps);
        step.state = state.unwrap_or(StepState::Confirmed);
        step.reason = reason;
        Some(step)
    }

    /// The stored form.
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// A step with its id.
pub type RecordedStep = (String, Step);

/// All readable steps of a document, by id. A step that is not of our form is left out.
pub fn read(document: &Document) -> Vec<RecordedStep> {
    let mut steps = Vec::new();
    for (id, text) in document.steps() {
        if let Ok(step) = serde_json::from_str(&text) {
            steps.push((id, step));
        }
    }
    steps
}

/// Ids of the steps nobody follows, whatever they are: what the next step follows.
fn last(steps: &[RecordedStep]) -> Vec<String> {
    let followed: BTreeSet<&String> = steps.iter().flat_map(|(_, step)| &step.after).collect();
    steps.iter().map(|(id, _)| id).filter(|id| !followed.contains(id)).cloned().collect()
}

/// Ids of the steps that are no state: those that take others back, and those that were taken back.
pub fn left_out(steps: &[RecordedStep]) -> BTreeSet<&str> {
    let taking = steps.iter().filter(|(_, step)| !step.undoes.is_empty());
    taking.flat_map(|(id, step)| step.undoes.iter().chain([id])).map(String::as_str).collect()
}

/// The steps that count and that no other such step follows, directly or past steps that are left out. When steps follow
/// each other in a ring, which no honest tablet makes, there are none.
pub fn tips(steps: &[RecordedStep]) -> Vec<&RecordedStep> {
    let gone = left_out(steps);
    let by_id: BTreeMap<&str, &Step> = steps.iter().map(|(id, step)| (id.as_str(), step)).collect();
    let counts = |id: &str| !gone.contains(id);

    let mut followed = BTreeSet::new();
    let mut ahead: Vec<&str> = steps.iter().filter(|(id, _)| counts(id)).flat_map(|(_, step)| names(step)).collect();
    while let Some(id) = ahead.pop() {
        if followed.insert(id) && !counts(id) {
            ahead.extend(by_id.get(id).into_iter().flat_map(|step| names(step)));
        }
    }
    steps.iter().filter(|(id, _)| counts(id) && !followed.contains(id.as_str())).collect()
}

fn names(step: &Step) -> impl Iterator<Item = &str> {
    step.after.iter().map(String::as_str)
}

/// The present state: what a list shows, what is counted, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Present {
    /// `None` when no step was taken, or when decisions contradict each other.
    pub state: Option<StepState>,
    /// What counts.
    pub group: Group,
    /// Why, when cancelled or postponed.
    pub reason: Option<CancelReason>,
}

/// Derives the present state. Tips of the same group agree, the furthest one is shown; tips of different groups conflict.
pub fn present(steps: &[RecordedStep]) -> Present {
    let tips: Vec<&Step> = tips(steps).into_iter().map(|(_, step)| step).collect();
    let Some(furthest) = tips.iter().max_by_key(|step| step.state) else {
        let none_counts = left_out(steps).len() == steps.len();
        let group = if none_counts { Group::Planned } else { Group::Conflict };
        return Present { state: None, group, reason: None };
    };
    let group = group_of(furthest.state);
    let later = |step: &&&Step| group_of(step.state) != Group::Planned;
    let decided: Vec<Group> = tips.iter().filter(later).map(|step| group_of(step.state)).collect();
    if decided.iter().any(|other| *other != group) {
        return Present { state: None, group: Group::Conflict, reason: None };
    }
    Present { state: Some(furthest.state), group, reason: furthest.reason }
}

/// What a state counts as.
pub const fn group_of(state: StepState) -> Group {
    match state {
        StepState::Requested | StepState::Offered | StepState::Confirmed => Group::Planned,
        StepState::Held | StepState::Reported | StepState::Settled => Group::Held,
        StepState::Cancelled => Group::Cancelled,
        StepState::Postponed => Group::Postponed,
    }
}
