//! Closing a month: what was reported stays as it was, and what comes later is shown beside it as a correction.
//!
//! Late data are taken in as ever; only the figures of the report stand still. Everyone reads the part that is theirs.

use std::collections::{BTreeMap, HashMap};

use chrono::Datelike;
use serde::{Deserialize, Serialize};
use sync_core::ids::DocumentId;
use utoipa::{IntoParams, ToSchema};

use super::records::within;
use super::{Named, OfficeError, day_in_japan, fiscal_year_of, last_year, named};
use crate::service::App;
use crate::service::access::{Action, Caller};
use crate::service::journal::Act;
use crate::store::office::RecordFilter;
use crate::store::types::{Correction, CorrectionCount, Registry, RollupValue, StoredDocument};

/// Records of a page that were changed after a month was closed.
const PAGE: u32 = 200;

/// Who closed a month, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Closed {
    /// When, ms.
    pub at: u64,
    /// Who.
    pub by: Named,
}

/// A month of a fiscal year.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct MonthItem {
    /// `YYYY-MM`.
    pub month: String,
    /// Null: it is open.
    pub closed: Option<Closed>,
    /// Whether it has ended, so that it can be closed.
    pub ended: bool,
    /// Sessions planned for a day that has passed, of which nothing is reported.
    pub reports_missing: i64,
    /// Lists them.
    pub reports_missing_records: String,
    /// Figures of the caller's part that differ from what was reported.
    pub corrections: u64,
}

/// The months of a fiscal year.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ClosingPage {
    /// When this was read, ms.
    pub as_of: u64,
    /// Starting year.
    pub fiscal_year: i64,
    /// Years to choose from, ascending.
    pub fiscal_years: Vec<i64>,
    /// April to March.
    pub months: Vec<MonthItem>,
    /// Whether this caller may close months.
    pub may_close: bool,
}

/// Which year.
#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ClosingQuery {
    /// Starting year; the present one unless stated.
    #[param(minimum = 0, maximum = 9998)]
    #[serde(default, deserialize_with = "super::asked_year")]
    pub fiscal_year: Option<i64>,
}

/// Which month.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct CorrectionQuery {
    /// `YYYY-MM`.
    pub month: String,
    /// How many records to leave out: those of the pages before.
    #[serde(default)]
    pub offset: u32,
}

/// A month to close.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewClosing {
    /// `YYYY-MM`.
    pub month: String,
}

/// A figure as it was reported, or as it is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Amount {
    /// The sum of what was reported; null: nobody reported any.
    pub total: Option<i64>,
    /// Records with a number.
    pub reported: i64,
    /// Records that should have a number and have none.
    pub unreported: i64,
}

impl From<RollupValue> for Amount {
    fn from(value: RollupValue) -> Self {
        let total = (value.reported > 0).then_some(value.total);
        Self { total, reported: value.reported, unreported: value.unreported }
    }
}

/// A figure that has changed since its month was closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct CorrectionItem {
    /// Stable name of what is counted.
    pub measure: String,
    /// Null: not reported.
    pub municipality: Option<Named>,
    /// Null: not reported.
    pub association: Option<Named>,
    /// When the month was closed.
    pub reported: Amount,
    /// Now.
    pub now: Amount,
    /// By how much the sum has changed.
    pub difference: i64,
}

/// What became of a record's figures in a month after that was closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RecordChange {
    /// They are others.
    Changed,
    /// They came later.
    Added,
    /// They went to another month, or nobody knows which.
    Moved,
    /// They went with the record, which was destroyed.
    Destroyed,
}

/// A record whose figures in a month are others than when that was closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ChangedRecord {
    /// Its id.
    pub document: String,
    /// What became of its figures.
    pub change: RecordChange,
    /// Whether the caller may open it. Otherwise nothing more is said of it: it is another organisation's now, or is no
    /// more.
    pub record_visible: bool,
    /// Its title.
    pub title: Option<String>,
    /// Kind of outreach.
    pub activity: Option<String>,
    /// ISO date.
    pub date: Option<String>,
    /// Place.
    pub venue: Option<String>,
    /// Municipality.
    pub municipality: Option<Named>,
}

