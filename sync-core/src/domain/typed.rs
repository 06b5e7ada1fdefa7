//! Numbers that were typed whole. Who types one says what each device had counted by then (`typed.<measure>@<device>`), so
//! that two who type the same number apart, which then counts twice, are told.
//!
//! Invariant: a sign changes no number. It goes when somebody who sees both types the number again.
//! Source: SPEC DOM-15.

use std::collections::{BTreeMap, BTreeSet};

use super::tally::{Counts, TallyView};
use crate::document::{Document, Scalar, read_tally_key, tally_key};
use crate::ids::DeviceId;

const PREFIX: &str = "typed.";
/// Devices of which it is compared what they typed; no group of people has more.
const DEVICES: usize = 64;

/// Whether a field only says what somebody saw who typed a number; people do not see it as a field.
pub(super) fn is_typed(field: &str) -> bool {
    field.starts_with(PREFIX)
}

/// The field of a device that types a number, by which its own count changes by so many.
pub(super) fn field(measure: &str, before: Option<&TallyView>, own: DeviceId, by: i64) -> (String, Scalar) {
    let mut counts = before.map(|tally| tally.by_device.clone()).unwrap_or_default();
    let count = counts.entry(own).or_default();
    *count = count.saturating_add(by);
    let text = serde_json::to_string(&counts).unwrap_or_default();
    (format!("{PREFIX}{}", tally_key(measure, own)), Scalar::Text(text))
}

/// The measures whose number was typed by several who had not seen each other's.
pub(super) fn apart(document: &Document, tallies: &[TallyView]) -> BTreeSet<String> {
    let mut typed: BTreeMap<String, BTreeMap<DeviceId, Counts>> = BTreeMap::new();
    for (name, value, writer) in document.written_fields(PREFIX) {
        let key = name.strip_prefix(PREFIX).and_then(read_tally_key).filter(|(_, device)| *device == writer);
        let (Some((measure, device)), Scalar::Text(text)) = (key, value) else { continue };
        if let Ok(counts) = serde_json::from_str::<Counts>(&text) {
            typed.entry(measure.to_owned()).or_default().insert(device, counts);
        }
    }
    typed.retain(|measure, by| tallies.iter().any(|tally| tally.measure == *measure) && is_apart(by));
    typed.into_keys().collect()
}

fn is_apart(typed: &BTreeMap<DeviceId, Counts>) -> bool {
    let typed: Vec<(&DeviceId, &Counts)> = typed.iter().take(DEVICES).collect();
    let count = |counts: &Counts, device: &DeviceId| counts.get(device).copied().unwrap_or(0);
    let saw = |one: &Counts, (device, other): (&DeviceId, &Counts)| count(one, device) >= count(other, device);
    let pairs =
        typed.iter().enumerate().flat_map(|(place, one)| typed.iter().skip(place + 1).map(move |other| (one, other)));
    let are_apart = |(one, other): (&(&DeviceId, &Counts), &(&DeviceId, &Counts))| {
        let neither = !saw(one.1, *other) && !saw(other.1, *one);
        neither && !typed.iter().any(|(_, later)| saw(later, *one) && saw(later, *other))
    };
    pairs.into_iter().any(are_apart)
}
