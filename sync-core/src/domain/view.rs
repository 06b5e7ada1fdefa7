//! A record as screens and reports read it: every value with its conflicts, every count with who counted.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::steps::{self, Present, Step};
use super::tally::{self, Counted, TallyView};
use super::vocabulary::{CancelReason, Group, StepState};
use super::{rewritten, typed};
use crate::document::{Authorship, Document, Kind, Scalar, TextName};
use crate::ids::DocumentId;

/// A field with the value to show. With more than one alternative it is in conflict and a person must choose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldView {
    /// The value every replica shows until someone chooses.
    pub value: Scalar,
    /// All differing values with who set them; empty when there is no conflict.
    pub alternatives: Vec<Alternative>,
}

/// One of several values of a field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Alternative {
    /// The value.
    pub value: Scalar,
    /// Who set it; `None` while the edit is still on its way into a change.
    #[serde(flatten)]
    pub authorship: Option<Authorship>,
}

/// A sentence that several people rewrote apart; all of it stands in the text, until someone has read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RewrittenView {
    /// Name of the sentence as it was before.
    pub sentence: String,
    /// Who, as far as it is known.
    pub by: Vec<Authorship>,
}

/// One step with its author.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StepView {
    /// Id of the intent that made it.
    pub id: String,
    /// The state reached.
    pub state: StepState,
    /// Why.
    pub reason: Option<CancelReason>,
    /// The steps it follows.
    pub after: Vec<String>,
    /// The steps it takes back; then it is no state itself.
    pub undoes: Vec<String>,
    /// Whether another step takes it back.
    pub taken_back: bool,
    /// Whether the present state stems from it.
    pub present: bool,
    /// Who took it.
    #[serde(flatten)]
    pub authorship: Option<Authorship>,
}

/// A whole record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RecordView {
    /// The record's id.
    pub document: DocumentId,
    /// What it records.
    pub kind: Kind,
    /// Every field that has a value.
    pub fields: BTreeMap<String, FieldView>,
    /// Every measure that was reported. A measure that is not here was not reported.
    pub tallies: Vec<TallyView>,
    /// The links, sorted, but those that only say how much of a counter was taken back.
    pub links: Vec<String>,
    /// The long texts.
    pub texts: BTreeMap<TextName, String>,
    /// Texts of which people rewrote sentences apart.
    pub rewritten: BTreeMap<TextName, Vec<RewrittenView>>,
    /// The steps, by id.
    pub steps: Vec<StepView>,
    /// The present state, derived from the steps.
    pub state: Option<StepState>,
    /// What the record counts as.
    pub group: Group,
    /// Why it was cancelled or postponed.
    pub reason: Option<CancelReason>,
    /// Heads in all, the greater of both ways of counting them; `None` when nobody reported any.
    pub attendance: Option<i64>,
    /// Whether heads were counted by both ways and do not come to the same for certain.
    pub attendance_differs: bool,
    /// Measures whose number was typed by several apart, so that it may be counted twice.
    pub typed_apart: BTreeSet<String>,
}

impl RecordView {
    /// The shown text of a field.
    pub fn text(&self, field: &str) -> Option<&str> {
        match self.fields.get(field).map(|view| &view.value) {
            Some(Scalar::Text(text)) => Some(text),
            Some(Scalar::Number(_)) | None => None,
        }
    }

    /// The shown number of a field.
    pub fn number(&self, field: &str) -> Option<i64> {
        match self.fields.get(field).map(|view| view.value.clone()) {
            Some(Scalar::Number(number)) => Some(number),
            Some(Scalar::Text(_)) | None => None,
        }
    }

    /// The total of a measure; `None` when it was not reported.
    pub fn total(&self, measure: &str) -> Option<i64> {
        self.tallies.iter().find(|tally| tally.measure == measure).map(|tally| tally.total)
    }

    /// Fields in conflict and texts rewritten apart, and one more when the steps contradict each other.
    pub fn conflict_count(&self) -> usize {
        let fields = self.fields.values().filter(|field| !field.alternatives.is_empty()).count();
        fields + self.rewritten.len() + usize::from(self.group == Group::Conflict)
    }
}

/// Reads a document, pending edits included.
pub fn view(document: &Document) -> RecordView {
    let mut record = without_step_authors(document);
    for step in &mut record.steps {
        step.authorship = document.step_author(&step.id);
    }
    record
}

/// As [`view`], but who took the steps is left open: enough for figures.
pub(super) fn without_step_authors(document: &Document) -> RecordView {
    let mut fields = BTreeMap::new();
    let mut rewritten: BTreeMap<TextName, Vec<RewrittenView>> = BTreeMap::new();
    for (name, values) in document.fields() {
        if let Some((text, sentence)) = rewritten::read(&name) {
            if rewritten::is_sign(values.iter().map(|value| &value.value)) {
                let by = values.iter().filter_map(|value| value.authorship.clone()).collect();
                rewritten.entry(text).or_default().push(RewrittenView { sentence: sentence.to_owned(), by });
            }
            continue;
        }
        let Some(first) = values.first().filter(|_| !super::is_mark(&name)) else {
            continue;
        };
        let value = first.value.clone();
        let in_conflict = values.iter().any(|other| other.value != value);
        let alternatives = if in_conflict {
            values.into_iter().map(|v| Alternative { value: v.value, authorship: v.authorship }).collect()
        } else {
            Vec::new()
        };
        fields.insert(name, FieldView { value, alternatives });
    }
    let links = document.links();
    let Counted { tallies, heads, .. } = tally::read(document);
    let recorded = steps::read(document);
    let Present { state, group, reason } = steps::present(&recorded);
    let gone: BTreeSet<String> = steps::left_out(&recorded).into_iter().map(str::to_owned).collect();
    let tips: BTreeSet<String> = steps::tips(&recorded).into_iter().map(|(id, _)| id.clone()).collect();
    let steps = recorded
        .into_iter()
        .map(|(id, Step { state, reason, after, undoes })| {
            let taken_back = undoes.is_empty() && gone.contains(&id);
            let present = tips.contains(&id);
            StepView { id, state, reason, after, undoes, taken_back, present, authorship: None }
        })
        .collect();
    RecordView {
        document: document.id(),
        kind: document.kind(),
        fields,
        attendance: heads.attendance(),
        attendance_differs: heads.differ(),
        typed_apart: typed::apart(document, &tallies),
        tallies,
        links,
        texts: TextName::ALL.into_iter().map(|name| (name, document.text(name))).collect(),
        rewritten,
        steps,
        state,
        group,
        reason,
    }
}
