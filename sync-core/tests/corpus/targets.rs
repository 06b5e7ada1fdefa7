//! What is done with foreign bytes at each door, the same for the fuzzer and for the test that runs the kept corpus.
//!
//! Every function ends in a panic when a promise is broken: GATE-9, WIRE-2, DOC-7. Bytes are framed and their checksum
//! is mended first, because a checksum would otherwise turn nearly every mutation away at the gate's first look.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, dead_code, reason = "a broken promise is a panic")]

use sha2::{Digest as _, Sha256};
use sync_core::document::{Document, Follower, Kind, Scalar, TextName, lengthen, shorten};
use sync_core::domain::view;
use sync_core::gate::{Admission, Limits, Verdict, admit};
use sync_core::ids::{ActorId, DeviceId, DocumentId};
use sync_core::time::Timestamp;
use sync_core::wire::{AuditRequest, AuditResponse, SyncRequest, SyncResponse, WireLimits};

pub const DOCUMENT: DocumentId = DocumentId::from_bytes([9; 16]);
/// The device whose changes are forged.
pub const DEVICE: DeviceId = DeviceId::from_bytes([1; 16]);
/// A device whose work is in the document already.
pub const OTHER: DeviceId = DeviceId::from_bytes([2; 16]);

/// A way into the core.
pub struct Target {
    /// Name of the fuzz target and of the corpus folder.
    pub name: &'static str,
    /// What is done with the bytes.
    pub run: fn(&[u8]),
}

/// Every way in.
pub const TARGETS: [Target; 5] = [
    Target { name: "wire", run: wire },
    Target { name: "gate", run: |bytes| drop(gate(bytes)) },
    Target { name: "chain", run: chain },
    Target { name: "saved", run: saved },
    Target { name: "follow", run: follow },
];

/// The document that forged changes meet, and the honest changes of [`DEVICE`] that could come next.
#[derive(Clone)]
pub struct Scene {
    pub before: Document,
    pub next: Vec<Vec<u8>>,
}

thread_local! {
    static SCENES: [Scene; 3] = [make(0), make(1), make(2)];
}

/// Scene 0: nothing but the genesis. Scene 1: after two changes of the device. Scene 2: others' counts, texts and steps, too.
pub fn scene(number: u8) -> Scene {
    SCENES.with(|scenes| scenes[usize::from(number % 3)].clone())
}

