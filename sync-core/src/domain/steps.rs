//! The steps of a dispatch, or of a session without one: an append-only graph, and the present state derived from it.
//!
//! Every step names the steps it follows. The steps nobody follows are the tips; one tip is the present state,
//! several tips are decisions made apart. A later step that follows all tips settles them.

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
}

impl Step {
    /// A step that follows every present tip of a document.
    pub fn after_all(document: &Document, state: StepState, reason: Option<CancelReason>) -> Self {
        let steps = read(document);
        Self { state, reason, after: tips(&steps).map(|(id, ..)| id.clone()).collect() }
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

/// The steps no other step follows. When steps follow each other in a ring, which no honest tablet makes, there are none.
pub fn tips(steps: &[RecordedStep]) -> impl Iterator<Item = &RecordedStep> {
    steps.iter().filter(|(id, _)| !steps.iter().any(|(_, other)| other.after.contains(id)))
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
    let tips: Vec<&Step> = tips(steps).map(|(_, step)| step).collect();
    let Some(furthest) = tips.iter().max_by_key(|step| step.state) else {
        let group = if steps.is_empty() { Group::Planned } else { Group::Conflict };
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
