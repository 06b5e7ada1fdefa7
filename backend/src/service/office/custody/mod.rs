//! Work kept aside: what came from a tablet and could not be let in, what it would do, and what people decide on it.
//!
//! Who sees the tablet or the record sees what is held; who sees the record and answers for it decides. A decision is
//! made once, by a named person, with a reason, and stays readable.

mod decide;
mod preview;

pub use decide::{DecideError, Decided, NewDecision, Ruling, decide};
pub use preview::{Effect, EffectKind};

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use sync_core::ids::{DeviceId, DocumentId};
use utoipa::{IntoParams, ToSchema};

use super::record::{Author, Names, may_see};
use super::records::within;
use super::{Named, OfficeError};
use crate::service::App;
use crate::service::access::{Action, Caller};
use crate::store::office::{CustodyEntry, CustodyFilter, CustodyPlace, Within};
use crate::store::types::{HeldChange, StoredDocument};

/// Matters of a page.
const PAGE: u32 = 100;
/// Bytes of changes of one matter that are read, and decided on, at a time.
const MATTER_BYTES: u64 = 4 << 20;

/// What a person decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = CustodyDecision)]
pub struct Decision {
    /// admitted or declined.
    pub decision: String,
    /// When, ms.
    pub at: u64,
    /// Who.
    pub by: Named,
    /// Why, in the person's words.
    pub reason: String,
}

impl From<crate::store::types::Decision> for Decision {
    fn from(decision: crate::store::types::Decision) -> Self {
        Self {
            decision: if decision.admitted { "admitted" } else { "declined" }.to_owned(),
            at: decision.at,
            by: Named { id: decision.by, name: decision.by_name },
            reason: decision.reason,
        }
    }
}

/// A change kept aside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct CustodyItem {
    /// The document it claims to belong to.
    pub document: String,
    /// The change's name, hex.
    pub hash: String,
    /// session or consultation, as the tablet stated.
    pub kind: String,
    /// Stable name of the reason.
    pub code: String,
    /// When it came, ms.
    pub received_at: u64,
    /// Its size.
    pub byte_count: i64,
    /// The tablet it came from.
    pub device: Named,
    /// Title of the record it belongs to, when that is stored.
    pub title: Option<String>,
    /// Place of that record.
    pub venue: Option<String>,
    /// Date of that record.
    pub date: Option<String>,
    /// What was decided; null: waits for a person.
    pub decision: Option<Decision>,
}

impl From<CustodyEntry> for CustodyItem {
    fn from(entry: CustodyEntry) -> Self {
        let device = entry.device.to_string();
        Self {
            document: entry.document.to_string(),
            hash: entry.hash,
            kind: entry.kind,
            code: entry.code,
            received_at: entry.received_at,
            byte_count: entry.byte_count,
            device: Named { name: entry.device_name.unwrap_or_else(|| device.clone()), id: device },
            title: entry.title,
            venue: entry.venue,
            date: entry.date,
            decision: entry.decision.map(Decision::from),
        }
    }
}

/// What is kept aside. All that one tablet sent of one record is one matter; a page has at most 100 of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct CustodyPage {
    /// When this was read, ms.
    pub as_of: u64,
    /// The matters one after the other: those with a change that waits for a decision first, then the latest first. Of
    /// each, and of each reason, the first five changes.
    pub entries: Vec<CustodyItem>,
    /// What to ask for as `after` to get the next page; null: this is the last.
    pub next: Option<String>,
}

/// Which changes are listed.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct CustodyQuery {
    /// Those held of one record; UUID.
    pub document: Option<String>,
    /// The `next` of the page before.
    pub after: Option<String>,
}

/// A place in the list, and when its first page was read, as a word that clients give back.
fn word_of(place: CustodyPlace, until: u64) -> String {
    format!("{}_{}_{}_{}_{until}", u8::from(place.waits), place.at, place.document, place.device)
}

fn place_of(word: &str) -> Option<(CustodyPlace, u64)> {
    let parts: Vec<&str> = word.split('_').collect();
    let [waits, at, document, device, until] = parts.as_slice() else { return None };
    let place = CustodyPlace {
        waits: *waits == "1",
        at: at.parse().ok()?,
        document: document.parse().ok()?,
        device: device.parse().ok()?,
    };
    Some((place, until.parse().ok()?))
}

/// Lists what is kept aside from tablets of the caller's organisation and of records the caller may see, or of one record.
pub async fn list(app: &App, caller: &Caller, query: &CustodyQuery) -> Result<CustodyPage, OfficeError> {
    let mut filter = CustodyFilter { within: within(caller), ..CustodyFilter::default() };
    if let Some(after) = &query.after {
        let place = place_of(after);
        let (place, until) =
            place.ok_or(OfficeError::Invalid("続きの場所が読み取れません。はじめから開き直してください。"))?;
        (filter.after, filter.until) = (Some(place), Some(until));
    }
    if let Some(document) = &query.document {
        let document: DocumentId = document.parse().map_err(|_| OfficeError::NotFound)?;
        filter.document = Some(document);
        let stored = app.store.load_documents(&caller.tenant, &[document]).await?.pop();
        if stored.is_some_and(|stored| may_see(caller, &stored)) {
            filter.within = Within::Tenant;
        }
    }
    let as_of = app.now().0;
    let rows = app.store.list_custody(&caller.tenant, &filter, PAGE).await?;
    Ok(CustodyPage {
        as_of,
        entries: rows.entries.into_iter().map(CustodyItem::from).collect(),
        next: rows.next.map(|place| word_of(place, filter.until.unwrap_or(as_of))),
    })
}

