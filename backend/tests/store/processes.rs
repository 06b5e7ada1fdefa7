//! Several server processes over one PostgreSQL: each hears of what the others commit, none loses what another wrote,
//! and none answers from a cache that another has made old.
//!
//! Two whole servers with stores, caches and connections of their own stand in for two processes: they share nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt as _;
use sync_core::document::Document;
use sync_core::domain::view;
use sync_core::wire::Outcome;
use tower::ServiceExt as _;
use tsudoi_server::config::Config;
use tsudoi_server::service::access::{Caller, Role};
use tsudoi_server::service::{purge, registry, verify};
use tsudoi_server::store::types::{Association, Material};
use tsudoi_tests::Cluster;

use crate::support::{Device, HONJO, KAMISATO, Server, document_id, outcomes, server_on};
use crate::{eventually, postgres};

const ROUNDS: usize = 12;
const DOCUMENTS: u8 = 4;

async fn process(url: &str) -> Server {
    server_on(Arc::new(postgres(url).await), Config::default(), tempfile::tempdir().unwrap()).await
}

/// The events a server tells a device, as text, for as long as it is kept.
async fn listen(server: &Server, device: &Device) -> Arc<std::sync::Mutex<String>> {
    let request = Request::get("/v1/events").header("authorization", &device.authorization);
    let mut request = request.body(Body::empty()).unwrap();
    server.sign(&mut request);
    let response = server.router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status(), 200);
    let heard = Arc::new(std::sync::Mutex::new(String::new()));
    let (mut body, kept) = (response.into_body(), heard.clone());
    tokio::spawn(async move {
        while let Some(Ok(frame)) = body.frame().await {
            if let Ok(bytes) = frame.into_data() {
                kept.lock().unwrap().push_str(&String::from_utf8_lossy(&bytes));
            }
        }
    });
    heard
}

pub async fn push_one(server: &Server, device: &mut Device, number: u8, value: &str) {
    let id = document_id(number);
    let change = device.set(id, "title", value);
    let push = device.push(id, vec![change]);
    let response = server.sync(device, &device.request(vec![push])).await;
    assert_eq!(outcomes(&response, id)[0].0, Outcome::Stored);
}

async fn events_cross(a: &Server, b: &Server, device: &mut Device, cluster: &Cluster) {
    let heard = listen(b, device).await;
    push_one(a, device, 1, "一").await;
    eventually(|| heard.lock().unwrap().contains(HONJO)).await;

    // the connection that listens breaks and is made anew
    let listeners = "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity \
        WHERE query LIKE 'LISTEN%' AND datname = 't0'";
    assert_eq!(cluster.sql("postgres", listeners), "2");
    let listening = "SELECT COUNT(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = 't0'";
    eventually(|| cluster.sql("postgres", listening) == "2").await;
    heard.lock().unwrap().clear();
    push_one(a, device, 1, "二").await;
    eventually(|| heard.lock().unwrap().contains(HONJO)).await;
}

/// Counts again and again on the same documents, each time durable before the next.
async fn count(server: &Server, mut device: Device) -> Device {
    for _ in 0..ROUNDS {
        let pushes = (10..10 + DOCUMENTS).map(|number| {
            let id = document_id(number);
            let change = device.count(id, "attendance.band.75-84", 1);
            device.push(id, vec![change])
        });
        let pushes = pushes.collect();
        let response = server.sync(&device, &device.request(pushes)).await;
        for number in 10..10 + DOCUMENTS {
            let found = outcomes(&response, document_id(number));
            assert!(found.iter().all(|(outcome, ..)| *outcome == Outcome::Stored), "{found:?}");
        }
    }
    device
}

/// Two tablets count on the same documents at the same time, one through each process.
async fn nothing_is_lost(a: &Server, b: &Server, one: Device, two: Device) {
    let (one, _two) = tokio::join!(count(a, one), count(b, two));
    for server in [a, b] {
        let pulled = server.pull_all(&one).await;
        let documents: BTreeMap<_, _> = pulled.documents.iter().map(|one| (one.document, &one.snapshot)).collect();
        for number in 10..10 + DOCUMENTS {
            let document = Document::load(documents[&document_id(number)]).unwrap();
            assert_eq!(view(&document).attendance, Some(2 * ROUNDS as i64), "counts of both are there");
        }
        let findings = verify::verify(&server.app, "11").await.unwrap();
        assert_eq!(findings.count, 0, "{:?}", findings.differences);
    }
}

