//! The prefecture's dashboard: dispatches of lecturer-bank doctors, and how far they reach.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::figure::{Figure, GroupCounts, Groups, Link};
use super::sums::{ByLecturer, LecturerCounts, ReasonFigure};
use super::{Desk, Frame, Named, OfficeError, fiscal_year_of, sums};
use crate::service::App;
use crate::service::access::{Action, Caller};
use crate::store::office::{NOT_REPORTED, RecordFilter, Within};
use crate::store::types::Lecturer;

/// Dispatches of one association.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AssociationFigures {
    /// The association.
    pub association: Named,
    /// Its dispatches.
    pub dispatches: Groups,
}

/// Dispatches to one municipality.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct MunicipalityFigures {
    /// The municipality; null: not reported where, or one of another prefecture.
    pub municipality: Option<Named>,
    /// Its reading.
    pub kana: String,
    /// Its medical area.
    pub medical_area: String,
    /// Dispatches to it.
    pub dispatches: Groups,
}

/// Dispatches to one medical area.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AreaFigures {
    /// Name of the area; null: the municipality is not reported.
    pub medical_area: Option<String>,
    /// Municipalities in it.
    pub municipalities: i64,
    /// Of them, with at least one dispatch held.
    pub reached: i64,
    /// Dispatches to it.
    pub dispatches: Groups,
}

/// Municipalities with a dispatch held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Reach {
    /// With at least one.
    pub reached: i64,
    /// In the prefecture.
    pub of: i64,
    /// Without any.
    pub not_reached: Vec<Named>,
}

/// The lecturer bank in the year shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Bank {
    /// Lecturers registered in that year; null: nobody noted since when any of them is.
    pub registered: Option<i64>,
    /// Lecturers of whom nobody noted since when they are registered; they are in no year before the present one.
    pub unknown: i64,
    /// Of those registered, in training; null for other years than the present one, since only the present state is kept.
    pub in_training: Option<i64>,
}

/// The dashboard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PrefectureDashboard {
    /// What it says about itself.
    #[serde(flatten)]
    pub frame: Frame,
    /// The prefecture.
    pub prefecture: Named,
    /// Lecturers.
    pub bank: Bank,
    /// All dispatches.
    pub dispatches: Groups,
    /// Why they were cancelled.
    pub cancelled: Vec<ReasonFigure>,
    /// Municipalities reached.
    pub reach: Reach,
    /// Heads at everything held.
    pub attendance: Figure,
    /// By sending association, most held first.
    pub by_association: Vec<AssociationFigures>,
    /// By medical area, in the registry's order.
    pub by_area: Vec<AreaFigures>,
    /// Every municipality of the prefecture by code, then dispatches that belong to none.
    pub by_municipality: Vec<MunicipalityFigures>,
    /// By lecturer.
    pub by_lecturer: ByLecturer,
}

/// Builds the dashboard.
pub async fn dashboard(
    app: &App,
    caller: &Caller,
    fiscal_year: Option<i64>,
) -> Result<PrefectureDashboard, OfficeError> {
    if !caller.may(Action::ReadPrefecture) {
        return Err(OfficeError::NotFound);
    }
    let desk = Desk::open(app, caller, Within::Tenant, fiscal_year).await?;
    let filter = RecordFilter { fiscal_year: Some(desk.fiscal_year), ..RecordFilter::default() };
    let link = desk.link();
    let (dispatched, heads, frame) = tokio::try_join!(
        app.store.list_figures(desk.tenant, desk.fiscal_year, "dispatch"),
        app.store.list_figures(desk.tenant, desk.fiscal_year, "attendance"),
        desk.frame(link.clone(), &filter),
    )?;

    let dispatch_link = link.with("is_dispatch", "true");
    let mut all = GroupCounts::default();
    let by_association = sums::counts_by(&dispatched, sums::DISPATCH, |key| &key.association);
    by_association.values().for_each(|counts| all.merge(counts));
    let by_municipality = sums::counts_by(&dispatched, sums::DISPATCH, |key| &key.municipality);
    Ok(PrefectureDashboard {
        frame,
        prefecture: Named { id: desk.tenant.to_owned(), name: desk.registry.tenant_name.clone() },
        bank: bank(&desk),
        dispatches: all.linked(&dispatch_link),
        cancelled: sums::reasons(&dispatched, &dispatch_link),
        reach: reach(&desk, &by_municipality),
        attendance: sums::attendance(&heads, &link),
        by_association: associations(&desk, &by_association, &dispatch_link),
        by_area: areas(&desk, &by_municipality, &dispatch_link),
        by_municipality: municipalities(&desk, &by_municipality, &dispatch_link),
        by_lecturer: LecturerCounts::of_figures(&dispatched).linked(&desk, &dispatch_link),
    })
}

