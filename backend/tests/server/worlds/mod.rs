//! Seeded worlds around the real server: tablets of the core that each hold some of the scopes, with clocks of their own,
//! HTTP, gate, SQLite, projections and roll-ups. Messages are lost and doubled, browsers restart, tabs take over, stores are
//! evicted, tablets revoked and brought back; records move between scopes, are held and let in, or destroyed; months are
//! closed and backups restored.
//!
//! Afterwards every tablet agrees, totals are the sums of what was recorded, figures equal a rebuild, and what was
//! reported for a closed month plus its corrections is what the figures say now.
//! `TSUDOI_WORLDS` sets how many seeds run, `TSUDOI_SEED` the first of them.

mod claims;
mod faults;
mod player;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use sync_core::document::Kind;
use sync_core::domain::Intent;
use sync_core::ids::{DocumentId, ScopeId};
use sync_core::sync::Chance;
use sync_core::tablet::{Effect, Exchanged, Fault, Input};
use sync_core::time::Timestamp;
use tsudoi_server::store::types::Rollups;

use crate::support::{HONJO, KAMISATO, Server, document_id, server};
use player::{Counts, Player};

const STEPS: u64 = 140;
const MONTH: &str = "2026-10";
/// What tablets hold: one municipality, both, or more beside them.
const SCOPES: [&str; 4] = [
    HONJO,
    KAMISATO,
    "municipality:112119 municipality:113859",
    "municipality:112119 municipality:113859 association:honjo lecturer:tomizawa",
];

struct World {
    chance: Chance,
    server: Server,
    now: Timestamp,
    players: Vec<Player>,
    /// Names given to tablets so far.
    names: u8,
    /// What tablets counted whose store is gone; all of it had been sent.
    former: Counts,
    documents: Vec<DocumentId>,
    purged: BTreeSet<DocumentId>,
    /// A copy of the database, with what had been reported of the closed month by then.
    backup: Option<(PathBuf, Option<Rollups>)>,
    /// What was reported of [`MONTH`] when it was closed.
    reported: Option<Rollups>,
    faults: bool,
}

impl World {
    async fn new(seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        let server = server().await;
        let now = Timestamp(1_800_000_000_000);
        let mut players = Vec::new();
        let names = 2 + chance.below(3) as u8;
        for number in 1..=names {
            let scopes = SCOPES[chance.below(4) as usize];
            let device = server.device(number, scopes).await;
            players.push(Player::new(device.device, device.authorization, scopes, now, chance.below(u64::MAX)));
        }
        let documents = (0..2 + chance.below(3) as u8).map(|n| document_id(100 + n)).collect();
        Self {
            chance,
            server,
            now,
            players,
            names,
            former: BTreeMap::new(),
            documents,
            purged: BTreeSet::new(),
            backup: None,
            reported: None,
            faults: true,
        }
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.faults && self.chance.below(n) == 0
    }

    async fn run(&mut self) {
        for _ in 0..STEPS {
            let who = self.chance.below(self.players.len() as u64) as usize;
            match self.chance.below(28) {
                0..=8 => self.edit(who),
                9..=17 => self.perform(who).await,
                18 | 19 => self.pass_time(),
                20 if self.one_in(2) => self.hand_over(who),
                21 if self.one_in(4) => self.close_month().await,
                22 if self.one_in(8) => self.purge().await,
                23 if self.one_in(3) => self.back_up_or_restore().await,
                24 if self.one_in(2) => self.set_clock(who),
                25 if self.one_in(2) => self.revoke_or_return(who).await,
                26 if self.one_in(3) => self.evict(who).await,
                _ => {}
            }
        }
        self.settle().await;
        self.check().await;
    }

