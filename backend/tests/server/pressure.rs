//! More asked at once than the server has room for: it says when to come back, and everyone is served in the end.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::http::{StatusCode, header};
use sync_core::document::{Document, hash_of};
use sync_core::domain::view;
use sync_core::wire::{DocumentPush, Outcome, SyncRequest, SyncResponse};
use tsudoi_server::config::Config;
use tsudoi_server::service::{sync, verify};

use crate::support::{Device, HONJO, Server, document_id, outcomes, server_on, server_with};

const BAND: &str = "attendance.band.75-84";
const TABLETS: u8 = 250;
/// The server speaks of seconds; these tablets live so much faster.
const HASTE: u64 = 50;

/// Sends until it is answered, coming back when the server says. Returns the answer and how often it had to.
async fn insist(server: &Server, device: &Device, body: &[u8]) -> (SyncResponse, u32) {
    for attempt in 0..1_000 {
        let answer = server.sync_bytes(device, body.to_vec(), None).await;
        if answer.status == StatusCode::OK {
            return (SyncResponse::decode(&answer.body).unwrap(), attempt);
        }
        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::SERVICE_UNAVAILABLE, "busy"));
        let seconds: u64 = answer.headers[header::RETRY_AFTER].to_str().unwrap().parse().unwrap();
        assert!((1..=61).contains(&seconds), "{seconds}");
        tokio::time::sleep(Duration::from_millis(seconds * 1_000 / HASTE)).await;
    }
    panic!("{} starves", device.device);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hundreds_at_once_are_all_served_and_never_hold_more_than_the_budget() {
    // room for about three at a time
    let config = Config {
        exchange_bytes: 64 << 10,
        exchange_wait_ms: 5,
        page_limit_bytes: 4 << 10,
        gate_document_bytes: 4 << 10,
        ..Config::default()
    };
    let server = Arc::new(server_with(config).await);
    let refusals = Arc::new(AtomicU64::new(0));
    let mut devices = Vec::new();
    for number in 1..=TABLETS {
        devices.push(server.device(number, HONJO).await);
    }
    let mut running = Vec::new();
    for (number, mut device) in (1..=TABLETS).zip(devices) {
        let (server, refusals) = (server.clone(), refusals.clone());
        running.push(tokio::spawn(async move {
            let id = document_id(number);
            let change = device.count(id, BAND, 2);
            let push = device.push(id, vec![change]);
            let body = device.request(vec![push]).encode();
            let (response, attempts) = insist(&server, &device, &body).await;
            assert_eq!(outcomes(&response, id), [(Outcome::Stored, 1, String::new())]);
            refusals.fetch_add(u64::from(attempts), Ordering::Relaxed);
        }));
    }
    for one in running {
        one.await.unwrap();
    }
    assert!(refusals.load(Ordering::Relaxed) > 0, "there was room for all: this test shows nothing");
    let admission = &server.app.admission;
    for budget in [&admission.reading, &admission.working] {
        assert!(budget.peak() > 0 && budget.peak() <= budget.total(), "{} of {}", budget.peak(), budget.total());
        assert_eq!(budget.claimed(), 0, "everything was given back");
    }
    assert!(admission.reading.total() + admission.working.total() <= 64 << 10);
    let scopes = server.app.store.list_scopes("11").await.unwrap();
    let honjo = scopes.iter().find(|scope| scope.scope.as_str() == HONJO).unwrap();
    assert_eq!((honjo.seq, honjo.document_count), (u64::from(TABLETS), u64::from(TABLETS)));
    assert_eq!(verify::verify(&server.app, "11").await.unwrap().count, 0);
}

#[tokio::test]
async fn an_answer_is_counted_until_it_has_left() {
    let server = server_with(Config::default()).await;
    let device = server.device(1, HONJO).await;
    let held = || server.app.admission.working.claimed();
    let mut request = axum::http::Request::post("/v1/sync")
        .header(header::AUTHORIZATION, &device.authorization)
        .header(header::CONTENT_TYPE, "application/cbor")
        .body(axum::body::Body::from(device.request(Vec::new()).encode()))
        .unwrap();
    server.sign(&mut request);
    let response = tower::ServiceExt::oneshot(server.router.clone(), request).await.unwrap();
    assert!((1..1 << 20).contains(&held()), "what the answer takes, and no more: {}", held());
    drop(response);
    assert_eq!(held(), 0);
}

#[tokio::test]
async fn a_tablet_that_asks_too_often_is_told_when_to_return() {
    let server = server_with(Config { device_exchanges_per_minute: 6, ..Config::default() }).await;
    let (busy, other) = (server.device(1, HONJO).await, server.device(2, HONJO).await);
    let body = busy.request(Vec::new()).encode();
    for _ in 0..6 {
        assert_eq!(server.sync_bytes(&busy, body.clone(), None).await.status, StatusCode::OK);
    }
    let refused = server.sync_bytes(&busy, body.clone(), None).await;
    assert_eq!((refused.status, refused.code().as_str()), (StatusCode::TOO_MANY_REQUESTS, "too_often"));
    assert_eq!(refused.headers[header::RETRY_AFTER], "10");
    assert_eq!(server.sync_bytes(&other, body.clone(), None).await.status, StatusCode::OK, "others are not touched");
    server.clock.forward(10_000);
    assert_eq!(server.sync_bytes(&busy, body, None).await.status, StatusCode::OK);
}

