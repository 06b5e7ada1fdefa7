//! A document stands in every scope its fields name, at once, and each tablet gets exactly what is its own.

use std::collections::BTreeSet;

use sync_core::digest::FeedState;
use sync_core::wire::Outcome;

use crate::support::{Device, HONJO, Server, document_id, outcomes, server};

const BAND: &str = "attendance.band.75-84";

async fn held(server: &Server, device: &Device) -> BTreeSet<u8> {
    server.pull_all(device).await.documents.iter().map(|payload| payload.document.as_bytes()[0]).collect()
}

#[tokio::test]
async fn a_document_is_in_municipality_association_and_lecturer_scopes_at_once() {
    let server = server().await;
    let mut coordinator = server.device(1, "association:as-1").await;
    let honjo = server.device(2, HONJO).await;
    let (one, two) = (server.device(3, "lecturer:le-1").await, server.device(4, "lecturer:le-2").await);
    for (number, lecturer) in [(10, "le-1"), (11, "le-2"), (12, "le-1")] {
        let id = document_id(number);
        let mut changes = vec![
            coordinator.set(id, "municipality", "112119"),
            coordinator.set(id, "dispatched_by", "as-1"),
            coordinator.edit(id, |document, _| document.link(&format!("lecturer/{lecturer}")).unwrap()),
        ];
        if number == 12 {
            changes.push(coordinator.edit(id, |document, _| document.link("lecturer/le-2").unwrap()));
        }
        let push = coordinator.push(id, changes);
        server.sync(&coordinator, &coordinator.request(vec![push])).await;
    }
    assert_eq!(held(&server, &honjo).await, [10, 11, 12].into());
    assert_eq!(held(&server, &coordinator).await, [10, 11, 12].into());
    assert_eq!(held(&server, &one).await, [10, 12].into(), "exactly the lecturer's own dispatches");
    assert_eq!(held(&server, &two).await, [11, 12].into());
    let places = &server.app.store.load_documents("11", &[document_id(12)]).await.unwrap()[0].places;
    let scopes: Vec<&str> = places.iter().map(|place| place.scope.as_str()).collect();
    assert_eq!(scopes, ["association:as-1", "lecturer:le-1", "lecturer:le-2", "municipality:112119"]);
}

#[tokio::test]
async fn a_lecturer_who_is_replaced_loses_the_dispatch_and_another_gains_it() {
    let server = server().await;
    let mut coordinator = server.device(1, "association:as-1").await;
    let (mut one, two) = (server.device(3, "lecturer:le-1").await, server.device(4, "lecturer:le-2").await);
    let id = document_id(10);
    let changes = vec![
        coordinator.set(id, "dispatched_by", "as-1"),
        coordinator.edit(id, |document, _| document.link("lecturer/le-1").unwrap()),
    ];
    let push = coordinator.push(id, changes);
    server.sync(&coordinator, &coordinator.request(vec![push])).await;
    let before = server.pull_all(&one).await;
    let mut copy = sync_core::document::Document::load(&before.documents[0].snapshot).unwrap();
    one.document(id).merge(&mut copy).unwrap();

    let changes = vec![
        coordinator.edit(id, |document, _| document.unlink("lecturer/le-1").unwrap()),
        coordinator.edit(id, |document, _| document.link("lecturer/le-2").unwrap()),
    ];
    let push = coordinator.push(id, changes);
    server.sync(&coordinator, &coordinator.request(vec![push])).await;
    assert_eq!(held(&server, &two).await, [10].into());
    // what was counted before leaving still arrives, for a person to decide on
    let change = one.count(id, BAND, 3);
    let push = one.push(id, vec![change]);
    let request = sync_core::wire::SyncRequest { pushes: vec![push], ..one.request_from(&before) };
    let response = server.sync(&one, &request).await;
    assert_eq!(outcomes(&response, id), [(Outcome::Custody, 1, "not_in_scope".to_owned())]);
    assert_eq!(response.scopes[0].entries[0].state, FeedState::Left);
    assert!(response.documents.is_empty() && response.scopes[0].count == 0);
}

#[tokio::test]
async fn a_scope_that_a_tablet_may_not_hold_is_not_answered() {
    let server = server().await;
    let honjo = server.device(1, HONJO).await;
    let mut request = honjo.request(Vec::new());
    request.cursors.push(sync_core::wire::ScopeCursor {
        scope: "municipality:113859".parse().unwrap(),
        epoch: None,
        seq: 0,
        below: None,
    });
    let response = server.sync(&honjo, &request).await;
    assert_eq!(response.scopes.iter().map(|page| page.scope.as_str()).collect::<Vec<_>>(), [HONJO]);
}
