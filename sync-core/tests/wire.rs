//! The wire format. Each test names the rule of SPEC.md it shows.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use proptest::prelude::*;
use sync_core::digest::{Buckets, Digest, FeedState};
use sync_core::document::{Document, Heads, Kind, Outline, hash_of};
use sync_core::ids::{ActorId, ChangeHash, DeviceId, DocumentId, ScopeId};
use sync_core::time::Timestamp;
use sync_core::wire::{
    AskedName, AuditEntry, AuditRequest, AuditResponse, Author, ByteVec, Decision, DiskMark, DocumentPart,
    DocumentPayload, DocumentPush, FeedEntry, Name, Names, Outcome, PROTOCOL, PartCursor, Place, Receipt,
    RegistryCursor, RegistryPayload, Run, ScopeCursor, ScopePage, SyncRequest, SyncResponse, WireError, WireLimits,
};

fn request(pushes: usize) -> SyncRequest {
    let push = DocumentPush {
        document: DocumentId::from_bytes([1; 16]),
        kind: Kind::Session,
        heads: Heads::from(vec![ChangeHash::from_bytes([2; 32])]),
        changes: vec![vec![1, 2, 3].into()],
        again: true,
        replaces: vec![ChangeHash::from_bytes([3; 32])],
    };
    let cursor =
        ScopeCursor { scope: ScopeId::municipality("112119").unwrap(), epoch: Some([4; 16]), seq: 7, below: Some(3) };
    SyncRequest {
        protocol: PROTOCOL,
        clock: Timestamp(1_700_000_000_000),
        pushes: vec![push; pushes],
        cursors: vec![cursor],
        registry_version: 3,
        page_bytes: 1_000_000,
        wanted: vec![DocumentId::from_bytes([6; 16])],
        held: vec![ChangeHash::from_bytes([7; 32]), ChangeHash::from_bytes([8; 32])],
        part: Some(PartCursor { document: DocumentId::from_bytes([6; 16]), heads: Heads::default(), offset: 4_096 }),
        registry_part: Some(RegistryCursor { version: 4, offset: 8_192 }),
        names_version: Some(6),
        names: vec![
            AskedName { record: DocumentId::from_bytes([6; 16]), of: Author::Person("tanaka".into()) },
            AskedName { record: DocumentId::from_bytes([6; 16]), of: Author::Device(DeviceId::from_bytes([5; 16])) },
        ],
        disk: Some(DiskMark { was: Some(4), is: u64::MAX }),
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
            below: Some(1),
        }],
        documents: vec![DocumentPayload { document, snapshot: vec![1, 2, 3] }],
        registry: Some(RegistryPayload { version: 2, json: b"{}".to_vec(), part: Some(Place { offset: 1, size: 3 }) }),
        wanted: vec![document],
        decisions: vec![Decision {
            document,
            hash: ChangeHash::from_bytes([5; 32]),
            admitted: false,
            reason: "二重の記録のため".into(),
            by: "山田".into(),
            at: Timestamp(9),
        }],
        names_version: Some(8),
        names_answered: Some(2),
        copied_at: Some(11),
        purged: vec![document],
        part: Some(DocumentPart {
            document,
            heads: Heads::default(),
            place: Place { offset: 4_096, size: 9_000 },
            bytes: vec![7],
        }),
        names: Some(Names { people: vec![Name { id: "pe-1".into(), name: "富沢".into() }], devices: Vec::new() }),
    }
}

#[test]
fn wire_1_messages_decode_to_the_same() {
    let bytes = request(2).encode();
    assert_eq!(SyncRequest::decode(&bytes, &WireLimits::of(1 << 20)).unwrap(), request(2));
    assert_eq!(SyncResponse::decode(&response().encode()).unwrap(), response());
    let (document, scope) = (DocumentId::from_bytes([1; 16]), ScopeId::association("honjo").unwrap());
    let digest = Digest::of(document, FeedState::Present, &Heads::default());
    let buckets = Buckets::of([(document, digest)]);
    let asked = AuditRequest { protocol: PROTOCOL, scope: scope.clone(), buckets, page_bytes: Some(4_096), from: 9 };
    assert_eq!(AuditRequest::decode(&asked.encode()).unwrap(), asked);
    let entries = vec![AuditEntry {
        document,
        heads: Heads::from(vec![ChangeHash::from_bytes([2; 32])]),
        state: FeedState::Purged,
    }];
    let told =
        AuditResponse { protocol: PROTOCOL, scope, epoch: [3; 16], seq: 9, differing: vec![1], entries, next: Some(3) };
    assert_eq!(AuditResponse::decode(&told.encode()).unwrap(), told);
}

