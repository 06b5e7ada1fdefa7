//! People and roles: who may give what to whom, what ends with a role, and the first administrator.

use axum::http::StatusCode;
use serde_json::{Value, json};
use tsudoi_server::service::access::{Caller, Role};
use tsudoi_server::service::first;
use tsudoi_server::service::people::{self, NewPerson};

use crate::support::{Answer, HONJO, Server, server};

/// Signs a new person of this role in; returns the cookie.
async fn signed_in(server: &Server, role: Role, organisation: &str) -> String {
    let code = server.code(role, organisation, "", 9).await;
    with_code(server, &code.shown()).await
}

async fn with_code(server: &Server, code: &str) -> String {
    let answer = server.post("/v1/login", None, &json!({ "code": code })).await;
    assert_eq!(answer.status, StatusCode::OK);
    answer.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned()
}

async fn get(server: &Server, cookie: &str, path: &str) -> Answer {
    server.get(path, Some(("cookie", cookie))).await
}

async fn post(server: &Server, cookie: &str, path: &str, body: Value) -> Answer {
    server.post(path, Some(("cookie", cookie)), &body).await
}

async fn names(server: &Server, cookie: &str) -> Vec<String> {
    let page = get(server, cookie, "/v1/people").await.json();
    page["people"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_municipal_officer_keeps_the_staff_of_their_own_municipality() {
    let server = server().await;
    let honjo = signed_in(&server, Role::Municipal, "112119").await;
    let kamisato = signed_in(&server, Role::Municipal, "113859").await;
    let new = json!({ "name": "山田", "role": "staff", "organisation": "112119" });
    let person = post(&server, &honjo, "/v1/people", new.clone()).await.json()["person"].as_str().unwrap().to_owned();
    assert_eq!(post(&server, &honjo, "/v1/people", new.clone()).await.code(), "name_taken");
    assert_eq!(post(&server, &kamisato, "/v1/people", new).await.code(), "forbidden");
    assert_eq!(names(&server, &honjo).await, ["municipal 112119", "山田"]);
    assert_eq!(names(&server, &kamisato).await, ["municipal 113859"]);

    let higher = json!({ "name": "高橋", "role": "municipal", "organisation": "112119" });
    assert_eq!(post(&server, &honjo, "/v1/people", higher).await.code(), "forbidden", "nobody makes their equal");
    let roles = format!("/v1/people/{person}/roles");
    let administrator = json!({ "role": "administrator", "organisation": "11" });
    assert_eq!(post(&server, &honjo, &roles, administrator).await.code(), "forbidden");
    let staff = json!({ "role": "staff", "organisation": "112119" });
    assert_eq!(post(&server, &kamisato, &roles, staff.clone()).await.code(), "not_found", "as an unknown id");
    let unknown = post(&server, &kamisato, "/v1/people/pe-0000000000/roles", staff.clone()).await;
    assert_eq!(unknown.code(), "not_found");
    let nowhere = json!({ "name": "高橋", "role": "staff", "organisation": "999999" });
    let administrator = signed_in(&server, Role::Administrator, "11").await;
    assert_eq!(post(&server, &administrator, "/v1/people", nowhere).await.code(), "unknown_reference");

    let code = post(&server, &honjo, &format!("/v1/people/{person}/code"), staff).await.json();
    let cookie = with_code(&server, code["code"].as_str().unwrap()).await;
    assert_eq!(get(&server, &cookie, "/v1/me").await.json()["person"]["name"], "山田");
    assert_eq!(get(&server, &cookie, "/v1/people").await.code(), "forbidden", "staff keep nobody");
}

#[tokio::test]
async fn what_was_given_ends_when_it_is_taken_or_the_person_disabled() {
    let server = server().await;
    let administrator = signed_in(&server, Role::Administrator, "11").await;
    let honjo = signed_in(&server, Role::Municipal, "112119").await;
    let me = get(&server, &honjo, "/v1/me").await.json()["person"]["id"].as_str().unwrap().to_owned();
    let choice = json!({ "role": "municipal", "organisation": "112119" });
    let spare = post(&server, &administrator, &format!("/v1/people/{me}/code"), choice.clone()).await.json();

    let disable = format!("/v1/people/{me}/disabled");
    assert_eq!(post(&server, &honjo, &disable, json!({ "disabled": true })).await.code(), "oneself");
    let answer = post(&server, &administrator, &disable, json!({ "disabled": true })).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    assert_eq!(get(&server, &honjo, "/v1/me").await.code(), "unauthorised", "at the next request");
    let with_spare = json!({ "code": spare["code"] });
    assert_eq!(server.post("/v1/login", None, &with_spare).await.code(), "code_unknown");
    let code = post(&server, &administrator, &format!("/v1/people/{me}/code"), choice.clone()).await;
    assert_eq!(code.code(), "person_disabled");
    post(&server, &administrator, &disable, json!({ "disabled": false })).await;
    let again = with_code(&server, spare["code"].as_str().unwrap()).await;

    let staff = json!({ "role": "staff", "organisation": "112119" });
    post(&server, &administrator, &format!("/v1/people/{me}/roles"), staff.clone()).await;
    let roles = get(&server, &again, "/v1/me/roles").await.json();
    assert_eq!(roles.as_array().unwrap().len(), 2);
    let staff_of_another = json!({ "role": "staff", "organisation": "113859" });
    assert_eq!(post(&server, &again, "/v1/me/role", staff_of_another).await.code(), "forbidden");
    assert_eq!(post(&server, &again, "/v1/me/role", staff.clone()).await.status, StatusCode::NO_CONTENT);
    assert_eq!(get(&server, &again, "/v1/me").await.json()["role"], "staff");
    let path = format!("/v1/people/{me}/roles");
    let taken = server.delete(&path, Some(("cookie", &administrator)), &staff).await;
    assert_eq!(taken.status, StatusCode::NO_CONTENT);
    assert_eq!(get(&server, &again, "/v1/me").await.code(), "unauthorised", "the sign-in was in that role");
}

#[tokio::test]
async fn of_a_person_with_roles_elsewhere_only_ones_own_part_is_seen() {
    let server = server().await;
    let administrator = signed_in(&server, Role::Administrator, "11").await;
    let honjo = signed_in(&server, Role::Municipal, "112119").await;
    let both = signed_in(&server, Role::Staff, "112119").await;
    let person = get(&server, &both, "/v1/me").await.json()["person"]["id"].as_str().unwrap().to_owned();
    let elsewhere = json!({ "role": "staff", "organisation": "113859" });
    post(&server, &administrator, &format!("/v1/people/{person}/roles"), elsewhere.clone()).await;
    let page = get(&server, &honjo, "/v1/people").await.json();
    let seen = page["people"].as_array().unwrap().iter().find(|one| one["person"] == person.as_str()).unwrap();
    assert_eq!(seen["roles"].as_array().unwrap().len(), 1);
    assert_eq!(seen["may_disable"], false, "they work elsewhere too");
    let path = format!("/v1/people/{person}/roles");
    let refused = server.delete(&path, Some(("cookie", &honjo)), &elsewhere).await;
    assert_eq!(refused.code(), "forbidden");
}

#[tokio::test]
async fn the_first_administrator_gets_a_new_link_until_one_was_used() {
    let server = server().await;
    let first = first::code(&server.app).await.unwrap().unwrap();
    let second = first::code(&server.app).await.unwrap().unwrap();
    let old = server.post("/v1/login", None, &json!({ "code": first.shown() })).await;
    assert_eq!(old.code(), "code_unknown", "the link before it ended");
    let cookie = with_code(&server, &second.shown()).await;
    assert_eq!(get(&server, &cookie, "/v1/me").await.json()["role"], "administrator");
    assert!(first::code(&server.app).await.unwrap().is_none());
    let used = server.post("/v1/login", None, &json!({ "code": second.shown() })).await;
    assert_eq!(used.code(), "code_unknown", "it works once");
}

#[tokio::test]
async fn there_is_no_first_administrator_where_someone_administers() {
    let server = server().await;
    let caller = Caller::command_line("11");
    let new = NewPerson { name: "佐藤".to_owned(), role: Role::Administrator, organisation: "11".to_owned() };
    people::add(&server.app, &caller, new).await.unwrap();
    assert!(first::code(&server.app).await.unwrap().is_none());
}

#[tokio::test]
async fn an_association_is_renamed_and_its_municipalities_replaced() {
    let server = server().await;
    let tablet = server.device_as(1, Role::Administrator, HONJO).await;
    let new = json!({ "name": "本庄市児玉郡医師会", "municipalities": ["112119", "113859"] });
    let id = server.post("/v1/registry/associations", tablet.credential(), &new).await.json()["id"].clone();
    let change = json!({ "name": "本庄市児玉郡医師会（新）", "municipalities": ["113859"] });
    let put = async |id: &str, body: &Value| {
        let request = axum::http::Request::put(format!("/v1/registry/associations/{id}"))
            .header("content-type", "application/json")
            .header("authorization", &tablet.authorization);
        server.send(request.body(axum::body::Body::from(body.to_string())).unwrap()).await
    };
    assert_eq!(put(id.as_str().unwrap(), &change).await.status, StatusCode::NO_CONTENT);
    let registry = server.get("/v1/registry", tablet.credential()).await.json();
    assert_eq!(registry["associations"][0]["name"], "本庄市児玉郡医師会（新）");
    assert_eq!(registry["associations"][0]["municipalities"], json!(["113859"]));
    assert_eq!(put("as-0000000000", &change).await.code(), "unknown_reference");
}

#[tokio::test]
async fn a_person_gets_another_name_and_the_old_one_is_free_again() {
    let server = server().await;
    let administrator = signed_in(&server, Role::Administrator, "11").await;
    let honjo = signed_in(&server, Role::Municipal, "112119").await;
    let kamisato = signed_in(&server, Role::Municipal, "113859").await;
    let new = json!({ "name": "山田", "role": "staff", "organisation": "112119" });
    let person = post(&server, &honjo, "/v1/people", new.clone()).await.json()["person"].as_str().unwrap().to_owned();
    let path = format!("/v1/people/{person}/name");
    let version = server.app.store.registry_version("11").await.unwrap();
    assert_eq!(post(&server, &kamisato, &path, json!({ "name": "他人" })).await.code(), "not_found");
    for wrong in ["", "  ", "a\nb", &"長".repeat(81)] {
        assert_eq!(post(&server, &honjo, &path, json!({ "name": wrong })).await.code(), "invalid_request");
    }
    assert_eq!(post(&server, &honjo, &path, json!({ "name": " 佐藤 " })).await.status, StatusCode::NO_CONTENT);
    assert_eq!(names(&server, &honjo).await, ["municipal 112119", "佐藤"]);
    assert!(server.app.store.registry_version("11").await.unwrap() > version, "tablets hear of it");
    let again = post(&server, &honjo, "/v1/people", new.clone()).await.json()["person"].as_str().unwrap().to_owned();
    assert_ne!(again, person, "whoever comes with the old name is somebody else");
    assert_eq!(post(&server, &honjo, "/v1/people", new).await.code(), "name_taken");
    let me = get(&server, &administrator, "/v1/me").await.json()["person"]["id"].as_str().unwrap().to_owned();
    let own = format!("/v1/people/{me}/name");
    assert_eq!(post(&server, &honjo, &own, json!({ "name": "x" })).await.code(), "not_found");
    assert_eq!(post(&server, &administrator, &own, json!({ "name": "新しい名" })).await.status, StatusCode::NO_CONTENT);
    server.clock.forward(6 * 60_000);
    assert_eq!(post(&server, &administrator, &own, json!({ "name": "y" })).await.code(), "proof_needed");
}
