//! `POST /v1/sync`: acknowledgement after commit, custody, feed, and what hostile bytes must never do.

use std::io::Write;
use std::sync::Arc;

use axum::http::StatusCode;
use flate2::Compression;
use flate2::write::GzEncoder;
use sync_core::digest::{Digest, FeedState};
use sync_core::document::{Document, Heads, hash_of};
use sync_core::domain::view;
use sync_core::domain::vocabulary::StepState;
use sync_core::wire::{Outcome, SyncRequest};
use tsudoi_server::config::Config;
use tsudoi_server::service::access::Role;
use tsudoi_server::service::verify;

use crate::support::{HONJO, KAMISATO, Server, document_id, outcomes, raw_push, server, server_with};

const BAND: &str = "attendance.band.75-84";

#[tokio::test]
async fn what_is_acknowledged_is_in_the_file_and_comes_back_to_others() {
    let server = server().await;
    let (mut one, two) = (server.device(1, HONJO).await, server.device(2, HONJO).await);
    let id = document_id(9);
    let changes = vec![one.set(id, "venue", "公民館"), one.count(id, BAND, 12)];
    let push = one.push(id, changes);
    let response = server.sync(&one, &one.request(vec![push.clone()])).await;
    assert_eq!(outcomes(&response, id), [(Outcome::Stored, 2, String::new())]);
    assert!(response.documents.is_empty(), "the device has it already");
    assert_eq!(response.scopes[0].digest, Digest::of(id, FeedState::Present, &one.heads(id)));

    let again = server.sync(&one, &one.request(vec![push])).await;
    assert_eq!(outcomes(&again, id), [(Outcome::Duplicate, 2, String::new())]);
    assert_eq!(again.scopes[0].next_seq, 1, "a duplicate is no news");

    server.app.store.close().await;
    let path = server.folder.path().join("t.sqlite");
    let reopened = tsudoi_server::store::sqlite::SqliteStore::open(&path, 2).await.unwrap();
    let app = tsudoi_server::service::App::new(Config::default(), Arc::new(reopened), server.clock.clone());
    let server = Server { router: tsudoi_server::http::router(app.clone()), app, ..server };
    let pulled = server.pull_all(&two).await;
    let mut document = Document::load(&pulled.documents[0].snapshot).unwrap();
    assert_eq!((document.heads(), view(&document).attendance), (one.heads(id), Some(12)));
    assert!(pulled.registry.is_some());
    let idle = SyncRequest { registry_version: pulled.registry.as_ref().unwrap().version, ..two.request_from(&pulled) };
    let idle = server.sync(&two, &idle).await;
    assert!(idle.registry.is_none() && idle.documents.is_empty() && idle.scopes[0].entries.is_empty());
    assert!(idle.encode().len() < 200);
    server.assert_sound().await;
}

#[tokio::test]
async fn counts_made_apart_add_up_and_differing_fields_are_both_kept() {
    let server = server().await;
    let (mut one, mut two) = (server.device(1, HONJO).await, server.device(2, HONJO).await);
    let id = document_id(9);
    for (device, heads, venue) in [(&mut one, 5, "公民館"), (&mut two, 7, "保健センター")] {
        let changes = vec![device.count(id, BAND, heads), device.set(id, "venue", venue)];
        let push = device.push(id, changes);
        server.sync(device, &device.request(vec![push])).await;
    }
    let pulled = server.pull_all(&one).await;
    let record = view(&Document::load(&pulled.documents[0].snapshot).unwrap());
    assert_eq!((record.attendance, record.fields["venue"].alternatives.len()), (Some(12), 2));
    let stored = &server.app.store.load_documents("11", &[id]).await.unwrap()[0];
    let projection = stored.projection.as_ref().unwrap();
    assert_eq!((projection.fact.attendance, projection.fact.conflict_count), (Some(12), 1));
    assert!(projection.flags.contains("field_conflict"));
    assert_eq!(projection.fact.viewers, None, "not reported is not 0");
    server.assert_sound().await;
}

