//! What screens and scripts read from a tablet. Shapes are JSON; nothing here changes anything.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{Fault, Tablet};
use crate::document::{Authorship, Kind};
use crate::domain::vocabulary::{Activity, CancelReason, Group, StepState};
use crate::domain::{Measure, RecordView, view};
use crate::figures::{Place, Sum, sums};
use crate::ids::{DeviceId, DocumentId, ScopeId};
use crate::time::Timestamp;

/// How safe a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SaveState {
    /// 端末に保存: durable here, something not yet acknowledged.
    Saved,
    /// 送信済み: everything acknowledged, sameness not yet proven.
    Sent,
    /// 照合済み: the digest of a scope that holds it has agreed since it last changed, and agreed when it was last compared.
    Agreed,
    /// 預かり: the server keeps part of this device's work aside until a person decides.
    Held,
    /// 見送り: a person declined part of this device's work; it is here to read and counts nowhere.
    Declined,
}

/// The state of the tablet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Status {
    /// This installation.
    pub device: DeviceId,
    /// Records with something not yet on the server.
    pub unsent_records: usize,
    /// Changes and edits not yet on the server.
    pub unsent_changes: usize,
    /// The oldest of the scopes' last agreements, by the server's clock; `None` until every scope has agreed once.
    pub last_agreed_at: Option<Timestamp>,
    /// When the server last answered, by its clock.
    pub last_exchange_at: Option<Timestamp>,
    /// This tablet's clock minus the server's at the last answer since it was opened, ms.
    pub clock_offset_ms: Option<i64>,
    /// When the server noticed that another copy of this tablet's disk is in use; `None` as far as it knows there is none.
    pub copied_at: Option<Timestamp>,
    /// Why the last exchange brought no answer; `None` after a good one.
    pub last_fault: Option<Fault>,
    /// A change that was refused as too large, although it went alone.
    pub too_large: Option<TooLarge>,
    /// Whether an exchange is under way.
    pub syncing: bool,
    /// Whether the host reported a network.
    pub online: bool,
    /// Whether storing failed; nothing is recorded until the tablet is opened anew.
    pub storage_fault: bool,
    /// Rows that could not be read at the start.
    pub unreadable_rows: usize,
    /// Each scope.
    pub scopes: Vec<ScopeStatus>,
}

/// A change that the way to the server does not let through.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TooLarge {
    /// The record.
    pub document: DocumentId,
    /// Bytes of the change.
    pub bytes: u64,
}

/// The state of one scope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ScopeStatus {
    /// The scope.
    pub scope: ScopeId,
    /// Place in its feed.
    pub seq: u64,
    /// Records here.
    pub count: u64,
    /// Digest computed here, hexadecimal.
    pub digest: String,
    /// Whether the last comparison agreed.
    pub agreed: bool,
    /// When it last agreed.
    pub agreed_at: Option<Timestamp>,
}

/// One line of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RecordSummary {
    /// The record.
    pub document: DocumentId,
    /// Its kind.
    pub kind: Kind,
    /// Kind of outreach.
    pub activity: Option<Activity>,
    /// Title.
    pub title: Option<String>,
    /// The gathering it rode on.
    pub occasion: Option<String>,
    /// ISO date.
    pub date: Option<String>,
    /// `HH:MM`.
    pub start: Option<String>,
    /// Starting year of the fiscal year.
    pub fiscal_year: Option<i64>,
    /// Place.
    pub venue: Option<String>,
    /// Six-digit code.
    pub municipality: Option<String>,
    /// Medical association.
    pub association: Option<String>,
    /// Association that sent the lecturer.
    pub dispatched_by: Option<String>,
    /// Present state.
    pub state: Option<StepState>,
    /// What it counts as.
    pub group: Group,
    /// Why it was cancelled or postponed.
    pub reason: Option<CancelReason>,
    /// Heads in all.
    pub attendance: Option<i64>,
    /// Every measure; `null` for one noted without a number.
    pub tallies: BTreeMap<Measure, Option<i64>>,
    /// Conflicts a person should settle.
    pub conflict_count: usize,
    /// How safe it is.
    pub save_state: SaveState,
    /// When it last agreed.
    pub agreed_at: Option<Timestamp>,
}

/// Own changes of a record that the server keeps aside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HeldWork {
    /// Why, a stable word.
    pub code: String,
    /// How many changes.
    pub count: usize,
    /// Set when a person has declined them.
    pub declined: Option<DeclinedWork>,
}

/// Who declined work, why and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeclinedWork {
    /// The person's words.
    pub reason: String,
    /// The person's name.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// One record with its safety and history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RecordDetail {
    /// The record.
    #[serde(flatten)]
    pub record: RecordView,
    /// How safe it is.
    pub save_state: SaveState,
    /// When it last agreed.
    pub agreed_at: Option<Timestamp>,
    /// Own work in custody, alike put together.
    pub held: Vec<HeldWork>,
    /// Visits to boxes in which something is being typed that is no edit yet.
    pub drafts: Vec<String>,
    /// Who changed it, oldest first, without pending edits.
    pub history: Vec<Authorship>,
}