/// What has changed in a month since it was closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct CorrectionPage {
    /// When this was read, ms.
    pub as_of: u64,
    /// `YYYY-MM`.
    pub month: String,
    /// Null: the month is open, and there is nothing to correct.
    pub closed: Option<Closed>,
    /// Figures of the caller's part that differ.
    pub corrections: Vec<CorrectionItem>,
    /// The records of the caller's part that make the difference, written last first; at most 200.
    pub records: Vec<ChangedRecord>,
    /// Whether more records follow.
    pub more: bool,
}

/// The fiscal year of a month in the form `YYYY-MM`; `None` for anything else.
fn year_of(month: &str) -> Option<(i64, u32)> {
    let (year, number) = month.split_once('-')?;
    let digits = |text: &str, length| text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(year, 4) || !digits(number, 2) {
        return None;
    }
    let (year, number): (i64, u32) = (year.parse().ok()?, number.parse().ok()?);
    (1..=12).contains(&number).then(|| (if number < 4 { year - 1 } else { year }, number))
}

fn months_of(fiscal_year: i64) -> impl Iterator<Item = String> {
    (4..=15).map(move |number| {
        let (year, month) = if number > 12 { (fiscal_year + 1, number - 12) } else { (fiscal_year, number) };
        format!("{year:04}-{month:02}")
    })
}

fn is_own(caller: &Caller, municipality: &str, association: &str) -> bool {
    caller.sees_municipality(municipality) || caller.sees_association(association)
}

async fn own_corrections(app: &App, caller: &Caller, month: &str) -> Result<Vec<Correction>, OfficeError> {
    let mut corrections = app.store.list_corrections(&caller.tenant, month).await?;
    corrections.retain(|one| is_own(caller, &one.key.municipality, &one.key.association));
    Ok(corrections)
}

/// Lists the months of a year.
pub async fn list(app: &App, caller: &Caller, query: ClosingQuery) -> Result<ClosingPage, OfficeError> {
    let today = day_in_japan(app.now().0);
    let present = fiscal_year_of(today);
    let fiscal_year = query.fiscal_year.unwrap_or(present);
    let (tenant, part) = (&caller.tenant, within(caller));
    let filter = RecordFilter {
        within: part.clone(),
        fiscal_year: Some(fiscal_year),
        report_missing_on: Some(today.to_string()),
        ..RecordFilter::default()
    };
    let (mut fiscal_years, closings, missing, counts) = tokio::try_join!(
        app.store.list_years(tenant, &part),
        app.store.list_closings(tenant, Some(fiscal_year)),
        app.store.count_records_by_month(tenant, &filter),
        app.store.count_corrections(tenant, fiscal_year),
    )?;
    fiscal_years.retain(|year| *year <= last_year(today));
    fiscal_years.extend([present, fiscal_year]);
    fiscal_years.retain(|year| *year > 0);
    fiscal_years.sort_unstable();
    fiscal_years.dedup();
    let closings: BTreeMap<&str, _> = closings.iter().map(|row| (row.month.as_str(), row)).collect();
    let missing: BTreeMap<String, i64> = missing.into_iter().collect();
    let is_own = |count: &&CorrectionCount| is_own(caller, &count.municipality, &count.association);
    let mut corrections: BTreeMap<&str, u64> = BTreeMap::new();
    for count in counts.iter().filter(is_own) {
        *corrections.entry(&count.month).or_default() += count.figures;
    }
    let this_month = format!("{:04}-{:02}", today.year(), today.month());
    let month_item = |month: String| MonthItem {
        closed: closings.get(month.as_str()).map(|row| Closed {
            at: row.closed_at,
            by: Named { id: row.closed_by.clone(), name: row.closed_by_name.clone() },
        }),
        ended: month < this_month,
        reports_missing: missing.get(&month).copied().unwrap_or(0),
        reports_missing_records: format!("fiscal_year={fiscal_year}&month={month}&report_missing=true"),
        corrections: corrections.get(month.as_str()).copied().unwrap_or(0),
        month,
    };
    let months = months_of(fiscal_year).map(month_item).collect();
    Ok(ClosingPage { as_of: app.now().0, fiscal_year, fiscal_years, months, may_close: caller.may(Action::CloseMonth) })
}

