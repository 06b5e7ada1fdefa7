//! One figure, one number: what a tablet sums, what the roll-ups hold, what a table lists, over records of every kind with
//! their conflicts, on both databases.

use std::collections::BTreeMap;
use std::sync::Arc;

use sync_core::document::{Document, Kind, Scalar};
use sync_core::domain::vocabulary::{CancelReason, StepState};
use sync_core::domain::{Facts, Intent, Measure, Way, facts, view};
use sync_core::figures::{Figure, Place, Sum, sums};
use sync_core::ids::{ActorId, DocumentId, IntentId};
use sync_core::time::Timestamp;
use sync_core::wire::DocumentPush;
use tsudoi_server::config::Config;
use tsudoi_server::service::access::Role;
use tsudoi_server::service::verify;
use tsudoi_server::store::office::Within;
use tsudoi_server::store::postgres::PostgresStore;
use tsudoi_tests::Chance;
use tsudoi_tests::Cluster;

use crate::support::{self, Device, HONJO, Server, document_id, server, server_on};

const YEARS: [i64; 3] = [2025, 2026, 0];
const MUNICIPALITIES: [&str; 2] = ["112119", "113859"];
const ASSOCIATIONS: [&str; 3] = ["as-1", "as-2", "hub-1"];

/// One random edit.
fn edit(chance: &mut Chance) -> Intent {
    let mut pick = |words: &[&str]| words[chance.below(words.len() as u64) as usize].to_owned();
    let (field, value) =
        match pick(&["activity", "date", "place", "own", "sender", "medium", "among", "title"]).as_str() {
            "activity" => ("activity", pick(&["lecture", "training", "meeting", "screening", "distribution", "booth"])),
            "date" => ("date", pick(&["2026-05-10", "2027-03-31", "2025-05-01", "1979-05-01", "9999-01-01"])),
            "place" => ("municipality", pick(&MUNICIPALITIES)),
            "own" => ("association", pick(&ASSOCIATIONS)),
            "sender" => ("dispatched_by", pick(&ASSOCIATIONS)),
            "medium" => ("medium", "人生会議DVD".to_owned()),
            "among" => ("lecturer_attribution", pick(&["named", "among"])),
            _ => ("title", pick(&["座談会", "運営会議"])),
        };
    let set = Intent::Set { field: field.to_owned(), value: Some(Scalar::Text(value)) };
    let lecturer = pick(&["lecturer/le-1", "lecturer/le-2"]);
    let materials = ["material.contact-card.age-75", "material.contact-card.other", "material.anshin-set.other"];
    let mut measures: Vec<Measure> = Measure::fixed().collect();
    measures.extend(materials.map(|text| text.parse::<Measure>().unwrap()));
    let measure = measures.swap_remove(chance.below(measures.len() as u64) as usize);
    let states = [StepState::Confirmed, StepState::Held, StepState::Held, StepState::Reported, StepState::Cancelled];
    let state = states[chance.below(5) as usize];
    let way = Way::ALL[chance.below(2) as usize];
    match chance.below(14) {
        0..=4 => set,
        5..=7 => Intent::Count { measure, by: chance.below(9) as i64, reason: None },
        8 => Intent::Link { link: format!("noted/{measure}") },
        9 => Intent::Link { link: lecturer },
        10 => Intent::Void { measure, seen: 0, counts: None },
        11 | 12 => Intent::Switch { to: way, mark: format!("m-{}", chance.below(1_000_000)) },
        _ => Intent::Step { state, reason: (state == StepState::Cancelled).then_some(CancelReason::Weather) },
    }
}

fn begin(id: DocumentId, kind: Kind, writer: &Device) -> Document {
    let mut document = Document::genesis(id, kind).unwrap();
    document.write_as(ActorId::new(writer.device, 1));
    document
}

fn make(document: &mut Document, writer: &Device, number: u64, intent: &Intent) {
    match intent {
        // as another program might write it
        Intent::Set { field, value } => document.set_field(field, value.as_ref()).unwrap(),
        intent => intent.apply(IntentId { device: writer.device, number }, document).unwrap(),
    }
    document.commit(Timestamp(1_780_000_000_000), "pe-x", intent.reason());
}

