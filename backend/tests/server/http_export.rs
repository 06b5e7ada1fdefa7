//! `GET /v1/records.csv`: the records a caller may see, as a table.

use axum::http::StatusCode;
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

    let answer = server.get("/v1/records.csv", mine.credential()).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.headers["content-type"], "text/csv; charset=utf-8");
    assert!(answer.body.starts_with("\u{feff}番号,種別,活動,名称,".as_bytes()));
    let rows = lines(&answer.body);
    assert_eq!(rows.len(), 3, "{rows:?}");
    assert!(
        rows[1].contains("講話,\"'=1+1, \"\"集い\"\"\",") && rows[1].contains(",2026-11-20,2026-11,"),
        "{}",
        rows[1]
    );
    assert!(rows[1].ends_with(",0,"), "a reported 0 is a number, unreported viewers are empty: {}", rows[1]);
    assert!(rows[2].contains("日付のない会"), "{}", rows[2]);

    let administrator = server.device_as(4, Role::Administrator, HONJO).await;
    let all = server.get("/v1/records.csv", administrator.credential()).await;
    assert_eq!(lines(&all.body).len(), 4);
    let narrowed = server.get("/v1/records.csv?fiscal_year=2026&month=2026-10", administrator.credential()).await;
    assert_eq!(lines(&narrowed.body).len(), 2);
    assert_eq!(server.get("/v1/records.csv", None).await.status, StatusCode::UNAUTHORIZED);
}
