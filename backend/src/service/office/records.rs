//! The list of records behind a figure.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sync_core::ids::DocumentId;
use utoipa::{IntoParams, ToSchema};

use super::{Desk, Named, OfficeError, day_in_japan, last_year, named};
use crate::service::App;
use crate::service::access::{Action, Caller};
use crate::store::StoreError;
use crate::store::office::{LecturerRow, RecordFilter, RecordRow, Within};
use crate::store::types::Registry;

/// Most records on one page.
const MOST_PER_PAGE: u32 = 500;

/// Which records; absent parts do not narrow, `none` asks for records without that part.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct RecordQuery {
    /// Starting year; 0: not known.
    #[param(minimum = 0, maximum = 9998)]
    #[serde(default, deserialize_with = "super::asked_year")]
    pub fiscal_year: Option<i64>,
    /// `YYYY-MM`.
    pub month: Option<String>,
    /// Six-digit code.
    pub municipality: Option<String>,
    /// Name of a medical area.
    pub medical_area: Option<String>,
    /// Registry id: the association or hub whose record it is, or that sent the lecturer.
    pub association: Option<String>,
    /// Registry id: the association that sent the lecturer.
    pub dispatched_by: Option<String>,
    /// Stable name of an activity.
    pub activity: Option<String>,
    /// planned, held, cancelled, postponed or conflict.
    pub group: Option<String>,
    /// Stable name of a reason.
    pub reason: Option<String>,
    /// Exact title.
    pub title: Option<String>,
    /// Exact occasion.
    pub occasion: Option<String>,
    /// A measure, the beginning of some, or `attendance`.
    pub measure: Option<String>,
    /// Of those with the measure, only the ones without a number.
    pub without_value: Option<bool>,
    /// Registry id of a lecturer named for the record.
    pub lecturer: Option<String>,
    /// Ids separated by spaces: exactly these lecturers together.
    pub among: Option<String>,
    /// Whether an association sent a lecturer.
    pub is_dispatch: Option<bool>,
    /// Only sessions planned for a day that has passed, of which nothing is reported.
    pub report_missing: Option<bool>,
    /// Only those in no year that is offered (their year is not known, or is later than the next one), or of a day more than a
    /// year from when it was written down.
    pub dates_doubtful: Option<bool>,
    /// Stable name of something a person should look at.
    pub flag: Option<String>,
    /// How many to pass over.
    pub offset: Option<u32>,
    /// How many at most; 100 unless stated, 500 at most.
    pub limit: Option<u32>,
}

/// A record in a list. Null is "not reported".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RecordItem {
    /// Its id.
    pub document: String,
    /// session or consultation.
    pub kind: String,
    /// Stable name.
    pub activity: Option<String>,
    /// Title.
    pub title: Option<String>,
    /// The gathering it rode on.
    pub occasion: Option<String>,
    /// ISO date.
    pub date: Option<String>,
    /// `YYYY-MM`.
    pub month: Option<String>,
    /// Where.
    pub municipality: Option<Named>,
    /// Place.
    pub venue: Option<String>,
    /// The association it belongs to.
    pub association: Option<Named>,
    /// The association that sent a lecturer.
    pub dispatched_by: Option<Named>,
    /// Lecturers.
    pub lecturers: Vec<Named>,
    /// Whether the source does not say which of the lecturers it was.
    pub among: bool,
    /// `none`, a step's state, or `conflict`.
    pub state: String,
    /// What it counts as.
    pub group: String,
    /// Why cancelled or postponed.
    pub reason: Option<String>,
    /// Heads.
    pub attendance: Option<i64>,
    /// Viewers.
    pub viewers: Option<i64>,
    /// The number of the measure asked for.
    pub value: Option<i64>,
    /// Fields and steps in conflict.
    pub conflict_count: i64,
    /// Whether it was kept long enough and destroyed, so that these numbers are all there is.
    pub destroyed: bool,
}

/// A page of records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RecordPage {
    /// When this was read, ms.
    pub as_of: u64,
    /// How many records there are in all.
    pub total: i64,
    /// How many were passed over.
    pub offset: u32,
    /// Latest month first, in each the latest day first; records without a day, or a month, last.
    pub records: Vec<RecordItem>,
}

/// What a caller sees at all.
pub fn within(caller: &Caller) -> Within {
    caller.within(Action::ReadRecords)
}

