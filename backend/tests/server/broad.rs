//! Work that was held because it was broad: it comes in once the server takes it, without a person.

use sync_core::document::hash_of;
use sync_core::wire::{Outcome, SyncRequest};
use tsudoi_server::config::Config;
use tsudoi_server::service::verify;

use crate::support::{HONJO, Server, document_id, outcomes, server_with};

const BAND: &str = "attendance.band.75-84";

/// The same database, served by a version whose gate takes more.
async fn updated(server: Server) -> Server {
    let Server { app, folder, .. } = server;
    crate::support::server_on(app.store.clone(), Config::default(), folder).await
}

#[tokio::test]
async fn what_was_held_for_its_breadth_comes_in_after_the_update_when_its_tablet_calls() {
    let server = server_with(Config { gate_dependencies: 2, ..Config::default() }).await;
    let mut author = server.device(1, HONJO).await;
    let id = document_id(9);
    let mut all = author.document(id).clone();
    for number in 2..6 {
        let mut other = server.device(number, HONJO).await;
        let changes = vec![other.set(id, "municipality", "112119"), other.count(id, BAND, 1)];
        let push = other.push(id, changes);
        server.sync(&other, &other.request(vec![push])).await;
        all.merge(other.document(id)).unwrap();
    }
    author.document(id).merge(&mut all).unwrap();
    let changes = vec![author.count(id, BAND, 7), author.count(id, BAND, 2)];
    let held = hash_of(&changes[0]);
    let push = author.push(id, changes);
    let push_again = author.push(id, push.changes[1..].iter().map(|bytes| bytes.to_vec()).collect());
    let answer = server.sync(&author, &author.request(vec![push])).await;
    assert_eq!(outcomes(&answer, id)[0], (Outcome::Custody, 1, "too_complex".to_owned()));

    let server = updated(server).await;
    // what follows it comes with the same request
    let request = SyncRequest { held: vec![held], ..author.request(vec![push_again]) };
    let answer = server.sync(&author, &request).await;
    assert_eq!(outcomes(&answer, id), [(Outcome::Stored, 1, String::new())]);
    let everything = server.pull_all(&author).await;
    let mut stored = sync_core::document::Document::load(&everything.documents[0].snapshot).unwrap();
    assert_eq!(sync_core::domain::view(&stored).total(BAND), Some(4 + 9));
    assert_eq!(stored.heads(), author.heads(id));
    assert_eq!(server.custody_count().await, 0);
    assert_eq!(verify::verify(&server.app, "11").await.unwrap().count, 0);
}

#[tokio::test]
async fn text_that_no_database_holds_waits_and_a_person_lets_it_in() {
    use tsudoi_server::service::access::Role;
    let server = server_with(Config::default()).await;
    let mut author = server.device(1, HONJO).await;
    let (bad, good) = (document_id(9), document_id(8));
    let first = vec![author.set(bad, "municipality", "112119"), author.set(bad, "venue", "会\0場")];
    let other = vec![author.set(good, "municipality", "112119"), author.count(good, BAND, 3)];
    let pushes = vec![author.push(bad, first), author.push(good, other)];
    let answer = server.sync(&author, &author.request(pushes)).await;
    assert_eq!(outcomes(&answer, bad)[1], (Outcome::Custody, 1, "structure".to_owned()));
    assert_eq!(outcomes(&answer, good), [(Outcome::Stored, 2, String::new())], "others pass");

    let cookie = server.signed_in(Role::Prefectural, "11").await;
    let body = serde_json::json!({
        "document": bad.to_string(), "device": author.device.to_string(), "decision": "admitted", "reason": "読めます",
    });
    let answer = server.post("/v1/custody/decisions", Some(("cookie", &cookie)), &body).await;
    assert_eq!(answer.status, axum::http::StatusCode::OK, "{}", String::from_utf8_lossy(&answer.body));
    let everything = server.pull_all(&author).await;
    let stored = everything.documents.iter().find(|payload| payload.document == bad).unwrap();
    let mut stored = sync_core::document::Document::load(&stored.snapshot).unwrap();
    assert_eq!(stored.heads(), author.heads(bad));
    assert_eq!(verify::verify(&server.app, "11").await.unwrap().count, 0);
}
