//! The store's contract, as functions over any store. Each names its rule of `store/mod.rs`.

use std::collections::{BTreeSet, HashMap};

use sync_core::digest::{Digest, FeedState};
use sync_core::document::{Heads, Kind};
use sync_core::ids::{ChangeHash, DeviceId, DocumentId, ScopeId};
use tsudoi_server::store::Store;
use tsudoi_server::store::types::{
    CodeRow, CustodyRow, DocumentWrite, Enrolment, FactRow, NewDevice, Place, Projection, PushOutcome, PushWrite,
    RollupKey, RollupValue, Rollups, WantedScope,
};

pub const HONJO: &str = "municipality:112119";
pub const KAMISATO: &str = "municipality:113859";
const DEVICE: DeviceId = DeviceId::from_bytes([1; 16]);

fn scope(text: &str) -> ScopeId {
    text.parse().unwrap()
}

fn heads(number: u8) -> Heads {
    vec![ChangeHash::from_bytes([number; 32])].into()
}

fn fact() -> FactRow {
    FactRow {
        kind: "session".to_owned(),
        activity: None,
        fiscal_year: None,
        month: None,
        date: None,
        start: None,
        municipality: None,
        association: None,
        dispatched_by: None,
        item: None,
        title: None,
        occasion: None,
        venue: None,
        medium: None,
        state: "none".to_owned(),
        reason: None,
        is_dispatch: false,
        attendance: None,
        viewers: None,
        conflict_count: 0,
    }
}

fn place(document: DocumentId, scope_text: &str, state: FeedState, heads: &Heads) -> Place {
    Place { scope: scope(scope_text), state, contribution: Digest::of(document, state, heads) }
}

fn write(number: u8, base_revision: Option<i64>, head: u8) -> DocumentWrite {
    let document = DocumentId::from_bytes([number; 16]);
    let before = base_revision.map(|_| place(document, HONJO, FeedState::Present, &heads(head - 1)));
    DocumentWrite {
        document,
        kind: Kind::Session,
        home_scope: Some(scope(HONJO)),
        base_revision,
        heads: heads(head),
        snapshot: vec![number; 40],
        projection: Projection {
            fact: fact(),
            tallies: [("screening.viewers".to_owned(), None)].into(),
            lecturers: [("le-1".to_owned(), "among".to_owned())].into(),
            flags: BTreeSet::from(["step_conflict".to_owned()]),
        },
        places_before: before.into_iter().collect(),
        places: vec![place(document, HONJO, FeedState::Present, &heads(head))],
    }
}

fn push(documents: Vec<DocumentWrite>) -> PushWrite {
    let key = RollupKey {
        fiscal_year: 0,
        measure: "record.none.planned".to_owned(),
        municipality: String::new(),
        association: String::new(),
        month: String::new(),
    };
    let count = documents.len() as i64;
    PushWrite {
        tenant: "11".to_owned(),
        device: DEVICE,
        now: 5,
        documents,
        custody: Vec::new(),
        released: Vec::new(),
        rollups: Rollups::from([(key, RollupValue { reported: count, unreported: 0, total: count })]),
    }
}

async fn st_3_an_outdated_writer_writes_nothing(store: &dyn Store) {
    assert_eq!(store.commit_push(&push(vec![write(1, None, 1)])).await.unwrap(), PushOutcome::Committed);
    let one = DocumentId::from_bytes([1; 16]);
    let stale = push(vec![write(2, None, 1), write(1, None, 2)]);
    assert_eq!(store.commit_push(&stale).await.unwrap(), PushOutcome::Outdated(vec![one]));
    assert!(store.load_documents("11", &[DocumentId::from_bytes([2; 16])]).await.unwrap().is_empty());
    assert_eq!(store.commit_push(&push(vec![write(1, Some(1), 2)])).await.unwrap(), PushOutcome::Committed);
    let stored = store.load_documents("11", &[one]).await.unwrap();
    assert_eq!((stored[0].revision, &stored[0].heads), (2, &heads(2)));
    assert_eq!(stored[0].projection, Some(write(1, None, 2).projection), "ST-7: NULL stays NULL");
}

