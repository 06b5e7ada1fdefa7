//! What happens to tablets and server: tabs die, clocks are set, tablets are revoked and come back, stores are evicted,
//! records destroyed, months closed, backups restored.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::http::StatusCode;
use serde_json::json;
use sync_core::tablet::{Effect, Input};
use tsudoi_server::config::Config;
use tsudoi_server::service::access::Role;
use tsudoi_server::service::journal::Who;
use tsudoi_server::service::purge;
use tsudoi_server::store::Store;
use tsudoi_server::store::sqlite::SqliteStore;
use tsudoi_server::store::types::Rollups;

use super::player::Player;
use super::{MONTH, World};
use crate::support::server_on;

const DAY_MS: u64 = 86_400_000;
/// Exchanges in which a tablet sends all it has, if all goes well.
const TRIES: usize = 5;

impl World {
    /// The tab that runs the core dies, and another takes the lock and opens the same rows. What the first had begun to
    /// store may have become durable, though it never heard of it.
    pub(super) fn hand_over(&mut self, who: usize) {
        for _ in 0..self.chance.below(3) {
            let Some(effect) = self.players[who].effects.pop_front() else { break };
            if let Effect::Persist { writes, .. } = effect
                && self.players[who].write(writes)
            {
                self.nothing_older();
            }
        }
        let seed = self.chance.below(u64::MAX);
        self.players[who].open(self.now, seed);
    }

    /// A tablet's clock is set, forwards or back.
    pub(super) fn set_clock(&mut self, who: usize) {
        let by = i64::try_from(self.chance.below(3 * DAY_MS)).unwrap() - DAY_MS as i64;
        let player = &mut self.players[who];
        player.skew_ms = if player.skew_ms.unsigned_abs() > 7 * DAY_MS { 0 } else { player.skew_ms + by };
    }

    /// The office ends a tablet's registration, or gives it a code under the same id.
    pub(super) async fn revoke_or_return(&mut self, who: usize) {
        if self.players[who].revoked {
            self.come_back(who).await;
        } else {
            let device = self.players[who].device;
            assert!(self.server.app.store.revoke_device("11", device, "pe-x", self.now.0).await.unwrap());
            self.players[who].revoked = true;
        }
    }

    /// A tablet is registered anew under its id.
    pub(super) async fn come_back(&mut self, who: usize) {
        let device = self.players[who].device;
        let code = self.server.code_for(device, Role::Staff, "112119", &self.players[who].scope_list()).await;
        let body = json!({ "code": code.shown(), "device": device.to_string(), "device_name": "端末" });
        let answer = self.server.post("/v1/enrol", None, &body).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", String::from_utf8_lossy(&answer.body));
        self.players[who].authorization = format!("DPoP {}", answer.json()["token"].as_str().unwrap());
        self.players[who].revoked = false;
    }

    /// The browser throws away all it stored, after everything was sent; the tablet is enrolled under another id.
    pub(super) async fn evict(&mut self, who: usize) {
        for _ in 0..TRIES {
            self.players[who].give(self.now, Input::Sync);
            while !self.players[who].effects.is_empty() {
                self.perform(who).await;
            }
            self.forward(1_000);
        }
        if !self.players[who].is_safe() || self.players[who].revoked {
            return;
        }
        self.names += 1;
        let scopes = self.players[who].scope_list();
        let enrolled = self.server.device(self.names, &scopes).await;
        let seed = self.chance.below(u64::MAX);
        let new = Player::new(enrolled.device, enrolled.authorization, &scopes, self.now, seed);
        let old = std::mem::replace(&mut self.players[who], new);
        for (key, by) in old.counted {
            *self.former.entry(key).or_default() += by;
        }
        self.nothing_older();
    }

    /// What no tablet holds any more cannot come back: a backup from before is not restored.
    pub(super) fn nothing_older(&mut self) {
        self.backup = None;
    }

    pub(super) async fn close_month(&mut self) {
        let store = &self.server.app.store;
        let month = |rollups: Rollups| rollups.into_iter().filter(|(key, _)| key.month == MONTH).collect();
        if store.close_month("11", MONTH, 2026, "tanaka", self.now.0).await.unwrap() {
            self.reported = Some(month(store.list_rollups("11").await.unwrap()));
        }
    }

    pub(super) async fn purge(&mut self) {
        if self.documents.len() > 1 {
            let document = self.documents.remove(0);
            purge::purge(&self.server.app, Who::person("11", "tanaka"), document, "試験").await.unwrap();
            self.purged.insert(document);
            // what was destroyed does not come back with a backup taken before
            self.nothing_older();
        }
    }

    pub(super) async fn back_up_or_restore(&mut self) {
        let folder = self.server.folder.path().to_owned();
        match self.backup.take() {
            None => {
                self.stop_and_start(None).await;
                std::fs::copy(folder.join("t.sqlite"), folder.join("backup.sqlite")).unwrap();
                self.backup = Some((folder.join("backup.sqlite"), self.reported.clone()));
            }
            Some((backup, reported)) => {
                self.reported = reported;
                self.stop_and_start(Some(backup)).await;
                // the backup knows nothing of registrations since
                for who in 0..self.players.len() {
                    self.come_back(who).await;
                }
            }
        }
    }

    /// Ends the server and starts another one on the same file, or on the backup, then under new epochs.
    async fn stop_and_start(&mut self, backup: Option<PathBuf>) {
        self.server.app.store.close().await;
        let folder = std::mem::replace(&mut self.server.folder, tempfile::tempdir().unwrap());
        let file = folder.path().join("t.sqlite");
        if let Some(backup) = &backup {
            for tail in ["t.sqlite-wal", "t.sqlite-shm"] {
                let _ = std::fs::remove_file(folder.path().join(tail));
            }
            std::fs::copy(backup, &file).unwrap();
        }
        let store = SqliteStore::open(&file, 2).await.unwrap();
        store.migrate().await.unwrap();
        if backup.is_some() {
            store.renew_epochs(None).await.unwrap();
        }
        let before = Arc::clone(&self.server.clock);
        self.server = server_on(Arc::new(store), Config::default(), folder).await;
        let behind = before.0.load(Ordering::SeqCst) - self.server.app.now().0;
        self.server.clock.forward(behind);
    }
}
