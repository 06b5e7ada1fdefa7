//! The journal as the console shows it, and as a file.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::era::short_year;
use super::spreadsheet::{MARK, cell, end, lines};
use super::{Named, OfficeError, Pieces, day_in_japan, fiscal_year_of};
use crate::service::App;
use crate::service::access::{Action, Caller, Role};
use crate::service::journal::{COMMAND_LINE, DONE};
use crate::store::journal::{JournalFilter, JournalRow};

/// Most entries of one page.
const MOST: u32 = 200;
/// Entries read at once for a file.
const STEP: u32 = 2_000;

/// Which entries. Absent parts do not narrow.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct JournalQuery {
    /// Not before, ms.
    pub from: Option<u64>,
    /// Before, ms.
    pub until: Option<u64>,
    /// Registry id of a person.
    pub person: Option<String>,
    /// Stable name of an action.
    pub action: Option<String>,
    /// A tablet: UUID.
    pub device: Option<String>,
    /// What it was about, exactly.
    pub target: Option<String>,
    /// True: only what was refused; false: only what was done.
    pub refused: Option<bool>,
    /// True: what is of no prefecture, such as sign-ins with unknown codes.
    pub unknown: Option<bool>,
    /// Entries before this place; the latest unless stated.
    pub before: Option<u64>,
}

/// An entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct JournalItem {
    /// Its place.
    pub seq: u64,
    /// When, ms.
    pub at: u64,
    /// Who; null: nobody known.
    pub person: Option<Named>,
    /// Stable name of the role; empty when unknown.
    pub role: String,
    /// The tablet it came from.
    pub device: Option<Named>,
    /// The address it came from.
    pub peer: String,
    /// Stable name of the action, and as people say it.
    pub action: Named,
    /// `done`, or the stable code of the refusal.
    pub outcome: String,
    /// What it was about.
    pub target: String,
    /// Name of the person, tablet or organisation it was about, when it was one.
    pub target_name: Option<String>,
    /// What else is worth knowing.
    pub detail: String,
    /// Name of the request, as in the server's log.
    pub request: String,
}

/// A page of entries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct JournalPage {
    /// When this was read, ms.
    pub as_of: u64,
    /// Latest first.
    pub entries: Vec<JournalItem>,
    /// For the next page; null: there is none.
    pub before: Option<u64>,
    /// Every action there can be an entry of, in the order of the table of rights.
    pub actions: Vec<Named>,
}

fn action_of(name: &str) -> Named {
    let label = Action::from_name(name).map_or(name, |action| action.label());
    Named { id: name.to_owned(), name: label.to_owned() }
}

impl From<JournalRow> for JournalItem {
    fn from(row: JournalRow) -> Self {
        let JournalRow { seq, entry, person_name, device_name, .. } = row;
        let or_id = |name: String, id: &str| if name.is_empty() { id.to_owned() } else { name };
        let person = match entry.person.as_str() {
            "" => None,
            COMMAND_LINE => Some(Named { id: entry.person.clone(), name: "サーバーの命令".to_owned() }),
            id => Some(Named { id: id.to_owned(), name: or_id(person_name, id) }),
        };
        let device = entry.device.map(|device| {
            let id = device.to_string();
            Named { name: or_id(device_name, &id), id }
        });
        Self {
            seq,
            at: entry.at,
            person,
            role: entry.role,
            device,
            peer: entry.peer,
            action: action_of(&entry.action),
            outcome: entry.outcome,
            target: entry.target,
            target_name: None,
            detail: entry.detail,
            request: entry.request,
        }
    }
}

/// The chain and the filter a query means.
fn meant(caller: &Caller, query: &JournalQuery) -> Result<(String, JournalFilter), OfficeError> {
    if !caller.may(Action::ReadJournal) {
        return Err(OfficeError::Forbidden);
    }
    let device = query.device.as_deref().filter(|text| !text.is_empty());
    let device = device.map(str::parse).transpose();
    let device = device.map_err(|_| OfficeError::Invalid("端末の番号の形式が正しくありません。"))?;
    let some = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let filter = JournalFilter {
        from: query.from,
        until: query.until,
        person: some(&query.person),
        action: some(&query.action),
        device,
        target: some(&query.target),
        refused: query.refused,
    };
    let tenant = if query.unknown == Some(true) { String::new() } else { caller.tenant.clone() };
    Ok((tenant, filter))
}

