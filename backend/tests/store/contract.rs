//! The store's contract, as functions over any store. Each names its rule of `store/mod.rs`.

use std::collections::{BTreeSet, HashMap};
use std::slice::from_ref;

use sync_core::digest::{Digest, FeedState};
use sync_core::document::Kind;
use sync_core::ids::{ChangeHash, DocumentId};
use tsudoi_server::store::Store;
use tsudoi_server::store::signin::{AccountRow, CeremonyRow, IdentityRow, LoginOwner, NewLogin, PasskeyRow};
use tsudoi_server::store::types::{
    CodePurpose, CodeRow, CustodyRow, Enrolment, NewDevice, PageSize, PushOutcome, PushWrite, Rollups,
};

use crate::rows::{DEVICE, HONJO, KAMISATO, heads, id, in_scope, push, scope, scopes, tablet, want, write};

const PAGED: &str = "municipality:112011";

async fn st_3_an_outdated_writer_writes_nothing(store: &dyn Store) {
    assert_eq!(store.commit_pushes("11", &[push(vec![write(1, None, 1)])]).await.unwrap(), PushOutcome::Committed);
    let one = DocumentId::from_bytes([1; 16]);
    let stale = push(vec![write(2, None, 1), write(1, None, 2)]);
    assert_eq!(store.commit_pushes("11", from_ref(&stale)).await.unwrap(), PushOutcome::Outdated(vec![one]));
    assert!(store.load_documents("11", &[DocumentId::from_bytes([2; 16])]).await.unwrap().is_empty());
    assert_eq!(store.commit_pushes("11", &[push(vec![write(1, Some(1), 2)])]).await.unwrap(), PushOutcome::Committed);
    let stored = store.load_documents("11", &[one]).await.unwrap();
    assert_eq!((stored[0].revision, &stored[0].heads), (2, &heads(2)));
    assert_eq!(stored[0].projection, Some(write(1, None, 2).projection), "ST-7: NULL stays NULL");
}

async fn st_4_and_5_the_feed_has_one_row_and_the_scope_sums_up(store: &dyn Store) {
    store.commit_pushes("11", &[push((3..=6).map(|number| write(number, None, 1)).collect())]).await.unwrap();
    store.commit_pushes("11", &[push(vec![write(3, Some(1), 2)])]).await.unwrap();
    let wanted = [want(HONJO, None, None)];
    let pull = store.pull("11", &wanted, &[], &PageSize::whole(1 << 20), &HashMap::new()).await.unwrap();
    let page = &pull.pages[0];
    let seqs: Vec<u64> = page.entries.iter().map(|(_, seq, _)| *seq).collect();
    assert_eq!(seqs, [7, 6, 5, 4, 2], "one row for each document; who begins gets the newest first");
    assert_eq!((page.scope.seq, page.scope.document_count, page.next_seq, page.more), (7, 5, 7, false));
    let sum = [(1, 2), (3, 2), (4, 1), (5, 1), (6, 1)].into_iter().fold(Digest::ZERO, |sum, (number, head)| {
        sum.plus(Digest::of(DocumentId::from_bytes([number; 16]), FeedState::Present, &heads(head)))
    });
    assert_eq!(page.scope.digest, sum);
    let known = HashMap::from([(DocumentId::from_bytes([4; 16]), heads(1))]);
    let pull = store.pull("11", &wanted, &[], &PageSize::whole(1 << 20), &known).await.unwrap();
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
    store.commit_pushes("11", &[with("malformed")]).await.unwrap();
    store.commit_pushes("11", &[with("sequence")]).await.unwrap();
    assert!(store.load_documents("11", &[DocumentId::from_bytes([7; 16])]).await.unwrap().is_empty());
}

async fn st_10_tenants_are_apart(store: &dyn Store) {
    let one = DocumentId::from_bytes([1; 16]);
    assert!(store.load_documents("14", &[one]).await.unwrap().is_empty());
    let wanted = [want(HONJO, None, None)];
    assert!(store.pull("14", &wanted, &[], &PageSize::whole(1 << 20), &HashMap::new()).await.unwrap().pages.is_empty());
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
        purpose: CodePurpose::Any,
        device: None,
    };
    store.upsert_code(&[1; 32], &code, "人").await.unwrap();
    assert_eq!(store.lookup_code(&[1; 32], CodePurpose::Tablet, 100).await.unwrap(), None, "expired");
    let held = vec![scope(KAMISATO)];
    let new = NewDevice { device: DEVICE, key: [3; 32], name: "x".to_owned(), token_hash: [2; 32], scopes: held };
    assert_eq!(store.enrol(&[9; 32], &new, 50).await.unwrap(), Enrolment::NoCode);
    assert_eq!(store.enrol(&[1; 32], &new, 50).await.unwrap(), Enrolment::Done);
    assert_eq!(store.enrol(&[1; 32], &new, 50).await.unwrap(), Enrolment::NoCode);
    let new = NewLogin {
        token_hash: [3; 32],
        login: "lo".to_owned(),
        method: "code".to_owned(),
        peer: String::new(),
        agent: String::new(),
        now: 50,
        expires_at: 60,
    };
    assert_eq!(store.login(&[1; 32], &new).await.unwrap(), None);
    sign_ins(store, &new).await;
    assert_eq!(tablet(store, [2; 32]).await.unwrap().scopes, [scope(KAMISATO)]);
    let found = scopes(store, &[scope(KAMISATO)]).await;
    assert_eq!((found[0].seq, found[0].digest), (0, Digest::ZERO), "its scope is there from the start");
}

