//! What poor lines make of an exchange: sizes that adapt, parts that are kept, changes that go alone (SYN-13 to SYN-17).

use sync_core::digest::{Digest, FeedState};
use sync_core::document::{Document, Kind, Scalar, hash_of};
use sync_core::ids::{ActorId, DeviceId, DocumentId};
use sync_core::tablet::{Exchanged, Fault, Input, Table, TaskId};
use sync_core::wire::{
    AuditResponse, DocumentPart, DocumentPayload, FeedEntry, Name, Names, Outcome, PROTOCOL, Place, Receipt,
    RegistryPayload, Run, ScopePage, SyncRequest, SyncResponse,
};

use crate::host::{DOCUMENT, Host, START, agreed, edit, scope, stored};

const OTHER: DocumentId = DocumentId::from_bytes([8; 16]);

fn fault(host: &mut Host, task: TaskId, fault: Fault) {
    host.give(Input::Exchanged { task, result: Exchanged::Fault(fault) });
}

/// The next request, once its time has come.
fn next(host: &mut Host) -> (TaskId, SyncRequest) {
    for _ in 0..200 {
        if let Some(next) = host.exchanges.pop() {
            return next;
        }
        host.wait(1_000);
    }
    panic!("the tablet does not ask");
}

/// A document of another device, as saved, which takes more room than a small page.
fn large(by: i64) -> (Document, Vec<u8>) {
    let mut document = Document::genesis(OTHER, Kind::Session).unwrap();
    document.write_as(ActorId::new(DeviceId::from_bytes([2; 16]), 1));
    document.count("screening.viewers", DeviceId::from_bytes([2; 16]), by).unwrap();
    document.commit(START, "suzuki", None).unwrap();
    let saved = document.save();
    (document, saved)
}

/// An answer that holds part of `saved` and a page that ends before the document, or with it.
fn part(document: &mut Document, saved: &[u8], from: usize, to: usize) -> SyncResponse {
    let last = to == saved.len();
    let place = Place { offset: from as u64, size: saved.len() as u64 };
    let part = DocumentPart { document: OTHER, heads: document.heads(), place, bytes: saved[from..to].to_vec() };
    let entry = FeedEntry { document: OTHER, seq: 1, state: FeedState::Present };
    let page = ScopePage {
        scope: scope(),
        epoch: [1; 16],
        entries: if last { vec![entry] } else { Vec::new() },
        next_seq: 1,
        more: !last,
        count: 1,
        digest: Digest::of(OTHER, FeedState::Present, &document.heads()),
        below: (!last).then_some(2),
    };
    SyncResponse { scopes: vec![page], part: Some(part), ..SyncResponse::default() }
}

fn rows_of_parts(host: &Host) -> usize {
    host.disk.keys().filter(|(table, key)| *table == Table::Meta && key.contains("part/")).count()
}

#[test]
fn syn_13_what_is_asked_for_is_halved_when_the_line_breaks_and_doubled_when_an_answer_was_filled() {
    let mut host = Host::new();
    let (task, first) = host.exchanges.pop().unwrap();
    assert_eq!(first.page_bytes, 32 << 10);
    fault(&mut host, task, Fault::Cut);
    let (task, second) = next(&mut host);
    assert_eq!(second.page_bytes, 16 << 10);
    fault(&mut host, task, Fault::TimedOut);
    let (task, third) = next(&mut host);
    assert_eq!(third.page_bytes, 8 << 10);
    fault(&mut host, task, Fault::Unreachable);
    let (task, fourth) = next(&mut host);
    assert_eq!(fourth.page_bytes, 8 << 10, "no line at all says nothing of its size");
    let (mut document, saved) = large(4);
    host.answer(task, &part(&mut document, &saved, 0, 100));
    let (task, fifth) = next(&mut host);
    assert_eq!(fifth.page_bytes, 16 << 10);
    host.answer(task, &part(&mut document, &saved, 100, saved.len()));
    host.give(Input::Sync);
    assert_eq!(next(&mut host).1.page_bytes, 16 << 10, "an answer that was not filled proves nothing");
}

#[test]
fn syn_14_parts_are_durable_and_asked_for_on_where_they_end() {
    let mut host = Host::new();
    let (mut document, saved) = large(4);
    let (task, _) = host.exchanges.pop().unwrap();
    host.answer(task, &part(&mut document, &saved, 0, 50));
    let (task, request) = next(&mut host);
    assert_eq!(request.part.unwrap().offset, 50);
    host.answer(task, &part(&mut document, &saved, 50, 120));
    assert_eq!(rows_of_parts(&host), 2);

    let mut host = Host::open(host.disk, host.now);
    let (task, request) = next(&mut host);
    let asked = request.part.unwrap();
    assert_eq!((asked.document, asked.offset, asked.heads), (OTHER, 120, document.heads()));
    host.answer(task, &part(&mut document, &saved, 120, saved.len()));
    let view = host.tablet.view(OTHER).expect("whole");
    assert_eq!(view.record.total("screening.viewers"), Some(4));
    assert_eq!(rows_of_parts(&host), 0);
    assert!(host.tablet.status().scopes[0].agreed);
}

