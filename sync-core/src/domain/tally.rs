//! What was counted in a document, by measure: the counters of all devices, what was carried over from another way of
//! counting heads, and what was taken back as not reported (`void/<measure>@<device>`, and
//! `voided/<measure>@<device>/<number>` for how much of the counter that is).
//!
//! Invariants: what two people take back apart is taken back once; a measure all of whose counters are void has no value,
//! unless more was counted than who took it back had seen.
//! Source: SPEC DOC-13.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::heads::Heads;
use crate::document::{Document, read_tally_key, tally_key};
use crate::ids::DeviceId;

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
const VOIDED: &str = "voided/";

/// The link that takes a device's count of a measure back as not reported. It goes with the device's next count.
pub(super) fn void_link(measure: &str, device: DeviceId) -> String {
    format!("{VOID}{}", tally_key(measure, device))
}

/// Whether a link only says how much of a counter was taken back; people do not see it.
pub fn is_voided(link: &str) -> bool {
    link.starts_with(VOIDED)
}

/// The link that says how much of a counter was taken back.
fn voided_link(measure: &str, device: DeviceId, number: i64) -> String {
    format!("{VOIDED}{}/{number}", tally_key(measure, device))
}

fn read_voided(link: &str) -> Option<(&str, DeviceId, i64)> {
    let (key, number) = link.strip_prefix(VOIDED)?.rsplit_once('/')?;
    let (measure, device) = read_tally_key(key)?;
    Some((measure, device, number.parse().ok()?))
}

/// Whether anybody took a measure back as not reported.
pub(super) fn was_taken_back(document: &Document, measure: &str) -> bool {
    let is_of = |link: &String| {
        link.strip_prefix(VOID).and_then(read_tally_key).is_some_and(|(of, _)| of == measure)
            || read_voided(link).is_some_and(|(of, ..)| of == measure)
    };
    document.links().iter().any(is_of)
}

/// What stands in a document.
pub(super) struct Counted {
    /// Every measure that was reported, by name.
    pub tallies: Vec<TallyView>,
    /// Of these, the heads.
    pub heads: Heads,
    /// The measures that were taken back as not reported, with no counts but those.
    void: Vec<TallyView>,
    links: Vec<String>,
}

/// Reads what was counted.
pub(super) fn read(document: &Document) -> Counted {
    let links = document.links();
    let mut voided: BTreeMap<(&str, DeviceId), i64> = BTreeMap::new();
    for (measure, device, number) in links.iter().filter_map(|link| read_voided(link)) {
        let most = voided.entry((measure, device)).or_insert(number);
        *most = number.max(*most);
    }

    let mut by_measure: BTreeMap<String, BTreeMap<DeviceId, i64>> = BTreeMap::new();
    for (measure, device, count) in document.tallies() {
        let count = count.saturating_sub(voided.get(&(measure.as_str(), device)).copied().unwrap_or(0));
        by_measure.entry(measure).or_default().insert(device, count);
    }
    let tally = |(measure, by_device)| {
        let tally = TallyView { measure, total: 0, by_device, carried: 0 };
        TallyView { total: tally.counted(), ..tally }
    };
    let is_void = |tally: &TallyView| {
        let is_void = |device: &DeviceId| links.binary_search(&void_link(&tally.measure, *device)).is_ok();
        tally.total <= 0 && tally.by_device.keys().all(is_void)
    };
    let (void, mut tallies): (Vec<TallyView>, Vec<TallyView>) = by_measure.into_iter().map(tally).partition(is_void);

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
    Counted { tallies, heads, void, links }
}

/// Links to be put and to be taken away.
#[derive(Default)]
pub(super) struct Relink {
    pub put: BTreeSet<String>,
    pub gone: BTreeSet<String>,
}

impl Counted {
    /// The links by which a measure is taken back as not reported, as far as the person had `seen` it, and whether that is
    /// the first anyone says of it. What was counted beyond stays.
    pub fn void(&self, document: &Document, measure: &str, own: DeviceId, seen: i64) -> (Relink, bool) {
        let Some(tally) = self.tallies.iter().find(|tally| tally.measure == measure) else {
            return (Relink::default(), false);
        };
        let beyond = tally.total.saturating_sub(seen).clamp(0, tally.counted().max(0));
        let mut relink = self.take_back(document, measure, beyond);
        let is_first = tally.by_device.is_empty();
        relink.put.extend(is_first.then(|| void_link(measure, own)));
        let devices = tally.by_device.keys();
        relink.put.extend(devices.map(|device| void_link(measure, *device)));
        (relink, is_first)
    }

    /// The links that go, and those that come, before a device counts a measure: what is void stays taken away for good.
    pub fn count(&self, document: &Document, measure: &str, own: DeviceId) -> Relink {
        let is_void = self.void.iter().any(|tally| tally.measure == measure);
        let mut relink = if is_void { self.take_back(document, measure, 0) } else { Relink::default() };
        relink.gone.insert(void_link(measure, own));
        relink
    }

    /// The links that say that somebody took a measure back.
    pub fn void_links(&self, measure: &str) -> impl Iterator<Item = &String> {
        let begins = format!("{VOID}{measure}@");
        self.links.iter().filter(move |link| link.starts_with(&begins))
    }

    /// Everything counted of a measure is taken away but `beyond`, which whoever counted most keeps.
    fn take_back(&self, document: &Document, measure: &str, beyond: i64) -> Relink {
        let counted: Vec<(DeviceId, i64)> = document
            .tallies()
            .into_iter()
            .filter(|(of, ..)| of == measure)
            .map(|(_, device, count)| (device, count))
            .collect();
        let most = counted.iter().max_by_key(|(_, count)| *count).map(|(device, _)| *device);
        let mut relink = Relink::default();
        for (device, count) in counted {
            let number = if most == Some(device) { count.saturating_sub(beyond) } else { count };
            if number != 0 {
                relink.put.insert(voided_link(measure, device, number));
            }
        }
        let before = self.links.iter().filter(|link| read_voided(link).is_some_and(|(of, ..)| of == measure));
        relink.gone.extend(before.filter(|link| !relink.put.contains(*link)).cloned());
        relink
    }
}
