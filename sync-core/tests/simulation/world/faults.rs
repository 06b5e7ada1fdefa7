//! What goes wrong: stores are evicted, rows and servers damaged, work refused, backups restored.

use sync_core::ids::ChangeHash;
use sync_core::tablet::{RecordSummary, SaveState, Table};

use super::{Packet, World};

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

    pub(super) fn evict(&mut self, who: usize) {
        if self.is_safe(who) {
            // what is nowhere else cannot come back
            self.backup = self.server.clone();
            self.devices[who].evict(self.now, &mut self.chance);
        }
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
        if self.mending.is_none() && !self.server.is_damaged() {
            let (which, place) = (self.chance.below(6) as usize, self.chance.below(10_000) as usize);
            self.server.damage(which, place);
        }
    }

    pub(super) fn purge(&mut self) {
        let document = self.documents[self.chance.below(self.documents.len() as u64) as usize];
        if self.one_in(3) && self.documents.len() > 2 {
            self.server.purge(document);
        }
    }

    /// From here on the gate does not take one of the changes this tablet has yet to send for the first time.
    pub(super) fn refuse(&mut self, who: usize) {
        let under_way = self.network.iter().any(|packet| matches!(packet, Packet::Request { .. }));
        let rows = self.devices[who].disk.iter().filter(|((table, _), _)| *table == Table::Outbox);
        let never_taken: Vec<ChangeHash> = rows.filter_map(|(_, row)| change_with_edits(row)).collect();
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

/// The name of a waiting change, when its row also tells the edits it was made of.
fn change_with_edits(row: &[u8]) -> Option<ChangeHash> {
    let mut decoder = minicbor::Decoder::new(row);
    let (mut hash, mut edits) = (None, 0);
    for _ in 0..decoder.map().ok()?? {
        match decoder.u64().ok()? {
            0 => hash = ChangeHash::from_slice(decoder.bytes().ok()?),
            3 => {
                edits = decoder.array().ok()??;
                (0..edits).try_for_each(|_| decoder.skip()).ok()?;
            }
            _ => decoder.skip().ok()?,
        }
    }
    hash.filter(|_| edits > 0)
}
