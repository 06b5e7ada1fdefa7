//! What differs, was damaged or was lost: it is found by audits and offers, mended once, and holds up nothing else (SYN).

use sync_core::digest::{Digest, FeedState};
use sync_core::document::Document;
use sync_core::ids::{ActorId, DeviceId, DocumentId};
use sync_core::tablet::{Exchanged, Input, SaveState, Table};
use sync_core::wire::{
    AuditEntry, AuditResponse, DocumentPayload, FeedEntry, Outcome, PROTOCOL, Receipt, Run, SyncRequest, SyncResponse,
};

use crate::host::{DEVICE, DOCUMENT, Host, START, agreed, genesis, scope, stored};

/// What a server that holds `document` answers when asked what differs.
pub fn audited(document: &mut Document) -> AuditResponse {
    AuditResponse {
        protocol: PROTOCOL,
        scope: scope(),
        epoch: [1; 16],
        seq: 2,
        differing: vec![9],
        entries: vec![AuditEntry { document: DOCUMENT, heads: document.heads(), state: FeedState::Present }],
        next: None,
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
    assert_eq!(host.state(), Some(SaveState::Sent), "TAB-7: no record is called agreed in a scope that differs");
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
fn syn_4_a_record_that_only_an_audit_names_stands_in_its_scope_when_it_comes() {
    let (mut host, mut document) = agreed();
    let other = DocumentId::from_bytes([8; 16]);
    let mut missed = Document::genesis(other, document.kind()).unwrap();
    missed.write_as(ActorId::new(DeviceId::from_bytes([2; 16]), 1));
    missed.count("screening.viewers", DeviceId::from_bytes([2; 16]), 4).unwrap();
    missed.commit(START, "suzuki", None).unwrap();
    let missing = Digest::of(other, FeedState::Present, &missed.heads());
    let mut both = |request: &SyncRequest| {
        let mut response = stored(request, &mut document, 1, 2);
        response.scopes[0].digest = response.scopes[0].digest.plus(missing);
        response.scopes[0].count = 2;
        response
    };
    host.give(Input::Sync);
    let (task, request) = host.exchanges.pop().unwrap();
    host.answer(task, &both(&request));
    let (task, _) = host.audits.pop().expect("looks into it at once");
    let mut told = AuditResponse { differing: vec![8], ..audited(&mut missed) };
    told.entries[0].document = other;
    host.give(Input::Exchanged { task, result: Exchanged::Ok(told.encode()) });
    host.wait(400);
    let (task, request) = host.exchanges.pop().expect("mends it at once");
    assert_eq!(request.wanted, [other]);
    let mut response = both(&request);
    response.documents = vec![DocumentPayload { document: other, snapshot: missed.save() }];
    host.answer(task, &response);
    assert!(host.tablet.status().scopes[0].agreed, "with no second audit");
    assert!(host.audits.is_empty());
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
    let mut silent = SyncResponse { clock: START, ..SyncResponse::default() };
    silent.scopes = stored(&SyncRequest::default(), &mut document, 1, 2).scopes;
    silent.wanted = vec![DOCUMENT];
    host.answer(task, &silent);
    host.wait(1);
    let (task, request) = host.exchanges.pop().expect("what was not answered is offered again");
    assert_eq!(request.pushes[0].changes.len(), 2);
    let receipts = stored(&request, &mut document, 1, 2).receipts;
    let mut cut = receipts.clone();
    let first = sync_core::document::hash_of(&request.pushes[0].changes[0]);
    cut[0].runs = vec![Run { outcome: Outcome::Stored, count: 1, last: first, code: None }];
    host.answer(task, &SyncResponse { receipts: cut, ..silent.clone() });
    host.wait(1);
    let (task, request) = host.exchanges.pop().expect("what the server had no time for is offered again");
    assert_eq!(request.pushes[0].changes.len(), 2);
    host.answer(task, &SyncResponse { receipts, ..silent });
    host.give(Input::Sync);
    let (_, request) = host.exchanges.pop().unwrap();
    assert!(request.pushes.is_empty(), "the same is not offered again and again");
}

/// A record in which this tablet's change is followed by one of another tablet, and the request that comes next.
fn with_work_of_another() -> (Host, Document, Document, (sync_core::tablet::TaskId, SyncRequest)) {
    let (mut host, own) = agreed();
    let mut both = own.clone();
    both.write_as(ActorId::new(DeviceId::from_bytes([2; 16]), 1));
    both.count("screening.viewers", DeviceId::from_bytes([2; 16]), 4).unwrap();
    both.commit(START, "suzuki", None).unwrap();
    host.give(Input::Sync);
    let (task, request) = host.exchanges.pop().unwrap();
    let mut response = stored(&request, &mut both, 1, 2);
    response.documents = vec![DocumentPayload { document: DOCUMENT, snapshot: both.save() }];
    host.answer(task, &response);
    host.give(Input::Sync);
    let next = host.exchanges.pop().unwrap();
    assert!(next.1.pushes.is_empty(), "what others wrote is not sent unasked");
    (host, own, both, next)
}

#[test]
fn syn_12_what_others_wrote_is_offered_once_the_audit_shows_that_the_server_lost_it() {
    let (mut host, mut own, mut both, (task, request)) = with_work_of_another();
    let mut lost = stored(&request, &mut own, 1, 3);
    host.answer(task, &lost);
    let (task, _) = host.audits.pop().expect("looks into it at once");
    host.give(Input::Exchanged { task, result: Exchanged::Ok(audited(&mut own).encode()) });
    host.wait(400);
    let (task, request) = host.exchanges.pop().expect("offers it at once");
    assert!(request.pushes[0].again);
    assert_eq!(request.pushes[0].changes.len(), 2);
    let run = |outcome, change: &[u8], code: Option<&str>| Run {
        outcome,
        count: 1,
        last: sync_core::document::hash_of(change),
        code: code.map(str::to_owned),
    };
    let [first, second] = [&request.pushes[0].changes[0], &request.pushes[0].changes[1]];
    let runs = vec![run(Outcome::Duplicate, first, None), run(Outcome::Custody, second, Some("brought_back"))];
    lost.receipts = vec![Receipt { document: DOCUMENT, runs }];
    host.answer(task, &lost);
    assert_ne!(host.state(), Some(SaveState::Held), "what is held is not this tablet's");
    assert_eq!(host.tablet.view(DOCUMENT).unwrap().record.total("screening.viewers"), Some(4), "and it stays");
    host.give(Input::Sync);
    let (task, request) = host.exchanges.pop().unwrap();
    assert!(request.pushes.is_empty());
    host.answer(task, &stored(&request, &mut both, 1, 4));
    assert_eq!(host.state(), Some(SaveState::Agreed), "once it is there again");
}

#[test]
fn syn_12_what_others_wrote_is_not_offered_where_the_server_has_it() {
    let (mut host, _, mut both, (task, request)) = with_work_of_another();
    let mut response = stored(&request, &mut both, 1, 3);
    response.scopes[0].digest = Digest::ZERO;
    host.answer(task, &response);
    let (task, _) = host.audits.pop().unwrap();
    host.give(Input::Exchanged { task, result: Exchanged::Ok(audited(&mut both).encode()) });
    host.give(Input::Sync);
    assert!(host.exchanges.pop().unwrap().1.pushes.is_empty());
}

#[test]
fn syn_12_what_others_wrote_is_offered_when_the_servers_answer_says_that_ones_own_follows_something_missing() {
    let (mut host, mut own, mut both, (task, request)) = with_work_of_another();
    host.answer(task, &stored(&request, &mut both, 1, 2));
    host.count(2);
    host.wait(400);
    let mut sizes = Vec::new();
    for _ in 0..12 {
        let (task, request) = host.exchanges.pop().unwrap();
        let mut response = stored(&SyncRequest::default(), &mut own, 1, 2);
        if let Some(push) = request.pushes.first() {
            sizes.push((push.again, push.changes.len()));
            let last = sync_core::document::hash_of(push.changes.last().unwrap());
            let count = push.changes.len() as u64;
            let runs = vec![Run { outcome: Outcome::MissingDeps, count, last, code: None }];
            response.receipts = vec![Receipt { document: DOCUMENT, runs }];
        }
        response.documents = vec![DocumentPayload { document: DOCUMENT, snapshot: own.save() }];
        host.answer(task, &response);
        host.wait(600_000);
    }
    let whole = sizes.iter().filter(|size| **size == (true, 3)).count();
    assert_eq!(whole, 1, "once: {sizes:?}");
    assert_eq!(host.tablet.status().unsent_changes, 2, "its own waits");
}

/// A tablet with one change that waits, since the server has lost what it follows, and what the server has left.
fn with_a_record_that_waits() -> (Host, Document, Document) {
    let (mut host, mut own, both, (task, _)) = with_work_of_another();
    host.answer(task, &stored(&SyncRequest::default(), &mut both.clone(), 1, 2));
    host.count(2);
    host.wait(400);
    for _ in 0..8 {
        let Some((task, request)) = host.exchanges.pop() else { break };
        let mut response = stored(&SyncRequest::default(), &mut own, 1, 3);
        let missing = |push: &sync_core::wire::DocumentPush| {
            let last = sync_core::document::hash_of(push.changes.last().unwrap());
            let count = push.changes.len() as u64;
            Receipt { document: DOCUMENT, runs: vec![Run { outcome: Outcome::MissingDeps, count, last, code: None }] }
        };
        response.receipts = request.pushes.iter().map(missing).collect();
        response.documents = vec![DocumentPayload { document: DOCUMENT, snapshot: own.save() }];
        host.answer(task, &response);
    }
    assert!(host.exchanges.is_empty() && host.audits.is_empty(), "it waits for a while");
    assert_eq!(host.state(), Some(SaveState::Saved));
    (host, own, both)
}

/// Another record of the same scope, with one count.
fn count_in_another(host: &mut Host) -> DocumentId {
    let other = DocumentId::from_bytes([8; 16]);
    let intent = serde_json::from_str(r#"{"type":"count","measure":"screening.viewers","by":3}"#).unwrap();
    let kind = sync_core::document::Kind::Session;
    host.give(Input::Record { document: other, kind, by: "tanaka".to_owned(), intent });
    other
}

#[test]
fn syn_7_a_record_that_waits_for_what_the_server_lost_holds_up_no_other() {
    let (mut host, mut own, mut both) = with_a_record_that_waits();
    let other = count_in_another(&mut host);
    host.wait(400);
    let (task, request) = host.exchanges.pop().expect("is sent at once");
    assert_eq!(request.pushes.iter().map(|push| push.document).collect::<Vec<_>>(), [other]);

    // SYN-4: its scope agrees without it, and with it as the server has it
    let state = |host: &Host, id| host.tablet.summary(id).unwrap().save_state;
    let mut response = stored(&SyncRequest::default(), &mut own, 1, 4);
    let last = request.pushes[0].heads.as_slice()[0];
    let runs = vec![Run { outcome: Outcome::Stored, count: 1, last, code: None }];
    response.receipts = vec![Receipt { document: other, runs }];
    response.scopes[0].entries.push(FeedEntry { document: other, seq: 5, state: FeedState::Present });
    response.scopes[0].next_seq = 5;
    response.scopes[0].count = 2;
    let sum = Digest::of(other, FeedState::Present, &request.pushes[0].heads);
    response.scopes[0].digest = response.scopes[0].digest.plus(sum);
    host.answer(task, &response);
    assert_eq!((state(&host, other), state(&host, DOCUMENT)), (SaveState::Agreed, SaveState::Saved));
    assert!(host.tablet.status().scopes[0].agreed);

    // what was lost comes back: it is sent at once, and agrees only once it is compared itself
    host.give(Input::Sync);
    let (task, request) = host.exchanges.pop().unwrap();
    let mut news = stored(&SyncRequest::default(), &mut both, 1, 6);
    (news.scopes[0].count, news.scopes[0].digest) = (2, news.scopes[0].digest.plus(sum));
    news.documents = vec![DocumentPayload { document: DOCUMENT, snapshot: both.save() }];
    let missing = request.pushes[0].changes.len() as u64;
    let last = sync_core::document::hash_of(request.pushes[0].changes.last().unwrap());
    let runs = vec![Run { outcome: Outcome::MissingDeps, count: missing, last, code: None }];
    news.receipts = vec![Receipt { document: DOCUMENT, runs }];
    host.answer(task, &news);
    host.wait(1);
    let (task, request) = host.exchanges.pop().expect("is tried at once");
    assert_eq!(request.pushes[0].document, DOCUMENT);
    let mut next = (task, request);
    let mut kept = |request: &SyncRequest, more| {
        let mut kept = stored(request, &mut both, 1, 7);
        (kept.scopes[0].count, kept.scopes[0].digest) = (2, kept.scopes[0].digest.plus(sum));
        kept.scopes[0].more = more;
        kept
    };
    while !next.1.pushes.is_empty() {
        host.answer(next.0, &kept(&next.1, true));
        host.wait(1);
        next = host.exchanges.pop().unwrap();
    }
    assert_eq!(state(&host, DOCUMENT), SaveState::Sent, "TAB-7: nothing has compared it yet");
    host.answer(next.0, &kept(&next.1, false));
    assert_eq!((state(&host, other), state(&host, DOCUMENT)), (SaveState::Agreed, SaveState::Agreed));
}

#[test]
fn syn_7_a_record_that_waits_is_not_sent_over_and_over_when_part_of_it_is_stored() {
    let (mut host, own, mut both, (task, _)) = with_work_of_another();
    host.answer(task, &stored(&SyncRequest::default(), &mut both, 1, 2));
    // the server has lost what the other tablet wrote, and what this one writes now follows it
    let mut server = own;
    host.count(2);
    host.wait(400);
    let mut exchanges = 0;
    for _ in 0..1_200 {
        loop {
            for (task, _) in std::mem::take(&mut host.audits) {
                host.give(Input::Exchanged { task, result: Exchanged::Ok(audited(&mut server).encode()) });
            }
            let Some((task, request)) = host.exchanges.pop() else { break };
            exchanges += 1;
            let mut response = stored(&SyncRequest::default(), &mut server, 1, 3);
            for push in &request.pushes {
                let changes: Vec<Vec<u8>> = push.changes.iter().map(|bytes| bytes.to_vec()).collect();
                let admission =
                    sync_core::gate::admit(server.clone(), DEVICE, &changes, &sync_core::gate::Limits::default());
                let run = |(hash, verdict): &(_, sync_core::gate::Verdict)| {
                    let outcome = match verdict {
                        sync_core::gate::Verdict::Duplicate => Outcome::Duplicate,
                        sync_core::gate::Verdict::MissingDeps => Outcome::MissingDeps,
                        sync_core::gate::Verdict::Custody(_) => Outcome::Custody,
                        sync_core::gate::Verdict::Stored => panic!("what could be stored?"),
                    };
                    Run { outcome, count: 1, last: *hash, code: None }
                };
                let runs = admission.verdicts.iter().map(run).collect();
                response.receipts.push(Receipt { document: push.document, runs });
            }
            response.documents = vec![DocumentPayload { document: DOCUMENT, snapshot: server.save() }];
            host.answer(task, &response);
        }
        host.wait(500);
    }
    assert!(exchanges < 60, "{exchanges} exchanges in ten minutes");
}

#[test]
fn syn_4_what_waits_beside_a_record_that_waits_is_still_a_difference() {
    let (mut host, mut own, _) = with_a_record_that_waits();
    host.give(Input::Sync);
    let (task, _) = host.exchanges.pop().unwrap();
    // the server has one record more than this tablet
    let mut response = stored(&SyncRequest::default(), &mut own, 1, 4);
    let stranger = DocumentId::from_bytes([7; 16]);
    response.scopes[0].count = 2;
    let sum = Digest::of(stranger, FeedState::Present, &own.heads());
    response.scopes[0].digest = response.scopes[0].digest.plus(sum);
    host.answer(task, &response);
    assert!(!host.tablet.status().scopes[0].agreed);
    assert!(host.audits.pop().is_some(), "it is looked into");
}
