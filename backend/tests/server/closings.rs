//! Closed months: what was reported stays, and what changes it afterwards is named.

use axum::http::StatusCode;
use serde_json::json;
use sync_core::domain::vocabulary::StepState;
use sync_core::ids::DocumentId;
use sync_core::wire::Outcome;
use tsudoi_server::service::access::Role;

use crate::support::{Device, HONJO, Server, document_id, outcomes, server};

const BAND: &str = "attendance.band.75-84";

#[tokio::test]
async fn a_closed_month_keeps_what_was_reported_and_shows_later_data_as_corrections() {
    let server = server().await;
    let mut device = server.device(1, HONJO).await;
    let id = document_id(9);
    let changes = vec![
        device.set(id, "municipality", "112119"),
        device.set(id, "activity", "lecture"),
        device.set(id, "date", "2026-09-10"),
        device.count(id, BAND, 20),
        device.step(id, StepState::Held),
    ];
    let push = device.push(id, changes);
    server.sync(&device, &device.request(vec![push])).await;
    let prefectural = server.signed_in(Role::Prefectural, "11").await;
    let own = server.signed_in(Role::Municipal, "112119").await;
    let other = server.signed_in(Role::Municipal, "113859").await;
    let close = async |cookie: &str, month: &str| {
        let answer = server.post("/v1/closings", Some(("cookie", cookie)), &json!({ "month": month })).await;
        answer.status
    };
    assert_eq!(close(&own, "2026-09").await, StatusCode::FORBIDDEN);
    assert_eq!(close(&prefectural, "2027-01").await, StatusCode::BAD_REQUEST, "the month goes on");
    assert_eq!(close(&prefectural, "2026-9").await, StatusCode::BAD_REQUEST);
    assert_eq!(close(&prefectural, "2026-09").await, StatusCode::NO_CONTENT);
    assert_eq!(close(&prefectural, "2026-09").await, StatusCode::CONFLICT);
    let none = server.read(&own, "/v1/corrections?month=2026-09").await;
    assert_eq!((none["corrections"].as_array().unwrap().len(), none["closed"].is_null()), (0, false));

    server.clock.forward(60_000);
    let change = device.count(id, BAND, 3);
    let push = device.push(id, vec![change]);
    let response = server.sync(&device, &device.request(vec![push])).await;
    assert_eq!(outcomes(&response, id)[0].0, Outcome::Stored, "late data are taken in");
    for (cookie, sees) in [(&prefectural, true), (&own, true), (&other, false)] {
        let page = server.read(cookie, "/v1/corrections?month=2026-09").await;
        let corrections = page["corrections"].as_array().unwrap();
        let heads = corrections.iter().find(|one| one["measure"] == "attendance");
        assert_eq!(heads.is_some(), sees);
        assert_eq!(page["records"].as_array().unwrap().len(), usize::from(sees));
        if let Some(heads) = heads {
            assert_eq!((&heads["reported"]["total"], &heads["now"]["total"]), (&json!(20), &json!(23)));
            assert_eq!((&heads["difference"], &heads["municipality"]["name"]), (&json!(3), &json!("本庄市")));
        }
        let months = server.read(cookie, "/v1/closings?fiscal_year=2026").await;
        let month = &months["months"][5];
        assert_eq!((month["month"].as_str(), month["closed"].is_null()), (Some("2026-09"), false));
        assert_eq!(month["corrections"].as_u64().unwrap() > 0, sees);
        assert_eq!(months["may_close"], cookie == &prefectural);
    }
    server.assert_sound().await;
}

/// Pushes changes that are taken in.
async fn send(server: &Server, device: &mut Device, document: DocumentId, changes: Vec<Vec<u8>>) {
    let push = device.push(document, changes);
    let response = server.sync(device, &device.request(vec![push])).await;
    assert!(outcomes(&response, document).iter().all(|(outcome, ..)| *outcome == Outcome::Stored));
}

/// Closes months; the clock stands still, so that nothing can be told from times.
async fn close_all(server: &Server, cookie: &str, months: &[String]) {
    for month in months {
        let answer = server.post("/v1/closings", Some(("cookie", cookie)), &json!({ "month": month })).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{month}");
    }
}