#[test]
fn syn_14_another_state_begins_anew() {
    let mut host = Host::new();
    let (mut before, saved) = large(4);
    let (task, _) = host.exchanges.pop().unwrap();
    host.answer(task, &part(&mut before, &saved, 0, 50));
    let (mut after, saved) = large(7);
    let (task, _) = next(&mut host);
    host.answer(task, &part(&mut after, &saved, 0, 60));
    let (task, request) = next(&mut host);
    let asked = request.part.unwrap();
    assert_eq!((asked.offset, asked.heads), (60, after.heads()));
    host.answer(task, &part(&mut after, &saved, 60, saved.len()));
    assert_eq!(host.tablet.view(OTHER).unwrap().record.total("screening.viewers"), Some(7));
    assert_eq!(rows_of_parts(&host), 0);
}

#[test]
fn syn_15_no_cursor_passes_a_document_that_is_not_whole() {
    let mut host = Host::new();
    let (mut document, saved) = large(4);
    let (task, _) = host.exchanges.pop().unwrap();
    host.answer(task, &part(&mut document, &saved, 0, 50));
    let (task, request) = next(&mut host);
    assert_eq!(request.cursors[0].below, Some(2), "it is still to come");
    assert!(host.tablet.view(OTHER).is_none(), "nothing is shown of it");
    assert!(!host.tablet.status().scopes[0].agreed);
    host.answer(task, &part(&mut document, &saved, 50, saved.len()));
    host.give(Input::Sync);
    assert_eq!(next(&mut host).1.cursors[0].below, None);
}

#[test]
fn syn_14_the_registry_comes_in_parts_too() {
    let mut host = Host::new();
    let registry = |version, offset, json: &[u8]| SyncResponse {
        registry: Some(RegistryPayload { version, json: json.to_vec(), part: Some(Place { offset, size: 6 }) }),
        ..SyncResponse::default()
    };
    let (task, request) = host.exchanges.pop().unwrap();
    assert_eq!(request.registry_part, None);
    host.answer(task, &registry(3, 0, b"{\"a\""));
    let mut host = Host::open(host.disk, host.now);
    let (task, request) = next(&mut host);
    let asked = request.registry_part.unwrap();
    assert_eq!((request.registry_version, asked.version, asked.offset), (0, 3, 4));
    host.answer(task, &registry(4, 0, b"{\"b\""));
    let (task, request) = next(&mut host);
    assert_eq!(request.registry_part.unwrap().version, 4, "another version from its beginning");
    assert_eq!(host.tablet.registry(), None);
    host.answer(task, &registry(4, 4, b":1"));
    assert_eq!(host.tablet.registry(), Some(&b"{\"b\":1"[..]));
    assert_eq!(rows_of_parts(&host), 0);
}

