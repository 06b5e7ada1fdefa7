//! Keeping and destroying: nothing by itself, exactly what was confirmed, with proof; and every figure stays as it is.

use axum::http::StatusCode;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sync_core::document::TextName;
use sync_core::domain::vocabulary::StepState;
use sync_core::wire::{Outcome, SyncRequest};
use tsudoi_server::service::access::{Caller, Role};
use tsudoi_server::service::journal::{ChainFault, verify};
use tsudoi_server::service::retention::{Subject, destruction, page, set};
use tsudoi_server::service::verify as figures;

use crate::support::{HONJO, KAMISATO, Server, document_id, outcomes, server};

const YEAR_MS: u64 = 366 * 86_400_000;
/// What must be nowhere afterwards.
const SECRETS: [&str; 6] =
    ["田中宅の集まり", "ひみつの会場", "佐藤さんの話", "鈴木さん宅", "ひみつのDVD", "高橋さんの困りごと"];

fn subject<'a>(page: &'a Value, name: &str) -> &'a Value {
    page["subjects"].as_array().unwrap().iter().find(|one| one["subject"] == name).unwrap()
}

/// Every figure of the dashboards of that year, without the time and the texts of lists.
async fn dashboards(server: &Server, cookie: &str) -> Vec<Value> {
    let mut all = Vec::new();
    for path in ["/v1/dashboard/prefecture?fiscal_year=2018", "/v1/dashboard/municipality/112119?fiscal_year=2018"] {
        let mut page = server.read(cookie, path).await;
        fn strip(value: &mut Value) {
            match value {
                Value::Object(object) => {
                    // a link to the records of an occasion names it
                    object.retain(|name, value| name != "records" || !value.is_string());
                    // nor is there anything left to look into in a record that is no more
                    for name in ["as_of", "title", "venue", "occasion", "destroyed", "silent_tablets", "dates_doubtful"]
                    {
                        object.remove(name);
                    }
                    object.values_mut().for_each(strip);
                }
                Value::Array(list) => list.iter_mut().for_each(strip),
                _ => {}
            }
        }
        strip(&mut page);
        all.push(page);
    }
    all
}

