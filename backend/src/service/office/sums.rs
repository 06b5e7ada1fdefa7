//! Sums that more than one dashboard needs.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use sync_core::figures::Figure as Counted;
use sync_core::ids::DocumentId;
use utoipa::ToSchema;

use super::figure::{Figure, GroupCounts, Groups, Link};
use super::{Desk, Named};
use crate::store::StoreError;
use crate::store::office::{NOT_REPORTED, RecordFilter};
use crate::store::types::{RollupKey, RollupValue};

/// What the figures of dispatches begin with.
pub const DISPATCH: &str = "dispatch";

/// Cancelled dispatches by reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReasonFigure {
    /// Stable name; null: not reported.
    pub reason: Option<String>,
    /// How many.
    pub count: Figure,
}

/// A lecturer's dispatches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct LecturerFigures {
    /// The lecturer.
    pub lecturer: Named,
    /// Dispatches the lecturer is named for.
    pub dispatches: Groups,
}

/// Dispatches by several lecturers of whom the source does not say who held which.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AmongFigures {
    /// The lecturers.
    pub lecturers: Vec<Named>,
    /// Their dispatches together; each is counted once.
    pub dispatches: Groups,
}

/// Dispatches by lecturer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ByLecturer {
    /// Each lecturer's own.
    pub named: Vec<LecturerFigures>,
    /// Those reported for several lecturers together.
    pub among: Vec<AmongFigures>,
    /// Those without any lecturer reported.
    pub unnamed: Groups,
}

/// Roll-up figures of a year.
pub type Figures = [(RollupKey, RollupValue)];

/// Records by group, kept apart by a part of the key, of the figures `begins.GROUP`.
pub fn counts_by<'a>(
    figures: &'a Figures,
    begins: &str,
    part: impl Fn(&'a RollupKey) -> &'a str,
) -> BTreeMap<&'a str, GroupCounts> {
    let mut counts: BTreeMap<&str, GroupCounts> = BTreeMap::new();
    for (key, value) in figures {
        let group = key.measure.strip_prefix(begins).and_then(|rest| rest.strip_prefix('.'));
        if let Some(group) = group.filter(|rest| !rest.contains('.')) {
            counts.entry(part(key)).or_default().add(group, value.total);
        }
    }
    counts.retain(|_, counts| counts.all() > 0);
    counts
}

/// Dispatches by group.
pub fn dispatches(figures: &Figures) -> GroupCounts {
    counts_by(figures, DISPATCH, |_| "").remove("").unwrap_or_default()
}

/// Cancelled dispatches by reason, most frequent first.
pub fn reasons(figures: &Figures, link: &Link) -> Vec<ReasonFigure> {
    let mut counts: BTreeMap<Option<String>, i64> = BTreeMap::new();
    for (key, value) in figures {
        if let Some(reason) = key.measure.strip_prefix("dispatch.cancelled.") {
            let reason = (reason != NOT_REPORTED).then(|| reason.to_owned());
            *counts.entry(reason).or_default() += value.total;
        }
    }
    reason_figures(counts, link)
}

/// One measure summed up.
pub fn total(figures: &Figures, measure: &str) -> RollupValue {
    let mut sum = RollupValue::default();
    figures.iter().filter(|(key, _)| key.measure == measure).for_each(|(_, value)| sum.merge(value));
    sum
}

/// Consultations of any way.
pub fn consultations(figures: &Figures, link: &Link) -> Figure {
    let sum = total(figures, &Counted::Consultations.to_string());
    Figure::of(sum, &link.with("measure", "consultation"))
}

/// A material for whatever eligibility.
pub fn material(figures: &Figures, material: &str, link: &Link) -> Figure {
    let sum = total(figures, &Counted::Material(material.to_owned()).to_string());
    Figure::of(sum, &link.with("measure", &format!("material.{material}")))
}

/// The id of attendance.
pub fn attendance_id() -> String {
    Counted::Attendance.to_string()
}

