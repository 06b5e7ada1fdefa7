//! Bytes a tablet would never send, against the real server: refused or held, while honest work goes on.

use automerge::transaction::Transactable as _;
use automerge::{AutoCommit, ROOT, ReadDoc as _};
use sha2::{Digest as _, Sha256};
use sync_core::document::{Document, Heads, Kind};
use sync_core::ids::{ActorId, DeviceId, DocumentId};
use sync_core::tablet::Exchanged;
use sync_core::time::Timestamp;
use sync_core::wire::{DocumentPush, Outcome, SyncRequest, SyncResponse};
use tsudoi_tests::{Chance, Headless, Server, band};

/// Above what the server needs for this scenario, far below what the bombs would need.
const MEMORY_KB: u64 = 400_000;

struct Attacker {
    tablet: Headless,
}

impl Attacker {
    fn push(&self, document: DocumentId, changes: Vec<Vec<u8>>) -> Exchanged {
        let request = SyncRequest {
            pushes: vec![DocumentPush::new(
                document,
                Kind::Session,
                Heads::default(),
                changes.into_iter().map(Into::into).collect(),
            )],
            registry_version: u64::MAX,
            page_bytes: 1_000_000,
            ..SyncRequest::default()
        };
        self.tablet.client().sync(self.tablet.key(), &request.encode())
    }

    /// Outcomes and codes of what was pushed; `None`: the request as a whole was refused.
    fn outcomes(&self, document: DocumentId, changes: Vec<Vec<u8>>) -> Option<Vec<(Outcome, Option<String>)>> {
        let Exchanged::Ok(body) = self.push(document, changes) else { return None };
        let response = SyncResponse::decode(&body).unwrap();
        Some(response.receipts.iter().flat_map(|one| &one.runs).map(|run| (run.outcome, run.code.clone())).collect())
    }

    fn is_held(&self, what: &str, document: DocumentId, change: Vec<u8>) {
        match self.outcomes(document, vec![change]) {
            None => {}
            Some(runs) => assert!(
                !runs.is_empty() && runs.iter().all(|(outcome, code)| *outcome == Outcome::Custody && code.is_some()),
                "{what}: {runs:?}"
            ),
        }
    }
}

/// A change of `device` with bare automerge on top of the genesis.
fn change(document: DocumentId, device: DeviceId, edit: impl FnOnce(&mut AutoCommit)) -> Vec<u8> {
    let mut crdt = AutoCommit::load(&Document::genesis(document, Kind::Session).unwrap().save()).unwrap();
    crdt.set_actor(automerge::ActorId::from(ActorId::new(device, 1).as_bytes().as_slice()));
    edit(&mut crdt);
    crdt.commit();
    crdt.get_last_local_change().unwrap().raw_bytes().to_vec()
}

fn honest(document: DocumentId, device: DeviceId) -> Vec<Vec<u8>> {
    let mut writer = Document::genesis(document, Kind::Session).unwrap();
    writer.write_as(ActorId::new(device, 1));
    let mut changes = Vec::new();
    for by in 1..=3 {
        writer.count("attendance.band.75-84", device, by).unwrap();
        changes.push(writer.commit(Timestamp(0), "x", None).unwrap().bytes);
    }
    changes
}

/// Mends the checksum of change bytes after they were altered.
fn mend(bytes: &mut [u8]) {
    let hash = Sha256::digest(&bytes[8..]);
    bytes[4..8].copy_from_slice(&hash[..4]);
}

fn operation_bomb(document: DocumentId, device: DeviceId) -> Vec<u8> {
    let mut genesis = Document::genesis(document, Kind::Session).unwrap();
    let mut body = vec![1];
    body.extend(genesis.heads().as_slice()[0].as_bytes());
    body.push(20);
    body.extend(ActorId::new(device, 1).as_bytes());
    body.extend([1, 12, 0, 0, 0, 1, 0x42, 5]);
    body.extend([0xc0, 0x96, 0xb1, 0x02, 1]); // five million times "put"
    let mut bytes = vec![0x85, 0x6f, 0x4a, 0x83, 0, 0, 0, 0, 1, u8::try_from(body.len()).unwrap()];
    bytes.extend(body);
    mend(&mut bytes);
    bytes
}

