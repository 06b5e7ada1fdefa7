//! What held changes would do, readable by a person who knows the record and not the format.
//!
//! Where they fit the stored record they are applied to a copy of it and the two are compared. Where they do not, their
//! operations are read one by one. Nothing here writes.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::Serialize;
use sync_core::document::{Action, Authorship, Change, Container, Document, Outline, read_tally_key};
use sync_core::domain::{RecordView, view};
use sync_core::gate::{Limits, Verdict, admit_brought, author_of};
use sync_core::ids::{ChangeHash, DeviceId, DocumentId};
use utoipa::ToSchema;

use super::super::record::{Names, scalar_text, text_name};
use crate::service::App;
use crate::service::gate::read_stored;
use crate::store::types::{HeldChange, StoredDocument, is_brought_back};

/// What kind of thing a change does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EffectKind {
    /// A field gets another value.
    Field,
    /// A measure is counted up or down.
    Count,
    /// A lecturer, or "took place, number not reported", is added.
    Link,
    /// The same is taken away.
    Unlink,
    /// A step is taken.
    Step,
    /// A long text reads differently.
    Text,
    /// Something that has no place in a record.
    Other,
}

/// One thing the changes would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = CustodyEffect)]
pub struct Effect {
    /// What kind of thing.
    pub kind: EffectKind,
    /// Field, measure, link, step's state or text.
    pub name: String,
    /// What `name` stands for, when it is an id of the registry.
    pub shown: Option<String>,
    /// The value now; null: none, or not known.
    pub before: Option<String>,
    /// The value after.
    pub after: Option<String>,
    /// How much is added to a measure.
    pub by: Option<i64>,
}

impl Effect {
    fn new(kind: EffectKind, name: impl Into<String>) -> Self {
        Self { kind, name: name.into(), shown: None, before: None, after: None, by: None }
    }

    /// With names in place of ids.
    pub(super) fn named(mut self, names: &Names<'_>) -> Self {
        match self.kind {
            EffectKind::Field => {
                let name = |value: Option<String>| value.map(|value| names.value(&self.name, &value).unwrap_or(value));
                (self.before, self.after) = (name(self.before.take()), name(self.after.take()));
            }
            EffectKind::Link | EffectKind::Unlink => {
                self.shown = self.name.strip_prefix("lecturer/").and_then(|id| names.lecturer(id));
            }
            EffectKind::Count | EffectKind::Step | EffectKind::Text | EffectKind::Other => {}
        }
        self
    }
}

/// What held changes would do.
#[derive(Clone, Debug, Default)]
pub(super) struct Preview {
    pub effects: Vec<Effect>,
    pub authors: Vec<Authorship>,
    pub fits: bool,
}

/// Reads the changes, on a thread where a panic ends nothing else.
pub(super) async fn preview(
    app: &App,
    document: DocumentId,
    device: DeviceId,
    stored: Option<StoredDocument>,
    changes: Vec<HeldChange>,
) -> Preview {
    let limits = *app.gate.limits();
    let read = tokio::task::spawn_blocking(move || {
        let applied = catch_unwind(AssertUnwindSafe(|| applied(document, device, stored.as_ref(), &changes, &limits)));
        let outlined = || catch_unwind(AssertUnwindSafe(|| outlined(&changes, &limits))).unwrap_or_default();
        applied.ok().flatten().unwrap_or_else(outlined)
    });
    read.await.unwrap_or_default()
}

/// The changes in an order in which none comes before what it follows.
pub(super) fn in_order(mut changes: Vec<HeldChange>) -> Vec<HeldChange> {
    changes.sort_by_cached_key(|change| {
        let parsed = Outline::read(&change.bytes).ok().and_then(|_| Change::parse(&change.bytes).ok());
        parsed.map_or((u64::MAX, u64::MAX), |parsed| (parsed.start_op(), parsed.sequence()))
    });
    changes
}

/// Who wrote what another tablet brought back.
pub(super) fn brought_from<'a>(changes: &'a [HeldChange], limits: &'a Limits) -> impl Iterator<Item = DeviceId> + 'a {
    changes.iter().filter(|change| is_brought_back(&change.code)).filter_map(|change| author_of(&change.bytes, limits))
}

fn applied(
    document: DocumentId,
    device: DeviceId,
    stored: Option<&StoredDocument>,
    changes: &[HeldChange],
    limits: &Limits,
) -> Option<Preview> {
    let changes = in_order(changes.to_vec());
    let base = match stored {
        Some(stored) => read_stored(stored).ok()?,
        None => Document::genesis(document, changes.first()?.kind).ok()?,
    };
    let mut before = base.clone();
    let brought: HashSet<ChangeHash> =
        changes.iter().filter(|held| is_brought_back(&held.code)).map(|held| held.hash).collect();
    let mut writers: BTreeSet<DeviceId> = brought_from(&changes, limits).collect();
    writers.insert(device);
    let bytes: Vec<Vec<u8>> = changes.into_iter().map(|change| change.bytes).collect();
    let admission = admit_brought(base, device, &brought, &bytes, limits);
    let taken = |(_, verdict): &(_, Verdict)| matches!(verdict, Verdict::Stored | Verdict::Duplicate);
    let mut after = admission.document;
    if !admission.verdicts.iter().all(taken) {
        return None;
    }
    let (before_by, after_by) = (before.history(), after.history());
    let mut authors = Vec::new();
    for writer in writers {
        let by = |author: &&Authorship| author.device == Some(writer);
        let known = before_by.iter().filter(by).count();
        authors.extend(after_by.iter().filter(by).skip(known).cloned());
    }
    Some(Preview { effects: compare(&view(&before), &view(&after)), authors, fits: true })
}