#[tokio::test]
async fn a_record_is_named_as_changed_exactly_when_it_changes_a_figure() {
    type Edit = fn(&mut Device, DocumentId) -> Vec<u8>;
    let edits: [(&str, Edit); 14] = [
        ("title", |device, id| device.set(id, "title", "題")),
        ("venue", |device, id| device.set(id, "venue", "別の会場")),
        ("day", |device, id| {
            let day = format!("2025-{:02}-21", id.as_bytes()[0] - 100 + 4);
            device.set(id, "date", &day)
        }),
        ("month", |device, id| device.set(id, "date", "2026-12-02")),
        ("municipality", |device, id| device.set(id, "municipality", "113859")),
        ("activity", |device, id| device.set(id, "activity", "booth")),
        ("association", |device, id| device.set(id, "association", "as-1")),
        ("dispatch", |device, id| device.set(id, "dispatched_by", "as-1")),
        ("medium", |device, id| device.set(id, "medium", "動画")),
        ("occasion", |device, id| device.set(id, "occasion", "サロン")),
        ("heads", |device, id| device.count(id, BAND, 1)),
        ("cancelled", |device, id| device.step(id, StepState::Cancelled)),
        ("reported", |device, id| device.step(id, StepState::Reported)),
        ("viewers", |device, id| device.count(id, "screening.viewers", 2)),
    ];
    let server = server().await;
    let mut device = server.device(1, HONJO).await;
    let prefectural = server.signed_in(Role::Prefectural, "11").await;
    // one record a month, so that the figures of a month are those of its record
    let months: Vec<String> =
        (0..edits.len()).map(|n| format!("{}-{:02}", 2025 + (n + 3) / 12, (n + 3) % 12 + 1)).collect();
    for (number, month) in months.iter().enumerate() {
        let id = document_id(100 + number as u8);
        let changes = vec![
            device.set(id, "municipality", "112119"),
            device.set(id, "activity", "lecture"),
            device.set(id, "date", &format!("{month}-10")),
            device.count(id, BAND, 20),
            device.step(id, StepState::Held),
        ];
        send(&server, &mut device, id, changes).await;
    }
    close_all(&server, &prefectural, &months).await;
    let mut changed = Vec::new();
    for (number, ((name, edit), month)) in edits.iter().zip(&months).enumerate() {
        let id = document_id(100 + number as u8);
        let change = edit(&mut device, id);
        send(&server, &mut device, id, vec![change]).await;
        let page = server.read(&prefectural, &format!("/v1/corrections?month={month}")).await;
        let (figures, records) = (page["corrections"].as_array().unwrap(), page["records"].as_array().unwrap());
        assert_eq!(figures.is_empty(), records.is_empty(), "{name}: {page}");
        if !records.is_empty() {
            changed.push(*name);
        }
    }
    assert_eq!(changed.len(), 9, "{changed:?}");
    server.assert_sound().await;
}

#[tokio::test]
async fn a_record_that_left_its_month_its_municipality_or_the_server_is_named_where_it_counted() {
    let server = server().await;
    let mut device = server.device(1, HONJO).await;
    let [moved, passed_on, destroyed] = [101, 102, 103].map(document_id);
    for id in [moved, passed_on, destroyed] {
        let changes = vec![
            device.set(id, "municipality", "112119"),
            device.set(id, "activity", "lecture"),
            device.set(id, "title", "ある会"),
            device.set(id, "date", "2026-09-10"),
            device.count(id, BAND, 20),
            device.step(id, StepState::Held),
        ];
        send(&server, &mut device, id, changes).await;
    }
    let prefectural = server.signed_in(Role::Prefectural, "11").await;
    close_all(&server, &prefectural, &["2026-09".to_owned()]).await;
    let change = device.set(moved, "date", "2026-10-10");
    send(&server, &mut device, moved, vec![change]).await;
    let change = device.set(passed_on, "municipality", "113859");
    send(&server, &mut device, passed_on, vec![change]).await;
    let administrator = server.signed_in(Role::Administrator, "11").await;
    let path = format!("/v1/records/{destroyed}");
    let reason = json!({ "reason": "本人の求め" });
    assert_eq!(server.delete(&path, Some(("cookie", &administrator)), &reason).await.status, StatusCode::NO_CONTENT);

    let own = server.signed_in(Role::Municipal, "112119").await;
    let other = server.signed_in(Role::Municipal, "113859").await;
    let named = async |cookie: &str| {
        let page = server.read(cookie, "/v1/corrections?month=2026-09").await;
        assert_eq!(page["more"], false);
        let records = page["records"].as_array().unwrap().iter();
        let mut records: Vec<_> = records
            .map(|one| {
                let change = one["change"].as_str().unwrap().to_owned();
                (one["document"].as_str().unwrap().to_owned(), change, one["record_visible"] == true)
            })
            .collect();
        records.sort();
        records
    };
    let [moved, passed_on, destroyed] = [moved, passed_on, destroyed].map(|id| id.to_string());
    let of = |id: &str, change: &str, visible| (id.to_owned(), change.to_owned(), visible);
    let rest = [of(&passed_on, "changed", true), of(&destroyed, "destroyed", false)];
    let expected: Vec<_> = [of(&moved, "moved", true)].into_iter().chain(rest).collect();
    assert_eq!(named(&own).await, expected, "the record is still at home here");
    assert_eq!(named(&other).await, [of(&passed_on, "changed", true)]);
    let contribution = "SELECT contribution FROM late_record WHERE contribution LIKE '%20%' AND document = ?";
    let kept = sqlx::query(contribution).bind(document_id(103).as_bytes().to_vec());
    assert!(kept.fetch_optional(&mut server.raw().await).await.unwrap().is_none(), "its figures went along");
    server.assert_sound().await;
}
