//! What a record says, as plain values. What it adds to figures is decided in `figures`.
//!
//! Invariant: nothing that was not reported becomes a number. What took place without a reported number is a measure
//! with no value.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use super::date::Date;
use super::intent::ends_before_start;
use super::measure::Measure;
use super::view::{RecordView, without_step_authors};
use super::vocabulary::{Activity, Attribution, CancelReason, Flag, Group, StepState};
use crate::document::{Document, Kind, Scalar};
use crate::ids::is_slug;
use crate::time::Timestamp;

/// Starting years of the fiscal years that records can be of: none was kept before, and none is planned for after.
pub const FISCAL_YEARS: RangeInclusive<i64> = 2000..=2099;
/// A day further than this from when it was written down is looked at by a person, in days: a year.
const FAR_DAYS: i64 = 366;
/// Japan is ahead of UTC by so much, in seconds.
const JAPAN_SECONDS: i64 = 9 * 3_600;
const DAY_SECONDS: i64 = 86_400;

/// The facts of one record. Absent values are `None`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// What the document records.
    pub kind: Kind,
    /// Kind of outreach.
    pub activity: Option<Activity>,
    /// Starting year of the fiscal year, from the date, else the month, else as stated; within [`FISCAL_YEARS`].
    pub fiscal_year: Option<i64>,
    /// `YYYY-MM`.
    pub month: Option<String>,
    /// ISO date.
    pub date: Option<String>,
    /// `HH:MM`.
    pub start: Option<String>,
    /// Six-digit code.
    pub municipality: Option<String>,
    /// Medical association the record belongs to.
    pub association: Option<String>,
    /// Association that sent the lecturer.
    pub dispatched_by: Option<String>,
    /// Programme item ア to ク.
    pub item: Option<String>,
    /// Title.
    pub title: Option<String>,
    /// The gathering it rode on.
    pub occasion: Option<String>,
    /// Place.
    pub venue: Option<String>,
    /// What was screened.
    pub medium: Option<String>,
    /// The present state.
    pub state: Option<StepState>,
    /// What it counts as.
    pub group: Group,
    /// Why it was cancelled or postponed.
    pub reason: Option<CancelReason>,
    /// Whether an association sent a lecturer.
    pub is_dispatch: bool,
    /// Heads in all.
    pub attendance: Option<i64>,
    /// Viewers of the screening.
    pub viewers: Option<i64>,
    /// Every measure reported, and with `None` every measure noted without a number.
    pub tallies: BTreeMap<Measure, Option<i64>>,
    /// Registry ids of the lecturers.
    pub lecturers: Vec<(String, Attribution)>,
    /// Fields in conflict and texts rewritten apart, and one more for contradicting steps.
    pub conflict_count: usize,
    /// What a person should look at, sorted.
    pub flags: Vec<Flag>,
}

/// Reads the facts of a record. Measures we do not know count for nothing and stay in the document.
pub fn facts(document: &Document) -> Facts {
    let record = &without_step_authors(document);
    let text = |field: &str| record.text(field).map(str::to_owned);
    let date = record.text("date").and_then(Date::parse);
    let stated_month = record.text("month");
    let stated_month = stated_month.and_then(|month| Date::parse(&format!("{month}-01")));
    let counted_on = date.or(stated_month);
    let stated_year = counted_on.map(Date::fiscal_year).or_else(|| record.number("fiscal_year"));
    let fiscal_year = stated_year.filter(|year| FISCAL_YEARS.contains(year));
    // a year nobody reports for is no year: the record stands among those without one
    let month = fiscal_year.and(counted_on).map(Date::month_text);
    let attribution = record.text("lecturer_attribution").and_then(Attribution::parse).unwrap_or(Attribution::Named);
    let mut tallies = BTreeMap::new();
    let mut lecturers = Vec::new();
    for link in &record.links {
        match link.split_once('/') {
            Some(("lecturer", id)) if is_slug(id) => lecturers.push((id.to_owned(), attribution)),
            Some(("noted", measure)) => {
                if let Ok(measure) = measure.parse() {
                    tallies.insert(measure, None);
                }
            }
            _ => {}
        }
    }
    for tally in &record.tallies {
        if let Ok(measure) = tally.measure.parse() {
            tallies.insert(measure, Some(tally.total));
        }
    }
    // consultations have no course of their own: what is counted was done
    let tallied = record.kind == Kind::Consultation && record.steps.is_empty();
    let (state, group) = if tallied { (Some(StepState::Held), Group::Held) } else { (record.state, record.group) };
    let activity = record.text("activity").and_then(Activity::parse);
    let activity = activity.or_else(|| (record.kind == Kind::Consultation).then_some(Activity::Consultation));
    let year_implausible = stated_year.is_some() && fiscal_year.is_none();
    let far =
        date.filter(|_| fiscal_year.is_some()).is_some_and(|date| is_far(date, document.field_written_at("date")));
    Facts {
        kind: record.kind,
        activity,
        fiscal_year,
        month,
        date: date.and(text("date")),
        start: text("start"),
        municipality: text("municipality"),
        association: text("association"),
        dispatched_by: text("dispatched_by"),
        item: text("item"),
        title: text("title"),
        occasion: text("occasion"),
        venue: text("venue"),
        medium: text("medium"),
        state,
        group,
        reason: record.reason,
        is_dispatch: record.text("dispatched_by").is_some(),
        attendance: record.attendance,
        viewers: record.total(&Measure::Viewers.to_string()),
        flags: flags(record, &tallies, group, year_implausible, far),
        tallies,
        lecturers,
        conflict_count: record.conflict_count(),
    }
}

/// Whether a day is more than a year before or after the one on which it was written, in Japan.
fn is_far(date: Date, written: Option<Timestamp>) -> bool {
    let day = |at: Timestamp| (at.seconds() + JAPAN_SECONDS).div_euclid(DAY_SECONDS);
    written.is_some_and(|at| (date.day_number() - day(at)).abs() > FAR_DAYS)
}

fn flags(
    record: &RecordView,
    tallies: &BTreeMap<Measure, Option<i64>>,
    group: Group,
    year_implausible: bool,
    far: bool,
) -> Vec<Flag> {
    let date_unreadable = match record.fields.get("date").map(|field| &field.value) {
        Some(Scalar::Text(text)) => Date::parse(text).is_none(),
        Some(Scalar::Number(_)) => true,
        None => false,
    };
    let backwards =
        record.text("start").zip(record.text("end")).is_some_and(|(start, end)| ends_before_start(start, end));
    let found = [
        (Flag::FieldConflict, record.fields.values().any(|field| !field.alternatives.is_empty())),
        (Flag::TextRewritten, !record.rewritten.is_empty()),
        (Flag::StepConflict, record.group == Group::Conflict),
        (Flag::DateUnreadable, date_unreadable),
        (Flag::DateImplausible, year_implausible),
        (Flag::DateFar, far),
        (Flag::EndsBeforeStart, backwards),
        (Flag::NegativeTotal, tallies.values().flatten().any(|total| *total < 0)),
        (Flag::AttendanceDiffers, record.attendance_differs),
        (Flag::TypedApart, !record.typed_apart.is_empty()),
        (Flag::CountedNotHeld, group != Group::Held && tallies.values().flatten().any(|total| *total != 0)),
    ];
    found.into_iter().filter(|(_, holds)| *holds).map(|(flag, _)| flag).collect()
}
