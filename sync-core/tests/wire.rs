//! The wire format. Each test names the rule of SPEC.md it shows.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use proptest::prelude::*;
use sync_core::digest::{Digest, FeedState};
use sync_core::document::{Heads, Kind};
use sync_core::ids::{ChangeHash, DocumentId, ScopeId};
use sync_core::time::Timestamp;
use sync_core::wire::{
    DocumentPayload, DocumentPush, FeedEntry, Outcome, PROTOCOL, Receipt, RegistryPayload, Run, ScopeCursor, ScopePage,
    SyncRequest, SyncResponse, WireError, WireLimits,
};

fn request(pushes: usize) -> SyncRequest {
    let push = DocumentPush {
        document: DocumentId::from_bytes([1; 16]),
        kind: Kind::Session,
        heads: Heads::from(vec![ChangeHash::from_bytes([2; 32])]),
        changes: vec![vec![1, 2, 3].into()],
    };
    let cursor = ScopeCursor { scope: ScopeId::municipality("112119").unwrap(), epoch: Some([4; 16]), seq: 7 };
    SyncRequest {
        protocol: PROTOCOL,
        clock: Timestamp(1_700_000_000_000),
        pushes: vec![push; pushes],
        cursors: vec![cursor],
        registry_version: 3,
        page_bytes: 1_000_000,
    }
}

fn response() -> SyncResponse {
    let document = DocumentId::from_bytes([1; 16]);
    let run = Run {
        outcome: Outcome::Custody,
        count: 2,
        last: ChangeHash::from_bytes([5; 32]),
        code: Some("sequence".into()),
    };
    SyncResponse {
        protocol: PROTOCOL,
        clock: Timestamp(5),
        receipts: vec![Receipt { document, runs: vec![run] }],
        scopes: vec![ScopePage {
            scope: ScopeId::association("honjo").unwrap(),
            epoch: [9; 16],
            entries: vec![FeedEntry { document, seq: 3, state: FeedState::Left }],
            next_seq: 3,
            more: true,
            count: 1,
            digest: Digest::of(document, FeedState::Present, &Heads::default()),
        }],
        documents: vec![DocumentPayload { document, snapshot: vec![1, 2, 3] }],
        registry: Some(RegistryPayload { version: 2, json: b"{}".to_vec() }),
    }
}

#[test]
fn wire_1_messages_decode_to_the_same() {
    let bytes = request(2).encode();
    assert_eq!(SyncRequest::decode(&bytes, &WireLimits::default()).unwrap(), request(2));
    assert_eq!(SyncResponse::decode(&response().encode()).unwrap(), response());
}

#[test]
fn wire_1_the_bytes_of_protocol_1_stay_as_they_are() {
    let mut small = request(0);
    small.cursors.clear();
    assert_eq!(
        small.encode(),
        [166, 0, 1, 1, 27, 0, 0, 1, 139, 207, 229, 104, 0, 2, 128, 3, 128, 4, 3, 5, 26, 0, 15, 66, 64]
    );
}

#[test]
fn wire_2_trailing_bytes_other_protocols_and_too_many_parts_are_refused() {
    let limits = WireLimits::default();
    let mut bytes = request(1).encode();
    bytes.push(0);
    assert!(matches!(SyncRequest::decode(&bytes, &limits), Err(WireError::Trailing)));
    let other = SyncRequest { protocol: 9, ..request(1) };
    assert!(matches!(SyncRequest::decode(&other.encode(), &limits), Err(WireError::Protocol(9))));
    let tight = WireLimits { pushes: 1, ..limits };
    assert!(matches!(SyncRequest::decode(&request(2).encode(), &tight), Err(WireError::TooMany("pushes"))));
}

#[test]
fn wire_2_a_claimed_length_reserves_no_memory() {
    // field 2 claims an array of 2^60 pushes
    let bytes = [0xa1, 0x02, 0x9b, 0x10, 0, 0, 0, 0, 0, 0, 0];
    assert!(SyncRequest::decode(&bytes, &WireLimits::default()).is_err());
}

proptest! {
    #[test]
    fn wire_2_no_bytes_make_the_decoder_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = SyncRequest::decode(&bytes, &WireLimits::default());
        let _ = SyncResponse::decode(&bytes);
    }

    #[test]
    fn wire_2_no_damage_makes_the_decoder_panic(at in any::<prop::sample::Index>(), to: u8, cut in any::<prop::sample::Index>()) {
        let mut bytes = response().encode();
        let place = at.index(bytes.len());
        bytes[place] = to;
        let _ = SyncResponse::decode(&bytes);
        let _ = SyncResponse::decode(&bytes[..cut.index(bytes.len())]);
    }
}