/// What is kept of signing in is found by what a caller shows, once where it may be used once.
async fn sign_ins(store: &dyn Store, new: &NewLogin) {
    let owner = LoginOwner {
        tenant: "11".to_owned(),
        person: "pe-1".to_owned(),
        role: "staff".to_owned(),
        organisation: "112119".to_owned(),
    };
    store.begin_login(&owner, new).await.unwrap();
    let row = store.lookup_login(&[3; 32], 59, 50).await.unwrap().unwrap();
    assert_eq!((row.person.as_str(), row.seen_at, row.proved_at), ("pe-1", 50, 50));
    assert_eq!(store.lookup_login(&[3; 32], 60, 50).await.unwrap(), None, "its time is over");
    assert_eq!(store.lookup_login(&[3; 32], 59, 51).await.unwrap(), None, "not used for too long");
    store.note_login_seen(&[3; 32], 55).await.unwrap();
    store.note_login_seen(&[3; 32], 52).await.unwrap();
    assert_eq!(store.list_logins("11", "pe-1", 56).await.unwrap()[0].seen_at, 55);
    assert!(store.prove_login(&[3; 32], &[4; 32], 57).await.unwrap());
    assert!(!store.prove_login(&[3; 32], &[5; 32], 57).await.unwrap(), "the token before is gone");
    assert_eq!(store.lookup_login(&[4; 32], 58, 0).await.unwrap().unwrap().proved_at, 57);
    assert!(!store.end_login("14", "pe-1", "lo").await.unwrap());
    assert_eq!(store.end_logins("11", "pe-1", "lo").await.unwrap(), 0);
    assert!(store.end_login("11", "pe-1", "lo").await.unwrap());
    assert_eq!(store.list_roles_in_use("11", "pe-1").await.unwrap(), [("staff".to_owned(), "112119".to_owned())]);

    let account = |name: &str, person: &str| AccountRow {
        name: name.to_owned(),
        tenant: "11".to_owned(),
        person: person.to_owned(),
        password: "hash".to_owned(),
        set_at: 7,
    };
    assert!(store.set_account(&account("yamada", "pe-1")).await.unwrap());
    assert!(store.set_account(&account("suzuki", "pe-2")).await.unwrap());
    assert!(!store.set_account(&account("yamada", "pe-2")).await.unwrap(), "taken");
    assert_eq!(store.account_of("11", "pe-2").await.unwrap(), Some(account("suzuki", "pe-2")), "and nothing changed");
    assert!(store.set_account(&account("yamada2", "pe-1")).await.unwrap());
    assert_eq!(store.lookup_account("yamada").await.unwrap(), None);
    assert_eq!(store.lookup_account("yamada2").await.unwrap(), Some(account("yamada2", "pe-1")));

    let passkey = PasskeyRow {
        credential: vec![1, 2],
        tenant: "11".to_owned(),
        person: "pe-1".to_owned(),
        name: "机".to_owned(),
        data: "{}".to_owned(),
        added_at: 5,
        used_at: None,
    };
    assert!(store.add_passkey(&passkey).await.unwrap());
    let stolen = PasskeyRow { person: "pe-2".to_owned(), ..passkey.clone() };
    assert!(!store.add_passkey(&stolen).await.unwrap(), "a credential is one person's");
    store.note_passkey_used(&[1, 2], "{1}", 9).await.unwrap();
    let used = PasskeyRow { data: "{1}".to_owned(), used_at: Some(9), ..passkey };
    assert_eq!(store.lookup_passkey(&[1, 2]).await.unwrap(), Some(used.clone()));
    assert_eq!(store.list_passkeys("11", "pe-1").await.unwrap(), [used]);
    assert!(!store.remove_passkey("11", "pe-2", &[1, 2]).await.unwrap());
    assert!(store.remove_passkey("11", "pe-1", &[1, 2]).await.unwrap());

    let identity = IdentityRow {
        issuer: "https://a.example".to_owned(),
        subject: "s".to_owned(),
        tenant: "11".to_owned(),
        person: "pe-1".to_owned(),
        added_at: 5,
    };
    assert!(store.add_identity(&identity).await.unwrap());
    assert!(!store.add_identity(&identity).await.unwrap());
    assert_eq!(store.lookup_identity("https://a.example", "s").await.unwrap(), Some(identity.clone()));
    assert_eq!(store.list_identities("11", "pe-1").await.unwrap(), [identity]);
    assert!(store.remove_identity("11", "pe-1", "https://a.example").await.unwrap());

    let ceremony = CeremonyRow {
        kind: "k".to_owned(),
        tenant: String::new(),
        person: String::new(),
        data: "d".to_owned(),
        expires_at: 10,
    };
    for secret in [[1; 32], [2; 32], [3; 32]] {
        store.begin_ceremony(&secret, &ceremony, 5).await.unwrap();
    }
    assert_eq!(store.take_ceremony(&[1; 32], "other", 6).await.unwrap(), None);
    assert_eq!(store.take_ceremony(&[1; 32], "k", 6).await.unwrap(), Some(ceremony));
    assert_eq!(store.take_ceremony(&[1; 32], "k", 6).await.unwrap(), None, "used");
    assert_eq!(store.take_ceremony(&[2; 32], "k", 10).await.unwrap(), None, "its time is over");
}