/// Heads at what was held; a gathering without a head count is one that is not reported.
pub fn attendance(figures: &Figures, link: &Link) -> Figure {
    Figure::of(total(figures, &attendance_id()), &link.with("measure", &attendance_id()))
}

fn reason_figures(counts: BTreeMap<Option<String>, i64>, link: &Link) -> Vec<ReasonFigure> {
    let link = link.with("group", "cancelled");
    let mut figures: Vec<ReasonFigure> = counts
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(reason, count)| {
            let link = link.with("reason", reason.as_deref().unwrap_or(NOT_REPORTED));
            ReasonFigure { reason, count: Figure::count(count, &link) }
        })
        .collect();
    figures.sort_by_key(|figure| -figure.count.reported);
    figures
}

/// Counts of dispatches by lecturer, before they get their links. A record "among" several counts once for all of them
/// together and for none alone.
#[derive(Debug, Default)]
pub struct LecturerCounts {
    named: BTreeMap<String, GroupCounts>,
    among: BTreeMap<Vec<String>, GroupCounts>,
    unnamed: GroupCounts,
}

impl LecturerCounts {
    /// Of the records a filter means.
    pub async fn of_records(desk: &Desk<'_>, filter: &RecordFilter) -> Result<Self, StoreError> {
        let mut counts = Self::default();
        for sum in desk.app.store.sum_lecturers(desk.tenant, filter).await? {
            let of_lecturer = match sum.lecturer {
                Some(lecturer) => counts.named.entry(lecturer).or_default(),
                None => &mut counts.unnamed,
            };
            of_lecturer.add(&sum.group, sum.count);
        }
        let mut sets: BTreeMap<DocumentId, (String, BTreeSet<String>)> = BTreeMap::new();
        for (group, row) in desk.app.store.list_among(desk.tenant, filter).await? {
            sets.entry(row.document).or_insert_with(|| (group, BTreeSet::new())).1.insert(row.lecturer);
        }
        for (group, lecturers) in sets.into_values() {
            counts.among.entry(lecturers.into_iter().collect()).or_default().add(&group, 1);
        }
        Ok(counts)
    }

    /// Of the roll-ups `dispatch.by.…` and `dispatch.among.…`.
    pub fn of_figures(figures: &[(RollupKey, RollupValue)]) -> Self {
        let mut counts = Self::default();
        for (key, value) in figures {
            let Some((who, group)) = key.measure.strip_prefix("dispatch.").and_then(|rest| rest.rsplit_once('.'))
            else {
                continue;
            };
            let of_lecturers = match who.split_once('.') {
                Some(("by", NOT_REPORTED)) => &mut counts.unnamed,
                Some(("by", lecturer)) => counts.named.entry(lecturer.to_owned()).or_default(),
                Some(("among", lecturers)) => {
                    let lecturers = lecturers.split('+').map(str::to_owned).collect();
                    counts.among.entry(lecturers).or_default()
                }
                _ => continue,
            };
            of_lecturers.add(group, value.total);
        }
        counts.named.retain(|_, counts| counts.all() > 0);
        counts.among.retain(|_, counts| counts.all() > 0);
        counts
    }

    /// With names and links, most held first.
    pub fn linked(self, desk: &Desk<'_>, link: &Link) -> ByLecturer {
        let mut named: Vec<(String, GroupCounts)> = self.named.into_iter().collect();
        named.sort_by_key(|(_, counts)| (-counts.held(), -counts.all()));
        let of_lecturer = |(id, counts): (String, GroupCounts)| LecturerFigures {
            lecturer: desk.lecturer(&id),
            dispatches: counts.linked(&link.with("lecturer", &id)),
        };
        let of_several = |(ids, counts): (Vec<String>, GroupCounts)| AmongFigures {
            dispatches: counts.linked(&link.with("among", &ids.join(" "))),
            lecturers: ids.iter().map(|id| desk.lecturer(id)).collect(),
        };
        ByLecturer {
            named: named.into_iter().map(of_lecturer).collect(),
            among: self.among.into_iter().map(of_several).collect(),
            unnamed: self.unnamed.linked(&link.with("lecturer", NOT_REPORTED)),
        }
    }
}