/// A page of the journal, latest first.
pub async fn list(app: &App, caller: &Caller, query: &JournalQuery) -> Result<JournalPage, OfficeError> {
    let (tenant, filter) = meant(caller, query)?;
    let rows = app.store.list_journal(&tenant, &filter, query.before, MOST).await?;
    let before = rows.last().map(|row| row.seq).filter(|_| rows.len() == MOST as usize);
    let names = names(app, caller).await?;
    let named = |row| {
        let item = JournalItem::from(row);
        JournalItem { target_name: names.get(&item.target).cloned(), ..item }
    };
    Ok(JournalPage {
        as_of: app.now().0,
        before,
        entries: rows.into_iter().map(named).collect(),
        actions: Action::ALL.iter().map(|action| action_of(action.as_str())).collect(),
    })
}

/// What ids of the registry are called.
async fn names(app: &App, caller: &Caller) -> Result<HashMap<String, String>, OfficeError> {
    let registry = app.store.registry(&caller.tenant).await?.ok_or(OfficeError::NotFound)?;
    let lecturers: Vec<_> =
        registry.lecturers.iter().filter_map(|one| Some((one.id.clone(), registry.lecturer_name(&one.id)?))).collect();
    let named = registry.people.into_iter().chain(registry.associations.into_iter().map(|one| (one.id, one.name)));
    let devices = registry.devices.into_iter().map(|(device, name)| (device.to_string(), name));
    let materials = registry.materials.into_iter().map(|one| (one.id, one.name));
    Ok(named.chain(devices).chain(materials).chain(lecturers).collect())
}

/// The columns of the file.
const HEADERS: [&str; 12] =
    ["番号", "日時", "利用者", "役割", "端末", "接続元", "操作", "結果", "対象", "内容", "要求", "連鎖"];

/// The name of the file.
pub async fn file_name(app: &App, caller: &Caller, query: &JournalQuery) -> Result<String, OfficeError> {
    let registry = app.store.registry(&caller.tenant).await?.ok_or(OfficeError::NotFound)?;
    let whose = if query.unknown == Some(true) { "県を特定できない操作" } else { &registry.tenant_name };
    Ok(format!("{}_{whose}_操作の記録", short_year(fiscal_year_of(day_in_japan(app.now().0)))))
}

/// Writes the entries as CSV, latest first, piece by piece; all of one moment.
pub async fn send(app: &App, caller: &Caller, query: &JournalQuery, to: &mut impl Pieces) -> Result<(), OfficeError> {
    let (tenant, filter) = meant(caller, query)?;
    let as_of = app.now().0;
    let mut moment = app.store.moment(&caller.tenant).await?;
    let mut piece = MARK.as_bytes().to_vec();
    piece.extend(lines([HEADERS])?);
    to.take(piece).await?;

    let (mut before, mut count) = (query.before, 0);
    loop {
        let rows = moment.list_journal(&tenant, &filter, before, STEP).await?;
        let Some(last) = rows.last() else { break };
        before = Some(last.seq);
        count += rows.len();
        to.take(lines(rows.iter().map(fields))?).await?;
    }
    to.take(end(HEADERS.len(), count, as_of)?).await
}

fn fields(row: &JournalRow) -> [String; 12] {
    let hash = hex::encode(row.hash);
    let item = JournalItem::from(row.clone());
    let name = |named: Option<Named>| named.map(|one| one.name).unwrap_or_default();
    let at = i64::try_from(item.at).ok().and_then(chrono::DateTime::from_timestamp_millis).unwrap_or_default();
    let at = chrono::FixedOffset::east_opt(9 * 3600).map(|zone| at.with_timezone(&zone).to_rfc3339());
    let role = Role::from_name(&item.role).map_or(item.role, |role| role.label().to_owned());
    let outcome = if item.outcome == DONE { "済み".to_owned() } else { format!("拒否（{}）", item.outcome) };
    [
        item.seq.to_string(),
        at.unwrap_or_default(),
        cell(&name(item.person)),
        cell(&role),
        cell(&name(item.device)),
        cell(&item.peer),
        cell(&item.action.name),
        cell(&outcome),
        cell(&item.target),
        cell(&item.detail),
        cell(&item.request),
        cell(&hash),
    ]
}
