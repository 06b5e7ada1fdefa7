//! What tablets and day passes get: the records that are theirs to hold, and no others.

use std::collections::BTreeSet;

use sync_core::document::Document;
use sync_core::ids::DocumentId;
use sync_core::wire::{Outcome, SyncRequest};
use tsudoi_server::service::access::Role;

use super::state;
use super::world::World;
use crate::support::outcomes;

/// What tablets get: the records of their scopes, and no others.
pub async fn syncing(world: &World, seed: u64) {
    for (number, (device, organisation)) in world.tablets.iter().enumerate() {
        let tenant = world.tenant_of(number);
        let response = world.server.pull_all(device).await;
        let got: BTreeSet<DocumentId> = response.documents.iter().map(|one| one.document).collect();
        let records = world.marks.iter().filter(|mark| mark.text.starts_with('印'));
        let due: BTreeSet<DocumentId> = records
            .filter(|mark| mark.tenant == tenant && mark.owners.contains(organisation))
            .map(|mark| mark.document)
            .collect();
        assert_eq!(got, due, "tablet {number} of {organisation} (seed {seed})");
        for payload in &response.documents {
            Document::load(&payload.snapshot).unwrap();
        }
    }
    for (device, document) in &world.visitors {
        let response = world.server.pull_all(device).await;
        let got: Vec<DocumentId> = response.documents.iter().map(|one| one.document).collect();
        assert_eq!(got, [*document], "a day pass holds its session and nothing else (seed {seed})");
        let asked = world.marks.iter().map(|mark| mark.document).collect();
        let asked = SyncRequest { wanted: asked, ..device.request(Vec::new()) };
        let response = world.server.sync(device, &asked).await;
        assert!(response.documents.iter().all(|one| one.document == *document), "asked for by id (seed {seed})");
        let registry = String::from_utf8(response.registry.unwrap().json).unwrap();
        for one in &world.everyone {
            let own = one.organisation == document.to_string() && one.role == Role::Visitor;
            assert!(own || !registry.contains(&format!("\"{}\"", one.person)), "{} in {registry}", one.person);
        }
    }
}

/// What a day pass sends of any other record waits for a person, be the record another's, of no one, or the pass's neighbour.
pub async fn visiting(world: &mut World, seed: u64) {
    let before = state(world).await;
    let mut others: BTreeSet<DocumentId> = world.marks.iter().map(|mark| mark.document).collect();
    others.insert(DocumentId::from_bytes([99; 16]));
    for number in 0..world.visitors.len() {
        let own = world.visitors[number].1;
        for other in others.iter().filter(|other| **other != own) {
            let device = &mut world.visitors[number].0;
            let change = device.set(*other, "venue", "他人");
            let push = device.push(*other, vec![change]);
            let response = world.server.sync(device, &device.request(vec![push])).await;
            let outcomes = outcomes(&response, *other);
            assert_eq!(outcomes, [(Outcome::Custody, 1, "not_in_scope".to_owned())], "{other} (seed {seed})");
            assert!(response.documents.iter().all(|one| one.document == own), "{other} (seed {seed})");
        }
    }
    assert_eq!(state(world).await, before, "a day pass has changed something else (seed {seed})");
}
