//! Poor lines: every connection breaks after so many bytes, or no large body gets through. Everything ends all the same,
//! and says what does not fit.

use std::time::Duration;

use serde_json::{Value, json};
use sync_core::document::TextName;
use sync_core::domain::Intent;
use sync_core::ids::DocumentId;
use sync_core::tablet::Table;
use tsudoi_tests::{Chance, Cut, Headless, Line, Narrow, Office, Proxy, Server, band, set};

const RECORDS: u8 = 60;
/// More than any of these lines needs.
const TURNS: u32 = 3_000;
/// A record whose texts are larger than what the poorest line carries.
const LONG: u8 = 251;

fn document(number: u8) -> DocumentId {
    DocumentId::from_bytes([number; 16])
}

fn server() -> Server {
    Server::start_with(&[("TSUDOI_DEVICE_EXCHANGES_PER_MINUTE", "0")])
}

fn enrol(server: &Server, name: &str) -> Headless {
    Headless::enrol(server, server.sign_in("staff-112119"), name, None)
}

/// Letters that do not compress.
fn letters(chance: &mut Chance, count: usize) -> String {
    (0..count).filter_map(|_| char::from_u32(0x4e00 + u32::try_from(chance.below(0x5000)).unwrap())).collect()
}

/// Records of a place, one of them long: written in pieces, as people do.
fn fill(tablet: &mut Headless, chance: &mut Chance) {
    for number in 1..=RECORDS {
        let venue = letters(chance, 40);
        tablet.record(document(number), [set("municipality", "112119"), set("venue", &venue), band("75-84", 2)]);
    }
    tablet.record(document(LONG), [set("municipality", "112119"), band("75-84", 5)]);
    for text in TextName::ALL {
        let mut value = String::new();
        for _ in 0..3 {
            value.push_str(&letters(chance, 800));
            tablet.record(document(LONG), [Intent::Write { text, base: None, value: value.clone() }]);
            tablet.gather();
        }
    }
}

/// Some rows are gone: the tablet finds out by an audit what it lacks.
fn forget_some(tablet: &mut Headless) {
    let mut rows = tablet.rows();
    let keeps = |key: &(Table, String)| key.0 != Table::Document || key.1.starts_with(['0', '1']);
    rows.retain(|key, _| keeps(key));
    tablet.restart(rows);
}

#[test]
fn syn_13_a_line_cut_again_and_again_ends_for_push_pull_and_audit() {
    let mut chance = Chance::from_environment("poor", 79);
    for bytes in [200_000, 50_000, 20_000] {
        let server = server();
        let proxy = Proxy::to(server.address());
        let mut writer = enrol(&server, "現場");
        fill(&mut writer, &mut chance);
        let mut reader = enrol(&server, "新しい端末");
        proxy.cut(Cut { both: Some(bytes), ..Cut::default() });
        writer.connect(proxy.address());
        reader.connect(proxy.address());

        assert!(writer.sync_through(TURNS), "push over {bytes}: {:?}", writer.status());
        assert_eq!(writer.status().unsent_changes, 0);
        assert!(reader.sync_through(TURNS), "pull over {bytes}: {:?}", reader.status());
        assert_eq!(reader.list().len(), usize::from(RECORDS) + 1);
        assert!(reader.registry().is_some());
        assert_eq!(reader.digests(), writer.digests(), "over {bytes}");
        forget_some(&mut reader);
        assert!(reader.list().len() < usize::from(RECORDS));
        assert!(reader.sync_through(TURNS), "audit over {bytes}: {:?}", reader.status());
        assert_eq!(reader.digests(), writer.digests(), "over {bytes}");
        server.verify();
    }
}

/// Adds lecturers.
fn add_lecturers(office: &Office, chance: &mut Chance, numbers: std::ops::Range<u32>) {
    for number in numbers {
        let lecturer = json!({ "surname": format!("講師{number}"), "affiliation": letters(chance, 60), "bank": true });
        office.post("/v1/registry/lecturers", &lecturer);
    }
}

