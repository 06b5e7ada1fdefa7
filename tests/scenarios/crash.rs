//! SIGKILL of the server in the middle of a push: what was acknowledged is there afterwards, and nothing counts twice.

use std::collections::BTreeMap;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use sync_core::ids::DocumentId;
use sync_core::tablet::SaveState;
use tsudoi_tests::{Chance, Cluster, Headless, Server, band, material, set};

const ROUNDS: u64 = 12;
const RECORDS: usize = 30;

#[test]
fn inv_1_nothing_acknowledged_is_missing_after_a_kill_at_any_point() {
    kill_at_any_point(Server::start(), None);
}

/// The tablet's server is killed; the witness reads through another process over the same PostgreSQL.
#[test]
fn inv_1_nothing_acknowledged_is_missing_for_another_process_either() {
    let cluster = Cluster::start();
    let server = Server::start_on(cluster.database());
    let other = server.beside();
    kill_at_any_point(server, Some(other));
}

fn kill_at_any_point(mut server: Server, other: Option<Server>) {
    let mut chance = Chance::from_environment("inv_1", 20_241_121);
    let mut tablet = Headless::enrol(&server, server.sign_in("staff-112119"), "現場", None);
    let mut witness = Headless::enrol(other.as_ref().unwrap_or(&server), server.sign_in("staff-112119"), "証人", None);
    let documents: Vec<DocumentId> = (0..RECORDS).map(|_| DocumentId::from_bytes(chance.bytes())).collect();
    let mut heads: BTreeMap<DocumentId, i64> = BTreeMap::new();
    let mut cards: BTreeMap<DocumentId, i64> = BTreeMap::new();
    let mut usual = Duration::from_millis(200);
    let mut interrupted = 0;

    for round in 0..ROUNDS {
        for document in &documents {
            let (more_heads, more_cards) = (chance.below(5) as i64 + 1, chance.below(4) as i64);
            tablet.record(*document, [set("municipality", "112119"), band("75-84", more_heads)]);
            tablet.record(*document, [material("contact-card", "age-75", more_cards)]);
            *heads.entry(*document).or_default() += more_heads;
            *cards.entry(*document).or_default() += more_cards;
        }
        tablet.gather();
        // Between nothing sent and everything answered, and sometimes after.
        let wait = usual.mul_f64(chance.below(110) as f64 / 100.0);
        let (started, has_started) = mpsc::channel();
        let pushed = std::thread::scope(|scope| {
            let pushing = scope.spawn(|| {
                started.send(()).unwrap();
                let begun = Instant::now();
                let outcome = tablet.sync();
                (outcome, begun.elapsed())
            });
            has_started.recv().unwrap();
            let deadline = Instant::now() + wait;
            while Instant::now() < deadline && !pushing.is_finished() {
                std::thread::yield_now();
            }
            server.kill();
            pushing.join().unwrap()
        });
        match pushed {
            (Ok(()), took) => usual = took,
            (Err(_), _) => interrupted += 1,
        }
        server.start_again();

        // The witness sees only what the killed server had stored.
        witness.sync().unwrap_or_else(|fault| panic!("round {round}: {fault:?}"));
        let seen: BTreeMap<DocumentId, _> = witness.list().into_iter().map(|one| (one.document, one)).collect();
        for mine in tablet.list() {
            if matches!(mine.save_state, SaveState::Sent | SaveState::Agreed) {
                let theirs =
                    seen.get(&mine.document).unwrap_or_else(|| panic!("round {round}: {} lost", mine.document));
                assert_eq!(
                    theirs.tallies, mine.tallies,
                    "round {round}: acknowledged work of {} is missing",
                    mine.document
                );
            }
        }
        if chance.below(3) == 0 {
            tablet.crash();
        }
    }

    assert!(interrupted > 0, "no push was ever interrupted: the kills come too late");
    tablet.sync().unwrap();
    witness.sync().unwrap();
    assert_eq!(tablet.status().unsent_changes, 0);
    for one in witness.list() {
        let value = |measure: &str| {
            one.tallies.iter().find(|(name, _)| name.to_string() == measure).and_then(|(_, value)| *value)
        };
        assert_eq!(value("attendance.band.75-84"), heads.get(&one.document).copied(), "{}", one.document);
        assert_eq!(value("material.contact-card.age-75"), cards.get(&one.document).copied(), "{}", one.document);
    }
    assert_eq!(witness.list().len(), RECORDS);
    assert_eq!(witness.digests(), witness.server_digests());
    assert_eq!(witness.digests(), tablet.digests());
    server.verify();
}
