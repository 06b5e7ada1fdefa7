//! Heads by each way of counting them, and what somebody who switches from one way to the other takes along.
//!
//! A switch is the field `switched.<mark>`: what the record came to, whose heads made that up, and the switches it follows.
//! Heads counted since add to that number, in either way. Of switches made apart, one whose sight holds all that another
//! saw stands for both; the rest are put together. What nobody has seen together is flagged.
//! Heads that were seen and are taken away later, in either way, or taken back as not reported, are taken off that number.
//! What the other way still has of them is flagged, and nothing is carried over by itself until a person switches.
//! Invariants: a switch changes no total when it is made; where switches made apart meet, the total is no less than each of
//! those that stand made of it, but for heads taken away since.
//! Source: SPEC DOM-2, DOM-13.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::measure::Measure;
use super::tally::TallyView;
use crate::document::{Document, Scalar};
use crate::ids::DeviceId;

/// Largest number that is carried over, and largest count of one device that a switch tells.
const HEADS_MOST: i64 = 1_000_000;
/// Switches made apart of which a number is reckoned, those of the widest sight; no group of people makes more.
const STANDING_MOST: usize = 64;
const PREFIX: &str = "switched.";

/// A way of counting heads. Heads only are heads of unknown age.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
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

    /// Its name.
    pub const fn as_str(self) -> &'static str {
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
    pub(super) const fn unknown(self) -> Measure {
        match self {
            Self::Band => Measure::Band("unknown"),
            Self::Audience => Measure::Audience("unknown"),
        }
    }

    /// The way that a measure counts heads by.
    pub(super) const fn of(measure: &Measure) -> Option<Self> {
        match measure {
            Measure::Band(_) => Some(Self::Band),
            Measure::Audience(_) => Some(Self::Audience),
            _ => None,
        }
    }

    /// Reads a link `carried/<way>/<number>`, by which heads are carried over in documents from before switches were fields.
    pub(super) fn carried(link: &str) -> Option<(Self, i64)> {
        let (word, number) = link.strip_prefix("carried/")?.split_once('/')?;
        let way = Self::ALL.into_iter().find(|way| way.as_str() == word)?;
        let carried: i64 = number.parse().ok()?;
        ((1..=HEADS_MOST).contains(&carried) && carried.to_string() == number).then_some((way, carried))
    }
}

/// How many heads each device has counted, by way.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Sight {
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    band: BTreeMap<DeviceId, i64>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    audience: BTreeMap<DeviceId, i64>,
}

impl Sight {
    fn of<'a>(tallies: impl Iterator<Item = &'a TallyView>) -> Self {
        let mut sight = Self::default();
        for tally in tallies {
            let Some(way) = Way::ALL.into_iter().find(|way| tally.measure.starts_with(way.prefix())) else { continue };
            for (device, count) in &tally.by_device {
                let sum = sight.by_mut(way).entry(*device).or_default();
                *sum = sum.saturating_add(*count);
            }
        }
        sight
    }

    const fn by(&self, way: Way) -> &BTreeMap<DeviceId, i64> {
        match way {
            Way::Band => &self.band,
            Way::Audience => &self.audience,
        }
    }

    const fn by_mut(&mut self, way: Way) -> &mut BTreeMap<DeviceId, i64> {
        match way {
            Way::Band => &mut self.band,
            Way::Audience => &mut self.audience,
        }
    }

    fn sum(&self, way: Way) -> i64 {
        self.by(way).values().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// Heads of this that the other lacks.
    fn beyond(&self, other: &Self, way: Way) -> i64 {
        let lacking = |(device, count): (&DeviceId, &i64)| {
            count.saturating_sub(other.by(way).get(device).copied().unwrap_or(0)).max(0)
        };
        self.by(way).iter().map(lacking).fold(0, i64::saturating_add)
    }

    /// Heads of this that are gone, when there are now so many.
    fn taken_away(&self, now: &Self, way: Way) -> i64 {
        let devices: BTreeSet<&DeviceId> = self.by(way).keys().chain(now.by(way).keys()).collect();
        let count = |sight: &Self, device| sight.by(way).get(device).copied().unwrap_or(0);
        let gone = |device| count(self, device).saturating_sub(count(now, device)).max(0);
        devices.into_iter().map(gone).fold(0, i64::saturating_add)
    }

    fn holds(&self, other: &Self) -> bool {
        Way::ALL.into_iter().all(|way| other.beyond(self, way) == 0)
    }

    fn join(&mut self, other: &Self) {
        for way in Way::ALL {
            for (device, count) in other.by(way) {
                let most = self.by_mut(way).entry(*device).or_insert(*count);
                *most = (*most).max(*count);
            }
        }
    }
}

