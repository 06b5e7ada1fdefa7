//! What must be true of every world: along the way, and once everything was delivered.

use std::collections::BTreeMap;

use sync_core::domain::view;
use sync_core::ids::DocumentId;
use sync_core::tablet::{HeldWork, Input, RecordSummary, SaveState};

use super::World;
use crate::device::Device;

/// Exchanges per tablet after which a world that has not settled never will.
const ROUNDS: usize = 120;
/// Messages within one moment after which a tablet is talking without end.
const MESSAGES: usize = 2_000;

impl World {
    pub(super) fn check_own(&self, who: usize) {
        let mending = self.mending.filter(|(device, _)| *device == who).map(|(_, document)| document);
        let purged = &self.server.rulings.purged;
        self.devices[who].check_own(self.seed, |id| purged.contains(id) || mending == Some(*id));
    }

    /// No more faults: everything is performed and delivered until all tablets agree with the server.
    pub(super) fn settle(&mut self) {
        self.faults = false;
        for who in 0..self.devices.len() {
            self.devices[who].revoked = false;
            self.devices[who].stopped = None;
            self.devices[who].give(self.now, Input::Online { online: true });
        }
        for _ in 0..ROUNDS {
            for who in 0..self.devices.len() {
                self.devices[who].give(self.now, Input::Sync);
                self.devices[who].give(self.now, Input::Wake);
            }
            let mut messages = 0;
            while self.devices.iter().any(|device| !device.effects.is_empty()) || !self.network.is_empty() {
                for who in 0..self.devices.len() {
                    while !self.devices[who].effects.is_empty() {
                        self.perform(who);
                    }
                }
                self.deliver();
                messages += 1;
                assert!(messages < MESSAGES, "a tablet talks without end");
            }
            self.now = self.now.plus_ms(61_000);
            self.server.admit_brought_back();
            let decided = self.server.admit_held(&self.documents);
            if decided
                && self.devices.iter().all(|device| {
                    let status = device.tablet.status();
                    status.unsent_changes == 0
                        && !status.scopes.is_empty()
                        && status.scopes.iter().all(|scope| scope.agreed)
                })
                && self.same_digests()
                && !self.server.is_damaged()
            {
                return;
            }
        }
        let standing: Vec<_> = self.devices.iter().map(|device| device.tablet.status()).collect();
        let held: Vec<_> = self.devices.iter().map(held).collect();
        panic!(
            "not settled after {ROUNDS} rounds: {standing:#?}\nheld {held:?}, forbidden {:?}, waiting {:?}, damaged {}",
            self.server.rulings.forbidden,
            self.server.not_admitted(),
            self.server.is_damaged()
        );
    }

    pub(super) fn same_digests(&self) -> bool {
        self.devices.iter().all(|device| {
            device.scopes.iter().all(|scope| {
                let (count, digest) = self.server.digest(scope);
                let status = device.tablet.status();
                status.scopes.iter().any(|own| own.scope == *scope && own.count == count && own.digest == digest.hex())
            })
        })
    }

    pub(super) fn check(&self) {
        // INV-3: totals are the sums of durable counts, on the server and on every tablet
        let mut expected: BTreeMap<(DocumentId, String), i64> = BTreeMap::new();
        let purged = &self.server.rulings.purged;
        expected
            .extend(self.former.iter().filter(|((id, _), _)| !purged.contains(id)).map(|(key, by)| (key.clone(), *by)));
        for device in &self.devices {
            device.check_own(self.seed, |id| purged.contains(id));
            assert!(!purged.iter().any(|id| device.remembers(*id)), "{} remembers what was destroyed", device.id);
            for (key, sum) in device.counted.iter().filter(|((document, _), _)| !purged.contains(document)) {
                *expected.entry(key.clone()).or_default() += sum;
            }
        }
        let on_server: BTreeMap<DocumentId, _> =
            self.server.documents().map(|document| (document.id(), view(&document))).collect();
        for ((document, measure), sum) in &expected {
            if self.server.rulings.forbidden.contains(document) {
                continue;
            }
            let total = on_server.get(document).and_then(|record| record.total(measure));
            assert_eq!(total, Some(*sum), "the server's {measure} of {document}");
        }
        for record in on_server.values() {
            let counted =
                record.tallies.iter().filter(|t| !expected.contains_key(&(record.document, t.measure.clone())));
            assert_eq!(counted.count(), 0, "a measure nobody counted has a value");
        }
        // INV-4: equal content everywhere; INV-7: also where another record is held back
        for device in &self.devices {
            for (document, record) in &on_server {
                let own = device.tablet.view(*document);
                if !self.server.is_in(document, &device.scopes) {
                    let lies_here = own.is_some_and(|own| own.save_state == SaveState::Agreed);
                    assert!(!lies_here, "{} calls {document} agreed, which it may not hold", device.id);
                    continue;
                }
                let own = own.expect("every record of the scope is on the tablet");
                if !matches!(own.save_state, SaveState::Held | SaveState::Declined) {
                    assert_eq!(own.record, *record, "{} shows another record", device.id);
                    assert_eq!(own.save_state, SaveState::Agreed);
                }
            }
        }
    }
}

/// What the server keeps aside of a tablet's work, by record.
fn held(device: &Device) -> Vec<(DocumentId, Vec<String>)> {
    let codes = |work: Vec<HeldWork>| work.into_iter().map(|held| held.code).collect::<Vec<String>>();
    let held = |record: RecordSummary| Some((record.document, codes(device.tablet.view(record.document)?.held)));
    device.tablet.list().into_iter().filter_map(held).filter(|(_, codes)| !codes.is_empty()).collect()
}
