//! Day passes: good once, for one session and nothing else, until the day has ended; honest late work is not lost.

use axum::http::{StatusCode, header};
use serde_json::{Value, json};
use sync_core::digest::{Buckets, FeedState};
use sync_core::ids::{DeviceId, DocumentId, ScopeId};
use sync_core::wire::{AuditRequest, Outcome, PROTOCOL, SyncRequest, SyncResponse};
use tsudoi_server::service::access::{Action, Caller, Role};
use tsudoi_server::service::credential::Credential;
use tsudoi_server::service::registry::{NewLecturer, put_lecturer};
use tsudoi_server::service::secret::secret_hash;
use tsudoi_server::service::{day_pass, purge, verify};

use crate::support::{Answer, Device, HONJO, KAMISATO, Server, document_id, outcomes, server};

const BAND: &str = "attendance.band.75-84";
/// The day of the still clock in Japan, which shows 17:00; and how long that day still is.
const TODAY: &str = "2027-01-15";
const REST_OF_DAY_MS: u64 = 7 * 3_600_000;
const DAY_MS: u64 = 86_400_000;

/// A session of today in Honjo, another one there, and two lecturers of the bank.
struct Hall {
    server: Server,
    staff: Device,
    /// Of the municipality's officer.
    cookie: String,
    session: DocumentId,
    other: DocumentId,
    lecturer: String,
}

async fn lecturer(server: &Server, surname: &str, bank: bool) -> String {
    let new = NewLecturer {
        surname: surname.to_owned(),
        given_name: None,
        title: Some("医師".to_owned()),
        affiliation: None,
        association: None,
        bank,
        in_training: false,
        registered_in: None,
        left_in: None,
        reading: None,
    };
    put_lecturer(&server.app, &Caller::command_line("11"), new).await.unwrap()
}

impl Hall {
    async fn new() -> Self {
        let server = server().await;
        let mut staff = server.device(1, HONJO).await;
        let (session, other) = (document_id(10), document_id(11));
        for (document, title) in [(session, "この会"), (other, "ほかの会")] {
            let changes = vec![
                staff.set(document, "municipality", "112119"),
                staff.set(document, "date", TODAY),
                staff.set(document, "title", title),
            ];
            let push = staff.push(document, changes);
            server.sync(&staff, &staff.request(vec![push])).await;
        }
        let cookie = server.signed_in(Role::Municipal, "112119").await;
        lecturer(&server, "別府", true).await;
        let lecturer = lecturer(&server, "富沢", true).await;
        Self { server, staff, cookie, session, other, lecturer }
    }

    async fn ask(&self, cookie: &str, document: DocumentId, lecturer: &str) -> Answer {
        let body = json!({ "lecturer": lecturer, "address": "https://tsudoi.example/office" });
        self.server.post(&format!("/v1/records/{document}/pass"), Some(("cookie", cookie)), &body).await
    }

    async fn issue(&self) -> Value {
        let answer = self.ask(&self.cookie, self.session, &self.lecturer).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", String::from_utf8_lossy(&answer.body));
        answer.json()
    }

    async fn enrol(&self, code: &Value, number: u8) -> Answer {
        let device = DeviceId::from_bytes([number; 16]).to_string();
        let body = json!({ "code": code["code"], "device": device, "device_name": "一日券" });
        self.server.post("/v1/enrol", None, &body).await
    }

    /// A doctor's phone that has scanned a pass and holds what it got.
    async fn visitor(&self, number: u8) -> (Device, SyncResponse) {
        let code = self.issue().await;
        let answer = self.enrol(&code, number).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", String::from_utf8_lossy(&answer.body));
        let device = DeviceId::from_bytes([number; 16]);
        let authorization = format!("DPoP {}", answer.json()["token"].as_str().unwrap());
        let mut visitor = Device { device, authorization, documents: Default::default() };
        let got = self.server.pull_all(&visitor).await;
        for payload in &got.documents {
            let mut copy = sync_core::document::Document::load(&payload.snapshot).unwrap();
            visitor.document(payload.document).merge(&mut copy).unwrap();
        }
        (visitor, got)
    }

