//! One tablet seen from its host. Each test names the rule of SPEC.md it shows.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use sync_core::digest::{Digest, FeedState};
use sync_core::document::{Document, Kind};
use sync_core::domain::Intent;
use sync_core::gate::{Limits, admit};
use sync_core::ids::{ActorId, DeviceId, DocumentId, ScopeId};
use sync_core::tablet::{
    Effect, Endpoint, Exchanged, Fault, Identity, Input, Refusal, Row, SaveState, Table, Tablet, TaskId,
};
use sync_core::time::Timestamp;
use sync_core::wire::{
    AuditEntry, AuditRequest, AuditResponse, Decision, DocumentPayload, FeedEntry, Outcome, PROTOCOL, Receipt, Run,
    ScopePage, SyncRequest, SyncResponse, WireLimits,
};

const START: Timestamp = Timestamp(1_700_000_000_000);
const DOCUMENT: DocumentId = DocumentId::from_bytes([9; 16]);
const DEVICE: DeviceId = DeviceId::from_bytes([1; 16]);

/// A host with a disk in memory that carries out `persist` at once and hands exchanges to the test.
struct Host {
    tablet: Tablet,
    disk: BTreeMap<(Table, String), Vec<u8>>,
    now: Timestamp,
    exchanges: Vec<(TaskId, SyncRequest)>,
    audits: Vec<(TaskId, AuditRequest)>,
    shown: Vec<DocumentId>,
}

impl Host {
    fn new() -> Self {
        Self::open(BTreeMap::new(), START)
    }

    fn open(disk: BTreeMap<(Table, String), Vec<u8>>, now: Timestamp) -> Self {
        let row = |((table, key), value): (&(Table, String), &Vec<u8>)| Row {
            table: *table,
            key: key.clone(),
            value: value.clone(),
        };
        let tablet = Tablet::open(now, Identity { device: DEVICE }, 7, disk.iter().map(row).collect());
        let mut host = Self { tablet, disk, now, exchanges: Vec::new(), audits: Vec::new(), shown: Vec::new() };
        host.perform();
        host
    }

