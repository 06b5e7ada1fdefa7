//! The database is lost and a backup restored: the tablets bring back what the backup does not have, and nobody has to
//! do anything for it.

use std::collections::BTreeMap;

use serde_json::Value;
use sync_core::ids::DocumentId;
use tsudoi_tests::{Chance, Headless, Server, band, material, set};

const TABLETS: usize = 4;
/// More than a tablet needs when nothing it waits for is missing.
const TURNS: u32 = 30;

type Totals = BTreeMap<DocumentId, (Option<i64>, String)>;

fn totals(tablet: &Headless) -> Totals {
    let one = |record: sync_core::tablet::RecordSummary| {
        (record.document, (record.attendance, record.venue.unwrap_or_default()))
    };
    tablet.list().into_iter().map(one).collect()
}

/// Every tablet syncs until none has anything left to say.
fn until_quiet(tablets: &mut [Headless]) {
    for round in 0..12 {
        let before: Vec<_> = tablets.iter().map(|tablet| (totals(tablet), tablet.digests())).collect();
        for tablet in &mut *tablets {
            // what follows another tablet's lost change waits until that one has brought it back
            tablet.sync_within(TURNS, |_| {}).unwrap_or_else(|fault| panic!("round {round}: {fault:?}"));
        }
        let after: Vec<_> = tablets.iter().map(|tablet| (totals(tablet), tablet.digests())).collect();
        if before == after
            && tablets.iter().all(|tablet| tablet.status().unsent_changes == 0)
            && tablets.iter().all(|tablet| tablet.digests() == tablet.server_digests())
        {
            return;
        }
    }
    panic!("the tablets do not come to rest");
}

/// Each tablet writes to records of its own and to shared ones.
fn work(
    tablets: &mut [Headless],
    chance: &mut Chance,
    shared: &[DocumentId],
    expected: &mut BTreeMap<DocumentId, i64>,
) {
    for (place, tablet) in tablets.iter_mut().enumerate() {
        let own = DocumentId::from_bytes(chance.bytes());
        for document in shared.iter().copied().chain([own]) {
            let heads = 1 + i64::try_from(chance.below(9)).unwrap();
            let cards = material("contact-card", "age-75", heads);
            tablet.record(document, [set("municipality", "112119"), band("75-84", heads), cards]);
            tablet.record(document, [set("venue", &format!("会場{place}"))]);
            *expected.entry(document).or_default() += heads;
        }
    }
}

fn healing(server: &Server) -> Value {
    let administrator = Headless::enrol(server, server.sign_in("administrator-11"), "管理", Some(&[]));
    administrator.client().get("/v1/healing", administrator.key()).unwrap()
}

struct Scene {
    server: Server,
    tablets: Vec<Headless>,
    expected: BTreeMap<DocumentId, i64>,
    names: Vec<String>,
}

/// A server restored to a backup from before each tablet's last work.
fn restored(seed: u64, name: &str) -> Scene {
    let mut chance = Chance::from_environment(name, seed);
    let mut server = Server::start();
    let names: Vec<String> = (1..=TABLETS).map(|number| format!("{number}号機")).collect();
    let enrol = |name: &String| Headless::enrol(&server, server.sign_in("staff-112119"), name, None);
    let mut tablets: Vec<Headless> = names.iter().map(enrol).collect();
    let shared: Vec<DocumentId> = (0..6).map(|_| DocumentId::from_bytes(chance.bytes())).collect();
    let mut expected = BTreeMap::new();
    work(&mut tablets, &mut chance, &shared, &mut expected);
    until_quiet(&mut tablets);
    let backup = server.back_up();
    for _ in 0..3 {
        work(&mut tablets, &mut chance, &shared, &mut expected);
        until_quiet(&mut tablets);
    }
    server.restore(&backup);
    Scene { server, tablets, expected, names }
}

