//! What is exchanged: nothing is lost, dropped too early or asked for twice (SYN).

use sync_core::digest::{Digest, FeedState};
use sync_core::document::Document;
use sync_core::tablet::{Exchanged, Fault, Input, SaveState, Table};
use sync_core::wire::{DocumentPayload, Outcome, Receipt, Run, ScopePage, SyncRequest, SyncResponse};

use crate::host::{DOCUMENT, Host, START, agreed, edit, genesis, scope, stored};
use crate::mending::audited;

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
fn syn_10_of_a_record_that_is_only_in_custody_it_asks_whether_it_was_destroyed() {
    let (mut host, _) = late(false);
    for destroyed in [false, true] {
        host.give(Input::Sync);
        let (task, request) = host.exchanges.pop().unwrap();
        assert_eq!(request.wanted, [DOCUMENT], "with every exchange");
        let purged = if destroyed { vec![DOCUMENT] } else { Vec::new() };
        host.answer(task, &SyncResponse { clock: START, purged, ..SyncResponse::default() });
        assert_eq!(host.exchanges.len(), 0, "at leisure");
    }
    assert_eq!(host.total(), None);
    assert!(!host.disk.keys().any(|(_, key)| key.starts_with(&DOCUMENT.to_string())));
}

#[test]
fn syn_10_a_revoked_tablet_is_not_answered_and_asks_again_when_it_is_back() {
    let mut host = Host::new();
    // a record in which nothing is left to send, and that no scope names
    host.give(edit(r#"{"type":"unlink","link":"lecturer/tomizawa"}"#));
    host.wait(400);
    let mut page = stored(&SyncRequest::default(), &mut genesis(), 1, 0);
    page.scopes = vec![ScopePage { entries: Vec::new(), count: 0, digest: Digest::ZERO, ..page.scopes.remove(0) }];
    let (task, _) = host.exchanges.pop().unwrap();
    host.answer(task, &page);
    for told in [false, false, true] {
        host.give(Input::Sync);
        let (task, request) = host.exchanges.pop().unwrap();
        assert_eq!(request.wanted, [DOCUMENT]);
        let scopes = if told { page.scopes.clone() } else { Vec::new() };
        host.answer(task, &SyncResponse { scopes, ..page.clone() });
    }
    host.give(Input::Sync);
    assert!(host.exchanges.pop().unwrap().1.wanted.is_empty(), "answered");
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

/// The answer to a tablet whose registration has ended: what it brought is held, and it is told nothing else.
fn held(request: &SyncRequest, code: &str) -> SyncResponse {
    let receipt = |push: &sync_core::wire::DocumentPush| {
        let last = sync_core::document::hash_of(push.changes.last().unwrap());
        let code = Some(code.to_owned());
        let run = Run { outcome: Outcome::Custody, count: push.changes.len() as u64, last, code };
        Receipt { document: push.document, runs: vec![run] }
    };
    let receipts = request.pushes.iter().map(receipt).collect();
    SyncResponse { clock: START, receipts, ..SyncResponse::default() }
}

/// A tablet of which one change is held since its registration ended, after the server had `known` it or before.
fn late(known: bool) -> (Host, Document) {
    let (mut host, document) = if known { agreed() } else { (Host::new(), genesis()) };
    if !known {
        let (task, _) = host.exchanges.pop().unwrap();
        host.give(Input::Exchanged { task, result: Exchanged::Fault(Fault::Unauthorised) });
    }
    host.count(2);
    host.wait(400);
    host.wait(2_000);
    let (task, request) = host.exchanges.pop().unwrap();
    host.answer(task, &held(&request, "not_in_scope"));
    assert_eq!(host.state(), Some(SaveState::Held));
    (host, document)
}

#[test]
fn syn_5_a_tablet_that_comes_back_to_another_store_offers_what_the_former_one_held() {
    // whether the store that held it was known by its epoch or not, it may be another by now
    for (known, epoch, offered) in [(true, 1, 0), (true, 2, 2), (false, 1, 1)] {
        let (host, mut document) = late(known);
        let mut host = Host::open(host.disk, host.now);
        host.wait(1);
        let (task, request) = host.exchanges.pop().unwrap();
        host.answer(task, &stored(&request, &mut document, epoch, 1));
        host.wait(1);
        let next = host.exchanges.pop().map(|(_, request)| request.pushes).unwrap_or_default();
        let changes: usize = next.iter().map(|push| push.changes.len()).sum();
        assert_eq!(changes, offered, "known {known}, epoch {epoch}");
    }
}

#[test]
fn tab_9_the_servers_latest_word_on_held_work_counts() {
    let (mut host, mut document) = late(false);
    host.give(Input::Sync);
    let (task, request) = host.exchanges.pop().unwrap();
    host.answer(task, &stored(&request, &mut document, 1, 1));
    host.wait(1);
    let (task, request) = host.exchanges.pop().unwrap();
    let mut refused = stored(&SyncRequest::default(), &mut document, 1, 1);
    refused.receipts = held(&request, "too_complex").receipts;
    host.answer(task, &refused);
    host.wait(1);
    let (_, anew) = host.exchanges.pop().expect("nobody can let it in: it is made anew");
    assert_eq!(anew.pushes[0].replaces, [sync_core::document::hash_of(&request.pushes[0].changes[0])]);
}

#[test]
fn tab_7_what_an_overtaken_answer_called_held_is_not_when_the_server_has_it() {
    for by_audit in [false, true] {
        let (mut host, mut document) = agreed();
        host.count(2);
        host.wait(400);
        let (task, request) = host.exchanges.pop().unwrap();
        // the same request came twice: stored the second time, and the first answer arrives
        let mut response = stored(&request, &mut document, 1, 2);
        response.receipts = held(&request, "not_in_scope").receipts;
        response.scopes[0].entries.clear();
        host.answer(task, &response);
        assert_eq!(host.state(), Some(SaveState::Held));
        let (task, _) = host.audits.pop().expect("its digest differs");
        if by_audit {
            host.give(Input::Exchanged { task, result: Exchanged::Ok(audited(&mut document).encode()) });
        } else {
            host.give(Input::Exchanged { task, result: Exchanged::Fault(Fault::Unreachable) });
        }
        host.audits.clear();
        host.give(Input::Sync);
        for (task, _) in std::mem::take(&mut host.audits) {
            host.give(Input::Exchanged { task, result: Exchanged::Ok(audited(&mut genesis()).encode()) });
        }
        host.give(Input::Sync);
        let (task, request) = host.exchanges.pop().unwrap();
        let mut response = stored(&request, &mut document, 1, 3);
        if !by_audit {
            response.documents = vec![DocumentPayload { document: DOCUMENT, snapshot: document.save() }];
        }
        host.answer(task, &response);
        assert_eq!(host.state(), Some(SaveState::Agreed), "by audit: {by_audit}");
    }
}

#[test]
fn tab_7_what_agreed_with_another_store_has_not_agreed_with_this_one() {
    let mut host = Host::new();
    let mut others = genesis();
    host.give(Input::Sync);
    let (task, request) = host.exchanges.pop().unwrap();
    let mut response = stored(&request, &mut others, 1, 1);
    response.documents = vec![DocumentPayload { document: DOCUMENT, snapshot: others.save() }];
    host.answer(task, &response);
    assert_eq!(host.state(), Some(SaveState::Agreed));
    for (epoch, more, state) in [(2, true, SaveState::Sent), (2, false, SaveState::Agreed)] {
        host.give(Input::Sync);
        let (task, request) = host.exchanges.pop().unwrap();
        let mut response = stored(&request, &mut others, epoch, 2);
        response.scopes[0].more = more;
        host.answer(task, &response);
        assert_eq!(host.state(), Some(state));
    }
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