    async fn end(&self, cookie: &str, device: &Device) -> Answer {
        let path = format!("/v1/devices/{}/pass-end", device.device);
        self.server.post(&path, Some(("cookie", cookie)), &json!({})).await
    }

    async fn count(&self, visitor: &mut Device, document: DocumentId) -> SyncResponse {
        let change = visitor.count(document, BAND, 3);
        let push = visitor.push(document, vec![change]);
        self.server.sync(visitor, &visitor.request(vec![push])).await
    }

    async fn attendance(&self) -> Value {
        let path = format!("/v1/records/{}", self.session);
        // sign-ins end when the clock moves far
        let cookie = self.server.signed_in(Role::Municipal, "112119").await;
        self.server.get(&path, Some(("cookie", &cookie))).await.json()["attendance"].clone()
    }

    async fn stands_alone(&self) -> Option<FeedState> {
        let stored = self.server.app.store.load_documents("11", &[self.session]).await.unwrap().pop().unwrap();
        stored.places.iter().find(|place| place.scope == ScopeId::session(self.session)).map(|place| place.state)
    }
}

/// Of another record than the pass is for.
const FOREIGN: (Outcome, u64, &str) = (Outcome::Custody, 1, "not_in_scope");
/// From a pass that is over.
const ENDED: (Outcome, u64, &str) = (Outcome::Custody, 1, "pass_ended");

fn outcome(response: &SyncResponse, document: DocumentId) -> (Outcome, u64, String) {
    outcomes(response, document).pop().unwrap()
}

#[tokio::test]
async fn a_day_pass_is_good_once_within_ten_minutes_and_signs_nobody_in() {
    let hall = Hall::new().await;
    let code = hall.issue().await;
    assert_eq!(code["link"], format!("https://tsudoi.example/#pass={}", code["code"].as_str().unwrap()));
    assert_eq!(code["expires_at"].as_u64().unwrap(), hall.server.app.now().0 + 600_000);
    assert_eq!(code["ends_at"].as_u64().unwrap(), hall.server.app.now().0 + REST_OF_DAY_MS);
    let login = hall.server.post("/v1/login", None, &json!({ "code": code["code"] })).await;
    assert_eq!(login.code(), "code_unknown", "it signs nobody in");
    let body = json!({ "code": code["code"] });
    let colleague = hall.server.post("/v1/device/people", hall.staff.credential(), &body).await;
    assert_eq!(colleague.code(), "code_unknown", "it adds nobody to a tablet");
    let enrolled = hall.enrol(&code, 40).await.json();
    assert_eq!(enrolled["pass"], json!({ "document": hall.session.to_string(), "ends_at": code["ends_at"] }));
    assert_eq!(enrolled["scopes"], json!([format!("session:{}", hall.session)]));
    assert_eq!(enrolled["person"], json!({ "id": hall.lecturer, "name": "富沢医師" }));
    assert_eq!(hall.enrol(&code, 41).await.code(), "code_unknown", "used twice");
    let late = hall.issue().await;
    hall.server.clock.forward(600_000);
    assert_eq!(hall.enrol(&late, 41).await.code(), "code_unknown", "too late");
    let taken = hall.issue().await;
    assert_eq!(hall.enrol(&taken, 40).await.code(), "device_taken", "a pass makes a device of its own");
}

#[tokio::test]
async fn a_tablets_code_given_for_a_day_pass_is_refused_and_stays_good() {
    let hall = Hall::new().await;
    let device = DeviceId::from_bytes([40; 16]).to_string();
    let ask = |code: String, pass_only: bool| {
        let body = json!({ "code": code, "device": device, "device_name": "電話", "pass_only": pass_only });
        let server = &hall.server;
        async move { server.post("/v1/enrol", None, &body).await }
    };
    let code = hall.server.code(Role::Staff, "112119", HONJO, 1).await.shown();
    let refused = ask(code.clone(), true).await;
    assert_eq!((refused.status, refused.code().as_str()), (StatusCode::CONFLICT, "not_a_day_pass"));
    assert_eq!(ask("AAAA-AAAA".to_owned(), true).await.code(), "code_unknown");
    assert_eq!(ask(code, false).await.json()["pass"], Value::Null, "it was not used up");
    let device = DeviceId::from_bytes([41; 16]).to_string();
    let pass =
        json!({ "code": hall.issue().await["code"], "device": device, "device_name": "電話", "pass_only": true });
    let entered = hall.server.post("/v1/enrol", None, &pass).await.json();
    assert_eq!(entered["pass"]["document"], hall.session.to_string());
}

