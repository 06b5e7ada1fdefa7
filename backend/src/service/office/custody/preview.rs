//! What held changes would do, readable by a person who knows the record and not the format.
//!
//! Where they fit the stored record they are applied to a copy of it and the two are compared. Where they do not, their
//! operations are read one by one. Nothing here writes.
//!
//! Applying has a budget of time, and what is shown a number of effects. Whatever reaches one of them is said to be cut.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use serde::Serialize;
use sync_core::document::{Action, Authorship, Change, Container, Document, Outline, read_tally_key};
use sync_core::domain::{RecordView, is_mark, view};
use sync_core::gate::{Bounds, Limits, Verdict, admit_brought, author_of};
use sync_core::ids::{ChangeHash, DeviceId, DocumentId};
use utoipa::ToSchema;

use super::super::record::{Names, scalar_text, text_name};
use crate::service::App;
use crate::service::gate::read_stored;
use crate::store::types::{HeldChange, StoredDocument, is_brought_back};

/// Most effects shown.
const EFFECTS: usize = 500;

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
    /// A step is taken back.
    TakeBack,
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
    pub(in super::super) fn new(kind: EffectKind, name: impl Into<String>) -> Self {
        Self { kind, name: name.into(), shown: None, before: None, after: None, by: None }
    }

    /// With names in place of ids.
    pub(in super::super) fn named(mut self, names: &Names<'_>) -> Self {
        match self.kind {
            EffectKind::Field => {
                let name = |value: Option<String>| value.map(|value| names.value(&self.name, &value).unwrap_or(value));
                (self.before, self.after) = (name(self.before.take()), name(self.after.take()));
            }
            EffectKind::Link | EffectKind::Unlink => {
                self.shown = self.name.strip_prefix("lecturer/").and_then(|id| names.lecturer(id));
            }
            EffectKind::Count | EffectKind::Step | EffectKind::TakeBack | EffectKind::Text | EffectKind::Other => {}
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
    /// There is more, or whether they fit is not known.
    pub cut: bool,
}

/// Why changes are not shown as applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unapplied {
    DoNotFit,
    /// It takes too long.
    Cut,
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
    let time = Duration::from_millis(app.config.preview_budget_ms);
    let read = tokio::task::spawn_blocking(move || {
        let started = Instant::now();
        let bounds = Bounds { limits: &limits, is_over: &|| started.elapsed() >= time };
        let changes = in_order(changes, &limits);
        let apply = || applied(document, device, stored.as_ref(), &changes, bounds);
        let applied = catch_unwind(AssertUnwindSafe(apply)).unwrap_or(Err(Unapplied::DoNotFit));
        let mut preview = applied.unwrap_or_else(|why| {
            let read = catch_unwind(AssertUnwindSafe(|| outlined(&changes, &limits))).unwrap_or_default();
            Preview { cut: why == Unapplied::Cut, ..read }
        });
        preview.cut |= preview.effects.len() > EFFECTS;
        preview.effects.truncate(EFFECTS);
        preview
    });
    read.await.unwrap_or_default()
}

/// A change, unless it claims more operations than one may have.
fn parsed(bytes: &[u8], limits: &Limits) -> Option<Change> {
    Outline::read(bytes).ok().filter(|outline| outline.rows <= limits.operations)?;
    Change::parse(bytes).ok()
}