async fn st_4_and_5_the_feed_has_one_row_and_the_scope_sums_up(store: &dyn Store) {
    store.commit_push(&push((3..=6).map(|number| write(number, None, 1)).collect())).await.unwrap();
    store.commit_push(&push(vec![write(3, Some(1), 2)])).await.unwrap();
    let wanted = [WantedScope { scope: scope(HONJO), cursor: None }];
    let pull = store.pull("11", &wanted, 1 << 20, &HashMap::new()).await.unwrap();
    let page = &pull.pages[0];
    let seqs: Vec<u64> = page.entries.iter().map(|(_, seq, _)| *seq).collect();
    assert_eq!(seqs, [2, 4, 5, 6, 7], "one row for each document, in order");
    assert_eq!((page.scope.seq, page.scope.document_count, page.next_seq, page.more), (7, 5, 7, false));
    let sum = [(1, 2), (3, 2), (4, 1), (5, 1), (6, 1)].into_iter().fold(Digest::ZERO, |sum, (number, head)| {
        sum.plus(Digest::of(DocumentId::from_bytes([number; 16]), FeedState::Present, &heads(head)))
    });
    assert_eq!(page.scope.digest, sum);
    let known = HashMap::from([(DocumentId::from_bytes([4; 16]), heads(1))]);
    let pull = store.pull("11", &wanted, 1 << 20, &known).await.unwrap();
    assert_eq!((pull.pages[0].entries.len(), pull.documents.len()), (5, 4));
}

async fn st_6_roll_ups_are_sums(store: &dyn Store) {
    let rollups = store.list_rollups("11").await.unwrap();
    let totals: Vec<i64> = rollups.values().map(|value| value.total).collect();
    assert_eq!(totals, [7], "1 + 1 + 4 + 1 as pushed; what was refused is not in it");
}

async fn st_8_custody_keeps_each_change_once(store: &dyn Store) {
    let held = |code: &str| CustodyRow {
        document: DocumentId::from_bytes([7; 16]),
        hash: ChangeHash::from_bytes([7; 32]),
        kind: Kind::Session,
        code: code.to_owned(),
        bytes: vec![1, 2, 3],
    };
    let with = |code| PushWrite { custody: vec![held(code)], rollups: Rollups::new(), ..push(Vec::new()) };
    store.commit_push(&with("malformed")).await.unwrap();
    store.commit_push(&with("sequence")).await.unwrap();
    assert!(store.load_documents("11", &[DocumentId::from_bytes([7; 16])]).await.unwrap().is_empty());
}

async fn st_10_tenants_are_apart(store: &dyn Store) {
    let one = DocumentId::from_bytes([1; 16]);
    assert!(store.load_documents("14", &[one]).await.unwrap().is_empty());
    let wanted = [WantedScope { scope: scope(HONJO), cursor: None }];
    assert!(store.pull("14", &wanted, 1 << 20, &HashMap::new()).await.unwrap().pages.is_empty());
    assert!(store.list_rollups("14").await.unwrap().is_empty());
}

async fn st_11_a_code_is_used_up(store: &dyn Store) {
    let code = CodeRow {
        tenant: "11".to_owned(),
        person: "pe-1".to_owned(),
        role: "staff".to_owned(),
        organisation: "112119".to_owned(),
        scopes: KAMISATO.to_owned(),
        uses_left: 1,
        expires_at: 100,
    };
    store.upsert_code(&[1; 32], &code, "人").await.unwrap();
    assert_eq!(store.lookup_code(&[1; 32], 100).await.unwrap(), None, "expired");
    let device = NewDevice { device: DEVICE, name: "x".to_owned(), token_hash: [2; 32], scopes: vec![scope(KAMISATO)] };
    assert_eq!(store.enrol(&[9; 32], &device, 50).await.unwrap(), Enrolment::NoCode);
    assert_eq!(store.enrol(&[1; 32], &device, 50).await.unwrap(), Enrolment::Done);
    assert_eq!(store.enrol(&[1; 32], &device, 50).await.unwrap(), Enrolment::NoCode);
    assert_eq!(store.login(&[1; 32], &[3; 32], 50, 60).await.unwrap(), None);
    assert_eq!(store.lookup_device(&[2; 32]).await.unwrap().unwrap().scopes, [scope(KAMISATO)]);
    let scopes = store.list_scopes("11", Some(&[scope(KAMISATO)])).await.unwrap();
    assert_eq!((scopes[0].seq, scopes[0].digest), (0, Digest::ZERO), "its scope is there from the start");
}

/// Every rule, one after the other on a store that has its schema and nothing else.
pub async fn contract(store: &dyn Store) {
    store.upsert_tenant("11", "埼玉県", &[]).await.unwrap();
    st_3_an_outdated_writer_writes_nothing(store).await;
    st_4_and_5_the_feed_has_one_row_and_the_scope_sums_up(store).await;
    st_6_roll_ups_are_sums(store).await;
    st_8_custody_keeps_each_change_once(store).await;
    st_10_tenants_are_apart(store).await;
    st_11_a_code_is_used_up(store).await;
}
