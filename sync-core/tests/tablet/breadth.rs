//! A record that very many people wrote apart, on one tablet.

use sync_core::document::{Document, Scalar, TextName, hash_of};
use sync_core::gate::{Limits, Verdict, admit};
use sync_core::ids::{ActorId, DeviceId};
use sync_core::tablet::Table;
use sync_core::time::Timestamp;
use sync_core::wire::{DocumentPayload, SyncRequest};

use crate::host::{DEVICE, DOCUMENT, Host, agreed, edit, stored};

/// The document, after so many others wrote into it apart.
fn broad(document: &Document, others: u16, write: impl Fn(&mut Document, u16)) -> Document {
    let mut all = document.clone();
    for number in 0..others {
        let mut device = [7; 16];
        device[..2].copy_from_slice(&number.to_be_bytes());
        let mut other = document.clone();
        other.write_as(ActorId::new(DeviceId::from_bytes(device), 1));
        write(&mut other, number);
        other.commit(Timestamp(1_000), "suzuki", None).unwrap();
        all.merge(&mut other).unwrap();
    }
    all
}

/// The tablet after it has got this document, and what it pushes after these edits, let into the document.
fn pushed(host: &mut Host, document: &mut Document, edits: &[&str]) -> Vec<Vec<u8>> {
    host.give(sync_core::tablet::Input::Sync);
    let (task, request) = host.exchanges.pop().unwrap();
    let mut response = stored(&request, document, 1, 2);
    response.documents = vec![DocumentPayload { document: DOCUMENT, snapshot: document.save() }];
    host.answer(task, &response);
    for json in edits {
        host.give(edit(json));
    }
    host.wait(400);
    let (_, request): (_, SyncRequest) = host.exchanges.pop().unwrap();
    let changes: Vec<Vec<u8>> = request.pushes[0].changes.iter().map(|bytes| bytes.to_vec()).collect();
    let admission = admit(document.clone(), DEVICE, &changes, &Limits::default());
    for (change, (_, verdict)) in changes.iter().zip(&admission.verdicts) {
        assert_eq!(*verdict, Verdict::Stored, "{:?}", sync_core::document::Outline::read(change));
    }
    *document = admission.document;
    changes
}

#[test]
fn doc_11_more_heads_than_a_change_may_follow_are_gathered_first() {
    let (mut host, document) = agreed();
    let write = |other: &mut Document, number: u16| {
        other.set_field("venue", Some(&Scalar::Text(format!("会場{}", number % 3)))).unwrap();
        if number.is_multiple_of(50) {
            other.splice_text(TextName::Issue, 0, 0, "寒い。").unwrap();
        }
    };
    let mut document = broad(&document, 600, write);
    assert_eq!(document.heads().as_slice().len(), 600);
    let count = r#"{"type":"count","measure":"attendance.band.75-84","by":2}"#;
    let changes = pushed(&mut host, &mut document, &[count]);
    assert_eq!(changes.len(), 3, "two that gather, and the count");
    assert_eq!(document.heads().as_slice(), [hash_of(&changes[2])]);
    assert_eq!(host.total(), Some(7));
    // what was not durable when the tablet stopped is gathered again
    let again = Host::open(host.disk.clone(), host.now);
    assert_eq!(again.total(), Some(7));
}

#[test]
fn doc_12_a_text_that_hundreds_wrote_is_rewritten_by_changes_that_each_name_few() {
    for others in [9, 40, 200] {
        let (mut host, document) = agreed();
        let write = |other: &mut Document, number: u16| {
            other.splice_text(TextName::Outcome, 0, 0, &format!("{number}人目。")).unwrap();
        };
        let mut document = broad(&document, others, write);
        let base = serde_json::to_string(&document.text(TextName::Outcome)).unwrap();
        let write = format!(r#"{{"type":"write","text":"outcome","base":{base},"value":"みんなで話した。"}}"#);
        pushed(&mut host, &mut document, &[&write]);
        assert_eq!(document.text(TextName::Outcome), "みんなで話した。");
    }
}

#[test]
fn doc_12_a_field_that_hundreds_set_is_settled_by_changes_that_each_name_few() {
    for (others, changes) in [(40, 1), (127, 1), (128, 2), (300, 3)] {
        let (mut host, document) = agreed();
        let write = |other: &mut Document, number: u16| {
            other.set_field("venue", Some(&Scalar::Text(format!("会場{number}")))).unwrap();
        };
        let mut document = broad(&document, others, write);
        let gathers = usize::from(others > 255);
        let writer = (Table::Meta, "writer".to_owned());
        let unused = host.disk.get(&writer).cloned();
        let made = pushed(&mut host, &mut document, &[r#"{"type":"set","field":"venue","value":"児玉公民館"}"#]);
        assert_eq!(made.len(), changes + gathers, "{others} others");
        assert_eq!(document.field("venue"), [Scalar::Text("児玉公民館".to_owned())], "{others} others");

        // the writer numbers it took are used, also for whoever opens the disk
        assert_eq!(host.disk.get(&writer) != unused.as_ref(), changes > 1, "{others} others");
    }
}

#[test]
fn doc_12_a_lecturer_whom_hundreds_added_is_taken_off_by_changes_that_each_name_few() {
    let (mut host, document) = agreed();
    let write = |other: &mut Document, _| other.link("lecturer/le-1").unwrap();
    let mut document = broad(&document, 300, write);
    pushed(&mut host, &mut document, &[r#"{"type":"unlink","link":"lecturer/le-1"}"#]);
    assert_eq!(document.links(), Vec::<String>::new());
}
