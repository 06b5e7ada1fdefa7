//! Tablets in the office's hands: a code is good once, an end is an end, a lost PIN opens one tablet only.

use axum::http::StatusCode;
use serde_json::{Value, json};
use sync_core::domain::vocabulary::StepState;
use sync_core::wire::Outcome;
use tsudoi_server::http::matrix::{ENDPOINTS, Entrance};
use tsudoi_server::service::access::Role;

use crate::support::{HONJO, Server, document_id, outcomes, server};

const DEVICE: &str = "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b";

/// A code for the first of those who may be given a tablet with this role; for one that is known, or a new one.
async fn issue(server: &Server, cookie: &str, role: &str, device: Option<&str>) -> Value {
    let page = server.get("/v1/devices", Some(("cookie", cookie))).await.json();
    let holder = page["holders"].as_array().unwrap().iter().find(|one| one["role"] == role).unwrap().clone();
    let body = json!({
        "person": holder["person"]["id"], "role": role, "organisation": holder["organisation"],
        "address": "https://tsudoi.example/office", "device": device,
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
    let code = issue(&server, &cookie, "staff", None).await;
    assert_eq!(code["link"], format!("https://tsudoi.example/#code={}", code["code"].as_str().unwrap()));
    assert!(code["size"].as_u64().unwrap() > 20 && code["path"].as_str().unwrap().starts_with("M4 4h1v1h-1z"));
    let body = json!({ "code": code["code"], "device": DEVICE, "device_name": "受付1号機" });
    let enrolled = server.post("/v1/enrol", None, &body).await;
    assert_eq!(enrolled.json()["scopes"], json!([HONJO]));
    let other = json!({ "code": code["code"], "device": "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5c", "device_name": "x" });
    assert_eq!(server.post("/v1/enrol", None, &other).await.code(), "code_unknown", "used twice");
    let late = issue(&server, &cookie, "staff", None).await;
    server.clock.forward(600_000);
    let body = json!({ "code": late["code"], "device": DEVICE, "device_name": "x" });
    assert_eq!(server.post("/v1/enrol", None, &body).await.code(), "code_unknown", "too late");
}

#[tokio::test]
async fn a_code_of_one_tablet_on_a_new_installation_puts_it_in_the_old_ones_place() {
    let server = server().await;
    let mut old = server.device(1, HONJO).await;
    let other = server.device(2, HONJO).await;
    let id = document_id(1);
    let counted = vec![old.count(id, "attendance.band.75-84", 3), old.step(id, StepState::Held)];
    let push = old.push(id, counted);
    server.sync(&old, &old.request(vec![push])).await;
    let cookie = server.signed_in(Role::Municipal, "112119").await;
    let tablet = |device: String| json!({ "device": device, "device_name": "本庄1号" });
    let known = tablet(other.device.to_string());

    let mut body = tablet(DEVICE.to_owned());
    body["code"] = issue(&server, &cookie, "staff", Some(&old.device.to_string())).await["code"].take();
    assert_eq!(server.post("/v1/enrol", None, &body).await.status, StatusCode::OK);
    assert_eq!(server.get("/v1/registry", old.credential()).await.code(), "device_revoked", "the old credential ends");
    let page = server.read(&cookie, "/v1/devices").await;
    let in_use: Vec<&Value> = page["tablets"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["revoked_at"].is_null())
        .map(|one| &one["device"])
        .collect();
    assert_eq!(in_use.len(), 2, "the new one and the one beside it: {in_use:?}");

    // what it recorded stays its own, and what it still sends waits for a person
    let record = server.read(&cookie, &format!("/v1/records/{id}")).await;
    let counted = &record["tallies"][0]["by_device"][0];
    assert_eq!((&record["attendance"], &counted["device"]["name"]), (&json!(3), &json!("端末1")));
    let late = old.count(id, "attendance.band.75-84", 1);
    let push = old.push(id, vec![late]);
    let answer = server.sync(&old, &old.request(vec![push])).await;
    assert_eq!(outcomes(&answer, id), [(Outcome::Custody, 1, "tablet_ended".to_owned())]);

    // a code for one tablet on another that is known takes nobody's place
    let mut body = known;
    body["code"] = issue(&server, &cookie, "staff", Some(DEVICE)).await["code"].take();
    assert_eq!(server.post("/v1/enrol", None, &body).await.code(), "device_taken");
    let page = server.read(&cookie, &format!("/v1/devices/{DEVICE}")).await;
    assert_eq!(page["tablet"]["revoked_at"], Value::Null);

    server.clock.forward(8 * 86_400_000);
    let cookie = server.signed_in(Role::Municipal, "112119").await;
    let page = server.read(&cookie, "/v1/dashboard/municipality/112119").await;
    let silent = page["silent_tablets"].clone();
    let silent: Vec<&Value> = silent.as_array().unwrap().iter().map(|one| &one["device"]).collect();
    assert!(!silent.contains(&&json!(old.device.to_string())), "it is not waited for: {silent:?}");
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
        let (path, body) = (format!("{path}/{act}"), json!({ "person": "pe-x" }));
        assert_eq!(server.post(&path, Some(("cookie", &other)), &body).await.code(), "not_found", "{act}");
        assert_eq!(server.post(&path, device.credential(), &body).await.code(), "forbidden", "{act}");
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
    let id = device.device.to_string();
    let code = issue(&server, &cookie, "staff", Some(&id)).await;
    let body = json!({ "code": code["code"], "device": id, "device_name": "戻った端末" });
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
    let stranger = json!({ "person": "pe-0000000000" });
    assert_eq!(server.post(&path, Some(("cookie", &cookie)), &stranger).await.code(), "not_found");
    let page = server.read(&cookie, &format!("/v1/devices/{DEVICE}")).await;
    let person = page["tablet"]["person"].clone();
    let whose = json!({ "person": person["id"] });
    let code = server.post(&path, Some(("cookie", &cookie)), &whose).await.json()["code"].clone();
    let wrong = json!({ "code": code, "device": other.device.to_string() });
    assert_eq!(server.post("/v1/recover", None, &wrong).await.code(), "code_unknown", "for another tablet");
    let ask = json!({ "code": code, "device": DEVICE });
    let opened = server.post("/v1/recover", None, &ask).await.json();
    assert_eq!((&opened["recovery"], &opened["person"]), (&json!(half), &person), "it says whose PIN it is for");
    assert_eq!(server.post("/v1/recover", None, &ask).await.code(), "code_unknown", "used twice");
    let code = server.post(&path, Some(("cookie", &cookie)), &whose).await.json()["code"].clone();
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

#[tokio::test]
async fn a_tablets_code_neither_signs_in_nor_proves_and_making_one_takes_a_proof() {
    let server = server().await;
    server.code(Role::Staff, "112119", HONJO, 1).await;
    let cookie = server.signed_in(Role::Municipal, "112119").await;
    let code = issue(&server, &cookie, "municipal", None).await;
    let body = json!({ "code": code["code"] });
    assert_eq!(server.post("/v1/login", None, &body).await.code(), "code_unknown");
    server.clock.forward(6 * 60_000);
    let proof = json!({ "code": code["code"] });
    let refused = server.post("/v1/own/proof", Some(("cookie", &cookie)), &proof).await;
    assert_ne!(refused.status, StatusCode::OK, "a code made for oneself is no proof of who one is");
    for path in ["/v1/devices/codes", &format!("/v1/devices/{DEVICE}/pin-code")] {
        assert_eq!(server.post(path, Some(("cookie", &cookie)), &json!({})).await.code(), "proof_needed", "{path}");
    }
    let enrolled = json!({ "code": code["code"], "device": DEVICE, "device_name": "x" });
    assert_eq!(server.post("/v1/enrol", None, &enrolled).await.status, StatusCode::OK, "it was not used up");
}

#[tokio::test]
async fn a_tablet_is_no_console_whatever_its_persons_role() {
    let server = server().await;
    let tablet = server.device_as(1, Role::Administrator, HONJO).await;
    let persons = ENDPOINTS.iter().filter(|endpoint| endpoint.entrance == Entrance::Person);
    for endpoint in persons {
        let path = endpoint.path.replace(['{', '}'], "");
        let answer = server.call(endpoint.method, &path, tablet.credential(), None).await;
        let expected = if endpoint.hidden { "not_found" } else { "forbidden" };
        assert_eq!(answer.code(), expected, "{} {}", endpoint.method, endpoint.path);
    }
    assert_eq!(server.get("/v1/registry", tablet.credential()).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_tablet_whose_person_lost_the_role_is_out_and_its_late_work_waits_until_another_takes_it_over() {
    let server = server().await;
    let mut device = server.device(1, HONJO).await;
    let cookie = server.signed_in(Role::Municipal, "112119").await;
    let path = format!("/v1/devices/{}", device.device);
    let person = server.read(&cookie, &path).await["tablet"]["person"]["id"].as_str().unwrap().to_owned();
    server.app.store.set_disabled("11", &person, Some(1)).await.unwrap();
    assert_eq!(server.get("/v1/scopes", device.credential()).await.code(), "device_revoked");
    let change = device.set(document_id(1), "title", "やめた人の端末");
    let push = device.push(document_id(1), vec![change]);
    let answer = server.sync(&device, &device.request(vec![push])).await;
    assert_eq!(outcomes(&answer, document_id(1)), [(Outcome::Custody, 1, "role_ended".to_owned())]);
    assert!(answer.scopes.is_empty() && answer.documents.is_empty() && answer.registry.is_none());
    let page = server.read(&cookie, &path).await;
    assert_eq!((&page["tablet"]["holder_gone"], &page["tablet"]["revoked_at"]), (&json!(true), &Value::Null));
    let code = issue(&server, &cookie, "municipal", Some(&device.device.to_string())).await;
    let body = json!({ "code": code["code"], "device": device.device.to_string(), "device_name": "引き継いだ端末" });
    let token = server.post("/v1/enrol", None, &body).await.json()["token"].as_str().unwrap().to_owned();
    device.authorization = format!("DPoP {token}");
    assert_eq!(server.get("/v1/scopes", device.credential()).await.status, StatusCode::OK);
    assert_eq!(server.read(&cookie, &path).await["tablet"]["holder_gone"], json!(false));
}

#[tokio::test]
async fn a_lecturers_tablet_holds_their_own_dispatches() {
    let server = server().await;
    let administrator = server.signed_in(Role::Administrator, "11").await;
    let administrator = Some(("cookie", administrator.as_str()));
    let new = json!({ "name": "本庄市児玉郡医師会", "municipalities": ["112119"] });
    let association = server.post("/v1/registry/associations", administrator, &new).await.json()["id"].clone();
    let association = association.as_str().unwrap();
    let new = json!({ "surname": "富沢", "association": association, "bank": true });
    let lecturer = server.post("/v1/registry/lecturers", administrator, &new).await.json()["id"].clone();
    server.code(Role::Lecturer, association, "", 1).await;
    let cookie = server.signed_in(Role::Coordinator, association).await;
    let page = server.read(&cookie, "/v1/devices").await;
    let holder = page["holders"].as_array().unwrap().iter().find(|one| one["role"] == "lecturer").unwrap().clone();
    let mut body = json!({
        "person": holder["person"]["id"], "role": "lecturer", "organisation": association,
        "address": "https://tsudoi.example",
    });
    for wrong in [Value::Null, json!("le-0000000000")] {
        body["lecturer"] = wrong;
        let refused = server.post("/v1/devices/codes", Some(("cookie", &cookie)), &body).await;
        assert_eq!(refused.code(), "unknown_reference", "which lecturer it is for has to be said");
    }
    body["lecturer"] = lecturer.clone();
    let code = server.post("/v1/devices/codes", Some(("cookie", &cookie)), &body).await.json()["code"].clone();
    let body = json!({ "code": code, "device": DEVICE, "device_name": "医師の端末" });
    let enrolled = server.post("/v1/enrol", None, &body).await.json();
    assert_eq!(enrolled["scopes"], json!([format!("lecturer:{}", lecturer.as_str().unwrap())]));
}