fn compare(before: &RecordView, after: &RecordView) -> Vec<Effect> {
    let mut effects = Vec::new();
    let shown = |record: &RecordView, name: &str| record.fields.get(name).map(|field| scalar_text(&field.value));
    let conflicts = |record: &RecordView, name: &str| record.fields.get(name).map_or(0, |f| f.alternatives.len());
    let names: BTreeSet<&String> = before.fields.keys().chain(after.fields.keys()).collect();
    for name in names {
        let (was, is) = (shown(before, name), shown(after, name));
        if was != is || conflicts(before, name) != conflicts(after, name) {
            effects.push(Effect { before: was, after: is, ..Effect::new(EffectKind::Field, name) });
        }
    }
    let measures: BTreeSet<&String> = before.tallies.iter().chain(&after.tallies).map(|tally| &tally.measure).collect();
    for measure in measures {
        let (was, is) = (before.total(measure), after.total(measure));
        if was != is {
            let number = |value: Option<i64>| value.map(|value| value.to_string());
            let by = Some(is.unwrap_or(0).saturating_sub(was.unwrap_or(0)));
            let effect = Effect::new(EffectKind::Count, measure);
            effects.push(Effect { before: number(was), after: number(is), by, ..effect });
        }
    }
    let added = after.links.iter().filter(|link| !before.links.contains(link));
    effects.extend(added.map(|link| Effect::new(EffectKind::Link, link)));
    let gone = before.links.iter().filter(|link| !after.links.contains(link));
    effects.extend(gone.map(|link| Effect::new(EffectKind::Unlink, link)));
    let known: BTreeSet<&String> = before.steps.iter().map(|step| &step.id).collect();
    for step in after.steps.iter().filter(|step| !known.contains(&step.id)) {
        let after = step.reason.map(|reason| reason.as_str().to_owned());
        effects.push(Effect { after, ..Effect::new(EffectKind::Step, step.state.as_str()) });
    }
    for (name, text) in &after.texts {
        let was = before.texts.get(name).cloned().unwrap_or_default();
        if was != *text {
            let effect = Effect::new(EffectKind::Text, text_name(*name));
            effects.push(Effect { before: Some(was), after: Some(text.clone()), ..effect });
        }
    }
    effects
}

/// What the operations say, when they cannot be applied. Bytes that are no change say nothing.
fn outlined(changes: &[HeldChange], limits: &Limits) -> Preview {
    let mut fields = Vec::new();
    let mut counts: BTreeMap<String, i64> = BTreeMap::new();
    let mut texts: BTreeMap<&'static str, String> = BTreeMap::new();
    for change in in_order(changes.to_vec()) {
        let small = |outline: &Outline| outline.rows <= limits.operations;
        let Some(_) = Outline::read(&change.bytes).ok().filter(small) else { continue };
        let Some(operations) = Change::parse(&change.bytes).ok().and_then(|change| change.operations().ok()) else {
            continue;
        };
        for operation in operations {
            let key = operation.key.unwrap_or_default();
            match (operation.container, operation.action) {
                (Some(Container::Fields), Action::Text(after)) => {
                    fields.push(Effect { after: Some(after), ..Effect::new(EffectKind::Field, key) });
                }
                (Some(Container::Fields), Action::Integer(after)) => {
                    fields.push(Effect { after: Some(after.to_string()), ..Effect::new(EffectKind::Field, key) });
                }
                (Some(Container::Fields), Action::Delete) => fields.push(Effect::new(EffectKind::Field, key)),
                (Some(Container::Tally), Action::Counter(by) | Action::Integer(by)) => {
                    let measure = read_tally_key(&key).map_or(key.clone(), |(measure, _)| measure.to_owned());
                    let sum = counts.entry(measure).or_default();
                    *sum = sum.saturating_add(by);
                }
                (Some(Container::Links), Action::True) => fields.push(Effect::new(EffectKind::Link, key)),
                (Some(Container::Links), Action::Delete) => fields.push(Effect::new(EffectKind::Unlink, key)),
                (Some(Container::Steps), Action::Text(step)) => {
                    let state = serde_json::from_str::<serde_json::Value>(&step).ok();
                    let state = state.and_then(|step| step.get("state")?.as_str().map(str::to_owned));
                    fields.push(Effect::new(EffectKind::Step, state.unwrap_or_default()));
                }
                (Some(Container::Text(name)), Action::Text(letters)) => {
                    texts.entry(text_name(name)).or_default().push_str(&letters);
                }
                (Some(Container::Text(_)), Action::Delete) => {}
                _ => fields.push(Effect::new(EffectKind::Other, key)),
            }
        }
    }
    let counts =
        counts.into_iter().map(|(measure, by)| Effect { by: Some(by), ..Effect::new(EffectKind::Count, measure) });
    let texts =
        texts.into_iter().map(|(name, text)| Effect { after: Some(text), ..Effect::new(EffectKind::Text, name) });
    Preview { effects: fields.into_iter().chain(counts).chain(texts).collect(), authors: Vec::new(), fits: false }
}