/// What one tablet's held changes of one record would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct CustodyDetail {
    /// When this was read, ms.
    pub as_of: u64,
    /// The document.
    pub document: String,
    /// session or consultation, as the tablet stated.
    pub kind: String,
    /// The tablet.
    pub device: Named,
    /// Title of the stored record; null: it is not stored, or has none.
    pub title: Option<String>,
    /// Whether the record is stored.
    pub stored: bool,
    /// Whether the caller may open the record.
    pub record_visible: bool,
    /// Stable names of the reasons.
    pub codes: Vec<String>,
    /// When the first came, ms.
    pub received_at: u64,
    /// Changes that wait for a decision.
    pub waiting: Vec<String>,
    /// What was decided on the others, each decision once.
    pub decisions: Vec<Decision>,
    /// The tablets that wrote what this one brought back after it had been lost; empty when it wrote all itself.
    pub brought_from: Vec<Named>,
    /// Who made them, and when by the tablet's clock; empty when they cannot be read.
    pub authors: Vec<Author>,
    /// What they would do, in the order of a record's page.
    pub effects: Vec<Effect>,
    /// Whether they fit the record as it is stored now; else, and where the caller may not open the record, the effects are
    /// read from the changes alone.
    pub fits: bool,
    /// Whether they are so many, or take so long, that not all of it is shown, or not whether they fit.
    pub cut: bool,
    /// Whether this caller may decide.
    pub may_decide: bool,
}

/// The held changes of one tablet and record, with the record, when the caller may see one of them.
struct Held {
    device: Named,
    changes: Vec<HeldChange>,
    /// There are more than were read.
    more: bool,
    stored: Option<StoredDocument>,
    /// The caller may see the record.
    record_visible: bool,
}

impl Held {
    async fn open(app: &App, caller: &Caller, document: DocumentId, device: DeviceId) -> Result<Self, OfficeError> {
        let stored = app.store.load_documents(&caller.tenant, &[document]).await?.pop();
        let record_visible = stored.as_ref().is_some_and(|stored| may_see(caller, stored));
        let seen_by = if record_visible { Within::Tenant } else { within(caller) };
        let one = CustodyFilter { document: Some(document), device: Some(device), ..CustodyFilter::default() };
        let filter = CustodyFilter { within: seen_by, ..one };
        let entries = app.store.list_custody(&caller.tenant, &filter, 1).await?.entries;
        let entry = entries.into_iter().next().ok_or(OfficeError::NotFound)?;
        let (changes, more) = app.store.load_custody(&caller.tenant, document, device, MATTER_BYTES).await?;
        let id = device.to_string();
        let device = Named { name: entry.device_name.unwrap_or_else(|| id.clone()), id };
        Ok(Self { device, changes, more, stored, record_visible })
    }

    /// Whoever answers for the record decides; of a record that is not stored, whoever answers for the tablet.
    fn may_be_decided_by(&self, caller: &Caller) -> bool {
        caller.may(Action::DecideCustody) && (self.record_visible || self.stored.is_none())
    }

    fn waiting(&self) -> Vec<&HeldChange> {
        self.changes.iter().filter(|change| change.decision.is_none()).collect()
    }
}

fn ids(document: &str, device: &str) -> Result<(DocumentId, DeviceId), OfficeError> {
    let document = document.parse().map_err(|_| OfficeError::NotFound)?;
    Ok((document, device.parse().map_err(|_| OfficeError::NotFound)?))
}

/// Reads what one tablet's held changes of one record would do.
pub async fn detail(app: &App, caller: &Caller, document: &str, device: &str) -> Result<CustodyDetail, OfficeError> {
    let (document, device) = ids(document, device)?;
    let held = Held::open(app, caller, document, device).await?;
    let registry = app.store.registry(&caller.tenant).await?.ok_or(OfficeError::NotFound)?;
    let names = Names(&registry);
    let waiting = held.waiting();
    let shown: Vec<HeldChange> = if waiting.is_empty() {
        held.changes.clone()
    } else {
        waiting.iter().map(|change| (*change).clone()).collect()
    };
    let limits = *app.gate.limits();
    let brought_from: BTreeSet<DeviceId> = preview::brought_from(&shown, &limits).collect();
    // beside the changes stands what the record says now: only for those who may open it
    let stored = held.stored.clone().filter(|_| held.record_visible);
    let preview = preview::preview(app, document, device, stored, shown).await;
    let mut codes: Vec<String> = held.changes.iter().map(|change| change.code.clone()).collect();
    codes.sort();
    codes.dedup();
    let mut decisions: Vec<Decision> = Vec::new();
    for change in &held.changes {
        let decision = change.decision.clone().map(Decision::from);
        decisions.extend(decision.filter(|decision| !decisions.contains(decision)));
    }
    let title = held.stored.as_ref().and_then(|stored| stored.projection.as_ref()?.fact.title.clone());
    Ok(CustodyDetail {
        as_of: app.now().0,
        document: document.to_string(),
        kind: held.changes.first().map_or("session", |change| change.kind.as_str()).to_owned(),
        title: title.filter(|_| held.record_visible),
        stored: held.stored.is_some(),
        record_visible: held.record_visible,
        codes,
        received_at: held.changes.iter().map(|change| change.received_at).min().unwrap_or(0),
        waiting: waiting.iter().map(|change| hex::encode(change.hash.as_bytes())).collect(),
        decisions,
        brought_from: brought_from.into_iter().map(|device| names.device(device)).collect(),
        authors: preview.authors.iter().map(|author| names.author(author)).collect(),
        effects: preview.effects.into_iter().map(|effect| effect.named(&names)).collect(),
        fits: preview.fits,
        cut: preview.cut || held.more,
        may_decide: !waiting.is_empty() && held.may_be_decided_by(caller),
        device: held.device,
    })
}
