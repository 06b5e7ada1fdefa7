//! An association's dashboard: the lecturers it sent and where to, trainings, meetings, consultations, screenings.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::figure::{Figure, GroupCounts, Groups, Link};
use super::municipality::{MeasureFigure, Screenings, measures, screenings};
use super::records::{RecordItem, listed};
use super::sums::{ByLecturer, LecturerCounts, ReasonFigure};
use super::{Desk, Frame, Named, OfficeError, sums};
use crate::service::App;
use crate::service::access::{Action, Caller, Organisation};
use crate::store::office::{NOT_REPORTED, RecordFilter, TitleSum, Within};

/// Most trainings listed.
const MOST_TRAININGS: u32 = 50;

/// Dispatches to one municipality.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PlaceFigures {
    /// Where; null: not reported.
    pub municipality: Option<Named>,
    /// How many.
    pub dispatches: Groups,
}

/// Dispatches of one month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct MonthGroups {
    /// `YYYY-MM`; null: not reported when.
    pub month: Option<String>,
    /// How many.
    pub dispatches: Groups,
}

/// How many municipalities of each type had a dispatch held, for a wording such as 1市3町.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Spread {
    /// 市
    pub cities: i64,
    /// 町
    pub towns: i64,
    /// 村
    pub villages: i64,
    /// Of another type, or not in the registry.
    pub others: i64,
    /// Held dispatches whose municipality is not reported: in the total, in no town.
    pub unplaced: Figure,
}

/// Meetings of one title.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct TitleFigures {
    /// The title; null: not reported.
    pub title: Option<String>,
    /// How many records, by how far they came.
    pub records: Groups,
}

/// The dashboard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AssociationDashboard {
    /// What it says about itself.
    #[serde(flatten)]
    pub frame: Frame,
    /// The association.
    pub association: Named,
    /// The municipalities it covers.
    pub municipalities: Vec<Named>,
    /// Its dispatches.
    pub dispatches: Groups,
    /// Why they were cancelled.
    pub cancelled: Vec<ReasonFigure>,
    /// Where they were held.
    pub spread: Spread,
    /// By lecturer.
    pub by_lecturer: ByLecturer,
    /// By municipality: those it covers, then any other.
    pub by_municipality: Vec<PlaceFigures>,
    /// By month.
    pub by_month: Vec<MonthGroups>,
    /// Heads at everything held.
    pub attendance: Figure,
    /// How many trainings there are.
    pub training_count: Figure,
    /// The latest of them.
    pub trainings: Vec<RecordItem>,
    /// Heads at trainings held.
    pub training_attendance: Figure,
    /// Meetings by title.
    pub meetings: Vec<TitleFigures>,
    /// Consultations.
    pub consultations: Figure,
    /// Consultations by way, and every other measure but materials.
    pub measures: Vec<MeasureFigure>,
    /// Screenings.
    pub screenings: Screenings,
}

