//! Sums over records that more than one dashboard needs.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use sync_core::ids::DocumentId;
use utoipa::ToSchema;

use super::figure::{Figure, GroupCounts, Groups, Link, group_of};
use super::{Desk, Named};
use crate::store::office::{LecturerRow, NOT_REPORTED, RecordRow, TallyRow};

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

/// Counts records by group.
pub fn groups<'a>(rows: impl IntoIterator<Item = &'a RecordRow>) -> GroupCounts {
    let mut counts = GroupCounts::default();
    for row in rows {
        counts.add(group_of(&row.state), 1);
    }
    counts
}

/// Cancelled records by reason, most frequent first.
pub fn reasons<'a>(rows: impl IntoIterator<Item = &'a RecordRow>, link: &Link) -> Vec<ReasonFigure> {
    let mut counts: BTreeMap<Option<String>, i64> = BTreeMap::new();
    for row in rows.into_iter().filter(|row| row.state == "cancelled") {
        *counts.entry(row.reason.clone()).or_default() += 1;
    }
    reason_figures(counts, link)
}

/// Gives counts by reason their links.
pub fn reason_figures(counts: BTreeMap<Option<String>, i64>, link: &Link) -> Vec<ReasonFigure> {
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

/// Dispatches by lecturer. A record "among" several counts once for all of them together and for none alone.
pub fn by_lecturer(desk: &Desk<'_>, dispatches: &[RecordRow], lecturers: &[LecturerRow], link: &Link) -> ByLecturer {
    let mut of_record: BTreeMap<DocumentId, Vec<&LecturerRow>> = BTreeMap::new();
    for row in lecturers {
        of_record.entry(row.document).or_default().push(row);
    }
    let mut named: BTreeMap<&str, GroupCounts> = BTreeMap::new();
    let mut among: BTreeMap<Vec<&str>, GroupCounts> = BTreeMap::new();
    let mut unnamed = GroupCounts::default();
    for row in dispatches {
        let group = group_of(&row.state);
        let Some(of_row) = of_record.get(&row.document) else {
            unnamed.add(group, 1);
            continue;
        };
        if of_row.iter().any(|lecturer| lecturer.attribution == "among") {
            let set: BTreeSet<&str> = of_row.iter().map(|lecturer| lecturer.lecturer.as_str()).collect();
            among.entry(set.into_iter().collect()).or_default().add(group, 1);
        } else {
            for lecturer in of_row {
                named.entry(&lecturer.lecturer).or_default().add(group, 1);
            }
        }
    }
    let mut named: Vec<(&str, GroupCounts)> = named.into_iter().collect();
    named.sort_by_key(|(_, counts)| (-counts.held(), -counts.all()));
    ByLecturer {
        named: named
            .into_iter()
            .map(|(id, counts)| LecturerFigures {
                lecturer: desk.lecturer(id),
                dispatches: counts.linked(&link.with("lecturer", id)),
            })
            .collect(),
        among: among
            .into_iter()
            .map(|(ids, counts)| AmongFigures {
                dispatches: counts.linked(&link.with("among", &ids.join(" "))),
                lecturers: ids.into_iter().map(|id| desk.lecturer(id)).collect(),
            })
            .collect(),
        unnamed: unnamed.linked(&link.with("lecturer", NOT_REPORTED)),
    }
}

fn is_gathering(row: &RecordRow) -> bool {
    row.kind == "session"
        && matches!(
            row.activity.as_deref(),
            None | Some(
                "lecture" | "round_table" | "public_lecture" | "visiting_lecture" | "training" | "booth" | "meeting"
            )
        )
}

/// Heads at what was held; a gathering without a head count is one that is not reported.
pub fn attendance<'a>(rows: impl IntoIterator<Item = &'a RecordRow>, link: &Link) -> Figure {
    let held = rows.into_iter().filter(|row| group_of(&row.state) == "held");
    let counted = held.filter(|row| row.attendance.is_some() || is_gathering(row));
    Figure::sum(counted.map(|row| row.attendance), &link.with("measure", "attendance"))
}

/// Whether a record is one of the screenings behind [`viewers`].
pub fn is_screening(row: &RecordRow) -> bool {
    let screened = row.activity.as_deref() == Some("screening") || row.medium.is_some();
    row.viewers.is_some() || (screened && group_of(&row.state) == "held")
}

/// Viewers of screenings.
pub fn viewers<'a>(rows: impl IntoIterator<Item = &'a RecordRow>, link: &Link) -> Figure {
    let screenings = rows.into_iter().filter(|row| is_screening(row));
    Figure::sum(screenings.map(|row| row.viewers), &link.with("measure", "screening.viewers"))
}

/// One measure, or all that begin with it and a dot. Each record counts once: with a number when any of its measures
/// has one.
pub fn measure(tallies: &[TallyRow], name: &str, link: &Link) -> Figure {
    let mut of_record: BTreeMap<DocumentId, Option<i64>> = BTreeMap::new();
    let begins = format!("{name}.");
    for row in tallies.iter().filter(|row| row.measure == name || row.measure.starts_with(&begins)) {
        let sum = of_record.entry(row.document).or_default();
        if let Some(value) = row.value {
            *sum = Some(sum.unwrap_or(0) + value);
        }
    }
    Figure::sum(of_record.into_values(), &link.with("measure", name))
}
