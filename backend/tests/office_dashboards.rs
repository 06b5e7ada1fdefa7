//! Dashboards: what each role sees, what is not reported stays without a number, and every figure equals its list.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "server/support.rs"]
#[allow(dead_code, reason = "shared with the other test binary, which uses the rest")]
mod support;

use axum::http::StatusCode;
use serde_json::{Value, json};
use sync_core::domain::vocabulary::StepState;
use tsudoi_server::service::access::Role;

use support::{Device, HONJO, Server, document_id, server};

const HONJO_CODE: &str = "112119";
/// 2026-09-01 in Japan is within the still clock's fiscal year 2026 (2027-01-15).
const DAY: &str = "2026-09-01";

/// A tablet of an administrator, that may hold whatever it asks for.
async fn tablet(server: &Server) -> Device {
    server.device(1, HONJO).await
}

async fn send(server: &Server, device: &mut Device, number: u8, edits: impl FnOnce(&mut Device)) {
    let id = document_id(number);
    edits(device);
    let actor = device.device;
    let changes = device.document(id).changes_of(actor).into_iter().map(|change| change.bytes).collect();
    let push = device.push(id, changes);
    let response = server.sync(device, &device.request(vec![push])).await;
    assert!(support::outcomes(&response, id).iter().all(|(_, _, code)| code.is_empty()), "{response:?}");
}

async fn register(server: &Server, what: &str, new: &Value) -> String {
    let cookie = server.signed_in(Role::Administrator, "11").await;
    let answer = server.post(&format!("/v1/registry/{what}"), Some(("cookie", &cookie)), new).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", String::from_utf8_lossy(&answer.body));
    answer.json()["id"].as_str().unwrap().to_owned()
}

async fn association(server: &Server, name: &str) -> String {
    register(server, "associations", &json!({ "name": name, "municipalities": [HONJO_CODE, "113859"] })).await
}

async fn get(server: &Server, cookie: &str, path: &str) -> (StatusCode, Value) {
    let answer = server.get(path, Some(("cookie", cookie))).await;
    (answer.status, answer.json())
}

/// Every figure in an answer, with where it stands.
fn figures(value: &Value, path: &str, found: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(fields) if fields.contains_key("unreported") => found.push((path.to_owned(), value.clone())),
        Value::Object(fields) => fields.iter().for_each(|(key, one)| figures(one, &format!("{path}.{key}"), found)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(n, one)| figures(one, &format!("{path}[{n}]"), found))
        }
        _ => {}
    }
}

/// A talk in Honjo with 12 heads, one without heads, one planned that has passed, cards, a screening, a cancelled talk.
async fn year(server: &Server) -> String {
    let sender = association(server, "試験医師会").await;
    let mut pen = tablet(server).await;
    for number in 1..=5u8 {
        let id = document_id(number);
        let sender = sender.clone();
        send(server, &mut pen, number, |pen| {
            pen.set(id, "activity", if number == 4 { "screening" } else { "lecture" });
            pen.set(id, "date", DAY);
            pen.set(id, "title", "講話＆座談");
            if number != 2 {
                pen.set(id, "municipality", HONJO_CODE);
            }
            if number != 4 {
                pen.set(id, "dispatched_by", &sender);
            }
            match number {
                1 => {
                    pen.count(id, "attendance.band.75-84", 12);
                    pen.count(id, "material.contact-card.age-75", 4);
                    pen.count(id, "material.contact-card.other", 3);
                    pen.step(id, StepState::Held);
                }
                2 | 4 => {
                    pen.step(id, StepState::Held);
                }
                5 => {
                    pen.step(id, StepState::Cancelled);
                }
                _ => {}
            }
            if number == 2 {
                pen.edit(id, |document, _| document.link("noted/material.contact-card.age-75").unwrap());
            }
        })
        .await;
    }
    sender
}

#[tokio::test]
async fn every_figure_equals_the_list_behind_it() {
    let server = server().await;
    let sender = year(&server).await;
    let prefectural = server.signed_in(Role::Prefectural, "11").await;
    let municipal = server.signed_in(Role::Municipal, HONJO_CODE).await;
    let coordinator = server.signed_in(Role::Coordinator, &sender).await;
    for (cookie, path) in [
        (&prefectural, "/v1/dashboard/prefecture?fiscal_year=2026".to_owned()),
        (&municipal, format!("/v1/dashboard/municipality/{HONJO_CODE}?fiscal_year=2026")),
        (&coordinator, format!("/v1/dashboard/association/{sender}?fiscal_year=2026")),
    ] {
        equals_its_lists(&server, cookie, &path).await;
    }
}

