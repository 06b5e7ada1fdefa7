//! What the gate lets in and what it holds. Each test names the rule of SPEC.md it shows.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use automerge::transaction::{CommitOptions, Transactable};
use automerge::{ActorId as RawActor, AutoCommit, ObjId, ROOT, ReadDoc, ScalarValue};
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use sync_core::document::{Document, Kind, tally_key};
use sync_core::gate::{
    Admission, Bounds, Code, Limits, Verdict, admit, admit_again, admit_brought, author_of, restore, turn_away,
};
use sync_core::ids::{ActorId, DeviceId, DocumentId};
use sync_core::time::Timestamp;

const DOCUMENT: DocumentId = DocumentId::from_bytes([9; 16]);
const DEVICE: DeviceId = DeviceId::from_bytes([1; 16]);
const OTHER: DeviceId = DeviceId::from_bytes([2; 16]);

fn genesis() -> Document {
    Document::genesis(DOCUMENT, Kind::Session).unwrap()
}

fn writer(device: DeviceId) -> Document {
    let mut document = genesis();
    document.write_as(ActorId::new(device, 1));
    document
}

/// Three honest changes of [`DEVICE`].
fn honest() -> Vec<Vec<u8>> {
    let mut document = writer(DEVICE);
    let mut changes = Vec::new();
    for by in [5, -1, 3] {
        document.count("attendance.band.75-84", DEVICE, by).unwrap();
        document.link("lecturer/tomizawa").unwrap();
        changes.push(document.commit(Timestamp(0), "tanaka", None).unwrap().bytes);
    }
    changes
}

/// A change written with bare automerge on top of the genesis, as a hostile client would.
fn hostile(device: DeviceId, edit: impl FnOnce(&mut AutoCommit)) -> Vec<u8> {
    let mut crdt = AutoCommit::load(&genesis().save()).unwrap();
    crdt.set_actor(RawActor::from(ActorId::new(device, 1).as_bytes().as_slice()));
    edit(&mut crdt);
    crdt.commit_with(CommitOptions::default().with_time(0));
    crdt.get_last_local_change().unwrap().raw_bytes().to_vec()
}

fn container(crdt: &AutoCommit, name: &str) -> ObjId {
    crdt.get(ROOT, name).unwrap().unwrap().1
}

fn push(changes: &[Vec<u8>]) -> Admission {
    admit(genesis(), DEVICE, changes, &Limits::default())
}

fn verdicts(changes: &[Vec<u8>]) -> Vec<Verdict> {
    push(changes).verdicts.into_iter().map(|(_, verdict)| verdict).collect()
}

fn held(code: Code) -> Vec<Verdict> {
    vec![Verdict::Custody(code)]
}

/// Mends the checksum of change bytes after they were altered.
fn mend(bytes: &mut [u8]) {
    let hash = Sha256::digest(&bytes[8..]);
    bytes[4..8].copy_from_slice(&hash[..4]);
}

#[test]
fn gate_1_honest_changes_come_in_once() {
    let first = push(&honest());
    assert!(first.verdicts.iter().all(|(_, verdict)| *verdict == Verdict::Stored));
    let saved = first.snapshot.unwrap();
    let again = admit(Document::load(&saved).unwrap(), DEVICE, &honest(), &Limits::default());
    assert!(again.verdicts.iter().all(|(_, verdict)| *verdict == Verdict::Duplicate));
    assert_eq!(again.snapshot, None);
}

#[test]
fn gate_2_too_large_too_many_and_compressed_are_held() {
    assert_eq!(verdicts(&[vec![0; 20_000]]), held(Code::TooLarge));
    let many = hostile(DEVICE, |crdt| {
        let links = container(crdt, "links");
        for n in 0..300 {
            crdt.put(&links, format!("l{n}"), true).unwrap();
        }
    });
    assert_eq!(verdicts(&[many]), held(Code::TooComplex));
    let mut crdt = AutoCommit::load(&genesis().save()).unwrap();
    crdt.set_actor(RawActor::from(ActorId::new(DEVICE, 1).as_bytes().as_slice()));
    let fields = container(&crdt, "fields");
    crdt.put(&fields, "title", "集".repeat(3_000)).unwrap();
    crdt.commit();
    let compressed = crdt.get_last_local_change().unwrap().bytes().to_vec();
    assert_eq!(compressed[8], 2, "automerge compressed it");
    assert_eq!(verdicts(&[compressed]), held(Code::ChunkKind));
    assert_eq!(verdicts(&[genesis().save()]), held(Code::ChunkKind));
}

