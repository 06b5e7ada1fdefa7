//! Tablets in the office's hands: a code is good once, an end is an end, a lost PIN opens one tablet only.

use axum::http::StatusCode;
use serde_json::{Value, json};
use tsudoi_server::service::access::Role;

use crate::support::{HONJO, Server, document_id, server};

const DEVICE: &str = "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b";

/// A code for the first of those who may be given a tablet with this role.
async fn issue(server: &Server, cookie: &str, role: &str) -> Value {
    let page = server.get("/v1/devices", Some(("cookie", cookie))).await.json();
    let holder = page["holders"].as_array().unwrap().iter().find(|one| one["role"] == role).unwrap().clone();
    let body = json!({
        "person": holder["person"]["id"], "role": role, "organisation": holder["organisation"],
        "address": "https://tsudoi.example/office",
    });
    let answer = server.post("/v1/devices/codes", Some(("cookie", cookie)), &body).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", String::from_utf8_lossy(&answer.body));
    answer.json()
}

#[tokio::test]
async fn a_code_from_the_office_enrols_one_tablet_within_ten_minutes() {
    let server = server().await;
    server.code(Role::Staff, "112119", HONJO, 1).await;
    let cookie = server.signed_in(Role::Municipal, "112119").await;
    let code = issue(&server, &cookie, "staff").await;
    assert_eq!(code["link"], format!("https://tsudoi.example/#code={}", code["code"].as_str().unwrap()));
    assert!(code["size"].as_u64().unwrap() > 20 && code["path"].as_str().unwrap().starts_with("M4 4h1v1h-1z"));
    let body = json!({ "code": code["code"], "device": DEVICE, "device_name": "受付1号機" });
    let enrolled = server.post("/v1/enrol", None, &body).await;
    assert_eq!(enrolled.json()["scopes"], json!([HONJO]));
    let other = json!({ "code": code["code"], "device": "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5c", "device_name": "x" });
    assert_eq!(server.post("/v1/enrol", None, &other).await.code(), "code_unknown", "used twice");
    let late = issue(&server, &cookie, "staff").await;
    server.clock.forward(600_000);
    let body = json!({ "code": late["code"], "device": DEVICE, "device_name": "x" });
    assert_eq!(server.post("/v1/enrol", None, &body).await.code(), "code_unknown", "too late");
}

#[tokio::test]
async fn tablets_of_another_organisation_do_not_exist() {
    let server = server().await;
    let device = server.device(1, HONJO).await;
    let path = format!("/v1/devices/{}", device.device);
    let own = server.signed_in(Role::Municipal, "112119").await;
    let other = server.signed_in(Role::Municipal, "113859").await;
    assert_eq!(server.get(&path, Some(("cookie", &own))).await.status, StatusCode::OK);
    assert_eq!(server.get("/v1/devices", Some(("cookie", &other))).await.json()["tablets"], json!([]));
    assert_eq!(server.get(&path, Some(("cookie", &other))).await.code(), "not_found");
    for act in ["revocation", "pin-code"] {
        let path = format!("{path}/{act}");
        assert_eq!(server.post(&path, Some(("cookie", &other)), &json!({})).await.code(), "not_found", "{act}");
        assert_eq!(server.post(&path, device.credential(), &json!({})).await.code(), "forbidden", "{act}");
    }
    let stolen = json!({
        "person": "pe-x", "role": "administrator", "organisation": "11", "address": "https://tsudoi.example",
    });
    assert_eq!(server.post("/v1/devices/codes", Some(("cookie", &own)), &stolen).await.code(), "not_found");
}

