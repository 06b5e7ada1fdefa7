//! Every kept input of the fuzzer goes through the same doors again, and changes that spoil bare automerge are shown to
//! stop at the gate. `TSUDOI_WRITE_CORPUS=1` writes the first inputs anew.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "the kept inputs are files")]

mod targets;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use automerge::{AutoCommit, Change, LoadOptions, OnPartialLoad, VerificationMode};
use sync_core::digest::Buckets;
use sync_core::document::{Heads, Kind, shorten};
use sync_core::gate::Verdict;
use sync_core::ids::ScopeId;
use sync_core::time::Timestamp;
use sync_core::wire::{AuditRequest, DocumentPush, PROTOCOL, ScopeCursor, SyncRequest};

use targets::{DOCUMENT, TARGETS, body, forged, framed, gate, scene};

fn folder(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target)
}

fn files(target: &str) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(folder(target)).unwrap_or_else(|error| panic!("{target}: {error}"));
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut files: Vec<(String, Vec<u8>)> = paths
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(path).unwrap()))
        .collect();
    files.sort();
    files
}

#[test]
fn gate_9_wire_2_doc_7_every_kept_input_keeps_every_promise() {
    for target in TARGETS {
        let files = files(target.name);
        assert!(!files.is_empty(), "no inputs for {}", target.name);
        for (name, bytes) in files {
            let outcome = catch_unwind(AssertUnwindSafe(|| (target.run)(&bytes)));
            assert!(outcome.is_ok(), "{}/{name}", target.name);
        }
    }
}

#[test]
fn the_kept_inputs_stay_small() {
    let bytes: usize = TARGETS.iter().flat_map(|target| files(target.name)).map(|(_, bytes)| bytes.len()).sum();
    assert!(bytes < 1_500_000, "{bytes} bytes");
}

/// What bare automerge makes of changes, each applied as it stands: `None` when it refuses or panics.
fn applied(bytes: &[u8]) -> Option<AutoCommit> {
    let (mut scene, changes) = forged(bytes)?;
    let saved = scene.before.save();
    // up to and including the forged one
    let count = usize::from(bytes[1] % 3) + 1;
    catch_unwind(AssertUnwindSafe(|| {
        let mut crdt = AutoCommit::load(&saved).ok()?;
        for change in changes.iter().take(count) {
            let change = Change::try_from(change.as_slice()).ok()?;
            let hash = change.hash();
            crdt.apply_changes([change]).ok()?;
            crdt.get_change_by_hash(&hash)?;
        }
        Some(crdt)
    }))
    .ok()
    .flatten()
}

/// Whether what bare automerge accepted cannot be saved and loaded again as the same document.
fn is_spoiled(crdt: &mut AutoCommit) -> bool {
    let options = LoadOptions::new().on_partial_load(OnPartialLoad::Error).verification_mode(VerificationMode::Check);
    let reloaded = catch_unwind(AssertUnwindSafe(|| {
        let saved = crdt.save();
        let mut loaded = AutoCommit::load_with_options(&saved, options).ok()?;
        (loaded.get_heads() == crdt.get_heads()).then_some(())
    }));
    !matches!(reloaded, Ok(Some(())))
}

fn verdict(bytes: &[u8]) -> Verdict {
    gate(bytes).unwrap().verdicts[usize::from(bytes[1] % 3)].1
}

/// Each byte of an honest change set to other values in turn, the checksum mended.
fn mutants(number: u8, first: u8) -> impl Iterator<Item = Vec<u8>> {
    let honest = body(&scene(number).next[usize::from(first)]).to_vec();
    let values = |old: u8| [old ^ 1, old ^ 0x40, old.wrapping_add(1), 0, 0x7f, 0xff];
    (0..honest.len()).flat_map(move |place| {
        let honest = honest.clone();
        values(honest[place]).into_iter().map(move |value| {
            let mut bytes = vec![number, first];
            bytes.extend_from_slice(&honest);
            bytes[2 + place] = value;
            bytes
        })
    })
}

