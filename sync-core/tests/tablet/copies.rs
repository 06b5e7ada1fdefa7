//! Two copies of one tablet's disk under one identity (TAB-20, TAB-21).

use sync_core::document::Document;
use sync_core::gate::{Limits, Verdict, admit};
use sync_core::tablet::{Exchanged, Fault, Input, SaveState, Table, TaskId};
use sync_core::time::Timestamp;
use sync_core::wire::{DocumentPayload, Outcome, Receipt, Run, SyncRequest, SyncResponse};

use crate::host::{DEVICE, DOCUMENT, Host, agreed, edit, stored};

/// The next request; those before it were lost on the way.
fn next(host: &mut Host) -> (TaskId, SyncRequest) {
    for (task, _) in std::mem::take(&mut host.exchanges) {
        host.give(Input::Exchanged { task, result: Exchanged::Fault(Fault::Unreachable) });
    }
    host.give(Input::Sync);
    host.exchanges.pop().unwrap()
}

/// One exchange with a server that judges as the real one does and answers with the whole document.
fn exchange(host: &mut Host, document: &mut Document) {
    let (task, request) = next(host);
    let mut receipts = Vec::new();
    for push in &request.pushes {
        let changes: Vec<Vec<u8>> = push.changes.iter().map(|bytes| bytes.to_vec()).collect();
        let admission = admit(document.clone(), DEVICE, &changes, &Limits::default());
        *document = admission.document;
        let run = |(last, verdict)| {
            let (outcome, code) = match verdict {
                Verdict::Stored => (Outcome::Stored, None),
                Verdict::Duplicate => (Outcome::Duplicate, None),
                Verdict::MissingDeps => (Outcome::MissingDeps, None),
                Verdict::Custody(code) => (Outcome::Custody, Some(code.as_str().to_owned())),
            };
            Run { outcome, count: 1, last, code }
        };
        receipts.push(Receipt { document: push.document, runs: admission.verdicts.into_iter().map(run).collect() });
    }
    let documents = vec![DocumentPayload { document: DOCUMENT, snapshot: document.save() }];
    let page = stored(&SyncRequest::default(), document, 1, 1);
    host.answer(task, &SyncResponse { receipts, documents, ..page });
}

