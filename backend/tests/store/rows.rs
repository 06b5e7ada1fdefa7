//! Made-up rows for stores: they need not be real documents, because a store never reads what is in them.

use std::collections::{BTreeSet, HashMap};

use sync_core::digest::{Digest, FeedState};
use sync_core::document::{Heads, Kind};
use sync_core::ids::{ChangeHash, DeviceId, DocumentId, ScopeId};
use tsudoi_server::store::Store;
use tsudoi_server::store::types::{
    DeviceRow, DocumentWrite, FactRow, PageSize, Place, Projection, Pull, PushWrite, RollupKey, RollupValue, Rollups,
    ScopeRow, SecretHash, WantedScope,
};

pub const HONJO: &str = "municipality:112119";
pub const KAMISATO: &str = "municipality:113859";

pub const DEVICE: DeviceId = DeviceId::from_bytes([1; 16]);

pub fn scope(text: &str) -> ScopeId {
    text.parse().unwrap()
}

/// The device with this token.
pub async fn tablet(store: &dyn Store, token_hash: SecretHash) -> Option<DeviceRow> {
    store.lookup_devices(&[token_hash]).await.unwrap().pop().unwrap()
}

/// How these scopes stand, in this order; those that are not there are left out.
pub async fn scopes(store: &dyn Store, wanted: &[ScopeId]) -> Vec<ScopeRow> {
    let rows = store.list_scopes("11").await.unwrap();
    wanted.iter().filter_map(|scope| rows.iter().find(|row| row.scope == *scope).cloned()).collect()
}

pub fn heads(number: u8) -> Heads {
    vec![ChangeHash::from_bytes([number; 32])].into()
}

pub fn fact() -> FactRow {
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
        group: "planned".to_owned(),
        reason: None,
        is_dispatch: false,
        attendance: None,
        viewers: None,
        conflict_count: 0,
    }
}

pub fn place(document: DocumentId, scope_text: &str, state: FeedState, heads: &Heads) -> Place {
    Place { scope: scope(scope_text), state, contribution: Digest::of(document, state, heads) }
}

pub fn write(number: u8, base_revision: Option<i64>, head: u8) -> DocumentWrite {
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
        repaired: false,
    }
}

pub fn push(documents: Vec<DocumentWrite>) -> PushWrite {
    let key = RollupKey {
        fiscal_year: 0,
        measure: "record.none.planned".to_owned(),
        municipality: String::new(),
        association: String::new(),
        holder: String::new(),
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
        replaced: Vec::new(),
        rollups: Rollups::from([(key, RollupValue { reported: count, unreported: 0, total: count })]),
        healed_documents: 0,
        healed_changes: 0,
    }
}

pub fn id(number: u8) -> DocumentId {
    DocumentId::from_bytes([number; 16])
}

/// Where a device stands: scope, cursor, and the lower end of what is missing.
pub fn want(scope_text: &str, cursor: Option<([u8; 16], u64)>, below: Option<u64>) -> WantedScope {
    WantedScope { scope: scope(scope_text), cursor, below }
}

/// Everything of a scope, from the beginning.
pub async fn pull_all(store: &dyn Store, scope_text: &str) -> Pull {
    store.pull("11", &[want(scope_text, None, None)], &[], &PageSize::whole(1 << 20), &HashMap::new()).await.unwrap()
}

/// The same document in another scope.
pub fn in_scope(mut write: DocumentWrite, scope_text: &str) -> DocumentWrite {
    write.home_scope = Some(scope(scope_text));
    for place in write.places.iter_mut().chain(&mut write.places_before) {
        place.scope = scope(scope_text);
    }
    write
}