    fn perform(&mut self) {
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
                    self.exchanges.push((task, SyncRequest::decode(&body, &WireLimits::default()).unwrap()));
                }
                Effect::Shown { documents } => self.shown.extend(documents),
            }
        }
    }

    fn give(&mut self, input: Input) {
        self.tablet.handle(self.now, input).unwrap();
        self.perform();
    }

    fn wait(&mut self, ms: u64) {
        self.now = self.now.plus_ms(ms);
        self.give(Input::Wake);
    }

    fn count(&mut self, by: i64) {
        self.give(edit(&format!(r#"{{"type":"count","measure":"attendance.band.75-84","by":{by}}}"#)));
    }

    fn total(&self) -> Option<i64> {
        self.tablet.view(DOCUMENT)?.record.total("attendance.band.75-84")
    }

    fn state(&self) -> Option<SaveState> {
        Some(self.tablet.view(DOCUMENT)?.save_state)
    }

    fn answer(&mut self, task: TaskId, response: &SyncResponse) {
        self.give(Input::Exchanged { task, result: Exchanged::Ok(response.encode()) });
    }
}

fn edit(intent: &str) -> Input {
    let intent: Intent = serde_json::from_str(intent).unwrap();
    Input::Record { document: DOCUMENT, kind: Kind::Session, by: "tanaka".to_owned(), intent }
}

fn scope() -> ScopeId {
    ScopeId::municipality("112119").unwrap()
}

/// What a server answers that stores everything pushed, and holds nothing else.
fn stored(request: &SyncRequest, document: &mut Document, epoch: u8, seq: u64) -> SyncResponse {
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

fn genesis() -> Document {
    Document::genesis(DOCUMENT, Kind::Session).unwrap()
}

#[test]
fn tab_1_an_edit_is_shown_only_after_its_row_is_durable() {
    let mut tablet = Tablet::open(START, Identity { device: DEVICE }, 7, Vec::new());
    tablet.handle(START, edit(r#"{"type":"count","measure":"screening.viewers","by":1}"#)).unwrap();
    assert!(tablet.view(DOCUMENT).is_none());
    let mut tasks = Vec::new();
    while let Some(effect) = tablet.poll_effect() {
        if let Effect::Persist { task, .. } = effect {
            tasks.push(task);
        }
    }
    for task in tasks {
        tablet.handle(START, Input::Persisted { task, ok: true }).unwrap();
    }
    assert_eq!(tablet.view(DOCUMENT).unwrap().record.total("screening.viewers"), Some(1));
}

#[test]
fn tab_2_durable_edits_become_a_change_at_the_next_start() {
    let mut host = Host::new();
    host.count(1);
    host.count(1);
    assert!(!host.disk.keys().any(|(table, _)| *table == Table::Document), "not yet committed");
    let mut again = Host::open(host.disk, host.now);
    assert_eq!(again.total(), Some(2));
    assert!(!again.disk.keys().any(|(table, _)| *table == Table::Intent));
    again.wait(1_000);
    assert_eq!(again.exchanges.iter().map(|(_, request)| request.pushes.len()).sum::<usize>(), 1);
}

#[test]
fn tab_3_neighbouring_taps_become_one_change_and_a_correction_its_own() {
    let mut host = Host::new();
    host.give(Input::Online { online: false });
    for _ in 0..5 {
        host.count(1);
        host.wait(50);
    }
    host.wait(400);
    assert_eq!(host.tablet.status().unsent_changes, 1);
    host.count(1);
    host.give(edit(r#"{"type":"count","measure":"attendance.band.75-84","by":-1,"reason":"undo"}"#));
    host.wait(400);
    assert_eq!(host.tablet.status().unsent_changes, 3);
    assert_eq!(host.total(), Some(5));
}

#[test]
fn tab_3_a_long_pasted_text_passes_the_gate() {
    let mut host = Host::new();
    let text = "人生会議について話し合った。".repeat(200);
    host.give(edit(&format!(r#"{{"type":"write","text":"outcome","value":"{text}"}}"#)));
    host.wait(400);
    let (task, _) = host.exchanges.pop().unwrap();
    host.give(Input::Exchanged { task, result: Exchanged::Fault(Fault::Unreachable) });
    host.wait(2_000);
    let (_, request) = host.exchanges.pop().unwrap();
    let changes: Vec<Vec<u8>> = request.pushes[0].changes.iter().map(|bytes| bytes.to_vec()).collect();
    let admission = admit(genesis(), DEVICE, &changes, &Limits::default());
    assert_eq!(admission.document.text(sync_core::document::TextName::Outcome), text);
}

#[test]
fn tab_4_after_a_failed_transaction_nothing_is_recorded() {
    let mut tablet = Tablet::open(START, Identity { device: DEVICE }, 7, Vec::new());
    let count = r#"{"type":"count","measure":"screening.viewers","by":1}"#;
    tablet.handle(START, edit(count)).unwrap();
    let mut last = None;
    while let Some(effect) = tablet.poll_effect() {
        if let Effect::Persist { task, .. } = effect {
            last = Some(task);
        }
    }
    tablet.handle(START, Input::Persisted { task: last.unwrap(), ok: false }).unwrap();
    assert!(matches!(tablet.handle(START, edit(count)), Err(Refusal::Storage)));
    assert!(tablet.status().storage_fault);
    assert_eq!(tablet.next_wakeup(), None);
}

#[test]
fn tab_5_same_inputs_seed_and_times_give_the_same_effects() {
    let trace = || {
        let mut tablet = Tablet::open(START, Identity { device: DEVICE }, 7, Vec::new());
        let mut effects = Vec::new();
        for n in 0..20 {
            let now = START.plus_ms(n * 150);
            tablet.handle(now, edit(r#"{"type":"count","measure":"screening.viewers","by":1}"#)).unwrap();
            while let Some(effect) = tablet.poll_effect() {
                if let Effect::Persist { task, .. } = &effect {
                    tablet.handle(now, Input::Persisted { task: *task, ok: true }).unwrap();
                }
                effects.push(effect);
            }
        }
        effects
    };
    assert_eq!(trace(), trace());
}

#[test]
fn tab_6_late_doubled_unknown_and_unreadable_answers_change_nothing() {
    let mut host = Host::new();
    host.count(3);
    host.wait(400);
    let before = host.disk.clone();
    let (task, _) = host.exchanges[0];
    host.give(Input::Exchanged { task: TaskId(999), result: Exchanged::Ok(vec![]) });
    host.give(Input::Persisted { task: TaskId(999), ok: false });
    host.give(Input::Exchanged { task, result: Exchanged::Ok(vec![0xff; 40]) });
    assert_eq!(host.tablet.status().last_fault, Some(Fault::Unreadable));
    host.give(Input::Exchanged { task, result: Exchanged::Fault(Fault::Unauthorised) });
    assert_eq!(host.tablet.status().last_fault, Some(Fault::Unreadable), "the second answer came too late");
    assert_eq!(host.disk, before);
    assert_eq!(host.total(), Some(3));
}

/// A tablet with one record that is stored and agreed on.
fn agreed() -> (Host, Document) {
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

#[test]
fn tab_7_a_record_goes_from_saved_to_sent_to_agreed() {
    let mut host = Host::new();
    let mut document = genesis();
    host.count(2);
    host.wait(400);
    let (task, request) = host.exchanges.pop().unwrap();
    assert!(request.pushes.is_empty(), "sent before the edit");
    host.give(Input::Exchanged { task, result: Exchanged::Fault(Fault::Unreachable) });
    host.wait(2_000);
    let (task, request) = host.exchanges.pop().unwrap();
    let mut response = stored(&request, &mut document, 1, 1);
    response.scopes[0].more = true;
    host.answer(task, &response);
    assert_eq!(host.state(), Some(SaveState::Sent));
    let (host, _) = agreed();
    assert_eq!(host.state(), Some(SaveState::Agreed));
    assert_eq!(host.tablet.status().unsent_records, 0);
    assert_eq!(host.tablet.status().last_agreed_at, Some(host.now));
}

#[test]
fn tab_8_a_clock_set_back_holds_nothing_up() {
    let (mut host, mut document) = agreed();
    host.count(1);
    host.now = Timestamp(START.0 - 86_400_000);
    host.give(Input::Wake);
    let (task, request) = host.exchanges.pop().expect("a clock set back makes the next exchange due");
    host.answer(task, &stored(&request, &mut document, 1, 1));
    host.wait(400);
    let (task, request) = host.exchanges.pop().expect("sent without waiting a day");
    assert_eq!(request.pushes.len(), 1);
    assert_eq!(host.state(), Some(SaveState::Saved));
    host.answer(task, &stored(&request, &mut document, 1, 2));
    assert_eq!(host.state(), Some(SaveState::Agreed));
}

#[test]
fn syn_3_an_answer_is_one_transaction() {
    let (host, _) = agreed();
    let tables: Vec<Table> = host.disk.keys().map(|(table, _)| *table).collect();
    assert!(tables.contains(&Table::Scope) && tables.contains(&Table::Document));
    assert!(!tables.contains(&Table::Outbox) && !tables.contains(&Table::Intent));
    let again = Host::open(host.disk, host.now);
    assert_eq!(again.state(), Some(SaveState::Agreed));
    assert_eq!(again.total(), Some(5));
}

/// What a server that holds `document` answers when asked what differs.
fn audited(document: &mut Document) -> AuditResponse {
    AuditResponse {
        protocol: PROTOCOL,
        scope: scope(),
        epoch: [1; 16],
        seq: 2,
        differing: vec![9],
        entries: vec![AuditEntry { document: DOCUMENT, heads: document.heads(), state: FeedState::Present }],
    }
}

#[test]
fn syn_4_a_difference_is_looked_into_and_mended_in_three_requests() {
    let (mut host, mut document) = agreed();
    // the server has lost the tablet's change, the tablet does not know of another record
    let mut lost = genesis();
    host.give(Input::Sync);
    let (task, request) = host.exchanges.pop().unwrap();
    let mut response = stored(&request, &mut document, 1, 2);
    response.scopes[0].digest = Digest::ZERO;
    host.answer(task, &response);
    assert!(!host.tablet.status().scopes[0].agreed);
    let (task, asked) = host.audits.pop().expect("looks into it at once");
    assert_eq!(asked.scope, scope());
    let other = DocumentId::from_bytes([8; 16]);
    let mut told = audited(&mut lost);
    told.differing.push(8);
    told.entries.push(AuditEntry { document: other, heads: document.heads(), state: FeedState::Present });
    host.give(Input::Exchanged { task, result: Exchanged::Ok(told.encode()) });
    host.wait(400);
    let (_, request) = host.exchanges.pop().expect("mends it at once");
    assert!(request.pushes[0].again, "offers what the server lost");
    assert_eq!(request.wanted, [other, DOCUMENT]);
    assert_eq!(host.total(), Some(5), "nothing was wiped");
}

#[test]
fn syn_8_a_damaged_row_is_asked_for_and_its_unsent_changes_wait() {
    let (mut host, mut document) = agreed();
    host.count(2);
    host.wait(400);
    host.exchanges.clear();
    let key = (Table::Document, DOCUMENT.to_string());
    host.disk.get_mut(&key).unwrap().truncate(20);
    let mut host = Host::open(host.disk, host.now);
    assert_eq!((host.total(), host.tablet.status().unsent_changes), (None, 1));
    host.wait(1);
    let (task, request) = host.exchanges.pop().unwrap();
    assert_eq!(request.wanted, [DOCUMENT]);
    let mut response = stored(&request, &mut document, 1, 1);
    response.scopes[0].next_seq = 1;
    response.documents = vec![DocumentPayload { document: DOCUMENT, snapshot: document.save() }];
    host.answer(task, &response);
    assert_eq!(host.total(), Some(7), "what the server had, and what waited");
    host.wait(400);
    let (_, request) = host.exchanges.pop().expect("sends what waited");
    assert_eq!(request.pushes[0].changes.len(), 1);
    assert!(request.wanted.is_empty());
}

#[test]
fn syn_8_a_record_never_sent_is_made_anew_from_its_changes() {
    let mut host = Host::new();
    host.count(5);
    host.wait(400);
    host.disk.get_mut(&(Table::Document, DOCUMENT.to_string())).unwrap().clear();
    let host = Host::open(host.disk, host.now);
    assert_eq!((host.total(), host.tablet.status().unsent_records), (Some(5), 1));
}

#[test]
fn syn_9_everything_is_offered_of_a_record_the_server_lost_and_only_once() {
    let (mut host, mut document) = agreed();
    let mut other = document.clone();
    other.write_as(ActorId::new(DeviceId::from_bytes([2; 16]), 1));
    other.count("screening.viewers", DeviceId::from_bytes([2; 16]), 4).unwrap();
    other.commit(START, "suzuki", None).unwrap();
    document.merge(&mut other).unwrap();
    host.give(Input::Sync);
    let (task, request) = host.exchanges.pop().unwrap();
    let mut response = stored(&request, &mut document, 1, 2);
    response.documents = vec![DocumentPayload { document: DOCUMENT, snapshot: document.save() }];
    response.wanted = vec![DOCUMENT];
    host.answer(task, &response);
    host.wait(1);
    let (task, request) = host.exchanges.pop().expect("offers it at once");
    assert!(request.pushes[0].again);
    assert_eq!(request.pushes[0].changes.len(), 2, "other devices' changes too");
    let mut response = SyncResponse { clock: START, ..SyncResponse::default() };
    response.scopes = stored(&SyncRequest::default(), &mut document, 1, 2).scopes;
    response.wanted = vec![DOCUMENT];
    host.answer(task, &response);
    host.give(Input::Sync);
    let (_, request) = host.exchanges.pop().unwrap();
    assert!(request.pushes.is_empty(), "the same is not offered again and again");
}

#[test]
fn syn_10_a_destroyed_record_leaves_with_everything_unsent() {
    let (mut host, mut document) = agreed();
    host.count(2);
    host.give(Input::Sync);
    let (task, request) = host.exchanges.pop().unwrap();
    let mut response = stored(&request, &mut document, 1, 2);
    response.scopes[0].entries[0].state = FeedState::Purged;
    response.scopes[0].count = 0;
    response.scopes[0].digest = Digest::ZERO;
    host.answer(task, &response);
    assert_eq!(host.total(), None);
    let of_it = |(table, key): &(Table, String)| *table == Table::Intent || key.starts_with(&DOCUMENT.to_string());
    assert!(!host.disk.keys().any(of_it));
    assert_eq!(host.tablet.status().unsent_changes, 0);
}

#[test]
fn syn_11_a_new_tablet_says_how_far_down_it_has_come() {
    let mut host = Host::new();
    let (task, request) = host.exchanges.pop().unwrap();
    assert!(request.cursors.is_empty());
    let mut response = SyncResponse { clock: START, ..SyncResponse::default() };
    response.scopes = stored(&SyncRequest::default(), &mut genesis(), 1, 9).scopes;
    response.scopes[0].below = Some(5);
    response.scopes[0].more = true;
    host.answer(task, &response);
    host.wait(1);
    let (_, request) = host.exchanges.pop().expect("asks for the rest at once");
    assert_eq!((request.cursors[0].seq, request.cursors[0].below), (9, Some(5)));
    let mut again = Host::open(host.disk, host.now);
    again.wait(1);
    let (_, request) = again.exchanges.pop().unwrap();
    assert_eq!(request.cursors[0].below, Some(5), "also after a restart");
}

/// The answer that holds everything pushed, with this code.
fn refused(request: &SyncRequest, code: &str, document: &mut Document) -> SyncResponse {
    let mut response = stored(&SyncRequest::default(), document, 1, 1);
    response.receipts = request
        .pushes
        .iter()
        .map(|push| Receipt {
            document: push.document,
            runs: vec![Run {
                outcome: Outcome::Custody,
                count: push.changes.len() as u64,
                last: sync_core::document::hash_of(push.changes.last().unwrap()),
                code: Some(code.to_owned()),
            }],
        })
        .collect();
    response
}

#[test]
fn tab_9_edits_that_can_never_be_taken_in_are_made_anew_once() {
    let (mut host, mut document) = agreed();
    host.count(3);
    host.wait(400);
    let (task, request) = host.exchanges.pop().unwrap();
    let first = sync_core::document::hash_of(&request.pushes[0].changes[0]);
    host.answer(task, &refused(&request, "too_complex", &mut document));
    assert_eq!(host.total(), Some(8));
    host.wait(1);
    let (task, request) = host.exchanges.pop().expect("sends them at once");
    assert_eq!(request.pushes[0].replaces, [first]);
    assert_ne!(sync_core::document::hash_of(&request.pushes[0].changes[0]), first);
    let again = Host::open(host.disk.clone(), host.now);
    assert_eq!(again.total(), Some(8), "counted once, also after a restart");
    host.answer(task, &refused(&request, "too_complex", &mut document));
    host.wait(1_000);
    assert_eq!(host.state(), Some(SaveState::Held), "not a third time");
    assert_eq!(host.total(), Some(8));
}

#[test]
fn tab_9_a_person_decides_on_work_outside_the_scope() {
    let (mut host, mut document) = agreed();
    host.count(3);
    host.wait(400);
    let (task, request) = host.exchanges.pop().unwrap();
    let held = sync_core::document::hash_of(&request.pushes[0].changes[0]);
    host.answer(task, &refused(&request, "not_in_scope", &mut document));
    assert_eq!(host.state(), Some(SaveState::Held));
    host.give(Input::Sync);
    let (task, request) = host.exchanges.pop().unwrap();
    assert_eq!(request.held, [held]);
    let mut response = stored(&SyncRequest::default(), &mut document, 1, 1);
    response.decisions = vec![Decision {
        document: DOCUMENT,
        hash: held,
        admitted: false,
        reason: "二重の記録".into(),
        by: "山田".into(),
        at: START,
    }];
    host.answer(task, &response);
    assert_eq!((host.state(), host.total()), (Some(SaveState::Declined), Some(8)));
    let shown = &host.tablet.view(DOCUMENT).unwrap().held[0];
    assert_eq!(shown.declined.as_ref().unwrap().reason, "二重の記録");
    let mut host = Host::open(host.disk, host.now);
    assert_eq!(host.state(), Some(SaveState::Declined));
    host.wait(1);
    let (_, request) = host.exchanges.pop().unwrap();
    assert!(request.held.is_empty(), "decided");
}

#[test]
fn syn_5_a_new_epoch_makes_the_tablet_offer_all_its_own_changes() {
    let (mut host, _) = agreed();
    host.give(Input::Sync);
    let (task, _) = host.exchanges.pop().unwrap();
    let lost = ScopePage {
        scope: scope(),
        epoch: [2; 16],
        entries: Vec::new(),
        next_seq: 0,
        more: false,
        count: 0,
        digest: Digest::ZERO,
        below: None,
    };
    let response = SyncResponse { clock: START, scopes: vec![lost], ..SyncResponse::default() };
    host.answer(task, &response);
    host.wait(1_000);
    let (_, request) = host.exchanges.pop().expect("offers again");
    assert_eq!(request.pushes.len(), 1);
    assert_eq!(host.total(), Some(5));
}

#[test]
fn syn_6_a_record_that_left_goes_only_when_nothing_of_its_own_waits() {
    let (mut host, mut document) = agreed();
    host.give(Input::Sync);
    let (task, request) = host.exchanges.pop().unwrap();
    host.count(1);
    let mut response = stored(&request, &mut document, 1, 2);
    response.scopes[0].entries[0].state = FeedState::Left;
    (response.scopes[0].count, response.scopes[0].digest) = (0, Digest::ZERO);
    host.answer(task, &response);
    assert_eq!(host.total(), Some(6), "its own work waits");
    host.wait(1_000);
    let (task, request) = host.exchanges.pop().unwrap();
    assert_eq!(request.pushes.len(), 1);
    let mut response = stored(&request, &mut document, 1, 3);
    response.scopes[0].entries.clear();
    (response.scopes[0].count, response.scopes[0].digest) = (0, Digest::ZERO);
    host.answer(task, &response);
    assert_eq!(host.total(), None, "sent, so it goes");
}

#[test]
fn syn_7_failures_wait_longer_and_a_person_does_not_wait() {
    let mut host = Host::new();
    let mut delays = Vec::new();
    for _ in 0..6 {
        let (task, _) = host.exchanges.pop().unwrap();
        host.give(Input::Exchanged { task, result: Exchanged::Fault(Fault::Unreachable) });
        let next = host.tablet.next_wakeup().unwrap();
        delays.push(next.0 - host.now.0);
        host.now = next;
        host.give(Input::Wake);
    }
    assert!(delays[5] > delays[0] * 8, "{delays:?}");
    let (task, _) = host.exchanges.pop().unwrap();
    host.give(Input::Exchanged { task, result: Exchanged::Fault(Fault::Unreachable) });
    host.give(Input::Sync);
    let (task, _) = host.exchanges.pop().expect("a person does not wait for backoff");
    let busy = Fault::Busy { retry_after_ms: Some(300_000) };
    host.give(Input::Exchanged { task, result: Exchanged::Fault(busy) });
    host.give(Input::Sync);
    assert!(host.exchanges.is_empty(), "the server's own word holds for everyone");
    assert!(host.tablet.next_wakeup().unwrap() >= host.now.plus_ms(300_000));
}
