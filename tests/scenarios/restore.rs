//! The database is lost and a backup restored: the tablets bring back what the backup does not have. Nobody has to do
//! anything for it, unless the tablet that wrote it is gone.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sync_core::ids::DocumentId;
use sync_core::tablet::SaveState;
use tsudoi_tests::{Chance, Headless, Office, Server, band, material, set};

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
    Office::sign_in(server, server.sign_in("administrator-11")).get("/v1/healing")
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

const DOCUMENT: DocumentId = DocumentId::from_bytes([7; 16]);

/// A server that has lost a record, its author, and two tablets that had pulled it; the second has written more since.
fn lost_with_its_author_away(renewed: bool) -> (Server, Headless, [Headless; 2]) {
    let mut server = Server::start();
    let enrol = |name: &str| Headless::enrol(&server, server.sign_in("staff-112119"), name, None);
    let (mut author, reader, writer) = (enrol("書いた端末"), enrol("読んだ端末"), enrol("書き足した端末"));
    let (earlier, document) = (DocumentId::from_bytes([8; 16]), DOCUMENT);
    let mut others = [reader, writer];
    author.record(earlier, [set("municipality", "112119"), band("75-84", 1)]);
    author.sync().unwrap();
    until_quiet(&mut others);
    let backup = server.back_up();
    author.record(document, [set("municipality", "112119"), band("75-84", 5)]);
    author.sync().unwrap();
    until_quiet(&mut others);
    server.restore(&backup);
    if renewed {
        server.kill();
        server.command(&["renew-epochs"]);
        server.start_again();
    }
    others[1].record(document, [set("venue", "公民館")]);
    (server, author, others)
}

fn custody(administrator: &Office) -> Vec<Value> {
    let page = administrator.get("/v1/custody");
    page["entries"].as_array().unwrap().clone()
}

/// The others bring the record back as often as they like: it is kept aside once, and nothing they hold is dropped.
fn assert_it_waits_for_a_person(administrator: &Office, others: &mut [Headless; 2], renewed: bool) -> Vec<Value> {
    let unsent = |tablet: &Headless| (tablet.status().unsent_changes, totals(tablet)[&DOCUMENT].0);
    for _ in 0..2 {
        for tablet in &mut *others {
            let rows = tablet.rows();
            tablet.restart(rows);
        }
        assert!(others[0].sync_within(TURNS, |_| {}).unwrap());
        assert!(!others[1].sync_within(TURNS, |_| {}).unwrap(), "its change follows one that is not there");
    }
    assert_eq!(others.each_ref().map(unsent), [(0, Some(5)), (1, Some(5))]);
    for tablet in others.iter() {
        assert_ne!(tablet.view(DOCUMENT).save_state, SaveState::Agreed, "the server does not have it");
        if !renewed {
            assert_ne!(tablet.digests(), tablet.server_digests());
        }
    }
    let held = custody(administrator);
    let names: std::collections::BTreeSet<&str> = held.iter().map(|entry| entry["hash"].as_str().unwrap()).collect();
    assert!(!held.is_empty() && names.len() == held.len(), "{held:?}");
    for entry in &held {
        assert_eq!((&entry["code"], &entry["device"]["name"]), (&json!("brought_back"), &json!("読んだ端末")));
    }
    held
}

fn assert_all_have_it(server: &Server, others: &mut [Headless; 2]) {
    until_quiet(others);
    let mut witness = Headless::enrol(server, server.sign_in("staff-112119"), "証人", None);
    witness.sync().unwrap();
    for tablet in others.iter().chain([&witness]) {
        assert_eq!(totals(tablet)[&DOCUMENT], (Some(5), "公民館".to_owned()));
        assert_eq!(tablet.digests(), tablet.server_digests());
        assert!(tablet.status().scopes.iter().all(|scope| scope.agreed));
    }
    server.verify();
}

fn admitted_by_a_person(renewed: bool) {
    let (server, author, mut others) = lost_with_its_author_away(renewed);
    let author = author.device();
    let administrator = Office::sign_in(&server, server.sign_in("administrator-11"));
    let held = assert_it_waits_for_a_person(&administrator, &mut others, renewed);
    assert_eq!(healing(&server)["changes"], 0);

    let device = others[0].device().to_string();
    let path = format!("/v1/custody/{DOCUMENT}/{device}");
    let shown = administrator.get(&path);
    assert_eq!(shown["brought_from"], json!([{ "id": author.to_string(), "name": "書いた端末" }]));
    assert_eq!((&shown["fits"], &shown["may_decide"]), (&json!(true), &json!(true)));
    assert!(!shown["effects"].as_array().unwrap().is_empty() && !shown["authors"].as_array().unwrap().is_empty());
    let decision = json!({
        "document": DOCUMENT.to_string(), "device": device, "decision": "admitted", "reason": "本人に確かめました",
    });
    let decided = administrator.post("/v1/custody/decisions", &decision);
    assert_eq!(decided["changes"], held.len());

    assert_all_have_it(&server, &mut others);
    let back = healing(&server);
    assert_eq!((&back["changes"], &back["entries"][0]["device"]["name"]), (&json!(held.len()), &json!("読んだ端末")));
    assert!(custody(&administrator).iter().all(|entry| entry["decision"]["decision"] == "admitted"));
}

#[test]
fn what_an_absent_tablet_wrote_after_the_backup_is_let_in_by_a_person_and_what_follows_it_comes_by_itself() {
    admitted_by_a_person(false);
}

#[test]
fn it_is_brought_back_under_a_new_epoch_too() {
    admitted_by_a_person(true);
}

#[test]
fn when_the_absent_tablet_comes_back_first_nobody_has_to_decide() {
    let (server, mut author, mut others) = lost_with_its_author_away(false);
    let administrator = Office::sign_in(&server, server.sign_in("administrator-11"));
    assert_it_waits_for_a_person(&administrator, &mut others, false);
    author.sync().unwrap();
    assert_eq!(custody(&administrator), [] as [Value; 0]);
    assert_all_have_it(&server, &mut others);
    assert_eq!(healing(&server)["entries"][0]["device"]["name"], "書いた端末");
}
