//! Codes, enrolment, sign-in, and that nothing is open without a credential.

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, StatusCode, header};
use serde_json::json;
use tower::ServiceExt;
use tsudoi_server::config::Config;
use tsudoi_server::service::access::Role;

use crate::support::{HONJO, KAMISATO, server, server_with};

const DEVICE: &str = "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b";

#[tokio::test]
async fn a_code_enrols_a_tablet_and_is_then_used_up() {
    let server = server().await;
    let code = server.code(Role::Staff, "112119", HONJO, 1).await;
    let typed = code.shown().to_lowercase().replace('-', "ー");
    let body = json!({ "code": typed, "device": DEVICE, "device_name": "本庄1号" });
    let answer = server.post("/v1/enrol", None, &body).await;
    assert_eq!(answer.status, StatusCode::OK);
    let mut enrolled = answer.json();
    let token = enrolled["token"].take();
    assert_eq!(
        enrolled,
        json!({
            "token": null, "tenant": { "code": "11", "name": "埼玉県" }, "device": DEVICE, "device_name": "本庄1号",
            "person": { "id": enrolled["person"]["id"], "name": "staff 112119" }, "role": "staff",
            "organisation": "112119", "pass": null, "scopes": [HONJO],
        })
    );
    let authorization = format!("DPoP {}", token.as_str().unwrap());
    let me = server.get("/v1/me", Some(("authorization", &authorization))).await;
    assert_eq!(me.json()["device"], DEVICE);
    let again = server.post("/v1/enrol", None, &body).await;
    assert_eq!((again.status, again.code().as_str()), (StatusCode::UNAUTHORIZED, "code_unknown"));
}

#[tokio::test]
async fn an_expired_code_is_like_an_unknown_one() {
    let server = server().await;
    let code = server.code(Role::Staff, "112119", HONJO, 1).await;
    server.clock.forward(3_600_000);
    let body = json!({ "code": code.shown(), "device": DEVICE, "device_name": "x" });
    assert_eq!(server.post("/v1/enrol", None, &body).await.code(), "code_unknown");
    assert_eq!(server.post("/v1/login", None, &json!({ "code": code.shown() })).await.code(), "code_unknown");
}

#[tokio::test]
async fn a_device_id_cannot_be_taken_over_by_another_organisation() {
    let server = server().await;
    server.device(1, HONJO).await;
    let device = sync_core::ids::DeviceId::from_bytes([1; 16]).to_string();
    let other = server.code(Role::Municipal, "113859", KAMISATO, 1).await;
    let body = json!({ "code": other.shown(), "device": device, "device_name": "x" });
    let answer = server.post("/v1/enrol", None, &body).await;
    assert_eq!((answer.status, answer.code().as_str()), (StatusCode::CONFLICT, "device_taken"));
    let usable = json!({ "code": other.shown(), "device": DEVICE, "device_name": "x" });
    assert_eq!(server.post("/v1/enrol", None, &usable).await.status, StatusCode::OK, "the code was not used up");
}

#[tokio::test]
async fn an_open_code_lets_the_device_name_its_scopes_and_a_closed_one_does_not() {
    let server = server().await;
    let open = server.code(Role::Administrator, "11", "*", 1).await;
    let asked = ["municipality:113859", "municipality:112119"];
    let unknown =
        json!({ "code": open.shown(), "device": DEVICE, "device_name": "x", "scopes": ["municipality:112118"] });
    let refused = server.post("/v1/enrol", None, &unknown).await;
    assert_eq!((refused.status, refused.code().as_str()), (StatusCode::UNPROCESSABLE_ENTITY, "unknown_reference"));
    let body = json!({ "code": open.shown(), "device": DEVICE, "device_name": "x", "scopes": asked });
    assert_eq!(server.post("/v1/enrol", None, &body).await.json()["scopes"], json!(asked));
    let closed = server.code(Role::Staff, "112119", HONJO, 1).await;
    let device = "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5c";
    let body = json!({ "code": closed.shown(), "device": device, "device_name": "x", "scopes": asked });
    assert_eq!(server.post("/v1/enrol", None, &body).await.json()["scopes"], json!([HONJO]));
}