fn make(number: u8) -> Scene {
    let mut before = Document::genesis(DOCUMENT, Kind::Session).unwrap();
    if number == 2 {
        before.write_as(ActorId::new(OTHER, 1));
        before.count("attendance.band.75-84", OTHER, 7).unwrap();
        before.splice_text(TextName::Outcome, 0, 0, "質問は3件。").unwrap();
        before.append_step(&format!("{OTHER}.1"), r#"{"state":"held"}"#).unwrap();
        before.set_field("venue", Some(&Scalar::Text("本庄公民館".into()))).unwrap();
        before.commit(Timestamp(1_000), "suzuki", None).unwrap();
    }
    before.write_as(ActorId::new(DEVICE, 1));
    if number == 1 {
        for by in [5, -1] {
            before.count("attendance.band.75-84", DEVICE, by).unwrap();
            before.commit(Timestamp(2_000), "tanaka", None).unwrap();
        }
    }
    let mut writer = before.clone();
    let mut next = Vec::new();
    writer.count("attendance.band.75-84", DEVICE, 3).unwrap();
    writer.link("lecturer/tomizawa").unwrap();
    next.push(writer.commit(Timestamp(3_000), "tanaka", None).unwrap().bytes);
    writer.set_field("title", Some(&Scalar::Text("人生会議の話".into()))).unwrap();
    writer.set_field("venue", Some(&Scalar::Text("児玉公民館".into()))).unwrap();
    writer.count("attendance.band.75-84", DEVICE, 2).unwrap();
    next.push(writer.commit(Timestamp(4_000), "tanaka", None).unwrap().bytes);
    let length = writer.text(TextName::Outcome).chars().count();
    writer.splice_text(TextName::Outcome, 0, length, "質問は4件。𠮷田").unwrap();
    writer.append_step(&format!("{DEVICE}.9"), r#"{"state":"reported"}"#).unwrap();
    next.push(writer.commit(Timestamp(5_000), "tanaka", None).unwrap().bytes);
    Scene { before, next }
}

/// A chunk of this kind with a length and checksum that fit the body.
pub fn framed(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut hashed = vec![kind];
    let mut rest = body.len();
    while rest >= 0x80 {
        hashed.push(u8::try_from(rest & 0x7f).unwrap() | 0x80);
        rest >>= 7;
    }
    hashed.push(u8::try_from(rest).unwrap());
    hashed.extend_from_slice(body);
    let mut bytes = vec![0x85, 0x6f, 0x4a, 0x83];
    bytes.extend_from_slice(&Sha256::digest(&hashed)[..4]);
    bytes.extend(hashed);
    bytes
}

/// The body of a chunk: what follows its length.
pub fn body(chunk: &[u8]) -> &[u8] {
    let length = chunk[9..].iter().position(|byte| byte & 0x80 == 0).unwrap();
    &chunk[9 + length + 1..]
}

/// Changes that a corpus file stands for: first byte scene, second how many honest changes come first, then a body.
pub fn forged(bytes: &[u8]) -> Option<(Scene, Vec<Vec<u8>>)> {
    let (&[number, first], body) = bytes.split_first_chunk::<2>()?;
    let scene = scene(number);
    let mut changes: Vec<Vec<u8>> = scene.next.iter().take(usize::from(first % 3)).cloned().collect();
    changes.push(framed(1, body));
    // whoever was forged goes on afterwards
    changes.extend(scene.next.iter().skip(usize::from(first % 3)).cloned());
    Some((scene, changes))
}

/// Puts a forged change before the gate. Whatever is let in leaves a sound document in which others' work is untouched.
pub fn gate(bytes: &[u8]) -> Option<Admission> {
    let (mut scene, changes) = forged(bytes)?;
    let (heads, others) = (scene.before.heads(), of_others(&scene.before));
    let mut admission = admit(scene.before.clone(), DEVICE, &changes, &Limits::default());
    assert_eq!(admission.verdicts.len(), changes.len(), "every change has a verdict");
    assert!(heads.as_slice().iter().all(|head| admission.document.contains(head)), "nothing is lost");
    assert_eq!(of_others(&admission.document), others, "others' counts and steps are untouched");
    if let Some(saved) = &admission.snapshot {
        let mut loaded = Document::load(saved).expect("what was let in can be loaded");
        assert_eq!(loaded.heads(), admission.document.heads(), "and is the same");
        edit(&mut loaded);
    } else {
        assert_eq!(admission.document.heads(), heads, "what is not stored changes nothing");
    }
    Some(admission)
}

/// Counts, and steps with their ids.
type Work = (Vec<(String, DeviceId, i64)>, Vec<(String, String)>);

fn of_others(document: &Document) -> Work {
    let counts = document.tallies().into_iter().filter(|(_, device, _)| *device != DEVICE).collect();
    let steps = document.steps().into_iter().filter(|(id, _)| id.starts_with(&OTHER.to_string()));
    (counts, steps.collect())
}

/// Another device goes on with the document, as it will.
fn edit(document: &mut Document) {
    let heads = document.heads();
    document.write_as(ActorId::new(OTHER, 7));
    document.count("screening.viewers", OTHER, 1).unwrap();
    document.set_field("venue", Some(&Scalar::Text("児玉公民館".into()))).unwrap();
    let length = document.text(TextName::Outcome).chars().count();
    document.splice_text(TextName::Outcome, 0, length, "あとから書いた。").unwrap();
    document.commit(Timestamp(9_000), "suzuki", None).expect("it can be edited");
    assert_eq!(document.text(TextName::Outcome), "あとから書いた。");
    document.save_verified().expect("and saved");
    assert!(heads.as_slice().iter().all(|head| document.contains(head)));
    let _ = view(document);
}

/// Messages from a tablet and from a server.
pub fn wire(bytes: &[u8]) {
    if let Ok(message) = SyncRequest::decode(bytes, &WireLimits::of(bytes.len())) {
        assert_eq!(SyncRequest::decode(&message.encode(), &WireLimits::of(1 << 20)).unwrap(), message);
    }
    if let Ok(message) = SyncResponse::decode(bytes) {
        assert_eq!(SyncResponse::decode(&message.encode()).unwrap(), message);
    }
    if let Ok(message) = AuditRequest::decode(bytes) {
        assert_eq!(AuditRequest::decode(&message.encode()).unwrap(), message);
    }
    if let Ok(message) = AuditResponse::decode(bytes) {
        assert_eq!(AuditResponse::decode(&message.encode()).unwrap(), message);
    }
}

/// A shortened change after an honest one: what comes out is shortened to something that gives it back.
pub fn chain(bytes: &[u8]) {
    let Some((&[number, which], short)) = bytes.split_first_chunk::<2>() else { return };
    let scene = scene(number);
    let before = &scene.next[usize::from(which) % scene.next.len()];
    let Some(long) = lengthen(before, short) else { return };
    if let Some(again) = shorten(before, &long) {
        assert_eq!(lengthen(before, &again).as_deref(), Some(long.as_slice()));
    }
    let mut changes: Vec<Vec<u8>> =
        scene.next.iter().take(usize::from(which) % scene.next.len() + 1).cloned().collect();
    changes.push(long);
    let admission = admit(scene.before.clone(), DEVICE, &changes, &Limits::default());
    assert!(changes.len() < 2 || admission.verdicts[0].1 == Verdict::Stored, "honest changes come in");
}

/// The saved form, as a tablet takes it from a server: it is a document that can be read and saved, or an error.
pub fn saved(bytes: &[u8]) {
    let Ok(mut document) = Document::load(&framed(0, bytes)) else { return };
    if !document.begins_with_genesis() {
        return;
    }
    let _ = view(&document);
    if let Ok(saved) = document.save_verified() {
        assert_eq!(Document::load(&saved).unwrap().heads(), document.heads());
    }
}

/// Sync messages of followers: the first byte says how many messages follow each other, each with its length.
pub fn follow(bytes: &[u8]) {
    let mut document = scene(2).before;
    let heads = document.heads();
    let mut follower = Follower::default();
    let mut rest = bytes;
    while let Some((&[high, low], more)) = rest.split_first_chunk::<2>() {
        let length = usize::from(u16::from_be_bytes([high, low])).min(more.len());
        let (message, after) = more.split_at(length);
        rest = after;
        let _ = follower.receive(&mut document, message);
        let _ = follower.next(&mut document);
    }
    assert_eq!(document.heads(), heads, "a follower changes nothing");
}