fn write_in(host: &mut Host, document: DocumentId, letters: usize) {
    let text = "集".repeat(letters);
    let Input::Record { kind, by, intent, .. } =
        edit(&format!(r#"{{"type":"write","text":"outcome","value":"{text}"}}"#))
    else {
        unreachable!()
    };
    host.give(Input::Record { document, kind, by, intent });
    host.wait(400);
}

fn ids(request: &SyncRequest) -> Vec<(DocumentId, usize)> {
    request.pushes.iter().map(|push| (push.document, push.changes.len())).collect()
}

#[test]
fn syn_16_what_is_sent_is_split_down_to_one_change() {
    let mut host = Host::new();
    let (task, _) = host.exchanges.pop().unwrap();
    for _ in 0..12 {
        write_in(&mut host, DOCUMENT, 1_000);
        write_in(&mut host, DOCUMENT, 1);
    }
    fault(&mut host, task, Fault::Unreachable);
    let (task, request) = next(&mut host);
    let all = ids(&request)[0].1;
    fault(&mut host, task, Fault::TooLarge);
    assert_eq!(host.tablet.status().last_fault, None, "a smaller one follows at once");
    let (task, request) = host.exchanges.pop().expect("at once");
    let half = ids(&request)[0].1;
    assert!(half < all);
    let mut task = task;
    for _ in 0..4 {
        fault(&mut host, task, Fault::TooLarge);
        task = host.exchanges.pop().expect("at once").0;
    }
    fault(&mut host, task, Fault::TooLarge);
    let too_large = host.tablet.status().too_large.expect("not even one goes through");
    assert!(too_large.document == DOCUMENT && too_large.bytes > 0);
}

#[test]
fn syn_16_a_change_that_does_not_get_through_alone_holds_up_no_other_record() {
    let mut host = Host::new();
    let (task, _) = host.exchanges.pop().unwrap();
    write_in(&mut host, OTHER, 3_000);
    write_in(&mut host, DOCUMENT, 2);
    fault(&mut host, task, Fault::Unreachable);
    let (mut task, mut request) = next(&mut host);
    for _ in 0..10 {
        if ids(&request).iter().all(|(document, _)| *document == DOCUMENT) {
            break;
        }
        fault(&mut host, task, Fault::TooLarge);
        (task, request) = next(&mut host);
    }
    assert_eq!(ids(&request), [(DOCUMENT, 1)]);
    let mut document = crate::host::genesis();
    host.answer(task, &stored(&request, &mut document, 1, 1));
    assert_eq!(host.tablet.status().unsent_records, 1);
    assert_eq!(host.tablet.status().too_large.map(|one| one.document), Some(OTHER));
    host.give(Input::Sync);
    let (task, request) = next(&mut host);
    let [push] = &request.pushes[..] else { panic!("one record") };
    assert_eq!(push.document, OTHER, "a person's wish does not wait");
    let last = sync_core::document::hash_of(push.changes.last().unwrap());
    let run = Run { outcome: Outcome::Stored, count: push.changes.len() as u64, last, code: None };
    let receipts = vec![Receipt { document: OTHER, runs: vec![run] }];
    host.answer(task, &SyncResponse { receipts, ..SyncResponse::default() });
    assert_eq!(host.tablet.status().too_large, None, "it got through");
}

#[test]
fn syn_17_an_audit_goes_on_from_the_bucket_where_the_answer_ended() {
    let (mut host, mut document) = agreed();
    host.give(Input::Sync);
    let (task, request) = host.exchanges.pop().unwrap();
    let mut response = stored(&request, &mut document, 1, 2);
    response.scopes[0].digest = Digest::ZERO;
    host.answer(task, &response);
    let (task, asked) = host.audits.pop().unwrap();
    assert_eq!((asked.from, asked.page_bytes), (0, Some(32 << 10)));
    fault(&mut host, task, Fault::Cut);
    host.wait(2_000);
    let (task, asked) = host.audits.pop().unwrap();
    assert_eq!((asked.from, asked.page_bytes), (0, Some(16 << 10)));
    let told = AuditResponse {
        protocol: PROTOCOL,
        scope: scope(),
        epoch: [1; 16],
        seq: 2,
        differing: vec![3],
        entries: Vec::new(),
        next: Some(9),
    };
    host.give(Input::Exchanged { task, result: Exchanged::Ok(told.encode()) });
    assert_eq!(host.audits.pop().expect("at once").1.from, 9);
}

#[test]
fn syn_18_names_come_with_the_records_and_go_with_the_last_of_them() {
    let mut host = Host::new();
    let (mut document, saved) = large(4);
    let name = |id: &str, name: &str| Name { id: id.to_owned(), name: name.to_owned() };
    let tablet = DeviceId::from_bytes([2; 16]).to_string();
    let names = Names { people: vec![name("suzuki", "鈴木")], devices: vec![name(&tablet, "2号機")] };
    let (task, _) = host.exchanges.pop().unwrap();
    let whole = part(&mut document, &saved, 0, saved.len());
    host.answer(task, &SyncResponse { names: Some(names.clone()), ..whole.clone() });
    let mut host = Host::open(host.disk, host.now);
    let known = host.tablet.names();
    assert_eq!((known.people, known.devices), (names.people, names.devices), "also after a start");

    let (task, _) = next(&mut host);
    let mut gone = SyncResponse { part: None, ..whole };
    gone.scopes[0].entries[0].state = FeedState::Left;
    host.answer(task, &gone);
    assert!(host.tablet.view(OTHER).is_none());
    assert!(host.tablet.names().people.is_empty() && host.tablet.names().devices.is_empty());
    assert!(!host.disk.keys().any(|(_, key)| key.starts_with("name/")));
}

#[test]
fn syn_9_a_lost_record_is_offered_as_many_changes_at_a_time_as_the_line_carries() {
    let (mut host, document) = agreed();
    let mut both = document.clone();
    both.write_as(ActorId::new(DeviceId::from_bytes([2; 16]), 1));
    for number in 10..70 {
        both.set_field("venue", Some(&Scalar::Text(number.to_string().repeat(1_000)))).unwrap();
        both.commit(START, "suzuki", None).unwrap();
    }
    let all: Vec<_> = both.changes().into_iter().map(|change| change.hash).collect();
    host.give(Input::Sync);
    let (task, request) = host.exchanges.pop().unwrap();
    let mut response = stored(&request, &mut both, 1, 2);
    response.documents = vec![DocumentPayload { document: DOCUMENT, snapshot: both.save() }];
    response.wanted = vec![DOCUMENT];
    host.answer(task, &response);

    let (mut answered, mut tries) = (Vec::new(), 0);
    while answered.len() < all.len() {
        let (task, request) = next(&mut host);
        let push = &request.pushes[0];
        let names: Vec<_> = push.changes.iter().map(|change| hash_of(change)).collect();
        assert!(push.again && names.len() < all.len(), "never all at once");
        tries += 1;
        if tries == 2 {
            // the line breaks: as much is made once more, in a smaller size
            fault(&mut host, task, Fault::Cut);
            continue;
        }
        answered.extend(names);
        host.answer(task, &stored(&request, &mut both, 1, 2));
    }
    assert_eq!(answered, all, "each once");
    host.give(Input::Sync);
    let (_, request) = host.exchanges.pop().unwrap();
    assert!(request.pushes.is_empty(), "the same is not offered again");
}