/// Changes of one writer, one after the other.
fn chain(length: usize) -> Vec<ByteVec> {
    let device = DeviceId::from_bytes([1; 16]);
    let mut document = Document::genesis(DocumentId::from_bytes([9; 16]), Kind::Session).unwrap();
    document.write_as(ActorId::new(device, 1));
    let change = |_| {
        document.count("material.contact-card.age-75", device, 1).unwrap();
        document.commit(Timestamp(1_700_000_000_000), "p-1", None).unwrap().bytes.into()
    };
    (0..length).map(change).collect()
}

#[test]
fn wire_3_changes_that_follow_each_other_take_little_room_and_come_out_as_they_were() {
    let changes = chain(20);
    let mut asked = request(1);
    asked.pushes[0].changes = changes;
    let bytes = asked.encode();
    assert_eq!(SyncRequest::decode(&bytes, &WireLimits::of(1 << 20)).unwrap(), asked);
    // out of order nothing follows what came before, and nothing is left out
    asked.pushes[0].changes.reverse();
    let whole = asked.encode();
    assert_eq!(SyncRequest::decode(&whole, &WireLimits::of(1 << 20)).unwrap(), asked);
    assert!(bytes.len() + 19 * 55 < whole.len(), "{} of {}", bytes.len(), whole.len());
}

#[test]
fn wire_3_a_damaged_shortened_change_does_not_bear_the_name_of_a_change() {
    let changes = chain(3);
    let names: Vec<ChangeHash> = changes.iter().map(|change| hash_of(change)).collect();
    let mut asked = request(1);
    asked.pushes[0].changes = changes;
    let bytes = asked.encode();
    for place in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[place] ^= 0x10;
        let Ok(read) = SyncRequest::decode(&damaged, &WireLimits::of(1 << 20)) else { continue };
        for change in read.pushes.iter().flat_map(|push| &push.changes) {
            let sound = Outline::read(change).is_ok();
            assert!(!sound || names.contains(&hash_of(change)), "byte {place}");
        }
    }
}

#[test]
fn wire_1_the_bytes_of_protocol_1_stay_as_they_are() {
    let mut small = request(0);
    small.cursors.clear();
    small.wanted.clear();
    small.held.clear();
    (small.part, small.registry_part, small.disk) = (None, None, None);
    (small.names_version, small.names) = (None, Vec::new());
    assert_eq!(
        small.encode(),
        [168, 0, 1, 1, 27, 0, 0, 1, 139, 207, 229, 104, 0, 2, 128, 3, 128, 4, 3, 5, 26, 0, 15, 66, 64, 6, 64, 7, 64]
    );
}

#[test]
fn wire_2_trailing_bytes_other_protocols_and_too_many_parts_are_refused() {
    let limits = WireLimits::of(1 << 20);
    let mut bytes = request(1).encode();
    bytes.push(0);
    assert!(matches!(SyncRequest::decode(&bytes, &limits), Err(WireError::Trailing)));
    let other = SyncRequest { protocol: 9, ..request(1) };
    assert!(matches!(SyncRequest::decode(&other.encode(), &limits), Err(WireError::Protocol(9))));
    let tight = WireLimits { pushes: 1, ..limits };
    assert!(matches!(SyncRequest::decode(&request(2).encode(), &tight), Err(WireError::TooMany("pushes"))));
    let heads: Heads = (0..1_001_u16).map(|number| hash_of(&number.to_be_bytes())).collect();
    let part = PartCursor { document: DocumentId::from_bytes([1; 16]), heads, offset: 1 };
    let parts = SyncRequest { part: Some(part), ..request(1) };
    assert!(matches!(SyncRequest::decode(&parts.encode(), &limits), Err(WireError::TooMany("heads"))));
}

#[test]
fn wire_4_reading_ends_where_the_limits_do() {
    let refused = |bytes: &[u8], limits: WireLimits| match SyncRequest::decode(bytes, &limits) {
        Err(WireError::TooMany(what)) => what,
        other => panic!("{other:?}"),
    };
    // what comes after is missing, which nobody gets to see
    let cut = |request: &SyncRequest, part: u64| {
        let bytes = request.encode();
        bytes[..bytes.len() * usize::try_from(part).unwrap() / 8].to_vec()
    };
    let limits = WireLimits::of(1 << 20);
    let mut asked = request(1);
    asked.pushes[0].changes = vec![Vec::new().into(); 800];
    assert_eq!(refused(&cut(&asked, 1), WireLimits { changes: 799, ..limits }), "changes");
    assert_eq!(refused(&cut(&asked, 7), WireLimits { bytes: 400 * 32, ..limits }), "bytes of changes");
    asked.pushes = vec![asked.pushes[0].clone(); 2];
    assert_eq!(refused(&cut(&asked, 6), WireLimits { changes: 1_599, ..limits }), "changes", "of all documents");
    let pushes = SyncRequest { cursors: Vec::new(), ..request(800) };
    assert_eq!(refused(&cut(&pushes, 1), WireLimits { pushes: 799, ..limits }), "pushes");
    let cursors = SyncRequest { cursors: vec![request(0).cursors[0].clone(); 800], ..request(0) };
    assert_eq!(refused(&cut(&cursors, 1), WireLimits { cursors: 799, ..limits }), "cursors");
    let names = SyncRequest { names: vec![request(0).names[0].clone(); 800], ..request(0) };
    assert_eq!(refused(&cut(&names, 4), WireLimits { names: 799, ..limits }), "names");
}

