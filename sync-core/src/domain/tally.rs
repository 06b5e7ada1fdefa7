//! What was counted in a document, by measure: the counters of all devices, what was carried over from another way of
//! counting heads (`carried/<way>/<number>`), and what was taken back as not reported (`void/<measure>@<device>`).
//!
//! Invariants: devices that carry over the same heads apart carry them once; a measure all of whose counters are void
//! has no value as long as they come to nothing.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::document::{Document, tally_key};
use crate::ids::DeviceId;

/// Largest number that is carried over.
const CARRIED_MOST: i64 = 1_000_000;

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

/// A way of counting heads. Heads only are heads of unknown age.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// By age band.
    Band,
    /// By audience.
    Audience,
}

impl Way {
    /// Both.
    pub const ALL: [Way; 2] = [Self::Band, Self::Audience];

    const fn word(self) -> &'static str {
        match self {
            Self::Band => "band",
            Self::Audience => "audience",
        }
    }

    /// What its measures begin with.
    const fn prefix(self) -> &'static str {
        match self {
            Self::Band => "attendance.band.",
            Self::Audience => "attendance.audience.",
        }
    }

    /// Heads of which nothing more is known.
    const fn unknown(self) -> &'static str {
        match self {
            Self::Band => "attendance.band.unknown",
            Self::Audience => "attendance.audience.unknown",
        }
    }

    /// How many heads were carried over to it.
    fn taken(self, tallies: &[TallyView]) -> i64 {
        tallies.iter().find(|tally| tally.measure == self.unknown()).map_or(0, |tally| tally.carried)
    }

    /// Reads a link that carries heads over to a way.
    pub(super) fn carried(link: &str) -> Option<(Self, i64)> {
        let (word, number) = link.strip_prefix("carried/")?.split_once('/')?;
        let way = Self::ALL.into_iter().find(|way| way.word() == word)?;
        let carried: i64 = number.parse().ok()?;
        ((1..=CARRIED_MOST).contains(&carried) && carried.to_string() == number).then_some((way, carried))
    }
}

/// Heads by each way of counting them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heads {
    /// By age band; `None`: nobody counted so.
    pub bands: Option<i64>,
    /// By audience; `None`: nobody counted so.
    pub audiences: Option<i64>,
}

impl Heads {
    /// Of the measures of a record.
    pub fn of(tallies: &[TallyView]) -> Self {
        Self { bands: sum(tallies, Way::Band.prefix()), audiences: sum(tallies, Way::Audience.prefix()) }
    }

    /// Attendance: the greater of both; `None` when nobody reported any.
    pub fn attendance(self) -> Option<i64> {
        self.bands.max(self.audiences)
    }

    /// Whether both were counted and come to different numbers, though nobody switched: who does carries over all that was
    /// counted, and goes on in one way alone.
    pub fn differ(self, tallies: &[TallyView]) -> bool {
        let Some((bands, audiences)) = self.bands.zip(self.audiences) else { return false };
        let (greater, lesser, least) =
            if bands > audiences { (Way::Band, Way::Audience, audiences) } else { (Way::Audience, Way::Band, bands) };
        bands != audiences && greater.taken(tallies) < least.saturating_sub(lesser.taken(tallies))
    }

    /// For each way that lags behind, the link that carries the missing heads over to it, as unknown.
    pub fn carry(self, tallies: &[TallyView]) -> BTreeMap<Way, String> {
        let link = |way: Way| {
            let (own, other) = match way {
                Way::Band => (self.bands, self.audiences),
                Way::Audience => (self.audiences, self.bands),
            };
            let missing = other.unwrap_or(0).saturating_sub(own.unwrap_or(0));
            let carried = way.taken(tallies).saturating_add(missing);
            (missing > 0 && carried <= CARRIED_MOST).then(|| (way, format!("carried/{}/{carried}", way.word())))
        };
        Way::ALL.into_iter().filter_map(link).collect()
    }
}

/// The sum over all reported measures that begin with `prefix`; `None` when none was.
pub(super) fn sum(tallies: &[TallyView], prefix: &str) -> Option<i64> {
    let mut of_prefix = tallies.iter().filter(|tally| tally.measure.starts_with(prefix)).peekable();
    of_prefix.peek()?;
    Some(of_prefix.fold(0, |sum, tally| sum.saturating_add(tally.total)))
}

/// The link that takes a device's count of a measure back as not reported. It goes with the device's next count.
pub(super) fn void_link(measure: &str, device: DeviceId) -> String {
    format!("void/{}", tally_key(measure, device))
}

/// Every measure that was reported, by name.
pub(super) fn read(document: &Document, links: &[String]) -> Vec<TallyView> {
    let mut by_measure: BTreeMap<String, BTreeMap<DeviceId, i64>> = BTreeMap::new();
    for (measure, device, count) in document.tallies() {
        by_measure.entry(measure).or_default().insert(device, count);
    }

    // whoever carried more over saw all that whoever carried less saw, or as many others
    let mut carried: BTreeMap<&str, i64> = BTreeMap::new();
    for (way, number) in links.iter().filter_map(|link| Way::carried(link)) {
        by_measure.entry(way.unknown().to_owned()).or_default();
        let most = carried.entry(way.unknown()).or_default();
        *most = number.max(*most);
    }

    let tally = |(measure, by_device): (String, BTreeMap<DeviceId, i64>)| {
        let carried = carried.get(measure.as_str()).copied().unwrap_or(0);
        let total = by_device.values().fold(carried, |sum, count| sum.saturating_add(*count));
        TallyView { measure, total, by_device, carried }
    };
    let is_void = |tally: &TallyView| {
        let is_void = |device: &DeviceId| links.contains(&void_link(&tally.measure, *device));
        tally.total == 0 && !tally.by_device.is_empty() && tally.by_device.keys().all(is_void)
    };
    by_measure.into_iter().map(tally).filter(|tally| !is_void(tally)).collect()
}
