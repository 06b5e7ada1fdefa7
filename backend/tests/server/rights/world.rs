//! Seeded worlds of two prefectures with people of every role, tablets, records and held work, each bearing a mark of its
//! own; and what each caller may see, worked out from who made what, without the table of rights.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sync_core::ids::{DeviceId, DocumentId};
use sync_core::sync::Chance;
use tsudoi_server::service::access::{Caller, Role};
use tsudoi_server::service::day_pass::{self, NewDayPass};
use tsudoi_server::service::enrol::{Grant, keep_code};
use tsudoi_server::service::registry::{NewAssociation, NewLecturer, put_association, put_lecturer};
use tsudoi_server::service::secret::SignInCode;

use crate::support::{Answer, Device, Server, server};

/// A text that only some may see.
pub struct Mark {
    pub text: String,
    pub tenant: &'static str,
    /// Organisations it belongs to.
    pub owners: BTreeSet<String>,
    /// The record that bears it.
    pub document: DocumentId,
}

/// Someone who calls.
pub struct Someone {
    pub tenant: &'static str,
    pub role: Role,
    pub organisation: String,
    pub credential: (&'static str, String),
    /// Registry id.
    pub person: String,
    pub tablet: Option<usize>,
}

impl Someone {
    /// Worked out apart from the table of rights.
    pub fn may_see(&self, mark: &Mark) -> bool {
        if self.role == Role::Visitor {
            return mark.document.to_string() == self.organisation;
        }
        let everything = matches!(self.role, Role::Prefectural | Role::Administrator);
        self.tenant == mark.tenant && (everything || mark.owners.contains(&self.organisation))
    }
}

pub struct World {
    pub server: Server,
    pub chance: Chance,
    pub everyone: Vec<Someone>,
    pub tablets: Vec<(Device, String)>,
    pub marks: Vec<Mark>,
    /// Phones with a day pass, each with its session.
    pub visitors: Vec<(Device, DocumentId)>,
    pub municipalities: Vec<(&'static str, String)>,
    pub associations: Vec<(&'static str, String)>,
}

impl World {
    pub async fn new(seed: u64) -> Self {
        let server = server().await;
        let mut municipalities: Vec<(&'static str, String)> = Vec::new();
        let mut associations: Vec<(&'static str, String)> = Vec::new();
        for (tenant, count) in [("11", 3), ("14", 1)] {
            let registry = server.app.store.registry(tenant).await.unwrap().unwrap();
            municipalities.extend(registry.municipalities.iter().take(count).map(|one| (tenant, one.code.clone())));
            for number in 0..2 {
                let (name, hub) = (format!("第{number}医師会"), false);
                let new = NewAssociation { name, municipalities: Vec::new(), hub };
                let caller = Caller::command_line(tenant);
                associations.push((tenant, put_association(&server.app, &caller, new).await.unwrap()));
            }
            let covered = municipalities.iter().filter(|(of, _)| *of == tenant).map(|(_, code)| code.clone()).collect();
            let new = NewAssociation { name: "拠点".to_owned(), municipalities: covered, hub: true };
            let caller = Caller::command_line(tenant);
            associations.push((tenant, put_association(&server.app, &caller, new).await.unwrap()));
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

    pub fn pick<T: Clone>(&mut self, from: &[T]) -> T {
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
            device: None,
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
            let first = if id.starts_with("hu-") { Role::Staff } else { Role::Lecturer };
            for role in [first, Role::Coordinator] {
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
            let cookie = login.cookie();
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
            registered_in: None,
            left_in: None,
            reading: None,
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

    pub fn tenant_of(&self, tablet: usize) -> &'static str {
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

    pub async fn send(&self, one: &Someone, method: &str, path: &str, body: Option<&Value>) -> Answer {
        self.server.call(method, path, Some((one.credential.0, &one.credential.1)), body).await
    }

    pub fn assert_own(&self, one: &Someone, what: &str, answer: &Answer) {
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
}