/// Every byte of the database's files.
async fn files(server: &Server) -> Vec<u8> {
    server.app.journal.flush().await;
    let mut bytes = Vec::new();
    for entry in std::fs::read_dir(server.folder.path()).unwrap() {
        bytes.extend(std::fs::read(entry.unwrap().path()).unwrap());
    }
    bytes
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[tokio::test]
async fn records_are_destroyed_when_their_time_is_over_and_confirmed_and_no_figure_changes() {
    let server = server().await;
    let mut tablet = server.device(1, HONJO).await;
    let (old, recent) = (document_id(1), document_id(2));
    for (id, date) in [(old, "2018-05-01"), (recent, "2026-05-01")] {
        let own = |text: &str| if id == old { text.to_owned() } else { "公民館".to_owned() };
        let mut changes = Vec::new();
        for (field, value) in [
            ("municipality", "112119".to_owned()),
            ("date", date.to_owned()),
            ("activity", "screening".to_owned()),
            ("title", own(SECRETS[0])),
            ("venue", own(SECRETS[1])),
            ("occasion", own(SECRETS[3])),
            ("medium", own(SECRETS[4])),
        ] {
            changes.push(tablet.set(id, field, &value));
        }
        changes.push(tablet.count(id, "attendance.band.75-84", 12));
        changes.push(tablet.count(id, "screening.viewers", 9));
        changes.push(
            tablet.edit(id, |document, _| document.splice_text(TextName::Outcome, 0, 0, &own(SECRETS[2])).unwrap()),
        );
        changes.push(
            tablet.edit(id, |document, _| document.splice_text(TextName::Issue, 0, 0, &own(SECRETS[5])).unwrap()),
        );
        changes.push(tablet.step(id, StepState::Held));
        let push = tablet.push(id, changes);
        server.sync(&tablet, &tablet.request(vec![push])).await;
    }
    let cookie = server.signed_in(Role::Administrator, "11").await;
    let before = dashboards(&server, &cookie).await;
    let files_before = files(&server).await;
    assert!(SECRETS.iter().all(|secret| holds(&files_before, secret)), "they were there");

    let shown = server.read(&cookie, "/v1/retention").await;
    assert!(shown["subjects"].as_array().unwrap().iter().all(|one| one["years"].is_null() && one["due"] == 0));
    let begin = "/v1/retention/records/destructions";
    let word = |list: &Value| json!({ "list": list, "reason": "文書管理規程による" });
    let none = server.post(begin, Some(("cookie", &cookie)), &word(&json!("x"))).await;
    assert_eq!(none.code(), "nothing_due", "what nobody set a time for is kept");
    for years in [json!(0), json!(101), json!(-1)] {
        let answer = server.put("/v1/retention/records", Some(("cookie", &cookie)), &json!({ "years": years })).await;
        assert_eq!(answer.code(), "invalid_request");
    }
    assert_eq!(
        server.put("/v1/retention/names", Some(("cookie", &cookie)), &json!({ "years": 5 })).await.code(),
        "not_found"
    );
    let answer = server.put("/v1/retention/records", Some(("cookie", &cookie)), &json!({ "years": 5 })).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    let shown = server.read(&cookie, "/v1/retention").await;
    let records = subject(&shown, "records");
    assert_eq!((&records["due"], &records["up_to"]), (&json!(1), &json!(2020)));
    assert_eq!(records["by_year"], json!([{ "fiscal_year": 2018, "count": 1 }]));
    assert!(!server.app.store.load_documents("11", &[old]).await.unwrap().is_empty(), "setting destroys nothing");

    let officer = server.signed_in(Role::Prefectural, "11").await;
    assert_eq!(server.get("/v1/retention", Some(("cookie", &officer))).await.code(), "forbidden");
    assert_eq!(server.post(begin, Some(("cookie", &officer)), &word(&records["list"])).await.code(), "forbidden");
    assert_eq!(server.post(begin, Some(("cookie", &cookie)), &word(&json!("00"))).await.code(), "list_changed");
    let unsaid = json!({ "list": records["list"], "reason": " " });
    assert_eq!(server.post(begin, Some(("cookie", &cookie)), &unsaid).await.code(), "invalid_request");
    server.clock.forward(6 * 60_000);
    assert_eq!(server.post(begin, Some(("cookie", &cookie)), &word(&records["list"])).await.code(), "proof_needed");
    let cookie = server.signed_in(Role::Administrator, "11").await;
    let begun = server.post(begin, Some(("cookie", &cookie)), &word(&records["list"])).await;
    assert_eq!(begun.status, StatusCode::OK);
    destruction::carry_on(&server.app).await.unwrap();

    let after = files(&server).await;
    for secret in SECRETS {
        assert!(!holds(&after, secret), "{secret} is still in the files");
    }
    assert!(holds(&after, "公民館"), "what is not due stays");
    assert_eq!(dashboards(&server, &cookie).await, before, "every figure stays as it was");
    server.assert_sound().await;
    figures::rebuild(&server.app, "11").await.unwrap();
    assert_eq!(dashboards(&server, &cookie).await, before, "also when figures are made anew");
    server.assert_sound().await;
    let list = server.read(&cookie, "/v1/records?fiscal_year=2018").await;
    let line = &list["records"][0];
    assert_eq!((&line["destroyed"], &line["title"], &line["attendance"]), (&json!(true), &Value::Null, &json!(12)));
    let answer = server.get(&format!("/v1/records/{old}"), Some(("cookie", &cookie))).await;
    assert_eq!(answer.code(), "not_found");

    // a tablet that still has it hears that it is gone, and brings nothing back
    let pulled = server.pull_all(&tablet).await;
    assert!(pulled.scopes[0].entries.iter().any(|entry| entry.document == old), "its tablets are told");
    let late = tablet.set(old, "venue", "あとから");
    let push = tablet.push(old, vec![late]);
    let answer = server.sync(&tablet, &SyncRequest { pushes: vec![push], ..tablet.request(Vec::new()) }).await;
    assert_eq!(outcomes(&answer, old)[0].0, Outcome::Purged);
    assert!(!holds(&files(&server).await, SECRETS[0]));

    let shown = server.read(&cookie, "/v1/retention").await;
    let done = &shown["destructions"][0];
    assert_eq!((&done["count"], subject(&shown, "records")["due"].as_u64()), (&json!(1), Some(0)));
    let path = format!("/v1/retention/destructions/{}", done["destruction"].as_str().unwrap());
    let certificate = server.get(&path, Some(("cookie", &cookie))).await;
    let text = String::from_utf8(certificate.body).unwrap();
    let (facts, list) = text.split_once("【一覧】\n").unwrap();
    let hash = hex::encode(Sha256::digest(list.as_bytes()));
    assert_eq!(list, format!("{old}\n"));
    assert!(facts.contains(&hash) && done["hash"] == hash, "whoever has the list can prove it: {text}");
    for word in ["令和2年度まで（保存期間5年）", "件数：1\n", "administrator", "文書管理規程による", "埼玉県（11）"]
    {
        assert!(facts.contains(word), "{word} in {facts}");
    }
    assert_eq!(server.get(&path, Some(("cookie", &officer))).await.code(), "forbidden");
    let journal = server.read(&cookie, "/v1/journal?action=set_retention").await;
    let said: Vec<&str> =
        journal["entries"].as_array().unwrap().iter().map(|one| one["detail"].as_str().unwrap()).collect();
    assert!(said.iter().any(|one| *one == format!("end records 1 {hash}")), "{said:?}");
    assert!(said.contains(&"set 5"));
}

#[tokio::test]
async fn what_is_not_a_record_falls_due_by_its_day_and_what_waits_for_a_person_does_not() {
    let server = server().await;
    let administrator = Caller::command_line("11");
    let (mut honjo, mut kamisato) = (server.device(1, HONJO).await, server.device(2, KAMISATO).await);
    for number in [7, 8] {
        let id = document_id(number);
        let changes = vec![honjo.set(id, "municipality", "112119"), honjo.set(id, "date", "2027-01-10")];
        let push = honjo.push(id, changes);
        server.sync(&honjo, &honjo.request(vec![push])).await;
        let mut copy = honjo.documents[&id].clone();
        kamisato.document(id).merge(&mut copy).unwrap();
        let change = kamisato.set(id, "venue", &format!("預かり{number}"));
        let push = kamisato.push(id, vec![change]);
        server.sync(&kamisato, &kamisato.request(vec![push])).await;
    }
    let cookie = server.signed_in(Role::Administrator, "11").await;
    let decision = json!({ "document": document_id(7).to_string(), "device": kamisato.device.to_string(),
        "decision": "declined", "reason": "不要" });
    assert_eq!(server.post("/v1/custody/decisions", Some(("cookie", &cookie)), &decision).await.status, StatusCode::OK);
    let revoke = format!("/v1/devices/{}/revocation", kamisato.device);
    assert_eq!(server.post(&revoke, Some(("cookie", &cookie)), &json!({})).await.status, StatusCode::NO_CONTENT);
    let leaving = server.signed_in(Role::Staff, "112119").await;
    let me = server.read(&leaving, "/v1/me").await["person"]["id"].as_str().unwrap().to_owned();
    let password = json!({ "name": "leaving.person", "password": "さくら ひかり でんしゃ" });
    assert_eq!(server.post("/v1/own/password", Some(("cookie", &leaving)), &password).await.status, StatusCode::OK);
    let disable = format!("/v1/people/{me}/disabled");
    let answer = server.post(&disable, Some(("cookie", &cookie)), &json!({ "disabled": true })).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    for subject in Subject::ALL {
        set(&server.app, &administrator, subject, Some(1)).await.unwrap();
    }
    let due = async |subject: Subject| {
        let page = page(&server.app, &administrator).await.unwrap();
        let one = page.subjects.into_iter().find(|one| one.subject == subject).unwrap();
        (one.due, one.list)
    };
    for subject in Subject::ALL {
        assert_eq!(due(subject).await.0, 0, "{subject:?} of this year");
    }
    server.clock.forward(YEAR_MS);
    assert_eq!(due(Subject::Tablets).await.0, 0, "the year after it is kept whole");
    server.clock.forward(YEAR_MS);
    let rows = server.app.store.journal_head("11").await.unwrap().seq;
    for (subject, count) in [(Subject::Custody, 1), (Subject::Tablets, 1), (Subject::SignIns, 1), (Subject::Records, 1)]
    {
        assert_eq!(due(subject).await.0, count, "{subject:?}");
    }
    let (entries, _) = due(Subject::Journal).await;
    assert!(entries > 5 && entries <= rows, "{entries} of {rows}");
    for subject in [Subject::Custody, Subject::Tablets, Subject::SignIns, Subject::Journal] {
        let list = due(subject).await.1;
        let id = destruction::confirm(&server.app, &administrator, subject, &list, "期限").await.unwrap();
        let twice = destruction::confirm(&server.app, &administrator, subject, &list, "期限").await;
        assert!(twice.is_err(), "one of a subject at a time");
        let begun = server.app.store.lookup_destruction("11", &id).await.unwrap().unwrap();
        assert_eq!(begun.finished_at, None);
        // as after a crash between confirming and doing
        assert_eq!(destruction::carry_on(&server.app).await.unwrap(), 1);
        assert_eq!(destruction::carry_on(&server.app).await.unwrap(), 0);
        assert_eq!(due(subject).await.0, 0, "{subject:?}");
    }
    let bytes = files(&server).await;
    assert!(!holds(&bytes, "預かり7") && holds(&bytes, "預かり8"), "what waits for a person stays");
    assert!(!holds(&bytes, "端末2") && holds(&bytes, "端末1"));
    assert!(!holds(&bytes, "leaving.person") && !holds(&bytes, "$argon2id"));
    let device = server.app.store.registry("11").await.unwrap().unwrap().devices;
    assert_eq!(device.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [honjo.device]);
    let change = kamisato.set(document_id(8), "title", "あとから");
    let push = kamisato.push(document_id(8), vec![change]);
    let answer = server.sync(&kamisato, &kamisato.request(vec![push])).await;
    assert_eq!(outcomes(&answer, document_id(8))[0].0, Outcome::Custody, "its late work is taken in as before");

    let chain = verify(server.app.store.as_ref(), "11", None).await.unwrap();
    assert_eq!((chain.fault, chain.destroyed), (None, entries));
    let mut raw = server.raw().await;
    let first = i64::try_from(entries).unwrap() + 1;
    sqlx::query("DELETE FROM journal WHERE tenant = '11' AND seq = ?").bind(first).execute(&mut raw).await.unwrap();
    let chain = verify(server.app.store.as_ref(), "11", None).await.unwrap();
    assert_eq!(chain.fault, Some(ChainFault::Missing(1)), "nothing says that this one was destroyed");
    server.assert_sound().await;
}
