//! Everything is delivered, a person lets in what waits, and then the claims of the module page are checked.

use axum::http::StatusCode;
use serde_json::json;
use sync_core::digest::FeedState;
use sync_core::document::Document;
use sync_core::domain::view;
use sync_core::ids::DocumentId;
use sync_core::tablet::{Input, SaveState, ScopeStatus};
use tsudoi_server::service::access::Role;
use tsudoi_server::service::verify;
use tsudoi_server::store::types::{RollupKey, Rollups, StoredDocument};

use super::player::{Counts, Player};
use super::{MONTH, World};

const ROUNDS: usize = 40;

impl World {
    /// No more faults: everything is performed, and let in, until all tablets agree.
    pub(super) async fn settle(&mut self) {
        self.faults = false;
        for who in 0..self.players.len() {
            if self.players[who].revoked {
                self.come_back(who).await;
            }
        }
        let mut waiting = Vec::new();
        for _ in 0..ROUNDS {
            for who in 0..self.players.len() {
                self.players[who].give(self.now, Input::Sync);
                while !self.players[who].effects.is_empty() {
                    self.perform(who).await;
                }
            }
            waiting = self.let_in_what_waits().await;
            let scopes = self.server.app.store.list_scopes("11").await.unwrap();
            let same = |own: &ScopeStatus| {
                let theirs = scopes.iter().find(|scope| scope.scope == own.scope);
                own.agreed && theirs.is_none_or(|theirs| theirs.digest.hex() == own.digest)
            };
            let agreed = |player: &Player| {
                let status = player.tablet.status();
                status.unsent_changes == 0 && !status.scopes.is_empty() && status.scopes.iter().all(same)
            };
            if waiting.is_empty() && self.players.iter().all(agreed) {
                return;
            }
            self.forward(61_000);
        }
        let standing: Vec<_> = self.players.iter().map(|player| player.tablet.status()).collect();
        panic!("not settled after {ROUNDS} rounds: {standing:#?}\nwaiting: {waiting:#?}");
    }

    /// An officer of the prefecture lets in all that waits, as far as it can come in by now. What waited, and
    /// what became of it.
    async fn let_in_what_waits(&mut self) -> Vec<(String, String, String)> {
        if self.server.custody_count().await == 0 {
            return Vec::new();
        }
        let officer = self.server.signed_in(Role::Prefectural, "11").await;
        let page = self.server.read(&officer, "/v1/custody").await;
        let mut matters: Vec<(String, String)> = Vec::new();
        for entry in page["entries"].as_array().unwrap().iter().filter(|entry| entry["decision"].is_null()) {
            let word = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
            let matter = (word(&entry["document"]), word(&entry["device"]["id"]));
            if !matters.contains(&matter) {
                matters.push(matter);
            }
        }
        let mut answers = Vec::new();
        for (document, device) in matters {
            let body = json!({ "document": document, "device": device, "decision": "admitted", "reason": "確認済み" });
            let answer = self.server.post("/v1/custody/decisions", Some(("cookie", &officer)), &body).await;
            let is_in = answer.status == StatusCode::OK;
            // it may follow what comes in with another tablet, or later
            answers.push((document, device, if is_in { String::new() } else { answer.code() }));
        }
        answers
    }

    pub(super) async fn check(&self) {
        let store = &self.server.app.store;
        let mut expected: Counts = self.former.clone();
        for player in &self.players {
            for (key, by) in &player.counted {
                *expected.entry(key.clone()).or_default() += by;
            }
        }
        expected.retain(|(document, _), _| !self.purged.contains(document));
        let stored = store.load_documents("11", &self.documents).await.unwrap();
        for one in &stored {
            let record = view(&Document::load(&one.snapshot).unwrap());
            for tally in &record.tallies {
                let key = (one.document, tally.measure.to_string());
                assert_eq!(expected.remove(&key), Some(tally.total), "{key:?}");
            }
            for player in &self.players {
                let own = player.tablet.view(one.document);
                if is_in(one, player) {
                    let own = own.expect("on every tablet that holds one of its scopes");
                    assert_eq!((&own.record, own.save_state), (&record, SaveState::Agreed));
                } else {
                    assert!(own.is_none_or(|own| own.save_state != SaveState::Agreed), "agreed, and not to be held");
                }
            }
        }
        assert!(expected.is_empty(), "counted and nowhere: {expected:?}");
        let gone =
            |player: &Player, id: &DocumentId| player.disk.keys().any(|(_, key)| key.starts_with(&id.to_string()));
        assert!(!self.players.iter().any(|player| self.purged.iter().any(|id| gone(player, id))));
        if let Some(reported) = &self.reported {
            self.check_closed_month(reported).await;
        }
        let found = verify::verify(&self.server.app, "11").await.unwrap();
        assert_eq!(found.differences, Vec::<String>::new());
    }

    /// What was reported and its corrections are the figures of now.
    async fn check_closed_month(&self, reported: &Rollups) {
        let store = &self.server.app.store;
        let mut now = store.list_rollups("11").await.unwrap();
        now.retain(|key, _| key.month == MONTH);
        let corrected = store.list_corrections("11", MONTH).await.unwrap();
        for one in &corrected {
            assert_eq!(one.reported, reported.get(&one.key).copied().unwrap_or_default(), "{:?}", one.key);
            assert_eq!(one.now, now.remove(&one.key).unwrap_or_default(), "{:?}", one.key);
        }
        let named = |key: &RollupKey| corrected.iter().any(|one| one.key == *key);
        let unchanged: Rollups =
            reported.iter().filter(|(key, _)| !named(key)).map(|(key, value)| (key.clone(), *value)).collect();
        assert_eq!(now, unchanged, "what is not corrected is as reported");
    }
}

/// Whether a tablet may hold a record now.
fn is_in(document: &StoredDocument, player: &Player) -> bool {
    let mut present = document.places.iter().filter(|place| place.state == FeedState::Present);
    present.any(|place| player.scopes.contains(&place.scope))
}
