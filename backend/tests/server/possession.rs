//! A tablet's token is worth nothing without its key: forged, re-targeted, old and repeated proofs are refused.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use serde_json::json;
use sync_core::wire::Outcome;
use tsudoi_server::config::Config;
use tsudoi_server::service::access::Role;

use crate::support::keys::{self, Key};
use crate::support::{Answer, Claims, Device, HONJO, Server, document_id, outcomes, server, server_with};

const ME: &str = "https://tsudoi.example/v1/me";
const SYNC: &str = "https://tsudoi.example/v1/sync";

async fn ask(server: &Server, device: &Device, proof: &str) -> Answer {
    let request = Request::get("/v1/me")
        .header(header::HOST, "tsudoi.example")
        .header(header::AUTHORIZATION, &device.authorization)
        .header("dpop", proof);
    server.send_bare(request.body(Body::empty()).unwrap()).await
}

fn token(device: &Device) -> &str {
    device.authorization.strip_prefix("DPoP ").unwrap()
}

#[tokio::test]
async fn a_proof_is_for_one_call_of_one_tablet_at_one_time() {
    let server = server().await;
    let device = server.device(1, HONJO).await;
    let honest = || Claims { token: Some(token(&device)), ..server.claims("GET", ME) };
    let first = keys::common().proof(&honest());
    assert_eq!(ask(&server, &device, &first).await.status, StatusCode::OK);
    assert_eq!(ask(&server, &device, &first).await.code(), "invalid_dpop_proof", "replayed");
    let address = "https://TSUDOI.example:443/v1/me";
    let proof = keys::common().proof(&Claims { address, ..honest() });
    assert_eq!(ask(&server, &device, &proof).await.status, StatusCode::OK, "the same address in other letters");

    let now = server.app.now().0 as i64 / 1000;
    for (what, claims) in [
        ("another method", Claims { method: "POST", ..honest() }),
        ("another path", Claims { address: "https://tsudoi.example/v1/sync", ..honest() }),
        ("another token", Claims { token: Some("00"), ..honest() }),
        ("no token", Claims { token: None, ..honest() }),
        ("an old time", Claims { seconds: now - 601, ..honest() }),
        ("a time to come", Claims { seconds: now + 601, ..honest() }),
    ] {
        assert_eq!(ask(&server, &device, &keys::common().proof(&claims)).await.code(), "invalid_dpop_proof", "{what}");
    }
    let claims = Claims { address: "https://elsewhere.example/v1/me", ..honest() };
    let answer = ask(&server, &device, &keys::common().proof(&claims)).await;
    assert_eq!((answer.status, answer.code().as_str()), (StatusCode::BAD_REQUEST, "address_mismatch"));
    let detail = answer.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("https://elsewhere.example") && detail.contains("https://tsudoi.example"), "{detail}");
    let forged = format!("{}.AA", keys::common().proof(&claims).rsplit_once('.').unwrap().0);
    assert_eq!(ask(&server, &device, &forged).await.code(), "invalid_dpop_proof", "it is said to key holders alone");
    let other = Key::generate();
    assert_eq!(ask(&server, &device, &other.proof(&honest())).await.code(), "invalid_dpop_proof", "another key");
    let mixed = format!(
        "{}.{}",
        keys::common().proof(&honest()).rsplit_once('.').unwrap().0,
        other.proof(&honest()).rsplit_once('.').unwrap().1
    );
    assert_eq!(ask(&server, &device, &mixed).await.code(), "invalid_dpop_proof", "another signature");
}

#[tokio::test]
async fn a_proof_for_another_server_is_refused_whatever_headers_say() {
    let server = server().await;
    let device = server.device(1, HONJO).await;
    let address = "https://elsewhere.example/v1/me";
    let claims = Claims { token: Some(token(&device)), address, ..server.claims("GET", ME) };
    let request = Request::get("/v1/me")
        .header(header::HOST, "tsudoi.example")
        .header("x-forwarded-host", "elsewhere.example")
        .header(header::AUTHORIZATION, &device.authorization)
        .header("dpop", keys::common().proof(&claims));
    let answer = server.send_bare(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.code(), "address_mismatch", "a stranger names no host");

    let config = Config { public_url: "https://tsudoi.example".to_owned(), ..Config::default() };
    let server = server_with(config).await;
    let device = server.device(1, HONJO).await;
    for (host, address, right) in [
        ("elsewhere.example", "https://elsewhere.example/v1/me", false),
        ("tsudoi.example", "http://tsudoi.example/v1/me", false),
        ("10.0.0.5:8787", "https://tsudoi.example/v1/me", true),
    ] {
        let claims = Claims { token: Some(token(&device)), address, ..server.claims("GET", ME) };
        let request = Request::get("/v1/me")
            .header(header::HOST, host)
            .header(header::AUTHORIZATION, &device.authorization)
            .header("dpop", keys::common().proof(&claims));
        let answer = server.send_bare(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status == StatusCode::OK, right, "{address} sent to {host}");
    }
}

