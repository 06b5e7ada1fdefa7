//! What people decide: held work is let in or declined, records are destroyed.

use axum::http::StatusCode;
use serde_json::{Value, json};
use sync_core::document::{Document, Heads};
use sync_core::domain::view;
use sync_core::domain::vocabulary::StepState;
use sync_core::ids::ChangeHash;
use sync_core::wire::{Outcome, SyncRequest};
use tsudoi_server::config::Config;
use tsudoi_server::service::access::Role;

use crate::support::{Device, HONJO, KAMISATO, Server, document_id, outcomes, raw_push, server, server_with};

const BAND: &str = "attendance.band.75-84";

async fn decide(server: &Server, cookie: &str, device: &Device, decision: &str, reason: &str) -> (StatusCode, Value) {
    let body = json!({
        "document": document_id(9).to_string(), "device": device.device.to_string(),
        "decision": decision, "reason": reason,
    });
    let answer = server.post("/v1/custody/decisions", Some(("cookie", cookie)), &body).await;
    (answer.status, answer.json())
}

/// A record of Honjo, and a tablet of Kamisato whose work on it is held. Returns the names of the held changes.
async fn held(server: &Server) -> (Device, Device, Vec<ChangeHash>) {
    let (mut honjo, mut kamisato) = (server.device(1, HONJO).await, server.device(2, KAMISATO).await);
    let id = document_id(9);
    let changes =
        vec![honjo.set(id, "municipality", "112119"), honjo.set(id, "venue", "公民館"), honjo.count(id, BAND, 5)];
    let push = honjo.push(id, changes);
    server.sync(&honjo, &honjo.request(vec![push])).await;
    let mut copy = honjo.documents[&id].clone();
    kamisato.document(id).merge(&mut copy).unwrap();
    let changes = vec![
        kamisato.set(id, "venue", "保健センター"),
        kamisato.count(id, BAND, 7),
        kamisato.edit(id, |document, _| {
            document.splice_text(sync_core::document::TextName::Issue, 0, 0, "椅子が足りない").unwrap()
        }),
        kamisato.step(id, StepState::Held),
    ];
    let hashes = changes.iter().map(|bytes| sync_core::document::hash_of(bytes)).collect();
    let push = kamisato.push(id, changes);
    let response = server.sync(&kamisato, &kamisato.request(vec![push])).await;
    assert_eq!(outcomes(&response, id), [(Outcome::Custody, 4, "not_in_scope".to_owned())]);
    (honjo, kamisato, hashes)
}

#[tokio::test]
async fn held_work_is_shown_in_words_let_in_by_a_named_person_and_merges() {
    let server = server().await;
    let (honjo, kamisato, hashes) = held(&server).await;
    let officer = server.signed_in(Role::Municipal, "112119").await;
    let path = format!("/v1/custody/{}/{}", document_id(9), kamisato.device);
    let shown = server.read(&officer, &path).await;
    assert_eq!((&shown["fits"], &shown["may_decide"], &shown["stored"]), (&json!(true), &json!(true), &json!(true)));
    assert_eq!(shown["cut"], false);
    assert_eq!(shown["waiting"].as_array().unwrap().len(), 4);
    assert_eq!(shown["authors"].as_array().unwrap().len(), 4);
    assert_eq!(shown["authors"][0]["device"]["name"], "端末2");
    let effects: Vec<_> = shown["effects"].as_array().unwrap().iter().collect();
    let effect = |kind: &str| effects.iter().find(|effect| effect["kind"] == kind).unwrap();
    assert_eq!((&effect("field")["before"], &effect("field")["after"]), (&json!("公民館"), &json!("保健センター")));
    assert_eq!((&effect("count")["name"], &effect("count")["by"]), (&json!(BAND), &json!(7)));
    assert_eq!((&effect("text")["name"], &effect("text")["after"]), (&json!("issue"), &json!("椅子が足りない")));
    assert_eq!(effect("step")["name"], "held");

    let (status, answer) = decide(&server, &officer, &kamisato, "admitted", " ").await;
    assert_eq!((status, &answer["code"]), (StatusCode::BAD_REQUEST, &json!("invalid_request")), "a reason is needed");
    let (status, answer) = decide(&server, &officer, &kamisato, "admitted", "応援で入力してもらいました").await;
    assert_eq!((status, &answer["changes"]), (StatusCode::OK, &json!(4)));
    let (status, answer) = decide(&server, &officer, &kamisato, "declined", "やり直し").await;
    assert_eq!((status, &answer["code"]), (StatusCode::CONFLICT, &json!("already_decided")), "once");

    let pulled = server.pull_all(&honjo).await;
    let record = view(&Document::load(&pulled.documents[0].snapshot).unwrap());
    assert_eq!((record.attendance, record.text("venue")), (Some(12), Some("保健センター")));
    server.assert_sound().await;

    // the tablet is told by name, and only of its own
    let ask = SyncRequest { held: hashes.clone(), ..kamisato.request(Vec::new()) };
    let decisions = server.sync(&kamisato, &ask).await.decisions;
    assert_eq!(decisions.len(), 4);
    let first = &decisions[0];
    assert!(first.admitted && hashes.contains(&first.hash));
    assert_eq!((first.by.as_str(), first.reason.as_str()), ("municipal 112119", "応援で入力してもらいました"));
    let foreign = SyncRequest { held: hashes, ..honjo.request(Vec::new()) };
    assert!(server.sync(&honjo, &foreign).await.decisions.is_empty());
    let shown = server.read(&officer, &path).await;
    assert_eq!(shown["decisions"][0]["decision"], "admitted");
    assert_eq!(shown["decisions"][0]["by"]["name"], "municipal 112119");
}

