//! What goes wrong: stores are evicted, rows and servers damaged, work refused, backups restored.

use sync_core::ids::ChangeHash;
use sync_core::tablet::{RecordSummary, SaveState, Table};

use super::{Packet, World};
use crate::device::change_of;

impl World {
    /// Whether everything this tablet holds is on the server, and nothing of its own is under way.
    pub(super) fn is_safe(&mut self, who: usize) -> bool {
        if let Some((device, document)) = self.mending
            && self.devices[device].tablet.view(document).is_some()
        {
            self.mending = None;
        }
        let device = &self.devices[who];
        let safe = |record: RecordSummary| matches!(record.save_state, SaveState::Agreed);
        let quiet =
            !self.network.iter().any(|packet| matches!(packet, Packet::Request { asked, .. } if asked.device == who));
        self.mending.is_none()
            && !self.server.is_damaged()
            && quiet
            && device.effects.is_empty()
            && device.tablet.status().unsent_changes == 0
            && device.tablet.status().scopes.iter().all(|scope| scope.agreed)
            && device.tablet.list().into_iter().all(safe)
    }

    /// All that a tablet stored is gone, sent or not. What the server had by then stays, to the last count; nothing that is
    /// on its way arrives any more.
    pub(super) fn evict(&mut self, who: usize) {
        if self.server.is_damaged() || self.mending.is_some() || !self.server.rulings.refused.is_empty() {
            return;
        }
        self.network.retain(|packet| !matches!(packet, Packet::Request { asked, .. } if asked.device == who));
        self.names += 1;
        let gone = self.devices[who].id;
        let server = &self.server;
        let kept = self.devices[who]
            .evict(self.names, self.now, &mut self.chance, |document, hash| server.holds(document, hash));
        self.server.give_up(gone);
        for (key, by) in kept {
            *self.former.entry(key).or_default() += by;
        }
        self.nothing_older();
    }

    /// What no tablet holds any more cannot come back: a backup from before is not restored.
    pub(super) fn nothing_older(&mut self) {
        self.backup = self.server.clone();
    }

    /// The office ends a tablet's registration, or gives it a code under the same id.
    pub(super) fn revoke(&mut self, who: usize) {
        if !self.server.is_damaged() {
            self.devices[who].revoked ^= true;
        }
    }

    /// A tablet's clock is set, forwards or back.
    pub(super) fn set_clock(&mut self, who: usize) {
        let by = i64::try_from(self.chance.below(3 * 86_400_000)).unwrap() - 86_400_000;
        let device = &mut self.devices[who];
        device.skew_ms = if device.skew_ms.abs() > 7 * 86_400_000 { 0 } else { device.skew_ms + by };
    }

    pub(super) fn damage_tablet(&mut self, who: usize) {
        let document = self.documents[self.chance.below(self.documents.len() as u64) as usize];
        if self.is_safe(who) && self.devices[who].tablet.view(document).is_some() {
            self.backup = self.server.clone();
            self.devices[who].damage(document, self.chance.below(10_000) as usize);
            self.mending = Some((who, document));
            self.restart(who);
        }
    }

    pub(super) fn damage_server(&mut self) {
        let document = self.documents[self.chance.below(self.documents.len() as u64) as usize];
        let place = self.chance.below(10_000) as usize;
        // one who has all of it can bring it back
        let holds = |device: &crate::device::Device| {
            !device.revoked && self.server.is_in(&document, &device.scopes) && self.server.is_same(document, device)
        };
        if self.mending.is_none() && !self.server.is_damaged() && self.devices.iter().any(holds) {
            self.server.damage(document, place);
        }
    }

    pub(super) fn purge(&mut self) {
        let document = self.documents[self.chance.below(self.documents.len() as u64) as usize];
        if self.one_in(3) && self.documents.len() > 2 {
            self.server.purge(document);
        }
    }

    /// From here on the gate does not take one of the changes this tablet has yet to send, unless it took it once.
    pub(super) fn refuse(&mut self, who: usize) {
        let under_way = self.network.iter().any(|packet| matches!(packet, Packet::Request { .. }));
        let rows = self.devices[who].disk.iter().filter(|((table, _), _)| *table == Table::Outbox);
        let never_taken: Vec<ChangeHash> = rows
            .filter_map(|(_, row)| change_of(row))
            .filter(|(_, edits)| !edits.is_empty())
            .map(|(hash, _)| hash)
            .collect();
        if let (Some(hash), false) = (never_taken.first(), under_way || self.server.is_damaged()) {
            self.server.refuse(*hash);
        }
    }

    pub(super) fn decide(&mut self) {
        self.server.admit_brought_back();
        let document = self.documents[0];
        if self.server.rulings.forbidden.contains(&document) && !self.server.is_damaged() {
            let admitted = self.chance.below(2) == 0;
            self.server.decide(document, admitted);
        }
    }

    pub(super) fn shake_server(&mut self) {
        if self.one_in(3) {
            self.backup = self.server.clone();
        } else if self.one_in(6) {
            self.restores += 1;
            let rulings = self.server.rulings.clone();
            self.server = self.backup.clone().restored(1 + self.restores, rulings);
        }
    }
}