#[tokio::test]
async fn a_proof_in_another_form_is_refused() {
    let server = server().await;
    let device = server.device(1, HONJO).await;
    let body = json!({
        "jti": "x", "htm": "GET", "htu": ME, "iat": server.app.now().0 / 1000,
        "nonce": server.app.possession.nonce(server.app.now()).unwrap(),
        "ath": tsudoi_server::service::possession::token_digest(token(&device)),
    });
    let key = keys::common();
    for (field, value) in [("typ", json!("jwt")), ("alg", json!("none")), ("alg", json!("HS256")), ("jwk", json!({}))] {
        let mut header = key.header();
        header[field] = value;
        assert_eq!(ask(&server, &device, &key.sign(&header, &body)).await.code(), "invalid_dpop_proof", "{field}");
    }
    let mut private = key.header();
    private["jwk"]["d"] = json!("AA");
    assert_eq!(ask(&server, &device, &key.sign(&private, &body)).await.code(), "invalid_dpop_proof");
    for text in ["", ".", "..", "a.b.c", "é", &"a".repeat(5_000)] {
        let Ok(value) = header::HeaderValue::from_str(text) else { continue };
        assert_ne!(ask(&server, &device, value.to_str().unwrap_or("?")).await.status, StatusCode::OK, "{text}");
    }
    assert_eq!(ask(&server, &device, &key.sign(&key.header(), &body)).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_nonce_is_asked_for_and_ends_and_is_of_one_process() {
    let server = server().await;
    let device = server.device(1, HONJO).await;
    let none = Claims { nonce: None, token: Some(token(&device)), ..server.claims("GET", ME) };
    let asked = ask(&server, &device, &keys::common().proof(&none)).await;
    let given = asked.headers["dpop-nonce"].to_str().unwrap().to_owned();
    assert_eq!(asked.code(), "use_dpop_nonce");
    let claims = |nonce: &str| Claims { nonce: Some(nonce.to_owned()), ..none_like(&server, &device) };
    assert_eq!(ask(&server, &device, &keys::common().proof(&claims(&given))).await.status, StatusCode::OK);
    server.clock.forward(300_000);
    let answer = ask(&server, &device, &keys::common().proof(&claims(&given))).await;
    assert_eq!(answer.status, StatusCode::OK, "the last nonce is good for as long again");
    assert_ne!(answer.headers["dpop-nonce"].to_str().unwrap(), given, "and the answer holds the next");
    server.clock.forward(300_000);
    assert_eq!(ask(&server, &device, &keys::common().proof(&claims(&given))).await.code(), "use_dpop_nonce");
    let elsewhere = crate::support::server().await.app;
    let foreign = elsewhere.possession.nonce(elsewhere.now()).unwrap();
    assert_eq!(ask(&server, &device, &keys::common().proof(&claims(&foreign))).await.code(), "use_dpop_nonce");
}

#[tokio::test]
async fn a_tablet_that_was_away_for_months_asks_for_a_nonce_and_everything_is_taken_in() {
    let server = server().await;
    let mut device = server.device(1, HONJO).await;
    let old = server.claims("POST", SYNC).nonce;
    server.clock.forward(400 * 86_400_000);
    let seconds = 1_800_000_000;
    let change = device.set(document_id(1), "title", "昨年の会");
    let push = device.push(document_id(1), vec![change]);
    let late = Claims { nonce: old, seconds, method: "POST", address: SYNC, ..none_like(&server, &device) };
    let body = device.request(vec![push]).encode();
    let send = async |claims: &Claims<'_>| {
        let request = Request::post("/v1/sync")
            .header(header::HOST, "tsudoi.example")
            .header(header::AUTHORIZATION, &device.authorization)
            .header(header::CONTENT_TYPE, "application/cbor")
            .header("dpop", keys::common().proof(claims));
        server.send_bare(request.body(Body::from(body.clone())).unwrap()).await
    };
    let asked = send(&late).await;
    let given = asked.headers["dpop-nonce"].to_str().unwrap().to_owned();
    assert_eq!(asked.code(), "use_dpop_nonce");
    let now = server.app.now().0 as i64 / 1_000;
    let wrong = Claims { nonce: Some(given.clone()), ..late };
    assert_eq!(send(&wrong).await.code(), "invalid_dpop_proof", "its own clock does not count");
    let right = Claims { nonce: Some(given), seconds: now, ..wrong };
    let answer = send(&right).await;
    assert_eq!(answer.status, StatusCode::OK);
    let answer = sync_core::wire::SyncResponse::decode(&answer.body).unwrap();
    assert_eq!(outcomes(&answer, document_id(1))[0].0, Outcome::Stored);
}

fn none_like<'a>(server: &Server, device: &'a Device) -> Claims<'a> {
    Claims { token: Some(token(device)), ..server.claims("GET", ME) }
}