/// A switch as it stands in a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Switch {
    /// The way that heads are counted by from then on.
    pub to: Way,
    /// How many heads were carried over to it.
    pub carried: i64,
    /// What the record came to.
    heads: i64,
    /// Who switched.
    by: DeviceId,
    /// Marks of the switches it follows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    after: Vec<String>,
    #[serde(flatten)]
    sight: Sight,
}

impl Switch {
    /// Reads a field; `None` when it is no switch, or says what no tablet would.
    pub fn read(field: &str, value: &Scalar) -> Option<Self> {
        let Scalar::Text(text) = value else { return None };
        field.strip_prefix(PREFIX).filter(|mark| is_name(mark))?;
        let switch: Self = serde_json::from_str(text).ok()?;
        let counts = || Way::ALL.into_iter().flat_map(|way| switch.sight.by(way).values());
        let is_plausible = (0..=HEADS_MOST).contains(&switch.heads)
            && (-HEADS_MOST..=HEADS_MOST).contains(&switch.carried)
            && counts().all(|count| (-HEADS_MOST..=HEADS_MOST).contains(count));
        is_plausible.then_some(switch)
    }

    /// What the record comes to by this switch alone, as seen by others.
    fn heads_at(&self, sight: &Sight) -> i64 {
        let more = Way::ALL.into_iter().map(|way| sight.sum(way).saturating_sub(self.sight.sum(way)));
        self.heads.saturating_add(more.max().unwrap_or(0))
    }
}

/// Whether a field only says that somebody switched; people do not see it as a field.
pub(super) fn is_switch(field: &str) -> bool {
    field.starts_with(PREFIX)
}

/// Whether this can be the mark of a switch.
pub(super) fn is_name(mark: &str) -> bool {
    let fits = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'z' | b'-' | b'.');
    (1..=64).contains(&mark.len()) && mark.bytes().all(fits)
}

/// The field of a switch.
pub(super) fn field(mark: &str) -> String {
    format!("{PREFIX}{mark}")
}

/// Whether anybody switched.
pub(super) fn has_switches(document: &Document) -> bool {
    !document.fields_of(PREFIX).is_empty()
}

/// The switches that stand: those that no other follows and whose sight none of the others holds.
fn standing(document: &Document) -> Vec<(String, Switch)> {
    let read = |(name, value): (String, Scalar)| {
        let switch = Switch::read(&name, &value)?;
        Some((name.strip_prefix(PREFIX)?.to_owned(), switch))
    };
    let values = document.fields_of(PREFIX).into_iter();
    let mut tips: Vec<(String, Switch)> = values.filter_map(read).collect();
    let followed: BTreeSet<String> = tips.iter().flat_map(|(_, switch)| switch.after.clone()).collect();
    tips.retain(|(mark, _)| !followed.contains(mark));

    // the widest sights first, so that what one of them holds is found by looking back
    let width = |switch: &Switch| Way::ALL.into_iter().map(|way| switch.sight.sum(way)).fold(0, i64::saturating_add);
    tips.sort_by(|(a, one), (b, other)| (width(other), other.heads, a).cmp(&(width(one), one.heads, b)));
    let mut standing: Vec<(String, Switch)> = Vec::new();
    for (mark, switch) in tips.into_iter().take(STANDING_MOST) {
        if !standing.iter().any(|(_, wider)| wider.sight.holds(&switch.sight)) {
            standing.push((mark, switch));
        }
    }
    standing
}

/// Heads of a record by each way of counting them.
#[derive(Clone, Debug, Default)]
pub struct Heads {
    /// By age band; `None`: nobody counted so.
    pub bands: Option<i64>,
    /// By audience; `None`: nobody counted so.
    pub audiences: Option<i64>,
    /// By way: heads carried over to it, part of its sum.
    carried: BTreeMap<Way, i64>,
    /// Nobody has seen together what was counted by both ways.
    unsettled: bool,
    /// Of the heads that somebody saw who switched, one way lacks some that the other still has.
    corrected: bool,
    /// With what was taken back as not reported.
    sight: Sight,
    standing: Vec<(String, Switch)>,
}