#[tokio::test]
async fn a_change_that_follows_an_unknown_one_is_asked_for_again() {
    let server = server().await;
    let mut device = server.device(1, HONJO).await;
    let id = document_id(9);
    let (first, second) = (device.count(id, BAND, 1), device.count(id, BAND, 1));
    let push = device.push(id, vec![second.clone()]);
    let response = server.sync(&device, &device.request(vec![push])).await;
    assert_eq!(outcomes(&response, id), [(Outcome::MissingDeps, 1, String::new())]);
    assert!(server.app.store.load_documents("11", &[id]).await.unwrap().is_empty());
    let push = device.push(id, vec![first, second]);
    let response = server.sync(&device, &device.request(vec![push])).await;
    assert_eq!(outcomes(&response, id), [(Outcome::Stored, 2, String::new())]);
}

/// A change whose columns claim five million operations in a few bytes.
fn operation_bomb(genesis: &Heads, device: [u8; 16]) -> Vec<u8> {
    let mut body = vec![1];
    body.extend(genesis.to_bytes());
    body.push(20);
    body.extend(device);
    body.extend([0, 0, 0, 1, 1, 12, 0, 0, 0, 1, 0x42, 5, 0xc0, 0x96, 0xb1, 0x02, 1]);
    chunk(1, &body)
}

fn chunk(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x85, 0x6f, 0x4a, 0x83, 0, 0, 0, 0, kind, u8::try_from(body.len()).unwrap()];
    bytes.extend(body);
    // a name made over everything behind the checksum begins with the checksum
    use sha2::Digest as _;
    let hash = sha2::Sha256::digest(&bytes[8..]);
    bytes[4..8].copy_from_slice(&hash[..4]);
    bytes
}

#[tokio::test]
async fn hostile_changes_go_to_custody_with_a_code_and_nothing_else_waits() {
    let server = server().await;
    let mut device = server.device(1, HONJO).await;
    let mut other = server.device(2, HONJO).await;
    let genesis = Document::genesis(document_id(50), sync_core::document::Kind::Session).unwrap().heads();
    let honest = |device: &mut crate::support::Device, id: u8| device.count(document_id(id), BAND, 1);

    let mut corrupted = honest(&mut device, 50);
    *corrupted.last_mut().unwrap() ^= 1;
    let whole = honest(&mut device, 51);
    let truncated = whole[..whole.len() / 2].to_vec();
    let mut mislabelled = honest(&mut device, 52);
    mislabelled[5] ^= 0xff;
    let foreign = honest(&mut other, 53);
    honest(&mut device, 54);
    let skipped = {
        let mut fork = crate::support::Device {
            device: device.device,
            authorization: String::new(),
            documents: Default::default(),
        };
        fork.count(document_id(54), "screening.viewers", 1)
    };
    let mut hostile = vec![
        (50, corrupted, "hash_mismatch"),
        (51, truncated, ""),
        (52, mislabelled, "hash_mismatch"),
        (53, foreign, "foreign_device"),
        (55, vec![7; 20_000], "too_large"),
        (56, chunk(2, &[0x78; 40]), "chunk_kind"),
        (57, operation_bomb(&Heads::default(), *device.device.as_bytes()), ""),
        (58, Vec::new(), "malformed"),
    ];
    hostile[6].1 = {
        let genesis = Document::genesis(document_id(57), sync_core::document::Kind::Session).unwrap().heads();
        operation_bomb(&genesis, *device.device.as_bytes())
    };
    hostile[6].2 = "too_complex";
    let mut pushes: Vec<_> =
        hostile.iter().map(|(id, bytes, _)| raw_push(document_id(*id), genesis.clone(), vec![bytes.clone()])).collect();
    let first = device.documents.get_mut(&document_id(54)).unwrap().changes_of(device.device)[0].bytes.clone();
    pushes.push(raw_push(document_id(54), genesis.clone(), vec![first, skipped]));
    let fine = honest(&mut device, 60);
    pushes.push(device.push(document_id(60), vec![fine]));

    let response = server.sync(&device, &device.request(pushes.clone())).await;
    for (id, bytes, code) in &hostile {
        let outcome = outcomes(&response, document_id(*id));
        assert_eq!((outcome[0].0, outcome[0].1), (Outcome::Custody, 1), "{id}");
        assert!(code.is_empty() || outcome[0].2 == *code, "{id}: {outcome:?}");
        let receipt = response.receipts.iter().find(|receipt| receipt.document == document_id(*id)).unwrap();
        assert_eq!(receipt.runs[0].last, hash_of(bytes));
    }
    let forked = outcomes(&response, document_id(54));
    assert_eq!(forked, [(Outcome::Stored, 1, String::new()), (Outcome::Custody, 1, "sequence".to_owned())]);
    assert_eq!(outcomes(&response, document_id(60)), [(Outcome::Stored, 1, String::new())]);
    assert_eq!(server.custody_count().await, 9);

    server.sync(&device, &device.request(pushes)).await;
    assert_eq!(server.custody_count().await, 9, "kept once");
    assert_eq!(server.get("/livez", None).await.status, StatusCode::NO_CONTENT);
    server.assert_sound().await;
}

