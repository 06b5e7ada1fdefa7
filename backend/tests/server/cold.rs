//! Tablets that begin with nothing get one ready answer, as long as it is the right one.

use axum::http::{Request, StatusCode, header};
use std::io::Read;
use sync_core::ids::ChangeHash;
use sync_core::wire::{PartCursor, SyncRequest, SyncResponse};
use tsudoi_server::service::journal::Who;

use crate::support::{Device, HONJO, KAMISATO, Server, document_id, server};

async fn cold(server: &Server, device: &Device, page_bytes: u64) -> SyncResponse {
    let request = SyncRequest { page_bytes, ..device.request(Vec::new()) };
    let request = Request::post("/v1/sync")
        .header(header::AUTHORIZATION, &device.authorization)
        .header(header::CONTENT_TYPE, "application/cbor")
        .header(header::ACCEPT_ENCODING, "gzip")
        .body(axum::body::Body::from(request.encode()));
    let answer = server.send(request.unwrap()).await;
    assert_eq!((answer.status, &answer.headers[header::CONTENT_ENCODING]), (StatusCode::OK, &"gzip".parse().unwrap()));
    let mut plain = Vec::new();
    flate2::read::GzDecoder::new(answer.body.as_slice()).read_to_end(&mut plain).unwrap();
    SyncResponse::decode(&plain).unwrap()
}

async fn fill(server: &Server, device: &mut Device, numbers: std::ops::RangeInclusive<u8>) {
    let mut pushes = Vec::new();
    for number in numbers {
        let id = document_id(number);
        let changes = vec![device.set(id, "municipality", "112119"), device.set(id, "venue", &format!("会場{number}"))];
        pushes.push(device.push(id, changes));
    }
    server.sync(device, &device.request(pushes)).await;
}

#[tokio::test]
async fn the_second_new_tablet_gets_the_first_ones_answer_with_its_own_clock() {
    let server = server().await;
    let mut writer = server.device(1, HONJO).await;
    fill(&server, &mut writer, 1..=40).await;
    let (one, two) = (server.device(2, HONJO).await, server.device(3, HONJO).await);
    let first = cold(&server, &one, 1 << 20).await;
    assert_eq!((first.documents.len(), server.app.cold.size().0), (40, 1));
    server.clock.forward(5_000);
    let second = cold(&server, &two, 1 << 20).await;
    assert_eq!(server.app.cold.size().0, 1, "it was not made anew");
    assert_eq!(second.clock.0, first.clock.0 + 5_000);
    assert_eq!(SyncResponse { clock: first.clock, ..second }, first);

    // another size of pages, other scopes and news are other answers
    assert!(cold(&server, &two, 6_000).await.documents.len() < 40);
    let outsider = server.device(4, KAMISATO).await;
    assert!(cold(&server, &outsider, 1 << 20).await.documents.is_empty());
    fill(&server, &mut writer, 41..=41).await;
    assert_eq!(cold(&server, &two, 1 << 20).await.documents.len(), 41);
}

#[tokio::test]
async fn the_newest_come_first_and_pages_go_down_to_the_oldest() {
    let server = server().await;
    let mut writer = server.device(1, HONJO).await;
    for number in 1..=40 {
        fill(&server, &mut writer, number..=number).await;
    }
    let tablet = server.device(2, HONJO).await;
    let mut request = SyncRequest { page_bytes: 5_000, ..tablet.request(Vec::new()) };
    let mut came = Vec::new();
    loop {
        let response = server.sync(&tablet, &request).await;
        came.extend(response.scopes[0].entries.iter().map(|entry| entry.document));
        if !response.scopes[0].more {
            break;
        }
        request = SyncRequest { page_bytes: 5_000, ..tablet.request_from(&response) };
    }
    let expected: Vec<_> = (1..=40).rev().map(document_id).collect();
    assert_eq!(came, expected);
    let made = server.app.cold.size().0;
    assert!(made > 2, "each page is an answer of its own: {made}");
}

#[tokio::test]
async fn what_a_tablet_made_up_is_in_no_key_of_a_ready_answer() {
    let server = server().await;
    let mut writer = server.device(1, HONJO).await;
    fill(&server, &mut writer, 1..=40).await;
    let tablet = server.device(2, HONJO).await;
    for made_up in 0..8 {
        let heads =
            (0..1_000_u16).map(|number| ChangeHash::from_bytes([number.to_be_bytes()[1] ^ made_up; 32])).collect();
        let part = Some(PartCursor { document: document_id(7), heads, offset: 1 });
        server.sync(&tablet, &SyncRequest { part, page_bytes: 1 << 20, ..tablet.request(Vec::new()) }).await;
    }
    assert_eq!(server.app.cold.size(), (0, 0));
}

#[tokio::test]
async fn a_destroyed_record_is_in_no_ready_answer() {
    let server = server().await;
    let mut writer = server.device(1, HONJO).await;
    fill(&server, &mut writer, 1..=40).await;
    let tablet = server.device(2, HONJO).await;
    cold(&server, &tablet, 1 << 20).await;
    assert_eq!(server.app.cold.size().0, 1);
    tsudoi_server::service::purge::purge(&server.app, Who::person("11", "pe-x"), document_id(7), "理由").await.unwrap();
    assert_eq!(server.app.cold.size(), (0, 0));
    assert_eq!(cold(&server, &tablet, 1 << 20).await.documents.len(), 39);
}
