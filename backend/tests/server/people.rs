//! People and roles: who may give what to whom, what ends with a role, and the first administrator.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use serde_json::{Value, json};
use sync_core::ids::DeviceId;
use sync_core::wire::Outcome;
use tsudoi_server::service::access::{Caller, Role};
use tsudoi_server::service::first;
use tsudoi_server::service::people::{self, NewPerson};

use crate::support::{Device, Server, document_id, outcomes, server};

async fn names(server: &Server, cookie: &str) -> Vec<String> {
    let page = server.read(cookie, "/v1/people").await;
    page["people"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_municipal_officer_keeps_the_staff_of_their_own_municipality() {
    let server = server().await;
    let honjo = server.signed_in(Role::Municipal, "112119").await;
    let kamisato = server.signed_in(Role::Municipal, "113859").await;
    let new = json!({ "name": "山田", "role": "staff", "organisation": "112119" });
    let person =
        server.post("/v1/people", Some(("cookie", &honjo)), &new).await.json()["person"].as_str().unwrap().to_owned();
    assert_eq!(server.post("/v1/people", Some(("cookie", &honjo)), &new).await.code(), "name_taken");
    assert_eq!(server.post("/v1/people", Some(("cookie", &kamisato)), &new).await.code(), "forbidden");
    assert_eq!(names(&server, &honjo).await, ["municipal 112119", "山田"]);
    assert_eq!(names(&server, &kamisato).await, ["municipal 113859"]);

    let higher = json!({ "name": "高橋", "role": "municipal", "organisation": "112119" });
    assert_eq!(
        server.post("/v1/people", Some(("cookie", &honjo)), &higher).await.code(),
        "forbidden",
        "nobody makes their equal"
    );
    let roles = format!("/v1/people/{person}/roles");
    let administrator = json!({ "role": "administrator", "organisation": "11" });
    assert_eq!(server.post(&roles, Some(("cookie", &honjo)), &administrator).await.code(), "forbidden");
    let staff = json!({ "role": "staff", "organisation": "112119" });
    assert_eq!(server.post(&roles, Some(("cookie", &kamisato)), &staff).await.code(), "not_found", "as an unknown id");
    let unknown = server.post("/v1/people/pe-0000000000/roles", Some(("cookie", &kamisato)), &staff).await;
    assert_eq!(unknown.code(), "not_found");
    let nowhere = json!({ "name": "高橋", "role": "staff", "organisation": "999999" });
    let administrator = server.signed_in(Role::Administrator, "11").await;
    assert_eq!(server.post("/v1/people", Some(("cookie", &administrator)), &nowhere).await.code(), "unknown_reference");

    let code = server.post(&format!("/v1/people/{person}/code"), Some(("cookie", &honjo)), &staff).await.json();
    let cookie = server.sign_in(code["code"].as_str().unwrap()).await;
    assert_eq!(server.read(&cookie, "/v1/me").await["person"]["name"], "山田");
    assert_eq!(server.get("/v1/people", Some(("cookie", &cookie))).await.code(), "forbidden", "staff keep nobody");
}

#[tokio::test]
async fn what_was_given_ends_when_it_is_taken_or_the_person_disabled() {
    let server = server().await;
    let administrator = server.signed_in(Role::Administrator, "11").await;
    let honjo = server.signed_in(Role::Municipal, "112119").await;
    let me = server.read(&honjo, "/v1/me").await["person"]["id"].as_str().unwrap().to_owned();
    let choice = json!({ "role": "municipal", "organisation": "112119" });
    let spare = server.post(&format!("/v1/people/{me}/code"), Some(("cookie", &administrator)), &choice).await.json();

    let disable = format!("/v1/people/{me}/disabled");
    assert_eq!(server.post(&disable, Some(("cookie", &honjo)), &json!({ "disabled": true })).await.code(), "oneself");
    let answer = server.post(&disable, Some(("cookie", &administrator)), &json!({ "disabled": true })).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    assert_eq!(server.get("/v1/me", Some(("cookie", &honjo))).await.code(), "unauthorised", "at the next request");
    let with_spare = json!({ "code": spare["code"] });
    assert_eq!(server.post("/v1/login", None, &with_spare).await.code(), "code_unknown");
    let code = server.post(&format!("/v1/people/{me}/code"), Some(("cookie", &administrator)), &choice).await;
    assert_eq!(code.code(), "person_disabled");
    server.post(&disable, Some(("cookie", &administrator)), &json!({ "disabled": false })).await;
    let again = server.sign_in(spare["code"].as_str().unwrap()).await;

    let staff = json!({ "role": "staff", "organisation": "112119" });
    server.post(&format!("/v1/people/{me}/roles"), Some(("cookie", &administrator)), &staff).await;
    let roles = server.read(&again, "/v1/me/roles").await;
    assert_eq!(roles.as_array().unwrap().len(), 2);
    let staff_of_another = json!({ "role": "staff", "organisation": "113859" });
    assert_eq!(server.post("/v1/me/role", Some(("cookie", &again)), &staff_of_another).await.code(), "forbidden");
    assert_eq!(server.post("/v1/me/role", Some(("cookie", &again)), &staff).await.status, StatusCode::NO_CONTENT);
    assert_eq!(server.read(&again, "/v1/me").await["role"], "staff");
    let path = format!("/v1/people/{me}/roles");
    let taken = server.delete(&path, Some(("cookie", &administrator)), &staff).await;
    assert_eq!(taken.status, StatusCode::NO_CONTENT);
    assert_eq!(
        server.get("/v1/me", Some(("cookie", &again))).await.code(),
        "unauthorised",
        "the sign-in was in that role"
    );
}

#[tokio::test]
async fn of_a_person_with_roles_elsewhere_only_ones_own_part_is_seen() {
    let server = server().await;
    let administrator = server.signed_in(Role::Administrator, "11").await;
    let honjo = server.signed_in(Role::Municipal, "112119").await;
    let both = server.signed_in(Role::Staff, "112119").await;
    let person = server.read(&both, "/v1/me").await["person"]["id"].as_str().unwrap().to_owned();
    let elsewhere = json!({ "role": "staff", "organisation": "113859" });
    server.post(&format!("/v1/people/{person}/roles"), Some(("cookie", &administrator)), &elsewhere).await;
    let page = server.read(&honjo, "/v1/people").await;
    let seen = page["people"].as_array().unwrap().iter().find(|one| one["person"] == person.as_str()).unwrap();
    assert_eq!(seen["roles"].as_array().unwrap().len(), 1);
    assert_eq!(seen["may_disable"], false, "they work elsewhere too");
    let path = format!("/v1/people/{person}/roles");
    let refused = server.delete(&path, Some(("cookie", &honjo)), &elsewhere).await;
    assert_eq!(refused.code(), "forbidden");
}

#[tokio::test]
async fn people_and_lecturers_have_a_reading_that_can_be_corrected() {
    let server = server().await;
    let cookie = server.signed_in(Role::Administrator, "11").await;
    let administrator = Some(("cookie", cookie.as_str()));
    let new = json!({ "name": "一二三", "reading": " うたかね ", "role": "prefectural", "organisation": "11" });
    let person = server.post("/v1/people", administrator, &new).await.json()["person"].clone();
    let reading = async || {
        let page = server.read(&cookie, "/v1/people").await;
        page["people"].as_array().unwrap().iter().find(|one| one["person"] == person).unwrap()["reading"].clone()
    };
    assert_eq!(reading().await, "うたかね");
    let path = format!("/v1/people/{}/name", person.as_str().unwrap());
    server.post(&path, administrator, &json!({ "name": "一二三", "reading": "ひふみ" })).await;
    assert_eq!(reading().await, "ひふみ");
    server.post(&path, administrator, &json!({ "name": "一二三" })).await;
    assert_eq!(reading().await, Value::Null);
    let long = json!({ "name": "一二三", "reading": "ひ".repeat(81) });
    assert_eq!(server.post(&path, administrator, &long).await.status, StatusCode::BAD_REQUEST);

    let lecturer = async |body: &Value| {
        assert_eq!(server.post("/v1/registry/lecturers", administrator, body).await.status, StatusCode::OK);
        server.read(&cookie, "/v1/registry").await["lecturers"][0]["reading"].clone()
    };
    assert_eq!(lecturer(&json!({ "surname": "薦部", "bank": true, "reading": "こもべ" })).await, "こもべ");
    assert_eq!(
        lecturer(&json!({ "surname": "薦部", "bank": false })).await,
        "こもべ",
        "a list without readings takes none away"
    );
}

#[tokio::test]
async fn the_first_administrator_gets_a_new_link_until_one_was_used() {
    let server = server().await;
    let first = first::code(&server.app).await.unwrap().unwrap();
    let second = first::code(&server.app).await.unwrap().unwrap();
    let old = server.post("/v1/login", None, &json!({ "code": first.shown() })).await;
    assert_eq!(old.code(), "code_unknown", "the link before it ended");
    let cookie = server.sign_in(&second.shown()).await;
    assert_eq!(server.read(&cookie, "/v1/me").await["role"], "administrator");
    assert!(first::code(&server.app).await.unwrap().is_none());
    let used = server.post("/v1/login", None, &json!({ "code": second.shown() })).await;
    assert_eq!(used.code(), "code_unknown", "it works once");
}

#[tokio::test]
async fn there_is_no_first_administrator_where_someone_administers() {
    let server = server().await;
    let caller = Caller::command_line("11");
    let new =
        NewPerson {
            name: "佐藤".to_owned(), reading: None, role: Role::Administrator, organisation: "11".to_owned()
        };
    people::add(&server.app, &caller, new).await.unwrap();
    assert!(first::code(&server.app).await.unwrap().is_none());
}

#[tokio::test]
async fn an_association_is_renamed_and_its_municipalities_replaced() {
    let server = server().await;
    let cookie = server.signed_in(Role::Administrator, "11").await;
    let administrator = Some(("cookie", cookie.as_str()));
    let new = json!({ "name": "本庄市児玉郡医師会", "municipalities": ["112119", "113859"] });
    let id = server.post("/v1/registry/associations", administrator, &new).await.json()["id"].clone();
    let change = json!({ "name": "本庄市児玉郡医師会（新）", "municipalities": ["113859"] });
    let put = async |id: &str, body: &Value| {
        server.put(&format!("/v1/registry/associations/{id}"), administrator, body).await
    };
    assert_eq!(put(id.as_str().unwrap(), &change).await.status, StatusCode::NO_CONTENT);
    let registry = server.get("/v1/registry", administrator).await.json();
    assert_eq!(registry["associations"][0]["name"], "本庄市児玉郡医師会（新）");
    assert_eq!(registry["associations"][0]["municipalities"], json!(["113859"]));
    assert_eq!(put("as-0000000000", &change).await.code(), "unknown_reference");
}

#[tokio::test]
async fn the_coordinator_of_a_hub_keeps_its_staff_and_sees_what_is_the_hubs() {
    let server = server().await;
    let get = async |cookie: &str, path: &str| server.get(path, Some(("cookie", cookie))).await;
    let post = async |cookie: &str, path: &str, body: Value| server.post(path, Some(("cookie", cookie)), &body).await;
    let administrator = server.signed_in(Role::Administrator, "11").await;
    let add = async |body: Value| post(&administrator, "/v1/registry/associations", body).await;
    let association = add(json!({ "name": "本庄市児玉郡医師会", "municipalities": ["112119"] })).await.json();
    let hub = add(json!({ "name": "本庄拠点", "municipalities": ["112119", "113859"], "hub": true })).await.json();
    let (association, hub) = (association["id"].as_str().unwrap(), hub["id"].as_str().unwrap());
    assert_eq!(add(json!({ "name": "本庄拠点" })).await.code(), "name_taken", "a hub stays a hub");
    let lecturer = json!({ "surname": "佐藤", "association": hub, "bank": true });
    let refused = post(&administrator, "/v1/registry/lecturers", lecturer).await;
    assert_eq!(refused.code(), "unknown_reference", "the lecturer bank is the associations'");

    for (of, gives) in [(association, json!(["lecturer"])), (hub, json!(["staff"]))] {
        let coordinator = server.signed_in(Role::Coordinator, of).await;
        assert_eq!(get(&coordinator, "/v1/people").await.json()["gives"], gives);
    }
    let coordinator = server.signed_in(Role::Coordinator, hub).await;
    for (role, organisation, code) in [
        ("lecturer", hub, "unknown_reference"),
        ("staff", association, "forbidden"),
        ("staff", "112119", "forbidden"),
        ("coordinator", hub, "forbidden"),
    ] {
        let new = json!({ "name": "鈴木", "role": role, "organisation": organisation });
        assert_eq!(post(&coordinator, "/v1/people", new).await.code(), code, "{role} {organisation}");
    }
    let new = json!({ "name": "鈴木", "role": "staff", "organisation": hub });
    let person = post(&coordinator, "/v1/people", new).await.json()["person"].clone();
    let honjo = server.signed_in(Role::Municipal, "112119").await;
    assert!(!names(&server, &honjo).await.contains(&"鈴木".to_owned()), "the hub's people are the hub's");

    // its tablet holds what is the hub's and what is of the municipalities it covers
    let body = json!({ "person": person, "role": "staff", "organisation": hub, "address": "https://tsudoi.example" });
    let code = post(&coordinator, "/v1/devices/codes", body).await.json()["code"].clone();
    let device = DeviceId::from_bytes([7; 16]);
    let body = json!({ "code": code, "device": device.to_string(), "device_name": "拠点1号機" });
    let enrolled = server.post("/v1/enrol", None, &body).await.json();
    let own = format!("association:{hub}");
    assert_eq!(enrolled["scopes"], json!([own, "municipality:112119", "municipality:113859"]));
    let authorization = format!("DPoP {}", enrolled["token"].as_str().unwrap());
    let mut tablet = Device { device, authorization, documents: BTreeMap::new() };
    let changes = ["municipality", "association"].map(|field| {
        let value = if field == "association" { hub } else { "113859" };
        tablet.set(document_id(1), field, value)
    });
    let push = tablet.push(document_id(1), changes.to_vec());
    let response = server.sync(&tablet, &tablet.request(vec![push])).await;
    assert_eq!(outcomes(&response, document_id(1)), [(Outcome::Stored, 2, String::new())]);

    let kamisato = server.signed_in(Role::Municipal, "113859").await;
    let of_association = server.signed_in(Role::Coordinator, association).await;
    let path = format!("/v1/records/{}", document_id(1));
    for (who, sees) in [(&coordinator, true), (&kamisato, true), (&honjo, false), (&of_association, false)] {
        let count = get(who, "/v1/records").await.json()["total"].clone();
        assert_eq!(count, i32::from(sees));
        let expected = if sees { StatusCode::OK } else { StatusCode::NOT_FOUND };
        assert_eq!(get(who, &path).await.status, expected);
    }
    let figures = format!("/v1/dashboard/association/{hub}");
    assert_eq!(get(&coordinator, &figures).await.json()["association"]["name"], "本庄拠点");
    assert_eq!(get(&of_association, &figures).await.code(), "not_found");
    for of_others in ["/v1/dashboard/municipality/112119", "/v1/dashboard/prefecture"] {
        assert!(get(&coordinator, of_others).await.status.is_client_error(), "{of_others}");
    }
    let tablets = get(&honjo, "/v1/devices").await.json()["tablets"].clone();
    assert_eq!(tablets, json!([]), "the hub's tablet is the hub's");
}

#[tokio::test]
async fn a_person_gets_another_name_and_the_old_one_is_free_again() {
    let server = server().await;
    let administrator = server.signed_in(Role::Administrator, "11").await;
    let honjo = server.signed_in(Role::Municipal, "112119").await;
    let kamisato = server.signed_in(Role::Municipal, "113859").await;
    let new = json!({ "name": "山田", "role": "staff", "organisation": "112119" });
    let person =
        server.post("/v1/people", Some(("cookie", &honjo)), &new).await.json()["person"].as_str().unwrap().to_owned();
    let path = format!("/v1/people/{person}/name");
    let version = server.app.store.registry_version("11").await.unwrap();
    assert_eq!(server.post(&path, Some(("cookie", &kamisato)), &json!({ "name": "他人" })).await.code(), "not_found");
    for wrong in ["", "  ", "a\nb", &"長".repeat(81)] {
        assert_eq!(
            server.post(&path, Some(("cookie", &honjo)), &json!({ "name": wrong })).await.code(),
            "invalid_request"
        );
    }
    assert_eq!(
        server.post(&path, Some(("cookie", &honjo)), &json!({ "name": " 佐藤 " })).await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(names(&server, &honjo).await, ["municipal 112119", "佐藤"]);
    assert!(server.app.store.registry_version("11").await.unwrap() > version, "tablets hear of it");
    let again =
        server.post("/v1/people", Some(("cookie", &honjo)), &new).await.json()["person"].as_str().unwrap().to_owned();
    assert_ne!(again, person, "whoever comes with the old name is somebody else");
    assert_eq!(server.post("/v1/people", Some(("cookie", &honjo)), &new).await.code(), "name_taken");
    let me = server.read(&administrator, "/v1/me").await["person"]["id"].as_str().unwrap().to_owned();
    let own = format!("/v1/people/{me}/name");
    assert_eq!(server.post(&own, Some(("cookie", &honjo)), &json!({ "name": "x" })).await.code(), "not_found");
    assert_eq!(
        server.post(&own, Some(("cookie", &administrator)), &json!({ "name": "新しい名" })).await.status,
        StatusCode::NO_CONTENT
    );
    server.clock.forward(6 * 60_000);
    assert_eq!(
        server.post(&own, Some(("cookie", &administrator)), &json!({ "name": "y" })).await.code(),
        "proof_needed"
    );
}
