//! What a record should say in the end, whoever records it: the plain list between a source and the tablets.
//!
//! Invariant: nothing here is a number that the source does not give. "Took place, not counted" is a `noted/…` link.

use std::collections::{BTreeMap, BTreeSet};

use sync_core::document::{Kind, Scalar, TextName};
use sync_core::domain::vocabulary::{CancelReason, StepState};
use sync_core::domain::{COUNT_BY, Intent, Measure, RecordView};
use sync_core::ids::DocumentId;

/// One wanted record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Its id: the same from every machine.
    pub document: DocumentId,
    /// Its kind.
    pub kind: Kind,
    /// Fields by name.
    pub fields: BTreeMap<&'static str, Scalar>,
    /// Links.
    pub links: BTreeSet<String>,
    /// Totals over all devices.
    pub totals: BTreeMap<Measure, i64>,
    /// Long texts.
    pub texts: BTreeMap<TextName, String>,
    /// Steps in order.
    pub steps: Vec<(StepState, Option<CancelReason>)>,
}

impl Wanted {
    /// A record of which nothing is known.
    pub fn new(document: DocumentId, kind: Kind) -> Self {
        Self {
            document,
            kind,
            fields: BTreeMap::new(),
            links: BTreeSet::new(),
            totals: BTreeMap::new(),
            texts: BTreeMap::new(),
            steps: Vec::new(),
        }
    }

    /// Sets a text field, if there is a text.
    pub fn set_text(&mut self, field: &'static str, value: Option<&str>) {
        if let Some(value) = value.map(str::trim).filter(|value| !value.is_empty()) {
            self.fields.insert(field, Scalar::Text(value.to_owned()));
        }
    }

    /// Sets a number field.
    pub fn set_number(&mut self, field: &'static str, value: i64) {
        self.fields.insert(field, Scalar::Number(value));
    }

    /// A measure with its number, or the note that it took place without one.
    pub fn count_or_note(&mut self, measure: Measure, value: Option<i64>) {
        match value {
            Some(value) => {
                self.links.remove(&noted(&measure));
                *self.totals.entry(measure).or_insert(0) += value;
            }
            None if self.totals.contains_key(&measure) => {}
            None => {
                self.links.insert(noted(&measure));
            }
        }
    }

    /// The edits a record still needs to say all of this. Empty when it does.
    ///
    /// A field or text that has a value, and a total that is larger, stay as they are: people may have corrected them.
    pub fn missing(&self, view: Option<&RecordView>) -> Vec<Intent> {
        let mut intents = Vec::new();
        for (field, value) in &self.fields {
            if view.is_none_or(|view| !view.fields.contains_key(*field)) {
                intents.push(Intent::Set { field: (*field).to_owned(), value: Some(value.clone()) });
            }
        }
        for link in &self.links {
            let counted_since = link.strip_prefix("noted/").zip(view).is_some_and(|(m, view)| view.total(m).is_some());
            if !counted_since && view.is_none_or(|view| !view.links.contains(link)) {
                intents.push(Intent::Link { link: link.clone() });
            }
        }
        for (measure, total) in &self.totals {
            let present = view.and_then(|view| view.total(&measure.to_string()));
            let mut left = total - present.unwrap_or(0);
            if present.is_none() && left == 0 {
                intents.push(Intent::Count { measure: measure.clone(), by: 0, reason: None });
            }
            while left > 0 {
                let by = left.min(COUNT_BY);
                intents.push(Intent::Count { measure: measure.clone(), by, reason: None });
                left -= by;
            }
        }
        for (text, value) in &self.texts {
            if view.is_none_or(|view| view.texts.get(text).is_none_or(String::is_empty)) {
                intents.push(Intent::Write { text: *text, base: Some(String::new()), value: value.clone() });
            }
        }
        for (state, reason) in &self.steps {
            if view.is_none_or(|view| view.steps.iter().all(|step| step.state != *state)) {
                intents.push(Intent::Step { state: *state, reason: *reason });
            }
        }
        intents
    }
}

/// The link that says a measure took place without a reported number.
pub fn noted(measure: &Measure) -> String {
    format!("noted/{measure}")
}
