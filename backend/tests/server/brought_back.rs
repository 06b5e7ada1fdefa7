//! Work of a tablet that is gone, which the server has lost and another tablet held: it comes in through a person alone,
//! as its author's.

use axum::http::StatusCode;
use serde_json::{Value, json};
use sync_core::document::{Document, hash_of};
use sync_core::domain::view;
use sync_core::wire::Outcome;
use tsudoi_server::service::access::Role;

use crate::support::{Device, HONJO, KAMISATO, Server, document_id, outcomes, server};

const BAND: &str = "attendance.band.75-84";

/// Two changes of the author that the server does not have, and a tablet that holds them.
async fn lost(server: &Server) -> (Device, Device, Vec<Vec<u8>>) {
    let (mut author, mut holder) = (server.device(1, HONJO).await, server.device(2, HONJO).await);
    let id = document_id(9);
    let changes = vec![author.set(id, "municipality", "112119"), author.count(id, BAND, 5)];
    hold(&mut holder, &author);
    (author, holder, changes)
}

fn hold(holder: &mut Device, author: &Device) {
    let mut copy = author.documents[&document_id(9)].clone();
    holder.document(document_id(9)).merge(&mut copy).unwrap();
}

/// Offers changes as of a record the server has lost, or pushes them as usual.
async fn send(server: &Server, device: &mut Device, changes: &[Vec<u8>], again: bool) -> Vec<(Outcome, u64, String)> {
    let mut push = device.push(document_id(9), changes.to_vec());
    push.again = again;
    outcomes(&server.sync(device, &device.request(vec![push])).await, document_id(9))
}

fn brought(count: u64) -> Vec<(Outcome, u64, String)> {
    vec![(Outcome::Custody, count, "brought_back".to_owned())]
}

async fn decide(server: &Server, cookie: &str, device: &Device, decision: &str) -> (StatusCode, Value) {
    let (document, device) = (document_id(9).to_string(), device.device.to_string());
    let body = json!({ "document": document, "device": device, "decision": decision, "reason": "本人に確かめました" });
    let answer = server.post("/v1/custody/decisions", Some(("cookie", cookie)), &body).await;
    (answer.status, answer.json())
}

async fn entries(server: &Server, cookie: &str) -> Vec<Value> {
    server.read(cookie, "/v1/custody").await["entries"].as_array().unwrap().clone()
}

#[tokio::test]
async fn inv_6_what_another_tablet_wrote_is_kept_once_and_let_in_by_a_person_as_its_authors() {
    let server = server().await;
    let (author, mut holder, changes) = lost(&server).await;
    let (mut second, mut stranger) = (server.device(3, HONJO).await, server.device(4, HONJO).await);
    hold(&mut second, &author);
    hold(&mut stranger, &author);
    assert_eq!(send(&server, &mut holder, &changes, true).await, brought(2));
    assert_eq!(send(&server, &mut second, &changes, true).await, brought(2));
    assert_eq!(server.custody_count().await, 2, "once, whoever brings it");
    let foreign = vec![(Outcome::Custody, 2, "foreign_device".to_owned())];
    assert_eq!(send(&server, &mut stranger, &changes, false).await, foreign);
    let own = holder.count(document_id(9), BAND, 7);
    let waits = vec![(Outcome::MissingDeps, 1, String::new())];
    assert_eq!(send(&server, &mut holder, std::slice::from_ref(&own), false).await, waits);

    let staff = server.signed_in(Role::Staff, "112119").await;
    assert_eq!(decide(&server, &staff, &holder, "admitted").await.0, StatusCode::FORBIDDEN);
    let officer = server.signed_in(Role::Prefectural, "11").await;
    let (status, answer) = decide(&server, &officer, &stranger, "admitted").await;
    assert_eq!((status, &answer["code"]), (StatusCode::CONFLICT, &json!("not_admissible")), "pushed as its own");
    let shown = server.read(&officer, &format!("/v1/custody/{}/{}", document_id(9), holder.device)).await;
    assert_eq!((&shown["device"]["name"], &shown["brought_from"][0]["name"]), (&json!("端末2"), &json!("端末1")));
    assert_eq!((&shown["fits"], &shown["authors"][0]["device"]["name"]), (&json!(true), &json!("端末1")));
    let (status, answer) = decide(&server, &officer, &holder, "admitted").await;
    assert_eq!((status, &answer["changes"]), (StatusCode::OK, &json!(2)), "{answer}");

    assert_eq!(send(&server, &mut holder, &[own], false).await, [(Outcome::Stored, 1, String::new())]);
    let pulled = server.pull_all(&second).await;
    let record = view(&Document::load(&pulled.documents[0].snapshot).unwrap());
    assert_eq!(record.attendance, Some(12));
    assert_eq!(record.tallies[0].by_device[&author.device], 5, "counted by its author");
    let entries = entries(&server, &officer).await;
    assert_eq!(entries.len(), 4);
    assert!(entries.iter().all(|entry| entry["decision"]["decision"] == "admitted"), "all of that name: {entries:?}");
    let administrator = server.signed_in(Role::Administrator, "11").await;
    let healing = server.read(&administrator, "/v1/healing").await;
    assert_eq!((&healing["changes"], &healing["entries"][0]["device"]["name"]), (&json!(2), &json!("端末2")));
    server.assert_sound().await;
}