#[test]
fn gate_2_an_operation_bomb_is_measured_not_expanded() {
    let mut body = vec![1];
    body.extend(genesis().heads().as_slice()[0].as_bytes());
    body.push(20);
    body.extend(ActorId::new(DEVICE, 1).as_bytes());
    body.extend([1, 12, 0, 0, 0]); // sequence, first operation, time, message, other actors
    body.extend([1, 0x42, 5]); // one column: actions, five bytes
    body.extend([0xc0, 0x96, 0xb1, 0x02, 1]); // five million times "put"
    let mut bytes = vec![0x85, 0x6f, 0x4a, 0x83, 0, 0, 0, 0, 1, u8::try_from(body.len()).unwrap()];
    bytes.extend(body);
    mend(&mut bytes);
    assert_eq!(verdicts(&[bytes]), held(Code::TooComplex));
}

#[test]
fn gate_3_bytes_that_do_not_fit_their_checksum_are_held() {
    let mut changes = honest();
    let last = changes[0].len() - 1;
    changes[0][last] ^= 1;
    assert_eq!(verdicts(&changes), [Verdict::Custody(Code::HashMismatch), Verdict::MissingDeps, Verdict::MissingDeps]);
    let whole = honest();
    for cut in 0..whole[0].len() {
        let verdict = verdicts(&[whole[0][..cut].to_vec()]);
        assert!(matches!(verdict[0], Verdict::Custody(_)), "{cut}: {verdict:?}");
    }
}

#[test]
fn gate_4_no_change_enters_under_another_devices_name() {
    let foreign = hostile(OTHER, |crdt| {
        let fields = container(crdt, "fields");
        crdt.put(&fields, "venue", "x").unwrap();
    });
    assert_eq!(verdicts(&[foreign]), held(Code::ForeignDevice));
    let counted_for_another = hostile(DEVICE, |crdt| {
        let tally = container(crdt, "tally");
        crdt.put(&tally, tally_key("screening.viewers", OTHER), ScalarValue::counter(9)).unwrap();
    });
    assert_eq!(verdicts(&[counted_for_another]), held(Code::ForeignDevice));
}

#[test]
fn gate_5_sequence_and_dependencies_must_follow() {
    let changes = honest();
    assert_eq!(verdicts(&changes[1..2]), [Verdict::MissingDeps]);
    let fork = {
        let mut document = writer(DEVICE);
        document.count("screening.viewers", DEVICE, 1).unwrap();
        document.commit(Timestamp(0), "tanaka", None).unwrap().bytes
    };
    let verdict = verdicts(&[changes[0].clone(), fork]);
    assert_eq!(verdict, [Verdict::Stored, Verdict::Custody(Code::Sequence)]);
    let other_document = {
        let mut document = Document::genesis(DocumentId::from_bytes([8; 16]), Kind::Session).unwrap();
        document.write_as(ActorId::new(DEVICE, 1));
        document.count("screening.viewers", DEVICE, 1).unwrap();
        document.commit(Timestamp(0), "tanaka", None).unwrap().bytes
    };
    assert_eq!(verdicts(&[other_document]), [Verdict::MissingDeps]);
    let rootless = {
        let mut crdt = AutoCommit::new_with_encoding(automerge::TextEncoding::UnicodeCodePoint)
            .with_actor(RawActor::from(ActorId::new(DEVICE, 1).as_bytes().as_slice()));
        crdt.put(ROOT, "kind", "stock").unwrap();
        crdt.commit();
        crdt.get_last_local_change().unwrap().raw_bytes().to_vec()
    };
    assert_eq!(verdicts(&[rootless]), held(Code::Structure));
}

