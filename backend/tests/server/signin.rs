//! Signing in and out, what a stolen or planted cookie is worth, and proving anew before dangerous acts.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use serde_json::{Value, json};
use tsudoi_server::config::Config;
use tsudoi_server::service::access::Role;
use tsudoi_server::store::signin::IdentityRow;

use crate::support::{Answer, Server, server, server_with};

const PASSWORD: &str = "さくら ひかり でんしゃ";
const MINUTE: u64 = 60_000;

async fn by_password(server: &Server, name: &str, password: &str) -> Answer {
    server.post("/v1/sign-in/password", None, &json!({ "name": name, "password": password })).await
}

/// An administrator with the sign-in name `yamada`.
async fn with_password(server: &Server) -> String {
    let cookie = server.signed_in(Role::Administrator, "11").await;
    let body = json!({ "name": "Yamada", "password": PASSWORD });
    let answer = server.post("/v1/own/password", Some(("cookie", &cookie)), &body).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", String::from_utf8_lossy(&answer.body));
    cookie
}

async fn own(server: &Server, cookie: &str) -> Value {
    server.get("/v1/own/sign-in", Some(("cookie", cookie))).await.json()
}

#[tokio::test]
async fn a_password_set_after_a_code_signs_in_from_then_on() {
    let server = server().await;
    with_password(&server).await;
    let answer = by_password(&server, "ＹＡＭＡＤＡ", PASSWORD).await;
    assert_eq!((answer.status, answer.json()["role"].as_str()), (StatusCode::OK, Some("administrator")));
    let shown = own(&server, &answer.cookie()).await;
    assert_eq!((shown["name"].as_str(), shown["logins"].as_array().unwrap().len()), (Some("yamada"), 2));
    let mut raw = server.raw().await;
    let kept: String = sqlx::query_scalar("SELECT password FROM account").fetch_one(&mut raw).await.unwrap();
    assert!(kept.starts_with("$argon2id$"), "{kept}");
}

#[tokio::test]
async fn an_unknown_name_is_answered_like_a_wrong_password() {
    let server = server().await;
    with_password(&server).await;
    let mut answers = Vec::new();
    for (name, password) in [("yamada", "wrong wrong wrong"), ("nobody", PASSWORD), ("", ""), ("山田", PASSWORD)] {
        let answer = by_password(&server, name, password).await;
        let mut body = answer.json();
        body["request_id"].take();
        answers.push((answer.status, body));
    }
    assert_eq!(answers[0].0, StatusCode::UNAUTHORIZED);
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
}

#[tokio::test]
async fn passwords_of_one_name_are_not_guessed_from_many_addresses() {
    let config = Config { wrong_passwords: 3, wrong_codes_per_minute: 100, ..Config::default() };
    let server = server_with(config).await;
    with_password(&server).await;
    for _ in 0..3 {
        assert_eq!(by_password(&server, "yamada", "wrong wrong wrong").await.code(), "wrong_password");
    }
    let refused = by_password(&server, "yamada", PASSWORD).await;
    assert_eq!(
        (refused.status, refused.headers[header::RETRY_AFTER].to_str().unwrap()),
        (StatusCode::TOO_MANY_REQUESTS, "900")
    );
    for _ in 0..3 {
        assert_eq!(by_password(&server, "nobody", "x").await.code(), "wrong_password");
    }
    assert_eq!(by_password(&server, "nobody", "x").await.status, StatusCode::TOO_MANY_REQUESTS, "unknown names alike");
    server.clock.forward(15 * MINUTE);
    assert_eq!(by_password(&server, "yamada", PASSWORD).await.status, StatusCode::OK);
}

#[tokio::test]
async fn passwords_are_not_guessed_from_one_address() {
    let server = server().await;
    for number in 0..10 {
        assert_eq!(by_password(&server, &format!("name{number}"), "x").await.code(), "wrong_password");
    }
    assert_eq!(by_password(&server, "name11", "x").await.code(), "too_many_codes");
}

#[tokio::test]
async fn weak_passwords_and_names_of_others_are_refused() {
    let server = server().await;
    with_password(&server).await;
    let other = server.signed_in(Role::Prefectural, "11").await;
    let credential = Some(("cookie", other.as_str()));
    let set = async |name: &str, password: &str| {
        server.post("/v1/own/password", credential, &json!({ "name": name, "password": password })).await.code()
    };
    assert_eq!(set("suzuki", "short").await, "weak_password");
    assert_eq!(set("suzuki", "suzuki-suzuki-1").await, "weak_password");
    assert_eq!(set("鈴木", PASSWORD).await, "invalid_request");
    assert_eq!(set("YAMADA", PASSWORD).await, "name_taken");
    assert_eq!(by_password(&server, "yamada", PASSWORD).await.json()["role"], "administrator", "nothing was changed");
}

