//! A tablet without a screen: the core that decides, rows in memory that outlive a restart, a real server.

use std::collections::BTreeMap;

use sync_core::document::{Kind, Scalar};
use sync_core::domain::Intent;
use sync_core::domain::vocabulary::StepState;
use sync_core::ids::{DeviceId, DocumentId};
use sync_core::tablet::{
    Effect, Exchanged, Fault, Identity, Input, RecordDetail, RecordSummary, Row, Status, Table, Tablet,
};
use sync_core::time::Timestamp;
use tsudoi::api;
use tsudoi::key::TabletKey;
use tsudoi::transport::Server as Client;

use crate::server::{Server, SignIn};

/// Steps of one sync; a bound, so that a fault between both sides fails instead of going on.
const TURNS: u32 = 5_000;

/// One tablet.
pub struct Headless {
    tablet: Tablet,
    rows: BTreeMap<(Table, String), Vec<u8>>,
    client: Client,
    key: TabletKey,
    device: DeviceId,
    person: String,
    now: Timestamp,
    /// Its clock minus the machine's, ms.
    wrong_ms: i64,
    opened: u64,
}

impl Headless {
    /// Enrols a new tablet with a code of the demonstration.
    pub fn enrol(server: &Server, sign_in: &SignIn, name: &str, scopes: Option<&[String]>) -> Self {
        Self::enrol_at(server.address(), sign_in, name, scopes)
    }

    /// The same by another way to the server.
    pub fn enrol_at(address: &str, sign_in: &SignIn, name: &str, scopes: Option<&[String]>) -> Self {
        let device = DeviceId::from_bytes(uuid::Uuid::new_v4().into_bytes());
        let client = Client::new(address).unwrap();
        let enrolled = api::enrol(&client, &sign_in.code, &device.to_string(), name, scopes).unwrap();
        let now = tsudoi::host::clock();
        let tablet = Tablet::open(now, Identity { device }, 1, Vec::new());
        let (key, person) = (enrolled.key, enrolled.person.id);
        let mut headless =
            Self { tablet, rows: BTreeMap::new(), client, key, device, person, now, wrong_ms: 0, opened: 1 };
        headless.turn(Input::Online { online: false });
        headless
    }

    /// The same tablet once more, from a copy of its disk.
    #[must_use]
    pub fn copy(&self, server: &Server) -> Self {
        let tablet = Tablet::open(self.now, Identity { device: self.device }, self.opened, Vec::new());
        let (rows, client, key, person) = (self.rows(), server.client(), self.key.clone(), self.person.clone());
        // another machine chooses at random for itself
        let opened = self.opened + 1_000;
        Self { tablet, rows, client, key, person, opened, device: self.device, now: self.now, wrong_ms: self.wrong_ms }
    }

    /// Registered anew by a code that names it; what is on its disk stays.
    pub fn enrol_anew(&mut self, code: &str) {
        let enrolled = api::enrol(&self.client, code, &self.device.to_string(), "登録し直した端末", None).unwrap();
        (self.key, self.person) = (enrolled.key, enrolled.person.id);
    }

    /// Its id.
    pub fn device(&self) -> DeviceId {
        self.device
    }

    /// Its credential, for calls outside the core.
    pub fn key(&self) -> &TabletKey {
        &self.key
    }

    /// Its connections.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Takes another way to the server, over new connections.
    pub fn connect(&mut self, address: &str) {
        self.client = Client::new(address).unwrap();
        self.client.set_clock_wrong(self.wrong_ms / 1_000);
    }

    /// Sets its clock, forward or back: to so many ms from the machine's.
    pub fn set_clock(&mut self, wrong_ms: i64) {
        self.wrong_ms = wrong_ms;
        self.client.set_clock_wrong(wrong_ms / 1_000);
        self.now = self.clock();
    }

    fn clock(&self) -> Timestamp {
        Timestamp(tsudoi::host::clock().0.saturating_add_signed(self.wrong_ms))
    }

    /// What its disk holds.
    pub fn rows(&self) -> BTreeMap<(Table, String), Vec<u8>> {
        self.rows.clone()
    }

    /// Opened anew with another disk.
    pub fn restart(&mut self, rows: BTreeMap<(Table, String), Vec<u8>>) {
        self.rows = rows;
        self.crash();
    }

    /// As after a crash: opened anew from the rows that were stored.
    pub fn crash(&mut self) {
        self.opened += 1;
        let row = |((table, key), value): (&(Table, String), &Vec<u8>)| Row {
            table: *table,
            key: key.clone(),
            value: value.clone(),
        };
        let rows = self.rows.iter().map(row).collect();
        self.tablet = Tablet::open(self.now, Identity { device: self.device }, self.opened, rows);
        self.turn(Input::Online { online: false });
    }

    /// Records edits of one session; durable on return.
    pub fn record(&mut self, document: DocumentId, intents: impl IntoIterator<Item = Intent>) {
        for intent in intents {
            let by = self.person.clone();
            self.turn(Input::Record { document, kind: Kind::Session, by, intent });
        }
    }

    /// Gathers edits into a change, as waiting would.
    pub fn gather(&mut self) {
        while let Some(next) = self.tablet.next_wakeup().filter(|_| !self.status().online) {
            self.now = self.now.max(next);
            self.turn(Input::Wake);
        }
    }

    /// Exchanges until all is said. An exchange without an answer ends it at once with its fault.
    pub fn sync(&mut self) -> Result<(), Fault> {
        self.sync_watched(|_| {})
    }