#[tokio::test]
async fn an_author_who_comes_back_settles_it_and_one_who_comes_late_finds_it_there() {
    let server = server().await;
    let (mut author, mut holder, changes) = lost(&server).await;
    assert_eq!(send(&server, &mut holder, &changes, true).await, brought(2));
    assert_eq!(send(&server, &mut author, &changes[..1], true).await, [(Outcome::Stored, 1, String::new())]);
    assert_eq!(server.custody_count().await, 1);
    let officer = server.signed_in(Role::Prefectural, "11").await;
    assert_eq!(decide(&server, &officer, &holder, "admitted").await.0, StatusCode::OK);
    assert_eq!(send(&server, &mut author, &changes, true).await, [(Outcome::Duplicate, 2, String::new())]);
    server.assert_sound().await;
}

#[tokio::test]
async fn what_was_declined_is_not_kept_again_and_its_author_may_still_bring_it() {
    let server = server().await;
    let (mut author, mut holder, changes) = lost(&server).await;
    let mut second = server.device(3, HONJO).await;
    hold(&mut second, &author);
    send(&server, &mut holder, &changes, true).await;
    let officer = server.signed_in(Role::Prefectural, "11").await;
    assert_eq!(decide(&server, &officer, &holder, "declined").await.0, StatusCode::OK);
    assert_eq!(send(&server, &mut second, &changes, true).await, brought(2));
    let declined = entries(&server, &officer).await;
    assert!(declined.len() == 2 && declined.iter().all(|entry| entry["decision"]["decision"] == "declined"));
    assert_eq!(send(&server, &mut author, &changes, true).await, [(Outcome::Stored, 2, String::new())]);
    server.assert_sound().await;
}

#[tokio::test]
async fn what_no_tablet_of_this_prefecture_wrote_is_refused_with_what_to_do() {
    let server = server().await;
    let officer = server.signed_in(Role::Prefectural, "11").await;
    let (author, mut holder, changes) = lost(&server).await;
    send(&server, &mut holder, &changes, true).await;
    let refused = async || {
        let (status, answer) = decide(&server, &officer, &holder, "admitted").await;
        assert_eq!((status, &answer["code"]), (StatusCode::CONFLICT, &json!("author_unknown")));
        assert!(answer["detail"].as_str().unwrap().contains("登録されていない"));
    };
    let mut raw = server.raw().await;
    let device = author.device.as_bytes().to_vec();
    let moved = sqlx::query("UPDATE device SET tenant = '14' WHERE device = ?").bind(&device);
    assert_eq!(moved.execute(&mut raw).await.unwrap().rows_affected(), 1);
    refused().await;
    sqlx::query("DELETE FROM device WHERE device = ?").bind(&device).execute(&mut raw).await.unwrap();
    refused().await;
    assert_eq!(server.custody_count().await, 2);
    assert!(server.pull_all(&holder).await.documents.is_empty());
    server.assert_sound().await;
}

#[tokio::test]
async fn what_was_brought_back_must_follow_what_is_there_as_its_authors_next() {
    let server = server().await;
    let (mut author, mut holder, changes) = lost(&server).await;
    let officer = server.signed_in(Role::Prefectural, "11").await;
    assert_eq!(send(&server, &mut holder, &changes[1..], true).await, brought(1));
    let (status, answer) = decide(&server, &officer, &holder, "admitted").await;
    assert_eq!((status, &answer["code"]), (StatusCode::CONFLICT, &json!("missing_deps")));
    send(&server, &mut author, &changes, false).await;
    assert_eq!(server.custody_count().await, 0);

    // the same number of the same writer, written by somebody else
    let mut fork = Device { device: author.device, authorization: String::new(), documents: Default::default() };
    let twin = fork.set(document_id(9), "venue", "公民館");
    assert_ne!(hash_of(&twin), hash_of(&changes[0]));
    assert_eq!(send(&server, &mut holder, &[twin], true).await, brought(1));
    let (status, answer) = decide(&server, &officer, &holder, "admitted").await;
    assert_eq!((status, &answer["code"]), (StatusCode::CONFLICT, &json!("not_admissible")));
    server.assert_sound().await;
}

#[tokio::test]
async fn a_tablet_without_the_right_to_a_record_brings_others_work_back_into_custody_only() {
    let server = server().await;
    let (mut author, _, changes) = lost(&server).await;
    send(&server, &mut author, &changes, false).await;
    let more = author.count(document_id(9), BAND, 2);
    let mut other = server.device(5, KAMISATO).await;
    hold(&mut other, &author);
    assert_eq!(send(&server, &mut other, std::slice::from_ref(&more), true).await, brought(1));
    let officer = server.signed_in(Role::Municipal, "112119").await;
    assert_eq!(decide(&server, &officer, &other, "admitted").await.0, StatusCode::OK);
    assert_eq!(send(&server, &mut author, &[more], false).await, [(Outcome::Duplicate, 1, String::new())]);
    server.assert_sound().await;
}
