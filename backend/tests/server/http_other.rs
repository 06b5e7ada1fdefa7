//! Health, registry, scopes, events, the web app, and the description of the interface.

use std::path::Path;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::json;
use tower::ServiceExt;
use tsudoi_server::config::Config;
use tsudoi_server::http::web::CONTENT_SECURITY_POLICY;
use tsudoi_server::service::access::Role;
use tsudoi_server::service::demo;

use crate::support::{HONJO, KAMISATO, document_id, server, server_with};

#[tokio::test]
async fn health_needs_no_credential() {
    let server = server().await;
    assert_eq!(server.get("/livez", None).await.status, StatusCode::NO_CONTENT);
    assert_eq!(server.get("/readyz", None).await.status, StatusCode::NO_CONTENT);
    let version = server.get("/version", None).await.json();
    assert_eq!((version["name"].as_str(), version["protocol"].as_u64()), (Some("tsudoi-server"), Some(1)));
    server.app.store.close().await;
    assert_eq!(
        server.get("/readyz", None).await.status,
        StatusCode::NO_CONTENT,
        "known for a second, however often asked"
    );
    server.clock.forward(1_000);
    assert_eq!(server.get("/livez", None).await.status, StatusCode::NO_CONTENT);
    assert_eq!(server.get("/readyz", None).await.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn the_interface_is_described_as_in_the_snapshot() {
    let mut text = serde_json::to_string_pretty(&tsudoi_server::http::openapi()).unwrap();
    text.push('\n');
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    if std::env::var_os("TSUDOI_WRITE_SNAPSHOTS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    assert!(std::fs::read_to_string(path).unwrap() == text, "set TSUDOI_WRITE_SNAPSHOTS=1 to write openapi.json anew");
    let served = server().await.get("/openapi.json", None).await.json();
    assert_eq!(served, serde_json::from_str::<serde_json::Value>(&text).unwrap());
}

#[test]
fn rights_are_documented_as_they_are() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("RIGHTS.md");
    let text = tsudoi_server::http::matrix::document();
    if std::env::var_os("TSUDOI_WRITE_SNAPSHOTS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    assert!(std::fs::read_to_string(path).unwrap() == text, "set TSUDOI_WRITE_SNAPSHOTS=1 to write RIGHTS.md anew");
}

#[tokio::test]
async fn unknown_paths_and_methods_are_problems() {
    let server = server().await;
    assert_eq!(server.get("/v1/nothing", None).await.code(), "not_found");
    assert_eq!(server.get("/assets/nothing.js", None).await.code(), "not_found");
    assert_eq!(server.get("/v1/login", None).await.code(), "method_not_allowed");
    for path in ["/healthz", "/office/x", "/wp-login.php", "/records/1/2"] {
        let answer = server.get(path, None).await;
        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::NOT_FOUND, "not_found"), "{path}");
        let request = Request::get(path).header("accept", "text/html,*/*").body(Body::empty()).unwrap();
        let page = server.send_bare(request).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
        assert!(page.headers[header::CONTENT_TYPE].to_str().unwrap().starts_with("text/html"), "{path}");
    }
    let answer = server.post("/v1/login", None, &json!({ "kode": 1 })).await;
    assert_eq!((answer.status, answer.code().as_str()), (StatusCode::BAD_REQUEST, "invalid_request"));
}

#[tokio::test]
async fn pages_are_served_with_a_strict_policy_and_never_kept_for_long() {
    let server = server().await;
    for path in ["/", "/office", "/office/records/1", "/session/1"] {
        let answer = server.get(path, None).await;
        assert!(answer.headers[header::CONTENT_TYPE].to_str().unwrap().starts_with("text/html"), "{path}");
        assert_eq!(answer.headers[header::CACHE_CONTROL], "no-cache", "{path}");
        assert_eq!(answer.headers[header::CONTENT_SECURITY_POLICY], CONTENT_SECURITY_POLICY);
        assert_eq!(answer.headers["x-content-type-options"], "nosniff");
    }
}

#[tokio::test]
async fn the_registry_is_edited_by_some_and_each_entry_is_made_once() {
    let server = server().await;
    let administrator = server.device_as(1, Role::Administrator, HONJO).await;
    let staff = server.device(2, HONJO).await;
    let coordinator = server.device_as(3, Role::Coordinator, HONJO).await;
    let new = json!({ "name": "本庄市児玉郡医師会", "municipalities": ["112119"] });
    assert_eq!(server.post("/v1/registry/associations", staff.credential(), &new).await.code(), "forbidden");

    let add =
        async |path: &str, body: serde_json::Value| server.post(path, administrator.credential(), &body).await.json();
    let association = add("/v1/registry/associations", new.clone()).await["id"].clone();
    assert!(association.as_str().unwrap().starts_with("as-"));
    let version = server.get("/v1/registry", staff.credential()).await.json()["version"].clone();
    assert_eq!(add("/v1/registry/associations", new).await["id"], association);
    assert_eq!(server.get("/v1/registry", staff.credential()).await.json()["version"], version, "nothing has changed");
    add("/v1/registry/associations", json!({ "name": "本庄市児玉郡医師会", "municipalities": ["113859"] })).await;

    let lecturer = json!({ "surname": "富沢", "title": "医師", "association": "本庄市児玉郡医師会", "bank": true });
    let id = add("/v1/registry/lecturers", lecturer.clone()).await["id"].clone();
    assert_eq!(add("/v1/registry/lecturers", lecturer.clone()).await["id"], id);
    let other = server.post("/v1/registry/lecturers", coordinator.credential(), &lecturer).await;
    assert_eq!(other.code(), "forbidden", "a coordinator keeps the roster of their own association");
    let card = json!({ "name": "わたしの連絡先カード", "eligibilities": ["75歳到達", "町独自"] });
    let material = add("/v1/registry/materials", card).await;
    assert_eq!(material["id"], "contact-card");
    let own = json!({ "name": "町の冊子", "unit": "冊", "eligibilities": ["単身高齢"] });
    assert_eq!(add("/v1/registry/materials", own).await["eligibilities"][0]["id"], "living-alone");

    let registry = server.get("/v1/registry", staff.credential()).await.json();
    assert_eq!(registry["municipalities"].as_array().unwrap().len(), 63);
    assert_eq!(registry["associations"][0]["municipalities"], json!(["112119", "113859"]));
    assert_eq!(registry["lecturers"][0]["association"], association);
    assert_eq!(registry["materials"].as_array().unwrap().len(), 8);
    assert_eq!(registry["materials"][0]["eligibilities"].as_array().unwrap().len(), 5);
    for (code, meant) in
        [("999999", None), ("112118", Some("112119")), ("11211", Some("112119")), ("本庄市", Some("112119"))]
    {
        let wrong = json!({ "name": "x", "municipalities": [code] });
        let refused = server.post("/v1/registry/associations", administrator.credential(), &wrong).await;
        assert_eq!(refused.code(), "unknown_reference");
        let detail = refused.json()["detail"].as_str().unwrap().to_owned();
        assert_eq!(detail.contains("と書いてください"), meant.is_some(), "{detail}");
        assert!(meant.is_none_or(|meant| detail.contains(meant)), "{detail}");
    }
}

#[tokio::test]
async fn a_tablet_sees_how_its_own_scopes_stand_and_no_others() {
    let server = server().await;
    let mut device = server.device(1, HONJO).await;
    server.device(2, KAMISATO).await;
    let change = device.set(document_id(9), "venue", "公民館");
    let push = device.push(document_id(9), vec![change]);
    let response = server.sync(&device, &device.request(vec![push])).await;
    let scopes = server.get("/v1/scopes", device.credential()).await.json();
    assert_eq!(scopes.as_array().unwrap().len(), 1);
    assert_eq!(scopes[0]["digest"], response.scopes[0].digest.hex());
    assert_eq!((scopes[0]["seq"].as_u64(), scopes[0]["document_count"].as_u64()), (Some(1), Some(1)));
}

#[tokio::test]
async fn events_tell_of_ones_own_scopes_alone() {
    let server = server().await;
    let mut honjo = server.device(1, HONJO).await;
    let mut kamisato = server.device(2, KAMISATO).await;
    let request = Request::get("/v1/events").header(header::AUTHORIZATION, &honjo.authorization);
    let mut request = request.body(Body::empty()).unwrap();
    server.sign(&mut request);
    let response = server.router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream");
    assert_eq!(response.headers()["x-accel-buffering"], "no");
    assert!(response.headers()[header::CACHE_CONTROL].to_str().unwrap().contains("no-transform"));
    assert!(!response.headers().contains_key(header::CONTENT_ENCODING));
    let mut events = response.into_body();
    for (device, id) in [(&mut kamisato, 8), (&mut honjo, 9)] {
        let change = device.set(document_id(id), "venue", "公民館");
        let push = device.push(document_id(id), vec![change]);
        server.sync(device, &device.request(vec![push])).await;
    }
    let first = events.frame().await.unwrap().unwrap().into_data().unwrap();
    assert!(first.starts_with(b"event: listening\n"), "said at once, so that a proxy that holds it back is noticed");
    let frame = events.frame().await.unwrap().unwrap().into_data().unwrap();
    assert_eq!(frame, format!("event: changed\ndata: {{\"scope\":\"{HONJO}\"}}\n\n").as_bytes());
    server.app.ending.send_replace(true);
    assert!(events.frame().await.is_none(), "the stream ends with the server");
}

#[tokio::test]
async fn a_stream_of_events_ends_with_what_its_listener_has_shown() {
    let config = Config { event_streams: 2, ..Config::default() };
    let server = server_with(config).await;
    let (mut writer, listener) = (server.device(1, HONJO).await, server.device(2, HONJO).await);
    let cookie = server.signed_in(Role::Municipal, "112119").await;
    let listen = async |name: &str, value: &str| {
        let mut request = Request::get("/v1/events").header(name, value).body(Body::empty()).unwrap();
        server.sign(&mut request);
        server.router.clone().oneshot(request).await.unwrap()
    };
    let mut tablet = listen("authorization", &listener.authorization).await.into_body();
    let mut console = listen("cookie", &cookie).await.into_body();
    for stream in [&mut tablet, &mut console] {
        assert!(stream.frame().await.is_some(), "the first word");
    }
    let third = listen("cookie", &cookie).await;
    assert_eq!(third.status(), StatusCode::SERVICE_UNAVAILABLE, "streams are counted");
    server.app.store.revoke_device("11", listener.device, "pe-x", 1).await.unwrap();
    server.post("/v1/logout", Some(("cookie", &cookie)), &json!({})).await;
    let change = writer.set(document_id(9), "venue", "公民館");
    let push = writer.push(document_id(9), vec![change]);
    server.sync(&writer, &writer.request(vec![push])).await;
    assert!(tablet.frame().await.is_none(), "a revoked tablet hears nothing more");
    assert!(console.frame().await.is_none(), "nor does one who has signed out");
}

#[tokio::test]
async fn the_demonstration_is_the_same_when_made_twice() {
    let server = server().await;
    let database = server.folder.path().join("t.sqlite").display().to_string();
    let first = demo::seed(&server.app, &database).await.unwrap();
    let version = server.app.store.registry_version("11").await.unwrap();
    let second = demo::seed(&server.app, &database).await.unwrap();
    assert_eq!(serde_json::to_value(&first).unwrap(), serde_json::to_value(&second).unwrap());
    assert_eq!(server.app.store.registry_version("11").await.unwrap(), version);
    let registry = server.app.store.registry("11").await.unwrap().unwrap();
    let covered: std::collections::BTreeSet<_> =
        registry.associations.iter().flat_map(|association| association.municipalities.clone()).collect();
    assert_eq!(covered.len(), 63, "every municipality has an association");
    for sign_in in &first {
        let login = server.post("/v1/login", None, &json!({ "code": sign_in.code })).await;
        assert_eq!(login.json()["role"], serde_json::to_value(sign_in.role).unwrap());
    }
}