    /// Exchanges until all is said, also where the line breaks again and again; `false`: not within so many turns. The clock
    /// goes ahead instead of waiting.
    pub fn sync_through(&mut self, turns: u32) -> bool {
        self.sync_through_watched(turns, |_| {})
    }

    /// As [`Self::sync_through`]; `watch` looks on after each exchange, answered or not.
    pub fn sync_through_watched(&mut self, turns: u32, mut watch: impl FnMut(&Self)) -> bool {
        self.gather();
        self.turn_watched(Input::Online { online: true }, &mut watch);
        self.turn_watched(Input::Sync, &mut watch);
        let mut ended = false;
        for _ in 0..turns {
            let status = self.status();
            let due = self.tablet.next_wakeup().unwrap_or(self.now);
            ended = status.last_fault.is_none() && due > self.now && status.unsent_changes == 0;
            if ended {
                break;
            }
            self.now = self.now.max(due);
            self.turn_watched(Input::Wake, &mut watch);
        }
        self.turn(Input::Online { online: false });
        ended
    }

    /// As [`Self::sync`]; `watch` looks on after each exchange.
    pub fn sync_watched(&mut self, watch: impl FnMut(&Self)) -> Result<(), Fault> {
        match self.sync_within(TURNS, watch) {
            Ok(true) => Ok(()),
            Ok(false) => Err(Fault::Unreadable),
            Err(fault) => Err(fault),
        }
    }

    /// As [`Self::sync`], for a number of turns at most. `false`: something is left to say that waits for others.
    pub fn sync_within(&mut self, turns: u32, mut watch: impl FnMut(&Self)) -> Result<bool, Fault> {
        self.gather();
        self.turn_watched(Input::Online { online: true }, &mut watch);
        self.turn_watched(Input::Sync, &mut watch);
        let mut outcome = Ok(false);
        for _ in 0..turns {
            let status = self.status();
            if let Some(fault) = status.last_fault {
                outcome = Err(fault);
                break;
            }
            match self.tablet.next_wakeup() {
                Some(due) if due <= self.now || status.unsent_changes > 0 => self.now = self.now.max(due),
                _ => {
                    outcome = Ok(true);
                    break;
                }
            }
            self.turn_watched(Input::Wake, &mut watch);
        }
        self.turn(Input::Online { online: false });
        outcome
    }

    /// The state of the tablet.
    pub fn status(&self) -> Status {
        self.tablet.status()
    }

    /// Every record.
    pub fn list(&self) -> Vec<RecordSummary> {
        self.tablet.list()
    }

    /// One record that is there.
    pub fn view(&self, document: DocumentId) -> RecordDetail {
        self.tablet.view(document).unwrap_or_else(|| panic!("{} does not hold {document}", self.device))
    }

    /// The registry as JSON, once it is whole.
    pub fn registry(&self) -> Option<&[u8]> {
        self.tablet.registry()
    }

    /// Digests by scope, as this tablet computes them.
    pub fn digests(&self) -> BTreeMap<String, (u64, String)> {
        let scopes = self.status().scopes.into_iter();
        scopes.map(|scope| (scope.scope.to_string(), (scope.count, scope.digest))).collect()
    }

    /// Digests by scope, as the server states them to this tablet.
    pub fn server_digests(&self) -> BTreeMap<String, (u64, String)> {
        let scopes = api::scopes(&self.client, &self.key).unwrap().into_iter();
        scopes.map(|scope| (scope.scope, (scope.document_count, scope.digest))).collect()
    }

    fn turn(&mut self, input: Input) {
        self.turn_watched(input, &mut |_| {});
    }

    fn turn_watched(&mut self, input: Input, watch: &mut dyn FnMut(&Self)) {
        self.now = self.now.max(self.clock());
        self.tablet.handle(self.now, input).unwrap();
        while let Some(effect) = self.tablet.poll_effect() {
            let result = match effect {
                Effect::Shown { .. } => continue,
                Effect::Persist { task, writes } => {
                    for write in writes {
                        match write.value {
                            Some(value) => drop(self.rows.insert((write.table, write.key), value)),
                            None => drop(self.rows.remove(&(write.table, write.key))),
                        }
                    }
                    Input::Persisted { task, ok: true }
                }
                Effect::Exchange { task, endpoint, body } => {
                    let result: Exchanged = self.client.exchange(endpoint, &self.key, &body);
                    self.now = self.now.max(self.clock());
                    Input::Exchanged { task, result }
                }
            };
            let answered = matches!(result, Input::Exchanged { .. });
            self.tablet.handle(self.now, result).unwrap();
            if answered {
                watch(self);
            }
        }
    }
}

/// `by` more heads or pieces.
pub fn count(measure: &str, by: i64) -> Intent {
    let measure = serde_json::from_value(serde_json::Value::from(measure)).unwrap();
    Intent::Count { measure, by, reason: None }
}

/// Heads of an age band.
pub fn band(band: &str, by: i64) -> Intent {
    count(&format!("attendance.band.{band}"), by)
}

/// Pieces of a material for an eligibility.
pub fn material(material: &str, eligibility: &str, by: i64) -> Intent {
    count(&format!("material.{material}.{eligibility}"), by)
}

/// A field's new value.
pub fn set(field: &str, value: &str) -> Intent {
    Intent::Set { field: field.to_owned(), value: Some(Scalar::Text(value.to_owned())) }
}

/// The next step of a dispatch or a session.
pub fn step(state: StepState) -> Intent {
    Intent::Step { state, reason: None }
}