async fn send(server: &Server, writer: &mut Device, document: Document) {
    let (id, kind) = (document.id(), document.kind());
    writer.documents.insert(id, document);
    let device = writer.device;
    let changes: Vec<_> = writer.document(id).changes_of(device).into_iter().map(|change| change.bytes).collect();
    if changes.is_empty() {
        return;
    }
    let push = DocumentPush { kind, ..writer.push(id, changes) };
    let response = server.sync(writer, &writer.request(vec![push])).await;
    assert!(support::outcomes(&response, id).iter().all(|(_, _, code)| code.is_empty()), "{response:?}");
}

/// Records that two tablets wrote apart, as a third holds them in the end.
pub async fn records(server: &Server, seed: u64, count: u8) -> Vec<Facts> {
    let mut chance = Chance::new(seed);
    let mut writers = [server.device(1, HONJO).await, server.device(2, HONJO).await];
    let mut all = Vec::new();
    for number in 0..count {
        let id = document_id(number + 1);
        let kind = if chance.below(5) == 0 { Kind::Consultation } else { Kind::Session };
        let mut copies = [begin(id, kind, &writers[0]), begin(id, kind, &writers[1])];
        // a common beginning, then apart
        for step in 0..chance.below(5) {
            make(&mut copies[0], &writers[0], step + 1, &edit(&mut chance));
        }
        let (first, second) = copies.split_at_mut(1);
        second[0].merge(&mut first[0]).unwrap();
        for step in 10..13 + chance.below(6) {
            for (copy, writer) in copies.iter_mut().zip(&writers) {
                if chance.below(2) == 0 {
                    make(copy, writer, step, &edit(&mut chance));
                }
            }
        }
        if let Some(attendance) = view(&copies[0]).attendance.filter(|heads| *heads > 0) {
            let link = format!("carried/band/{attendance}");
            make(&mut copies[0], &writers[0], 30, &Intent::Link { link });
        }
        let [mut first, mut second] = copies;
        send(server, &mut writers[0], first.clone()).await;
        send(server, &mut writers[1], second.clone()).await;
        first.merge(&mut second).unwrap();
        if first.changes().is_empty() {
            continue;
        }
        all.push(facts(&first));
    }
    all
}

fn text(sums: BTreeMap<Figure, Sum>) -> BTreeMap<String, Sum> {
    sums.into_iter().map(|(figure, sum)| (figure.to_string(), sum)).collect()
}

/// The roll-ups of a year at a place, summed up.
async fn rolled_up(server: &Server, year: i64, within: &Within) -> BTreeMap<String, Sum> {
    let rows = match within {
        Within::Tenant => {
            let rows = server.app.store.list_rollups("11").await.unwrap();
            rows.into_iter().filter(|(key, _)| key.fiscal_year == year).collect()
        }
        place => server.app.store.list_figures_at("11", year, place).await.unwrap(),
    };
    let mut sums: BTreeMap<String, Sum> = BTreeMap::new();
    for (key, value) in rows {
        sums.entry(key.measure).or_default().merge(&value);
    }
    sums.retain(|_, sum| !sum.is_zero());
    sums
}

/// Heads and viewers as the table of records lists them, and how many records it has.
async fn exported(server: &Server, cookie: &str, query: &str) -> (Sum, Sum, usize) {
    let answer = server.get(&format!("/v1/records.csv?{query}"), Some(("cookie", cookie))).await;
    let body = String::from_utf8(answer.body.clone()).unwrap();
    let mut table =
        csv::ReaderBuilder::new().flexible(true).from_reader(body.trim_start_matches('\u{feff}').as_bytes());
    let headers = table.headers().unwrap().clone();
    let column = |name: &str| headers.iter().position(|header| header.starts_with(name)).unwrap();
    let (heads, viewers) = (column("参加者"), column("見た人"));
    let (mut sums, mut count) = ((Sum::default(), Sum::default()), 0);
    for row in table.records().map(Result::unwrap) {
        // the last line says that the table is whole
        if row.get(0).is_none_or(|first| first.parse::<DocumentId>().is_err()) {
            continue;
        }
        count += 1;
        for (sum, place) in [(&mut sums.0, heads), (&mut sums.1, viewers)] {
            if let Ok(number) = row[place].trim_matches(['"', '=']).parse::<i64>() {
                sum.add(Some(number));
            }
        }
    }
    (sums.0, sums.1, count)
}