#[tokio::test]
async fn what_there_is_no_time_to_judge_is_neither_acknowledged_nor_lost() {
    let server = server_with(Config { gate_budget_ms: 0, ..Config::default() }).await;
    let mut device = server.device(1, HONJO).await;
    let pushes: Vec<_> = (1..=20)
        .map(|number| {
            let change = device.count(document_id(number), BAND, 1);
            device.push(document_id(number), vec![change])
        })
        .collect();
    let body = device.request(pushes).encode();
    let answer = server.sync_bytes(&device, body.clone(), None).await;
    assert_eq!((answer.status, answer.code().as_str()), (StatusCode::SERVICE_UNAVAILABLE, "busy"));
    assert!(answer.headers.contains_key(header::RETRY_AFTER));

    // a time that ends somewhere between the first document and the last, on any machine
    let mut some = false;
    for budget in 1..200 {
        let server = server_with(Config { gate_budget_ms: budget, gate_threads: 1, ..Config::default() }).await;
        let mut device = server.device(1, HONJO).await;
        let mut pushes = Vec::new();
        for number in 1..=200 {
            let changes = (0..5).map(|_| device.count(document_id(number), BAND, 1)).collect();
            pushes.push(device.push(document_id(number), changes));
        }
        let mut request = device.request(pushes);
        let mut rounds = 0;
        while !request.pushes.is_empty() {
            let answer = server.sync_bytes(&device, request.encode(), None).await;
            rounds += 1;
            if answer.status != StatusCode::OK {
                assert_eq!(answer.code(), "busy");
                continue;
            }
            let response = SyncResponse::decode(&answer.body).unwrap();
            assert!(response.receipts.iter().all(|one| one.runs[0].outcome == Outcome::Stored), "or not named");
            let settled: std::collections::BTreeSet<_> = response.receipts.iter().map(|one| one.document).collect();
            request.pushes.retain(|push| !settled.contains(&push.document));
        }
        let scopes = server.app.store.list_scopes("11").await.unwrap();
        let honjo = scopes.iter().find(|scope| scope.scope.as_str() == HONJO).unwrap();
        assert_eq!(honjo.document_count, 200);
        some |= rounds > 1;
        if some {
            break;
        }
    }
    assert!(some, "no time was short enough");
}

/// Letters that nothing makes shorter, others each time.
fn noise(letters: usize, seed: u64) -> String {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut letter = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from_u32(0x4e00 + (state >> 32) as u32 % 0x4000).unwrap()
    };
    (0..letters).map(|_| letter()).collect()
}

/// What is stored of these documents, in bytes.
async fn stored_bytes(server: &Server, pushes: &[DocumentPush]) -> u64 {
    let ids: Vec<_> = pushes.iter().map(|push| push.document).collect();
    let stored = server.app.store.load_documents("11", &ids).await.unwrap();
    stored.iter().map(|stored| stored.snapshot.len() as u64).sum()
}

#[tokio::test]
async fn a_push_to_large_documents_is_taken_in_by_portions_that_fit_what_is_claimed() {
    let config = Config { gate_document_bytes: 8 << 10, page_limit_bytes: 8 << 10, ..Config::default() };
    let server = server_with(config.clone()).await;
    let mut device = server.device(1, HONJO).await;
    let ids: Vec<_> = (1..=9).map(document_id).collect();
    for (seed, id) in (1..).zip(&ids) {
        let change = device.set(*id, "title", &noise(900, seed));
        let push = device.push(*id, vec![change]);
        server.sync(&device, &device.request(vec![push])).await;
    }
    let mut pushes = Vec::new();
    for id in &ids {
        let change = device.count(*id, BAND, 1);
        pushes.push(device.push(*id, vec![change]));
    }
    let mut request = SyncRequest { page_bytes: 0, ..device.request(pushes) };
    let bound = sync::document_bytes(&config, &request);
    assert_eq!(bound, 8 << 10, "a page of no bytes, and still the largest document");
    assert!(stored_bytes(&server, &request.pushes).await > 2 * bound, "they are small: this test shows nothing");
    let mut portions = Vec::new();
    while !request.pushes.is_empty() {
        let response = server.sync(&device, &request).await;
        let is_settled = |push: &DocumentPush| response.receipts.iter().any(|one| one.document == push.document);
        let (settled, rest): (Vec<_>, Vec<_>) = request.pushes.into_iter().partition(is_settled);
        for push in &settled {
            assert_eq!(outcomes(&response, push.document), [(Outcome::Stored, 1, String::new())], "or not named");
        }
        assert!(stored_bytes(&server, &settled).await <= bound, "{} at once", settled.len());
        portions.push(settled.len());
        request.pushes = rest;
    }
    assert!(portions.len() > 2 && portions[0] > 1, "{portions:?}");
    for stored in server.app.store.load_documents("11", &ids).await.unwrap() {
        let document = Document::load(&stored.snapshot).unwrap();
        assert_eq!(view(&document).attendance, Some(1), "nothing is lost or doubled");
    }
    assert_eq!(verify::verify(&server.app, "11").await.unwrap().count, 0);
}

