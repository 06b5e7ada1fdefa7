//! The list of custody, page by page, over any store: for who sees all of it, and for who sees some.

use std::collections::BTreeMap;
use std::slice::from_ref;

use sync_core::digest::FeedState;
use sync_core::document::Kind;
use sync_core::ids::{ChangeHash, DeviceId, DocumentId};
use tsudoi_server::store::Store;
use tsudoi_server::store::office::{CustodyFilter, Within};
use tsudoi_server::store::types::{CodePurpose, CodeRow, CustodyRow, Enrolment, NewDevice, PushOutcome, PushWrite};

use crate::rows::{HONJO, KAMISATO, heads, place, push, scope, write};

const TENANT: &str = "18";
const OWN: DeviceId = DeviceId::from_bytes([81; 16]);
const OTHER: DeviceId = DeviceId::from_bytes([82; 16]);

async fn enrol(store: &dyn Store, device: DeviceId, organisation: &str) {
    let [mark, ..] = *device.as_bytes();
    let code = CodeRow {
        tenant: TENANT.to_owned(),
        person: format!("pe-{mark}"),
        role: "staff".to_owned(),
        organisation: organisation.to_owned(),
        scopes: HONJO.to_owned(),
        uses_left: 1,
        expires_at: 100,
        purpose: CodePurpose::Any,
        device: None,
    };
    store.upsert_code(&[mark; 32], &code, "人").await.unwrap();
    let new = NewDevice {
        device,
        key: [mark; 32],
        name: format!("端末{mark}"),
        token_hash: [[mark; 16], [0xcc; 16]].concat().try_into().unwrap(),
        scopes: vec![scope(HONJO)],
    };
    assert_eq!(store.enrol(&[mark; 32], &new, 50).await.unwrap(), Enrolment::Done);
}

fn document(number: u16) -> DocumentId {
    let mut bytes = [0; 16];
    bytes[..2].copy_from_slice(&number.to_be_bytes());
    DocumentId::from_bytes(bytes)
}

/// A change of this document that is held, as it came from a tablet.
async fn hold(store: &dyn Store, number: u16, device: DeviceId, at: u64) {
    let mut hash = [0; 32];
    hash[..2].copy_from_slice(&number.to_be_bytes());
    hash[2..10].copy_from_slice(&at.to_be_bytes());
    let held = CustodyRow {
        document: document(number),
        hash: ChangeHash::from_bytes(hash),
        kind: Kind::Session,
        code: "sequence".to_owned(),
        bytes: vec![1],
    };
    let with = PushWrite {
        tenant: TENANT.to_owned(),
        device,
        now: at,
        custody: vec![held],
        rollups: BTreeMap::new(),
        ..push(Vec::new())
    };
    assert_eq!(store.commit_pushes(TENANT, from_ref(&with)).await.unwrap(), PushOutcome::Committed);
}

/// A record that stands in one municipality.
async fn record(store: &dyn Store, number: u16, scope_text: &str) {
    let mut one = write(1, None, 1);
    one.document = document(number);
    one.home_scope = Some(scope(scope_text));
    one.places = vec![place(one.document, scope_text, FeedState::Present, &heads(1))];
    one.projection.fact.title = Some(format!("記録{number}"));
    let with = PushWrite { tenant: TENANT.to_owned(), ..push(vec![one]) };
    assert_eq!(store.commit_pushes(TENANT, from_ref(&with)).await.unwrap(), PushOutcome::Committed);
}

/// All matters, page by page, and what happens after each page but the last.
async fn walk<F: Future<Output = ()>>(
    store: &dyn Store,
    within: Within,
    limit: u32,
    between: impl Fn(u64) -> F,
) -> Vec<(DocumentId, Option<String>)> {
    let mut filter = CustodyFilter { within, ..CustodyFilter::default() };
    let (mut seen, mut pages) = (Vec::new(), 0);
    loop {
        let page = store.list_custody(TENANT, &filter, limit).await.unwrap();
        seen.extend(page.entries.iter().map(|entry| (entry.document, entry.title.clone())));
        filter.after = page.next;
        if page.next.is_none() {
            assert!(pages > 2, "several pages were read");
            return seen;
        }
        pages += 1;
        filter.until = filter.until.or(Some(10_000));
        between(pages).await;
    }
}

pub async fn custody_is_listed_to_its_end_for_who_sees_all_of_it_and_for_who_sees_some(store: &dyn Store) {
    enrol(store, OWN, "112119").await;
    enrol(store, OTHER, "113859").await;
    // in turn: of an own tablet; of another's tablet on an own record; of another's tablet on another's record
    for number in 0..60_u16 {
        if number % 3 > 0 {
            record(store, number, if number % 3 == 1 { HONJO } else { KAMISATO }).await;
        }
        hold(store, number, if number % 3 == 0 { OWN } else { OTHER }, 1_000 + u64::from(number) % 7).await;
    }
    let quiet = |_| async {};

    let all = walk(store, Within::Tenant, 9, quiet).await;
    let mut numbers: Vec<DocumentId> = all.iter().map(|(document, _)| *document).collect();
    numbers.sort();
    assert_eq!(numbers, (0..60).map(document).collect::<Vec<_>>());

    let own = |number: &u16| number % 3 < 2;
    let expected: Vec<DocumentId> = (0..60).filter(own).map(document).collect();
    // while the pages are read, what has not been shown yet gets another change, which moves it up
    let late = |page: u64| async move { hold(store, 60 - 3 * u16::try_from(page).unwrap(), OWN, 20_000 + page).await };
    let seen = walk(store, Within::Municipality("112119".to_owned()), 9, late).await;
    let mut numbers: Vec<DocumentId> = seen.iter().map(|(document, _)| *document).collect();
    numbers.sort();
    assert_eq!(numbers, expected, "each matter once, whatever came meanwhile");
    let named = seen.iter().filter(|(_, title)| title.is_some()).count();
    assert_eq!(named, 20, "an own record is called by its title, whoever wrote to it");

    let association = Within::Association("as-1".to_owned());
    let none = CustodyFilter { within: association, ..CustodyFilter::default() };
    assert!(store.list_custody(TENANT, &none, 9).await.unwrap().entries.is_empty());
}
