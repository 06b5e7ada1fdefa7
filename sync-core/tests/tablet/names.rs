//! Names of those who wrote in records that are here already (SYN-19).

use sync_core::digest::{Digest, FeedState};
use sync_core::document::{Document, Kind};
use sync_core::ids::{ActorId, DeviceId, DocumentId};
use sync_core::tablet::{Exchanged, Fault, Input, TaskId};
use sync_core::wire::{
    AskedName, Author, DocumentPayload, FeedEntry, Name, Names, ScopePage, SyncRequest, SyncResponse,
};

use crate::host::{Host, START, scope};

/// The next request, once its time has come.
fn next(host: &mut Host) -> (TaskId, SyncRequest) {
    host.give(Input::Sync);
    host.exchanges.pop().expect("it asks")
}

/// A record that one person wrote in on a tablet of their own.
fn record(number: u8) -> Document {
    let device = DeviceId::from_bytes([number; 16]);
    let mut document = Document::genesis(DocumentId::from_bytes([number; 16]), Kind::Session).unwrap();
    document.write_as(ActorId::new(device, 1));
    document.count("screening.viewers", device, 1).unwrap();
    document.commit(START, &format!("person-{number}"), None).unwrap();
    document
}

/// An answer with all these records, or with none of them because the tablet has them.
fn answer(records: &mut [Document], with: bool) -> SyncResponse {
    let mut digest = Digest::ZERO;
    let (mut entries, mut documents) = (Vec::new(), Vec::new());
    for (document, seq) in records.iter_mut().zip(1..) {
        digest = digest.plus(Digest::of(document.id(), FeedState::Present, &document.heads()));
        entries.push(FeedEntry { document: document.id(), seq, state: FeedState::Present });
        documents.push(DocumentPayload { document: document.id(), snapshot: document.save() });
    }
    let page = ScopePage {
        scope: scope(),
        epoch: [1; 16],
        next_seq: records.len() as u64,
        more: false,
        count: records.len() as u64,
        digest,
        below: None,
        entries: if with { entries } else { Vec::new() },
    };
    let documents = if with { documents } else { Vec::new() };
    SyncResponse { scopes: vec![page], documents, ..SyncResponse::default() }
}

fn name(id: &str, name: &str) -> Name {
    Name { id: id.to_owned(), name: name.to_owned() }
}

fn device(number: u8) -> String {
    DeviceId::from_bytes([number; 16]).to_string()
}

/// Takes in two records, as a tablet did that heard no names.
fn nameless() -> (Host, Vec<Document>) {
    let mut host = Host::new();
    let mut records = vec![record(2), record(3)];
    let (task, request) = host.exchanges.pop().unwrap();
    assert_eq!((request.names_version, request.names), (Some(0), Vec::new()));
    host.answer(task, &answer(&mut records, true));
    (host, records)
}

#[test]
fn syn_19_names_are_asked_for_once_and_again_when_they_have_changed() {
    let (mut host, mut records) = nameless();
    let same = answer(&mut records, false);
    let (task, request) = next(&mut host);
    assert_eq!(request.names, Vec::new(), "of a server that says no version nobody asks");
    host.answer(task, &SyncResponse { names_version: Some(4), ..same.clone() });

    let (task, request) = host.exchanges.pop().expect("at once");
    let asked = |record: u8, of| AskedName { record: DocumentId::from_bytes([record; 16]), of };
    let wanted = [
        asked(2, Author::Person("person-2".to_owned())),
        asked(3, Author::Person("person-3".to_owned())),
        asked(2, Author::Device(DeviceId::from_bytes([2; 16]))),
        asked(3, Author::Device(DeviceId::from_bytes([3; 16]))),
    ];
    assert_eq!((request.names_version, request.names.as_slice()), (Some(0), wanted.as_slice()));

    // the server answers as far as it has room; the line breaks in between
    let names = Names { people: vec![name("person-2", "佐藤")], devices: Vec::new() };
    let told = Some(4);
    let part = SyncResponse { names_version: told, names_answered: Some(1), names: Some(names), ..same.clone() };
    host.answer(task, &part);
    let (task, request) = host.exchanges.pop().expect("and on");
    assert_eq!(request.names, wanted[1..]);
    host.give(Input::Exchanged { task, result: Exchanged::Fault(Fault::Cut) });
    let (task, request) = next(&mut host);
    assert_eq!((request.names_version, request.names.as_slice()), (Some(0), &wanted[1..]));
    let rest = Names {
        people: vec![name("person-3", "鈴木")],
        devices: vec![name(&device(3), "3号機"), name(&device(2), "2号機")],
    };
    host.answer(
        task,
        &SyncResponse { names_version: told, names_answered: Some(3), names: Some(rest), ..same.clone() },
    );
    assert!(host.exchanges.is_empty(), "all is known");

    // also after a start, and nothing is asked a second time
    let mut host = Host::open(host.disk, host.now);
    assert_eq!(host.tablet.names().people, [name("person-2", "佐藤"), name("person-3", "鈴木")]);
    assert_eq!(host.tablet.names().devices, [name(&device(2), "2号機"), name(&device(3), "3号機")]);
    for _ in 0..2 {
        let (task, request) = next(&mut host);
        assert_eq!((request.names_version, request.names), (Some(4), Vec::new()));
        host.answer(task, &same);
    }

    // somebody has another name now, and a tablet none any more
    let (task, _) = next(&mut host);
    host.answer(task, &SyncResponse { names_version: Some(5), ..same.clone() });
    let (task, request) = host.exchanges.pop().unwrap();
    assert_eq!(request.names, wanted);
    let people = vec![name("person-2", "佐藤"), name("person-3", "高橋")];
    let names = Names { people, devices: vec![name(&device(2), ""), name(&device(3), "3号機")] };
    let all = SyncResponse { names_version: Some(5), names_answered: Some(4), names: Some(names), ..same.clone() };
    host.answer(task, &all);
    let host = Host::open(host.disk, host.now);
    assert_eq!(host.tablet.names().people, [name("person-2", "佐藤"), name("person-3", "高橋")]);
    assert_eq!(host.tablet.names().devices, [name(&device(3), "3号機")]);
}

