//! What was counted in a document, by measure: the counters of all devices, what was carried over from another way of
//! counting heads, and what was taken back as not reported (`void/<measure>@<device>` for every counter that was seen, and the
//! field `voided.<mark>` for what was seen of each).
//!
//! Who takes a measure back lowers their own counter by what they saw, like any other correction, and says what they saw. So
//! nobody changes what stands under another's name, and tablets that do not read the field come to the same.
//! Invariants: what two people take back apart is taken back once; a measure all of whose counters are void has no value,
//! unless more was counted than who took it back had seen.
//! Source: SPEC DOC-13.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::heads::Heads;
use crate::document::{Document, Scalar, read_tally_key, tally_key};
use crate::ids::{DeviceId, IntentId};

/// A measure with its total and who counted how many.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TallyView {
    /// The measure, also when it is not one we know.
    pub measure: String,
    /// Sum over devices, and what was carried over.
    pub total: i64,
    /// Each device's own count.
    pub by_device: BTreeMap<DeviceId, i64>,
    /// Heads carried over from the other way of counting them.
    pub carried: i64,
}

impl TallyView {
    fn counted(&self) -> i64 {
        self.by_device.values().fold(0, |sum, count| sum.saturating_add(*count))
    }
}

const VOID: &str = "void/";
const VOIDED: &str = "voided.";
/// Largest number that a field says of a counter: no tablet counts so many.
const COUNT_MOST: i64 = 1_000_000_000;

/// How many each device has counted of a measure.
pub(super) type Counts = BTreeMap<DeviceId, i64>;

/// The link that takes a device's count of a measure back as not reported. It goes with the device's next count.
pub(super) fn void_link(measure: &str, device: DeviceId) -> String {
    format!("{VOID}{}", tally_key(measure, device))
}

/// What somebody took back of a measure as not reported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct TakenBack {
    measure: String,
    /// How much they lowered their own counter by it.
    took: i64,
    /// What each device had counted, as far as they had seen it, whatever was taken back before.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    seen: Counts,
    /// Of the number they saw, heads carried over from the other way of counting.
    #[serde(default)]
    carried: i64,
}

impl TakenBack {
    fn read(value: &Scalar) -> Option<Self> {
        let Scalar::Text(text) = value else { return None };
        let taken: Self = serde_json::from_str(text).ok()?;
        let is_count = |number: &i64| (-COUNT_MOST..=COUNT_MOST).contains(number);
        let is_plausible = taken.seen.values().chain([&taken.took, &taken.carried]).all(is_count);
        // nobody takes back more than they saw
        let seen = taken.seen.values().filter(|seen| **seen > 0).fold(0_i64, |sum, seen| sum.saturating_add(*seen));
        (is_plausible && taken.took <= seen.saturating_add(taken.carried.max(0))).then_some(taken)
    }
}

/// Whether a field only says what was taken back as not reported; people do not see it as a field.
pub(super) fn is_voided(field: &str) -> bool {
    field.starts_with(VOIDED)
}

/// What was taken back as not reported, by whom: a field counts for the device that wrote it.
fn taken_back(document: &Document) -> Vec<(DeviceId, TakenBack)> {
    let fields = document.written_fields(VOIDED).into_iter();
    fields.filter_map(|(_, value, device)| Some((device, TakenBack::read(&value)?))).collect()
}

/// Whether anybody took a measure back as not reported.
pub(super) fn was_taken_back(document: &Document, measure: &str) -> bool {
    let is_of = |link: &String| link.strip_prefix(VOID).and_then(read_tally_key).is_some_and(|(of, _)| of == measure);
    document.links().iter().any(is_of)
}

/// A measure's counters, and what was taken back of them.
#[derive(Clone, Debug, Default)]
struct Counters {
    /// As they were counted, whatever was taken back.
    gross: Counts,
    /// What was taken back of each, by whoever saw most of it.
    taken: Counts,
    /// Heads carried over that were taken back, by whoever saw most.
    carried: i64,
    /// All of it under the names of those who took it back.
    takers: Counts,
}

impl Counters {
    fn take_back(&mut self, device: DeviceId, of: &TakenBack) {
        add(&mut self.gross, device, of.took);
        for (counter, seen) in &of.seen {
            let before = self.taken.get(counter).copied();
            let now = before.map_or(*seen, |before| before.max(*seen));
            self.taken.insert(*counter, now);
            add(&mut self.takers, device, now.saturating_sub(before.unwrap_or(0)));
        }
        let carried = of.carried.max(self.carried);
        add(&mut self.takers, device, carried.saturating_sub(self.carried));
        self.carried = carried;
    }

    /// What is left under each device's name.
    fn by_device(&self) -> Counts {
        let mut by_device = self.gross.clone();
        for (device, taken) in &self.takers {
            add(&mut by_device, *device, taken.saturating_neg());
        }
        by_device
    }
}

fn add(counts: &mut Counts, device: DeviceId, number: i64) {
    if number == 0 {
        return;
    }
    let count = counts.entry(device).or_default();
    *count = count.saturating_add(number);
}