/// Each figure of a dashboard has as many records behind it as it says, with that sum and those gaps.
async fn equals_its_lists(server: &Server, cookie: &str, path: &str) {
    let (status, answer) = get(server, cookie, path).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let mut found = Vec::new();
    figures(&answer, "", &mut found);
    assert!(found.len() > 10, "{path}");
    for (place, figure) in found {
        let records = figure["records"].as_str().unwrap();
        let (_, list) = get(server, cookie, &format!("/v1/records?{records}")).await;
        let count = figure["reported"].as_i64().unwrap() + figure["unreported"].as_i64().unwrap();
        assert_eq!(list["total"].as_i64(), Some(count), "{path} {place} {records}");
        let (_, gaps) = get(server, cookie, &format!("/v1/records?{records}&without_value=true")).await;
        if records.contains("measure=") && !place.ends_with(".count") && !place.ends_with(".screenings") {
            assert_eq!(gaps["total"], figure["unreported"], "{path} {place}");
            let values = list["records"].as_array().unwrap().iter().filter_map(|record| record["value"].as_i64());
            let sum = values.clone().count().gt(&0).then(|| values.sum::<i64>());
            assert_eq!(figure["total"].as_i64(), sum, "{path} {place} {records}");
        }
    }
    let missing = answer["reports_missing_records"].as_str().unwrap();
    let (_, list) = get(server, cookie, &format!("/v1/records?{missing}")).await;
    assert_eq!(list["total"], answer["reports_missing"], "{path}");
}

#[tokio::test]
async fn figures_of_mixed_records_equal_their_lists() {
    const ACTIVITIES: [&str; 6] = ["lecture", "training", "meeting", "screening", "distribution", "consultation"];
    const MEASURES: [&str; 7] = [
        "material.contact-card.age-75",
        "material.contact-card.other",
        "material.anshin-set.other",
        "consultation.phone",
        "consultation.visit",
        "screening.viewers",
        "attendance.band.85+",
    ];
    let server = server().await;
    let (own, other) = (association(&server, "試験医師会").await, association(&server, "別の医師会").await);
    let mut pen = tablet(&server).await;
    // every kind of record meets every way to be dated, placed, sent, counted and ended
    for number in 0..48u8 {
        let id = document_id(number + 1);
        let at = |every: u8| usize::from(number / every);
        let (own, other) = (own.clone(), other.clone());
        send(&server, &mut pen, number + 1, |pen| {
            pen.set(id, "activity", ACTIVITIES[at(1) % 6]);
            pen.set(id, "date", ["2026-05-10", "2026-09-01", "2027-03-31", "2025-05-01"][at(5) % 4]);
            if number % 7 != 0 {
                pen.set(id, "municipality", [HONJO_CODE, "113859"][at(3) % 2]);
            }
            match number % 4 {
                0 => _ = pen.set(id, "dispatched_by", &own),
                1 => _ = pen.set(id, "association", &own),
                2 => {
                    pen.set(id, "association", &own);
                    pen.set(id, "dispatched_by", &other);
                }
                _ => {}
            }
            if number % 3 != 0 {
                pen.set(id, "title", ["見本の会", "運営会議"][at(2) % 2]);
            }
            if number % 5 == 1 {
                pen.set(id, "occasion", ["サロン", "百歳体操"][at(7) % 2]);
            }
            if number % 11 == 2 {
                pen.set(id, "medium", "人生会議のDVD");
            }
            for step in 0..at(9) % 4 {
                let measure = MEASURES[(at(1) + step) % MEASURES.len()];
                if (number + 1) % 3 == 0 {
                    pen.edit(id, |document, _| document.link(&format!("noted/{measure}")).unwrap());
                } else {
                    pen.count(id, measure, i64::from(number % 13));
                }
            }
            let steps = [StepState::Held, StepState::Confirmed, StepState::Cancelled, StepState::Reported];
            if number % 6 != 5 {
                pen.step(id, steps[at(2) % 4]);
            }
        })
        .await;
    }
    for (role, organisation, path) in [
        (Role::Prefectural, "11", "/v1/dashboard/prefecture".to_owned()),
        (Role::Municipal, HONJO_CODE, format!("/v1/dashboard/municipality/{HONJO_CODE}")),
        (Role::Municipal, "113859", "/v1/dashboard/municipality/113859".to_owned()),
        (Role::Coordinator, &own, format!("/v1/dashboard/association/{own}")),
        (Role::Coordinator, &other, format!("/v1/dashboard/association/{other}")),
    ] {
        let cookie = server.signed_in(role, organisation).await;
        for year in if role == Role::Prefectural { vec![2025, 2026] } else { vec![2026] } {
            equals_its_lists(&server, &cookie, &format!("{path}?fiscal_year={year}")).await;
        }
    }
}