/// Builds the dashboard.
pub async fn dashboard(
    app: &App,
    caller: &Caller,
    id: &str,
    fiscal_year: Option<i64>,
) -> Result<AssociationDashboard, OfficeError> {
    if !caller.may_at(Action::ReadFigures, Organisation::Association(id)) {
        return Err(OfficeError::NotFound);
    }
    let desk = Desk::open(app, caller, Within::Association(id.to_owned()), fiscal_year).await?;
    let known = desk.registry.associations.iter().find(|one| one.id == id).ok_or(OfficeError::NotFound)?;
    let filter = RecordFilter {
        within: desk.within.clone(),
        fiscal_year: Some(desk.fiscal_year),
        association: Some(id.to_owned()),
        ..RecordFilter::default()
    };
    let store = &app.store;
    let link = desk.link().with("association", id);
    let of_meetings = RecordFilter { activity: Some("meeting".to_owned()), ..filter.clone() };
    let of_trainings = RecordFilter { activity: Some("training".to_owned()), ..filter.clone() };
    let (figures, titles, occasions, training_attendance, training_count, trainings, frame) = tokio::try_join!(
        store.list_figures_at(desk.tenant, desk.fiscal_year, &desk.within),
        store.sum_titles(desk.tenant, &of_meetings),
        store.sum_occasions(desk.tenant, &filter),
        store.sum_attendance(desk.tenant, &of_trainings),
        store.count_records(desk.tenant, &of_trainings),
        store.list_records(desk.tenant, &of_trainings, 0, MOST_TRAININGS),
        desk.frame(link.clone(), &filter),
    )?;
    let by_place = sums::counts_by(&figures, sums::DISPATCH, |key| &key.municipality);
    let months = sums::counts_by(&figures, sums::DISPATCH, |key| &key.month);
    let dispatch_link = link.with("is_dispatch", "true");
    let training_link = link.with("activity", "training");
    Ok(AssociationDashboard {
        frame,
        association: desk.association(id),
        municipalities: known.municipalities.iter().map(|code| desk.municipality(code)).collect(),
        dispatches: sums::dispatches(&figures).linked(&dispatch_link),
        cancelled: sums::reasons(&figures, &dispatch_link),
        spread: spread(&desk, &by_place, &dispatch_link),
        by_lecturer: LecturerCounts::of_figures(&figures).linked(&desk, &dispatch_link),
        by_municipality: by_municipality(&desk, &known.municipalities, &by_place, &dispatch_link),
        by_month: by_month(months, &dispatch_link),
        attendance: sums::attendance(&figures, &link),
        training_attendance: Figure::of(training_attendance, &training_link.with("measure", &sums::attendance_id())),
        training_count: Figure::count(training_count, &training_link),
        trainings: listed(&desk, trainings).await?,
        meetings: meetings(&titles, &link),
        consultations: sums::consultations(&figures, &link),
        measures: measures(&figures, &link),
        screenings: screenings(occasions, &link),
    })
}

fn spread(desk: &Desk<'_>, dispatches: &BTreeMap<&str, GroupCounts>, link: &Link) -> Spread {
    let unplaced = dispatches.get("").map_or(0, GroupCounts::held);
    let unplaced_link = link.with("group", "held").with("municipality", NOT_REPORTED);
    let mut spread = Spread { unplaced: Figure::count(unplaced, &unplaced_link), ..Spread::default() };
    for (code, _) in dispatches.iter().filter(|(code, counts)| !code.is_empty() && counts.held() > 0) {
        match desk.municipality(code).name.chars().last() {
            Some('市') => spread.cities += 1,
            Some('町') => spread.towns += 1,
            Some('村') => spread.villages += 1,
            _ => spread.others += 1,
        }
    }
    spread
}

fn by_municipality(
    desk: &Desk<'_>,
    covered: &[String],
    dispatches: &BTreeMap<&str, GroupCounts>,
    link: &Link,
) -> Vec<PlaceFigures> {
    let mut counts: BTreeMap<&str, GroupCounts> =
        covered.iter().map(|code| (code.as_str(), GroupCounts::default())).collect();
    counts.extend(dispatches);
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(code, _)| (code.is_empty(), !covered.iter().any(|one| one == code)));
    counts
        .into_iter()
        .map(|(code, counts)| {
            let code = Some(code).filter(|code| !code.is_empty());
            PlaceFigures {
                municipality: code.map(|code| desk.municipality(code)),
                dispatches: counts.linked(&link.with("municipality", code.unwrap_or(NOT_REPORTED))),
            }
        })
        .collect()
}

fn by_month(dispatches: BTreeMap<&str, GroupCounts>, link: &Link) -> Vec<MonthGroups> {
    dispatches
        .into_iter()
        .map(|(month, counts)| {
            let month = Some(month).filter(|month| !month.is_empty());
            MonthGroups {
                month: month.map(str::to_owned),
                dispatches: counts.linked(&link.with("month", month.unwrap_or(NOT_REPORTED))),
            }
        })
        .collect()
}

fn meetings(sums: &[TitleSum], link: &Link) -> Vec<TitleFigures> {
    let link = link.with("activity", "meeting");
    let mut counts: BTreeMap<Option<&str>, GroupCounts> = BTreeMap::new();
    for sum in sums {
        counts.entry(sum.title.as_deref()).or_default().add(&sum.group, sum.count);
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(title, counts)| (title.is_none(), -counts.all()));
    counts
        .into_iter()
        .map(|(title, counts)| TitleFigures {
            title: title.map(str::to_owned),
            records: counts.linked(&link.with("title", title.unwrap_or(NOT_REPORTED))),
        })
        .collect()
}