/// What stands in a document.
pub(super) struct Counted {
    /// Every measure that was reported, by name.
    pub tallies: Vec<TallyView>,
    /// Of these, the heads.
    pub heads: Heads,
    /// The measures that were taken back as not reported, with no counts but those.
    void: Vec<TallyView>,
    counters: BTreeMap<String, Counters>,
    links: Vec<String>,
}

/// Reads what was counted.
pub(super) fn read(document: &Document) -> Counted {
    let links = document.links();
    let mut counters: BTreeMap<String, Counters> = BTreeMap::new();
    for (measure, device, count) in document.tallies() {
        counters.entry(measure).or_default().gross.insert(device, count);
    }
    for (device, of) in taken_back(document) {
        // what nobody counted is not taken back
        if let Some(counted) = counters.get_mut(&of.measure) {
            counted.take_back(device, &of);
        }
    }
    let tally = |(measure, by_device)| {
        let tally = TallyView { measure, total: 0, by_device, carried: 0 };
        TallyView { total: tally.counted(), ..tally }
    };
    let is_void = |tally: &TallyView| {
        let is_void = |device: &DeviceId| links.binary_search(&void_link(&tally.measure, *device)).is_ok();
        tally.total <= 0 && tally.by_device.keys().all(is_void)
    };
    let by_measure = counters.iter().map(|(measure, counted)| (measure.clone(), counted.by_device()));
    let (void, mut tallies): (Vec<TallyView>, Vec<TallyView>) = by_measure.map(tally).partition(is_void);

    let heads = Heads::of(document, &links, &tallies, &void);
    for (way, carried) in heads.carried() {
        let unknown = way.unknown().to_string();
        let place = tallies.binary_search_by(|tally| tally.measure.cmp(&unknown)).unwrap_or_else(|place| {
            tallies.insert(place, tally((unknown, BTreeMap::new())));
            place
        });
        if let Some(tally) = tallies.get_mut(place) {
            tally.carried = *carried;
            tally.total = tally.total.saturating_add(*carried);
        }
    }
    Counted { tallies, heads, void, counters, links }
}

/// How a measure is taken back as not reported.
pub(super) struct Void {
    /// A field that says what was seen.
    pub field: (String, Scalar),
    /// How much one's own counter is lowered.
    pub by: i64,
    /// Of every counter that was seen.
    pub links: BTreeSet<String>,
}

impl Counted {
    /// How `id` takes a measure back as far as the person had `seen` its number, and of each device as much as `counts` says;
    /// what was counted beyond stays. `None`: nobody reported any.
    pub fn void(&self, measure: &str, id: IntentId, seen: i64, counts: Option<&Counts>) -> Option<Void> {
        let tally = self.tallies.iter().find(|tally| tally.measure == measure)?;
        self.taken_back(tally, id, seen, counts)
    }

    fn taken_back(&self, tally: &TallyView, id: IntentId, seen: i64, counts: Option<&Counts>) -> Option<Void> {
        let measure = tally.measure.as_str();
        let beyond = |device: &DeviceId, count: i64| match counts {
            Some(counts) => count.saturating_sub(counts.get(device).copied().unwrap_or(0)).max(0),
            // an older page tells the number alone: whoever counted most keeps what is beyond
            None => {
                let most = tally.by_device.iter().max_by_key(|(_, count)| **count).map(|(most, _)| most);
                let beyond = tally.total.saturating_sub(seen).clamp(0, tally.counted().max(0));
                if most == Some(device) { beyond } else { 0 }
            }
        };
        let beyond: Counts = tally.by_device.iter().map(|(device, count)| (*device, beyond(device, *count))).collect();
        let gross = self.counters.get(measure).map(|counted| counted.gross.clone()).unwrap_or_default();
        let mut taken = TakenBack { measure: measure.to_owned(), took: 0, seen: Counts::new(), carried: tally.carried };
        for (device, count) in gross {
            taken.seen.insert(device, count.saturating_sub(beyond.get(&device).copied().unwrap_or(0)));
        }
        taken.took = beyond.values().fold(tally.total, |left, beyond| left.saturating_sub(*beyond));
        taken.seen.retain(|_, seen| *seen != 0);
        let text = serde_json::to_string(&taken).ok()?;
        let devices = tally.by_device.keys().copied().chain([id.device]);
        Some(Void {
            field: (format!("{VOIDED}{id}"), Scalar::Text(text)),
            by: taken.took.saturating_neg(),
            links: devices.map(|device| void_link(measure, device)).collect(),
        })
    }

    /// What must be taken back for good before a measure is counted that is void: tablets of before left less than nothing.
    pub fn rest_of_void(&self, measure: &str, id: IntentId) -> Option<Void> {
        let is_left = |tally: &&TallyView| tally.measure == measure && tally.total != 0;
        let tally = self.void.iter().find(is_left)?;
        self.taken_back(tally, id, tally.total, Some(&tally.by_device))
    }

    /// The links that say that somebody took a measure back.
    pub fn void_links(&self, measure: &str) -> impl Iterator<Item = &String> {
        let begins = format!("{VOID}{measure}@");
        self.links.iter().filter(move |link| link.starts_with(&begins))
    }
}
