//! Day passes, on every database.

use sync_core::digest::{Digest, FeedState};
use sync_core::document::Heads;
use sync_core::ids::{DeviceId, DocumentId, ScopeId};
use tsudoi_server::store::Store;
use tsudoi_server::store::day_pass::{PassCode, PassRow};
use tsudoi_server::store::types::{CodePurpose, Enrolment, NewDevice, PushOutcome};

use crate::rows::{heads, id, place, push, scope, scopes, tablet, write};

const NUMBER: u8 = 170;

fn device(number: u8) -> NewDevice {
    NewDevice {
        device: DeviceId::from_bytes([number; 16]),
        key: [3; 32],
        name: "一日券".to_owned(),
        token_hash: [number; 32],
        scopes: vec![ScopeId::session(id(NUMBER))],
    }
}

fn code(document: DocumentId) -> PassCode {
    PassCode {
        tenant: "11".to_owned(),
        document,
        person: "le-1".to_owned(),
        name: "富沢医師".to_owned(),
        ends_at: 500,
        expires_at: 100,
    }
}

fn pass(number: u8) -> PassRow {
    PassRow { tenant: "11".to_owned(), device: DeviceId::from_bytes([number; 16]), document: id(NUMBER) }
}

/// Sequence, count and digest of the session's own scope, and how the document stands there.
async fn standing(store: &dyn Store) -> (u64, u64, Digest, FeedState) {
    let own = ScopeId::session(id(NUMBER));
    let row = scopes(store, std::slice::from_ref(&own)).await.pop().unwrap();
    let stored = store.load_documents("11", &[id(NUMBER)]).await.unwrap().pop().unwrap();
    let place = stored.places.iter().find(|place| place.scope == own).unwrap();
    assert_eq!(place.contribution, row.digest, "it is the only one there");
    (row.seq, row.document_count, row.digest, place.state)
}

fn present(heads: &Heads) -> Digest {
    Digest::of(id(NUMBER), FeedState::Present, heads)
}