#[tokio::test]
async fn a_revoked_tablet_is_out_at_its_next_request_and_comes_back_with_a_new_code() {
    let server = server().await;
    let mut device = server.device(1, HONJO).await;
    let change = device.set(document_id(1), "title", "この端末だけ");
    let push = device.push(document_id(1), vec![change]);
    server.sync(&device, &device.request(vec![push])).await;
    let cookie = server.signed_in(Role::Municipal, "112119").await;
    let path = format!("/v1/devices/{}", device.device);
    let shown = server.get(&path, Some(("cookie", &cookie))).await.json();
    assert_eq!(shown["own_records"][0]["title"], "この端末だけ");
    let revoke = format!("{path}/revocation");
    server.clock.forward(6 * 60_000);
    assert_eq!(server.post(&revoke, Some(("cookie", &cookie)), &json!({})).await.code(), "proof_needed");
    let cookie = server.signed_in(Role::Municipal, "112119").await;
    assert_eq!(server.post(&revoke, Some(("cookie", &cookie)), &json!({})).await.status, StatusCode::NO_CONTENT);
    assert_eq!(server.get("/v1/scopes", device.credential()).await.code(), "device_revoked");
    assert_eq!(server.post(&revoke, Some(("cookie", &cookie)), &json!({})).await.code(), "not_possible");
    let code = issue(&server, &cookie, "staff").await;
    let body = json!({ "code": code["code"], "device": device.device.to_string(), "device_name": "戻った端末" });
    let token = server.post("/v1/enrol", None, &body).await.json()["token"].as_str().unwrap().to_owned();
    device.authorization = format!("DPoP {token}");
    assert_eq!(server.get("/v1/scopes", device.credential()).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_lost_pin_is_recovered_once_by_the_same_tablet_only() {
    let server = server().await;
    let half = "ab".repeat(32);
    let first = server.code(Role::Staff, "112119", HONJO, 5).await;
    let body = json!({ "code": first.shown(), "device": DEVICE, "device_name": "x", "recovery": half });
    assert_eq!(server.post("/v1/enrol", None, &body).await.status, StatusCode::OK);
    let other = server.device(2, HONJO).await;
    let cookie = server.signed_in(Role::Municipal, "112119").await;
    let path = format!("/v1/devices/{DEVICE}/pin-code");
    let code = server.post(&path, Some(("cookie", &cookie)), &json!({})).await.json()["code"].clone();
    let wrong = json!({ "code": code, "device": other.device.to_string() });
    assert_eq!(server.post("/v1/recover", None, &wrong).await.code(), "code_unknown", "for another tablet");
    let ask = json!({ "code": code, "device": DEVICE });
    assert_eq!(server.post("/v1/recover", None, &ask).await.json()["recovery"], half);
    assert_eq!(server.post("/v1/recover", None, &ask).await.code(), "code_unknown", "used twice");
    let code = server.post(&path, Some(("cookie", &cookie)), &json!({})).await.json()["code"].clone();
    let mut raw = server.raw().await;
    sqlx::query("UPDATE device SET key_thumbprint = zeroblob(32)").execute(&mut raw).await.unwrap();
    let ask = json!({ "code": code, "device": DEVICE });
    assert_eq!(server.post("/v1/recover", None, &ask).await.code(), "code_unknown", "by another key");
}

#[tokio::test]
async fn a_colleague_joins_with_a_code_of_the_same_organisation() {
    let server = server().await;
    let device = server.device(1, HONJO).await;
    let colleague = server.code(Role::Municipal, "112119", HONJO, 1).await;
    let joined = server.post("/v1/device/people", device.credential(), &json!({ "code": colleague.shown() })).await;
    assert_eq!(joined.json()["name"], "municipal 112119");
    let again = server.post("/v1/device/people", device.credential(), &json!({ "code": colleague.shown() })).await;
    assert_eq!(again.code(), "code_unknown");
    let stranger = server.code(Role::Staff, "113859", HONJO, 1).await;
    let refused = server.post("/v1/device/people", device.credential(), &json!({ "code": stranger.shown() })).await;
    assert_eq!(refused.code(), "code_unknown");
    server.sign_in(&stranger.shown()).await;
}