#[test]
fn wire_4_no_body_comes_out_at_many_times_its_length_and_honest_ones_come_out_whole() {
    // a long writer's name once, and then changes that say nothing but "as before"
    let mut long = vec![0x85, 0x6f, 0x4a, 0x83, 0, 0, 0, 0, 1, 0x86, 1, 0, 127];
    long.extend([7; 127]);
    long.extend([0; 5]);
    let mut bytes = request(1).encode();
    let changes = bytes.windows(5).position(|part| part == [0x81, 0x43, 1, 2, 3]).unwrap();
    let mut flood = vec![0x99, 0x27, 0x10, 0x58, u8::try_from(long.len()).unwrap()];
    flood.extend(&long);
    for _ in 1..10_000 {
        flood.extend([0x81, 0x4a, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    }
    bytes.splice(changes..changes + 5, flood);
    let unbounded = WireLimits { bytes: usize::MAX, ..WireLimits::of(0) };
    let read = SyncRequest::decode(&bytes, &unbounded).unwrap();
    let size: usize = read.pushes[0].changes.iter().map(|change| change.len()).sum();
    assert!(size > bytes.len() * 10, "{size} of {}: this test shows nothing", bytes.len());
    let limits = WireLimits::of(bytes.len());
    assert!(matches!(SyncRequest::decode(&bytes, &limits), Err(WireError::TooMany("bytes of changes"))));

    // the shortest that an honest tablet makes: a link comes and goes
    let device = DeviceId::from_bytes([1; 16]);
    let mut document = Document::genesis(DocumentId::from_bytes([9; 16]), Kind::Session).unwrap();
    document.write_as(ActorId::new(device, 1));
    let mut asked = request(1);
    asked.pushes[0].changes.clear();
    for number in 0..2_000 {
        if number % 2 == 0 {
            document.link("x").unwrap()
        } else {
            document.unlink("x").unwrap()
        }
        let change = document.commit(Timestamp(0), "", None).unwrap();
        asked.pushes[0].changes.push(change.bytes.into());
    }
    let bytes = asked.encode();
    assert_eq!(SyncRequest::decode(&bytes, &WireLimits::of(bytes.len())).unwrap(), asked);
}

#[test]
fn wire_2_a_claimed_length_reserves_no_memory() {
    // field 2 claims an array of 2^60 pushes
    let bytes = [0xa1, 0x02, 0x9b, 0x10, 0, 0, 0, 0, 0, 0, 0];
    assert!(SyncRequest::decode(&bytes, &WireLimits::of(1 << 20)).is_err());
}

proptest! {
    #[test]
    fn wire_2_no_bytes_make_the_decoder_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = SyncRequest::decode(&bytes, &WireLimits::of(1 << 20));
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

#[test]
fn wire_5_a_tablet_that_asks_for_no_power_of_two_gets_everything_whole() {
    let asking = |page_bytes| SyncRequest { page_bytes, ..SyncRequest::default() };
    assert!(!asking(1_000_000).takes_parts() && !asking(0).takes_parts());
    assert!((12..=20).all(|power| asking(1 << power).takes_parts()));
}

#[test]
fn wire_6_what_is_not_said_takes_no_byte_and_what_is_not_known_is_passed_over() {
    let plain = SyncRequest::default();
    let mut bytes = plain.encode();
    assert_eq!(bytes[0], 0xa8, "the eight fields of the first tablets");
    // a field of a later protocol
    bytes[0] = 0xa9;
    bytes.extend([0x18, 200, 0x82, 1, 0x41, 7]);
    assert_eq!(SyncRequest::decode(&bytes, &WireLimits::of(1 << 20)).unwrap(), plain);
    let audit = AuditRequest {
        protocol: PROTOCOL,
        scope: ScopeId::municipality("112119").unwrap(),
        buckets: Buckets::of([]),
        page_bytes: None,
        from: 0,
    };
    let mut first = audit.encode();
    // as the first tablets wrote it: three fields
    assert_eq!(first.split_off(first.len() - 2), [4, 0]);
    first[0] = 0xa3;
    assert_eq!(AuditRequest::decode(&first).unwrap(), audit);
}
