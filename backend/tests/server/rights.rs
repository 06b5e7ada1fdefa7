//! Whoever asks for whatever: no answer holds anything outside the caller's rights, and nothing of others changes.
//!
//! Seeded worlds of two prefectures with people of every role, tablets, records and held work, each bearing a mark of its
//! own; then random calls of every endpoint in the list with the ids of everyone. What each caller may see is worked out
//! here from who made what, without the table of rights.
//! `TSUDOI_RIGHTS` sets how many seeds run, `TSUDOI_SEED` the first of them.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use serde_json::{Value, json};
use sync_core::document::Document;
use sync_core::ids::{DeviceId, DocumentId};
use sync_core::sync::Chance;
use sync_core::wire::{Outcome, SyncRequest};
use tsudoi_server::http::matrix::{ENDPOINTS, Endpoint, Entrance};
use tsudoi_server::service::access::{Action, Caller, Extent, Role};
use tsudoi_server::service::day_pass::{self, NewDayPass};
use tsudoi_server::service::enrol::{Grant, keep_code};
use tsudoi_server::service::registry::{NewAssociation, NewLecturer, put_association, put_lecturer};
use tsudoi_server::service::secret::SignInCode;

use crate::support::{Answer, Device, Server, outcomes, server};

const CALLS: u64 = 600;

/// A text that only some may see.
struct Mark {
    text: String,
    tenant: &'static str,
    /// Organisations it belongs to.
    owners: BTreeSet<String>,
    /// The record that bears it.
    document: DocumentId,
}

