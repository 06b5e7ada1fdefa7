//! A municipality's dashboard: what was handed out to whom, what took place, who came, what is missing.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use utoipa::ToSchema;

use super::figure::{Figure, GroupCounts, Groups, Link, group_of};
use super::records::{RecordItem, listed};
use super::sums::{ByLecturer, LecturerCounts, ReasonFigure};
use super::{Desk, Frame, Named, OfficeError, SAMPLE, sums};
use crate::service::App;
use crate::service::access::{Action, Caller, Organisation};
use crate::store::office::{Apart, NOT_REPORTED, RecordFilter, RecordSum, TallyRow, TallySum, Within};

/// Most records in a list of one organisation and year.
pub const MOST_RECORDS: u32 = 100_000;
/// What the measures of materials begin with.
const MATERIAL: &str = "material";
/// Materials shown even before anything was handed out.
const ALWAYS: [&str; 2] = ["contact-card", "anshin-set"];

/// What was handed out in one month for one eligibility.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct MonthFigure {
    /// `YYYY-MM`; null: not reported when.
    pub month: Option<String>,
    /// Why it was handed out.
    pub eligibility: String,
    /// How many.
    pub figure: Figure,
}

/// What was handed out for one eligibility.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct EligibilityFigure {
    /// Why it was handed out.
    pub eligibility: Named,
    /// How many in the year.
    pub figure: Figure,
}

/// A material handed out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct MaterialFigures {
    /// The material.
    pub material: Named,
    /// 枚, 冊, 部, 組.
    pub unit: String,
    /// In the year.
    pub figure: Figure,
    /// By eligibility, in the registry's order.
    pub by_eligibility: Vec<EligibilityFigure>,
    /// By month and eligibility; only where something was handed out.
    pub by_month: Vec<MonthFigure>,
}

/// Records of one activity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ActivityFigures {
    /// Stable name; null: not reported.
    pub activity: Option<String>,
    /// How many records.
    pub records: Groups,
}

/// One measure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct MeasureFigure {
    /// Its stable name.
    pub measure: String,
    /// How many.
    pub figure: Figure,
}

/// Screenings at one occasion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct OccasionFigures {
    /// The occasion; null: not reported.
    pub occasion: Option<String>,
    /// How many screenings.
    pub screenings: Figure,
    /// How many saw it.
    pub viewers: Figure,
}

/// Screenings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Screenings {
    /// How many.
    pub count: Figure,
    /// How many saw them.
    pub viewers: Figure,
    /// By occasion.
    pub by_occasion: Vec<OccasionFigures>,
}

/// The dashboard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct MunicipalityDashboard {
    /// What it says about itself.
    #[serde(flatten)]
    pub frame: Frame,
    /// The municipality.
    pub municipality: Named,
    /// Its medical area.
    pub medical_area: String,
    /// Contact cards and anshin sets, then whatever else was handed out.
    pub materials: Vec<MaterialFigures>,
    /// Records by activity.
    pub activities: Vec<ActivityFigures>,
    /// Dispatches of lecturers to it.
    pub dispatches: Groups,
    /// Why they were cancelled.
    pub cancelled: Vec<ReasonFigure>,
    /// Dispatches by lecturer.
    pub by_lecturer: ByLecturer,
    /// Heads at everything held.
    pub attendance: Figure,
    /// Heads by age band and by audience, answers to questions, consultations: every other measure.
    pub measures: Vec<MeasureFigure>,
    /// Screenings.
    pub screenings: Screenings,
    /// Sessions planned for a day that has passed, of which nothing is reported; longest ago first.
    pub missing: Vec<RecordItem>,
}

/// Builds the dashboard.
pub async fn dashboard(
    app: &App,
    caller: &Caller,
    code: &str,
    fiscal_year: Option<i64>,
) -> Result<MunicipalityDashboard, OfficeError> {
    if !caller.may_at(Action::ReadFigures, Organisation::Municipality(code)) {
        return Err(OfficeError::NotFound);
    }
    let desk = Desk::open(app, caller, Within::Municipality(code.to_owned()), fiscal_year).await?;
    let known = desk.registry.municipalities.iter().find(|one| one.code == code).ok_or(OfficeError::NotFound)?;
    let filter = RecordFilter {
        within: desk.within.clone(),
        fiscal_year: Some(desk.fiscal_year),
        municipality: Some(code.to_owned()),
        ..RecordFilter::default()
    };
    let sums = app.store.sum_records(desk.tenant, &filter, Apart::Kinds).await?;
    let handed_out = app.store.list_tallies(desk.tenant, &filter, MATERIAL).await?;
    let counted = app.store.sum_tallies(desk.tenant, &filter).await?;
    let lecturers = LecturerCounts::of_records(&desk, &of_dispatches(&filter)).await?;
    let link = desk.link().with("municipality", code);
    let dispatch_link = link.with("is_dispatch", "true");
    let dispatches: Vec<RecordSum> = sums.iter().filter(|sum| sum.is_dispatch).cloned().collect();
    let sample = app.store.any_title_begins(desk.tenant, &filter, SAMPLE).await?;
    let missing = RecordFilter { report_missing_on: Some(desk.today.to_string()), ..filter.clone() };
    let mut missing = app.store.list_records(desk.tenant, &missing, 0, MOST_RECORDS).await?;
    missing.sort_by(|a, b| a.date.cmp(&b.date));
    Ok(MunicipalityDashboard {
        frame: desk.frame(link.clone(), filter, sample).await?,
        municipality: desk.municipality(code),
        medical_area: known.medical_area.clone(),
        materials: materials(&desk, &handed_out, &link),
        activities: activities(&sums, &link),
        dispatches: sums::groups(&dispatches).linked(&dispatch_link),
        cancelled: sums::reasons(&dispatches, &dispatch_link),
        by_lecturer: lecturers.linked(&desk, &dispatch_link),
        attendance: sums::attendance(&sums, &link),
        measures: measures(counted, &link),
        screenings: screenings(&sums, &link),
        missing: listed(&desk, missing).await?,
    })
}