impl Heads {
    /// Of the measures counted in a document; nothing is carried over to one that was taken back as not reported.
    pub(super) fn of(document: &Document, links: &[String], tallies: &[TallyView], void: &[TallyView]) -> Self {
        let counted = Sight::of(tallies.iter());
        let sight = Sight::of(tallies.iter().chain(void));
        let standing = standing(document);
        let mut seen = Sight::default();
        for (_, switch) in &standing {
            seen.join(&switch.sight);
        }
        let taken_away = |way| seen.taken_away(&sight, way);
        let kept = |way| seen.sum(way).saturating_sub(taken_away(way));
        let most_taken = Way::ALL.into_iter().map(taken_away).max().unwrap_or(0);
        let level = standing.iter().map(|(_, switch)| switch.heads_at(&seen).saturating_sub(most_taken)).max();

        let mut carried: BTreeMap<Way, i64> = BTreeMap::new();
        let by_switch = |way| Some((way, level?.saturating_sub(kept(way)))).filter(|(_, number)| *number > 0);
        let by_link = links.iter().filter_map(|link| Way::carried(link));
        for (way, number) in Way::ALL.into_iter().filter_map(by_switch).chain(by_link) {
            let most = carried.entry(way).or_default();
            *most = number.max(*most);
        }
        carried.retain(|way, _| void.iter().all(|tally| tally.measure != way.unknown().to_string()));

        let in_both = |heads: &dyn Fn(Way) -> i64| Way::ALL.into_iter().all(|way| heads(way) > 0);
        let unsettled = (!standing.is_empty() && in_both(&|way| sight.beyond(&seen, way)))
            || (standing.len() > 1 && in_both(&|way| seen.sum(way)));
        let corrected = Way::ALL.into_iter().any(|way| level.is_some_and(|level| kept(way) > level));
        let sum = |way: Way| {
            let is_counted = tallies.iter().any(|tally| tally.measure.starts_with(way.prefix()));
            let carried = carried.get(&way).copied();
            (is_counted || carried.is_some()).then(|| counted.sum(way).saturating_add(carried.unwrap_or(0)))
        };
        Self { bands: sum(Way::Band), audiences: sum(Way::Audience), carried, unsettled, corrected, sight, standing }
    }

    /// Attendance: the greater of both; `None` when nobody reported any.
    pub fn attendance(&self) -> Option<i64> {
        self.bands.max(self.audiences)
    }

    /// Whether both were counted and do not come to the same for certain: to different numbers, though nobody switched who
    /// would have carried over what was counted in the lesser way, or to equal ones of heads counted apart.
    pub fn differ(&self) -> bool {
        let Some((bands, audiences)) = self.bands.zip(self.audiences) else { return false };
        let (greater, lesser, least) =
            if bands > audiences { (Way::Band, Way::Audience, audiences) } else { (Way::Audience, Way::Band, bands) };
        let carried = |way: Way| self.carried.get(&way).copied().unwrap_or(0);
        let left = least.saturating_sub(carried(lesser)).saturating_sub(carried(greater));
        let unexplained = if self.standing.is_empty() { left > 0 } else { self.corrected };
        self.unsettled || (bands != audiences && unexplained)
    }

    /// What was carried over, by way.
    pub(super) const fn carried(&self) -> &BTreeMap<Way, i64> {
        &self.carried
    }

    /// How many heads a way lacks.
    fn missing(&self, way: Way) -> i64 {
        let own = match way {
            Way::Band => self.bands,
            Way::Audience => self.audiences,
        };
        self.attendance().unwrap_or(0).saturating_sub(own.unwrap_or(0))
    }

    /// The switch to a way; `None` when somebody has switched since the last head was counted and the way lacks none.
    pub(super) fn switch(&self, to: Way, by: DeviceId) -> Option<Switch> {
        let (heads, missing) = (self.attendance().unwrap_or(0), self.missing(to));
        let is_said = |(_, switch): &(String, Switch)| switch.heads == heads && switch.sight == self.sight;
        let nothing_new = missing <= 0 && self.standing.len() == 1 && self.standing.iter().all(is_said);
        if nothing_new || !(0..=HEADS_MOST).contains(&heads) {
            return None;
        }
        let after = self.standing.iter().map(|(mark, _)| mark.clone()).collect();
        Some(Switch { to, carried: missing, heads, by, after, sight: self.sight.clone() })
    }

    /// The switch that goes with a head counted on a device that has switched, by a way that lacks heads; `None` also when
    /// something is to be settled, which a person does.
    pub(super) fn switch_with_count(&self, to: Way, by: DeviceId) -> Option<Switch> {
        let has_switched = self.standing.iter().any(|(_, switch)| switch.by == by);
        if has_switched && !self.unsettled && !self.corrected && self.missing(to) > 0 {
            self.switch(to, by)
        } else {
            None
        }
    }
}