#[tokio::test]
async fn wrong_codes_are_soon_refused_untried() {
    let server = server().await;
    let right = server.code(Role::Staff, "112119", HONJO, 1).await;
    for _ in 0..10 {
        assert_eq!(server.post("/v1/login", None, &json!({ "code": "2222-2222" })).await.code(), "code_unknown");
    }
    let refused = server.post("/v1/login", None, &json!({ "code": right.shown() })).await;
    assert_eq!((refused.status, refused.code().as_str()), (StatusCode::TOO_MANY_REQUESTS, "too_many_codes"));
    assert_eq!(refused.headers[header::RETRY_AFTER], "60");
    server.clock.forward(60_000);
    assert_eq!(server.post("/v1/login", None, &json!({ "code": right.shown() })).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_proxy_that_is_not_believed_is_said_once_and_one_that_is_not_at_all() {
    for (trusted, is_said) in [("", true), ("203.0.113.0/24", false)] {
        let server = server_with(Config { trusted_proxies: trusted.to_owned(), ..Config::default() }).await;
        for _ in 0..2 {
            let mut request = Request::get("/livez").header("x-forwarded-for", "198.51.100.1");
            request = request.extension(ConnectInfo(SocketAddr::from(([203, 0, 113, 9], 4711))));
            server.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        }
        assert_eq!(!server.app.told.first("strange proxy", ""), is_said, "{trusted:?}");
    }
}

#[tokio::test]
async fn mistyped_passwords_do_not_keep_codes_out() {
    let server = server().await;
    for number in 0..11 {
        let wrong = json!({ "name": format!("person{number}"), "password": "さくら ひかり でんしゃ" });
        server.post("/v1/sign-in/password", None, &wrong).await;
    }
    let right = server.code(Role::Staff, "112119", HONJO, 1).await;
    assert_eq!(server.post("/v1/login", None, &json!({ "code": right.shown() })).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_login_is_a_cookie_that_ends() {
    let server = server().await;
    let code = server.code(Role::Prefectural, "11", "", 5).await;
    let login = server.post("/v1/login", None, &json!({ "code": code.shown() })).await;
    let set = login.headers[header::SET_COOKIE].to_str().unwrap().to_owned();
    assert!(set.contains("HttpOnly") && set.contains("SameSite=Strict"), "{set}");
    let cookie = login.cookie();
    let credential = Some(("cookie", cookie.as_str()));
    let me = server.get("/v1/me", credential).await.json();
    assert_eq!((me["role"].as_str(), me["device"].is_null()), (Some("prefectural"), true));
    assert_eq!(server.post("/v1/logout", credential, &json!({})).await.status, StatusCode::NO_CONTENT);
    assert_eq!(server.get("/v1/me", credential).await.code(), "unauthorised");

    let cookie = server.sign_in(&code.shown()).await;
    server.clock.forward(12 * 3_600_000);
    assert_eq!(server.get("/v1/me", Some(("cookie", &cookie))).await.code(), "unauthorised");
}

#[tokio::test]
async fn no_endpoint_with_data_answers_without_a_credential() {
    let server = server().await;
    let description = serde_json::to_value(tsudoi_server::http::openapi()).unwrap();
    let open = ["/livez", "/readyz", "/version", "/v1/enrol", "/v1/recover", "/v1/login", "/v1/logout"];
    let open = |path: &str| open.contains(&path) || path.starts_with("/v1/sign-in/");
    let mut tried = 0;
    for (path, methods) in description["paths"].as_object().unwrap() {
        if open(path) {
            continue;
        }
        let concrete = path
            .replace("{code}", "112119")
            .replace("{id}", "x")
            .replace("{document}", DEVICE)
            .replace("{device}", DEVICE);
        for method in methods.as_object().unwrap().keys() {
            for credential in [None, Some(("authorization", "DPoP 00")), Some(("cookie", "tsudoi_session=00"))] {
                let mut request = Request::builder().method(method.to_uppercase().as_str()).uri(&concrete);
                request = request.header(header::CONTENT_TYPE, "application/json");
                if let Some((name, value)) = credential {
                    request = request.header(name, value);
                }
                let body = if method == "get" { Body::empty() } else { Body::from("{}") };
                let answer = server.send(request.body(body).unwrap()).await;
                assert_eq!(answer.code(), "unauthorised", "{method} {path}");
                tried += 1;
            }
        }
    }
    assert!(tried >= 21, "{tried}");
}