#[tokio::test]
async fn a_day_pass_reads_exactly_its_session() {
    let hall = Hall::new().await;
    let (visitor, got) = hall.visitor(40).await;
    let held: Vec<DocumentId> = got.documents.iter().map(|payload| payload.document).collect();
    assert_eq!(held, [hall.session]);
    assert_eq!(got.scopes.iter().map(|page| page.count).collect::<Vec<_>>(), [1]);
    let registry: Value = serde_json::from_slice(&got.registry.as_ref().unwrap().json).unwrap();
    let ids = |part: &str, id: &str| -> Vec<String> {
        registry[part].as_array().unwrap().iter().map(|one| one[id].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids("lecturers", "id"), [hall.lecturer.as_str()], "not the roster");
    assert_eq!(ids("municipalities", "code"), ["112119"]);
    assert!(registry.get("devices").is_none() && registry.get("people").is_none(), "names come with the record");
    let names = got.names.as_ref().unwrap();
    assert_eq!(names.devices.iter().map(|one| &one.id).collect::<Vec<_>>(), [&hall.staff.device.to_string()]);
    assert!(names.people.is_empty(), "the test's staff have no name in the registry");
    assert!(!ids("materials", "id").is_empty(), "what can be handed out");
    let version = got.registry.as_ref().unwrap().version;
    let again = SyncRequest { registry_version: version, ..visitor.request_from(&got) };
    assert_eq!(hall.server.sync(&visitor, &again).await.registry, None, "not sent twice");

    let ask = SyncRequest { wanted: vec![hall.other, document_id(99)], ..visitor.request_from(&got) };
    let answer = hall.server.sync(&visitor, &ask).await;
    assert!(answer.documents.is_empty() && answer.purged.is_empty() && answer.wanted.is_empty());
    purge::purge(&hall.server.app, &Caller::command_line("11"), hall.other, "x").await.unwrap();
    assert_eq!(hall.server.sync(&visitor, &ask).await.purged, [], "destroyed is as unknown");

    for scope in [HONJO.to_owned(), format!("session:{}", hall.other)] {
        let request = AuditRequest {
            protocol: PROTOCOL,
            scope: scope.parse().unwrap(),
            buckets: Buckets::of(std::iter::empty()),
            page_bytes: None,
            from: 0,
        };
        let request = axum::http::Request::post("/v1/audit")
            .header(header::AUTHORIZATION, &visitor.authorization)
            .header(header::CONTENT_TYPE, "application/cbor")
            .body(axum::body::Body::from(request.encode()));
        assert_eq!(hall.server.send(request.unwrap()).await.code(), "not_found", "{scope}");
    }
    let scopes = hall.server.get("/v1/scopes", visitor.credential()).await.json();
    assert_eq!(scopes.as_array().unwrap().len(), 1);
    for path in ["/v1/registry", "/v1/records", "/v1/records.csv", "/v1/devices", "/v1/custody", "/v1/closings"] {
        assert_eq!(hall.server.get(path, visitor.credential()).await.code(), "forbidden", "{path}");
    }
    let own = format!("/v1/records/{}", hall.session);
    assert_eq!(hall.server.get(&own, visitor.credential()).await.code(), "forbidden");
    let ticket = hall.server.post("/v1/follow/ticket", visitor.credential(), &json!({})).await;
    assert!(ticket.status.is_client_error());
    let token = visitor.authorization.strip_prefix("DPoP ").unwrap();
    let shown = Credential::Device(secret_hash(token));
    let app = &hall.server.app;
    assert!(shown.caller(app, Action::Hear).await.unwrap().is_some());
    assert!(shown.caller(app, Action::Follow).await.unwrap().is_none(), "nor without a ticket");
    hall.server.clock.forward(2 * 86_400_000);
    assert!(shown.caller(app, Action::Hear).await.unwrap().is_none(), "the pass is over");
}

#[tokio::test]
async fn a_day_pass_writes_exactly_its_session_under_the_lecturers_name() {
    let hall = Hall::new().await;
    let (mut visitor, _) = hall.visitor(40).await;
    let session = hall.session;
    assert_eq!(outcome(&hall.count(&mut visitor, session).await, session).0, Outcome::Stored);
    assert_eq!(hall.attendance().await, 3);
    let detail = hall.server.get(&format!("/v1/records/{session}"), Some(("cookie", &hall.cookie))).await.json();
    let device = &detail["tallies"][0]["by_device"][0]["device"];
    assert_eq!(device["name"], "一日券 富沢医師");
    // an existing record, one nobody has, and one that was destroyed: all alike
    purge::purge(&hall.server.app, &Caller::command_line("11"), document_id(98), "x").await.unwrap();
    for document in [hall.other, document_id(97), document_id(98)] {
        let response = hall.count(&mut visitor, document).await;
        let (what, count, code) = outcome(&response, document);
        assert_eq!((what, count, code.as_str()), FOREIGN, "{document}");
        assert!(response.documents.iter().all(|payload| payload.document == session));
    }
    let custody = hall.server.get("/v1/custody", Some(("cookie", &hall.cookie))).await.json();
    assert_eq!(custody["entries"].as_array().unwrap().len(), 1, "the record of Honjo: {custody}");
}

#[tokio::test]
async fn a_day_pass_ends_by_itself_and_late_work_is_taken_in_for_three_days() {
    let hall = Hall::new().await;
    let (mut visitor, _) = hall.visitor(40).await;
    hall.server.clock.forward(REST_OF_DAY_MS - 1);
    assert_eq!(hall.server.get("/v1/scopes", visitor.credential()).await.status, StatusCode::OK);
    hall.server.clock.forward(1);
    assert_eq!(hall.server.get("/v1/scopes", visitor.credential()).await.code(), "pass_over");
    let empty = hall.server.sync_bytes(&visitor, visitor.request(Vec::new()).encode(), None).await;
    assert_eq!((empty.status, empty.code().as_str()), (StatusCode::UNAUTHORIZED, "pass_over"));
    let session = hall.session;
    let late = hall.count(&mut visitor, session).await;
    assert_eq!(outcome(&late, session).0, Outcome::Stored, "from a hall without signal");
    assert!(late.scopes.is_empty() && late.documents.is_empty() && late.registry.is_none(), "and is told nothing");
    assert_eq!(hall.attendance().await, 3);
    let (what, count, code) = outcome(&hall.count(&mut visitor, hall.other).await, hall.other);
    assert_eq!((what, count, code.as_str()), FOREIGN);

    assert_eq!(day_pass::sweep(&hall.server.app).await.unwrap(), 0, "late work may still come");
    hall.server.clock.forward(3 * DAY_MS);
    let (what, count, code) = outcome(&hall.count(&mut visitor, session).await, session);
    assert_eq!((what, count, code.as_str()), ENDED, "now a person looks at it first");
    assert_eq!(hall.attendance().await, 3);
    let before = hall.server.pull_all(&hall.staff).await;
    assert_eq!(hall.stands_alone().await, Some(FeedState::Present));
    assert_eq!(day_pass::sweep(&hall.server.app).await.unwrap(), 1);
    assert_eq!(hall.stands_alone().await, Some(FeedState::Left));
    assert_eq!(day_pass::sweep(&hall.server.app).await.unwrap(), 0);
    let after = hall.server.pull_all(&hall.staff).await;
    assert_eq!(before.scopes, after.scopes, "the municipality's feed has nothing new");
    let findings = verify::verify(&hall.server.app, "11").await.unwrap();
    assert_eq!(findings.differences, Vec::<String>::new());
    verify::rebuild(&hall.server.app, "11").await.unwrap();
    assert_eq!(hall.stands_alone().await, Some(FeedState::Left));
}

#[tokio::test]
async fn a_pass_ended_by_the_office_lets_nothing_in_and_leaves_others_alone() {
    let hall = Hall::new().await;
    let (mut visitor, _) = hall.visitor(40).await;
    let (mut second, _) = hall.visitor(41).await;
    let page = hall.server.get("/v1/devices", Some(("cookie", &hall.cookie))).await.json();
    let shown = page["tablets"].as_array().unwrap().iter().find(|one| one["device"] == visitor.device.to_string());
    let shown = shown.unwrap();
    assert_eq!((&shown["pass"]["title"], &shown["pass"]["date"]), (&json!("この会"), &json!(TODAY)));
    assert_eq!((&shown["may_revoke"], &shown["role"]), (&json!(true), &json!("visitor")));
    let other = hall.server.signed_in(Role::Municipal, "113859").await;
    assert_eq!(hall.end(&other, &visitor).await.code(), "not_found", "of another municipality");
    assert_eq!(hall.end(&hall.cookie, &hall.staff).await.code(), "not_found", "not a pass");
    let plain = format!("/v1/devices/{}/revocation", visitor.device);
    assert_eq!(hall.server.post(&plain, Some(("cookie", &hall.cookie)), &json!({})).await.code(), "not_possible");
    assert_eq!(hall.end(&hall.cookie, &visitor).await.status, StatusCode::NO_CONTENT);
    assert_eq!(hall.end(&hall.cookie, &visitor).await.code(), "not_possible", "twice");
    assert_eq!(hall.server.get("/v1/scopes", visitor.credential()).await.code(), "pass_over");
    let (what, count, code) = outcome(&hall.count(&mut visitor, hall.session).await, hall.session);
    assert_eq!((what, count, code.as_str()), ENDED, "a person looks at it first");
    assert_eq!(outcome(&hall.count(&mut second, hall.session).await, hall.session).0, Outcome::Stored);
    assert_eq!(hall.stands_alone().await, Some(FeedState::Present), "the other lecturer still holds it");
    assert_eq!(hall.end(&hall.cookie, &second).await.status, StatusCode::NO_CONTENT);
    assert_eq!(hall.stands_alone().await, Some(FeedState::Left));
    let (third, got) = hall.visitor(42).await;
    assert_eq!((got.documents.len(), hall.stands_alone().await), (1, Some(FeedState::Present)), "{}", third.device);
    assert_eq!(verify::verify(&hall.server.app, "11").await.unwrap().differences, Vec::<String>::new());
}

#[tokio::test]
async fn a_day_pass_is_given_by_those_the_session_belongs_to_from_the_day_before() {
    let mut hall = Hall::new().await;
    let other = hall.server.signed_in(Role::Municipal, "113859").await;
    assert_eq!(hall.ask(&other, hall.session, &hall.lecturer).await.code(), "not_found");
    assert_eq!(hall.ask(&hall.cookie, document_id(99), &hall.lecturer).await.code(), "not_found");
    let prefectural = hall.server.signed_in(Role::Prefectural, "11").await;
    assert_eq!(hall.ask(&prefectural, hall.session, &hall.lecturer).await.code(), "forbidden");
    let staff = hall.server.signed_in(Role::Staff, "112119").await;
    assert_eq!(hall.ask(&staff, hall.session, &hall.lecturer).await.status, StatusCode::OK);
    assert_eq!(hall.ask(&hall.cookie, hall.session, "le-9999999999").await.code(), "unknown_reference");
    let guest = lecturer(&hall.server, "客員", false).await;
    assert_eq!(hall.ask(&hall.cookie, hall.session, &guest).await.code(), "unknown_reference", "not of the bank");
    let session = hall.session;
    let changes = vec![
        hall.staff.edit(session, |document, _| document.link(&format!("lecturer/{guest}")).unwrap()),
        hall.staff.set(session, "date", "2027-01-16"),
    ];
    let push = hall.staff.push(session, changes);
    hall.server.sync(&hall.staff, &hall.staff.request(vec![push])).await;
    let tomorrow = hall.ask(&hall.cookie, session, &guest).await;
    assert_eq!(tomorrow.status, StatusCode::OK, "a lecturer of the session, and the day before");
    assert_eq!(tomorrow.json()["ends_at"].as_u64().unwrap(), hall.server.app.now().0 + REST_OF_DAY_MS + DAY_MS);
    let change = hall.staff.set(session, "date", "2027-01-17");
    let push = hall.staff.push(session, vec![change]);
    hall.server.sync(&hall.staff, &hall.staff.request(vec![push])).await;
    assert_eq!(hall.ask(&hall.cookie, session, &guest).await.code(), "pass_too_early");
}

#[tokio::test]
async fn the_office_keeps_seeing_what_became_of_a_pass() {
    let hall = Hall::new().await;
    let (mut visitor, _) = hall.visitor(40).await;
    hall.count(&mut visitor, hall.session).await;
    hall.server.clock.forward(REST_OF_DAY_MS);
    hall.count(&mut visitor, hall.session).await;
    let cookie = hall.server.signed_in(Role::Municipal, "112119").await;
    assert_eq!(hall.end(&cookie, &visitor).await.status, StatusCode::NO_CONTENT);
    let administrator = hall.server.signed_in(Role::Administrator, "11").await;
    let journal = hall.server.get("/v1/journal", Some(("cookie", &administrator))).await.json();
    let noted = |action: &str, target: &str, detail: &str| {
        let entries = journal["entries"].as_array().unwrap();
        let is = |one: &&Value| one["action"]["id"] == action && one["target"] == target;
        entries.iter().filter(is).any(|one| one["detail"].as_str().unwrap().contains(detail))
    };
    let (session, device) = (hall.session.to_string(), visitor.device.to_string());
    assert!(noted("issue_day_pass", &session, &hall.lecturer), "{journal}");
    assert!(noted("enrol", &device, &session), "{journal}");
    assert!(noted("sync", &device, &format!("session:{session}")), "{journal}");
    assert!(noted("sync", &device, "late"), "{journal}");
    assert!(noted("issue_day_pass", &device, "ended"), "{journal}");
    let named = journal["entries"].as_array().unwrap().iter().any(|one| one["person"]["name"] == "富沢医師");
    assert!(named, "under the lecturer's name");
    hall.server.clock.forward(31 * DAY_MS);
    let cookie = hall.server.signed_in(Role::Municipal, "112119").await;
    let page = hall.server.get("/v1/devices", Some(("cookie", &cookie))).await.json();
    assert!(
        !page["tablets"].as_array().unwrap().iter().any(|one| one["device"] == device),
        "old passes are not listed"
    );
    let silent = hall.server.get("/v1/dashboard/municipality/112119", Some(("cookie", &cookie))).await.json();
    let silent = silent["silent_tablets"].as_array().unwrap().clone();
    assert!(silent.iter().all(|one| one["device"] != device), "a pass is not a silent tablet: {silent:?}");
    assert!(!silent.is_empty());
}

#[tokio::test]
async fn a_session_that_moves_on_is_still_held_and_a_destroyed_one_is_not() {
    let mut hall = Hall::new().await;
    let (visitor, got) = hall.visitor(40).await;
    let change = hall.staff.set(hall.session, "municipality", "113859");
    let push = hall.staff.push(hall.session, vec![change]);
    hall.server.sync(&hall.staff, &hall.staff.request(vec![push])).await;
    let news = hall.server.sync(&visitor, &visitor.request_from(&got)).await;
    assert_eq!(news.documents.len(), 1, "what others record comes too");
    let kamisato = hall.server.device(3, KAMISATO).await;
    assert_eq!(hall.server.pull_all(&kamisato).await.documents.len(), 1);
    purge::purge(&hall.server.app, &Caller::command_line("11"), hall.session, "x").await.unwrap();
    let gone = hall.server.sync(&visitor, &visitor.request_from(&news)).await;
    assert_eq!(gone.scopes[0].entries[0].state, FeedState::Purged);
    assert_eq!(day_pass::sweep(&hall.server.app).await.unwrap(), 0);
    hall.server.clock.forward(REST_OF_DAY_MS + 3 * DAY_MS);
    assert_eq!(day_pass::sweep(&hall.server.app).await.unwrap(), 1);
    assert_eq!(verify::verify(&hall.server.app, "11").await.unwrap().differences, Vec::<String>::new());
}