impl Tablet {
    /// The state of the tablet.
    pub fn status(&self) -> Status {
        let scopes: Vec<ScopeStatus> = self
            .standings
            .iter()
            .map(|(scope, standing)| {
                let (count, digest) = self.shelf.digest(scope);
                ScopeStatus {
                    scope: scope.clone(),
                    seq: standing.seq,
                    count,
                    digest: digest.hex(),
                    agreed: standing.agreed_at.is_some() && !standing.differs,
                    agreed_at: standing.agreed_at,
                }
            })
            .collect();
        let agreements = scopes.iter().map(|scope| scope.agreed_at);
        let intents = |id: DocumentId| self.stored_intents.values().filter(|row| row.document == id).count();
        let drafts = |id: DocumentId| self.drafts.documents().filter(|document| *document == id).count();
        let waiting = |id: DocumentId| intents(id) + drafts(id);
        let begun: BTreeSet<DocumentId> = self.drafts.documents().filter(|id| self.shelf.get(*id).is_none()).collect();
        let unsent = self.shelf.iter().map(|(id, entry)| entry.outbox.len() + waiting(id)).filter(|n| *n > 0);
        let unsent: Vec<usize> = unsent.chain(begun.into_iter().map(waiting)).collect();
        Status {
            device: self.identity.device,
            unsent_records: unsent.len(),
            unsent_changes: unsent.iter().sum::<usize>() + self.changes_without_record(),
            last_agreed_at: agreements.min().flatten(),
            last_exchange_at: self.last_exchange_at,
            clock_offset_ms: self.clock_offset_ms,
            copied_at: self.disk.copied_at,
            last_fault: self.last_fault.clone(),
            too_large: self.shelf.iter().find_map(|(document, entry)| {
                let refused = entry.oversized.filter(|oversized| oversized.refused && !entry.outbox.is_empty())?;
                Some(TooLarge { document, bytes: refused.bytes })
            }),
            syncing: self.schedule.in_flight(),
            online: self.schedule.online(),
            storage_fault: self.storage_failed,
            unreadable_rows: self.unreadable_rows,
            scopes,
        }
    }

    /// Every record on this tablet, by id. Sorting is the screen's.
    pub fn list(&self) -> Vec<RecordSummary> {
        self.shelf.iter().map(|(id, _)| id).filter_map(|id| self.summary(id)).collect()
    }

    /// The figures of a fiscal year at a place, by id, over the records on this tablet.
    pub fn figures(&self, fiscal_year: i64, place: &Place) -> BTreeMap<String, Sum> {
        let records = self.shelf.iter().map(|(_, entry)| &entry.facts);
        let sums = sums(records, Some(fiscal_year), place);
        sums.into_iter().map(|(figure, sum)| (figure.to_string(), sum)).collect()
    }

    /// One line of the list.
    pub fn summary(&self, id: DocumentId) -> Option<RecordSummary> {
        let facts = &self.shelf.get(id)?.facts;
        let (save_state, agreed_at) = self.save_state(id)?;
        Some(RecordSummary {
            document: id,
            kind: facts.kind,
            activity: facts.activity,
            title: facts.title.clone(),
            occasion: facts.occasion.clone(),
            date: facts.date.clone(),
            start: facts.start.clone(),
            fiscal_year: facts.fiscal_year,
            venue: facts.venue.clone(),
            municipality: facts.municipality.clone(),
            association: facts.association.clone(),
            dispatched_by: facts.dispatched_by.clone(),
            state: facts.state,
            group: facts.group,
            reason: facts.reason,
            attendance: facts.attendance,
            tallies: facts.tallies.clone(),
            conflict_count: facts.conflict_count,
            save_state,
            agreed_at,
        })
    }

    /// One record; `None` when this tablet does not hold it.
    pub fn view(&self, id: DocumentId) -> Option<RecordDetail> {
        let (save_state, agreed_at) = self.save_state(id)?;
        let entry = self.shelf.get(id)?;
        let (record, history) = self.shelf.read(id, |document| (view(document), document.clone().history()))?;
        let mut held: Vec<HeldWork> = Vec::new();
        for one in entry.held.values() {
            let declined = one.declined.as_ref().map(|row| DeclinedWork {
                reason: row.reason.clone(),
                by: row.by.clone(),
                at: row.at,
            });
            match held.iter_mut().find(|work| work.code == one.code && work.declined == declined) {
                Some(work) => work.count += 1,
                None => held.push(HeldWork { code: one.code.clone(), count: 1, declined }),
            }
        }
        Some(RecordDetail { record, save_state, agreed_at, held, drafts: self.drafts.places(id), history })
    }

    /// A record in automerge's saved form, without edits that are not yet a change; `None` when this tablet does not hold it.
    pub fn saved(&self, id: DocumentId) -> Option<&[u8]> {
        self.shelf.get(id).map(|entry| entry.saved.as_slice())
    }

    /// The registry as JSON; `None` before the first exchange.
    pub fn registry(&self) -> Option<&[u8]> {
        self.registry.as_ref().map(|registry| registry.json.as_slice())
    }

    fn save_state(&self, id: DocumentId) -> Option<(SaveState, Option<Timestamp>)> {
        let entry = self.shelf.get(id)?;
        let standings = entry.scopes.iter().filter_map(|scope| self.standings.get(scope));
        let agreed = standings.filter(|standing| !standing.differs && standing.agreed_revision >= entry.touched);
        let agreed_at = agreed.filter_map(|standing| standing.agreed_at).max();
        let mut waiting = self.stored_intents.values().map(|row| row.document).chain(self.drafts.documents());
        let unsent = !entry.outbox.is_empty() || waiting.any(|document| document == id);
        let undecided = entry.held.values().any(|held| held.declined.is_none());
        let state = match (unsent, entry.held.is_empty(), agreed_at) {
            (true, _, _) => SaveState::Saved,
            (false, false, _) if undecided => SaveState::Held,
            (false, false, _) => SaveState::Declined,
            (false, true, Some(_)) => SaveState::Agreed,
            (false, true, None) => SaveState::Sent,
        };
        Some((state, agreed_at))
    }
}
