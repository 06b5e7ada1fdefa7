//! How long things are kept, by subject and prefecture, and what falls due when that is over.
//!
//! Invariants: nothing is destroyed by itself: unless an administrator sets a number of years, things are kept for good,
//! and what falls due waits for one who has just shown who they are and who confirms exactly the list they were shown.
//! Years are fiscal years: what belongs to one is kept for so many whole years after it, and falls due in April.
//! What a destruction takes, and how it is proven, stands in [`destruction`]; what belongs to no prefecture in [`strangers`].

pub mod certificate;
pub mod destruction;
pub mod due;
pub mod strangers;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::App;
use super::access::{Action, Caller};
use super::journal::{Act, COMMAND_LINE};
use super::office::{Named, day_in_japan, fiscal_year_of};
use super::secret::NoRandomness;
use crate::store::StoreError;
use crate::store::retention::DestructionRow;
use due::{Due, due};

/// Most years that can be set.
const MOST_YEARS: i64 = 100;

/// What has a time of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// Records with their history and texts, by their fiscal year.
    Records,
    /// Changes in custody on which somebody has decided, by the day of the decision.
    Custody,
    /// Entries of the journal, by their day.
    Journal,
    /// Names and people of tablets whose registration has ended, by that day.
    Tablets,
    /// Passwords, passkeys and provider's names of people who were kept from signing in, by that day.
    SignIns,
}

impl Subject {
    /// Every subject.
    pub const ALL: [Self; 5] = [Self::Records, Self::Custody, Self::Journal, Self::Tablets, Self::SignIns];

    /// The stable name, as stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Records => "records",
            Self::Custody => "custody",
            Self::Journal => "journal",
            Self::Tablets => "tablets",
            Self::SignIns => "sign_ins",
        }
    }

    /// The subject with this stable name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|subject| subject.as_str() == name)
    }

    /// As people say it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Records => "記録（催し・相談など）",
            Self::Custody => "判断の済んだ預かり",
            Self::Journal => "操作の記録",
            Self::Tablets => "登録を取り消した端末の名前と使った人",
            Self::SignIns => "利用を止めた人のサインイン方法",
        }
    }

    /// What is proposed where nothing is set. Five years are what grants ask evidence to be kept for, and who looked at
    /// the evidence is kept as long as the evidence; the rest has served when the next year's report is done.
    pub const fn suggested_years(self) -> i64 {
        match self {
            Self::Records | Self::Journal => 5,
            Self::Custody => 3,
            Self::Tablets | Self::SignIns => 1,
        }
    }
}

/// Why something about keeping is refused.
#[derive(Debug, thiserror::Error)]
pub enum RetentionError {
    /// Not this caller's to do.
    #[error("not this caller's to do")]
    Forbidden,
    /// No such subject or destruction.
    #[error("unknown")]
    NotFound,
    /// Not a number of years.
    #[error("not a number of years from 1 to 100")]
    Years,
    /// The reason is empty or too long.
    #[error("the reason is empty or too long")]
    Reason,
    /// What falls due is not what was confirmed.
    #[error("what falls due has changed")]
    Changed,
    /// Nothing falls due.
    #[error("nothing falls due")]
    Nothing,
    /// The last destruction of this subject goes on.
    #[error("one goes on")]
    GoesOn,
    /// The machine gave no randomness.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How many records of a fiscal year fall due.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct YearCount {
    /// Starting year; null: records without one.
    pub fiscal_year: Option<i64>,
    /// How many.
    pub count: u64,
}

/// A subject with its time and what falls due.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct SubjectView {
    /// Which.
    pub subject: Subject,
    /// Whole fiscal years after the one it belongs to; null: kept for good.
    pub years: Option<i64>,
    /// What is proposed.
    pub suggested_years: i64,
    /// When it was set, ms.
    pub set_at: Option<u64>,
    /// By whom.
    pub set_by: Option<Named>,
    /// The last fiscal year that falls due; null: kept for good.
    pub up_to: Option<i64>,
    /// How much falls due.
    pub due: u64,
    /// Of records: by fiscal year, ascending.
    pub by_year: Vec<YearCount>,
    /// Names the list of what falls due; whoever confirms gives it back.
    pub list: String,
}

/// A destruction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct DestructionView {
    /// Its id.
    pub destruction: String,
    /// Of what.
    pub subject: Subject,
    /// The last fiscal year that was destroyed.
    pub up_to: i64,
    /// When it was confirmed, ms.
    pub begun_at: u64,
    /// By whom.
    pub begun_by: Named,
    /// Why, in words.
    pub reason: String,
    /// When it was done, ms; null: it goes on.
    pub finished_at: Option<u64>,
    /// How much was destroyed; while it goes on, how much is to be.
    pub count: u64,
    /// SHA-256 over the list of what was destroyed, 64 hexadecimal digits.
    pub hash: String,
}

