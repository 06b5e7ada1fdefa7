//! 一日券: one session, for one lecturer, on a phone or tablet of their own, until the end of the day.
//!
//! Who may give one for a session is asked of the organisations the session belongs to. The code is good once and for ten
//! minutes, and signs nobody in; what it makes is bound to a key like every tablet. A pass ends by itself: from then on it
//! shows nothing, and for [`LATE_MS`] what was recorded on it is still taken in, since a hall without signal is why it is
//! there at all. Ended by a person, it lets nothing in that no person has looked at.
//! Deliberately absent: making a pass longer. Another day takes another one.

mod needs;

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};
use sync_core::digest::FeedState;
use sync_core::document::Kind;
use sync_core::ids::{DeviceId, DocumentId, ScopeId};
use utoipa::ToSchema;

pub use needs::registry;

use super::App;
use super::access::{Action, Caller, LATE_MS, Organisation};
use super::attempts::network;
use super::commit::announce;
use super::enrol::{EnrolError, Enrolled, enrolled};
use super::journal::Act;
use super::office::day_in_japan;
use super::pace::Pace;
use super::scan::ScanCode;
use super::secret::{SignInCode, random_token, secret_hash};
use super::tablets::{CODE_MS, TabletError};
use crate::store::StoreError;
use crate::store::day_pass::{PassCode, PassRow};
use crate::store::tablets::TabletRow;
use crate::store::types::{NewDevice, SecretHash, StoredDocument};

const DAY_MS: u64 = 86_400_000;
/// How far Japan is ahead of UTC.
const AHEAD_MS: u64 = 9 * 3_600_000;
/// How often passes whose time for late work is over too are looked for.
const SWEEP: Duration = Duration::from_secs(600);

/// For whom a day pass is to be.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDayPass {
    /// Registry id of the lecturer: one of the bank, or of the session.
    pub lecturer: String,
    /// Where the field app is, unless the settings say how people reach the server: scheme, host and port.
    pub address: String,
}

/// A day pass to be scanned; shown only here.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DayPassCode {
    /// The code with its picture.
    #[serde(flatten)]
    pub scan: ScanCode,
    /// When the pass ends, ms.
    pub ends_at: u64,
}

/// The day pass of a phone or tablet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct DayPassView {
    /// The session.
    pub document: String,
    /// Its title, as far as there is one.
    pub title: Option<String>,
    /// ISO date.
    pub date: Option<String>,
    /// When the pass ends, ms.
    pub ends_at: u64,
}

/// When a pass for a session of this day ends that is given today: with the session's day, or with today when that is
/// later. `None`: the session is later than tomorrow.
fn end_of(today: NaiveDate, session: Option<NaiveDate>) -> Option<u64> {
    let last = session.map_or(today, |day| day.max(today));
    if last > today.checked_add_days(Days::new(1))? {
        return None;
    }
    let midnight = last.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_millis();
    Some(u64::try_from(midnight).ok()?.saturating_add(DAY_MS).saturating_sub(AHEAD_MS))
}

/// Whether one of the organisations a record belongs to is within the caller's reach in an action.
fn reaches(caller: &Caller, action: Action, stored: &StoredDocument) -> bool {
    let present = stored.places.iter().filter(|place| place.state == FeedState::Present);
    present.map(|place| Organisation::of_scope(&place.scope)).any(|organisation| caller.may_at(action, organisation))
}

/// Makes a code that lets one phone or tablet hold the session, with its picture.
pub async fn issue(
    app: &App,
    caller: &Caller,
    document: DocumentId,
    new: &NewDayPass,
) -> Result<DayPassCode, TabletError> {
    let stored = app.store.load_documents(&caller.tenant, &[document]).await?.pop().ok_or(TabletError::NotFound)?;
    if !reaches(caller, Action::ReadRecords, &stored) {
        return Err(TabletError::NotFound);
    }
    if !reaches(caller, Action::IssueDayPass, &stored) {
        return Err(TabletError::Forbidden);
    }
    if stored.kind != Kind::Session {
        return Err(TabletError::NotSession);
    }
    let projection = stored.projection.as_ref().ok_or(TabletError::NotFound)?;
    let day = projection.fact.date.as_deref().and_then(|date| date.parse().ok());
    let ends_at = end_of(day_in_japan(app.now().0), day).ok_or(TabletError::TooEarly)?;
    let registry = app.store.registry(&caller.tenant).await?.ok_or(TabletError::NotFound)?;
    let lecturer = registry.lecturers.iter().find(|one| one.id == new.lecturer);
    let lecturer = lecturer.filter(|one| one.bank || projection.lecturers.contains_key(&one.id));
    let lecturer = lecturer.ok_or(TabletError::Lecturer)?;
    let code = SignInCode::random()?;
    let now = app.now();
    let expires_at = now.plus_ms(CODE_MS).0.min(ends_at);
    // the office may be at an address that a visitor's phone cannot reach
    let public = Some(app.config.public_url.as_str()).filter(|url| !url.is_empty());
    let scan = ScanCode::new(public.unwrap_or(&new.address), "pass", &code, expires_at).ok_or(TabletError::Address)?;
    let row = PassCode {
        tenant: caller.tenant.clone(),
        document,
        person: lecturer.id.clone(),
        name: registry.lecturer_name(&lecturer.id).unwrap_or_else(|| lecturer.surname.clone()),
        ends_at,
        expires_at,
    };
    app.store.keep_pass_code(&code.hash(), &row, now.0).await?;
    let act = Act::done(Action::IssueDayPass).to(document).saying(format!("pass {}", row.person));
    app.journal.note(caller, act).await?;
    Ok(DayPassCode { scan, ends_at })
}