/// The dispatches among the records a filter means.
pub(super) fn of_dispatches(filter: &RecordFilter) -> RecordFilter {
    RecordFilter { is_dispatch: Some(true), ..filter.clone() }
}

fn materials(desk: &Desk<'_>, tallies: &[TallyRow], link: &Link) -> Vec<MaterialFigures> {
    let mut found: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for row in tallies {
        let name = row.measure.strip_prefix("material.").and_then(|rest| rest.split_once('.'));
        if let Some((material, eligibility)) = name {
            found.entry(material).or_default().insert(eligibility);
        }
    }
    let listed = desk.registry.materials.iter().map(|one| one.id.as_str());
    let unlisted = found.keys().copied().filter(|id| desk.registry.materials.iter().all(|one| one.id != *id));
    let shown = listed.chain(unlisted).filter(|id| found.contains_key(id) || ALWAYS.contains(id));
    shown.map(|id| material(desk, id, found.get(id), tallies, link)).collect()
}

fn material(
    desk: &Desk<'_>,
    id: &str,
    handed_out_for: Option<&BTreeSet<&str>>,
    tallies: &[TallyRow],
    link: &Link,
) -> MaterialFigures {
    let known = desk.registry.materials.iter().find(|one| one.id == id);
    let mut eligibilities: Vec<Named> = known
        .into_iter()
        .flat_map(|one| &one.eligibilities)
        .map(|(id, name)| Named { id: id.clone(), name: name.clone() })
        .collect();
    for used in handed_out_for.into_iter().flatten() {
        if eligibilities.iter().all(|one| one.id != **used) {
            eligibilities.push(Named { id: (*used).to_owned(), name: (*used).to_owned() });
        }
    }
    let name = known.map_or_else(|| id.to_owned(), |one| one.name.clone());
    let mut by_month = Vec::new();
    let mut by_eligibility = Vec::new();
    for eligibility in eligibilities {
        let measure = format!("material.{id}.{}", eligibility.id);
        let of_measure: Vec<TallyRow> = tallies.iter().filter(|row| row.measure == measure).cloned().collect();
        let months: BTreeSet<Option<&str>> = of_measure.iter().map(|row| row.month.as_deref()).collect();
        for month in months {
            let of_month: Vec<TallyRow> =
                of_measure.iter().filter(|row| row.month.as_deref() == month).cloned().collect();
            let link = link.with("month", month.unwrap_or(NOT_REPORTED));
            by_month.push(MonthFigure {
                month: month.map(str::to_owned),
                eligibility: eligibility.id.clone(),
                figure: sums::measure(&of_month, &measure, &link),
            });
        }
        by_eligibility.push(EligibilityFigure { figure: sums::measure(&of_measure, &measure, link), eligibility });
    }
    MaterialFigures {
        material: Named { id: id.to_owned(), name },
        unit: known.map(|one| one.unit.clone()).unwrap_or_default(),
        figure: sums::measure(tallies, &format!("material.{id}"), link),
        by_eligibility,
        by_month,
    }
}

fn activities(sums: &[RecordSum], link: &Link) -> Vec<ActivityFigures> {
    let mut counts: BTreeMap<Option<&str>, GroupCounts> = BTreeMap::new();
    for sum in sums {
        counts.entry(sum.activity.as_deref()).or_default().add(group_of(&sum.state), sum.count);
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(activity, counts)| (activity.is_none(), -counts.all()));
    counts
        .into_iter()
        .map(|(activity, counts)| ActivityFigures {
            activity: activity.map(str::to_owned),
            records: counts.linked(&link.with("activity", activity.unwrap_or(NOT_REPORTED))),
        })
        .collect()
}

/// Every measure that is neither a material nor viewers.
pub(super) fn measures(tallies: Vec<TallySum>, link: &Link) -> Vec<MeasureFigure> {
    let is_material = |sum: &TallySum| sum.measure.split('.').next() == Some(MATERIAL);
    let shown = tallies.into_iter().filter(|sum| !is_material(sum) && sum.measure != "screening.viewers");
    let figure = |sum: TallySum| MeasureFigure {
        figure: Figure::of(sum.value, &link.with("measure", &sum.measure)),
        measure: sum.measure,
    };
    shown.map(figure).collect()
}

/// Screenings by occasion.
pub(super) fn screenings(sums: &[RecordSum], link: &Link) -> Screenings {
    let shown: Vec<&RecordSum> = sums.iter().filter(|sum| sum.is_screening).collect();
    let mut by_occasion: BTreeMap<Option<&str>, Vec<&RecordSum>> = BTreeMap::new();
    for sum in &shown {
        by_occasion.entry(sum.occasion.as_deref()).or_default().push(sum);
    }
    let count = |sums: &[&RecordSum], link: &Link| {
        Figure::count(sums.iter().map(|sum| sum.count).sum(), &link.with("measure", "screening.viewers"))
    };
    Screenings {
        count: count(&shown, link),
        viewers: sums::viewers(shown.iter().copied(), link),
        by_occasion: by_occasion
            .into_iter()
            .map(|(occasion, sums)| {
                let link = link.with("occasion", occasion.unwrap_or(NOT_REPORTED));
                OccasionFigures {
                    occasion: occasion.map(str::to_owned),
                    screenings: count(&sums, &link),
                    viewers: sums::viewers(sums.iter().copied(), &link),
                }
            })
            .collect(),
    }
}