#[tokio::test]
async fn a_planted_cookie_is_never_taken_over() {
    let server = server().await;
    let code = server.code(Role::Administrator, "11", "", 9).await;
    let planted = format!("tsudoi_session={}", "a".repeat(64));
    let body = json!({ "code": code.shown() });
    let first = server.post("/v1/login", Some(("cookie", &planted)), &body).await;
    assert_ne!(first.cookie(), planted);
    assert_eq!(server.get("/v1/me", Some(("cookie", &planted))).await.code(), "unauthorised");
    let before = first.cookie();
    let second = server.post("/v1/login", Some(("cookie", &before)), &body).await;
    assert_ne!(second.cookie(), before);
    let ended = server.get("/v1/me", Some(("cookie", &before))).await;
    assert_eq!(ended.code(), "unauthorised", "a new sign-in ends the one it replaces");
}

#[tokio::test]
async fn proving_anew_changes_the_token_and_opens_dangerous_acts_for_five_minutes() {
    let server = server().await;
    let first = with_password(&server).await;
    let month = json!({ "month": "2026-04" });
    server.clock.forward(5 * MINUTE);
    let refused = server.post("/v1/closings", Some(("cookie", &first)), &month).await;
    assert_eq!((refused.status, refused.code().as_str()), (StatusCode::FORBIDDEN, "proof_needed"));
    for (method, path) in [("DELETE", "/v1/records/0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"), ("POST", "/v1/own/password")]
    {
        let request = Request::builder().method(method).uri(path).header(header::COOKIE, &first);
        let request = request.header(header::CONTENT_TYPE, "application/json").body(Body::from("{}")).unwrap();
        assert_eq!(server.send(request).await.code(), "proof_needed", "{path}");
    }
    let credential = Some(("cookie", first.as_str()));
    let wrong = server.post("/v1/own/proof", credential, &json!({ "password": "wrong wrong wrong" })).await;
    assert_eq!(wrong.code(), "wrong_password");
    let foreign = server.code(Role::Staff, "112119", "", 1).await;
    let wrong = server.post("/v1/own/proof", credential, &json!({ "code": foreign.shown() })).await;
    assert_eq!(wrong.code(), "code_unknown", "another person's code proves nothing");
    let used = server.post("/v1/login", None, &json!({ "code": foreign.shown() })).await;
    assert_eq!(used.status, StatusCode::OK, "and is not used up by trying");

    let proved = server.post("/v1/own/proof", credential, &json!({ "password": PASSWORD })).await;
    assert_eq!(proved.status, StatusCode::NO_CONTENT);
    let second = proved.cookie();
    assert_ne!(second, first);
    assert_eq!(server.get("/v1/me", credential).await.code(), "unauthorised", "the old token is worth nothing");
    let closed = server.post("/v1/closings", Some(("cookie", &second)), &month).await;
    assert_eq!(closed.status, StatusCode::NO_CONTENT, "{}", String::from_utf8_lossy(&closed.body));
    server.clock.forward(5 * MINUTE);
    let again = server.post("/v1/closings", Some(("cookie", &second)), &json!({ "month": "2026-05" })).await;
    assert_eq!(again.code(), "proof_needed");
}

#[tokio::test]
async fn a_sign_in_ends_when_it_is_not_used_and_in_any_case_after_its_time() {
    let server = server().await;
    let idle = server.signed_in(Role::Prefectural, "11").await;
    server.clock.forward(59 * MINUTE);
    assert_eq!(server.get("/v1/me", Some(("cookie", &idle))).await.status, StatusCode::OK);
    server.clock.forward(59 * MINUTE);
    assert_eq!(server.get("/v1/me", Some(("cookie", &idle))).await.status, StatusCode::OK, "use keeps it");
    server.clock.forward(61 * MINUTE);
    assert_eq!(server.get("/v1/me", Some(("cookie", &idle))).await.code(), "unauthorised");

    let busy = server.signed_in(Role::Prefectural, "11").await;
    for _ in 0..24 {
        assert_eq!(server.get("/v1/me", Some(("cookie", &busy))).await.status, StatusCode::OK);
        server.clock.forward(30 * MINUTE);
    }
    assert_eq!(
        server.get("/v1/me", Some(("cookie", &busy))).await.code(),
        "unauthorised",
        "use does not keep it for ever"
    );
}

