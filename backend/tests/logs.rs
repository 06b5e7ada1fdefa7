//! What logs say: no secret and no name, at the most talkative level, spans and their fields included; and how much
//! tablets brought back. In a process of its own: what logs is settled once for each process.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "server/support.rs"]
#[allow(dead_code, reason = "shared with the other test binary, which uses the rest")]
mod support;

use std::io::Write;
use std::sync::{Arc, Mutex};

use axum::http::StatusCode;
use serde_json::json;
use tsudoi_server::service::access::Role;

use tracing_subscriber::fmt::format::FmtSpan;

use support::{HONJO, document_id, server};

/// Everything that was logged.
#[derive(Clone, Default)]
struct Said(Arc<Mutex<Vec<u8>>>);

impl Write for Said {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Acts of the office in which people write names and reasons.
async fn acts(server: &support::Server, cookie: &str, tablet: &support::Device) {
    let credential = Some(("cookie", cookie));
    let person = json!({ "name": "新井花子", "role": "staff", "organisation": "112119" });
    let added = server.post("/v1/people", credential, &person).await;
    let id = added.json()["person"].as_str().unwrap().to_owned();
    let renamed = server.post(&format!("/v1/people/{id}/name"), credential, &json!({ "name": "大野花子" })).await;
    assert_eq!(renamed.status, StatusCode::NO_CONTENT);
    for (path, body) in [
        ("/v1/registry/associations", json!({ "name": "こだま郡市医師会", "municipalities": [] })),
        ("/v1/registry/lecturers", json!({ "surname": "富沢", "bank": false })),
        ("/v1/people", json!({ "name": "新井花子\n", "role": "nobody", "organisation": "x" })),
        ("/v1/retention/records/destructions", json!({ "list": "x", "reason": "期限の理由" })),
    ] {
        server.post(path, credential, &body).await;
    }
    server.get("/v1/records?title=search-word", credential).await;
    server.get("/v1/journal?target=search-word", credential).await;
    server.get("/v1/records.csv", credential).await;
    server.get("/v1/publication.csv", credential).await;
    let path = format!("/v1/records/{}", document_id(1));
    let destroyed = server.delete(&path, credential, &json!({ "reason": "消す理由" })).await;
    assert_eq!(destroyed.status, StatusCode::NO_CONTENT);
    // a wrong proof, and a tablet's own name
    let request = axum::http::Request::get("/v1/scopes").header("authorization", &tablet.authorization);
    let request = request.header("dpop", "a.b.c").body(axum::body::Body::empty()).unwrap();
    assert_eq!(server.send_bare(request).await.status, StatusCode::UNAUTHORIZED);
    let code = server.code(Role::Staff, "112119", HONJO, 1).await;
    let device = sync_core::ids::DeviceId::from_bytes([9; 16]);
    let body = json!({ "code": code.shown(), "device": device.to_string(), "device_name": "受付の古い端末" });
    assert_eq!(server.post("/v1/enrol", None, &body).await.status, StatusCode::OK);
}

#[tokio::test]
async fn logs_hold_no_secret_and_no_name() {
    let said = Said::default();
    let writer = said.clone();
    // every span is told of as well, when it is made and when it ends, with its fields; of every crate
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_span_events(FmtSpan::FULL)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let server = server().await;

    let code = server.code(Role::Administrator, "11", "", 1).await;
    let cookie = server.sign_in(&code.shown()).await;
    let password = "さくら ひかり でんしゃ";
    let set = json!({ "name": "yamada.hanako", "password": password });
    assert_eq!(server.post("/v1/own/password", Some(("cookie", &cookie)), &set).await.status, StatusCode::OK);
    for tried in [password, "wrong-word-typed"] {
        server.post("/v1/sign-in/password", None, &json!({ "name": "yamada.hanako", "password": tried })).await;
    }
    let mut tablet = server.device(1, HONJO).await;
    let text = "鈴木様の電話は0495-00-0000";
    let change = tablet.set(document_id(1), "title", text);
    let push = tablet.push(document_id(1), vec![change]);
    server.sync(&tablet, &tablet.request(vec![push])).await;
    server.get(&format!("/v1/records/{}", document_id(1)), Some(("cookie", &cookie))).await;
    server.get("/v1/own/sign-in", Some(("cookie", &cookie))).await;
    acts(&server, &cookie, &tablet).await;

    let said = String::from_utf8_lossy(&said.0.lock().unwrap()).into_owned();
    assert!(said.contains("answered") && said.contains("/v1/sync"), "something was logged");
    let token = cookie.split('=').nth(1).unwrap();
    let device = tablet.authorization.trim_start_matches("DPoP ");
    let code = code.shown();
    for secret in [
        code.as_str(),
        &code.replace('-', ""),
        token,
        device,
        password,
        "wrong-word-typed",
        "yamada.hanako",
        text,
        "鈴木",
        "0495-00-0000",
        "administrator 11",
        "staff 112119",
        "端末1",
        "$argon2id",
        "新井花子",
        "大野花子",
        "こだま郡市医師会",
        "富沢",
        "消す理由",
        "期限の理由",
        "受付の古い端末",
        "search-word",
    ] {
        assert!(!said.contains(secret), "{secret} is in the log");
    }
}

#[tokio::test]
async fn what_tablets_bring_back_after_a_restore_is_logged_with_records_changes_and_tablet() {
    let said = Said::default();
    let writer = said.clone();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let (before, restored) = (server().await, server().await);
    let mut tablet = before.device(1, HONJO).await;
    let mut pushes = Vec::new();
    for (number, field) in [(1, "venue"), (2, "title")] {
        let id = document_id(number);
        let changes = vec![tablet.set(id, "date", "2026-09-01"), tablet.set(id, field, "公民館")];
        pushes.push(tablet.push(id, changes));
    }
    before.sync(&tablet, &tablet.request(pushes.clone())).await;
    let lines = || -> Vec<String> {
        let said = String::from_utf8_lossy(&said.0.lock().unwrap()).into_owned();
        said.lines().filter(|line| line.contains("tablets brought back")).map(str::to_owned).collect()
    };
    assert_eq!(lines(), Vec::<String>::new(), "what is new was never lost");

    // the backup knows the tablet and none of its records
    tablet.authorization = restored.device(1, HONJO).await.authorization;
    for push in &mut pushes {
        push.again = true;
    }
    for _ in 0..2 {
        restored.sync(&tablet, &tablet.request(pushes.clone())).await;
    }
    let lines = lines();
    assert_eq!(lines.len(), 1, "what is there brings nothing back: {lines:?}");
    for part in ["documents=2", "changes=4", &format!("device={}", tablet.device)] {
        assert!(lines[0].contains(part), "{part} in {}", lines[0]);
    }
}