async fn agree(server: &Server, seed: u64) {
    let records = records(server, seed, 60).await;
    all_say_the_same(server, &records, seed).await;
}

/// What a tablet sums over these records, which are all there are, is what the roll-ups hold and what a table lists.
pub async fn all_say_the_same(server: &Server, records: &[Facts], seed: u64) {
    let cookie = server.signed_in(Role::Prefectural, "11").await;
    let municipalities = MUNICIPALITIES.map(|code| {
        (Place::Municipality(code.to_owned()), Within::Municipality(code.to_owned()), format!("&municipality={code}"))
    });
    let associations = ASSOCIATIONS.map(|id| {
        (Place::Association(id.to_owned()), Within::Association(id.to_owned()), format!("&association={id}"))
    });
    let everywhere = [(Place::Everywhere, Within::Tenant, String::new())];
    for (place, within, query) in everywhere.into_iter().chain(municipalities).chain(associations) {
        for year in YEARS {
            let on_tablet = text(sums(records.iter(), (year > 0).then_some(year), &place));
            let mut rolled_up = rolled_up(server, year, &within).await;
            // what is kept by no municipality is on no municipality's page of roll-ups
            let mut on_page = on_tablet.clone();
            if matches!(place, Place::Municipality(_)) {
                on_page.retain(|id, _| id.parse::<Figure>().unwrap().by_municipality());
                rolled_up.retain(|id, _| id.parse::<Figure>().unwrap().by_municipality());
            }
            assert_eq!(rolled_up, on_page, "seed {seed}: {place:?} in {year}");

            let (heads, viewers, count) = exported(server, &cookie, &format!("fiscal_year={year}{query}")).await;
            let sum = |id: &str| on_tablet.get(id).map_or((0, 0), |sum| (sum.reported, sum.total));
            assert_eq!((heads.reported, heads.total), sum("attendance"), "seed {seed}: {place:?} in {year}");
            assert_eq!((viewers.reported, viewers.total), sum("screening.viewers"), "seed {seed}: {place:?} in {year}");
            let of_records = on_tablet.iter().filter(|(id, _)| id.starts_with("record."));
            assert_eq!(
                count as i64,
                of_records.map(|(_, sum)| sum.total).sum::<i64>(),
                "seed {seed}: {place:?} in {year}"
            );
        }
    }
    let findings = verify::verify(&server.app, "11").await.unwrap();
    assert_eq!((findings.count, findings.differences), (0, Vec::new()), "seed {seed}");
}