/// Closes a month that has ended.
pub async fn close(app: &App, caller: &Caller, new: &NewClosing) -> Result<(), OfficeError> {
    if !caller.may(Action::CloseMonth) {
        return Err(OfficeError::Forbidden);
    }
    let invalid = OfficeError::Invalid("月は「2026-09」のように、西暦と月で指定してください。");
    let (fiscal_year, _) = year_of(&new.month).ok_or(invalid)?;
    let today = day_in_japan(app.now().0);
    if new.month >= format!("{:04}-{:02}", today.year(), today.month()) {
        return Err(OfficeError::Invalid("まだ終わっていない月は締められません。月が変わってから締めてください。"));
    }
    let now = app.now().0;
    if !app.store.close_month(&caller.tenant, &new.month, fiscal_year, &caller.person, now).await? {
        return Err(OfficeError::Already("この月はすでに締められています。画面を読み込み直してください。"));
    }
    tracing::info!(tenant = caller.tenant, month = new.month, by = caller.person, "a month was closed");
    Ok(app.journal.note(caller, Act::done(Action::CloseMonth).to(&new.month)).await?)
}

/// Lists what has changed in a month since it was closed.
pub async fn corrections(app: &App, caller: &Caller, query: &CorrectionQuery) -> Result<CorrectionPage, OfficeError> {
    let (fiscal_year, _) = year_of(&query.month).ok_or(OfficeError::NotFound)?;
    let registry = app.store.registry(&caller.tenant).await?.ok_or(OfficeError::NotFound)?;
    let closings = app.store.list_closings(&caller.tenant, Some(fiscal_year)).await?;
    let closing = closings.into_iter().find(|row| row.month == query.month);
    let corrections = own_corrections(app, caller, &query.month).await?;
    let (tenant, part) = (&caller.tenant, within(caller));
    let mut changed = app.store.list_changed_since_closing(tenant, &query.month, &part, query.offset, PAGE + 1).await?;
    let more = changed.len() > PAGE as usize;
    changed.truncate(PAGE as usize);
    let ids: Vec<DocumentId> = changed.iter().map(|row| row.document).collect();
    let stored = app.store.load_documents(tenant, &ids).await?;
    let mut visible: HashMap<DocumentId, StoredDocument> = stored
        .into_iter()
        .filter(|stored| super::record::may_see(caller, stored))
        .map(|stored| (stored.document, stored))
        .collect();
    let gone: Vec<DocumentId> = changed.iter().filter(|row| !row.is_there).map(|row| row.document).collect();
    let destroyed = app.store.list_purged(tenant, &gone).await?;
    let name = |lookup: fn(&Registry, &str) -> Option<String>, id: &str| {
        (!id.is_empty()).then(|| named(&registry, lookup, id))
    };
    let item = |correction: Correction| CorrectionItem {
        municipality: name(Registry::municipality_name, &correction.key.municipality),
        association: name(Registry::association_name, &correction.key.association),
        measure: correction.key.measure,
        reported: correction.reported.into(),
        now: correction.now.into(),
        difference: correction.now.total.saturating_sub(correction.reported.total),
    };
    let records = changed.into_iter().map(|row| {
        let stored = visible.remove(&row.document);
        let record_visible = stored.is_some();
        let fact = stored.and_then(|stored| stored.projection).map(|projection| projection.fact);
        let (title, activity, date, venue, municipality) = fact.map_or_else(Default::default, |fact| {
            (fact.title, fact.activity, fact.date, fact.venue, fact.municipality)
        });
        let change = match (row.was_there, row.is_there) {
            (true, true) => RecordChange::Changed,
            (false, _) => RecordChange::Added,
            (true, false) if destroyed.iter().any(|one| one.document == row.document) => RecordChange::Destroyed,
            (true, false) => RecordChange::Moved,
        };
        let municipality = municipality.and_then(|code| name(Registry::municipality_name, &code));
        let document = row.document.to_string();
        ChangedRecord { document, change, record_visible, title, activity, date, venue, municipality }
    });
    Ok(CorrectionPage {
        as_of: app.now().0,
        month: query.month.clone(),
        closed: closing
            .map(|row| Closed { at: row.closed_at, by: Named { id: row.closed_by, name: row.closed_by_name } }),
        corrections: corrections.into_iter().map(item).collect(),
        records: records.collect(),
        more,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fiscal_year_runs_from_april_to_march() {
        let months: Vec<String> = months_of(2026).collect();
        assert_eq!((months.len(), months[0].as_str(), months[11].as_str()), (12, "2026-04", "2027-03"));
        assert!(months.iter().all(|month| year_of(month).map(|(year, _)| year) == Some(2026)));
        for wrong in ["2026-13", "2026-00", "2026-4", "26-04", "2026/04", "", "+026-04"] {
            assert_eq!(year_of(wrong), None, "{wrong}");
        }
    }
}
