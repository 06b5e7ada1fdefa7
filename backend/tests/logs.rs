//! Logs hold no secret and no name, at the most talkative level. In a process of its own: what logs is settled once for
//! each process.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "server/support.rs"]
#[allow(dead_code, reason = "shared with the other test binary, which uses the rest")]
mod support;

use std::io::Write;
use std::sync::{Arc, Mutex};

use axum::http::{StatusCode, header};
use serde_json::json;
use tsudoi_server::service::access::Role;

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

#[tokio::test]
async fn logs_hold_no_secret_and_no_name() {
    let said = Said::default();
    let writer = said.clone();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(move || writer.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let server = server().await;

    let code = server.code(Role::Administrator, "11", "", 1).await;
    let login = server.post("/v1/login", None, &json!({ "code": code.shown() })).await;
    let cookie = login.headers[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
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
    ] {
        assert!(!said.contains(secret), "{secret} is in the log");
    }
}