#[tokio::test]
async fn held_work_that_takes_too_long_to_try_is_shown_as_written_and_decided_on() {
    let server = server_with(Config { preview_budget_ms: 0, ..Config::default() }).await;
    let (_, kamisato, _) = held(&server).await;
    let officer = server.signed_in(Role::Municipal, "112119").await;
    let path = format!("/v1/custody/{}/{}", document_id(9), kamisato.device);
    let shown = server.read(&officer, &path).await;
    assert_eq!((&shown["cut"], &shown["fits"], &shown["may_decide"]), (&json!(true), &json!(false), &json!(true)));
    let kinds: Vec<_> = shown["effects"].as_array().unwrap().iter().map(|effect| effect["kind"].clone()).collect();
    assert_eq!(kinds, ["field", "step", "count", "text"]);
    assert_eq!((&shown["effects"][0]["before"], &shown["effects"][0]["after"]), (&json!(null), &json!("保健センター")));
    let (status, answer) = decide(&server, &officer, &kamisato, "admitted", "応援で入力してもらいました").await;
    assert_eq!((status, &answer["changes"]), (StatusCode::OK, &json!(4)));
    server.assert_sound().await;
}

#[tokio::test]
async fn held_work_with_very_many_effects_is_shown_in_part() {
    let server = server().await;
    let (_, mut kamisato, _) = held(&server).await;
    let id = document_id(9);
    let changes = (0..3).map(|part| {
        kamisato.edit(id, |document, _| {
            (0..200).for_each(|number| document.link(&format!("lecturer/le-{part}-{number}")).unwrap());
        })
    });
    let changes = changes.collect();
    let push = kamisato.push(id, changes);
    server.sync(&kamisato, &kamisato.request(vec![push])).await;
    let officer = server.signed_in(Role::Municipal, "112119").await;
    let shown = server.read(&officer, &format!("/v1/custody/{id}/{}", kamisato.device)).await;
    assert_eq!((&shown["cut"], &shown["fits"]), (&json!(true), &json!(true)));
    assert_eq!((shown["effects"].as_array().unwrap().len(), shown["waiting"].as_array().unwrap().len()), (500, 7));
}

#[tokio::test]
async fn a_matter_of_many_bytes_is_shown_and_decided_on_in_parts() {
    let server = server().await;
    let (_, kamisato, _) = held(&server).await;
    let foreign = (0..300_u16).map(|number| [vec![0; 16_000], number.to_be_bytes().to_vec()].concat()).collect();
    let push = raw_push(document_id(9), Heads::default(), foreign);
    server.sync(&kamisato, &kamisato.request(vec![push])).await;
    let officer = server.signed_in(Role::Municipal, "112119").await;
    let address = format!("/v1/custody/{}/{}", document_id(9), kamisato.device);
    let mut waited = Vec::new();
    for _ in 0..2 {
        let shown = server.read(&officer, &address).await;
        assert_eq!(shown["cut"], true, "there is more");
        waited.push(shown["waiting"].as_array().unwrap().len());
        let (status, answer) = decide(&server, &officer, &kamisato, "declined", "読み取れません").await;
        assert_eq!(status, StatusCode::OK, "{answer}");
    }
    assert!(waited[0] < 304 && waited[0] + waited[1] == 304, "{waited:?}");
    assert_eq!(server.read(&officer, &address).await["may_decide"], false);
}

