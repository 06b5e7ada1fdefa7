//! Files to take along: the records a caller may see, and the table that may be published.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use sync_core::domain::vocabulary::StepState;
use sync_core::ids::DocumentId;
use tower::ServiceExt as _;
use tsudoi_server::service::access::Role;

use crate::support::{Device, HONJO, KAMISATO, Server, document_id, server};

async fn record(server: &Server, device: &mut Device, number: u8, fields: &[(&str, &str)]) {
    let id = document_id(number);
    let mut changes: Vec<_> = fields.iter().map(|(field, value)| device.set(id, field, value)).collect();
    changes.push(device.count(id, "attendance.band.75-84", 0));
    let push = device.push(id, changes);
    server.sync(device, &device.request(vec![push])).await;
}

fn lines(body: &[u8]) -> Vec<String> {
    String::from_utf8(body.to_vec()).unwrap().lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn an_export_holds_what_the_caller_may_see_and_takes_no_text_for_a_formula() {
    let server = server().await;
    let (mut mine, mut other) = (server.device(1, HONJO).await, server.device(2, KAMISATO).await);
    let first =
        [("municipality", "112119"), ("date", "2026-11-20"), ("title", "=1+1, \"集い\""), ("activity", "lecture")];
    record(&server, &mut mine, 1, &first).await;
    record(&server, &mut mine, 2, &[("municipality", "112119"), ("title", "日付のない会")]).await;
    record(&server, &mut other, 3, &[("municipality", "113859"), ("date", "2026-10-01"), ("title", "他町の会")]).await;

    let staff = server.signed_in(Role::Staff, "112119").await;
    let answer = server.get("/v1/records.csv", Some(("cookie", &staff))).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.headers["content-type"], "text/csv; charset=utf-8");
    assert!(answer.body.starts_with("\u{feff}番号,記録の種類,種類,名称,".as_bytes()));
    let rows = lines(&answer.body);
    assert_eq!(rows.len(), 4, "{rows:?}");
    assert!(
        rows[1].contains(",ACP講話,\"=\"\"=1+1, \"\"\"\"集い\"\"\"\"\"\"\",")
            && rows[1].contains(",2026,11,2026-11-20,"),
        "{}",
        rows[1]
    );
    assert!(rows[2].contains("日付のない会"), "{}", rows[2]);
    assert!(rows[3].starts_with("以上 2件（令和9年"), "a file that was cut lacks this line: {}", rows[3]);

    let tablet = server.device_as(4, Role::Administrator, HONJO).await;
    let refused = server.get("/v1/records.csv", tablet.credential()).await;
    assert_eq!(refused.code(), "forbidden", "a tablet takes no records along");
    let cookie = server.signed_in(Role::Administrator, "11").await;
    let administrator = Some(("cookie", cookie.as_str()));
    let all = server.get("/v1/records.csv", administrator).await;
    assert_eq!(lines(&all.body).len(), 5);
    let narrowed = server.get("/v1/records.csv?fiscal_year=2026&month=2026-10", administrator).await;
    assert_eq!(lines(&narrowed.body).len(), 3);
    assert_eq!(server.get("/v1/records.csv", None).await.status, StatusCode::UNAUTHORIZED);
}

/// Name of each column and what the first record has in it.
fn first_record(body: &[u8]) -> std::collections::HashMap<String, String> {
    let text = String::from_utf8(body.to_vec()).unwrap();
    let mut lines = text.trim_start_matches('\u{feff}').lines();
    let (names, cells) = (lines.next().unwrap().split(','), lines.next().unwrap().split(','));
    names.map(str::to_owned).zip(cells.map(str::to_owned)).collect()
}

