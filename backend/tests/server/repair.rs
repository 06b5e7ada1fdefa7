//! Damage in the store: found on a push, by an audit and by the walk, asked for, and mended from what tablets hold.

use axum::http::{Request, StatusCode, header};
use sync_core::digest::{Buckets, Digest, FeedState};
use sync_core::ids::ScopeId;
use sync_core::wire::{AuditRequest, AuditResponse, DocumentPush, Outcome, PROTOCOL, SyncRequest};
use tsudoi_server::service::{scrub, verify};

use crate::support::{Answer, Device, HONJO, KAMISATO, Server, document_id, outcomes, server};

const BAND: &str = "attendance.band.75-84";

async fn audit(server: &Server, device: &Device, scope: &str, buckets: Buckets) -> Answer {
    let scope: ScopeId = scope.parse().unwrap();
    let request = AuditRequest { protocol: PROTOCOL, scope, buckets, page_bytes: None, from: 0 };
    let request = Request::post("/v1/audit")
        .header(header::AUTHORIZATION, &device.authorization)
        .header(header::CONTENT_TYPE, "application/cbor")
        .body(axum::body::Body::from(request.encode()));
    server.send(request.unwrap()).await
}

fn buckets(device: &mut Device) -> Buckets {
    let ids: Vec<_> = device.documents.keys().copied().collect();
    Buckets::of(ids.into_iter().map(|id| (id, Digest::of(id, FeedState::Present, &device.heads(id)))))
}

/// Everything a device holds of a document, offered because the server asked.
fn offer(device: &mut Device, number: u8) -> DocumentPush {
    let id = document_id(number);
    let changes = device.document(id).changes().into_iter().map(|change| change.bytes).collect();
    DocumentPush { again: true, ..device.push(id, changes) }
}

/// Two devices that both wrote to the same three documents and hold all of them.
async fn pair(server: &Server) -> (Device, Device) {
    let (mut one, mut two) = (server.device(1, HONJO).await, server.device(2, HONJO).await);
    for number in 1..=3 {
        let id = document_id(number);
        for device in [&mut one, &mut two] {
            let changes = vec![device.set(id, "municipality", "112119"), device.count(id, BAND, 5)];
            let push = device.push(id, changes);
            server.sync(device, &device.request(vec![push])).await;
        }
    }
    for device in [&mut one, &mut two] {
        for payload in server.pull_all(device).await.documents {
            let mut incoming = sync_core::document::Document::load(&payload.snapshot).unwrap();
            device.document(payload.document).merge(&mut incoming).unwrap();
        }
    }
    (one, two)
}

async fn assert_whole(server: &Server) {
    assert!(server.app.store.list_damaged("11").await.unwrap().is_empty());
    let findings = verify::verify(&server.app, "11").await.unwrap();
    assert_eq!(findings.count, 0, "{:#?}", findings.differences);
    let stored = &server.app.store.load_documents("11", &[document_id(1)]).await.unwrap()[0];
    assert_eq!(stored.projection.as_ref().unwrap().fact.attendance, Some(10));
}

#[tokio::test]
async fn equal_buckets_are_answered_with_nothing_and_other_scopes_are_unknown() {
    let server = server().await;
    let (mut one, _) = pair(&server).await;
    let mine = buckets(&mut one);
    let answer = audit(&server, &one, HONJO, mine).await;
    let response = AuditResponse::decode(&answer.body).unwrap();
    assert!(response.differing.is_empty() && response.entries.is_empty(), "{response:?}");
    let scopes = server.app.store.list_scopes("11").await.unwrap();
    let honjo = scopes.iter().find(|scope| scope.scope.as_str() == HONJO).unwrap();
    assert_eq!((response.epoch, response.seq), (honjo.epoch, honjo.seq));
    let mine = buckets(&mut one);
    let answer = audit(&server, &one, KAMISATO, mine).await;
    assert_eq!((answer.status, answer.code().as_str()), (StatusCode::NOT_FOUND, "not_found"));
}

#[tokio::test]
async fn an_audit_names_what_differs_and_only_that() {
    let server = server().await;
    let (mut one, _) = pair(&server).await;
    one.count(document_id(2), BAND, 1);
    let theirs = server.app.store.load_documents("11", &[document_id(2)]).await.unwrap()[0].heads.clone();
    let mine = buckets(&mut one);
    let answer = audit(&server, &one, HONJO, mine).await;
    let response = AuditResponse::decode(&answer.body).unwrap();
    assert_eq!(response.differing, [2]);
    assert_eq!(response.entries.len(), 1);
    let entry = &response.entries[0];
    assert_eq!((entry.document, &entry.heads, entry.state), (document_id(2), &theirs, FeedState::Present));
}

#[tokio::test]
async fn a_damaged_row_found_by_an_audit_is_asked_for_and_mended_by_what_one_tablet_holds() {
    let server = server().await;
    let (mut one, two) = pair(&server).await;
    server.damage_snapshot(document_id(1), 60).await;
    server.app.cache.forget("11", document_id(1));
    let mut wrong = buckets(&mut one).to_bytes();
    wrong[32] ^= 1; // bucket 1
    let answer = audit(&server, &one, HONJO, Buckets::from_bytes(&wrong).unwrap()).await;
    let response = AuditResponse::decode(&answer.body).unwrap();
    assert!(response.entries[0].heads.as_slice().is_empty(), "named without heads");
    let idle = server.sync(&two, &two.request(Vec::new())).await;
    assert_eq!(idle.wanted, [document_id(1)], "every tablet of the scope is asked");
    assert!(idle.documents.iter().all(|payload| payload.document != document_id(1)), "and gets no damaged bytes");

    let push = offer(&mut one, 1);
    let response = server.sync(&one, &one.request(vec![push])).await;
    assert!(outcomes(&response, document_id(1)).iter().all(|(outcome, ..)| *outcome == Outcome::Stored));
    assert!(response.wanted.is_empty());
    assert_whole(&server).await;
    let healing = server.app.store.list_healing("11", 9).await.unwrap();
    assert_eq!((healing.len(), healing[0].device, healing[0].documents, healing[0].changes), (1, one.device, 1, 4));
}

