//! What is recorded: durable before it is shown, gathered into changes, and made anew where it cannot be taken (TAB).

use sync_core::document::Document;
use sync_core::gate::{Limits, admit};
use sync_core::ids::ChangeHash;
use sync_core::tablet::{Effect, Exchanged, Fault, Identity, Input, Refusal, SaveState, Table, Tablet, TaskId};
use sync_core::time::Timestamp;
use sync_core::wire::{Decision, Outcome, Receipt, Run, SyncRequest, SyncResponse};

use crate::host::{DEVICE, DOCUMENT, Host, START, agreed, edit, genesis, stored};

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

/// A person's word that a change is not let in.
fn declined(hash: ChangeHash) -> Decision {
    Decision {
        document: DOCUMENT, hash, admitted: false, reason: "二重の記録".into(), by: "山田".into(), at: START
    }
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
fn dom_11_an_end_before_the_start_is_refused_where_it_is_typed() {
    let mut host = Host::new();
    let set = |field: &str, time: &str| edit(&format!(r#"{{"type":"set","field":"{field}","value":"{time}"}}"#));
    host.give(set("start", "15:00"));
    assert!(host.tablet.handle(host.now, set("end", "13:00")).is_err());
    host.give(set("end", "16:00"));
    host.wait(1_000);
    assert!(host.tablet.handle(host.now, set("start", "16:30")).is_err(), "also beside what is in a change already");
    host.give(edit(r#"{"type":"set","field":"end","value":null}"#));
    host.give(set("start", "16:30"));
    let record = host.tablet.view(DOCUMENT).unwrap().record;
    assert_eq!((record.text("start"), record.text("end")), (Some("16:30"), None));
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
    assert_eq!(host.tablet.status().last_agreed_at, Some(START), "by the server's clock");
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
fn tab_10_a_wrong_clock_is_told_and_holds_nothing_up() {
    for off in [0, 86_400_000, -86_400_000, 3 * 365 * 86_400_000] {
        let mut host = Host::new();
        host.now = Timestamp(START.0.saturating_add_signed(off));
        assert_eq!(host.tablet.status().clock_offset_ms, None, "nobody has said so yet");
        host.count(1);
        host.wait(400);
        host.give(Input::Online { online: true });
        let mut document = genesis();
        let (task, request) = host.exchanges.pop().expect("sent, whatever the clock says");
        host.answer(task, &stored(&request, &mut document, 1, 1));
        let told = host.tablet.status().clock_offset_ms.unwrap();
        assert!((off..off + 1_000).contains(&told), "{told} for {off}");
        assert_eq!(host.tablet.status().last_exchange_at, Some(START), "by the server's clock");
    }
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
fn tab_9_what_was_taken_once_waits_for_a_person_since_others_may_hold_it() {
    let (mut host, mut document) = agreed();
    host.give(Input::Sync);
    // a server restored from an old backup, whose gate has become stricter
    let (task, request) = host.exchanges.pop().unwrap();
    let mut response = stored(&request, &mut genesis(), 2, 1);
    response.scopes[0].more = true;
    host.answer(task, &response);
    let (task, _) = host.exchanges.pop().expect("the next page");
    host.answer(task, &response);
    let (task, request) = host.exchanges.pop().expect("what is offered again is durable now");
    assert!(request.pushes[0].again);
    let held = sync_core::document::hash_of(&request.pushes[0].changes[0]);
    response.receipts = refused(&request, "too_complex", &mut genesis()).receipts;
    host.answer(task, &response);
    assert_eq!((host.state(), host.total()), (Some(SaveState::Held), Some(5)));
    host.count(2);
    host.wait(400);
    host.give(Input::Sync);
    let (task, request) = host.exchanges.pop().unwrap();
    assert_eq!(request.held, [held]);
    assert!(request.pushes.iter().all(|push| push.replaces.is_empty()), "not made anew");
    let mut response = stored(&SyncRequest::default(), &mut document, 2, 2);
    response.decisions = vec![Decision { admitted: true, ..declined(held) }];
    host.answer(task, &response);
    host.give(Input::Sync);
    let (task, request) = host.exchanges.pop().unwrap();
    host.answer(task, &stored(&request, &mut document, 2, 3));
    assert_eq!((host.state(), host.total()), (Some(SaveState::Agreed), Some(7)), "what followed it comes in too");
}

#[test]
fn tab_9_a_person_decides_on_work_outside_the_scope_and_on_what_a_full_record_does_not_take() {
    let codes = ["not_in_scope", "tablet_ended", "role_ended", "pass_ended", "document_too_large"];
    codes.into_iter().for_each(a_person_decides);
}

fn a_person_decides(code: &str) {
    let (mut host, mut document) = agreed();
    host.count(3);
    host.wait(400);
    let (task, request) = host.exchanges.pop().unwrap();
    let held = sync_core::document::hash_of(&request.pushes[0].changes[0]);
    host.answer(task, &refused(&request, code, &mut document));
    assert_eq!(host.state(), Some(SaveState::Held));
    host.give(Input::Sync);
    let (task, request) = host.exchanges.pop().unwrap();
    assert_eq!(request.held, [held]);
    let mut response = stored(&SyncRequest::default(), &mut document, 1, 1);
    response.decisions = vec![declined(held)];
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
