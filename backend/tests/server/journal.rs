//! The journal: what is done, read and refused is in it, and a row changed or taken out is found.

use axum::http::StatusCode;
use serde_json::json;
use tsudoi_server::config::Config;
use tsudoi_server::service::access::{Action, Role};
use tsudoi_server::service::journal::{Act, ChainFault, Who, verify};
use tsudoi_server::service::retention::strangers;
use tsudoi_server::store::journal::{JournalFilter, JournalHead, JournalRow};

use crate::support::{HONJO, Server, server, server_with};

async fn rows(server: &Server, tenant: &str) -> Vec<JournalRow> {
    server.app.journal.flush().await;
    let mut rows = server.app.store.list_journal(tenant, &JournalFilter::default(), None, 1000).await.unwrap();
    rows.reverse();
    rows
}

fn said(rows: &[JournalRow]) -> Vec<(&str, &str, &str)> {
    rows.iter().map(|row| (row.entry.action.as_str(), row.entry.outcome.as_str(), row.entry.target.as_str())).collect()
}

#[tokio::test]
async fn what_is_done_read_and_refused_is_noted() {
    let server = server().await;
    let code = server.code(Role::Municipal, "112119", HONJO, 9).await;
    let cookie = server.sign_in(&code.shown()).await;
    let credential = Some(("cookie", cookie.as_str()));
    assert_eq!(server.get("/v1/records?fiscal_year=2026", credential).await.status, StatusCode::OK);
    assert_eq!(server.get("/v1/records?fiscal_year=2026", credential).await.status, StatusCode::OK);
    assert_eq!(server.get("/v1/records.csv", credential).await.status, StatusCode::OK);
    let month = json!({ "month": "2026-04" });
    assert_eq!(server.post("/v1/closings", credential, &month).await.code(), "forbidden");
    let found = rows(&server, "11").await;
    assert_eq!(
        said(&found),
        [
            ("sign_in", "done", ""),
            ("read_records", "done", "/v1/records"),
            ("export_records", "done", "/v1/records.csv"),
            ("close_month", "forbidden", "/v1/closings"),
        ],
        "the second reading of the same within ten minutes is the same reading"
    );
    assert_eq!(found[1].entry.detail, "fiscal_year=2026");
    assert_eq!((found[1].entry.peer.as_str(), found[1].entry.role.as_str()), ("0.0.0.0", "municipal"));
    assert_eq!(found[1].person_name, "municipal 112119");
    assert_eq!(found[1].entry.request.len(), 16);
    server.clock.forward(600_000);
    server.get("/v1/records?fiscal_year=2026", credential).await;
    assert_eq!(rows(&server, "11").await.len(), 5);
}

#[tokio::test]
async fn words_of_records_are_not_kept_and_every_export_and_every_tablet_is_an_entry_of_its_own() {
    let server = server().await;
    let code = server.code(Role::Municipal, "112119", HONJO, 9).await;
    let (one, two) = (server.sign_in(&code.shown()).await, server.sign_in(&code.shown()).await);
    for cookie in [&one, &one, &two] {
        let path = "/v1/records.csv?fiscal_year=2026&title=%E5%B1%B1%E7%94%B0%E3%81%95%E3%82%93";
        assert_eq!(server.get(path, Some(("cookie", cookie))).await.status, StatusCode::OK);
    }
    let found = rows(&server, "11").await;
    let exports: Vec<_> = found.iter().filter(|row| row.entry.action == "export_records").collect();
    assert_eq!(exports.len(), 3, "each was taken along");
    assert!(exports.iter().all(|row| row.entry.detail == "fiscal_year=2026&title=…"), "{}", exports[0].entry.detail);
}

#[tokio::test]
async fn a_refusal_of_a_stranger_is_noted_without_what_they_sent_and_only_so_often() {
    let server = server().await;
    let wrong = server.post("/v1/login", None, &json!({ "code": "AAAA-AAAA" })).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    server.get("/v1/records/00000000-0000-0000-0000-000000000001", None).await;
    let found = rows(&server, "").await;
    assert_eq!(
        said(&found),
        [("sign_in", "code_unknown", "/v1/login"), ("read_records", "unauthorised", "/v1/records/{document}")]
    );
    for _ in 0..300 {
        server.get("/v1/me", None).await;
    }
    assert_eq!(rows(&server, "").await.len(), 120);
    server.clock.forward(60_000);
    server.get("/v1/me", None).await;
    let found = rows(&server, "").await;
    assert_eq!((found.len(), found[120].entry.detail.contains("182")), (121, true));
}