#[tokio::test]
async fn a_tablet_the_roll_ups_and_a_table_give_one_number() {
    for seed in [1, 2] {
        agree(&server().await, seed).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tablet_the_roll_ups_and_a_table_give_one_number_on_postgresql() {
    let cluster = Cluster::start();
    let store = Arc::new(PostgresStore::open(&cluster.database(), 8).await.unwrap());
    agree(&server_on(store, Config::default(), tempfile::tempdir().unwrap()).await, 3).await;
}

/// A record in the second year from now, and one of a year that is none.
#[tokio::test]
async fn a_record_is_in_an_offered_year_or_among_those_that_are_in_none() {
    let server = server().await;
    let mut pen = server.device(1, HONJO).await;
    for (number, date) in
        [(1, "2026-09-01"), (2, "2027-06-01"), (3, "2028-04-01"), (4, "1979-05-01"), (5, "9999-01-01")]
    {
        let id = document_id(number);
        let mut document = begin(id, Kind::Session, &pen);
        for (step, (field, value)) in [("date", date), ("municipality", "112119")].into_iter().enumerate() {
            let set = Intent::Set { field: field.to_owned(), value: Some(Scalar::Text(value.to_owned())) };
            make(&mut document, &pen, step as u64 + 1, &set);
        }
        send(&server, &mut pen, document).await;
    }
    let cookie = server.signed_in(Role::Municipal, "112119").await;
    let page = server.read(&cookie, "/v1/dashboard/municipality/112119").await;
    assert_eq!(page["fiscal_years"], serde_json::json!([2026, 2027]));
    assert_eq!(page["dates_doubtful"], 4);
    let query = page["dates_doubtful_records"].as_str().unwrap();
    let dates = |page: &serde_json::Value| -> Vec<String> {
        page["records"].as_array().unwrap().iter().map(|one| one["date"].as_str().unwrap().to_owned()).collect()
    };
    let mut outside = dates(&server.read(&cookie, &format!("/v1/records?{query}")).await);
    outside.sort_unstable();
    // it was written more than a year before its day, and is of a year that is offered
    assert_eq!(outside, ["1979-05-01", "2027-06-01", "2028-04-01", "9999-01-01"]);
    assert_eq!(dates(&server.read(&cookie, "/v1/records?flag=date_far").await), ["2028-04-01", "2027-06-01"]);
    assert_eq!(dates(&server.read(&cookie, "/v1/records?flag=date_implausible").await).len(), 2);
    let years = server.read(&cookie, "/v1/closings").await["fiscal_years"].clone();
    assert_eq!(years, serde_json::json!([2026, 2027]));
    assert_eq!(exported(&server, &cookie, "municipality=112119").await.2, 5, "nothing is left out of a whole table");
}

#[tokio::test]
async fn a_server_that_starts_on_older_figures_makes_them_anew() {
    let server = server().await;
    records(&server, 4, 20).await;
    let mut raw = server.raw().await;
    for text in ["UPDATE rollup SET total = total + 1", "UPDATE tenant SET stale = 1 WHERE tenant = '11'"] {
        sqlx::query(text).execute(&mut raw).await.unwrap();
    }
    assert!(verify::verify(&server.app, "11").await.unwrap().count > 0);
    verify::refresh(&server.app).await.unwrap();
    assert_eq!(verify::verify(&server.app, "11").await.unwrap().count, 0);
    assert!(server.app.store.list_stale_tenants().await.unwrap().is_empty(), "once");
}

#[tokio::test]
async fn the_lecturers_of_a_year_are_those_who_were_registered_in_it() {
    use serde_json::json;
    let server = server().await;
    let administrator = server.signed_in(Role::Administrator, "11").await;
    let register = async |surname: &str, more: serde_json::Value| {
        let mut new = json!({ "surname": surname, "bank": true });
        new.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        server.post("/v1/registry/lecturers", Some(("cookie", &administrator)), &new).await.status
    };
    let bank = async |year: i64| {
        server.read(&administrator, &format!("/v1/dashboard/prefecture?fiscal_year={year}")).await["bank"].clone()
    };
    register("甲", json!({ "in_training": true })).await;
    assert_eq!(
        bank(2024).await,
        json!({ "registered": null, "unknown": 1, "in_training": null }),
        "nobody noted since when"
    );
    register("乙", json!({ "registered_in": 2023 })).await;
    register("丙", json!({ "registered_in": 2025 })).await;
    register("丁", json!({ "registered_in": 2020, "left_in": 2023, "bank": false })).await;
    assert_eq!(bank(2026).await, json!({ "registered": 3, "unknown": 0, "in_training": 1 }));
    assert_eq!(bank(2024).await, json!({ "registered": 1, "unknown": 1, "in_training": null }));
    assert_eq!(bank(2023).await["registered"], 2);
    register("乙", json!({})).await;
    assert_eq!(bank(2024).await["registered"], 1, "what is not stated stays");
    register("乙", json!({ "registered_in": null })).await;
    assert_eq!(
        bank(2024).await,
        json!({ "registered": 0, "unknown": 2, "in_training": null }),
        "a year can be taken back"
    );
    register("乙", json!({ "registered_in": 2023 })).await;
    let backwards = register("乙", json!({ "left_in": 2022 })).await;
    assert_ne!(backwards, axum::http::StatusCode::OK, "nobody leaves before they came");
    assert_eq!(bank(2024).await["registered"], 1);
    assert_ne!(register("戊", json!({ "registered_in": 1979 })).await, axum::http::StatusCode::OK);
}
