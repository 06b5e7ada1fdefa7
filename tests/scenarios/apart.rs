//! Tablets that record the same session while apart.

use std::collections::BTreeSet;

use serde_json::Value;
use sync_core::domain::vocabulary::StepState;
use sync_core::ids::DocumentId;
use tsudoi_tests::{Chance, Headless, Office, Server, band, material, set, step};

const HONJO: &str = "112119";

#[test]
fn sums_add_up_and_a_conflict_shows_both_values_on_every_tablet_and_the_dashboard() {
    let mut chance = Chance::from_environment("apart", 7);
    let server = Server::start();
    let mut tablets: Vec<Headless> = ["受付", "配布", "講師"]
        .map(|name| Headless::enrol(&server, server.sign_in("staff-112119"), name, None))
        .into();
    let session = DocumentId::from_bytes(chance.bytes());
    tablets[0].record(session, [set("date", "2024-11-21"), set("municipality", HONJO), set("activity", "lecture")]);
    for tablet in &mut tablets {
        tablet.sync().unwrap();
    }

    tablets[0].record(session, [band("75-84", 5), material("contact-card", "age-75", 4), set("venue", "本庄公民館")]);
    tablets[1].record(session, [band("75-84", 7), material("contact-card", "age-75", 3)]);
    tablets[2].record(session, [set("venue", "児玉公民館"), step(StepState::Held)]);
    tablets[1].crash();
    for round in 0..2 {
        for tablet in &mut tablets {
            tablet.sync().unwrap_or_else(|fault| panic!("round {round}: {fault:?}"));
        }
    }

    for tablet in &tablets {
        let view = serde_json::to_value(tablet.view(session)).unwrap();
        assert_eq!(total(&view, "attendance.band.75-84"), Some(12), "{view}");
        assert_eq!(total(&view, "material.contact-card.age-75"), Some(7), "{view}");
        assert_eq!(view["attendance"], 12);
        assert_eq!(total(&view, "screening.viewers"), None, "nobody reported viewers");
        let alternatives = view["fields"]["venue"]["alternatives"].as_array().unwrap();
        let shown: BTreeSet<(&str, &str)> =
            alternatives.iter().map(|one| (one["value"].as_str().unwrap(), one["device"].as_str().unwrap())).collect();
        let (first, third) = (tablets[0].device().to_string(), tablets[2].device().to_string());
        assert_eq!(shown, BTreeSet::from([("本庄公民館", first.as_str()), ("児玉公民館", third.as_str())]));
        assert!(alternatives.iter().all(|one| one["by"].is_string() && one["at"].is_u64()), "{alternatives:?}");
        assert_eq!(tablet.status().unsent_changes, 0);
        assert!(tablet.status().scopes.iter().all(|scope| scope.agreed), "{:?}", tablet.status());
        assert_eq!(tablet.digests(), tablet.server_digests());
    }

    let officer = Office::sign_in(&server, server.sign_in("municipal-112119"));
    let path = format!("/v1/dashboard/municipality/{HONJO}?fiscal_year=2024");
    let dashboard = officer.get(&path);
    let cards = &dashboard["materials"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["material"]["id"] == "contact-card")
        .unwrap_or_else(|| panic!("no contact cards in {dashboard}"))["figure"];
    assert_eq!((cards["total"].as_i64(), cards["unreported"].as_i64()), (Some(7), Some(0)));
    assert_eq!(dashboard["attendance"]["total"], 12);

    tablets[2].record(session, [set("venue", "児玉公民館")]);
    for tablet in [2, 0, 1] {
        tablets[tablet].sync().unwrap();
        let view = serde_json::to_value(tablets[tablet].view(session)).unwrap();
        assert_eq!(view["fields"]["venue"]["value"], "児玉公民館");
        assert_eq!(view["fields"]["venue"]["alternatives"].as_array().map(Vec::len), Some(0), "settled by an edit");
    }
    still_sound(server);
}

#[test]
fn another_organisations_records_are_as_unknown_as_an_unknown_id() {
    let server = Server::start();
    let staff = Headless::enrol(&server, server.sign_in("staff-112119"), "本庄", None);
    let office = Office::sign_in(&server, server.sign_in("staff-112119"));
    let ask = |path: &str| {
        let mut refusal = office.ask(path).unwrap_err();
        refusal["request_id"].take();
        refusal.to_string()
    };
    let other = ask("/v1/dashboard/municipality/113859");
    assert_eq!(other.replace("113859", "X"), ask("/v1/dashboard/municipality/999999").replace("999999", "X"));
    let nobody: Result<Value, _> =
        staff.client().get("/v1/scopes", &tsudoi::key::DeviceKey::generate().unwrap().with("nobody".to_owned()));
    assert!(nobody.is_err());
}

fn total(view: &Value, measure: &str) -> Option<i64> {
    view["tallies"].as_array().unwrap().iter().find(|tally| tally["measure"] == measure)?["total"].as_i64()
}

fn still_sound(mut server: Server) {
    assert!(server.is_running());
    server.verify();
}
