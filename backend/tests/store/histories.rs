//! The same random history on both databases gives the same answers, word for word.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;

use sync_core::digest::FeedState;
use sync_core::document::Kind;
use sync_core::ids::{ChangeHash, DeviceId, DocumentId};
use tsudoi_server::store::Store;
use tsudoi_server::store::office::{CustodyFilter, RecordFilter, Within};
use tsudoi_server::store::signin::NewLogin;
use tsudoi_server::store::types::{
    Association, CodePurpose, CodeRow, CustodyDecision, CustodyRow, DocumentWrite, Lecturer, Material, NewDevice,
    PageSize, Purge, PushWrite, RollupKey, RollupValue, Rollups,
};
use tsudoi_tests::{Chance, Cluster};

use crate::rows::{fact, heads, id, place, push, scope, tablet, want, write};
use crate::{postgres, sqlite};

const SCOPES: [&str; 4] = ["municipality:112119", "municipality:113859", "association:as-1", "lecturer:le-1"];
const STEPS: u64 = 250;

/// What a device of this history has seen of a scope.
type Cursors = BTreeMap<usize, (Option<([u8; 16], u64)>, Option<u64>)>;

struct Historian<'a> {
    store: &'a dyn Store,
    chance: Chance,
    cursors: Cursors,
    told: Vec<String>,
    now: u64,
}