#[tokio::test]
async fn a_tablet_without_a_key_is_not_let_in_and_a_code_is_not_used_up_by_one() {
    let server = server().await;
    let device = server.device(1, HONJO).await;
    let mut raw = server.raw().await;
    sqlx::query("UPDATE device SET key_thumbprint = NULL").execute(&mut raw).await.unwrap();
    assert_eq!(server.get("/v1/me", device.credential()).await.code(), "invalid_dpop_proof");
    let code = server.code_for(device.device, Role::Staff, "112119", HONJO).await;
    let body = json!({ "code": code.shown(), "device": device.device.to_string(), "device_name": "x" });
    let bare = Request::post("/v1/enrol").header(header::CONTENT_TYPE, "application/json");
    let refused = server.send_bare(bare.body(Body::from(body.to_string())).unwrap()).await;
    assert_eq!(refused.code(), "use_dpop_nonce");
    assert_eq!(server.post("/v1/enrol", None, &body).await.status, StatusCode::OK, "enrolled again under its id");
    assert_eq!(server.get("/v1/me", device.credential()).await.code(), "unauthorised", "the former token has ended");
}

#[tokio::test]
async fn gate_13_what_a_revoked_tablet_still_sends_waits_for_a_person_but_what_is_stored_already() {
    let server = server().await;
    let mut device = server.device(1, HONJO).await;
    let first = device.set(document_id(1), "title", "取り消しの前");
    let push = device.push(document_id(1), vec![first]);
    // its answer is lost
    server.sync(&device, &device.request(vec![push.clone()])).await;
    let mut raw = server.raw().await;
    sqlx::query("UPDATE device SET revoked_at = 1, revoked_by = 'pe-x'").execute(&mut raw).await.unwrap();
    assert_eq!(server.get("/v1/me", device.credential()).await.code(), "device_revoked");
    let empty = server.sync_bytes(&device, device.request(Vec::new()).encode(), None).await;
    assert_eq!(empty.code(), "device_revoked");
    let again = server.sync(&device, &device.request(vec![push])).await;
    assert_eq!(outcomes(&again, document_id(1)), [(Outcome::Duplicate, 1, String::new())], "it counts, and is told so");
    assert_eq!(server.custody_count().await, 0);
    let late = device.set(document_id(1), "title", "取り消しのあと");
    let new = device.set(document_id(2), "title", "誰も知らない記録");
    let pushes = vec![device.push(document_id(1), vec![late]), device.push(document_id(2), vec![new])];
    let answer = server.sync(&device, &device.request(pushes)).await;
    for id in [1, 2] {
        assert_eq!(outcomes(&answer, document_id(id))[0].0, Outcome::Custody, "{id}");
    }
    assert!(answer.scopes.is_empty() && answer.documents.is_empty() && answer.registry.is_none());
    assert_eq!(server.custody_count().await, 2);
}

#[tokio::test]
async fn a_refused_proof_is_in_the_journal_with_the_tablet_whose_token_it_came_with() {
    let server = server().await;
    let device = server.device(1, HONJO).await;
    let claims = Claims { seconds: 0, ..none_like(&server, &device) };
    assert_eq!(ask(&server, &device, &keys::common().proof(&claims)).await.code(), "invalid_dpop_proof");
    server.app.journal.flush().await;
    let rows = server.app.store.list_journal("11", &Default::default(), None, 10).await.unwrap();
    let refused = rows.iter().find(|row| row.entry.outcome == "invalid_dpop_proof").unwrap();
    assert_eq!((refused.entry.device, refused.entry.person.as_str()), (Some(device.device), ""));
    assert_eq!(refused.device_name, "端末1");
    let stranger = Device { authorization: "DPoP 00".to_owned(), ..device };
    let claims = none_like(&server, &stranger);
    assert_eq!(ask(&server, &stranger, &keys::common().proof(&claims)).await.status, StatusCode::UNAUTHORIZED);
    server.app.journal.flush().await;
    let rows = server.app.store.list_journal("", &Default::default(), None, 10).await.unwrap();
    assert!(rows.iter().all(|row| row.entry.device.is_none()), "an unknown token claims no tablet");
}