#[tokio::test]
async fn declined_work_changes_nothing_and_stays_readable() {
    let server = server().await;
    let (honjo, kamisato, hashes) = held(&server).await;
    let prefectural = server.signed_in(Role::Prefectural, "11").await;
    let (status, _) = decide(&server, &prefectural, &kamisato, "declined", "担当が違います").await;
    assert_eq!(status, StatusCode::OK);
    let pulled = server.pull_all(&honjo).await;
    let record = view(&Document::load(&pulled.documents[0].snapshot).unwrap());
    assert_eq!((record.attendance, record.text("venue")), (Some(5), Some("公民館")));
    let ask = SyncRequest { held: hashes, ..kamisato.request(Vec::new()) };
    let decisions = server.sync(&kamisato, &ask).await.decisions;
    assert!(decisions.len() == 4 && decisions.iter().all(|decision| !decision.admitted));
    let shown = server.read(&prefectural, &format!("/v1/custody/{}/{}", document_id(9), kamisato.device)).await;
    assert_eq!((&shown["decisions"][0]["reason"], &shown["may_decide"]), (&json!("担当が違います"), &json!(false)));
    assert!(!shown["effects"].as_array().unwrap().is_empty());
    assert_eq!(server.custody_count().await, 4);
}

#[tokio::test]
async fn only_those_who_answer_for_the_record_decide() {
    let server = server().await;
    let (_, kamisato, _) = held(&server).await;
    for (role, organisation, status) in [
        (Role::Staff, "112119", StatusCode::FORBIDDEN),
        (Role::Municipal, "113859", StatusCode::NOT_FOUND), // their tablet's organisation is Honjo's in these tests
        (Role::Municipal, "113816", StatusCode::NOT_FOUND),
        (Role::Coordinator, "as-x", StatusCode::NOT_FOUND),
        (Role::Lecturer, "as-x", StatusCode::FORBIDDEN),
    ] {
        let cookie = server.signed_in(role, organisation).await;
        let (found, _) = decide(&server, &cookie, &kamisato, "admitted", "理由").await;
        assert_eq!(found, status, "{role:?} of {organisation}");
    }
    assert_eq!(server.custody_count().await, 4);
}

/// A tablet of which one change is in the record, and another with the same number is held; that one's name.
async fn twin(server: &Server) -> (Device, ChangeHash) {
    let mut device = server.device(1, HONJO).await;
    let id = document_id(9);
    let first = device.count(id, BAND, 1);
    let mut fork = Device { device: device.device, authorization: String::new(), documents: Default::default() };
    let twin = fork.set(id, "venue", "公民館");
    let hash = sync_core::document::hash_of(&twin);
    let push = device.push(id, vec![first, twin]);
    server.sync(&device, &device.request(vec![push])).await;
    assert_eq!(server.custody_count().await, 1);
    (device, hash)
}

#[tokio::test]
async fn what_can_never_be_let_in_is_refused_with_what_to_do() {
    let server = server().await;
    let id = document_id(9);
    let (device, _) = twin(&server).await;
    let administrator = server.signed_in(Role::Administrator, "11").await;
    let shown = server.read(&administrator, &format!("/v1/custody/{id}/{}", device.device)).await;
    assert_eq!((&shown["fits"], &shown["codes"]), (&json!(false), &json!(["sequence"])));
    assert_eq!((&shown["effects"][0]["name"], &shown["effects"][0]["after"]), (&json!("venue"), &json!("公民館")));
    let (status, answer) = decide(&server, &administrator, &device, "admitted", "理由").await;
    assert_eq!((status, &answer["code"]), (StatusCode::CONFLICT, &json!("not_admissible")));
    assert!(answer["detail"].as_str().unwrap().contains("前の変更とつながりません"));
    assert_eq!(server.custody_count().await, 1);
    server.assert_sound().await;
}

#[tokio::test]
async fn edits_made_anew_take_their_first_form_out_of_custody() {
    let server = server().await;
    let id = document_id(9);
    let (mut device, hash) = twin(&server).await;
    let anew = device.set(id, "venue", "公民館");
    let mut push = device.push(id, vec![anew]);
    push.replaces = vec![hash];
    let response = server.sync(&device, &device.request(vec![push])).await;
    assert_eq!(outcomes(&response, id), [(Outcome::Stored, 1, String::new())]);
    assert_eq!(server.custody_count().await, 0, "it could be let in a second time");
}

async fn destroy(server: &Server, cookie: &str, reason: &str) -> StatusCode {
    let path = format!("/v1/records/{}", document_id(9));
    server.delete(&path, Some(("cookie", cookie)), &json!({ "reason": reason })).await.status
}