impl Historian<'_> {
    fn tell(&mut self, what: &str, answer: impl Debug) {
        self.told.push(format!("{what}: {answer:?}"));
    }

    fn pick<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        texts[self.chance.below(texts.len() as u64) as usize]
    }

    fn maybe(&mut self, texts: &[&str]) -> Option<String> {
        (self.chance.below(3) > 0).then(|| self.pick(texts).to_owned())
    }

    async fn document(&mut self) -> DocumentWrite {
        let number = 1 + self.chance.below(14) as u8;
        let stored = self.store.load_documents("11", &[id(number)]).await.unwrap().pop();
        let head = 1 + self.chance.below(250) as u8;
        let mut one = write(number, None, head);
        one.home_scope = Some(scope(SCOPES[0]));
        one.base_revision = stored.as_ref().map(|stored| stored.revision);
        if self.chance.below(12) == 0 {
            one.base_revision = Some(77);
        }
        one.places_before = stored.map(|stored| stored.places).unwrap_or_default();
        let chosen: Vec<bool> = SCOPES.iter().map(|_| self.chance.below(2) == 0).collect();
        one.places.clear();
        for (scope_text, chosen) in SCOPES.iter().zip(chosen) {
            let was_there = one.places_before.iter().any(|place| place.scope == scope(scope_text));
            let state = if chosen { FeedState::Present } else { FeedState::Left };
            if chosen || was_there {
                one.places.push(place(id(number), scope_text, state, &heads(head)));
            }
        }
        one.snapshot = vec![number; 1 + self.chance.below(300) as usize];
        one.repaired = self.chance.below(5) == 0;
        one.projection.fact = self.fact();
        one.projection.tallies = (0..self.chance.below(4))
            .map(|n| (format!("material.x{n}.all"), (self.chance.below(3) > 0).then_some(n as i64 - 1)))
            .collect();
        one.projection.lecturers = (0..self.chance.below(3))
            .map(|n| (format!("le-{n}"), if self.chance.below(2) == 0 { "named" } else { "among" }.to_owned()))
            .collect();
        one
    }

    fn fact(&mut self) -> tsudoi_server::store::types::FactRow {
        let mut row = fact();
        row.fiscal_year = (self.chance.below(4) > 0).then_some(2026);
        row.month = self.maybe(&["2026-04", "2026-05"]);
        row.date = self.maybe(&["2026-04-01", "2026-04-30", "2026-05-02"]);
        row.municipality = self.maybe(&["112119", "113859"]);
        row.association = self.maybe(&["as-1", "as-2"]);
        row.dispatched_by = self.maybe(&["as-1", "as-2"]);
        row.activity = self.maybe(&["lecture", "screening", "training"]);
        row.title = self.maybe(&["講話", "ん", "a", "Z", "鷗", "見本の会"]);
        let states = [("none", "planned"), ("held", "held"), ("reported", "held"), ("cancelled", "cancelled")];
        let (state, group) = states[self.chance.below(4) as usize];
        (row.state, row.group) = (state.to_owned(), group.to_owned());
        row.is_dispatch = row.dispatched_by.is_some();
        row.attendance = (self.chance.below(2) == 0).then_some(12);
        row
    }

    fn rollups(&mut self) -> Rollups {
        let mut sums = Rollups::new();
        for _ in 0..self.chance.below(3) {
            let key = RollupKey {
                fiscal_year: 2026,
                measure: self.pick(&["attendance", "record.none.planned", "dispatch.none.held"]).to_owned(),
                municipality: self.pick(&["112119", ""]).to_owned(),
                association: self.pick(&["as-1", ""]).to_owned(),
                holder: self.pick(&["as-2", ""]).to_owned(),
                month: self.pick(&["2026-04", "2026-05"]).to_owned(),
            };
            let total = self.chance.below(9) as i64 - 3;
            sums.insert(key, RollupValue { reported: 1, unreported: 0, total });
        }
        sums
    }

    fn custody(&mut self) -> CustodyRow {
        let number = self.chance.below(6) as u8;
        CustodyRow {
            document: id(number % 3),
            hash: ChangeHash::from_bytes([number; 32]),
            kind: Kind::Session,
            code: "sequence".to_owned(),
            bytes: vec![number; 3],
        }
    }

    fn device(&mut self) -> DeviceId {
        DeviceId::from_bytes([1 + self.chance.below(3) as u8; 16])
    }

    fn push_of(&mut self, documents: BTreeMap<DocumentId, DocumentWrite>) -> PushWrite {
        let custody: BTreeMap<ChangeHash, CustodyRow> =
            (0..self.chance.below(3)).map(|_| self.custody()).map(|held| (held.hash, held)).collect();
        let released =
            (0..self.chance.below(2)).map(|_| self.custody()).map(|held| (held.document, held.hash)).collect();
        let replaced =
            (0..self.chance.below(2)).map(|_| self.custody()).map(|held| (held.document, held.hash)).collect();
        PushWrite {
            now: self.now,
            device: self.device(),
            custody: custody.into_values().collect(),
            released,
            replaced,
            rollups: self.rollups(),
            healed_changes: self.chance.below(3),
            healed_documents: 1,
            ..push(documents.into_values().collect())
        }
    }

    /// Up to two pushes in one unit, or a decision with what it lets in.
    async fn write_something(&mut self) {
        let mut documents: BTreeMap<_, DocumentWrite> = BTreeMap::new();
        for _ in 0..self.chance.below(4) {
            let one = self.document().await;
            documents.insert(one.document, one);
        }
        let others = documents.split_off(&id(self.chance.below(20) as u8));
        let write = self.push_of(documents);
        let outcome = if self.chance.below(4) == 0 {
            let held = self.custody();
            let decision = CustodyDecision {
                tenant: "11".to_owned(),
                document: held.document,
                device: self.device(),
                hashes: vec![held.hash],
                admitted: self.chance.below(2) == 0,
                by: "pe-1".to_owned(),
                reason: "理由".to_owned(),
                now: self.now,
            };
            let push = decision.admitted.then_some(&write);
            format!("{:?}", self.store.decide_custody(&decision, push).await)
        } else {
            format!("{:?}", self.store.commit_pushes("11", &[write, self.push_of(others)]).await)
        };
        self.tell("write", outcome);
    }

    async fn pull_something(&mut self) {
        let chosen: Vec<usize> = (0..SCOPES.len()).filter(|_| self.chance.below(2) == 0).collect();
        let mut wanted = Vec::new();
        for place in &chosen {
            let (cursor, below) = self.cursors.get(place).copied().unwrap_or_default();
            let lost = self.chance.below(8) == 0;
            wanted.push(want(SCOPES[*place], if lost { Some(([7; 16], 3)) } else { cursor }, below));
        }
        let whole = [id(1 + self.chance.below(14) as u8), id(99)];
        let known = HashMap::from([(id(3), heads(5))]);
        let bytes = 1 + self.chance.below(2_000);
        let mut pull = self.store.pull("11", &wanted, &whole, &PageSize::whole(bytes), &known).await.unwrap();
        for page in &mut pull.pages {
            let place = SCOPES.iter().position(|text| scope(text) == page.scope.scope).unwrap();
            self.cursors.insert(place, (Some((page.scope.epoch, page.next_seq)), page.below));
            page.scope.epoch = [0; 16];
        }
        self.tell("pull", pull);
    }

    async fn administer(&mut self) {
        let (store, now) = (self.store, self.now);
        match self.chance.below(10) {
            0 => {
                let code = CodeRow {
                    tenant: "11".to_owned(),
                    person: self.pick(&["pe-1", "pe-2"]).to_owned(),
                    role: "staff".to_owned(),
                    organisation: self.pick(&["112119", "113859"]).to_owned(),
                    scopes: SCOPES[0].to_owned(),
                    uses_left: self.chance.below(3) as i64,
                    expires_at: now + self.chance.below(20),
                    purpose: CodePurpose::Any,
                    device: None,
                };
                let name = self.pick(&["山田", "佐藤"]);
                let outcome = store.upsert_code(&[1; 32], &code, name).await;
                self.tell("code", outcome);
            }
            1 => {
                let scopes = vec![scope(self.pick(&SCOPES)), scope("municipality:112011")];
                let token_hash = [self.chance.below(9) as u8; 32];
                let device =
                    NewDevice { device: self.device(), key: [3; 32], name: "端末".to_owned(), token_hash, scopes };
                let outcome = store.enrol(&[1; 32], &device, now).await.map_err(|_| "taken token");
                self.tell("enrol", outcome);
                let mut device = tablet(store, token_hash).await;
                device.iter_mut().flat_map(|row| &mut row.standing.scopes).for_each(|scope| scope.epoch = [0; 16]);
                self.tell("device", device);
            }
            2 => {
                let token = [self.chance.below(9) as u8; 32];
                let new = NewLogin {
                    token_hash: token,
                    login: "lo".to_owned(),
                    method: "code".to_owned(),
                    peer: String::new(),
                    agent: String::new(),
                    now,
                    expires_at: now + 9,
                };
                let outcome = store.login(&[1; 32], &new).await.map_err(|_| "taken token");
                self.tell("login", outcome);
                let row =
                    store.lookup_login(&token, now + self.chance.below(12), now - self.chance.below(4).min(now)).await;
                self.tell("lookup login", row);
            }
            3 => {
                let number = 1 + self.chance.below(16) as u8;
                let stored = store.load_documents("11", &[id(number)]).await.unwrap().pop();
                let purge = Purge {
                    tenant: "11".to_owned(),
                    document: id(number),
                    revision: stored.map(|stored| stored.revision),
                    rollups: self.rollups(),
                    by: "pe-1".to_owned(),
                    reason: "希望".to_owned(),
                    now,
                    retired: self.chance.below(2) == 0,
                };
                let outcome = if self.chance.below(3) == 0 { Some(store.purge(&purge).await) } else { None };
                self.tell("purge", outcome);
            }
            4 => {
                let ids = [id(1 + self.chance.below(14) as u8)];
                let stored = store.load_documents("11", &ids).await.unwrap();
                if !stored.is_empty() {
                    store.note_damaged("11", &ids, now).await.unwrap();
                }
            }
            5 => {
                let month = self.pick(&["2026-04", "2026-05"]);
                let outcome = store.close_month("11", month, 2026, "pe-1", now).await;
                self.tell("close", outcome);
            }
            6 => {
                let association = Association {
                    id: self.pick(&["as-1", "as-2"]).to_owned(),
                    name: self.pick(&["本庄", "秩父"]).to_owned(),
                    municipalities: vec![self.pick(&["112119", "113859"]).to_owned()],
                    hub: false,
                };
                let outcome = store.upsert_association("11", &association).await.map_err(|_| "taken name");
                self.tell("association", outcome);
            }
            7 => {
                let lecturer = Lecturer {
                    id: self.pick(&["le-1", "le-2"]).to_owned(),
                    surname: "鈴木".to_owned(),
                    given_name: None,
                    title: self.maybe(&["院長"]),
                    affiliation: None,
                    association: None,
                    bank: self.chance.below(2) == 0,
                    in_training: self.chance.below(2) == 0,
                    registered_in: (self.chance.below(2) == 0).then_some(2024),
                    left_in: (self.chance.below(4) == 0).then_some(2025),
                    reading: self.maybe(&["すずき"]),
                };
                store.upsert_lecturer("11", &lecturer).await.unwrap();
            }
            8 => {
                let material = Material {
                    id: "card".to_owned(),
                    name: "カード".to_owned(),
                    unit: self.pick(&["枚", "冊"]).to_owned(),
                    eligibilities: vec![(self.pick(&["a", "b"]).to_owned(), "単身".to_owned())],
                };
                store.upsert_material("11", &material).await.unwrap();
            }
            _ => store.note_seen("11", self.device(), now, now as i64 - 40).await.unwrap(),
        }
    }

    async fn look_around(&mut self) {
        let store = self.store;
        let filter = RecordFilter {
            fiscal_year: (self.chance.below(2) == 0).then_some(2026),
            month: self.maybe(&["2026-04", "none"]),
            association: self.maybe(&["as-1", "none"]),
            activity: self.maybe(&["lecture", "none"]),
            group: (self.chance.below(2) == 0).then(|| "held".to_owned()),
            measure: self.maybe(&["material", "attendance", "screening.viewers"]),
            without_value: self.chance.below(2) == 0,
            lecturer: (self.chance.below(4) == 0).then(|| "le-1".to_owned()),
            among: if self.chance.below(6) == 0 { vec!["le-0".to_owned(), "le-1".to_owned()] } else { Vec::new() },
            is_dispatch: (self.chance.below(4) == 0).then_some(true),
            within: [Within::Tenant, Within::Municipality("112119".to_owned()), Within::Association("as-1".to_owned())]
                [self.chance.below(3) as usize]
                .clone(),
            ..RecordFilter::default()
        };
        let (offset, limit) = (self.chance.below(3) as u32, 1 + self.chance.below(20) as u32);
        self.tell("records", store.list_records("11", &filter, offset, limit).await);
        self.tell("count", store.count_records("11", &filter).await);
        let mut moment = store.moment("11").await.unwrap();
        let ids = moment.list_record_ids(&filter).await.unwrap();
        self.tell("whole records", moment.list_whole(&ids).await);
        self.tell("ids", ids);
        drop(moment);
        let mut titles = store.sum_titles("11", &filter).await.unwrap();
        titles.sort_by_key(|sum| format!("{sum:?}"));
        self.tell("titles", titles);
        let mut occasions = store.sum_occasions("11", &filter).await.unwrap();
        occasions.sort_by_key(|sum| format!("{sum:?}"));
        self.tell("occasions", occasions);
        self.tell("attendance", store.sum_attendance("11", &filter).await);
        let mut lecturers = store.sum_lecturers("11", &filter).await.unwrap();
        lecturers.sort_by_key(|sum| format!("{sum:?}"));
        self.tell("lecturers", lecturers);
        self.tell("among", store.list_among("11", &filter).await);
        self.tell("sample", store.any_sample("11", &filter).await);
        self.tell("lecturers of", store.list_lecturers_of("11", &[id(0), id(1), id(2)]).await);
        self.tell("years", store.list_years("11", &filter.within).await);
        self.tell("figures", store.list_figures("11", 2026, "record").await);
        let mut figures = store.list_figures_at("11", 2026, &filter.within).await.unwrap();
        figures.sort_by(|a, b| a.0.cmp(&b.0));
        self.tell("figures at", figures);
        self.tell("silent", store.list_silent("11", &filter.within, self.now).await);
        let custody = CustodyFilter { within: filter.within.clone(), ..CustodyFilter::default() };
        self.tell("custody", store.list_custody("11", &custody, 10).await);
        self.tell("held", store.load_custody("11", id(0), self.device_one(), 1 << 20).await);
        let hashes: Vec<ChangeHash> = (0..6).map(|number| ChangeHash::from_bytes([number; 32])).collect();
        let mut decisions = store.list_decisions("11", self.device_one(), &hashes).await.unwrap();
        decisions.sort_by_key(|one| (one.document, one.hash));
        self.tell("decisions", decisions);
        self.tell("rollups", store.list_rollups("11").await);
        self.tell("registry", store.registry("11").await);
        let mut scopes = store.list_scopes("11").await.unwrap();
        scopes.iter_mut().for_each(|scope| scope.epoch = [0; 16]);
        self.tell("scopes", scopes);
        self.tell("documents", store.list_documents("11", Some(id(2)), 5).await);
        self.tell("damaged", store.list_damaged("11").await);
        self.tell("healing", store.list_healing("11", 5).await);
        self.tell("closings", store.list_closings("11", None).await);
        self.tell("corrections", store.list_corrections("11", "2026-04").await);
        self.tell("changed", store.list_changed_since_closing("11", "2026-04", &filter.within, 0, 10).await);
        let mut purged = store.list_purged("11", &(0..17).map(id).collect::<Vec<_>>()).await.unwrap();
        purged.sort_by_key(|row| row.document);
        self.tell("purged", purged);
        let audit = store.audit_entries("11", &scope(SCOPES[0])).await.unwrap();
        let mut entries = audit.map(|(_, entries)| entries).unwrap_or_default();
        entries.sort_by_key(|(document, ..)| *document);
        self.tell("audit", entries);
    }

    fn device_one(&self) -> DeviceId {
        DeviceId::from_bytes([1; 16])
    }
}

