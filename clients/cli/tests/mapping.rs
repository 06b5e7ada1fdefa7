//! What a case file says and what the records say: nothing made up, nothing lost.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use serde_json::json;
use sync_core::document::{Scalar, TextName};
use sync_core::domain::vocabulary::StepState;
use tsudoi::api::{Association, Lecturer, Material, Municipality, Named, Registry, Tenant};
use tsudoi::case::CaseError;
use tsudoi::case::form::CaseFile;
use tsudoi::case::mapping::{Mapped, map};
use tsudoi::case::names::Names;
use tsudoi::wanted::Wanted;

fn names() -> Names {
    let municipality =
        |code: &str, name: &str| Municipality { code: code.into(), name: name.into(), ..Default::default() };
    let named = |id: &str, name: &str| Named { id: id.into(), name: name.into() };
    let lecturer = |id: &str, surname: &str, bank| Lecturer {
        id: id.into(),
        surname: surname.into(),
        bank,
        association: bank.then(|| "as-1".into()),
        ..Default::default()
    };
    let registry = Registry {
        tenant: Tenant { code: "11".into(), name: "埼玉県".into() },
        municipalities: vec![
            municipality("112119", "本庄市"),
            municipality("113816", "美里町"),
            municipality("113832", "神川町"),
            municipality("113859", "上里町"),
        ],
        associations: vec![Association { id: "as-1".into(), name: "郡医師会".into(), municipalities: vec![] }],
        lecturers: vec![
            lecturer("le-a", "富沢", true),
            lecturer("le-b", "荻野", true),
            lecturer("le-c", "永井", false),
        ],
        materials: vec![Material {
            id: "contact-card".into(),
            name: "わたしの連絡先カード".into(),
            eligibilities: vec![named("age-75", "75歳到達"), named("el-x", "区分不明")],
        }],
        media: vec![named("jinsei-kaigi-dvd", "人生会議DVD")],
    };
    Names { registry, own_lecturers: vec![] }
}

fn mapped(activity: serde_json::Value) -> Result<Mapped, CaseError> {
    let case = json!({
        "fiscal_year": 2024,
        "area": { "association": "郡医師会", "municipalities": ["本庄市", "美里町", "神川町", "上里町"] },
        "activities": [activity],
    });
    map(&CaseFile::parse(&case.to_string())?, &names())
}

fn records(activity: serde_json::Value) -> Vec<Wanted> {
    mapped(activity).unwrap().records
}

fn field<'a>(wanted: &'a Wanted, name: &str) -> &'a str {
    match wanted.fields.get(name) {
        Some(Scalar::Text(text)) => text,
        _ => "",
    }
}

fn total(wanted: &Wanted, measure: &str) -> Option<i64> {
    wanted.totals.get(&measure.parse().unwrap()).copied()
}

fn places(records: &[Wanted]) -> Vec<&str> {
    records.iter().map(|record| field(record, "municipality")).collect()
}

#[test]
fn talks_spread_over_the_whole_area_are_placed_and_the_rest_stays_open() {
    let records = records(
        json!({ "kind": "lecture", "count": 5, "spread": "1市3町", "lecturers": ["富沢", "荻野"], "attendance": null }),
    );
    assert_eq!(places(&records), ["112119", "113816", "113832", "113859", ""]);
    for record in &records {
        assert!(record.totals.is_empty());
        assert_eq!(field(record, "dispatched_by"), "as-1");
        assert_eq!(field(record, "lecturer_attribution"), "among");
        assert_eq!(record.links.len(), 2);
        assert_eq!(record.steps, [(StepState::Held, None)]);
        assert_eq!(record.fields["fiscal_year"], Scalar::Number(2024));
    }
}

#[test]
fn a_spread_that_leaves_a_choice_places_only_what_it_does_not() {
    let mapped = mapped(json!({ "kind": "lecture", "count": 4, "spread": "1市2町" })).unwrap();
    assert_eq!(places(&mapped.records), ["112119", "", "", ""]);
    assert!(mapped.notes[0].contains("町 2 か所"));
    assert!(error(json!({ "kind": "lecture", "spread": "各地" })).place.ends_with("activities[0].spread"));
    assert!(error(json!({ "kind": "lecture", "spread": "1市3町", "count": 2 })).place.ends_with("spread"));
}

fn error(activity: serde_json::Value) -> CaseError {
    mapped(activity).unwrap_err()
}

#[test]
fn quantities_that_were_not_reported_are_noted_and_never_numbers() {
    for (activity, link) in [
        (json!({ "kind": "screening", "medium": "人生会議DVD", "viewers": null }), "noted/screening.viewers"),
        (
            json!({ "kind": "distribution", "material": "わたしの連絡先カード", "eligibility": "75歳に年度内に達する人" }),
            "noted/material.contact-card.age-75",
        ),
        (
            json!({ "kind": "distribution", "material": "わたしの連絡先カード", "quantity": null }),
            "noted/material.contact-card.el-x",
        ),
        (json!({ "kind": "consultation" }), "noted/consultation.unknown"),
    ] {
        let records = records(activity);
        assert!(records[0].totals.is_empty());
        assert_eq!(records[0].links.iter().collect::<Vec<_>>(), [link]);
    }
    let reported_zero = records(json!({ "kind": "screening", "viewers": 0 }));
    assert_eq!(total(&reported_zero[0], "screening.viewers"), Some(0));
}