#[tokio::test]
async fn a_destroyed_record_is_gone_for_everyone_and_for_good() {
    let server = server().await;
    let mut device = server.device(1, HONJO).await;
    let id = document_id(9);
    let changes = vec![
        device.set(id, "municipality", "112119"),
        device.set(id, "venue", "消えるべき会場の名"),
        device.count(id, BAND, 5),
        device.step(id, StepState::Held),
    ];
    let push = device.push(id, changes);
    server.sync(&device, &device.request(vec![push.clone()])).await;
    let before = server.pull_all(&device).await;
    let (officer, administrator) =
        (server.signed_in(Role::Prefectural, "11").await, server.signed_in(Role::Administrator, "11").await);
    assert_eq!(destroy(&server, &officer, "理由").await, StatusCode::FORBIDDEN);
    assert_eq!(destroy(&server, &administrator, "").await, StatusCode::BAD_REQUEST);
    assert_eq!(destroy(&server, &administrator, "本人の求め").await, StatusCode::NO_CONTENT);
    assert_eq!(destroy(&server, &administrator, "本人の求め").await, StatusCode::CONFLICT);

    let after = server.sync(&device, &device.request_from(&before)).await;
    assert_eq!(after.scopes[0].entries[0].state, sync_core::digest::FeedState::Purged);
    assert_eq!((after.scopes[0].count, after.scopes[0].digest), (0, sync_core::digest::Digest::ZERO));
    let more = device.count(id, BAND, 1);
    for changes in [push.changes.iter().map(|bytes| bytes.to_vec()).collect(), vec![more]] {
        let count = changes.len() as u64;
        let push = device.push(id, changes);
        let response = server.sync(&device, &device.request(vec![push])).await;
        assert_eq!(outcomes(&response, id), [(Outcome::Purged, count, String::new())]);
    }
    let gone = server.get(&format!("/v1/records/{id}"), Some(("cookie", &administrator))).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
    assert_eq!(server.app.cache.size().0, 0);
    let figures = server.app.store.list_rollups("11").await.unwrap();
    assert!(figures.is_empty(), "{figures:?}");
    server.assert_sound().await;
    server.app.store.close().await;
    for file in std::fs::read_dir(server.folder.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        let name = "消えるべき会場の名".as_bytes();
        assert!(!bytes.windows(name.len()).any(|window| window == name), "its bytes are still there");
    }
}

#[tokio::test]
async fn what_came_back_is_shown_to_those_who_run_the_server() {
    let server = server().await;
    let mut device = server.device(1, HONJO).await;
    let change = device.count(document_id(9), BAND, 3);
    let mut push = device.push(document_id(9), vec![change]);
    push.again = true;
    server.sync(&device, &device.request(vec![push])).await;
    let prefectural = server.signed_in(Role::Prefectural, "11").await;
    let page = server.read(&prefectural, "/v1/healing").await;
    assert_eq!((&page["changes"], &page["entries"][0]["device"]["name"]), (&json!(1), &json!("端末1")));
    let own = server.signed_in(Role::Municipal, "112119").await;
    assert_eq!(server.get("/v1/healing", Some(("cookie", &own))).await.status, StatusCode::NOT_FOUND);
}

/// A tablet pushes what begins a record that names no place, and a person lets it in; held with this code.
async fn let_in_from(server: &Server, tablet: &mut Device) -> String {
    let id = document_id(9);
    let change = tablet.set(id, "venue", "公民館");
    let push = tablet.push(id, vec![change]);
    let response = server.sync(tablet, &tablet.request(vec![push])).await;
    let outcomes = outcomes(&response, id);
    assert!(matches!(outcomes[..], [(Outcome::Custody, 1, _)]), "{outcomes:?}");
    let officer = server.signed_in(Role::Prefectural, "11").await;
    let (status, answer) = decide(server, &officer, tablet, "admitted", "端末は返却済み").await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    outcomes[0].2.clone()
}

#[tokio::test]
async fn a_record_begun_on_a_revoked_tablet_is_at_home_where_the_tablet_was() {
    let server = server().await;
    let (mut lost, mut other) = (server.device(1, HONJO).await, server.device(2, HONJO).await);
    assert!(server.app.store.revoke_device("11", lost.device, "pe-x", 1).await.unwrap());
    assert_eq!(let_in_from(&server, &mut lost).await, "tablet_ended");
    let pulled = server.pull_all(&other).await;
    assert_eq!(pulled.documents.len(), 1, "the tablets of its organisation have it");
    let id = document_id(9);
    let mut copy = Document::load(&pulled.documents[0].snapshot).unwrap();
    other.document(id).merge(&mut copy).unwrap();
    let change = other.count(id, BAND, 3);
    let push = other.push(id, vec![change]);
    let response = server.sync(&other, &other.request(vec![push])).await;
    assert_eq!(outcomes(&response, id), [(Outcome::Stored, 1, String::new())], "and go on with it");
    server.assert_sound().await;
}