#[tokio::test]
async fn an_export_holds_everything_that_is_counted_and_nothing_that_nobody_reported() {
    let server = server().await;
    let material = tsudoi_server::store::types::Material {
        id: "contact-card".to_owned(),
        name: "わたしの連絡先カード".to_owned(),
        unit: "枚".to_owned(),
        eligibilities: vec![("age-75".to_owned(), "75歳到達".to_owned()), ("other".to_owned(), "その他".to_owned())],
    };
    server.app.store.upsert_material("11", &material).await.unwrap();
    let mut tablet = server.device(1, HONJO).await;
    let id = document_id(1);
    let counts = [
        ("attendance.band.75-84", 12),
        ("attendance.audience.welfare-volunteer", 0),
        ("material.contact-card.age-75", 7),
        ("material.unknown.other", 2),
        ("answer.knows-acp.yes", 5),
        ("screening.viewers", 4),
    ];
    let fields = [("municipality", "112119"), ("date", "2026-05-01"), ("title", "1/2"), ("venue", "0012")];
    let mut changes: Vec<_> = fields.iter().map(|(field, value)| tablet.set(id, field, value)).collect();
    changes.extend(counts.map(|(measure, by)| tablet.count(id, measure, by)));
    changes.push(tablet.step(id, sync_core::domain::vocabulary::StepState::Held));
    let push = tablet.push(id, changes);
    server.sync(&tablet, &tablet.request(vec![push])).await;

    let staff = server.signed_in(Role::Staff, "112119").await;
    let answer = server.get("/v1/records.csv?fiscal_year=2026", Some(("cookie", &staff))).await;
    let name = "R8%5F%E6%9C%AC%E5%BA%84%E5%B8%82%5F%E8%A8%98%E9%8C%B2.csv";
    assert!(answer.headers["content-disposition"].to_str().unwrap().ends_with(name), "R8_本庄市_記録.csv");
    let cells = first_record(&answer.body);
    let cell = |name: &str| cells[name].as_str();
    assert_eq!((cell("名称"), cell("会場")), ("\"=\"\"1/2\"\"\"", "\"=\"\"0012\"\"\""), "no date and no number");
    assert_eq!((cell("参加者 75–84歳"), cell("参加者 民生委員"), cell("参加者 住民")), ("12", "0", ""));
    let card = |reason: &str| cell(&format!("わたしの連絡先カード {reason}（枚）")).to_owned();
    assert_eq!((card("75歳到達"), card("その他")), ("7".to_owned(), String::new()));
    assert_eq!((cell("知っている：はい"), cell("知っている：いいえ"), cell("見た人")), ("5", "", "4"));
    assert_eq!(cell("ほかの数"), "material.unknown.other 2", "nothing that was counted is left out");
}

#[tokio::test]
async fn whole_exports_take_a_proof_of_the_last_minutes_and_ones_own_do_not() {
    let server = server().await;
    let officer = server.signed_in(Role::Prefectural, "11").await;
    let own = server.signed_in(Role::Municipal, "112119").await;
    for path in ["/v1/records.csv", "/v1/journal.csv"] {
        assert_eq!(server.get(path, Some(("cookie", &officer))).await.status, StatusCode::OK, "{path}");
    }
    server.clock.forward(6 * 60_000);
    for path in ["/v1/records.csv", "/v1/journal.csv"] {
        assert_eq!(server.get(path, Some(("cookie", &officer))).await.code(), "proof_needed", "{path}");
    }
    assert_eq!(server.get("/v1/records.csv", Some(("cookie", &own))).await.status, StatusCode::OK);
}

#[tokio::test]
async fn one_whose_readers_take_nothing_leaves_room_for_others_and_for_tablets() {
    let server = server().await;
    let mut tablet = server.device(1, HONJO).await;
    let title = "長".repeat(190);
    let mut pushes = Vec::new();
    for number in 0..400_u16 {
        let [high, low] = number.to_be_bytes();
        let id = DocumentId::from_bytes([9, 9, 9, 9, 9, 9, 0x70, 9, 0x90, 9, 9, 9, 9, 9, high, low]);
        let changes = vec![tablet.set(id, "municipality", "112119"), tablet.set(id, "title", &title)];
        pushes.push(tablet.push(id, changes));
    }
    server.sync(&tablet, &tablet.request(pushes)).await;

    let officer = server.signed_in(Role::Prefectural, "11").await;
    let open = || async {
        let request = Request::get("/v1/records.csv").header("cookie", &officer).body(Body::empty()).unwrap();
        server.router.clone().oneshot(request).await.unwrap()
    };
    let mut held = Vec::new();
    let refused = loop {
        let answer = open().await;
        if answer.status() != StatusCode::OK {
            break answer.status();
        }
        held.push(answer);
    };
    assert_eq!((held.len(), refused), (3, StatusCode::SERVICE_UNAVAILABLE));
    let staff = server.signed_in(Role::Staff, "112119").await;
    let whole = server.get("/v1/records.csv", Some(("cookie", &staff))).await;
    assert_eq!(lines(&whole.body).len(), 402, "somebody else's comes to its end meanwhile");
    let change = tablet.count(document_id(1), "screening.viewers", 3);
    let push = tablet.push(document_id(1), vec![change]);
    server.sync(&tablet, &tablet.request(vec![push])).await;

    drop(held);
    let again = async { while open().await.status() != StatusCode::OK {} };
    tokio::time::timeout(Duration::from_secs(30), again).await.expect("readers that are gone keep no place");
}