/// What is kept how long, what falls due, and what was destroyed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RetentionPage {
    /// When this was read, ms.
    pub as_of: u64,
    /// Every subject.
    pub subjects: Vec<SubjectView>,
    /// Latest first.
    pub destructions: Vec<DestructionView>,
}

/// The last fiscal year that falls due today, and the time before which things belong to it or an earlier one.
fn reach(app: &App, years: i64) -> (i64, u64) {
    let last = fiscal_year_of(day_in_japan(app.now().0)) - years - 1;
    let day = i32::try_from(last + 1).ok().and_then(|year| NaiveDate::from_ymd_opt(year, 4, 1));
    let midnight = day.and_then(|day| day.and_hms_opt(0, 0, 0)).map(|time| time.and_utc().timestamp_millis());
    // midnight in Japan is nine hours earlier
    let before = midnight.map_or(0, |ms| ms - 9 * 3_600_000);
    (last, u64::try_from(before).unwrap_or(0))
}

fn check(caller: &Caller) -> Result<(), RetentionError> {
    if caller.may(Action::SetRetention) { Ok(()) } else { Err(RetentionError::Forbidden) }
}

/// The years a subject is kept; `None`: for good.
async fn years_of(app: &App, tenant: &str, subject: Subject) -> Result<Option<i64>, StoreError> {
    let rows = app.store.list_retention(tenant).await?;
    Ok(rows.into_iter().find(|row| row.subject == subject.as_str()).map(|row| row.years))
}

async fn named(app: &App, tenant: &str, person: &str) -> Result<Named, StoreError> {
    let found = match person {
        COMMAND_LINE => Some("サーバーの命令".to_owned()),
        person => app.store.lookup_person(tenant, person).await?.map(|row| row.name),
    };
    Ok(Named { id: person.to_owned(), name: found.unwrap_or_else(|| person.to_owned()) })
}

/// What is kept how long, what falls due today, and what was destroyed.
pub async fn page(app: &App, caller: &Caller) -> Result<RetentionPage, RetentionError> {
    check(caller)?;
    let tenant = caller.tenant.as_str();
    let rows = app.store.list_retention(tenant).await?;
    let mut subjects = Vec::with_capacity(Subject::ALL.len());
    for subject in Subject::ALL {
        let row = rows.iter().find(|row| row.subject == subject.as_str());
        let due = match row {
            Some(row) => due(app, tenant, subject, row.years).await?,
            None => Due::default(),
        };
        subjects.push(SubjectView {
            subject,
            years: row.map(|row| row.years),
            suggested_years: subject.suggested_years(),
            set_at: row.map(|row| row.set_at),
            set_by: match row {
                Some(row) => Some(named(app, tenant, &row.set_by).await?),
                None => None,
            },
            up_to: row.map(|row| reach(app, row.years).0),
            due: due.count(),
            list: hex::encode(due.hash()),
            by_year: due.by_year,
        });
    }
    let mut destructions = Vec::new();
    for row in app.store.list_destructions(tenant).await? {
        destructions.extend(view(app, row).await?);
    }
    Ok(RetentionPage { as_of: app.now().0, subjects, destructions })
}

/// A destruction as people read it; `None` when its subject is unknown to this version.
async fn view(app: &App, row: DestructionRow) -> Result<Option<DestructionView>, StoreError> {
    let Some(subject) = Subject::from_name(&row.subject) else { return Ok(None) };
    Ok(Some(DestructionView {
        subject,
        up_to: row.fiscal_year,
        begun_at: row.begun_at,
        begun_by: named(app, &row.tenant, &row.begun_by).await?,
        reason: row.reason,
        finished_at: row.finished_at,
        count: row.item_count,
        hash: hex::encode(row.hash),
        destruction: row.destruction,
    }))
}

/// Sets how long a subject is kept; `None`: for good. Destroys nothing.
pub async fn set(app: &App, caller: &Caller, subject: Subject, years: Option<i64>) -> Result<(), RetentionError> {
    check(caller)?;
    if years.is_some_and(|years| !(1..=MOST_YEARS).contains(&years)) {
        return Err(RetentionError::Years);
    }
    app.store.set_retention(&caller.tenant, subject.as_str(), years, &caller.person, app.now().0).await?;
    let years = years.map_or_else(|| "keep".to_owned(), |years| format!("set {years}"));
    let act = Act::done(Action::SetRetention).to(subject.as_str()).saying(years);
    Ok(app.journal.note(caller, act).await?)
}