/// Who is registered now is registered in the present year and those to come; before, what was noted decides.
fn bank(desk: &Desk<'_>) -> Bank {
    let (year, present) = (desk.fiscal_year, fiscal_year_of(desk.today));
    let lecturers = || desk.registry.lecturers.iter();
    if year >= present {
        let now = || lecturers().filter(|one| one.bank);
        let in_training = count(now().filter(|one| one.in_training));
        return Bank { registered: Some(count(now())), unknown: 0, in_training: Some(in_training) };
    }
    let since = |one: &&Lecturer| one.registered_in.is_some_and(|since| since <= year);
    let still = |one: &&Lecturer| one.left_in.map_or(one.bank, |last| last >= year);
    let registered = count(lecturers().filter(since).filter(still));
    let unknown = count(lecturers().filter(|one| one.bank && one.registered_in.is_none()));
    let is_known = unknown == 0 || lecturers().any(|one| one.registered_in.is_some());
    Bank { registered: is_known.then_some(registered), unknown, in_training: None }
}

fn count<T>(items: impl Iterator<Item = T>) -> i64 {
    i64::try_from(items.count()).unwrap_or(i64::MAX)
}

fn reach(desk: &Desk<'_>, counts: &BTreeMap<&str, GroupCounts>) -> Reach {
    let all = &desk.registry.municipalities;
    let is_reached = |code: &str| counts.get(code).is_some_and(|counts| counts.held() > 0);
    let not_reached = all.iter().filter(|one| !is_reached(&one.code));
    Reach {
        reached: count(all.iter().filter(|one| is_reached(&one.code))),
        of: count(all.iter()),
        not_reached: not_reached.map(|one| Named { id: one.code.clone(), name: one.name.clone() }).collect(),
    }
}

fn associations(desk: &Desk<'_>, counts: &BTreeMap<&str, GroupCounts>, link: &Link) -> Vec<AssociationFigures> {
    let mut counts: Vec<_> = counts.iter().filter(|(_, counts)| counts.all() > 0).collect();
    counts.sort_by_key(|(_, counts)| (-counts.held(), -counts.all()));
    counts
        .into_iter()
        .map(|(id, counts)| AssociationFigures {
            association: desk.association(id),
            dispatches: counts.linked(&link.with("dispatched_by", id)),
        })
        .collect()
}

fn areas(desk: &Desk<'_>, counts: &BTreeMap<&str, GroupCounts>, link: &Link) -> Vec<AreaFigures> {
    let mut areas: Vec<(&str, i64, i64, GroupCounts)> = Vec::new();
    for one in &desk.registry.municipalities {
        let of_one = counts.get(one.code.as_str()).copied().unwrap_or_default();
        let at = areas.iter().position(|(name, ..)| *name == one.medical_area).unwrap_or_else(|| {
            areas.push((&one.medical_area, 0, 0, GroupCounts::default()));
            areas.len() - 1
        });
        if let Some((_, municipalities, reached, sum)) = areas.get_mut(at) {
            *municipalities += 1;
            *reached += i64::from(of_one.held() > 0);
            sum.merge(&of_one);
        }
    }
    let mut figures: Vec<AreaFigures> = areas
        .into_iter()
        .map(|(name, municipalities, reached, counts)| AreaFigures {
            medical_area: Some(name.to_owned()),
            municipalities,
            reached,
            dispatches: counts.linked(&link.with("medical_area", name)),
        })
        .collect();
    let elsewhere = elsewhere(desk, counts);
    if elsewhere.all() > 0 {
        figures.push(AreaFigures {
            medical_area: None,
            municipalities: 0,
            reached: 0,
            dispatches: elsewhere.linked(&link.with("medical_area", NOT_REPORTED)),
        });
    }
    figures
}

/// Dispatches in no municipality of the registry.
fn elsewhere(desk: &Desk<'_>, counts: &BTreeMap<&str, GroupCounts>) -> GroupCounts {
    let mut sum = GroupCounts::default();
    let is_known = |code: &str| desk.registry.municipalities.iter().any(|one| one.code == code);
    counts.iter().filter(|(code, _)| !is_known(code)).for_each(|(_, counts)| sum.merge(counts));
    sum
}

fn municipalities(desk: &Desk<'_>, counts: &BTreeMap<&str, GroupCounts>, link: &Link) -> Vec<MunicipalityFigures> {
    let mut figures: Vec<MunicipalityFigures> = desk
        .registry
        .municipalities
        .iter()
        .map(|one| MunicipalityFigures {
            municipality: Some(Named { id: one.code.clone(), name: one.name.clone() }),
            kana: one.kana.clone(),
            medical_area: one.medical_area.clone(),
            dispatches: counts
                .get(one.code.as_str())
                .copied()
                .unwrap_or_default()
                .linked(&link.with("municipality", &one.code)),
        })
        .collect();
    let elsewhere = elsewhere(desk, counts);
    if elsewhere.all() > 0 {
        figures.push(MunicipalityFigures {
            municipality: None,
            kana: String::new(),
            medical_area: String::new(),
            dispatches: elsewhere.linked(&link.with("medical_area", NOT_REPORTED)),
        });
    }
    figures
}