#[tokio::test]
async fn people_see_their_sign_ins_and_end_them() {
    let server = server().await;
    let here = with_password(&server).await;
    let there = by_password(&server, "yamada", PASSWORD).await.cookie();
    let third = by_password(&server, "yamada", PASSWORD).await.cookie();
    let logins = own(&server, &there).await["logins"].as_array().unwrap().clone();
    let current: Vec<_> = logins.iter().filter(|login| login["current"] == true).collect();
    assert_eq!((logins.len(), current.len()), (3, 1));
    assert!(!logins.iter().any(|login| there.contains(login["id"].as_str().unwrap())), "the name is not the token");
    let stranger = server.signed_in(Role::Prefectural, "11").await;
    let path = format!("/v1/own/logins/{}", current[0]["id"].as_str().unwrap());
    let foreign = server.delete(&path, Some(("cookie", &stranger)), &json!({})).await;
    assert_eq!(foreign.code(), "not_found", "another person's sign-in does not exist");
    assert_eq!(server.delete(&path, Some(("cookie", &here)), &json!({})).await.status, StatusCode::NO_CONTENT);
    assert_eq!(server.get("/v1/me", Some(("cookie", &there))).await.code(), "unauthorised");
    let ended = server.delete("/v1/own/logins", Some(("cookie", &here)), &json!({})).await.json();
    assert_eq!(ended["ended"], 1);
    assert_eq!(server.get("/v1/me", Some(("cookie", &third))).await.code(), "unauthorised");
    assert_eq!(server.get("/v1/me", Some(("cookie", &here))).await.status, StatusCode::OK);
    assert_eq!(server.get("/v1/me", Some(("cookie", &stranger))).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_new_password_ends_the_sign_ins_made_with_the_old_one() {
    let server = server().await;
    let here = with_password(&server).await;
    let thief = by_password(&server, "yamada", PASSWORD).await.cookie();
    let body = json!({ "name": "yamada", "password": "みずうみ こうえん ゆうびん" });
    assert_eq!(server.post("/v1/own/password", Some(("cookie", &here)), &body).await.json()["ended"], 1);
    assert_eq!(server.get("/v1/me", Some(("cookie", &thief))).await.code(), "unauthorised");
    assert_eq!(by_password(&server, "yamada", PASSWORD).await.code(), "wrong_password");
}

#[tokio::test]
async fn over_tls_the_cookie_is_bound_to_this_host_and_to_tls() {
    let config = Config { public_url: "https://tsudoi.example.jp".to_owned(), ..Config::default() };
    let server = server_with(config).await;
    let code = server.code(Role::Prefectural, "11", "", 1).await;
    let answer = server.post("/v1/login", None, &json!({ "code": code.shown() })).await;
    let set = answer.headers[header::SET_COOKIE].to_str().unwrap();
    assert!(set.starts_with("__Host-tsudoi_session="), "{set}");
    for part in ["; Secure", "; HttpOnly", "; SameSite=Strict", "; Path=/"] {
        assert!(set.contains(part), "{part} in {set}");
    }
    assert!(!set.contains("Domain"), "{set}");
    assert_eq!(answer.headers[header::STRICT_TRANSPORT_SECURITY], "max-age=31536000");
    let good = answer.cookie();
    assert_eq!(server.get("/v1/me", Some(("cookie", &good))).await.status, StatusCode::OK);
    let planted = good.replace("__Host-", "");
    assert_eq!(
        server.get("/v1/me", Some(("cookie", &planted))).await.code(),
        "unauthorised",
        "without the prefix anyone can plant it"
    );
}

#[tokio::test]
async fn what_another_site_makes_a_browser_send_is_refused() {
    let server = server().await;
    let cookie = server.signed_in(Role::Administrator, "11").await;
    let post = async |headers: &[(&str, &str)]| {
        let mut request =
            Request::post("/v1/closings").header(header::COOKIE, &cookie).header(header::HOST, "tsudoi.example.jp");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.header(header::CONTENT_TYPE, "application/json");
        server.send(request.body(Body::from(json!({ "month": "2026-04" }).to_string())).unwrap()).await
    };
    for headers in [
        &[("sec-fetch-site", "cross-site")][..],
        &[("sec-fetch-site", "same-site")],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
        &[("sec-fetch-site", "cross-site"), ("origin", "https://tsudoi.example.jp.evil.example")],
    ] {
        let answer = post(headers).await;
        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::FORBIDDEN, "cross_site"), "{headers:?}");
    }
    let own = post(&[("sec-fetch-site", "same-origin"), ("origin", "https://tsudoi.example.jp")]).await;
    assert_eq!(own.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn every_answer_bears_the_strict_headers() {
    let server = server().await;
    for path in ["/", "/office", "/v1/me", "/livez", "/openapi.json", "/nothing.js"] {
        let answer = server.get(path, None).await;
        let value =
            |name: &str| answer.headers.get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
        let policy = value("content-security-policy");
        assert!(!policy.contains("unsafe-inline") && policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        assert_eq!(value("cross-origin-opener-policy"), "same-origin", "{path}");
        assert_eq!(value("cross-origin-resource-policy"), "same-origin", "{path}");
        assert_eq!(value("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(value("referrer-policy"), "same-origin", "{path}");
        assert!(value("permissions-policy").contains("geolocation=()"), "{path}");
        assert_eq!(value("strict-transport-security"), "", "only over TLS");
    }
}

#[tokio::test]
async fn what_is_not_set_up_does_not_exist_and_steps_are_good_once() {
    let server = server().await;
    let ways = server.get("/v1/sign-in/ways", None).await.json();
    assert_eq!(ways, json!({ "passkeys": false, "provider": null }));
    assert_eq!(server.post("/v1/sign-in/passkey/begin", None, &json!({})).await.code(), "not_found");
    assert_eq!(server.get("/v1/sign-in/oidc", None).await.code(), "not_found");

    let config = Config { public_url: "https://tsudoi.example.jp".to_owned(), ..Config::default() };
    let server = server_with(config).await;
    let begun = server.post("/v1/sign-in/passkey/begin", None, &json!({})).await.json();
    assert_eq!(begun["options"]["publicKey"]["rpId"], "tsudoi.example.jp");
    assert_eq!(begun["options"]["publicKey"]["userVerification"], "required");
    let forged = json!({
        "id": "AAAA", "rawId": "AAAA", "type": "public-key", "extensions": {},
        "response": { "authenticatorData": "AAAA", "clientDataJSON": "AAAA", "signature": "AAAA", "userHandle": "AAAAAAAAAAAAAAAAAAAAAA" },
    });
    let body = json!({ "ceremony": begun["ceremony"], "credential": forged });
    assert_eq!(server.post("/v1/sign-in/passkey", None, &body).await.code(), "wrong_passkey");
    assert_eq!(server.post("/v1/sign-in/passkey", None, &body).await.code(), "step_over");
}

#[tokio::test]
async fn sign_ins_sign_outs_and_failures_are_in_the_journal() {
    let server = server().await;
    let here = with_password(&server).await;
    let person = server.read(&here, "/v1/me").await["person"]["id"].as_str().unwrap().to_owned();
    let linked = IdentityRow {
        issuer: server.app.config.oidc_issuer.clone(),
        subject: "yamada-at-work".to_owned(),
        tenant: "11".to_owned(),
        person,
        added_at: 0,
    };
    assert!(server.app.store.add_identity(&linked).await.unwrap());
    for expected in [StatusCode::NO_CONTENT, StatusCode::NOT_FOUND] {
        let unlinked = server.delete("/v1/own/provider", Some(("cookie", &here)), &json!({})).await;
        assert_eq!(unlinked.status, expected);
    }
    by_password(&server, "yamada", "wrong wrong wrong").await;
    server.post("/v1/logout", Some(("cookie", &here)), &json!({})).await;
    server.app.journal.flush().await;
    let mut raw = server.raw().await;
    let rows: Vec<(String, String, String, String)> =
        sqlx::query_as("SELECT action, outcome, target, person FROM journal ORDER BY tenant, seq")
            .fetch_all(&mut raw)
            .await
            .unwrap();
    let of = |action: &str, outcome: &str| {
        rows.iter().filter(|row| row.0 == action && row.1 == outcome && !row.3.is_empty()).count()
    };
    assert_eq!((of("sign_in", "done"), of("edit_own", "done"), of("sign_out", "done")), (1, 2, 2), "{rows:?}");
    assert_eq!(of("sign_in", "wrong_password"), 1, "{rows:?}");
    let text = format!("{rows:?}");
    assert!(!text.contains("wrong wrong") && !text.contains(PASSWORD), "no secret is noted");
}

#[tokio::test]
async fn steps_that_anyone_may_begin_are_counted() {
    let config = Config { public_url: "https://tsudoi.example".to_owned(), ..Config::default() };
    let server = server_with(config).await;
    let begin = async || server.post("/v1/sign-in/passkey/begin", None, &json!({})).await;
    for _ in 0..60 {
        assert_eq!(begin().await.status, StatusCode::OK);
    }
    let refused = begin().await;
    assert_eq!((refused.code().as_str(), refused.status), ("too_many_codes", StatusCode::TOO_MANY_REQUESTS));
    let code = server.code(Role::Staff, "112119", "", 1).await;
    server.sign_in(&code.shown()).await;
    server.clock.forward(MINUTE);
    assert_eq!(begin().await.status, StatusCode::OK);
}

#[tokio::test]
async fn who_comes_back_from_the_provider_and_is_refused_is_in_the_journal() {
    let server = server().await;
    let back = server.get("/v1/sign-in/oidc/back?state=x&code=y", None).await;
    assert_eq!(back.status, StatusCode::SEE_OTHER);
    server.app.journal.flush().await;
    let rows = server.app.store.list_journal("", &Default::default(), None, 10).await.unwrap();
    let refused = rows.iter().find(|row| row.entry.target == "provider").unwrap();
    assert_eq!((refused.entry.action.as_str(), refused.entry.outcome.as_str()), ("sign_in", "not_found"));
}