#[test]
fn syn_19_who_is_unknown_is_asked_for_at_each_opening_and_records_that_come_bring_their_own() {
    let mut host = Host::new();
    let mut records = vec![record(2), record(3)];
    let (task, _) = host.exchanges.pop().unwrap();
    let people = vec![name("person-2", "佐藤")];
    let devices = vec![name(&device(2), "2号機"), name(&device(3), "3号機")];
    let first =
        SyncResponse { names: Some(Names { people, devices }), names_version: Some(4), ..answer(&mut records, true) };
    host.answer(task, &first);
    // one of whom the server knew nothing
    let unknown = [AskedName { record: records[1].id(), of: Author::Person("person-3".to_owned()) }];
    let same = answer(&mut records, false);
    let (task, request) = host.exchanges.pop().unwrap();
    assert_eq!((request.names_version, request.names.as_slice()), (Some(0), unknown.as_slice()));
    host.answer(task, &SyncResponse { names_version: Some(4), names_answered: Some(1), ..same.clone() });
    let (task, request) = next(&mut host);
    assert_eq!((request.names_version, request.names), (Some(4), Vec::new()), "once");
    host.answer(task, &same);

    let mut host = Host::open(host.disk, host.now);
    let (task, request) = next(&mut host);
    assert_eq!(request.names, Vec::new(), "only after the first answer it is known what is here");
    host.answer(task, &same);
    let (_, request) = host.exchanges.pop().unwrap();
    assert_eq!((request.names_version, request.names.as_slice()), (Some(4), unknown.as_slice()));
}

#[test]
fn syn_19_a_server_that_passes_the_question_over_is_not_asked_again_and_a_record_that_left_vouches_for_nobody() {
    let (mut host, mut records) = nameless();
    let same = answer(&mut records, false);
    let (task, _) = next(&mut host);
    host.answer(task, &SyncResponse { names_version: Some(4), ..same.clone() });
    let (task, request) = host.exchanges.pop().unwrap();
    assert_eq!(request.names.len(), 4);
    // an older server meanwhile
    host.answer(task, &same);
    assert!(host.exchanges.is_empty());
    let (task, request) = next(&mut host);
    assert_eq!((request.names_version, request.names), (Some(0), Vec::new()));

    // the newer one again; a record leaves while its names are asked for
    host.answer(task, &SyncResponse { names_version: Some(4), ..same.clone() });
    let (task, request) = host.exchanges.pop().unwrap();
    assert_eq!(request.names.len(), 4);
    let mut left = answer(&mut records[1..], false);
    left.scopes[0].next_seq = 3;
    left.scopes[0].entries = vec![FeedEntry { document: records[0].id(), seq: 3, state: FeedState::Left }];
    host.answer(task, &SyncResponse { names_version: Some(4), names_answered: Some(1), ..left });
    let (_, request) = host.exchanges.pop().unwrap();
    assert!(request.names.iter().all(|asked| asked.record == records[1].id()) && request.names.len() == 2);
}

#[test]
fn syn_19_what_is_asked_for_fits_the_line() {
    let mut host = Host::new();
    let mut records: Vec<Document> = (1..=250).map(record).collect();
    let (task, _) = host.exchanges.pop().unwrap();
    host.answer(task, &answer(&mut records, true));
    let same = answer(&mut records, false);
    let (task, _) = next(&mut host);
    host.answer(task, &SyncResponse { names_version: Some(4), ..same });
    let (mut task, mut request) = host.exchanges.pop().unwrap();
    let mut before = usize::MAX;
    while request.names.len() > 32 {
        assert!(request.names.len() <= before);
        before = request.names.len();
        host.give(Input::Exchanged { task, result: Exchanged::Fault(Fault::Cut) });
        (task, request) = next(&mut host);
    }
    assert!(request.names.len() >= 16 && request.encode().len() < 4 << 10);
}