/// The changes in an order in which none comes before what it follows.
pub(in crate::service) fn in_order(mut changes: Vec<HeldChange>, limits: &Limits) -> Vec<HeldChange> {
    changes.sort_by_cached_key(|change| {
        parsed(&change.bytes, limits).map_or((u64::MAX, u64::MAX), |change| (change.start_op(), change.sequence()))
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
    bounds: Bounds<'_>,
) -> Result<Preview, Unapplied> {
    if (bounds.is_over)() {
        return Err(Unapplied::Cut);
    }
    let new = || Document::genesis(document, changes.first()?.kind).ok();
    let base = stored.map_or_else(new, |stored| read_stored(stored).ok()).ok_or(Unapplied::DoNotFit)?;
    let mut before = base.clone();
    let is_own = |held: &HeldChange| author_of(&held.bytes, bounds.limits) == Some(device);
    let vouched = changes.iter().filter(|held| is_brought_back(&held.code) || is_own(held));
    let brought: HashSet<ChangeHash> = vouched.map(|held| held.hash).collect();
    let mut writers: BTreeSet<DeviceId> = brought_from(changes, bounds.limits).collect();
    writers.insert(device);
    let bytes: Vec<Vec<u8>> = changes.iter().map(|change| change.bytes.clone()).collect();
    let admission = admit_brought(base, device, &brought, &bytes, bounds);
    let taken = |(_, verdict): &(_, Verdict)| matches!(verdict, Verdict::Stored | Verdict::Duplicate);
    let mut after = admission.document;
    if !admission.verdicts.iter().all(taken) {
        return Err(Unapplied::DoNotFit);
    }
    if admission.verdicts.len() < changes.len() {
        return Err(Unapplied::Cut);
    }
    let mut known: HashMap<DeviceId, usize> = HashMap::new();
    for writer in before.history().iter().filter_map(|author| author.device) {
        *known.entry(writer).or_default() += 1;
    }
    let mut authors = Vec::new();
    for author in after.history() {
        let Some(writer) = author.device.filter(|writer| writers.contains(writer)) else { continue };
        match known.get_mut(&writer).filter(|left| **left > 0) {
            Some(left) => *left -= 1,
            None => authors.push(author),
        }
    }
    authors.sort_by_key(|author| author.device);
    Ok(Preview { effects: compare(&view(&before), &view(&after)), authors, fits: true, cut: false })
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
    let (totals_before, totals_after) = (totals(before), totals(after));
    let measures: BTreeSet<&str> = totals_before.keys().chain(totals_after.keys()).copied().collect();
    for measure in measures {
        let (was, is) = (totals_before.get(measure).copied(), totals_after.get(measure).copied());
        if was != is {
            let number = |value: Option<i64>| value.map(|value| value.to_string());
            let by = Some(is.unwrap_or(0).saturating_sub(was.unwrap_or(0)));
            let effect = Effect::new(EffectKind::Count, measure);
            effects.push(Effect { before: number(was), after: number(is), by, ..effect });
        }
    }
    let added = after.links.iter().filter(|link| before.links.binary_search(link).is_err());
    effects.extend(added.map(|link| Effect::new(EffectKind::Link, link)));
    let gone = before.links.iter().filter(|link| after.links.binary_search(link).is_err());
    effects.extend(gone.map(|link| Effect::new(EffectKind::Unlink, link)));
    let known: BTreeSet<&String> = before.steps.iter().map(|step| &step.id).collect();
    let (taking, taken): (Vec<_>, Vec<_>) =
        after.steps.iter().filter(|step| !known.contains(&step.id)).partition(|step| !step.undoes.is_empty());
    let back = after.steps.iter().filter(|step| taking.iter().any(|taking| taking.undoes.contains(&step.id)));
    effects.extend(back.map(|step| Effect::new(EffectKind::TakeBack, step.state.as_str())));
    for step in taken {
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

fn totals(record: &RecordView) -> BTreeMap<&str, i64> {
    record.tallies.iter().map(|tally| (tally.measure.as_str(), tally.total)).collect()
}

/// What the operations say, when they cannot be applied. Bytes that are no change say nothing.
fn outlined(changes: &[HeldChange], limits: &Limits) -> Preview {
    let mut fields = Vec::new();
    let mut counts: BTreeMap<String, i64> = BTreeMap::new();
    let mut texts: BTreeMap<&'static str, String> = BTreeMap::new();
    for change in changes {
        if fields.len() > EFFECTS {
            break;
        }
        let operations = parsed(&change.bytes, limits).and_then(|change| change.operations().ok());
        for operation in operations.unwrap_or_default() {
            let key = operation.key.unwrap_or_default();
            match (operation.container, operation.action) {
                (Some(Container::Fields), _) if is_mark(&key) => {}
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
    Preview { effects: fields.into_iter().chain(counts).chain(texts).collect(), ..Preview::default() }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use sync_core::document::{Kind, hash_of};
    use sync_core::ids::ActorId;
    use sync_core::time::Timestamp;

    use super::*;

    const DOCUMENT: DocumentId = DocumentId::from_bytes([1; 16]);
    const DEVICE: DeviceId = DeviceId::from_bytes([2; 16]);

    fn held(bytes: Vec<u8>) -> HeldChange {
        let code = "not_in_scope".to_owned();
        HeldChange { hash: hash_of(&bytes), kind: Kind::Session, code, bytes, received_at: 0, decision: None }
    }

    fn counted(times: usize) -> Vec<HeldChange> {
        let mut document = Document::genesis(DOCUMENT, Kind::Session).unwrap();
        document.write_as(ActorId::new(DEVICE, 1));
        let mut count = || {
            document.count("attendance.band.75-84", DEVICE, 1).unwrap();
            held(document.commit(Timestamp(1_700_000_000_000), "pe-x", None).unwrap().bytes)
        };
        (0..times).map(|_| count()).collect()
    }

    #[test]
    fn applying_ends_with_its_time_and_reading_does_not_need_it() {
        let (changes, limits) = (counted(600), Limits::default());
        let apply = |asked_in_time: u32| {
            let asked = Cell::new(0);
            let is_over = || asked.replace(asked.get() + 1) >= asked_in_time;
            applied(DOCUMENT, DEVICE, None, &changes, Bounds { limits: &limits, is_over: &is_over })
        };
        let by = |preview: Preview| preview.effects.iter().map(|effect| effect.by).collect::<Vec<_>>();
        assert_eq!(apply(u32::MAX).map(by).unwrap(), [Some(600)]);
        for asked_in_time in [0, 1] {
            assert_eq!(apply(asked_in_time).unwrap_err(), Unapplied::Cut, "{asked_in_time}");
        }
        assert_eq!(by(outlined(&changes, &limits)), [Some(600)]);
    }

    #[test]
    fn a_change_is_measured_before_it_is_read() {
        let read = |links: u64| {
            let mut document = Document::genesis(DOCUMENT, Kind::Session).unwrap();
            document.write_as(ActorId::new(DEVICE, 1));
            (0..links).for_each(|number| document.link(&format!("lecturer/le-{number}")).unwrap());
            let change = document.commit(Timestamp(1_700_000_000_000), "pe-x", None).unwrap();
            parsed(&change.bytes, &Limits::default()).is_some()
        };
        let most = Limits::default().operations;
        assert_eq!((read(most), read(most + 1)), (true, false));
    }
}