fn assert_everything_is_back(scene: &mut Scene) {
    let Scene { server, tablets, expected, names } = scene;
    until_quiet(tablets);
    let mut witness = Headless::enrol(server, server.sign_in("staff-112119"), "証人", None);
    witness.sync().unwrap();
    let heads: BTreeMap<DocumentId, Option<i64>> =
        totals(&witness).into_iter().map(|(id, (heads, _))| (id, heads)).collect();
    let wanted: BTreeMap<DocumentId, Option<i64>> = expected.iter().map(|(id, heads)| (*id, Some(*heads))).collect();
    assert_eq!(heads, wanted);
    assert_eq!(witness.digests(), tablets[0].digests());
    for tablet in tablets.iter() {
        assert_eq!(tablet.status().unsent_changes, 0);
    }
    let page = healing(server);
    let entries = page["entries"].as_array().unwrap();
    assert!(page["changes"].as_u64().unwrap() > 0 && !entries.is_empty(), "{page}");
    for name in names.iter() {
        assert!(entries.iter().any(|entry| entry["device"]["name"] == name.as_str()), "{name} is not named: {page}");
    }
    assert!(page["damaged"].as_array().unwrap().is_empty());
    server.verify();
}

#[test]
fn inv_1_a_restored_backup_is_filled_up_by_the_tablets_with_no_person_acting() {
    let mut scene = restored(11, "restore");
    assert_everything_is_back(&mut scene);
}

#[test]
fn a_restored_server_that_has_gone_on_past_the_lost_sequence_is_filled_up_too() {
    let mut scene = restored(12, "restore_past");
    let mut newcomer = Headless::enrol(&scene.server, scene.server.sign_in("staff-112119"), "新しい端末", None);
    for number in 0..150u128 {
        let document = DocumentId::from_bytes((number + 1).to_be_bytes());
        newcomer.record(document, [set("municipality", "112119"), band("75-84", 1)]);
        scene.expected.insert(document, 1);
    }
    newcomer.sync().unwrap();
    assert_everything_is_back(&mut scene);
}

#[test]
fn an_operator_may_have_all_tablets_offer_at_once() {
    let mut scene = restored(13, "restore_renewed");
    scene.server.kill();
    let said = scene.server.command(&["renew-epochs"]);
    assert!(said.contains("scopes"), "{said}");
    scene.server.start_again();
    assert_everything_is_back(&mut scene);
}

/// Nobody brings changes under another's name. So what a tablet wrote after the backup waits for that tablet, and what
/// others wrote on top of it waits with it, on their disks and shown there. Their scope is not said to agree.
#[test]
fn what_an_absent_tablet_wrote_after_the_backup_stays_with_those_who_hold_it_until_it_comes() {
    let mut server = Server::start();
    let enrol = |name: &str| Headless::enrol(&server, server.sign_in("staff-112119"), name, None);
    let (mut author, reader, writer) = (enrol("書いた端末"), enrol("読んだ端末"), enrol("書き足した端末"));
    let (earlier, document) = (DocumentId::from_bytes([8; 16]), DocumentId::from_bytes([7; 16]));
    let mut others = [reader, writer];
    author.record(earlier, [set("municipality", "112119"), band("75-84", 1)]);
    author.sync().unwrap();
    until_quiet(&mut others);
    let backup = server.back_up();
    author.record(document, [set("municipality", "112119"), band("75-84", 5)]);
    author.sync().unwrap();
    until_quiet(&mut others);
    others[1].record(document, [set("venue", "公民館")]);
    until_quiet(&mut others);
    server.restore(&backup);

    let unsent = |tablet: &Headless| (tablet.status().unsent_changes, totals(tablet)[&document].0);
    for _ in 0..2 {
        assert!(others[0].sync_within(TURNS, |_| {}).unwrap());
        assert!(!others[1].sync_within(TURNS, |_| {}).unwrap(), "its change follows one that is not there");
    }
    assert_eq!(others.each_ref().map(unsent), [(0, Some(5)), (1, Some(5))]);
    for tablet in &others {
        assert!(tablet.status().scopes.iter().all(|scope| !scope.agreed));
        assert_ne!(tablet.digests(), tablet.server_digests());
    }
    let administrator = Headless::enrol(&server, server.sign_in("administrator-11"), "管理", Some(&[]));
    let custody: Value = administrator.client().get("/v1/custody", administrator.key()).unwrap();
    assert_eq!(custody["entries"], Value::Array(Vec::new()));
    assert_eq!(healing(&server)["changes"], 0);

    author.sync().unwrap();
    until_quiet(&mut others);
    let [reader, writer] = &others;
    assert_eq!(totals(reader)[&document], (Some(5), "公民館".to_owned()));
    assert_eq!(reader.digests(), writer.digests());
    let entries = healing(&server)["entries"].as_array().unwrap().clone();
    let mut names: Vec<&str> = entries.iter().map(|entry| entry["device"]["name"].as_str().unwrap()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names, ["書いた端末", "書き足した端末"]);
    server.verify();
}