#[test]
fn heads_without_an_age_are_of_unknown_age() {
    let record = &records(json!({ "kind": "training", "attendance": 49 }))[0];
    assert_eq!(total(record, "attendance.band.unknown"), Some(49));
    let bands = json!({ "kind": "training", "attendance": 49, "attendance_by_band": { "70-74": 20, "85歳以上": 9, "65歳以上": null } });
    let record = &records(bands)[0];
    assert_eq!(total(record, "attendance.band.unknown"), Some(20));
    assert_eq!(total(record, "attendance.band.85+"), Some(9));
    let audiences = json!({ "kind": "training", "attendance_by_audience": { "住民": 5, "medical": 2 } });
    assert_eq!(total(&records(audiences)[0], "attendance.band.unknown"), None);
    let refused = error(json!({ "kind": "training", "attendance_by_band": { "若者": 1 } }));
    assert_eq!(refused.place, "activities[0].attendance_by_band.若者");
}

#[test]
fn one_number_for_several_records_is_kept_whole() {
    let same_place = records(json!({ "kind": "training", "municipality": "本庄市", "count": 3, "attendance": 90 }));
    let heads: Vec<_> = same_place.iter().map(|record| total(record, "attendance.band.unknown")).collect();
    assert_eq!(heads, [Some(90), None, None]);
    assert!(same_place[0].texts[&TextName::Outcome].contains("3件の合計"));
    let places_differ =
        records(json!({ "kind": "distribution", "material": "わたしの連絡先カード", "eligibility": "75歳到達",
        "municipalities": ["本庄市", "上里町"], "quantity": 300 }));
    let cards: Vec<_> = places_differ.iter().map(|record| total(record, "material.contact-card.age-75")).collect();
    assert_eq!(cards, [None, None, Some(300)]);
    assert_eq!(places(&places_differ), ["112119", "113859", ""]);
    assert_eq!(field(&places_differ[2], "activity"), "");
}

#[test]
fn only_lecturers_of_the_bank_make_a_talk_a_dispatch() {
    let by = |kind: &str, lecturer: &str| {
        field(&records(json!({ "kind": kind, "lecturers": [lecturer] }))[0], "dispatched_by").to_owned()
    };
    assert_eq!(by("training", "富沢"), "as-1");
    assert_eq!(by("training", "永井"), "");
    assert_eq!(by("meeting", "富沢"), "");
    let refused = error(json!({ "kind": "lecture", "lecturers": ["誰か"] }));
    assert_eq!(refused.place, "activities[0].lecturers[0]");
}

#[test]
fn consultations_are_one_record_of_their_kind() {
    let record = &records(json!({ "kind": "consultation", "count": 43, "by": { "visit": 10, "telephone": null } }))[0];
    assert_eq!((total(record, "consultation.visit"), total(record, "consultation.unknown")), (Some(10), Some(33)));
    assert_eq!(record.kind, sync_core::document::Kind::Consultation);
}

#[test]
fn states_reasons_and_dates_are_kept() {
    let off = &records(json!({ "kind": "booth", "status": "cancelled", "reason": "weather" }))[0];
    assert_eq!(off.steps[0].0, StepState::Cancelled);
    assert!(off.steps[0].1.is_some());
    let online = &records(json!({ "kind": "meeting", "status": "online" }))[0];
    assert_eq!((field(online, "venue"), online.steps[0].0), ("オンライン", StepState::Held));
    let dated = records(json!({ "kind": "meeting", "dates": ["2024-06-18", "2025-02-07"], "count": 3 }));
    assert_eq!(dated.iter().map(|record| field(record, "date")).collect::<Vec<_>>(), ["2024-06-18", "2025-02-07", ""]);
    assert_eq!(error(json!({ "kind": "meeting", "municipality": "東京都" })).place, "activities[0].municipality");
}

#[test]
fn the_same_file_gives_the_same_ids_in_any_order_of_its_lines() {
    let case = |activities: serde_json::Value| {
        let case = json!({ "fiscal_year": 2024, "area": { "association": "郡医師会", "municipalities": ["本庄市"] }, "activities": activities });
        let mut ids: Vec<_> = map(&CaseFile::parse(&case.to_string()).unwrap(), &names())
            .unwrap()
            .records
            .iter()
            .map(|record| record.document)
            .collect();
        ids.sort();
        ids.dedup();
        ids
    };
    let (a, b) = (json!({ "kind": "meeting", "title": "a", "count": 3 }), json!({ "kind": "meeting", "title": "b" }));
    let ids = case(json!([a, b]));
    assert_eq!(ids.len(), 4);
    assert_eq!(ids, case(json!([b, a])));
    let reported_later = json!({ "kind": "meeting", "title": "b", "attendance": 12 });
    assert_eq!(ids, case(json!([a, reported_later])));
}