#[tokio::test]
async fn what_a_push_may_hold_is_claimed_and_a_document_larger_than_that_goes_alone() {
    let server = server_with(Config::default()).await;
    let mut device = server.device(1, HONJO).await;
    let ids = [document_id(1), document_id(2)];
    for (seed, id) in (1..).zip(&ids) {
        let change = device.set(*id, "title", &noise(900, seed));
        let push = device.push(*id, vec![change]);
        server.sync(&device, &device.request(vec![push])).await;
    }
    // the limit was lowered, against all advice
    let config = Config { gate_document_bytes: 1 << 10, page_limit_bytes: 0, ..Config::default() };
    let server = server_on(server.app.store.clone(), config, server.folder).await;
    let mut pushes = Vec::new();
    for id in ids {
        let change = device.count(id, BAND, 1);
        pushes.push(device.push(id, vec![change]));
    }
    let asking = |device: &Device, pushes| SyncRequest { page_bytes: 0, ..device.request(pushes) };
    // the body as it is, seven times in all, and three times the documents of the smallest page of tablets that take parts
    let claimed = 7 * asking(&device, pushes.clone()).encode().len() as u64 + 3 * (8 << 10);
    for id in ids {
        let response = server.sync(&device, &asking(&device, pushes.clone())).await;
        assert_eq!(response.receipts.len(), 1);
        assert_eq!(outcomes(&response, id), [(Outcome::Custody, 1, "document_too_large".to_owned())]);
        pushes.retain(|push| push.document != id);
    }
    assert_eq!(server.app.admission.working.peak(), claimed.next_multiple_of(1 << 10));
}

#[tokio::test]
async fn gate_12_one_document_comes_in_by_parts_when_the_time_is_short() {
    let server = server_with(Config { gate_budget_ms: 1, ..Config::default() }).await;
    let mut device = server.device(1, HONJO).await;
    let id = document_id(1);
    let mut changes: Vec<_> = (0..1_500).map(|_| device.count(id, BAND, 1)).collect();
    let mut rounds = 0;
    while !changes.is_empty() {
        let push = device.push(id, changes.clone());
        let body = device.request(vec![push]).encode();
        let answer = server.sync_bytes(&device, body, None).await;
        assert_eq!(answer.status, StatusCode::OK, "there is always time for some of it");
        let response = SyncResponse::decode(&answer.body).unwrap();
        let [run] = response.receipts[0].runs.as_slice() else { panic!("{:?}", response.receipts) };
        let count = usize::try_from(run.count).unwrap();
        assert_eq!((run.outcome, run.last), (Outcome::Stored, hash_of(&changes[count - 1])), "what is named is stored");
        changes.drain(..count);
        rounds += 1;
    }
    assert!(rounds > 1, "the time was long: this test shows nothing");
    assert_eq!(verify::verify(&server.app, "11").await.unwrap().count, 0);
}

#[tokio::test]
async fn the_limits_of_a_change_are_settings() {
    let server = server_with(Config { gate_delta: 10, gate_change_bytes: 300, ..Config::default() }).await;
    let mut device = server.device(1, HONJO).await;
    let changes = [
        (1, device.count(document_id(1), BAND, 10), Outcome::Stored, ""),
        (2, device.count(document_id(2), BAND, 11), Outcome::Custody, "structure"),
        (3, device.set(document_id(3), "title", &"集".repeat(200)), Outcome::Custody, "too_large"),
    ];
    for (number, change, outcome, code) in changes {
        let push = device.push(document_id(number), vec![change]);
        let response = server.sync(&device, &device.request(vec![push])).await;
        assert_eq!(outcomes(&response, document_id(number)), [(outcome, 1, code.to_owned())], "{number}");
    }
}

#[tokio::test]
async fn documents_do_not_stay_in_memory() {
    let room = 40 * 20_000;
    let server = server_with(Config { document_cache_bytes: room, ..Config::default() }).await;
    let mut device = server.device(1, HONJO).await;
    for part in 0..5_u32 {
        let mut pushes = Vec::new();
        for number in 0..400 {
            let id = sync_core::ids::DocumentId::from_bytes(u128::from(part * 400 + number + 1).to_be_bytes());
            let change = device.count(id, BAND, 1);
            pushes.push(device.push(id, vec![change]));
        }
        server.sync(&device, &device.request(pushes)).await;
        device.documents.clear();
        let (count, bytes) = server.app.cache.size();
        assert!(count > 0 && bytes <= room, "{count} documents in {bytes} bytes");
    }
    let scopes = server.app.store.list_scopes("11").await.unwrap();
    assert_eq!(scopes.iter().map(|scope| scope.document_count).max(), Some(2_000));
    assert!(server.app.cache.size().0 < 80, "{:?}", server.app.cache.size());
}