/// Someone who calls.
struct Someone {
    tenant: &'static str,
    role: Role,
    organisation: String,
    credential: (&'static str, String),
    /// Registry id.
    person: String,
    tablet: Option<usize>,
}

impl Someone {
    /// Worked out apart from the table of rights.
    fn may_see(&self, mark: &Mark) -> bool {
        if self.role == Role::Visitor {
            return mark.document.to_string() == self.organisation;
        }
        let everything = matches!(self.role, Role::Prefectural | Role::Administrator);
        self.tenant == mark.tenant && (everything || mark.owners.contains(&self.organisation))
    }
}

struct World {
    server: Server,
    chance: Chance,
    everyone: Vec<Someone>,
    tablets: Vec<(Device, String)>,
    marks: Vec<Mark>,
    /// Phones with a day pass, each with its session.
    visitors: Vec<(Device, DocumentId)>,
    municipalities: Vec<(&'static str, String)>,
    associations: Vec<(&'static str, String)>,
}

impl World {
    async fn new(seed: u64) -> Self {
        let server = server().await;
        let mut municipalities: Vec<(&'static str, String)> = Vec::new();
        let mut associations: Vec<(&'static str, String)> = Vec::new();
        for (tenant, count) in [("11", 3), ("14", 1)] {
            let registry = server.app.store.registry(tenant).await.unwrap().unwrap();
            municipalities.extend(registry.municipalities.iter().take(count).map(|one| (tenant, one.code.clone())));
            for number in 0..2 {
                let new = NewAssociation { name: format!("第{number}医師会"), municipalities: Vec::new() };
                let caller = Caller::command_line(tenant);
                associations.push((tenant, put_association(&server.app, &caller, new).await.unwrap()));
            }
        }
        // the names are the same, and so the ids: of one prefecture an id must not open the other
        let mut world = Self {
            server,
            chance: Chance::new(seed),
            everyone: Vec::new(),
            tablets: Vec::new(),
            marks: Vec::new(),
            visitors: Vec::new(),
            municipalities,
            associations,
        };
        world.fill().await;
        world
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.chance.below(from.len() as u64) as usize].clone()
    }

    async fn code(&self, tenant: &str, role: Role, organisation: &str, scopes: &str) -> (SignInCode, String) {
        let code = SignInCode::random().unwrap();
        let grant = Grant {
            tenant: tenant.to_owned(),
            person_name: format!("人〔{tenant}/{}/{organisation}〕", role.as_str()),
            role,
            organisation: organisation.to_owned(),
            scopes: scopes.to_owned(),
            uses: 2,
            expires_at: self.server.app.now().plus_ms(3_600_000).0,
        };
        keep_code(&self.server.app, &code, &grant).await.unwrap();
        (code, grant.person_name)
    }

    async fn fill(&mut self) {
        let mut posts: Vec<(&'static str, Role, String, String)> = Vec::new();
        for (tenant, code) in &self.municipalities {
            for role in [Role::Staff, Role::Municipal] {
                posts.push((tenant, role, code.clone(), format!("municipality:{code}")));
            }
        }
        for (tenant, id) in &self.associations {
            for role in [Role::Lecturer, Role::Coordinator] {
                posts.push((tenant, role, id.clone(), format!("association:{id}")));
            }
        }
        for tenant in ["11", "14"] {
            for role in [Role::Prefectural, Role::Administrator] {
                posts.push((tenant, role, tenant.to_owned(), String::new()));
            }
        }
        for (tenant, role, organisation, scopes) in posts {
            let (code, _) = self.code(tenant, role, &organisation, &scopes).await;
            let login = self.server.post("/v1/login", None, &json!({ "code": code.shown() })).await;
            let cookie = login.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
            let person = login.json()["person"]["id"].as_str().unwrap().to_owned();
            let credential = ("cookie", cookie);
            let office = Someone { tenant, role, organisation: organisation.clone(), credential, person, tablet: None };
            if matches!(role, Role::Staff | Role::Lecturer) {
                let device = DeviceId::from_bytes([self.tablets.len() as u8 + 1; 16]);
                let body = json!({ "code": code.shown(), "device": device.to_string(), "device_name": "端末" });
                let answer = self.server.post("/v1/enrol", None, &body).await;
                let authorization = format!("DPoP {}", answer.json()["token"].as_str().unwrap());
                self.everyone.push(Someone {
                    credential: ("authorization", authorization.clone()),
                    tablet: Some(self.tablets.len()),
                    organisation: organisation.clone(),
                    person: office.person.clone(),
                    ..office
                });
                self.tablets.push((Device { device, authorization, documents: Default::default() }, organisation));
            }
            self.everyone.push(office);
        }
        for number in 0..10_u8 {
            self.record(number).await;
        }
        for number in 0..6_u8 {
            self.held(number).await;
        }
        for number in 0..3_u8 {
            self.visit(number).await;
        }
    }

    /// A day pass for one of the records, scanned by someone's phone.
    async fn visit(&mut self, number: u8) {
        let of = self.chance.below(10) as usize;
        let (tenant, document) = (self.marks[of].tenant, self.marks[of].document);
        let new = NewLecturer {
            surname: format!("人〔{tenant}/客{number}〕"),
            given_name: None,
            title: None,
            affiliation: None,
            association: None,
            bank: true,
            in_training: false,
        };
        let administrator = Caller::command_line(tenant);
        let lecturer = put_lecturer(&self.server.app, &administrator, new).await.unwrap();
        let asked = NewDayPass { lecturer: lecturer.clone(), address: "https://tsudoi.example".to_owned() };
        let pass = day_pass::issue(&self.server.app, &administrator, document, &asked).await.unwrap();
        let device = DeviceId::from_bytes([200 + number; 16]);
        let body = json!({ "code": pass.scan.code, "device": device.to_string(), "device_name": "x" });
        let answer = self.server.post("/v1/enrol", None, &body).await;
        let authorization = format!("DPoP {}", answer.json()["token"].as_str().unwrap());
        self.everyone.push(Someone {
            tenant,
            role: Role::Visitor,
            organisation: document.to_string(),
            credential: ("authorization", authorization.clone()),
            person: lecturer,
            tablet: None,
        });
        self.visitors.push((Device { device, authorization, documents: Default::default() }, document));
    }

    fn tenant_of(&self, tablet: usize) -> &'static str {
        self.everyone.iter().find(|one| one.tablet == Some(tablet)).unwrap().tenant
    }

    async fn record(&mut self, number: u8) {
        let tablet = self.chance.below(self.tablets.len() as u64) as usize;
        let tenant = self.tenant_of(tablet);
        let document = DocumentId::from_bytes([100 + number; 16]);
        let text = format!("印〔{number}〕");
        let mut fields = vec![("title", text.clone()), ("venue", text.clone()), ("date", "2026-05-01".to_owned())];
        let mut owners = BTreeSet::from([self.tablets[tablet].1.clone()]);
        for (field, places) in [
            ("municipality", self.municipalities.clone()),
            ("association", self.associations.clone()),
            ("dispatched_by", self.associations.clone()),
        ] {
            if self.chance.below(2) == 0 {
                let own: Vec<String> = places.into_iter().filter(|(of, _)| *of == tenant).map(|(_, id)| id).collect();
                let id = self.pick(&own);
                owners.insert(id.clone());
                fields.push((field, id));
            }
        }
        let device = &mut self.tablets[tablet].0;
        let changes = fields.iter().map(|(field, value)| device.set(document, field, value)).collect();
        let push = device.push(document, changes);
        self.server.sync(device, &device.request(vec![push])).await;
        self.marks.push(Mark { text, tenant, owners, document });
    }

    /// Work of a tablet on a record that is not in its scopes, which is held.
    async fn held(&mut self, number: u8) {
        let (tablet, of) = (
            self.chance.below(self.tablets.len() as u64) as usize,
            self.chance.below(self.marks.len() as u64) as usize,
        );
        let (tenant, organisation) = (self.tenant_of(tablet), self.tablets[tablet].1.clone());
        let (document, mut owners) = (self.marks[of].document, self.marks[of].owners.clone());
        if self.marks[of].tenant != tenant || owners.contains(&organisation) {
            return;
        }
        owners.insert(organisation);
        let mut copy = self.tablets.iter().find_map(|(device, _)| device.documents.get(&document)).unwrap().clone();
        let text = format!("預〔{number}〕");
        let device = &mut self.tablets[tablet].0;
        device.document(document).merge(&mut copy).unwrap();
        let change = device.set(document, "venue", &text);
        let push = device.push(document, vec![change]);
        self.server.sync(device, &device.request(vec![push])).await;
        self.marks.push(Mark { text, tenant, owners, document });
    }

    async fn send(&self, one: &Someone, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let request = Request::builder().method(method).uri(path).header(one.credential.0, &one.credential.1);
        let request = request.header(header::CONTENT_TYPE, "application/json");
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        self.server.send(request.body(body).unwrap()).await
    }

    /// The address with an id of anyone, or of no one, in each place; and the same with ids nobody has.
    fn address(&mut self, endpoint: &Endpoint) -> (String, String) {
        let documents: Vec<String> = self.marks.iter().map(|mark| mark.document.to_string()).collect();
        let devices: Vec<String> = self.tablets.iter().map(|(device, _)| device.device.to_string()).collect();
        let people: Vec<String> = self.everyone.iter().map(|one| one.person.clone()).collect();
        let codes: Vec<String> = self.municipalities.iter().map(|(_, code)| code.clone()).collect();
        let associations: Vec<String> = self.associations.iter().map(|(_, id)| id.clone()).collect();
        let nobody = "99999999-9999-4999-8999-999999999999";
        let (mut some, mut none) = (endpoint.path.to_owned(), endpoint.path.to_owned());
        for (place, ids, unknown) in [
            ("{document}", documents, nobody),
            ("{device}", devices, nobody),
            ("{person}", people, "pe-9999999999"),
            ("{code}", codes, "999999"),
            ("{id}", associations, "as-9999999999"),
        ] {
            some = some.replace(place, &self.pick(&ids));
            none = none.replace(place, unknown);
        }
        (some, none)
    }

    fn query(&mut self, endpoint: &Endpoint) -> String {
        let code = self.municipalities[self.chance.below(self.municipalities.len() as u64) as usize].1.clone();
        let association = self.associations[self.chance.below(self.associations.len() as u64) as usize].1.clone();
        let filter = match self.chance.below(4) {
            0 => "fiscal_year=2026".to_owned(),
            1 => format!("municipality={code}"),
            2 => format!("association={association}"),
            _ => String::new(),
        };
        match endpoint.path {
            "/v1/records" | "/v1/records.csv" => format!("?{filter}"),
            "/v1/corrections" => "?month=2026-05".to_owned(),
            _ => String::new(),
        }
    }

    fn assert_own(&self, one: &Someone, what: &str, answer: &Answer) {
        let text = String::from_utf8_lossy(&answer.body);
        for mark in self.marks.iter().filter(|mark| !one.may_see(mark)) {
            assert!(!text.contains(&mark.text), "{:?} {} sees {} in {what}", one.role, one.organisation, mark.text);
        }
        let other = if one.tenant == "11" { "人〔14/" } else { "人〔11/" };
        assert!(
            !text.contains(other),
            "{:?} of {} sees people of the other prefecture in {what}",
            one.role,
            one.tenant
        );
        if what.starts_with("/v1/people") && !matches!(one.role, Role::Prefectural | Role::Administrator) {
            let own = format!("/{}〕", one.organisation);
            let strangers =
                text.match_indices("人〔").filter(|(at, _)| !text[*at..].split('"').next().unwrap().ends_with(&own));
            assert_eq!(strangers.count(), 0, "{:?} {} sees people of others: {text}", one.role, one.organisation);
        }
    }

    /// A body that would do something to what belongs to `organisation` of another.
    fn body(&mut self, endpoint: &Endpoint, stranger: &str) -> Value {
        let document = self.marks[self.chance.below(self.marks.len() as u64) as usize].document.to_string();
        let device = self.tablets[self.chance.below(self.tablets.len() as u64) as usize].0.device.to_string();
        let role = if stranger.starts_with("as-") { "lecturer" } else { "staff" };
        let choice = json!({ "role": role, "organisation": stranger });
        match endpoint.path {
            "/v1/registry/associations" | "/v1/registry/associations/{id}" => {
                json!({ "name": "第1医師会", "municipalities": [] })
            }
            "/v1/registry/lecturers" => json!({ "surname": "他人", "association": stranger, "bank": true }),
            "/v1/registry/materials" => json!({ "name": "他人の冊子" }),
            "/v1/records/{document}" => json!({ "reason": "他人" }),
            "/v1/custody/decisions" => {
                json!({ "document": document, "device": device, "decision": "declined", "reason": "他人" })
            }
            "/v1/closings" => json!({ "month": "2026-04" }),
            "/v1/people" => json!({ "name": "他人", "role": role, "organisation": stranger }),
            "/v1/people/{person}/roles" | "/v1/people/{person}/code" | "/v1/me/role" => choice,
            "/v1/people/{person}/disabled" => json!({ "disabled": true }),
            "/v1/records/{document}/pass" => {
                let visitor = self.everyone.iter().find(|one| one.role == Role::Visitor).unwrap();
                json!({ "lecturer": visitor.person, "address": "https://tsudoi.example" })
            }
            _ => json!({}),
        }
    }
}

/// Endpoints whose answers are streams, or are asked for in another test of this file.
fn is_apart(endpoint: &Endpoint) -> bool {
    endpoint.entrance == Entrance::Open
        || (endpoint.entrance == Entrance::Tablet && endpoint.method != "GET")
        || endpoint.path == "/v1/events"
}

async fn reading(world: &mut World, seed: u64) {
    let (mut called, mut shown) = (BTreeSet::new(), 0);
    let endpoints: Vec<&Endpoint> = ENDPOINTS.iter().filter(|one| one.method == "GET" && !is_apart(one)).collect();
    for call in 0..CALLS {
        let endpoint = endpoints[(call as usize) % endpoints.len()];
        let who = world.chance.below(world.everyone.len() as u64) as usize;
        let (some, none) = world.address(endpoint);
        let query = world.query(endpoint);
        let one = &world.everyone[who];
        let answer = world.send(one, "GET", &format!("{some}{query}"), None).await;
        let what = format!("{some}{query} (seed {seed})");
        assert!(!answer.status.is_server_error(), "{what}: {}", answer.status);
        world.assert_own(one, &what, &answer);
        let text = String::from_utf8_lossy(&answer.body);
        shown += world.marks.iter().filter(|mark| text.contains(&mark.text)).count();
        if one.role.extent(endpoint.action) == Extent::Nothing {
            assert!(answer.status.is_client_error(), "{:?} gets {} from {what}", one.role, answer.status);
        }
        if some != none && answer.status != StatusCode::OK {
            let unknown = world.send(one, "GET", &format!("{none}{query}"), None).await;
            assert_eq!((answer.status, answer.code()), (unknown.status, unknown.code()), "{what} is told from unknown");
        }
        called.insert(endpoint.path);
    }
    assert!(shown > 30, "so little was shown ({shown}) that nothing could have been wrong");
    assert_eq!(called.len(), endpoints.iter().map(|one| one.path).collect::<BTreeSet<_>>().len());
}

async fn state(world: &World) -> Vec<String> {
    let mut raw = world.server.raw().await;
    let mut all = Vec::new();
    for text in [
        "SELECT COALESCE(GROUP_CONCAT(tenant || association || name), '') FROM association",
        "SELECT COALESCE(GROUP_CONCAT(tenant || lecturer), '') FROM lecturer",
        "SELECT COUNT(*) || '' FROM material",
        "SELECT COUNT(*) || '' FROM purged",
        "SELECT COUNT(*) || '' FROM closing",
        "SELECT COUNT(*) || '' FROM custody WHERE decision IS NOT NULL",
        "SELECT COALESCE(GROUP_CONCAT(tenant || person || COALESCE(disabled_at, '')), '') FROM person",
        "SELECT COALESCE(GROUP_CONCAT(tenant || person || role || organisation), '') FROM membership",
        "SELECT COUNT(*) || '' FROM code",
        "SELECT COUNT(*) || '' FROM pass_code",
        "SELECT COUNT(*) || '' FROM device",
        "SELECT COUNT(*) || '' FROM document",
        "SELECT COALESCE(GROUP_CONCAT(hex(document) || scope || state), '') FROM feed",
        "SELECT COUNT(*) || '' FROM device WHERE revoked_at IS NOT NULL",
    ] {
        all.push(sqlx::query_scalar::<_, String>(text).fetch_one(&mut raw).await.unwrap());
    }
    all
}

/// Whether a caller may do this to something that is not of their organisation, by role alone.
fn may_do_anywhere(one: &Someone, endpoint: &Endpoint) -> bool {
    one.role.extent(endpoint.action) == Extent::Prefecture
}

async fn writing(world: &mut World, seed: u64) {
    let before = state(world).await;
    let endpoints: Vec<&Endpoint> = ENDPOINTS.iter().filter(|one| one.method != "GET" && !is_apart(one)).collect();
    for call in 0..CALLS {
        let endpoint = endpoints[(call as usize) % endpoints.len()];
        let who = world.chance.below(world.everyone.len() as u64) as usize;
        let strangers: Vec<String> = world
            .municipalities
            .iter()
            .chain(&world.associations)
            .filter(|(tenant, id)| *id != world.everyone[who].organisation && *tenant == world.everyone[who].tenant)
            .map(|(_, id)| id.clone())
            .collect();
        let stranger = world.pick(&strangers);
        let (some, _) = world.address(endpoint);
        let body = world.body(endpoint, &stranger);
        let one = &world.everyone[who];
        let what = format!("{} {some} {body} by {:?} {} (seed {seed})", endpoint.method, one.role, one.organisation);
        let of_oneself = one.role.extent(endpoint.action) == Extent::Oneself && endpoint.path != "/v1/me/role";
        if of_oneself || endpoint.path == "/v1/follow/ticket" || may_do_anywhere(one, endpoint) {
            continue;
        }
        if endpoint.action == Action::DecideCustody || endpoint.path.starts_with("/v1/people/{person}") {
            // these may be the caller's own by chance: what belongs to others is told by the marks below
            let person = some.split('/').nth(3).unwrap_or_default();
            let of = world.everyone.iter().find(|one| one.person == person);
            let own = of.is_some_and(|of| of.tenant == one.tenant && of.organisation == one.organisation);
            let decides = world
                .marks
                .iter()
                .any(|mark| body["document"].as_str() == Some(&mark.document.to_string()) && one.may_see(mark));
            if own || decides {
                continue;
            }
        }
        let named = |device: &Device| some.contains(&device.device.to_string());
        if world.tablets.iter().any(|(device, of)| named(device) && *of == one.organisation) {
            continue;
        }
        if endpoint.path.ends_with("/pass")
            && world
                .marks
                .iter()
                .any(|mark| some.contains(&mark.document.to_string()) && one.role != Role::Visitor && one.may_see(mark))
        {
            continue;
        }
        let answer = world.send(one, endpoint.method, &some, Some(&body)).await;
        assert!(answer.status.is_client_error(), "{what}: {}", answer.status);
        world.assert_own(one, &what, &answer);
    }
    assert_eq!(state(world).await, before, "something of others has changed (seed {seed})");
}

/// What tablets get: the records of their scopes, and no others.
async fn syncing(world: &World, seed: u64) {
    for (number, (device, organisation)) in world.tablets.iter().enumerate() {
        let tenant = world.tenant_of(number);
        let response = world.server.pull_all(device).await;
        let got: BTreeSet<DocumentId> = response.documents.iter().map(|one| one.document).collect();
        let records = world.marks.iter().filter(|mark| mark.text.starts_with('印'));
        let due: BTreeSet<DocumentId> = records
            .filter(|mark| mark.tenant == tenant && mark.owners.contains(organisation))
            .map(|mark| mark.document)
            .collect();
        assert_eq!(got, due, "tablet {number} of {organisation} (seed {seed})");
        for payload in &response.documents {
            Document::load(&payload.snapshot).unwrap();
        }
    }
    for (device, document) in &world.visitors {
        let response = world.server.pull_all(device).await;
        let got: Vec<DocumentId> = response.documents.iter().map(|one| one.document).collect();
        assert_eq!(got, [*document], "a day pass holds its session and nothing else (seed {seed})");
        let asked = world.marks.iter().map(|mark| mark.document).collect();
        let asked = SyncRequest { wanted: asked, ..device.request(Vec::new()) };
        let response = world.server.sync(device, &asked).await;
        assert!(response.documents.iter().all(|one| one.document == *document), "asked for by id (seed {seed})");
        let registry = String::from_utf8(response.registry.unwrap().json).unwrap();
        for one in &world.everyone {
            let own = one.organisation == document.to_string() && one.role == Role::Visitor;
            assert!(own || !registry.contains(&format!("\"{}\"", one.person)), "{} in {registry}", one.person);
        }
    }
}

/// What a day pass sends of any other record waits for a person, be the record another's, of no one, or the pass's neighbour.
async fn visiting(world: &mut World, seed: u64) {
    let before = state(world).await;
    let mut others: BTreeSet<DocumentId> = world.marks.iter().map(|mark| mark.document).collect();
    others.insert(DocumentId::from_bytes([99; 16]));
    for number in 0..world.visitors.len() {
        let own = world.visitors[number].1;
        for other in others.iter().filter(|other| **other != own) {
            let device = &mut world.visitors[number].0;
            let change = device.set(*other, "venue", "他人");
            let push = device.push(*other, vec![change]);
            let response = world.server.sync(device, &device.request(vec![push])).await;
            let outcomes = outcomes(&response, *other);
            assert_eq!(outcomes, [(Outcome::Custody, 1, "not_in_scope".to_owned())], "{other} (seed {seed})");
            assert!(response.documents.iter().all(|one| one.document == own), "{other} (seed {seed})");
        }
    }
    assert_eq!(state(world).await, before, "a day pass has changed something else (seed {seed})");
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

#[tokio::test]
async fn inv_6_no_answer_holds_anything_outside_the_callers_rights() {
    let (first, count) = (number("TSUDOI_SEED", 0), number("TSUDOI_RIGHTS", 4));
    for seed in first..first + count {
        eprintln!(
            "replay: TSUDOI_SEED={seed} TSUDOI_RIGHTS=1 cargo test -p tsudoi-server --test server inv_6_no_answer"
        );
        let mut world = World::new(seed).await;
        syncing(&world, seed).await;
        reading(&mut world, seed).await;
        writing(&mut world, seed).await;
        visiting(&mut world, seed).await;
    }
}
