//! The host of one tablet, and what a server answers it.

use std::collections::BTreeMap;

use sync_core::digest::{Digest, FeedState};
use sync_core::document::{Document, Kind};
use sync_core::domain::Intent;
use sync_core::gate::{Limits, admit};
use sync_core::ids::{DeviceId, DocumentId, ScopeId};
use sync_core::tablet::{Effect, Endpoint, Exchanged, Fault, Identity, Input, Row, SaveState, Table, Tablet, TaskId};
use sync_core::time::Timestamp;
use sync_core::wire::{
    AuditRequest, FeedEntry, Outcome, Receipt, Run, ScopePage, SyncRequest, SyncResponse, WireLimits,
};

pub const START: Timestamp = Timestamp(1_700_000_000_000);
pub const DOCUMENT: DocumentId = DocumentId::from_bytes([9; 16]);
pub const DEVICE: DeviceId = DeviceId::from_bytes([1; 16]);

/// A host with a disk in memory that carries out `persist` at once and hands exchanges to the test.
pub struct Host {
    pub tablet: Tablet,
    pub disk: BTreeMap<(Table, String), Vec<u8>>,
    pub now: Timestamp,
    pub exchanges: Vec<(TaskId, SyncRequest)>,
    pub audits: Vec<(TaskId, AuditRequest)>,
    pub shown: Vec<DocumentId>,
}

impl Host {
    pub fn new() -> Self {
        Self::open(BTreeMap::new(), START)
    }

    pub fn open(disk: BTreeMap<(Table, String), Vec<u8>>, now: Timestamp) -> Self {
        Self::open_by_chance(disk, now, 7)
    }

    pub fn open_by_chance(disk: BTreeMap<(Table, String), Vec<u8>>, now: Timestamp, seed: u64) -> Self {
        let row = |((table, key), value): (&(Table, String), &Vec<u8>)| Row {
            table: *table,
            key: key.clone(),
            value: value.clone(),
        };
        let tablet = Tablet::open(now, Identity { device: DEVICE }, seed, disk.iter().map(row).collect());
        let mut host = Self { tablet, disk, now, exchanges: Vec::new(), audits: Vec::new(), shown: Vec::new() };
        host.perform();
        host
    }

    pub fn perform(&mut self) {
        while let Some(effect) = self.tablet.poll_effect() {
            match effect {
                Effect::Persist { task, writes } => {
                    for write in writes {
                        let key = (write.table, write.key);
                        match write.value {
                            Some(value) => drop(self.disk.insert(key, value)),
                            None => drop(self.disk.remove(&key)),
                        }
                    }
                    self.tablet.handle(self.now, Input::Persisted { task, ok: true }).unwrap();
                }
                Effect::Exchange { task, endpoint: Endpoint::Audit, body } => {
                    self.audits.push((task, AuditRequest::decode(&body).unwrap()));
                }
                Effect::Exchange { task, endpoint: Endpoint::Sync, body } => {
                    self.exchanges.push((task, SyncRequest::decode(&body, &WireLimits::of(1 << 20)).unwrap()));
                }
                Effect::Shown { documents } => self.shown.extend(documents),
            }
        }
    }

    pub fn give(&mut self, input: Input) {
        self.tablet.handle(self.now, input).unwrap();
        self.perform();
    }

    pub fn wait(&mut self, ms: u64) {
        self.now = self.now.plus_ms(ms);
        self.give(Input::Wake);
    }

    pub fn count(&mut self, by: i64) {
        self.give(edit(&format!(r#"{{"type":"count","measure":"attendance.band.75-84","by":{by}}}"#)));
    }

    pub fn total(&self) -> Option<i64> {
        self.tablet.view(DOCUMENT)?.record.total("attendance.band.75-84")
    }

    pub fn state(&self) -> Option<SaveState> {
        Some(self.tablet.view(DOCUMENT)?.save_state)
    }

    pub fn answer(&mut self, task: TaskId, response: &SyncResponse) {
        self.give(Input::Exchanged { task, result: Exchanged::Ok(response.encode()) });
    }
}

pub fn edit(intent: &str) -> Input {
    let intent: Intent = serde_json::from_str(intent).unwrap();
    Input::Record { document: DOCUMENT, kind: Kind::Session, by: "tanaka".to_owned(), intent }
}

pub fn scope() -> ScopeId {
    ScopeId::municipality("112119").unwrap()
}

/// What a server answers that stores everything pushed, and holds nothing else.
pub fn stored(request: &SyncRequest, document: &mut Document, epoch: u8, seq: u64) -> SyncResponse {
    let mut receipts = Vec::new();
    for push in &request.pushes {
        let changes: Vec<Vec<u8>> = push.changes.iter().map(|bytes| bytes.to_vec()).collect();
        let admission = admit(document.clone(), DEVICE, &changes, &Limits::default());
        *document = admission.document;
        let (last, _) = *admission.verdicts.last().unwrap();
        let run = Run { outcome: Outcome::Stored, count: changes.len() as u64, last, code: None };
        receipts.push(Receipt { document: push.document, runs: vec![run] });
    }
    let page = ScopePage {
        scope: scope(),
        epoch: [epoch; 16],
        entries: vec![FeedEntry { document: DOCUMENT, seq, state: FeedState::Present }],
        next_seq: seq,
        more: false,
        count: 1,
        digest: Digest::of(DOCUMENT, FeedState::Present, &document.heads()),
        below: None,
    };
    SyncResponse { clock: START, receipts, scopes: vec![page], ..SyncResponse::default() }
}

pub fn genesis() -> Document {
    Document::genesis(DOCUMENT, Kind::Session).unwrap()
}

/// A tablet with one record that is stored and agreed on.
pub fn agreed() -> (Host, Document) {
    let mut host = Host::new();
    let mut document = genesis();
    let (task, first) = host.exchanges.pop().unwrap();
    assert!(first.pushes.is_empty());
    host.count(5);
    assert_eq!(host.state(), Some(SaveState::Saved));
    host.wait(400);
    host.give(Input::Exchanged { task, result: Exchanged::Fault(Fault::Unreachable) });
    host.wait(2_000);
    let (task, request) = host.exchanges.pop().unwrap();
    host.answer(task, &stored(&request, &mut document, 1, 1));
    (host, document)
}