/// A device that begins gets the newest first, then what is new, then what is older, and nothing is left out.
async fn st_9_pages_go_up_and_then_down(store: &dyn Store) {
    let first: Vec<_> = (100..110).map(|number| in_scope(write(number, None, 1), PAGED)).collect();
    store.commit_pushes("11", &[push(first)]).await.unwrap();
    let (mut cursor, mut below, mut seen, mut rounds) = (None, None, Vec::new(), 0);
    loop {
        let wanted = [want(PAGED, cursor, below)];
        // room for two documents of 40 bytes with their entries
        let pull = store.pull("11", &wanted, &[], &PageSize::whole(140), &HashMap::new()).await.unwrap();
        let page = &pull.pages[0];
        seen.extend(page.entries.iter().map(|(document, seq, _)| (document.as_bytes()[0], *seq)));
        assert_eq!(pull.documents.len(), page.entries.len());
        (cursor, below) = (Some((page.scope.epoch, page.next_seq)), page.below);
        rounds += 1;
        if rounds == 1 {
            assert_eq!((page.next_seq, page.below, page.more), (10, Some(9), true));
            let again = in_scope(write(101, Some(1), 2), PAGED);
            store.commit_pushes("11", &[push(vec![again])]).await.unwrap();
        }
        if !page.more {
            assert_eq!(page.below, None);
            break;
        }
    }
    let order: Vec<u64> = seen.iter().map(|(_, seq)| *seq).collect();
    assert_eq!(order, [10, 9, 11, 8, 7, 6, 5, 4, 3, 1], "the changed one moved up, and 2 is no more");
    let documents: BTreeSet<u8> = seen.iter().map(|(document, _)| *document).collect();
    assert_eq!(documents.len(), 10);
    let whole = [id(103), id(1)];
    let pull =
        store.pull("11", &[want(PAGED, cursor, None)], &whole, &PageSize::whole(1), &HashMap::new()).await.unwrap();
    assert_eq!(pull.documents, [(id(103), vec![103; 40])], "asked for by name; of another scope is not given");
    assert_eq!((pull.pages[0].entries.len(), pull.pages[0].more), (0, false));
    let lost = store
        .pull("11", &[want(PAGED, Some(([9; 16], 11)), None)], &[], &PageSize::whole(1 << 20), &HashMap::new())
        .await
        .unwrap();
    assert_eq!(lost.pages[0].entries.len(), 10, "another epoch begins anew");
}

async fn st_23_a_portion_is_bounded_by_its_bytes(store: &dyn Store) {
    let portion = async |ids: &[u8], bytes| {
        let ids: Vec<DocumentId> = ids.iter().map(|number| id(*number)).collect();
        let (read, rest) = store.load_portion("11", &ids, bytes).await.unwrap();
        let read: BTreeSet<u8> = read.iter().map(|stored| stored.document.as_bytes()[0]).collect();
        (read.into_iter().collect::<Vec<u8>>(), rest.iter().map(|id| id.as_bytes()[0]).collect::<Vec<u8>>())
    };
    // 40 bytes each, but for 99, which is not there
    assert_eq!(portion(&[6, 4, 99, 5], 120).await, (vec![4, 5, 6], vec![]));
    assert_eq!(portion(&[6, 4, 99, 5], 119).await, (vec![4, 6], vec![5]), "in the order given");
    assert_eq!(portion(&[5, 6, 99, 4], 0).await, (vec![5], vec![6, 4]), "the first in any case");
    assert_eq!(portion(&[5], 0).await, (vec![5], vec![]));
    assert_eq!(portion(&[], 0).await, (vec![], vec![]));
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
    st_9_pages_go_up_and_then_down(store).await;
    st_23_a_portion_is_bounded_by_its_bytes(store).await;
}