/// Turns the code of a day pass into a phone or tablet that holds its session.
pub(super) async fn enrol(
    app: &App,
    peer: IpAddr,
    code_hash: &SecretHash,
    device: DeviceId,
    key: SecretHash,
) -> Result<Enrolled, EnrolError> {
    let now = app.now().0;
    let code = app.store.lookup_pass_code(code_hash, now).await?.ok_or(EnrolError::NoCode)?;
    app.attempts.forgive(&network(peer));
    let token = random_token()?;
    let scopes = vec![ScopeId::session(code.document)];
    let name = format!("一日券 {}", code.name);
    let new = NewDevice { device, key, name, token_hash: secret_hash(&token), scopes };
    let outcome = app.store.enrol_visitor(code_hash, &new, now).await?;
    enrolled(app, outcome, new, token, &format!("visit {}", code.document)).await
}

/// The sessions of passes, as far as the caller may see who holds them.
#[derive(Debug, Default)]
pub(super) struct Sessions(HashMap<DocumentId, (DayPassView, bool)>);

impl Sessions {
    /// The sessions of these passes.
    pub(super) async fn of(app: &App, caller: &Caller, rows: &[TabletRow]) -> Result<Self, StoreError> {
        let passes = rows.iter().filter(|row| row.pass_ends_at.is_some());
        let mut ids: Vec<DocumentId> = passes.filter_map(|row| row.organisation.parse().ok()).collect();
        ids.sort_unstable();
        ids.dedup();
        if ids.is_empty() {
            return Ok(Self::default());
        }
        let stored = app.store.load_documents(&caller.tenant, &ids).await?;
        let seen = stored.into_iter().filter(|stored| reaches(caller, Action::ReadDevices, stored));
        let view = |stored: StoredDocument| {
            let may_end = reaches(caller, Action::IssueDayPass, &stored);
            let fact = stored.projection.map(|projection| projection.fact);
            let document = stored.document.to_string();
            let (title, date) = fact.map_or((None, None), |fact| (fact.title, fact.date));
            (stored.document, (DayPassView { document, title, date, ends_at: 0 }, may_end))
        };
        Ok(Self(seen.map(view).collect()))
    }

    /// The pass of a row, and whether the caller may end it before its time. `None`: not theirs to see.
    pub(super) fn pass(&self, row: &TabletRow) -> Option<(DayPassView, bool)> {
        let (view, may_end) = self.0.get(&row.organisation.parse().ok()?)?;
        Some((DayPassView { ends_at: row.pass_ends_at?, ..view.clone() }, *may_end))
    }
}

/// Ends a pass before its time. It takes effect at its next request.
pub async fn end(app: &App, caller: &Caller, device: DeviceId) -> Result<(), TabletError> {
    let rows = app.store.list_tablets(&caller.tenant).await?;
    let row = rows.into_iter().find(|row| row.device == device && row.pass_ends_at.is_some());
    let row = row.ok_or(TabletError::NotFound)?;
    let sessions = Sessions::of(app, caller, std::slice::from_ref(&row)).await?;
    let (pass, may_end) = sessions.pass(&row).ok_or(TabletError::NotFound)?;
    if !may_end {
        return Err(TabletError::Forbidden);
    }
    let document = row.organisation.parse().map_err(|_| TabletError::NotFound)?;
    let over = pass.ends_at.saturating_add(LATE_MS) <= app.now().0;
    let ended = PassRow { tenant: caller.tenant.clone(), device, document };
    if over || !app.store.end_pass(&ended, Some(&caller.person), app.now().0).await? {
        return Err(TabletError::PassOver);
    }
    announce(&app.notices, &caller.tenant, [ScopeId::session(document)]);
    Ok(app.journal.note(caller, Act::done(Action::IssueDayPass).to(device).saying("ended")).await?)
}

/// Lets go of what passes hold that have ended, and whose time for late work is over. Returns how many.
pub async fn sweep(app: &App) -> Result<usize, StoreError> {
    let now = app.now().0;
    let ended = app.store.list_ended_passes(now.saturating_sub(LATE_MS)).await?;
    for pass in &ended {
        app.store.end_pass(pass, None, now).await?;
    }
    Ok(ended.len())
}

/// Sweeps until the process is told to end.
pub async fn run(app: App) {
    let mut pace = Pace::every(&app, SWEEP);
    while pace.next().await {
        if let Err(error) = sweep(&app).await {
            tracing::warn!(%error, "ending day passes was put off");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pass_ends_with_the_sessions_day_in_japan_and_is_given_from_the_day_before() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let today = day("2026-11-21");
        let midnight = 1_795_273_200_000; // 2026-11-22 00:00 in Japan
        for (session, end) in [
            (Some("2026-11-21"), Some(midnight)),
            (Some("2026-11-22"), Some(midnight + DAY_MS)),
            (Some("2026-11-23"), None),
            (Some("2026-10-01"), Some(midnight)),
            (None, Some(midnight)),
        ] {
            assert_eq!(end_of(today, session.map(day)), end, "{session:?}");
        }
        assert_eq!(day_in_japan(midnight - 1), today);
        assert_eq!(day_in_japan(midnight), day("2026-11-22"));
    }
}