#[test]
fn gate_6_counters_are_only_ever_incremented() {
    let key = tally_key("screening.viewers", DEVICE);
    let change = |edit: fn(&mut AutoCommit, &ObjId, &str)| {
        let key = key.clone();
        hostile(DEVICE, move |crdt| {
            let tally = container(crdt, "tally");
            edit(crdt, &tally, &key);
        })
    };
    let plain = change(|crdt, tally, key| crdt.put(tally, key, 5).unwrap());
    let huge = change(|crdt, tally, key| crdt.put(tally, key, ScalarValue::counter(i64::MAX)).unwrap());
    let lowest = change(|crdt, tally, key| crdt.put(tally, key, ScalarValue::counter(i64::MIN)).unwrap());
    let replaced = change(|crdt, tally, key| {
        crdt.put(tally, key, ScalarValue::counter(5)).unwrap();
        crdt.put(tally, key, ScalarValue::counter(6)).unwrap();
    });
    let removed = change(|crdt, tally, key| {
        crdt.put(tally, key, ScalarValue::counter(5)).unwrap();
        crdt.delete(tally, key).unwrap();
    });
    let overwritten = change(|crdt, tally, key| {
        crdt.put(tally, key, ScalarValue::counter(5)).unwrap();
        crdt.commit_with(CommitOptions::default().with_time(0));
        crdt.put(tally, key, 7).unwrap();
    });
    for (name, bytes) in
        [("plain", plain), ("huge", huge), ("lowest", lowest), ("replaced", replaced), ("removed", removed)]
    {
        assert_eq!(verdicts(&[bytes]), held(Code::Structure), "{name}");
    }
    // a plain integer over a counter looks like an increment until it is applied
    let first = change(|crdt, tally, key| crdt.put(tally, key, ScalarValue::counter(5)).unwrap());
    assert_eq!(verdicts(&[first, overwritten]), [Verdict::Stored, Verdict::Custody(Code::Unloadable)]);
}

#[test]
fn gate_7_nothing_is_made_or_put_outside_the_containers() {
    let at_root = hostile(DEVICE, |crdt| crdt.put(ROOT, "kind", "stock").unwrap());
    let object = hostile(DEVICE, |crdt| {
        let fields = container(crdt, "fields");
        crdt.put_object(&fields, "nested", automerge::ObjType::Map).unwrap();
    });
    let step_over_step = hostile(DEVICE, |crdt| {
        let steps = container(crdt, "steps");
        crdt.put(&steps, "a", "{}").unwrap();
        crdt.put(&steps, "a", "{}2").unwrap();
    });
    let step_removed = hostile(DEVICE, |crdt| {
        let steps = container(crdt, "steps");
        crdt.put(&steps, "a", "{}").unwrap();
        crdt.delete(&steps, "a").unwrap();
    });
    let letters_in_one = hostile(DEVICE, |crdt| {
        let (_, outcome) = crdt.get(container(crdt, "texts"), "outcome").unwrap().unwrap();
        crdt.insert(&outcome, 0, "二字").unwrap();
    });
    for bytes in [at_root, object, step_over_step, step_removed, letters_in_one] {
        assert_eq!(verdicts(&[bytes]), held(Code::Structure));
    }
}