#[tokio::test]
async fn entries_of_no_prefecture_are_kept_as_long_as_the_setting_says_and_the_chain_stays_sound() {
    let server = server_with(Config { strangers_journal_days: 400, ..Config::default() }).await;
    let stranger = async || {
        server.post("/v1/login", None, &json!({ "code": "AAAA-AAAA" })).await;
        rows(&server, "").await.len()
    };
    assert_eq!(stranger().await, 1);
    server.clock.forward(300 * 86_400_000);
    assert_eq!(stranger().await, 2);
    strangers::cut(&server.app).await.unwrap();
    assert_eq!(rows(&server, "").await.len(), 2, "not yet");
    server.clock.forward(101 * 86_400_000);
    strangers::cut(&server.app).await.unwrap();
    let left = rows(&server, "").await;
    assert_eq!(said(&left).first(), Some(&("sign_in", "code_unknown", "/v1/login")));
    assert_eq!(left.iter().map(|row| row.seq).collect::<Vec<_>>(), [2, 3], "and an entry says so");
    strangers::cut(&server.app).await.unwrap();
    let chain = verify(server.app.store.as_ref(), "", None).await.unwrap();
    assert_eq!((chain.fault, rows(&server, "").await.len()), (None, 2));
}

#[tokio::test]
async fn a_row_changed_taken_out_or_cut_off_is_found() {
    let server = server().await;
    for number in 0..5 {
        let act = Act::done(Action::EditPeople).to(format!("pe-{number}"));
        server.app.journal.note(Who::person("11", "pe-x"), act).await.unwrap();
    }
    let sound = check(&server, None).await;
    assert_eq!(sound.1, None);
    let cases = [
        ("UPDATE journal SET target = 'pe-9' WHERE seq = 3", ChainFault::Changed(3)),
        ("UPDATE journal SET device = zeroblob(16) WHERE seq = 2", ChainFault::Changed(2)),
        ("UPDATE journal SET at = at + 1 WHERE seq = 1", ChainFault::Changed(1)),
        ("DELETE FROM journal WHERE seq = 3", ChainFault::Missing(3)),
        ("DELETE FROM journal WHERE seq = 5", ChainFault::End { rows: 4, head: 5 }),
        ("DELETE FROM journal_head", ChainFault::End { rows: 5, head: 0 }),
    ];
    run(&server, "CREATE TABLE kept AS SELECT * FROM journal").await;
    run(&server, "CREATE TABLE kept_head AS SELECT * FROM journal_head").await;
    for (damage, fault) in cases {
        run(&server, damage).await;
        assert_eq!(check(&server, None).await.1, Some(fault), "{damage}");
        run(&server, "DELETE FROM journal").await;
        run(&server, "DELETE FROM journal_head").await;
        run(&server, "INSERT INTO journal SELECT * FROM kept").await;
        run(&server, "INSERT INTO journal_head SELECT * FROM kept_head").await;
        assert_eq!(check(&server, None).await, sound);
    }
    // whoever also puts the head right is found by an end that was written down elsewhere
    run(&server, "DELETE FROM journal WHERE seq = 5").await;
    run(&server, "UPDATE journal_head SET seq = 4, hash = (SELECT hash FROM journal WHERE seq = 4)").await;
    assert_eq!(check(&server, None).await.1, None);
    assert_eq!(check(&server, Some(sound.0)).await.1, Some(ChainFault::End { rows: 4, head: 5 }));
}

async fn check(server: &Server, noted: Option<JournalHead>) -> (JournalHead, Option<ChainFault>) {
    let chain = verify(server.app.store.as_ref(), "11", noted).await.unwrap();
    (chain.head, chain.fault)
}

async fn run(server: &Server, text: &'static str) {
    sqlx::query(text).execute(&mut server.raw().await).await.unwrap();
}