#[tokio::test]
async fn years_beyond_all_calendars_are_refused() {
    let server = server().await;
    let officer = server.signed_in(Role::Prefectural, "11").await;
    let paths = ["closings", "records", "records.csv", "publication.csv", "dashboard/prefecture"];
    for (path, year) in paths.into_iter().flat_map(|path| [(path, i64::MAX), (path, i64::MIN), (path, 9_999)]) {
        let answer = server.get(&format!("/v1/{path}?fiscal_year={year}"), Some(("cookie", &officer))).await;
        assert_eq!(answer.code(), "invalid_request", "{path} {year}");
    }
}

#[tokio::test]
async fn what_may_be_published_holds_no_small_count_and_none_can_be_worked_out() {
    let server = server().await;
    let mut tablet = server.device(1, HONJO).await;
    // heads: 12, 3, 40, and of one place nobody reported any
    for (number, municipality, heads) in
        [(1, "112119", Some(12)), (2, "113859", Some(3)), (3, "113816", Some(40)), (4, "113832", None)]
    {
        let id = document_id(number);
        let fields = [("municipality", municipality), ("date", "2026-05-01"), ("activity", "lecture")];
        let mut changes: Vec<_> = fields.iter().map(|(field, value)| tablet.set(id, field, value)).collect();
        changes.extend(heads.map(|heads| tablet.count(id, "attendance.band.75-84", heads)));
        changes.push(tablet.step(id, StepState::Held));
        let push = tablet.push(id, changes);
        server.sync(&tablet, &tablet.request(vec![push])).await;
    }
    let officer = server.signed_in(Role::Prefectural, "11").await;
    let answer = server.get("/v1/publication.csv?fiscal_year=2026", Some(("cookie", &officer))).await;
    assert_eq!(answer.status, StatusCode::OK);
    let rows = lines(&answer.body);
    assert!(
        rows[0].starts_with("\u{feff}年度,市町村コード,市町村,二次保健医療圏,実施回数,参加者数,DVDを見た人数"),
        "{}",
        rows[0]
    );
    let row = |begins: &str| rows.iter().find(|row| row.contains(begins)).unwrap().split(',').skip(4).take(3);
    let cells = |begins: &str| row(begins).collect::<Vec<_>>();
    assert_eq!(cells("112119"), ["5未満", "非公表", "報告なし"], "the smallest that can be left out");
    assert_eq!(cells("113859"), ["5未満", "5未満", "報告なし"]);
    assert_eq!(cells("113816"), ["5未満", "40", "報告なし"]);
    assert_eq!(cells("113832"), ["5未満", "報告なし", "報告なし"]);
    assert_eq!(cells("111007"), ["0", "報告なし", "報告なし"]);
    assert_eq!(cells(",計,"), ["非公表", "55", "報告なし"], "four places with less than five make four");
    assert_eq!(rows.len(), 1 + 63 + 2 + 1);
    let own = server.signed_in(Role::Municipal, "112119").await;
    assert_eq!(server.get("/v1/publication.csv", Some(("cookie", &own))).await.code(), "not_found");
    assert_eq!(server.get("/v1/publication.csv", None).await.status, StatusCode::UNAUTHORIZED);
}