#[tokio::test]
async fn another_areas_document_is_out_of_reach() {
    let server = server().await;
    let (mut honjo, mut kamisato) = (server.device(1, HONJO).await, server.device(2, KAMISATO).await);
    let id = document_id(9);
    let change = honjo.count(id, BAND, 5);
    let push = honjo.push(id, vec![change]);
    server.sync(&honjo, &honjo.request(vec![push])).await;
    let change = kamisato.count(id, BAND, 100);
    let push = kamisato.push(id, vec![change]);
    let response = server.sync(&kamisato, &kamisato.request(vec![push.clone()])).await;
    assert_eq!(outcomes(&response, id), [(Outcome::Custody, 1, "not_in_scope".to_owned())]);
    assert!(response.documents.is_empty() && response.scopes.len() == 1, "and learns nothing of it");

    let moved = honjo.set(id, "municipality", "113859");
    let back = honjo.push(id, vec![moved]);
    server.sync(&honjo, &honjo.request(vec![back])).await;
    let response = server.sync(&kamisato, &kamisato.request(vec![push.clone()])).await;
    assert_eq!(outcomes(&response, id), [(Outcome::Stored, 1, String::new())], "now it is in its scope");
    assert_eq!(server.custody_count().await, 0, "and no longer in custody");

    // GATE-13: it leaves again before the answer has come, and what was stored is no matter for a person
    let mut returned = honjo.documents[&id].clone();
    returned.merge(kamisato.document(id)).unwrap();
    honjo.documents.insert(id, returned);
    let left = honjo.set(id, "municipality", "112119");
    let left = honjo.push(id, vec![left]);
    server.sync(&honjo, &honjo.request(vec![left.clone()])).await;
    let more = kamisato.count(id, BAND, 1);
    let mine = kamisato.push(id, vec![push.changes[0].to_vec(), more]);
    let response = server.sync(&kamisato, &kamisato.request(vec![mine])).await;
    let expected = [(Outcome::Duplicate, 1, String::new()), (Outcome::Custody, 1, "not_in_scope".to_owned())];
    assert_eq!(outcomes(&response, id), expected);
    let others = kamisato.push(id, left.changes.iter().map(|bytes| bytes.to_vec()).collect());
    let response = server.sync(&kamisato, &kamisato.request(vec![others])).await;
    assert_eq!(
        outcomes(&response, id),
        [(Outcome::Custody, 1, "not_in_scope".to_owned())],
        "whether it is there or not"
    );
    assert_eq!(server.custody_count().await, 2);
    server.assert_sound().await;
}

#[tokio::test]
async fn an_administrators_device_loads_for_everyone() {
    let server = server().await;
    let mut loader = server.device_as(1, Role::Administrator, "").await;
    let honjo = server.device(2, HONJO).await;
    let id = document_id(9);
    let change = loader.set(id, "municipality", "112119");
    let push = loader.push(id, vec![change]);
    server.sync(&loader, &loader.request(vec![push])).await;
    let change = loader.count(id, BAND, 3);
    let push = loader.push(id, vec![change]);
    let response = server.sync(&loader, &loader.request(vec![push])).await;
    assert_eq!(outcomes(&response, id)[0].0, Outcome::Stored);
    assert_eq!(server.pull_all(&honjo).await.documents.len(), 1);
    server.assert_sound().await;
}

