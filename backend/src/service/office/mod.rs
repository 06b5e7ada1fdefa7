//! What the office console shows, from projections and roll-ups only.
//!
//! Every figure carries how many records give a number, how many do not, and the query that lists exactly those records.
//! A quantity nobody reported is `None`, never 0. What a caller may not see is answered as [`OfficeError::NotFound`].

pub mod association;
pub mod closing;
pub mod custody;
pub mod era;
pub mod export;
pub mod figure;
pub mod healing;
pub mod history;
pub mod journal;
pub mod municipality;
pub mod prefecture;
pub mod publication;
pub mod record;
pub mod records;
mod spreadsheet;
mod sums;
mod suppression;
mod words;

use chrono::{DateTime, FixedOffset, NaiveDate, Utc};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::service::App;
use crate::service::access::Caller;
use crate::store::StoreError;
use crate::store::office::{RecordFilter, SilentRow, Within};
use crate::store::types::Registry;
use figure::Link;

/// A tablet counts as silent after this many days without a word.
pub const SILENT_AFTER_DAYS: u64 = 7;

/// The last fiscal year that is offered: the next one, since plans are made for it. What is later stands among the records
/// whose year is not known.
fn last_year(today: NaiveDate) -> i64 {
    fiscal_year_of(today) + 1
}

/// The last fiscal year that can be asked for.
const LAST_YEAR: i64 = 9_998;

