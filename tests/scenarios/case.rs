//! The year of 本庄市児玉郡 as its own report states it, entered by headless tablets and read from the dashboards.

use std::collections::BTreeSet;

use serde_json::Value;
use tsudoi_tests::{Headless, Office, Server};

const CASE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../clients/cli/cases/honjo-kodama-r6.json");

struct Reading {
    server: Server,
    office: Office,
    association: String,
}

impl Reading {
    fn loaded() -> Self {
        let server = Server::start();
        server.tsudoi(&["load-case", CASE, "--code", &server.sign_in("administrator-11").code]);
        let office = Office::sign_in(&server, server.sign_in("prefectural-11"));
        let association = server.sign_in("coordinator-honjo").organisation.clone();
        Self { server, office, association }
    }

    fn get(&self, path: &str) -> Value {
        self.office.get(path)
    }

    fn association(&self) -> Value {
        self.get(&format!("/v1/dashboard/association/{}?fiscal_year=2024", self.association))
    }

    fn records(&self, query: &str) -> Vec<Value> {
        self.get(&format!("/v1/records?fiscal_year=2024&limit=500&{query}"))["records"].as_array().unwrap().clone()
    }
}

fn names(list: &Value, key: &str) -> BTreeSet<String> {
    list.as_array().unwrap().iter().map(|one| one[key].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn the_honjo_kodama_year_says_what_its_report_says_and_nothing_more() {
    let office = Reading::loaded();
    let dashboard = office.association();

    // 登録医師による講話: 1市3町で計5回 (富沢、薦部、荻野)
    assert_eq!(dashboard["dispatches"]["held"]["total"], 5);
    assert_eq!((&dashboard["spread"]["cities"], &dashboard["spread"]["towns"]), (&Value::from(1), &Value::from(3)));
    let talks = office.records("is_dispatch=true");
    assert_eq!(talks.len(), 5);
    let surnames: BTreeSet<String> = talks.iter().flat_map(|talk| names(&talk["lecturers"], "name")).collect();
    for surname in ["富沢", "薦部", "荻野"] {
        assert!(surnames.iter().any(|name| name.contains(surname)), "{surname} is not among {surnames:?}");
    }
    assert_eq!(surnames.len(), 3);
    assert!(talks.iter().all(|talk| talk["attendance"].is_null()), "no head count was reported for the talks");

    // 研修会: 令和6年12月18日 参加者 49人
    let trainings = office.records("activity=training");
    assert_eq!(trainings.len(), 1);
    assert_eq!((&trainings[0]["date"], &trainings[0]["attendance"]), (&Value::from("2024-12-18"), &Value::from(49)));
    assert_eq!(trainings[0]["venue"], "上里町役場 4階大会議室");
    assert_eq!(dashboard["training_attendance"]["total"], 49);

    // 協議会 2回、市町担当者会議 18回、担当課長会議 3回、相談 43件
    let meetings = |title: &str| {
        let all = dashboard["meetings"].as_array().unwrap();
        all.iter().find(|one| one["title"] == title).unwrap_or_else(|| panic!("no {title} in {all:?}"))["records"]["held"]["total"].clone()
    };
    assert_eq!(
        (meetings("協議会"), meetings("市町担当者会議"), meetings("担当課長会議")),
        (2.into(), 18.into(), 3.into())
    );
    let councils: BTreeSet<String> = office
        .records("activity=meeting")
        .iter()
        .filter(|one| one["title"] == "協議会")
        .filter_map(|one| one["date"].as_str().map(str::to_owned))
        .collect();
    assert_eq!(councils, BTreeSet::from(["2024-06-18".to_owned(), "2025-02-07".to_owned()]));
    assert_eq!(dashboard["consultations"]["total"], 43);

    // DVD視聴の場: 特定健診、民生委員研修会、通いの場; viewers not reported, which is not 0
    let screenings = &dashboard["screenings"];
    assert_eq!(
        names(&screenings["by_occasion"], "occasion"),
        ["特定健診", "民生委員研修会", "通いの場"].map(str::to_owned).into()
    );
    assert!(screenings["viewers"]["total"].is_null(), "{screenings}");
    assert_eq!(screenings["viewers"]["unreported"], 3);

    no_figure_is_zero_where_nothing_was_reported(&office);
    office.server.verify();
}

fn no_figure_is_zero_where_nothing_was_reported(office: &Reading) {
    for code in ["112119", "113816", "113832", "113859"] {
        let path = format!("/v1/dashboard/municipality/{code}?fiscal_year=2024");
        let dashboard = office.get(&path);
        let mut seen = Vec::new();
        figures(&dashboard, &mut String::new(), &mut seen);
        for (place, figure) in seen {
            let is_count = figure["total"] == figure["reported"] && figure["unreported"] == 0;
            assert!(
                figure["reported"] != 0 || figure["total"].is_null() || is_count,
                "{path} {place}: {figure} shows a number nobody reported"
            );
        }
        let cards =
            dashboard["materials"].as_array().unwrap().iter().find(|one| one["material"]["id"] == "contact-card");
        let cards = cards.unwrap_or_else(|| panic!("{path}: no contact cards"));
        assert!(
            cards["figure"]["total"].is_null(),
            "{path}: cards were handed out, their number is not reported: {cards}"
        );
        assert!(cards["figure"]["unreported"].as_i64() > Some(0));
    }
}

/// Every figure below a value, with its place.
fn figures<'a>(value: &'a Value, place: &mut String, seen: &mut Vec<(String, &'a Value)>) {
    if value.get("reported").is_some() && value.get("unreported").is_some() {
        seen.push((place.clone(), value));
    }
    let children: Vec<(String, &Value)> = match value {
        Value::Object(map) => map.iter().map(|(key, child)| (key.clone(), child)).collect(),
        Value::Array(list) => list.iter().enumerate().map(|(index, child)| (index.to_string(), child)).collect(),
        _ => Vec::new(),
    };
    for (key, child) in children {
        let length = place.len();
        place.push('/');
        place.push_str(&key);
        figures(child, place, seen);
        place.truncate(length);
    }
}

#[test]
fn loading_the_case_twice_changes_nothing() {
    let office = Reading::loaded();
    let digests = |office: &Reading| {
        let scopes = [format!("association:{}", office.association), "municipality:112119".to_owned()];
        let reader = Headless::enrol(&office.server, office.server.sign_in("administrator-11"), "照合", Some(&scopes));
        reader.server_digests()
    };
    let strip = |mut dashboard: Value| {
        if let Some(map) = dashboard.as_object_mut() {
            map.retain(|key, _| !["as_of", "silent_tablets", "last_record_at"].contains(&key.as_str()));
        }
        dashboard
    };
    let before = (digests(&office), strip(office.association()), office.records("").len());
    assert!(before.0.values().all(|(count, _)| *count > 0), "{:?}", before.0);
    office.server.tsudoi(&["load-case", CASE, "--code", &office.server.sign_in("administrator-11").code]);
    let after = (digests(&office), strip(office.association()), office.records("").len());
    assert_eq!(before, after);
}