#[test]
fn gate_8_what_is_held_keeps_nothing_else_out() {
    let mut changes = honest();
    changes.insert(1, vec![1, 2, 3]);
    let admission = push(&changes);
    let kept = admission.verdicts.iter().filter(|(_, verdict)| *verdict == Verdict::Stored).count();
    assert_eq!(kept, 3);
    assert!(admission.snapshot.is_some());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn gate_9_no_mutation_with_a_mended_checksum_spoils_a_document(
        which in 0usize..3, at in any::<prop::sample::Index>(), to: u8, more in prop::option::of((any::<prop::sample::Index>(), any::<u8>()))
    ) {
        let mut changes = honest();
        let bytes = &mut changes[which];
        let place = 8 + at.index(bytes.len() - 8);
        bytes[place] = to;
        if let Some((at, to)) = more {
            let place = 8 + at.index(bytes.len() - 8);
            bytes[place] = to;
        }
        mend(bytes);
        let mut admission = push(&changes);
        if let Some(saved) = admission.snapshot {
            let mut loaded = Document::load(&saved).unwrap();
            prop_assert_eq!(loaded.heads(), admission.document.heads());
            // and it can be edited afterwards
            loaded.write_as(ActorId::new(OTHER, 1));
            loaded.count("screening.viewers", OTHER, 1).unwrap();
            loaded.set_field("venue", Some(&sync_core::document::Scalar::Text("児玉公民館".into()))).unwrap();
            prop_assert!(loaded.commit(Timestamp(0), "", None).is_some());
            prop_assert!(loaded.save_verified().is_ok());
        }
    }

    #[test]
    fn gate_9_any_bytes_get_a_verdict(bytes in prop::collection::vec(any::<u8>(), 0..200), framed: bool) {
        let mut bytes = bytes;
        if framed && bytes.len() > 12 {
            bytes[..4].copy_from_slice(&[0x85, 0x6f, 0x4a, 0x83]);
            bytes[8] = 1;
            bytes[9] = u8::try_from(bytes.len() - 10).unwrap_or(0) & 0x7f;
            mend(&mut bytes);
        }
        prop_assert_eq!(push(&[bytes]).verdicts.len(), 1);
    }
}

/// Three changes of [`OTHER`] that go on where `document` stands.
fn continued(document: &mut Document) -> Vec<Vec<u8>> {
    document.write_as(ActorId::new(OTHER, 1));
    let change = |_| {
        document.count("material.contact-card.age-75", OTHER, 2).unwrap();
        document.commit(Timestamp(0), "suzuki", None).unwrap().bytes
    };
    (0..3).map(change).collect()
}

#[test]
fn gate_10_a_damaged_document_is_made_whole_by_devices_that_prove_it() {
    let mine = honest();
    let mut document = push(&mine).document;
    let theirs = continued(&mut document);
    let recorded = document.heads();
    let relay = |base: Document, changes: &[Vec<u8>]| restore(base, &recorded, DEVICE, changes, &Limits::default());
    let both = [mine.clone(), theirs.clone()].concat();
    let mut healed = relay(genesis(), &both);
    assert!(healed.whole && healed.admission.verdicts.iter().all(|(_, verdict)| *verdict == Verdict::Stored));
    assert_eq!(healed.admission.document.heads(), recorded);
    // others' changes that lead up to no recorded head prove nothing; the device's own come in
    let part = relay(genesis(), &both[..4]);
    assert!(!part.whole && part.admission.snapshot.is_some());
    assert_eq!(
        part.admission.verdicts[3].1,
        Verdict::Custody(Code::BroughtBack),
        "kept for what comes with the next part"
    );
    // what is left is brought by whoever holds it
    assert!(relay(part.admission.document, &both).whole);
    // what the recorded heads do not lead to must be the device's own
    let more = [both, continued(&mut document)].concat();
    let mut mended = relay(genesis(), &more);
    let brought = Verdict::Custody(Code::BroughtBack);
    assert!(mended.admission.verdicts[6..].iter().all(|(_, verdict)| *verdict == brought));
    assert_eq!(mended.admission.document.heads(), recorded);
}

#[test]
fn gate_10_heads_made_apart_are_proved_one_by_one() {
    let mine = honest();
    let theirs = continued(&mut genesis());
    let merged = admit(push(&mine).document, OTHER, &theirs, &Limits::default());
    let recorded = merged.document.clone().heads();
    assert_eq!(recorded.as_slice().len(), 2);
    let limits = Limits::default();
    let first = restore(genesis(), &recorded, OTHER, &theirs, &limits);
    assert!(!first.whole && first.admission.snapshot.is_some());
    assert!(restore(first.admission.document, &recorded, DEVICE, &mine, &limits).whole);
}