#[tokio::test]
async fn a_document_that_leaves_a_scope_says_so_in_its_feed() {
    let server = server().await;
    let mut device = server.device(1, "municipality:112119 municipality:113859 municipality:113816").await;
    let kamisato = server.device(2, KAMISATO).await;
    let id = document_id(9);
    let change = device.set(id, "municipality", "113859");
    let push = device.push(id, vec![change]);
    server.sync(&device, &device.request(vec![push])).await;
    let before = server.pull_all(&kamisato).await;
    assert_eq!((before.scopes[0].count, before.scopes[0].entries[0].state), (1, FeedState::Present));

    let change = device.set(id, "municipality", "113816");
    let push = device.push(id, vec![change]);
    server.sync(&device, &device.request(vec![push])).await;
    let after = server.sync(&kamisato, &kamisato.request_from(&before)).await;
    let page = &after.scopes[0];
    assert_eq!((page.count, page.digest, page.entries.len()), (0, Digest::ZERO, 1));
    assert_eq!(page.entries[0].state, FeedState::Left);
    assert!(after.documents.is_empty(), "its content is no longer sent");
    server.assert_sound().await;
}

#[tokio::test]
async fn pages_go_on_where_they_ended_and_a_foreign_cursor_starts_anew() {
    let server = server().await;
    let mut device = server.device(1, HONJO).await;
    let other = server.device(2, HONJO).await;
    let mut pushes = Vec::new();
    for id in 1..=30 {
        let change = device.set(document_id(id), "title", "通いの場");
        pushes.push(device.push(document_id(id), vec![change]));
    }
    server.sync(&device, &device.request(pushes)).await;
    let mut request = SyncRequest { page_bytes: 1_000, ..other.request(Vec::new()) };
    let mut seen = std::collections::BTreeSet::new();
    let mut rounds = 0;
    loop {
        let response = server.sync(&other, &request).await;
        seen.extend(response.documents.iter().map(|payload| payload.document));
        rounds += 1;
        request = SyncRequest { page_bytes: 0, ..other.request_from(&response) };
        if !response.scopes[0].more {
            break;
        }
        assert!(!response.scopes[0].entries.is_empty(), "every exchange gets on");
    }
    assert_eq!(seen.len(), 30);
    assert!(rounds > 5, "{rounds}");
    request.cursors[0].seq += 1;
    request.page_bytes = 1 << 20;
    assert_eq!(server.sync(&other, &request).await.scopes[0].entries.len(), 30, "a cursor ahead of the server");
    request.cursors[0].seq -= 1;
    request.cursors[0].epoch = Some([0; 16]);
    assert_eq!(server.sync(&other, &request).await.scopes[0].entries.len(), 30, "another epoch");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_pushers_of_one_document_lose_and_double_nothing() {
    let server = Arc::new(server().await);
    let id = document_id(9);
    let mut running = Vec::new();
    for number in 1..=8 {
        let mut device = server.device(number, HONJO).await;
        let server = server.clone();
        running.push(tokio::spawn(async move {
            for _ in 0..6 {
                let change = device.count(id, BAND, i64::from(number));
                let push = device.push(id, vec![change]);
                let response = server.sync(&device, &device.request(vec![push])).await;
                assert_eq!(outcomes(&response, id)[0].0, Outcome::Stored);
            }
        }));
    }
    for one in running {
        one.await.unwrap();
    }
    let stored = &server.app.store.load_documents("11", &[id]).await.unwrap()[0];
    assert_eq!(stored.projection.as_ref().unwrap().fact.attendance, Some(36 * 6));
    let scopes = server.app.store.list_scopes("11").await.unwrap();
    let honjo = scopes.iter().find(|scope| scope.scope.as_str() == HONJO).unwrap();
    assert_eq!((honjo.seq, honjo.document_count), (48, 1));
    server.assert_sound().await;
}

#[tokio::test]
async fn bodies_are_limited_after_decompression() {
    let server = server_with(Config { body_limit_bytes: 100_000, ..Config::default() }).await;
    let mut device = server.device(1, HONJO).await;
    let change = device.count(document_id(9), BAND, 1);
    let push = device.push(document_id(9), vec![change]);
    let honest = device.request(vec![push]).encode();
    let gzip = |bytes: &[u8]| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    let answer = server.sync_bytes(&device, gzip(&honest), Some("gzip")).await;
    assert_eq!(answer.status, StatusCode::OK);

    let bomb = gzip(&vec![0; 50_000_000]);
    assert!(bomb.len() < 100_000);
    let answer = server.sync_bytes(&device, bomb, Some("gzip")).await;
    assert_eq!((answer.status, answer.code().as_str()), (StatusCode::PAYLOAD_TOO_LARGE, "body_too_large"));
    let answer = server.sync_bytes(&device, vec![0; 100_001], None).await;
    assert_eq!(answer.code(), "body_too_large");
    let broken = gzip(&honest);
    let answer = server.sync_bytes(&device, broken[..broken.len() / 2].to_vec(), Some("gzip")).await;
    assert_eq!((answer.status, answer.code().as_str()), (StatusCode::BAD_REQUEST, "malformed_body"));
    for cut in 0..honest.len() {
        assert_eq!(server.sync_bytes(&device, honest[..cut].to_vec(), None).await.code(), "malformed_body", "{cut}");
    }
    assert_eq!(server.sync_bytes(&device, honest, Some("br")).await.code(), "unsupported_media_type");
}

#[tokio::test]
async fn figures_follow_each_change_and_equal_a_rebuild() {
    let server = server().await;
    let mut device = server.device(1, HONJO).await;
    let figure = async |measure: &str| {
        let rollups = server.app.store.list_rollups("11").await.unwrap();
        let found: Vec<_> = rollups.iter().filter(|(key, _)| key.measure == measure).collect();
        found
            .iter()
            .map(|(key, value)| (key.fiscal_year, key.month.clone(), value.total, value.unreported))
            .collect::<Vec<_>>()
    };
    let id = document_id(9);
    let mut changes = vec![
        device.set(id, "municipality", "112119"),
        device.set(id, "activity", "lecture"),
        device.set(id, "date", "2025-02-10"),
        device.set(id, "dispatched_by", "as-1"),
        device.step(id, StepState::Held),
    ];
    changes.push(device.edit(id, |document, _| document.link("noted/material.contact-card.age-75").unwrap()));
    let push = device.push(id, changes);
    server.sync(&device, &device.request(vec![push])).await;
    let month = || "2025-02".to_owned();
    assert_eq!(figure("record.lecture.held").await, [(2024, month(), 1, 0)]);
    assert_eq!(figure("dispatch.held").await, [(2024, month(), 1, 0)]);
    assert_eq!(figure("attendance").await, [(2024, month(), 0, 1)], "held, and nobody counted");
    assert_eq!(figure("material.contact-card.age-75").await, [(2024, month(), 0, 1)]);

    let changes = vec![device.count(id, BAND, 20), device.set(id, "date", "2025-04-01")];
    let push = device.push(id, changes);
    server.sync(&device, &device.request(vec![push])).await;
    let april = || "2025-04".to_owned();
    assert_eq!(figure("attendance").await, [(2025, april(), 20, 0)], "moved to the next year");
    assert_eq!(figure("record.lecture.held").await, [(2025, april(), 1, 0)]);
    server.assert_sound().await;

    let before = server.app.store.list_rollups("11").await.unwrap();
    server.damage_projections().await;
    let findings = verify::verify(&server.app, "11").await.unwrap();
    assert!(findings.count >= 3, "{:?}", findings.differences);
    assert_eq!(verify::rebuild(&server.app, "11").await.unwrap(), 1);
    server.assert_sound().await;
    assert_eq!(server.app.store.list_rollups("11").await.unwrap(), before);
    let push = {
        let change = device.count(id, BAND, 1);
        device.push(id, vec![change])
    };
    server.sync(&device, &device.request(vec![push])).await;
    server.assert_sound().await;
}

#[tokio::test]
async fn a_tablet_with_a_wrong_clock_is_noted() {
    let server = server().await;
    let device = server.device(1, HONJO).await;
    let mut request = device.request(Vec::new());
    request.clock = sync_core::time::Timestamp(1_800_000_000_000 - 86_400_000);
    server.sync(&device, &request).await;
    let token = device.authorization.trim_start_matches("DPoP ");
    let hash = tsudoi_server::service::secret::secret_hash(token);
    let row = server.app.lookup.device(hash).await.unwrap().unwrap();
    assert_eq!((row.last_seen_at, row.clock_offset_ms), (Some(1_800_000_000_000), Some(-86_400_000)));
}
