//! A municipality's dashboard: what was handed out to whom, what took place, who came, what is missing.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use sync_core::domain::Measure;
use utoipa::ToSchema;

use super::figure::{Figure, Groups, Link};
use super::records::{RecordItem, listed};
use super::sums::{ByLecturer, Figures, LecturerCounts, ReasonFigure};
use super::{Desk, Frame, Named, OfficeError, sums};
use crate::service::App;
use crate::service::access::{Action, Caller, Organisation};
use crate::store::office::{NOT_REPORTED, OccasionSum, RecordFilter, Within};
use crate::store::types::RollupValue;

/// Most records listed of which nothing is reported.
const MOST_MISSING: u32 = 10_000;
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
    let link = desk.link().with("municipality", code);
    let dispatch_link = link.with("is_dispatch", "true");
    let of_dispatches = RecordFilter { is_dispatch: Some(true), ..filter.clone() };
    let of_missing = RecordFilter { report_missing_on: Some(desk.today.to_string()), ..filter.clone() };
    let (figures, lecturers, occasions, mut missing, frame) = tokio::try_join!(
        app.store.list_figures_at(desk.tenant, desk.fiscal_year, &desk.within),
        LecturerCounts::of_records(&desk, &of_dispatches),
        app.store.sum_occasions(desk.tenant, &filter),
        app.store.list_records(desk.tenant, &of_missing, 0, MOST_MISSING),
        desk.frame(link.clone(), &filter),
    )?;
    missing.sort_by(|a, b| a.date.cmp(&b.date));
    Ok(MunicipalityDashboard {
        frame,
        municipality: desk.municipality(code),
        medical_area: known.medical_area.clone(),
        materials: materials(&desk, &figures, &link),
        activities: activities(&figures, &link),
        dispatches: sums::dispatches(&figures).linked(&dispatch_link),
        cancelled: sums::reasons(&figures, &dispatch_link),
        by_lecturer: lecturers.linked(&desk, &dispatch_link),
        attendance: sums::attendance(&figures, &link),
        measures: measures(&figures, &link),
        screenings: screenings(occasions, &link),
        missing: listed(&desk, missing).await?,
    })
}

fn materials(desk: &Desk<'_>, figures: &Figures, link: &Link) -> Vec<MaterialFigures> {
    let mut found: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (key, value) in figures {
        let name = key.measure.strip_prefix("material.").and_then(|rest| rest.split_once('.'));
        if let Some((material, eligibility)) = name.filter(|_| !value.is_zero()) {
            found.entry(material).or_default().insert(eligibility);
        }
    }
    let listed = desk.registry.materials.iter().map(|one| one.id.as_str());
    let unlisted = found.keys().copied().filter(|id| desk.registry.materials.iter().all(|one| one.id != *id));
    let shown = listed.chain(unlisted).filter(|id| found.contains_key(id) || ALWAYS.contains(id));
    shown.map(|id| material(desk, id, found.get(id), figures, link)).collect()
}

fn material(
    desk: &Desk<'_>,
    id: &str,
    handed_out_for: Option<&BTreeSet<&str>>,
    figures: &Figures,
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
        let mut months: BTreeMap<&str, RollupValue> = BTreeMap::new();
        for (key, value) in figures.iter().filter(|(key, value)| key.measure == measure && !value.is_zero()) {
            months.entry(&key.month).or_default().merge(value);
        }
        for (month, value) in months {
            let month = Some(month).filter(|month| !month.is_empty());
            let link = link.with("month", month.unwrap_or(NOT_REPORTED)).with("measure", &measure);
            by_month.push(MonthFigure {
                month: month.map(str::to_owned),
                eligibility: eligibility.id.clone(),
                figure: Figure::of(value, &link),
            });
        }
        let figure = Figure::of(sums::total(figures, &measure), &link.with("measure", &measure));
        by_eligibility.push(EligibilityFigure { figure, eligibility });
    }
    MaterialFigures {
        material: Named { id: id.to_owned(), name },
        unit: known.map(|one| one.unit.clone()).unwrap_or_default(),
        figure: sums::material(figures, id, link),
        by_eligibility,
        by_month,
    }
}

fn activities(figures: &Figures, link: &Link) -> Vec<ActivityFigures> {
    let names: BTreeSet<&str> = figures
        .iter()
        .filter(|(_, value)| !value.is_zero())
        .filter_map(|(key, _)| key.measure.strip_prefix("record.")?.split_once('.'))
        .map(|(activity, _)| activity)
        .collect();
    let counts = |activity: &str| sums::counts_by(figures, &format!("record.{activity}"), |_| "").remove("");
    let mut counts: Vec<_> = names.into_iter().filter_map(|name| Some((name, counts(name)?))).collect();
    counts.sort_by_key(|(activity, counts)| (*activity == NOT_REPORTED, -counts.all()));
    counts
        .into_iter()
        .map(|(activity, counts)| ActivityFigures {
            activity: (activity != NOT_REPORTED).then(|| activity.to_owned()),
            records: counts.linked(&link.with("activity", activity)),
        })
        .collect()
}

/// Every measure that is neither a material nor viewers.
pub(super) fn measures(figures: &Figures, link: &Link) -> Vec<MeasureFigure> {
    let mut sums: BTreeMap<&str, RollupValue> = BTreeMap::new();
    for (key, value) in figures {
        let measure = key.measure.as_str();
        let shown_apart = |measure: &Measure| matches!(measure, Measure::Material { .. } | Measure::Viewers);
        if measure.parse().is_ok_and(|measure| !shown_apart(&measure)) && !value.is_zero() {
            sums.entry(measure).or_default().merge(value);
        }
    }
    let figure = |(measure, value): (&str, RollupValue)| MeasureFigure {
        figure: Figure::of(value, &link.with("measure", measure)),
        measure: measure.to_owned(),
    };
    sums.into_iter().map(figure).collect()
}

/// Screenings by occasion.
pub(super) fn screenings(mut occasions: Vec<OccasionSum>, link: &Link) -> Screenings {
    occasions.sort_by(|a, b| a.occasion.cmp(&b.occasion));
    let figures = |viewers: RollupValue, link: &Link| {
        let link = link.with("measure", &Measure::Viewers.to_string());
        (Figure::count(viewers.reported + viewers.unreported, &link), Figure::of(viewers, &link))
    };
    let mut all = RollupValue::default();
    occasions.iter().for_each(|one| all.merge(&one.viewers));
    let (count, viewers) = figures(all, link);
    let by_occasion = occasions.into_iter().map(|one| {
        let link = link.with("occasion", one.occasion.as_deref().unwrap_or(NOT_REPORTED));
        let (screenings, viewers) = figures(one.viewers, &link);
        OccasionFigures { occasion: one.occasion, screenings, viewers }
    });
    Screenings { by_occasion: by_occasion.collect(), count, viewers }
}