#[test]
fn gate_11_what_another_device_wrote_comes_in_only_as_its_authors_and_only_when_vouched_for() {
    let mine = honest();
    let mut document = push(&mine).document;
    let theirs = continued(&mut document);
    let limits = Limits::default();
    let codes = |admission: &Admission| admission.verdicts.iter().map(|(_, verdict)| *verdict).collect::<Vec<_>>();
    let all = [mine.clone(), theirs.clone()].concat();

    // pushed as usual, or offered as a whole: held, under a code of its own when offered
    let pushed = admit(genesis(), DEVICE, &all, &limits);
    assert_eq!(codes(&pushed)[3..], vec![Verdict::Custody(Code::ForeignDevice); 3]);
    let offered = admit_again(genesis(), DEVICE, &all, &limits);
    assert_eq!(codes(&offered)[..3], vec![Verdict::Stored; 3]);
    assert_eq!(codes(&offered)[3..], vec![Verdict::Custody(Code::BroughtBack); 3]);
    // counting for another under one's own name is no work of another
    let forged = hostile(DEVICE, |crdt| {
        let tally = container(crdt, "tally");
        crdt.put(&tally, tally_key("screening.viewers", OTHER), ScalarValue::counter(1)).unwrap();
    });
    assert_eq!(codes(&admit_again(genesis(), DEVICE, &[forged], &limits)), held(Code::ForeignDevice));

    let brought = offered.verdicts[3..].iter().map(|(hash, _)| *hash).collect();
    assert!(theirs.iter().all(|bytes| author_of(bytes, &limits) == Some(OTHER)));
    let mut let_in = admit_brought(offered.document.clone(), DEVICE, &brought, &theirs, &limits);
    assert_eq!(codes(&let_in), vec![Verdict::Stored; 3]);
    assert_eq!(let_in.document.heads(), document.heads());
    // vouched for is what was named, in its order, on what it follows
    let none = admit_brought(offered.document.clone(), DEVICE, &Default::default(), &theirs, &limits);
    assert_eq!(codes(&none), vec![Verdict::Custody(Code::ForeignDevice); 3]);
    let unfounded = admit_brought(genesis(), DEVICE, &brought, &theirs, &limits);
    assert_eq!(codes(&unfounded), vec![Verdict::MissingDeps; 3]);
    let wrong = hostile(OTHER, |crdt| {
        let tally = container(crdt, "tally");
        crdt.put(&tally, tally_key("screening.viewers", DEVICE), ScalarValue::counter(1)).unwrap();
    });
    let name = std::iter::once(sync_core::document::hash_of(&wrong)).collect();
    assert_eq!(codes(&admit_brought(genesis(), DEVICE, &name, &[wrong], &limits)), held(Code::ForeignDevice));
}

/// Thousands of honest counts, and among them one change that only shows what it is when it is applied.
fn honest_but_one() -> (Vec<Vec<u8>>, usize) {
    let mut document = writer(DEVICE);
    let mut changes = Vec::new();
    for _ in 0..3_000 {
        document.count("attendance.band.75-84", DEVICE, 1).unwrap();
        changes.push(document.commit(Timestamp(0), "tanaka", None).unwrap().bytes);
    }
    let mut crdt = AutoCommit::load(&genesis().save()).unwrap();
    crdt.set_actor(RawActor::from(ActorId::new(DEVICE, 2).as_bytes().as_slice()));
    let tally = container(&crdt, "tally");
    let mut overwritten = Vec::new();
    for value in [ScalarValue::counter(5), ScalarValue::Int(7)] {
        crdt.put(&tally, tally_key("screening.viewers", DEVICE), value).unwrap();
        crdt.commit_with(CommitOptions::default().with_time(0));
        overwritten.push(crdt.get_last_local_change().unwrap().raw_bytes().to_vec());
    }
    changes.splice(1_800..1_800, overwritten);
    (changes, 1_801)
}

