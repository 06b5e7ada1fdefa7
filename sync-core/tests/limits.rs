//! What the gate takes at its limits of breadth and of text, and what it costs.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::HashSet;

use sha2::{Digest as _, Sha256};
use sync_core::document::{Document, Kind, Scalar, hash_of};
use sync_core::domain::facts;
use sync_core::gate::{Code, Limits, Verdict, admit, admit_brought};
use sync_core::ids::{ActorId, DeviceId, DocumentId};
use sync_core::text::column;
use sync_core::time::Timestamp;

const DEVICE: DeviceId = DeviceId::from_bytes([1; 16]);

fn genesis() -> Document {
    Document::genesis(DocumentId::from_bytes([9; 16]), Kind::Session).unwrap()
}

fn verdicts(changes: &[Vec<u8>]) -> Vec<Verdict> {
    let admission = admit(genesis(), DEVICE, changes, &Limits::default());
    admission.verdicts.into_iter().map(|(_, verdict)| verdict).collect()
}

/// Changes of the device that set a title, and then this field to this value.
fn set(field: &str, value: &str) -> Vec<Vec<u8>> {
    let mut document = genesis();
    document.write_as(ActorId::new(DEVICE, 1));
    [("title", "人生会議"), (field, value)]
        .map(|(field, value)| {
            document.set_field(field, Some(&Scalar::Text(value.to_owned()))).unwrap();
            document.commit(Timestamp(0), "tanaka", None).unwrap().bytes
        })
        .into()
}

#[test]
fn gate_15_text_that_not_every_database_holds_is_held_until_someone_vouches_for_it() {
    for (field, value) in [("venue", "会\0場"), ("会\0場", "x")] {
        let changes = set(field, value);
        assert_eq!(verdicts(&changes), [Verdict::Stored, Verdict::Custody(Code::Structure)]);
        // others, and other documents, are not held up
        assert_eq!(verdicts(&changes[..1]), [Verdict::Stored]);
        let vouched: HashSet<_> = changes.iter().map(|bytes| hash_of(bytes)).collect();
        let admission = admit_brought(genesis(), DEVICE, &vouched, &changes, &Limits::default());
        assert!(admission.verdicts.iter().all(|(_, verdict)| *verdict == Verdict::Stored));
        // what a table holds of it is clean
        assert!(facts(&admission.document).venue.is_none_or(|venue| column(&venue) == "会場"));
    }
    for kept in ["改行\n", "\u{1}", "\u{202e}", "👨\u{200d}👩"] {
        assert_eq!(verdicts(&set("venue", kept)), [Verdict::Stored; 2], "the gate changes and judges no other text");
    }
}

/// A change that claims to follow so many others and to name so many writers.
fn claiming(dependencies: u64, writers: u64) -> Vec<u8> {
    let number = |mut value: u64| {
        let mut bytes = Vec::new();
        while value >= 0x80 {
            bytes.push((value & 0x7f) as u8 | 0x80);
            value >>= 7;
        }
        bytes.push(value as u8);
        bytes
    };
    let mut body = number(dependencies);
    (0..dependencies).for_each(|n| body.extend(Sha256::digest(n.to_le_bytes())));
    body.push(20);
    body.extend(ActorId::new(DEVICE, 1).as_bytes());
    body.extend([1, 12, 0, 0]); // sequence, first operation, time, message
    body.extend(number(writers));
    for n in 0..writers {
        body.push(20);
        body.extend(ActorId::new(DeviceId::from_bytes([n as u8; 16]), 1).as_bytes());
    }
    body.push(0); // columns
    let mut bytes = [&[1u8][..], &number(body.len() as u64), &body].concat();
    let hash = Sha256::digest(&bytes);
    bytes.splice(0..0, [0x85, 0x6f, 0x4a, 0x83, hash[0], hash[1], hash[2], hash[3]]);
    bytes
}

#[test]
fn gate_16_breadth_is_measured_before_anything_is_looked_up() {
    for (dependencies, writers) in [(257, 0), (1, 129), (500, 0)] {
        assert_eq!(verdicts(&[claiming(dependencies, writers)]), [Verdict::Custody(Code::TooComplex)]);
    }
    assert_eq!(verdicts(&[claiming(256, 128)]), [Verdict::MissingDeps]);
    assert!(claiming(256, 128).len() < Limits::default().change_bytes, "it fits into a change beside its edits");
    // the broadest ones, of which a body holds most: each is a look-up for each name it bears, and none is expanded
    let many: Vec<Vec<u8>> = (0..200).map(|_| claiming(256, 128)).collect();
    assert_eq!(verdicts(&many), vec![Verdict::MissingDeps; 200]);
}