    fn edit(&mut self, who: usize) {
        let document = self.documents[self.chance.below(self.documents.len() as u64) as usize];
        // a record is begun where it belongs, perhaps by several apart; elsewhere only one that is there is edited
        let begins: ScopeId = [HONJO, KAMISATO][usize::from(document.as_bytes()[0] % 2)].parse().unwrap();
        if !self.players[who].scopes.contains(&begins) && self.players[who].tablet.view(document).is_none() {
            return;
        }
        let measure = ["attendance.band.75-84", "material.contact-card.age-75"][self.chance.below(2) as usize];
        let by = self.chance.below(9) as i64 - 2;
        let word = self.chance.below(3) as usize;
        let intent = match self.chance.below(12) {
            0..=5 => format!(r#"{{"type":"count","measure":"{measure}","by":{by}}}"#),
            6 => format!(r#"{{"type":"set","field":"date","value":"2026-1{word}-05"}}"#),
            7 => {
                format!(r#"{{"type":"set","field":"municipality","value":"{}"}}"#, ["112119", "113859", "112119"][word])
            }
            8 => format!(
                r#"{{"type":"set","field":"association","value":{}}}"#,
                ["null", "\"honjo\"", "\"kodama\""][word]
            ),
            9 => format!(r#"{{"type":"{}","link":"lecturer/tomizawa"}}"#, ["link", "unlink", "link"][word]),
            10 => format!(r#"{{"type":"step","state":"{}"}}"#, ["held", "cancelled", "confirmed"][word]),
            _ => format!(r#"{{"type":"write","text":"outcome","value":"{}"}}"#, "集い".repeat(word + 1)),
        };
        let intent: Intent = serde_json::from_str(&intent).unwrap();
        let count = match &intent {
            Intent::Count { measure, by, .. } => Some((document, measure.to_string(), *by)),
            _ => None,
        };
        let player = &mut self.players[who];
        if player.give(self.now, Input::Record { document, kind: Kind::Session, by: "tanaka".to_owned(), intent }) {
            player.underway.push_back(count);
        }
    }

    /// Carries out the next thing a tablet asked of its host.
    async fn perform(&mut self, who: usize) {
        let Some(effect) = self.players[who].effects.pop_front() else { return };
        match effect {
            Effect::Shown { .. } => {}
            Effect::Persist { task, writes } => {
                if self.players[who].write(writes) {
                    self.nothing_older();
                }
                self.players[who].give(self.now, Input::Persisted { task, ok: true });
            }
            Effect::Exchange { task, endpoint, body } => {
                let lost = self.one_in(8);
                let doubled = self.one_in(8);
                let mut result = Exchanged::Fault(Fault::Unreachable);
                for _ in 0..if lost { 0 } else { 1 + usize::from(doubled) } {
                    let request = Request::post(endpoint.path())
                        .header(header::AUTHORIZATION, &self.players[who].authorization)
                        .header(header::CONTENT_TYPE, "application/cbor")
                        .body(Body::from(body.clone()))
                        .unwrap();
                    let answer = self.server.send(request).await;
                    result = match answer.status {
                        StatusCode::OK => Exchanged::Ok(answer.body),
                        StatusCode::UNAUTHORIZED if self.players[who].revoked => {
                            assert_eq!(answer.code(), "device_revoked");
                            Exchanged::Fault(Fault::Unauthorised)
                        }
                        status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
                            Exchanged::Fault(Fault::Busy { retry_after_ms: Some(1_000) })
                        }
                        status => panic!("{}: {status} {}", endpoint.path(), String::from_utf8_lossy(&answer.body)),
                    };
                }
                if self.one_in(8) {
                    result = Exchanged::Fault(Fault::Unreachable);
                }
                self.players[who].give(self.now, Input::Exchanged { task, result });
            }
        }
    }

    fn pass_time(&mut self) {
        let ms = self.chance.below(2_000);
        self.forward(ms);
    }

    fn forward(&mut self, ms: u64) {
        self.now = self.now.plus_ms(ms);
        self.server.clock.forward(ms);
        for player in &mut self.players {
            if player.tablet.next_wakeup().is_some_and(|at| at <= player.clock(self.now)) {
                player.give(self.now, Input::Wake);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn inv_1_3_4_hold_in_seeded_worlds_around_the_real_server() {
    let number =
        |name: &str, default: u64| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default);
    let (first, count) = (number("TSUDOI_SEED", 0), number("TSUDOI_WORLDS", 25));
    for seed in first..first + count {
        eprintln!("replay: TSUDOI_SEED={seed} TSUDOI_WORLDS=1 cargo test -p tsudoi-server --test server seeded_worlds");
        World::new(seed).await.run().await;
    }
}