#[tokio::test]
async fn what_nobody_reported_has_no_number() {
    let server = server().await;
    year(&server).await;
    let municipal = server.signed_in(Role::Municipal, HONJO_CODE).await;
    let (_, town) =
        get(&server, &municipal, &format!("/v1/dashboard/municipality/{HONJO_CODE}?fiscal_year=2026")).await;
    let cards = &town["materials"][0];
    assert_eq!(cards["material"]["id"], "contact-card");
    assert_eq!((&cards["figure"]["total"], &cards["figure"]["reported"]), (&json!(7), &json!(1)));
    let sets = &town["materials"][1];
    assert_eq!((&sets["material"]["id"], &sets["figure"]["total"]), (&json!("anshin-set"), &Value::Null));
    assert_eq!(town["screenings"]["viewers"]["total"], Value::Null);
    assert_eq!(town["screenings"]["viewers"]["unreported"], 1);
    assert_eq!(town["attendance"]["total"], 12);
    assert_eq!(town["reports_missing"], 1);
    assert_eq!(town["missing"][0]["document"], document_id(3).to_string());

    let prefectural = server.signed_in(Role::Prefectural, "11").await;
    let (_, all) = get(&server, &prefectural, "/v1/dashboard/prefecture?fiscal_year=2026").await;
    assert_eq!((&all["reach"]["reached"], &all["reach"]["of"]), (&json!(1), &json!(63)));
    assert_eq!(all["reach"]["not_reached"].as_array().unwrap().len(), 62);
    assert_eq!(all["dispatches"]["held"]["total"], 2, "the one without a municipality counts in the total");
    assert_eq!((&all["attendance"]["total"], &all["attendance"]["unreported"]), (&json!(12), &json!(1)));
    let (_, empty) = get(&server, &prefectural, "/v1/dashboard/prefecture?fiscal_year=2020").await;
    assert_eq!(empty["attendance"]["total"], Value::Null);
}

#[tokio::test]
async fn an_association_counts_places_it_knows_and_never_multiplies_lecturers() {
    let server = server().await;
    let sender = year(&server).await;
    let mut ids = Vec::new();
    for surname in ["試験甲", "試験乙"] {
        let new = json!({ "surname": surname, "bank": true, "association": sender });
        ids.push(register(&server, "lecturers", &new).await);
    }
    let mut pen = server.device(2, HONJO).await;
    let id = document_id(9);
    let (by, links) = (sender.clone(), ids.clone());
    send(&server, &mut pen, 9, |pen| {
        pen.set(id, "activity", "lecture");
        pen.set(id, "date", DAY);
        pen.set(id, "dispatched_by", &by);
        pen.set(id, "lecturer_attribution", "among");
        links.iter().for_each(|link| {
            pen.edit(id, |document, _| document.link(&format!("lecturer/{link}")).unwrap());
        });
        pen.step(id, StepState::Held);
    })
    .await;
    let cookie = server.signed_in(Role::Coordinator, &sender).await;
    let (_, answer) = get(&server, &cookie, &format!("/v1/dashboard/association/{sender}?fiscal_year=2026")).await;
    assert_eq!(answer["dispatches"]["held"]["total"], 3);
    assert_eq!((&answer["spread"]["cities"], &answer["spread"]["towns"]), (&json!(1), &json!(0)));
    assert_eq!(answer["spread"]["unplaced"]["total"], 2);
    assert_eq!(answer["by_lecturer"]["named"], json!([]));
    assert_eq!(answer["by_lecturer"]["among"][0]["dispatches"]["held"]["total"], 1);
    assert_eq!(answer["by_lecturer"]["unnamed"]["held"]["total"], 2);
    let records = answer["by_lecturer"]["among"][0]["dispatches"]["held"]["records"].as_str().unwrap();
    let (_, list) = get(&server, &cookie, &format!("/v1/records?{records}")).await;
    assert_eq!((&list["total"], &list["records"][0]["among"]), (&json!(1), &json!(true)));
}