#[tokio::test]
async fn figures_of_a_document_that_cannot_be_read_outlive_a_rebuild() {
    let server = server().await;
    let _pair = pair(&server).await;
    let before = server.app.store.list_rollups("11").await.unwrap();
    assert!(!before.is_empty());
    server.damage_snapshot(document_id(1), 60).await;
    server.app.cache.forget("11", document_id(1));
    verify::rebuild(&server.app, "11").await.unwrap();
    assert_eq!(server.app.store.list_rollups("11").await.unwrap(), before);
}

#[tokio::test]
async fn a_push_to_a_damaged_document_is_not_taken_until_it_is_whole() {
    let server = server().await;
    let (mut one, mut two) = pair(&server).await;
    server.damage_snapshot(document_id(1), 60).await;
    server.app.cache.forget("11", document_id(1));
    let change = two.count(document_id(1), BAND, 1);
    let push = two.push(document_id(1), vec![change.clone()]);
    let response = server.sync(&two, &two.request(vec![push.clone()])).await;
    assert_eq!(outcomes(&response, document_id(1)), [(Outcome::MissingDeps, 1, String::new())], "not custody");
    assert_eq!(server.custody_count().await, 0);
    assert_eq!(response.wanted, [document_id(1)]);
    let push_one = offer(&mut one, 1);
    server.sync(&one, &one.request(vec![push_one])).await;
    assert_whole(&server).await;
    let response = server.sync(&two, &two.request(vec![push])).await;
    assert_eq!(outcomes(&response, document_id(1)), [(Outcome::Stored, 1, String::new())]);
}

#[tokio::test]
async fn what_nobody_has_met_the_walk_finds() {
    let server = server().await;
    let (mut one, _) = pair(&server).await;
    let mut walk = scrub::Walk::default();
    let around = async |walk: &mut scrub::Walk| {
        let mut found = (0, 0);
        for _ in 0..12 {
            let (looked_at, damaged) = scrub::step(&server.app, walk, 2).await.unwrap();
            found = (found.0 + looked_at, found.1 + damaged);
        }
        found
    };
    let (looked_at, damaged) = around(&mut walk).await;
    assert!(looked_at >= 3 && damaged == 0);
    server.damage_snapshot(document_id(3), 40).await;
    assert_eq!(around(&mut walk).await.1, 1, "found once");
    assert_eq!(around(&mut walk).await.1, 0);
    let push = offer(&mut one, 3);
    server.sync(&one, &one.request(vec![push])).await;
    assert_whole(&server).await;
}

#[tokio::test]
async fn a_lost_row_is_asked_for_and_comes_back_from_its_writers() {
    let server = server().await;
    let (mut one, mut two) = pair(&server).await;
    let mut raw = server.raw().await;
    sqlx::query("DELETE FROM document WHERE document = ?")
        .bind(&document_id(1).as_bytes()[..])
        .execute(&mut raw)
        .await
        .unwrap();
    drop(raw);
    let response = server.pull_all(&one).await;
    assert_eq!(response.wanted, [document_id(1)]);
    for device in [&mut one, &mut two] {
        let push = offer(device, 1);
        server.sync(device, &device.request(vec![push])).await;
    }
    assert_whole(&server).await;
}

#[tokio::test]
async fn documents_asked_for_are_sent_whatever_the_cursor_says_and_only_from_ones_own_scopes() {
    let server = server().await;
    let (one, _) = pair(&server).await;
    let outsider = server.device(7, KAMISATO).await;
    let pulled = server.pull_all(&one).await;
    let request = SyncRequest { wanted: vec![document_id(2)], ..one.request_from(&pulled) };
    let response = server.sync(&one, &request).await;
    assert_eq!(response.documents.iter().map(|one| one.document).collect::<Vec<_>>(), [document_id(2)]);
    let request = SyncRequest { wanted: vec![document_id(2)], ..outsider.request(Vec::new()) };
    assert!(server.sync(&outsider, &request).await.documents.is_empty());
}

#[tokio::test]
async fn a_damaged_document_is_mended_by_what_one_tablet_brings_change_by_change() {
    let server = server().await;
    let (mut one, _) = pair(&server).await;
    server.damage_snapshot(document_id(1), 60).await;
    server.app.cache.forget("11", document_id(1));
    let whole = offer(&mut one, 1);
    let mut outcomes_of_all = Vec::new();
    for change in &whole.changes {
        let push = DocumentPush { changes: vec![change.clone()], ..whole.clone() };
        let response = server.sync(&one, &one.request(vec![push])).await;
        let outcome = outcomes(&response, document_id(1));
        assert_eq!(outcome.iter().map(|(_, count, _)| count).sum::<u64>(), 1, "of what came now, and no more");
        outcomes_of_all.push(outcome[0].0);
    }
    let waits = |outcome: &Outcome| matches!(outcome, Outcome::Custody | Outcome::MissingDeps);
    assert!(outcomes_of_all.iter().any(waits), "it proves nothing alone: {outcomes_of_all:?}");
    assert_eq!(outcomes_of_all.last(), Some(&Outcome::Stored));
    assert_whole(&server).await;
    assert_eq!(server.custody_count().await, 0, "nothing is left to decide on");
}