async fn history(store: &dyn Store, seed: u64) -> Vec<String> {
    store.upsert_tenant("11", "埼玉県", &[]).await.unwrap();
    let mut one = Historian { store, chance: Chance::new(seed), cursors: Cursors::new(), told: Vec::new(), now: 100 };
    for _ in 0..STEPS {
        one.now += one.chance.below(3);
        match one.chance.below(10) {
            0..=3 => one.write_something().await,
            4..=6 => one.pull_something().await,
            7 => one.look_around().await,
            _ => one.administer().await,
        }
    }
    one.look_around().await;
    one.told
}

#[tokio::test(flavor = "multi_thread")]
async fn one_history_gives_the_same_answers_on_both() {
    let cluster = Cluster::start();
    for seed in 1..=4 {
        let folder = tempfile::tempdir().unwrap();
        let (lite, pg) = (sqlite(&folder).await, postgres(&cluster.database()).await);
        let (one, other) = tokio::join!(history(&lite, seed), history(&pg, seed));
        for (step, (one, other)) in one.iter().zip(&other).enumerate() {
            assert_eq!(one, other, "seed {seed}, answer {step}");
        }
        assert_eq!(one.len(), other.len());
        let committed = one.iter().filter(|line| line.contains("Committed")).count();
        assert!(committed > 20, "seed {seed} commits only {committed} pushes");
    }
}