/// Lists a page of records.
pub async fn list(app: &App, caller: &Caller, query: RecordQuery) -> Result<RecordPage, OfficeError> {
    let registry = app.store.registry(&caller.tenant).await?.ok_or(OfficeError::NotFound)?;
    let now = app.now().0;
    let offset = query.offset.unwrap_or(0);
    let limit = query.limit.unwrap_or(100).clamp(1, MOST_PER_PAGE);
    let filter = filter(app, caller, query);
    let (rows, total) = tokio::try_join!(
        app.store.list_records(&caller.tenant, &filter, offset, limit),
        app.store.count_records(&caller.tenant, &filter),
    )?;
    Ok(RecordPage { as_of: now, total, offset, records: items(app, &caller.tenant, &registry, rows).await? })
}

/// The records a query means for this caller.
pub fn filter(app: &App, caller: &Caller, query: RecordQuery) -> RecordFilter {
    let mut among: Vec<String> = query.among.iter().flat_map(|ids| ids.split(' ')).map(str::to_owned).collect();
    among.sort_unstable();
    among.dedup();
    let missing = query.report_missing.unwrap_or(false);
    RecordFilter {
        within: within(caller),
        fiscal_year: query.fiscal_year,
        month: query.month,
        municipality: query.municipality,
        medical_area: query.medical_area,
        association: query.association,
        dispatched_by: query.dispatched_by,
        activity: query.activity,
        group: query.group,
        reason: query.reason,
        title: query.title,
        occasion: query.occasion,
        measure: query.measure,
        without_value: query.without_value.unwrap_or(false),
        lecturer: query.lecturer,
        among,
        is_dispatch: query.is_dispatch,
        report_missing_on: missing.then(|| day_in_japan(app.now().0).to_string()),
        dates_doubtful_until: query.dates_doubtful.unwrap_or(false).then(|| last_year(day_in_japan(app.now().0))),
        flag: query.flag,
    }
}

/// Rows of a dashboard as people read them.
pub(super) async fn listed(desk: &Desk<'_>, rows: Vec<RecordRow>) -> Result<Vec<RecordItem>, StoreError> {
    items(desk.app, desk.tenant, &desk.registry, rows).await
}

/// Rows as people read them.
pub async fn items(
    app: &App,
    tenant: &str,
    registry: &Registry,
    rows: Vec<RecordRow>,
) -> Result<Vec<RecordItem>, StoreError> {
    let documents: Vec<DocumentId> = rows.iter().map(|row| row.document).collect();
    let mut of_record: BTreeMap<DocumentId, Vec<LecturerRow>> = BTreeMap::new();
    let (lecturers, purged) =
        tokio::try_join!(app.store.list_lecturers_of(tenant, &documents), app.store.list_purged(tenant, &documents))?;
    for row in lecturers {
        of_record.entry(row.document).or_default().push(row);
    }
    let destroyed: BTreeSet<DocumentId> = purged.into_iter().map(|row| row.document).collect();
    let items = rows.into_iter().map(|row| {
        let lecturers = of_record.remove(&row.document).unwrap_or_default();
        let destroyed = destroyed.contains(&row.document);
        item(registry, row, &lecturers, destroyed)
    });
    Ok(items.collect())
}

/// A row as people read it.
pub(super) fn item(registry: &Registry, row: RecordRow, lecturers: &[LecturerRow], destroyed: bool) -> RecordItem {
    let municipality = |code: String| named(registry, Registry::municipality_name, &code);
    let association = |id: String| named(registry, Registry::association_name, &id);
    RecordItem {
        document: row.document.to_string(),
        kind: row.kind,
        activity: row.activity,
        title: row.title,
        occasion: row.occasion,
        date: row.date,
        month: row.month,
        municipality: row.municipality.map(municipality),
        venue: row.venue,
        association: row.association.map(association),
        dispatched_by: row.dispatched_by.map(association),
        among: lecturers.iter().any(|lecturer| lecturer.attribution == "among"),
        lecturers: lecturers
            .iter()
            .map(|lecturer| named(registry, Registry::lecturer_name, &lecturer.lecturer))
            .collect(),
        group: row.group,
        state: row.state,
        reason: row.reason,
        attendance: row.attendance,
        viewers: row.viewers,
        value: row.value,
        conflict_count: row.conflict_count,
        destroyed,
    }
}