/// A document and a registry that one process holds in its caches are changed through the other.
async fn caches_are_not_stale(a: &Server, b: &Server, mut device: Device, mut other: Device) {
    let id = document_id(40);
    for (round, server) in [a, b, a, b].into_iter().enumerate() {
        let one = if round % 2 == 0 { &mut device } else { &mut other };
        let change = one.count(id, "attendance.band.75-84", 1);
        let push = one.push(id, vec![change]);
        let response = server.sync(one, &one.request(vec![push])).await;
        assert_eq!(outcomes(&response, id)[0].0, Outcome::Stored, "round {round}");
    }
    let pulled = a.pull_all(&device).await;
    let stored = pulled.documents.iter().find(|one| one.document == id).unwrap();
    assert_eq!(view(&Document::load(&stored.snapshot).unwrap()).attendance, Some(4));

    let (version, _) = registry_of(b, &device).await;
    let association =
        Association {
            id: "as-x".to_owned(), name: "川越市医師会".to_owned(), municipalities: Vec::new(), hub: false
        };
    a.app.store.upsert_association("11", &association).await.unwrap();
    let (later, json) = registry_of(b, &device).await;
    assert!(later > version && json.contains("川越市医師会"));
    assert!(registry::view(&b.app, "11").await.unwrap().unwrap().version == later);
}

/// Processes that start at once make the same entries of the registry.
async fn the_same_entry_is_made_by_all(a: &Server, b: &Server) {
    for number in 0..30 {
        let material = Material {
            id: format!("ma-{number}"),
            name: format!("資料{number}"),
            unit: "部".to_owned(),
            eligibilities: vec![("resident".to_owned(), "市民".to_owned())],
        };
        let make = |server: &Server| {
            let (store, material) = (server.app.store.clone(), material.clone());
            tokio::spawn(async move { store.upsert_material("11", &material).await })
        };
        for made in [make(a), make(b), make(a), make(b)] {
            made.await.unwrap().unwrap();
        }
    }
}

/// What another process commits makes the ready answers of its scopes old, and no others.
async fn ready_answers_of_other_scopes_stay(a: &Server, b: &Server) {
    let mut notices = b.app.notices.subscribe();
    let mut heard = async |scope: &str| while notices.recv().await.unwrap().scope.to_string() != scope {};
    let mut writers = [a.device(5, HONJO).await, a.device(6, KAMISATO).await];
    for (writer, (scope, first)) in writers.iter_mut().zip([(HONJO, 60), (KAMISATO, 120)]) {
        let pushes = (first..first + 40).map(|number| {
            let change = writer.set(document_id(number), "venue", &format!("会場{number}"));
            writer.push(document_id(number), vec![change])
        });
        let pushes = pushes.collect();
        a.sync(writer, &writer.request(pushes)).await;
        heard(scope).await;
        let reader = b.device(first + 50, scope).await;
        assert_eq!(b.pull_all(&reader).await.documents.len(), 40);
    }
    assert_eq!(b.app.cold.size().0, 2);
    push_one(a, &mut writers[0], 60, "題").await;
    heard(HONJO).await;
    assert_eq!(b.app.cold.size().0, 1);
}

/// What one process destroys, no other keeps in memory; nor does one that may have missed being told.
async fn destroyed_documents_are_forgotten_by_all(a: &Server, b: &Server, cluster: &Cluster) {
    let mut writer = b.device(7, HONJO).await;
    for number in [200, 201] {
        push_one(b, &mut writer, number, "消えるべき題").await;
    }
    let before = b.app.cache.size().0;
    purge::purge(&a.app, &Caller::command_line("11"), document_id(200), "本人の求め").await.unwrap();
    eventually(|| b.app.cache.size().0 == before - 1).await;
    let listeners = "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'";
    cluster.sql("postgres", listeners);
    eventually(|| b.app.cache.size().0 == 0).await;
}

async fn registry_of(server: &Server, device: &Device) -> (u64, String) {
    let registry = server.pull_all(device).await.registry.unwrap();
    (registry.version, String::from_utf8(registry.json).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_over_one_database_hear_each_other_and_lose_nothing() {
    let cluster = Cluster::start();
    let url = cluster.database();
    let (a, b) = tokio::join!(process(&url), process(&url));
    let mut one = a.device(1, HONJO).await;
    let two = b.device_as(2, Role::Staff, HONJO).await;
    let (three, four) = (a.device(3, HONJO).await, b.device(4, HONJO).await);
    the_same_entry_is_made_by_all(&a, &b).await;
    events_cross(&a, &b, &mut one, &cluster).await;
    nothing_is_lost(&a, &b, one, two).await;
    caches_are_not_stale(&a, &b, three, four).await;
    let url = cluster.database();
    let (a, b) = tokio::join!(process(&url), process(&url));
    ready_answers_of_other_scopes_stay(&a, &b).await;
    destroyed_documents_are_forgotten_by_all(&a, &b, &cluster).await;
}