fn step(state: &str) -> Input {
    edit(&format!(r#"{{"type":"step","state":"{state}"}}"#))
}

#[test]
fn tab_20_a_copy_of_the_disk_loses_nothing_and_counts_nothing_twice() {
    let (host, mut document) = agreed();
    let (mut one, mut two) =
        (Host::open_by_chance(host.disk.clone(), host.now, 1), Host::open_by_chance(host.disk, host.now, 2));
    // both go on without a network, under one writer and one row number
    one.count(3);
    one.give(step("confirmed"));
    two.count(4);
    two.give(step("held"));
    one.wait(400);
    two.wait(400);
    for _ in 0..4 {
        for host in [&mut one, &mut two] {
            exchange(host, &mut document);
            host.wait(1_000);
        }
    }
    for host in [&one, &two] {
        assert_eq!(host.total(), Some(5 + 3 + 4));
        assert_eq!(host.state(), Some(SaveState::Agreed));
        assert!(!host.disk.keys().any(|(table, _)| *table == Table::Outbox), "nothing waits");
    }
    let states: Vec<String> = document.steps().into_iter().map(|(_, step)| step).collect();
    assert_eq!(states.len(), 2, "{states:?}");
    assert!(["confirmed", "held"].iter().all(|state| states.iter().any(|step| step.contains(state))), "{states:?}");
}

/// Both go on without a network, then talk to the server in turns.
fn apart(host: &Host, document: &mut Document, one: &str, two: &str) -> (Host, Host) {
    apart_by_chance(host, document, [one, two], [1, 2])
}

fn apart_by_chance(host: &Host, document: &mut Document, edits: [&str; 2], seeds: [u64; 2]) -> (Host, Host) {
    let [one, two] = edits;
    let [mut one_of_them, mut other] = seeds.map(|seed| Host::open_by_chance(host.disk.clone(), host.now, seed));
    one_of_them.give(edit(one));
    other.give(edit(two));
    one_of_them.wait(400);
    other.wait(400);
    for _ in 0..4 {
        for host in [&mut one_of_them, &mut other] {
            exchange(host, document);
            host.wait(1_000);
        }
    }
    (one_of_them, other)
}

#[test]
fn tab_20_steps_that_an_older_version_gave_one_number_on_two_copies_both_stand() {
    let (mut host, mut document) = agreed();
    let steps = [r#"{"type":"step","state":"confirmed"}"#, r#"{"type":"step","state":"held"}"#];
    apart_by_chance(&host, &mut document, steps, [1, 1]);
    let states: Vec<String> = document.steps().into_iter().map(|(_, step)| step).collect();
    assert!(["confirmed", "held"].iter().all(|state| states.iter().any(|step| step.contains(state))), "{states:?}");

    // and so does what takes one back
    exchange(&mut host, &mut document);
    let held = document.steps().into_iter().find(|(_, step)| step.contains("held")).unwrap().0;
    let back = format!(r#"{{"type":"take_back","steps":["{held}"]}}"#);
    apart_by_chance(&host, &mut document, [steps[0], &back], [2, 2]);
    assert!(document.steps().iter().any(|(id, step)| *id != held && step.contains(&held)), "{:?}", document.steps());
}

#[test]
fn tab_20_a_step_taken_back_on_a_copy_of_the_disk_is_taken_back() {
    let (mut host, mut document) = agreed();
    host.give(step("held"));
    host.wait(400);
    exchange(&mut host, &mut document);
    let held = document.steps()[0].0.clone();
    let back = format!(r#"{{"type":"take_back","steps":["{held}"]}}"#);
    apart(&host, &mut document, r#"{"type":"step","state":"reported"}"#, &back);
    let steps = document.steps();
    assert_eq!(steps.len(), 3, "{steps:?}");
    assert!(steps.iter().any(|(id, step)| *id != held && step.contains(&held)), "{steps:?}");
}

#[test]
fn tab_20_a_sentence_rewritten_on_two_copies_of_a_disk_bears_the_sign() {
    let (mut host, mut document) = agreed();
    host.give(edit(r#"{"type":"write","text":"issue","base":"","value":"会場が寒かった"}"#));
    host.wait(400);
    exchange(&mut host, &mut document);
    let write = |value| format!(r#"{{"type":"write","text":"issue","base":"会場が寒かった","value":"{value}"}}"#);
    let hosts = apart(&host, &mut document, &write("会場は暑かった"), &write("駐車場が足りない"));
    for host in [&hosts.0, &hosts.1] {
        let record = host.tablet.view(DOCUMENT).unwrap().record;
        assert!(!record.rewritten.is_empty(), "{:?}", record.texts);
    }
}

#[test]
fn tab_20_steps_of_copies_that_write_under_numbers_of_their_own_by_now_both_stand() {
    let (host, mut document) = agreed();
    let (mut one, mut two) =
        apart(&host, &mut document, r#"{"type":"step","state":"held"}"#, r#"{"type":"step","state":"reported"}"#);
    let before = document.steps().len();
    // nothing of either is refused any more
    one.give(step("settled"));
    two.give(step("cancelled"));
    one.wait(400);
    two.wait(400);
    for _ in 0..2 {
        for host in [&mut one, &mut two] {
            exchange(host, &mut document);
            host.wait(1_000);
        }
    }
    assert_eq!(document.steps().len(), before + 2, "{:?}", document.steps());
}

#[test]
fn tab_21_each_opening_says_a_number_of_its_own_until_it_is_answered_and_no_longer() {
    let said = |host: &mut Host| {
        let (task, request) = next(host);
        (task, request.disk)
    };
    let (mut host, _) = agreed();
    let (task, first) = said(&mut host);
    assert_eq!(first, None, "what the server knows is not said again");
    host.answer(task, &SyncResponse::default());
    let mut one = Host::open_by_chance(host.disk, host.now, 1);
    let (_, mark) = said(&mut one);
    let mark = mark.expect("an opening is told");
    assert!(mark.was.is_some() && mark.was != Some(mark.is));

    // the answer was lost: the same is said by the next opening
    let mut again = Host::open_by_chance(one.disk, one.now, 2);
    let (task, same) = said(&mut again);
    assert_eq!(same, Some(mark));
    assert_eq!(again.tablet.status().copied_at, None);
    again.answer(task, &SyncResponse { copied_at: Some(7), ..SyncResponse::default() });
    assert_eq!(again.tablet.status().copied_at, Some(Timestamp(7)));
    let (task, known) = said(&mut again);
    assert_eq!(known, None);

    // registered anew: the server's word ends it
    again.answer(task, &SyncResponse::default());
    assert_eq!(again.tablet.status().copied_at, None);

    // in use for long, it moves on
    again.wait(3_600_000);
    let (task, _) = next(&mut again);
    again.answer(task, &SyncResponse::default());
    let (_, later) = said(&mut again);
    assert_eq!(later.and_then(|later| later.was), Some(mark.is));
}