#[test]
fn foreign_bytes_are_held_or_refused_and_the_server_stays_up_within_its_memory() {
    let mut chance = Chance::from_environment("foreign_bytes", 4);
    let mut server = Server::start();
    let attacker = Attacker { tablet: Headless::enrol(&server, server.sign_in("staff-112119"), "敵", None) };
    let mut honest_tablet = Headless::enrol(&server, server.sign_in("staff-112119"), "味方", None);
    let own = attacker.tablet.device();
    let mut document = || DocumentId::from_bytes(chance.bytes());

    let id = document();
    let mut corrupted = honest(id, own).remove(0);
    *corrupted.last_mut().unwrap() ^= 1;
    attacker.is_held("hash mismatch", id, corrupted);
    let id = document();
    let whole = honest(id, own).remove(0);
    for cut in [0, 1, 9, whole.len() / 2, whole.len() - 1] {
        attacker.is_held("truncated", id, whole[..cut].to_vec());
    }
    let id = document();
    attacker.is_held("oversized", id, vec![0x85; 2_000_000]);
    let id = document();
    attacker.is_held("other device", id, honest(id, honest_tablet.device()).remove(0));
    let id = document();
    let mut crdt = AutoCommit::load(&Document::genesis(id, Kind::Session).unwrap().save()).unwrap();
    crdt.set_actor(automerge::ActorId::from(ActorId::new(own, 1).as_bytes().as_slice()));
    let fields = crdt.get(ROOT, "fields").unwrap().unwrap().1;
    crdt.put(&fields, "title", "集".repeat(3_000)).unwrap();
    crdt.commit();
    attacker.is_held("compressed", id, crdt.get_last_local_change().unwrap().bytes().to_vec());
    let id = document();
    attacker.is_held("operation bomb", id, operation_bomb(id, own));
    let id = document();
    attacker.is_held("a field of nobody's", id, change(id, own, |crdt| crdt.put(ROOT, "surprise", 1).unwrap()));

    // Wrong sequence: the same number twice.
    let id = document();
    let mine = honest(id, own);
    let twin = change(id, own, |crdt| {
        let fields = crdt.get(ROOT, "fields").unwrap().unwrap().1;
        crdt.put(&fields, "venue", "x").unwrap();
    });
    let runs = attacker.outcomes(id, vec![mine[0].clone(), twin]).unwrap();
    assert_eq!(runs[0].0, Outcome::Stored, "{runs:?}");
    assert_eq!(runs[1].0, Outcome::Custody, "{runs:?}");
    // A gap: what it follows is not there yet.
    let id = document();
    let runs = attacker.outcomes(id, vec![honest(id, own).remove(2)]).unwrap();
    assert_eq!(runs, [(Outcome::MissingDeps, None)]);

    gzip_bomb_is_refused(&attacker);
    for length in [0, 1, 100, 70_000] {
        let noise: Vec<u8> = (0..length).map(|_| u8::try_from(length % 251).unwrap()).collect();
        assert!(
            matches!(attacker.tablet.client().sync(attacker.tablet.key(), &noise), Exchanged::Fault(_)),
            "{length}"
        );
    }

    let id = document();
    honest_tablet.record(id, [band("75-84", 9)]);
    honest_tablet.sync().unwrap();
    assert_eq!(honest_tablet.status().unsent_changes, 0, "honest work is not held up");
    assert!(server.is_running());
    let peak = server.peak_memory_kb();
    assert!(peak < MEMORY_KB, "the server once took {peak} kB");
    server.verify();
}

/// A hundred megabytes of nothing in a hundred kilobytes.
fn gzip_bomb_is_refused(attacker: &Attacker) {
    let bomb = vec![0; 100_000_000];
    let answer = attacker.tablet.client().sync(attacker.tablet.key(), &bomb);
    assert!(matches!(answer, Exchanged::Fault(_)), "{answer:?}");
}
