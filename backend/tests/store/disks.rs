//! What disks of tablets say of themselves.

use tsudoi_server::store::Store;
use tsudoi_server::store::types::{CodePurpose, CodeRow, NewDevice};

use sync_core::ids::DeviceId;

/// A new tablet. Returns what it hears when its disk says the number it had and the one it has.
async fn enrolled(store: &dyn Store, number: u8) -> DeviceId {
    let device = DeviceId::from_bytes([number; 16]);
    let code = CodeRow {
        tenant: "36".to_owned(),
        person: "pe-1".to_owned(),
        role: "staff".to_owned(),
        organisation: "112119".to_owned(),
        scopes: "*".to_owned(),
        uses_left: 1,
        expires_at: 1_000,
        purpose: CodePurpose::Any,
        device: None,
    };
    store.upsert_code(&[number; 32], &code, "職員").await.unwrap();
    let new = NewDevice {
        device,
        name: "受付".to_owned(),
        token_hash: [number; 32],
        scopes: vec!["municipality:112119".parse().unwrap()],
        key: [number; 32],
    };
    store.enrol(&[number; 32], &new, 1).await.unwrap();
    device
}

pub async fn st_25_a_number_that_another_has_replaced_is_a_copys_and_an_unknown_one_is_not(store: &dyn Store) {
    store.upsert_tenant("36", "県", &[]).await.unwrap();
    let say = async |device, was, is| store.note_disk("36", device, (was, is), is).await.unwrap();

    // one disk that goes on, also when an answer was lost
    let honest = enrolled(store, 131).await;
    for (was, is) in [(None, 1), (None, 1), (Some(1), 2), (Some(2), 3)] {
        assert_eq!(say(honest, was, is).await, None);
    }
    // the database is a restored one: it knows old numbers only, and the disk has gone on
    for (was, is) in [(Some(7), 8), (Some(7), 8), (Some(8), 9)] {
        assert_eq!(say(honest, was, is).await, None);
    }

    // two disks that go on from one, each as often as it likes before the other comes
    let at_once = enrolled(store, 132).await;
    assert_eq!((say(at_once, None, 1).await, say(at_once, Some(1), 2).await), (None, None));
    assert_eq!(say(at_once, Some(1), 12).await, Some(12));
    assert_eq!(say(at_once, Some(12), 13).await, Some(12), "it stays marked");
    let by_turns = enrolled(store, 133).await;
    for (was, is) in [(None, 1), (Some(1), 2), (Some(2), 3), (Some(1), 12), (Some(12), 13), (Some(13), 14)] {
        assert_eq!(say(by_turns, was, is).await, None);
    }
    assert_eq!(say(by_turns, Some(3), 4).await, Some(4), "the other took its place");
    // registered anew
    let again = enrolled(store, 134).await;
    assert_eq!(say(again, None, 4).await, None);
}