#[test]
fn syn_14_a_registry_in_parts_ends_while_it_changes_after_each_of_them() {
    let mut chance = Chance::from_environment("registry", 82);
    let server = server();
    let office = Office::sign_in(&server, server.sign_in("administrator-11"));
    add_lecturers(&office, &mut chance, 0..300);
    let mut reader = enrol(&server, "新しい端末");
    let proxy = Proxy::to(server.address());
    proxy.cut(Cut { both: Some(20_000), ..Cut::default() });
    reader.connect(proxy.address());
    let mut between = 0;
    let ended = reader.sync_through_watched(TURNS, |tablet| {
        if tablet.registry().is_none() {
            between += 1;
            enrol(&server, &format!("端末{between}"));
            add_lecturers(&office, &mut chance, 1_000 + between..1_001 + between);
        }
    });
    assert!(ended && (3..40).contains(&between), "{between}: {:?}", reader.status());
    assert!(reader.registry().is_some());

    // nothing more changes: it comes to the last one
    assert!(reader.sync_through(TURNS), "{:?}", reader.status());
    let held: Value = serde_json::from_slice(reader.registry().unwrap()).unwrap();
    assert_eq!(held, office.get("/v1/registry"));
    server.verify();
}

#[test]
fn syn_13_a_slow_line_with_black_outs_ends() {
    let mut chance = Chance::from_environment("slow", 83);
    let server = server();
    let line = Line { bytes_per_second: 4_000, every: Duration::from_secs(10), dark: Duration::from_secs(2) };
    let mut writer = enrol(&server, "現場");
    for number in 1..=8 {
        let venue = letters(&mut chance, 40);
        writer.record(document(number), [set("municipality", "112119"), set("venue", &venue), band("75-84", 2)]);
    }
    // more than what is asked for at first carries before the next black-out
    writer.record(document(LONG), [set("municipality", "112119"), band("75-84", 5)]);
    let mut value = String::new();
    for _ in 0..8 {
        value.push_str(&letters(&mut chance, 800));
        writer.record(document(LONG), [Intent::Write { text: TextName::Outcome, base: None, value: value.clone() }]);
        writer.gather();
    }
    let mut reader = enrol(&server, "新しい端末");
    let address = line.to(server.address());
    writer.connect(&address);
    reader.connect(&address);
    assert!(writer.sync_through(TURNS), "push: {:?}", writer.status());
    assert!(reader.sync_through(TURNS), "pull: {:?}", reader.status());
    assert_eq!((reader.list().len(), reader.registry().is_some()), (9, true));
    assert_eq!(reader.digests(), writer.digests());
    server.verify();
}

#[test]
fn syn_15_what_is_whole_is_there_after_the_first_pieces() {
    let mut chance = Chance::from_environment("first", 80);
    let server = server();
    let mut writer = enrol(&server, "現場");
    fill(&mut writer, &mut chance);
    writer.sync().unwrap();
    let proxy = Proxy::to(server.address());
    let mut reader = enrol(&server, "新しい端末");
    reader.connect(proxy.address());
    let mut first = None;
    reader
        .sync_watched(|tablet| {
            if first.is_none() && !tablet.list().is_empty() {
                first = Some(proxy.came_down());
            }
        })
        .unwrap();
    assert!(first.is_some_and(|bytes| bytes <= 100_000), "the first record after {first:?} bytes");
}

#[test]
fn syn_16_a_way_that_limits_bodies_takes_them_split_and_what_does_not_fit_is_named() {
    let mut chance = Chance::from_environment("narrow", 81);
    let server = server();
    let narrow = Narrow::to(server.address(), 6_000);
    let mut writer = enrol(&server, "現場");
    for number in 1..=100 {
        let venue = letters(&mut chance, 40);
        writer.record(document(number), [set("municipality", "112119"), set("venue", &venue)]);
        writer.gather();
        for _ in 0..5 {
            writer.record(document(number), [band("75-84", 1)]);
            writer.gather();
        }
    }
    assert!(writer.status().unsent_changes >= 600);
    writer.connect(narrow.address());
    assert!(writer.sync_through(TURNS), "{:?}", writer.status());
    assert!(narrow.refused() > 0);

    // no change of this one gets through, and another record goes all the same
    narrow.allow(400);
    let value = letters(&mut chance, 2_000);
    writer.record(document(LONG), [Intent::Write { text: TextName::Outcome, base: None, value }]);
    writer.gather();
    writer.record(document(1), [band("75-84", 1)]);
    writer.gather();
    assert!(!writer.sync_through(200), "one change does not fit");
    let status = writer.status();
    assert_eq!(status.unsent_records, 1, "{status:?}");
    let named = status.too_large.expect("it is named");
    assert!(named.document == document(LONG) && named.bytes > 400);

    narrow.allow(64_000);
    assert!(writer.sync_through(200), "{:?}", writer.status());
    assert_eq!(writer.status().too_large, None);
    server.verify();
}