#[test]
fn gate_12_one_change_at_fault_among_thousands_is_found_in_few_tries() {
    let (changes, at_fault) = honest_but_one();
    let tries = std::cell::Cell::new(0);
    let is_over = || {
        tries.set(tries.get() + 1);
        false
    };
    let mut admission = admit(genesis(), DEVICE, &changes, Bounds { limits: &Limits::default(), is_over: &is_over });
    for (place, (_, verdict)) in admission.verdicts.iter().enumerate() {
        let expected = if place == at_fault { Verdict::Custody(Code::Unloadable) } else { Verdict::Stored };
        assert_eq!(*verdict, expected, "{place}");
    }
    assert_eq!(admission.verdicts.len(), changes.len());
    assert!(tries.get() <= 40, "{} tries", tries.get());
    assert_eq!(Document::load(&admission.snapshot.unwrap()).unwrap().heads(), admission.document.heads());
}

#[test]
fn gate_12_when_the_time_is_over_the_rest_is_left_undecided_and_comes_in_when_sent_again() {
    let (changes, at_fault) = honest_but_one();
    let whole = push(&changes);
    let limits = Limits::default();
    let (mut document, mut decided, mut rounds) = (genesis(), Vec::new(), 0);
    while decided.len() < changes.len() {
        // no time at all: each round still decides on something
        let bounds = Bounds { limits: &limits, is_over: &|| true };
        let admission = admit(document, DEVICE, &changes[decided.len()..], bounds);
        assert!(!admission.verdicts.is_empty());
        decided.extend(admission.verdicts);
        document = admission.document;
        rounds += 1;
    }
    assert!(rounds > 5, "{rounds}");
    assert_eq!(decided, whole.verdicts);
    assert_eq!(decided[at_fault].1, Verdict::Custody(Code::Unloadable));
    assert_eq!(document.heads(), { whole.document }.heads());
}

#[test]
fn gate_13_what_is_in_stays_in_when_the_device_may_not_write_any_more() {
    let mine = honest();
    let mut document = push(&mine[..2]).document;
    let theirs = continued(&mut document);
    let all = [mine, theirs, vec![vec![1, 2, 3]]].concat();
    let held = Verdict::Custody(Code::TabletEnded);
    let brought = Verdict::Custody(Code::BroughtBack);
    let damaged = Verdict::Custody(Code::Malformed);
    let judged = |document: Option<&mut Document>, device, again| -> Vec<Verdict> {
        let verdicts = turn_away(document, device, again, &all, Code::TabletEnded, &Limits::default());
        verdicts.into_iter().map(|(_, verdict)| verdict).collect()
    };
    let twice = Verdict::Duplicate;
    assert_eq!(judged(Some(&mut document), DEVICE, false), [twice, twice, held, held, held, held, damaged]);
    assert_eq!(judged(Some(&mut document), DEVICE, true), [twice, twice, held, brought, brought, brought, damaged]);
    assert_eq!(judged(Some(&mut document), OTHER, false)[..4], [held, held, held, twice]);
    assert_eq!(judged(None, DEVICE, false), [held, held, held, held, held, held, damaged]);
}

#[test]
fn gate_14_what_makes_a_document_too_large_is_held_and_what_came_before_stays() {
    let changes = honest();
    let mut large = push(&changes).document;
    large.write_as(ActorId::new(DEVICE, 1));
    // letters that do not compress
    let letter = |number: u32| char::from(b'a' + Sha256::digest(number.to_le_bytes())[0] % 26);
    let text: String = (0..3_000).map(letter).collect();
    large.set_field("venue", Some(&sync_core::document::Scalar::Text(text))).unwrap();
    let last = large.commit(Timestamp(0), "tanaka", None).unwrap().bytes;
    let pushed: Vec<Vec<u8>> = changes.iter().cloned().chain([last]).collect();
    let limits = Limits { document_bytes: 1_500, ..Limits::default() };
    let admission = admit(genesis(), DEVICE, &pushed, &limits);
    let verdicts: Vec<Verdict> = admission.verdicts.iter().map(|(_, verdict)| *verdict).collect();
    let too_large = Verdict::Custody(Code::DocumentTooLarge);
    assert_eq!(verdicts, [Verdict::Stored, Verdict::Stored, Verdict::Stored, too_large]);
    assert!(admission.snapshot.unwrap().len() <= 1_500);
    assert!(
        push(&pushed).verdicts.iter().all(|(_, verdict)| *verdict == Verdict::Stored),
        "the usual limit is far above"
    );
}
