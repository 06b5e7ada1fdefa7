//! Tablets that were away for months, and tablets whose clock is wrong: everything is sent, and the wrong clock is told.

use serde_json::Value;
use sync_core::ids::DocumentId;
use tsudoi_tests::{Chance, Headless, Office, Server, band, set};

const DAY_MS: i64 = 86_400_000;
const BAND: &str = "75-84";

fn officer(server: &Server) -> Office {
    Office::sign_in(server, server.sign_in("municipal-112119"))
}

/// Heads at a record, as the office counts them.
fn heads(office: &Office, document: DocumentId) -> Option<i64> {
    let record = office.get(&format!("/v1/records/{document}"));
    record["attendance"].as_i64()
}

/// How far the office is told a tablet's clock is off, ms.
fn offset(office: &Office, tablet: &Headless) -> i64 {
    let page = office.get("/v1/devices");
    let named = |one: &&Value| one["device"] == tablet.device().to_string();
    page["tablets"].as_array().unwrap().iter().find(named).unwrap()["clock_offset_ms"].as_i64().unwrap()
}

#[test]
fn a_tablet_that_was_away_for_months_sends_everything() {
    let mut chance = Chance::from_environment("months", 11);
    let mut server = Server::start();
    let mut tablet = Headless::enrol(&server, server.sign_in("staff-112119"), "受付", None);
    tablet.sync().unwrap();
    let mut sessions = Vec::new();
    for month in 1..=8 {
        tablet.set_clock(month * 30 * DAY_MS);
        let document = DocumentId::from_bytes(chance.bytes());
        let date = format!("2026-{month:02}-10");
        tablet.record(document, [set("municipality", "112119"), set("date", &date), band(BAND, month)]);
        tablet.gather();
        if month % 3 == 0 {
            tablet.crash();
        }
        sessions.push(document);
    }
    // what the server gave out for the next proof is long over: it is another process now
    server.kill();
    server.start_again();
    let unsent = tablet.status().unsent_records;
    assert_eq!(unsent, sessions.len());
    tablet.sync().unwrap();
    assert_eq!(tablet.status().unsent_changes, 0);
    assert!(tablet.status().scopes.iter().all(|scope| scope.agreed), "{:?}", tablet.status());
    assert_eq!(tablet.digests(), tablet.server_digests());
    let office = officer(&server);
    for (month, document) in (1..).zip(&sessions) {
        assert_eq!(heads(&office, *document), Some(month));
    }
    server.verify();
}

#[test]
fn a_wrong_clock_holds_nothing_up_and_is_told() {
    let mut chance = Chance::from_environment("clock", 12);
    let server = Server::start();
    let office = officer(&server);
    let document = DocumentId::from_bytes(chance.bytes());
    let mut expected = 0;
    let mut tablets: Vec<Headless> =
        ["受付", "配布"].map(|name| Headless::enrol(&server, server.sign_in("staff-112119"), name, None)).into();
    tablets[0].record(document, [set("municipality", "112119"), set("date", "2026-11-21")]);
    // set forward and back between exchanges, also while what was learnt of the server's clock still seems good
    for wrong_ms in [DAY_MS, -DAY_MS, 3 * 365 * DAY_MS, -5 * 365 * DAY_MS, 0] {
        for tablet in &mut tablets {
            tablet.set_clock(wrong_ms);
            tablet.record(document, [band(BAND, 1)]);
            expected += 1;
            tablet.sync().unwrap_or_else(|fault| panic!("{wrong_ms}: {fault:?}"));
            assert_eq!(tablet.status().unsent_changes, 0, "{wrong_ms}");
            let near = |told: i64| told.abs_diff(wrong_ms) < 60_000;
            assert!(near(tablet.status().clock_offset_ms.unwrap()), "{wrong_ms}: the tablet knows");
            assert!(near(offset(&office, tablet)), "{wrong_ms}: the office knows");
        }
        assert_eq!(heads(&office, document), Some(expected), "{wrong_ms}");
    }
    for tablet in &mut tablets {
        tablet.sync().unwrap();
        assert_eq!(tablet.digests(), tablet.server_digests());
    }
    server.verify();
}