/// Reads a fiscal year of a query; 0 stands for none. Years beyond all calendars are refused.
pub fn asked_year<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let year = Option::<i64>::deserialize(deserializer)?;
    if year.is_some_and(|year| !(0..=LAST_YEAR).contains(&year)) {
        return Err(Error::custom("fiscal_year"));
    }
    Ok(year)
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum OfficeError {
    /// Unknown, or not this caller's to see.
    #[error("unknown, or not this caller's to see")]
    NotFound,
    /// The caller sees it and may not do this.
    #[error("not this caller's to do")]
    Forbidden,
    /// What was sent makes no sense; what to do, in Japanese.
    #[error("refused: {0}")]
    Invalid(&'static str),
    /// It was done before; what that means, in Japanese.
    #[error("done before: {0}")]
    Already(&'static str),
    /// A stored document cannot be read.
    #[error("a stored document cannot be read")]
    Unreadable,
    /// What a file is made of could not be put aside.
    #[error("a file cannot be written: {0}")]
    File(#[from] std::io::Error),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Where a file goes, piece by piece.
pub trait Pieces {
    /// Takes the next piece; an error ends the file.
    fn take(&mut self, piece: Vec<u8>) -> impl Future<Output = Result<(), OfficeError>> + Send;
}

/// An id and its name; the id stands for the name when the registry does not know it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[schema(as = OfficeNamed)]
pub struct Named {
    /// Registry id or municipality code.
    pub id: String,
    /// Name.
    pub name: String,
}

/// A tablet that has not been heard of for [`SILENT_AFTER_DAYS`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct SilentTablet {
    /// Its id.
    pub device: String,
    /// What people call it.
    pub name: String,
    /// When it last synchronised, ms; null: never.
    pub last_seen_at: Option<u64>,
}

/// What every dashboard says about itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Frame {
    /// When these figures were read, ms.
    pub as_of: u64,
    /// Starting year of the fiscal year shown.
    pub fiscal_year: i64,
    /// Fiscal years to choose from, ascending; always with the one shown and the present one.
    pub fiscal_years: Vec<i64>,
    /// Sessions of this year planned for a day that has passed, of which nothing is reported.
    pub reports_missing: i64,
    /// Lists them.
    pub reports_missing_records: String,
    /// Tablets not heard of for a week.
    pub silent_tablets: Vec<SilentTablet>,
    /// Records of the same organisation that are in no year that is offered, and so in no figure of a year, or of a day far
    /// from when it was written down.
    pub dates_doubtful: i64,
    /// Lists them.
    pub dates_doubtful_records: String,
    /// Whether made-up records are among the figures.
    pub sample: bool,
}

/// What building a dashboard needs.
struct Desk<'a> {
    app: &'a App,
    tenant: &'a str,
    registry: Registry,
    today: NaiveDate,
    fiscal_year: i64,
    years: Vec<i64>,
    within: Within,
}

/// The day in Japan.
pub fn day_in_japan(now_ms: u64) -> NaiveDate {
    let utc = i64::try_from(now_ms).ok().and_then(DateTime::<Utc>::from_timestamp_millis).unwrap_or_default();
    FixedOffset::east_opt(9 * 3600).map_or(utc.date_naive(), |zone| utc.with_timezone(&zone).date_naive())
}

/// Starting year of the fiscal year of a day.
pub fn fiscal_year_of(day: NaiveDate) -> i64 {
    use chrono::Datelike;
    i64::from(day.year()) - i64::from(day.month() < 4)
}

impl<'a> Desk<'a> {
    /// Reads the registry and settles the year: the one asked for, else the latest until now with records, else the present
    /// one.
    async fn open(app: &'a App, caller: &'a Caller, within: Within, asked: Option<i64>) -> Result<Self, OfficeError> {
        let tenant = caller.tenant.as_str();
        let (registry, mut years) =
            tokio::try_join!(app.store.registry(tenant), app.store.list_years(tenant, &within))?;
        let registry = registry.ok_or(OfficeError::NotFound)?;
        let today = day_in_japan(app.now().0);
        let present = fiscal_year_of(today);
        years.retain(|year| *year <= last_year(today));
        let until_now = years.iter().rev().find(|year| **year <= present);
        let fiscal_year = asked.or(until_now.copied()).unwrap_or(present);
        years.extend([fiscal_year, present]);
        years.sort_unstable();
        years.dedup();
        Ok(Self { app, tenant, registry, today, fiscal_year, years, within })
    }

    fn link(&self) -> Link {
        Link::of_year(self.fiscal_year)
    }

    /// What the dashboard of the records that `filter` means says about itself.
    async fn frame(&self, link: Link, filter: &RecordFilter) -> Result<Frame, StoreError> {
        let (store, tenant, now) = (&self.app.store, self.tenant, self.app.now().0);
        let missing = RecordFilter { report_missing_on: Some(self.today.to_string()), ..filter.clone() };
        let doubtful =
            RecordFilter { fiscal_year: None, dates_doubtful_until: Some(last_year(self.today)), ..filter.clone() };
        let (silent, reports_missing, dates_doubtful, sample) = tokio::try_join!(
            store.list_silent(tenant, &self.within, now.saturating_sub(SILENT_AFTER_DAYS * 86_400_000)),
            store.count_records(tenant, &missing),
            store.count_records(tenant, &doubtful),
            store.any_sample(tenant, filter),
        )?;
        Ok(Frame {
            as_of: now,
            fiscal_year: self.fiscal_year,
            fiscal_years: self.years.clone(),
            reports_missing,
            reports_missing_records: link.with("report_missing", "true").text(),
            dates_doubtful,
            dates_doubtful_records: link.without_year().with("dates_doubtful", "true").text(),
            silent_tablets: silent.into_iter().map(silent_tablet).collect(),
            sample,
        })
    }

    fn municipality(&self, code: &str) -> Named {
        named(&self.registry, Registry::municipality_name, code)
    }

    fn association(&self, id: &str) -> Named {
        named(&self.registry, Registry::association_name, id)
    }

    fn lecturer(&self, id: &str) -> Named {
        named(&self.registry, Registry::lecturer_name, id)
    }
}

fn named(registry: &Registry, find: fn(&Registry, &str) -> Option<String>, id: &str) -> Named {
    Named { id: id.to_owned(), name: find(registry, id).unwrap_or_else(|| id.to_owned()) }
}

fn silent_tablet(row: SilentRow) -> SilentTablet {
    SilentTablet { device: row.device.to_string(), name: row.name, last_seen_at: row.last_seen_at }
}

impl Registry {
    fn municipality_name(&self, code: &str) -> Option<String> {
        self.municipalities.iter().find(|one| one.code == code).map(|one| one.name.clone())
    }

    fn association_name(&self, id: &str) -> Option<String> {
        self.associations.iter().find(|one| one.id == id).map(|one| one.name.clone())
    }

    /// 富沢医師: surname, given name and title.
    pub(in crate::service) fn lecturer_name(&self, id: &str) -> Option<String> {
        let one = self.lecturers.iter().find(|one| one.id == id)?;
        let given = one.given_name.as_deref().map(|name| format!(" {name}")).unwrap_or_default();
        Some(format!("{}{given}{}", one.surname, one.title.as_deref().unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fiscal_year_turns_at_midnight_in_japan() {
        let before = 1_743_433_199_000; // 2025-03-31 23:59:59 in Japan
        assert_eq!(fiscal_year_of(day_in_japan(before)), 2024);
        assert_eq!(fiscal_year_of(day_in_japan(before + 1_000)), 2025);
    }
}