#[tokio::test]
async fn another_organisation_answers_like_an_unknown_one() {
    let server = server().await;
    let own = year(&server).await;
    let other = association(&server, "別の医師会").await;
    let dashboard = |kind: &str, id: &str| format!("/v1/dashboard/{kind}/{id}");
    let prefecture = || "/v1/dashboard/prefecture".to_owned();
    let rows = [
        (
            Role::Prefectural,
            "11",
            vec![prefecture(), dashboard("municipality", HONJO_CODE), dashboard("association", &own)],
            vec![],
        ),
        (
            Role::Administrator,
            "11",
            vec![prefecture(), dashboard("municipality", "113859"), dashboard("association", &other)],
            vec![],
        ),
        (
            Role::Municipal,
            HONJO_CODE,
            vec![dashboard("municipality", HONJO_CODE)],
            vec![prefecture(), dashboard("municipality", "113859"), dashboard("association", &own)],
        ),
        (
            Role::Staff,
            HONJO_CODE,
            vec![dashboard("municipality", HONJO_CODE)],
            vec![prefecture(), dashboard("municipality", "113859"), dashboard("association", &own)],
        ),
        (
            Role::Coordinator,
            own.as_str(),
            vec![dashboard("association", &own)],
            vec![prefecture(), dashboard("municipality", HONJO_CODE), dashboard("association", &other)],
        ),
        (
            Role::Lecturer,
            own.as_str(),
            vec![dashboard("association", &own)],
            vec![prefecture(), dashboard("municipality", HONJO_CODE), dashboard("association", &other)],
        ),
    ];
    for (role, organisation, seen, unseen) in rows {
        let cookie = server.signed_in(role, organisation).await;
        for path in seen {
            assert_eq!(get(&server, &cookie, &path).await.0, StatusCode::OK, "{role:?} {path}");
        }
        let (status, mut unknown) = get(&server, &cookie, "/v1/dashboard/municipality/999999").await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        unknown["request_id"] = Value::Null;
        for path in unseen {
            let (status, mut answer) = get(&server, &cookie, &path).await;
            answer["request_id"] = Value::Null;
            assert_eq!((status, answer), (StatusCode::NOT_FOUND, unknown.clone()), "{role:?} {path}");
        }
    }
    let elsewhere = server.signed_in(Role::Municipal, "113859").await;
    let (_, list) = get(&server, &elsewhere, "/v1/records").await;
    assert_eq!(list["total"], 0, "records of Honjo do not exist for Kamisato");
    let (_, list) = get(&server, &elsewhere, &format!("/v1/records?municipality={HONJO_CODE}")).await;
    assert_eq!(list["total"], 0);
    let (seen, _) = get(&server, &elsewhere, &format!("/v1/records/{}", document_id(1))).await;
    assert_eq!(seen, StatusCode::NOT_FOUND);
    assert_eq!(server.get("/v1/dashboard/prefecture", None).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_record_shows_both_values_and_who_counted() {
    let server = server().await;
    let mut first = server.device(1, HONJO).await;
    let mut second = server.device(2, HONJO).await;
    let id = document_id(7);
    send(&server, &mut first, 7, |pen| {
        pen.set(id, "venue", "児玉公民館");
        pen.set(id, "municipality", HONJO_CODE);
        pen.count(id, "material.contact-card.age-75", 4);
    })
    .await;
    send(&server, &mut second, 7, |pen| {
        pen.set(id, "venue", "はにぽんプラザ");
        pen.count(id, "material.contact-card.age-75", 3);
    })
    .await;
    let cookie = server.signed_in(Role::Municipal, HONJO_CODE).await;
    let (status, record) = get(&server, &cookie, &format!("/v1/records/{id}")).await;
    assert_eq!(status, StatusCode::OK, "{record}");
    let venues = record["fields"]["venue"]["alternatives"].as_array().unwrap();
    assert_eq!(venues.len(), 2);
    assert!(venues.iter().all(|one| one["author"]["device"]["name"].as_str().unwrap().starts_with("端末")));
    assert_eq!(record["fields"]["municipality"]["name"], "本庄市");
    let cards = &record["tallies"][0];
    assert_eq!((&cards["total"], cards["by_device"].as_array().unwrap().len()), (&json!(7), 2));
    assert_eq!(record["conflict_count"], 1);
    assert!(record["history"].as_array().unwrap().len() >= 5);
}