#[test]
fn gate_9_of_many_mutants_automerge_is_spoiled_by_some_and_the_gate_by_none() {
    let (mut accepted, mut spoiled, mut stored) = (0, 0, 0);
    for (number, first) in [(0, 0), (0, 1), (1, 0), (2, 0), (2, 2)] {
        for bytes in mutants(number, first) {
            let verdict = verdict(&bytes);
            stored += usize::from(verdict == Verdict::Stored);
            let Some(mut crdt) = applied(&bytes) else { continue };
            accepted += 1;
            if is_spoiled(&mut crdt) {
                assert!(verdict != Verdict::Stored, "{verdict:?}");
                if writes() {
                    write("gate", &format!("unloadable-{spoiled:02}"), &bytes);
                }
                spoiled += 1;
            }
        }
    }
    println!("automerge took {accepted} mutants, {spoiled} of them spoil; the gate stored {stored}");
    assert!(spoiled > 0 && stored > 0 && accepted > spoiled, "{accepted} {spoiled} {stored}");
}

fn writes() -> bool {
    std::env::var_os("TSUDOI_WRITE_CORPUS").is_some()
}

fn write(target: &str, name: &str, bytes: &[u8]) {
    std::fs::create_dir_all(folder(target)).unwrap();
    std::fs::write(folder(target).join(name), bytes).unwrap();
}

/// The inputs the fuzzer starts from: honest ones of every kind.
#[test]
fn honest_inputs_are_kept() {
    let mut honest: Vec<(&str, String, Vec<u8>)> = Vec::new();
    for number in 0..3u8 {
        let mut scene = scene(number);
        for (first, change) in scene.next.iter().enumerate() {
            let start = [number, u8::try_from(first).unwrap()];
            honest.push(("gate", format!("honest-{number}-{first}"), [&start, body(change)].concat()));
            if let Some(after) = scene.next.get(first + 1) {
                let short = shorten(change, after).expect("an honest chain");
                honest.push(("chain", format!("honest-{number}-{first}"), [&start[..], &short].concat()));
            }
        }
        let push = DocumentPush::new(
            DOCUMENT,
            Kind::Session,
            Heads::default(),
            scene.next.iter().map(|change| change.clone().into()).collect(),
        );
        let cursor = ScopeCursor {
            scope: ScopeId::municipality("112119").unwrap(),
            epoch: Some([3; 16]),
            seq: 7,
            below: Some(4),
        };
        let request = SyncRequest {
            protocol: PROTOCOL,
            clock: Timestamp(1),
            pushes: vec![push],
            cursors: vec![cursor],
            registry_version: 0,
            page_bytes: 1_000_000,
            wanted: vec![DOCUMENT],
            held: Vec::new(),
            disk: None,
        };
        honest.push(("wire", format!("request-{number}"), request.encode()));
        honest.push(("saved", format!("honest-{number}"), body(&scene.before.save()).to_vec()));
        let mut message = automerge::sync::State::new();
        let mut copy = AutoCommit::new_with_encoding(automerge::TextEncoding::UnicodeCodePoint);
        let first = automerge::sync::SyncDoc::generate_sync_message(&copy.sync(), &mut message).unwrap().encode();
        let length = u16::try_from(first.len()).unwrap().to_be_bytes();
        honest.push(("follow", format!("honest-{number}"), [&length[..], &first, &length, &first].concat()));
    }
    let audit =
        AuditRequest { protocol: PROTOCOL, scope: ScopeId::municipality("112119").unwrap(), buckets: Buckets::of([]) };
    honest.push(("wire", "audit".to_owned(), audit.encode()));
    if writes() {
        for (target, name, bytes) in &honest {
            write(target, name, bytes);
        }
    }
    let known = |target: &str, name: &String| files(target).iter().any(|(known, _)| known == name);
    let missing: Vec<_> = honest.iter().filter(|(target, name, _)| !known(target, name)).map(|one| &one.1).collect();
    assert!(missing.is_empty(), "TSUDOI_WRITE_CORPUS=1 writes {missing:?}");
}

#[test]
fn a_frame_fits_an_honest_change() {
    let change = &scene(2).next[2];
    assert_eq!(&framed(1, body(change)), change);
}