pub async fn st_18_a_session_is_in_the_scope_of_itself_alone_while_a_pass_holds_it(store: &dyn Store) {
    assert_eq!(store.commit_pushes("11", &[push(vec![write(NUMBER, None, 1)])]).await.unwrap(), PushOutcome::Committed);
    for number in [71, 72, 73] {
        store.keep_pass_code(&[number; 32], &code(id(NUMBER)), 10).await.unwrap();
    }
    store.keep_pass_code(&[74; 32], &code(id(99)), 10).await.unwrap();
    assert_eq!(store.lookup_pass_code(&[71; 32], 99).await.unwrap(), Some(code(id(NUMBER))));
    assert_eq!(store.lookup_pass_code(&[71; 32], 100).await.unwrap(), None, "expired");
    assert_eq!(store.lookup_code(&[71; 32], CodePurpose::Tablet, 50).await.unwrap(), None, "no sign-in code");
    let version = store.registry_version("11").await.unwrap();
    store.keep_pass_code(&[75; 32], &code(id(NUMBER)), 10).await.unwrap();
    assert_eq!(store.registry_version("11").await.unwrap(), version, "the lecturer is known already");
    let people = store.list_people("11").await.unwrap();
    let lecturer = people.iter().find(|one| one.person == "le-1").unwrap();
    assert!(lecturer.memberships.is_empty() && lecturer.name == "富沢医師");

    assert_eq!(store.enrol_visitor(&[74; 32], &device(180), 50).await.unwrap(), Enrolment::NoCode, "no such session");
    assert_eq!(store.enrol_visitor(&[71; 32], &device(181), 50).await.unwrap(), Enrolment::Done);
    assert_eq!(store.enrol_visitor(&[71; 32], &device(182), 50).await.unwrap(), Enrolment::NoCode, "used up");
    assert_eq!(store.enrol_visitor(&[72; 32], &device(181), 50).await.unwrap(), Enrolment::DeviceTaken);
    let row = tablet(store, [181; 32]).await.unwrap();
    assert_eq!((row.role.as_str(), row.organisation, row.pass_ends_at), ("visitor", id(NUMBER).to_string(), Some(500)));
    assert_eq!((row.person.as_str(), row.scopes), ("le-1", device(181).scopes));
    assert_eq!(standing(store).await, (1, 1, present(&heads(1)), FeedState::Present));

    // a push judged before the pass was used would miss the scope
    let missing = write(NUMBER, Some(1), 2);
    assert_eq!(
        store.commit_pushes("11", &[push(vec![missing])]).await.unwrap(),
        PushOutcome::Outdated(vec![id(NUMBER)])
    );
    let mut second = write(NUMBER, Some(2), 2);
    let own = ScopeId::session(id(NUMBER)).to_string();
    second.places_before.push(place(id(NUMBER), &own, FeedState::Present, &heads(1)));
    second.places.push(place(id(NUMBER), &own, FeedState::Present, &heads(2)));
    assert_eq!(store.commit_pushes("11", &[push(vec![second])]).await.unwrap(), PushOutcome::Committed);
    assert_eq!(standing(store).await, (2, 1, present(&heads(2)), FeedState::Present));

    assert_eq!(store.enrol_visitor(&[72; 32], &device(182), 50).await.unwrap(), Enrolment::Done);
    assert_eq!(standing(store).await.0, 2, "it is there already");
    assert_eq!(store.list_ended_passes(499).await.unwrap(), []);
    let mut ended = store.list_ended_passes(500).await.unwrap();
    ended.sort_by_key(|one| one.device);
    assert_eq!(ended, [pass(181), pass(182)]);
    assert!(store.end_pass(&pass(181), Some("pe-1"), 60).await.unwrap());
    assert!(!store.end_pass(&pass(181), Some("pe-1"), 61).await.unwrap(), "once");
    let row = tablet(store, [181; 32]).await.unwrap();
    assert_eq!((row.revoked_at, row.scopes), (Some(60), Vec::new()));
    let home = store.home_of("11", pass(181).device).await.unwrap();
    assert_eq!(home, Some(scope(crate::rows::HONJO)), "what it began is at home with its session");
    assert_eq!(store.home_of("14", pass(181).device).await.unwrap(), None);
    assert_eq!(standing(store).await.3, FeedState::Present, "the other still holds it");
    assert!(store.end_pass(&pass(182), None, 70).await.unwrap());
    assert_eq!(standing(store).await, (3, 0, Digest::ZERO, FeedState::Left));
    assert_eq!(tablet(store, [182; 32]).await.unwrap().revoked_at, None, "its time was over");
    assert_eq!(store.list_ended_passes(500).await.unwrap(), []);
    assert_eq!(store.enrol_visitor(&[73; 32], &device(183), 50).await.unwrap(), Enrolment::Done);
    assert_eq!(standing(store).await, (4, 1, present(&heads(2)), FeedState::Present), "and comes back");
    let silent = store.list_silent("11", &tsudoi_server::store::office::Within::Tenant, u64::MAX >> 1).await.unwrap();
    assert!(silent.iter().all(|one| one.name != "一日券"), "a pass is not a tablet that has fallen silent");
    let states = store.list_tablets("11").await.unwrap();
    let shown = states.iter().find(|one| one.device == pass(183).device).unwrap();
    assert_eq!((shown.pass_ends_at, shown.person_name.as_str()), (Some(500), "富沢医師"));
    assert_eq!(scopes(store, &[scope("session:x")]).await, []);
    assert!(!store.list_due_tablets("11", 500).await.unwrap().contains(&pass(183).device));
    assert!(
        store.list_due_tablets("11", 501).await.unwrap().contains(&pass(183).device),
        "it need not be ended by hand"
    );
    store.forget_tablets("11", &[pass(183).device]).await.unwrap();
    assert!(!store.list_due_tablets("11", 501).await.unwrap().contains(&pass(183).device));
}
