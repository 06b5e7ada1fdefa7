//! Two hosts over one disk: a tab that was stopped wakes while another leads. The disk knows a term; what is written under
//! an earlier one is refused, and whoever is refused becomes a follower.

use sync_core::document::Kind;
use sync_core::ids::DocumentId;
use sync_core::tablet::{Effect, Input};

use super::{Packet, World};
use crate::device::Asked;

impl World {
    /// Once in a while, in worlds with such tabs: one is stopped, or one that was stopped stirs.
    pub(super) fn move_tabs(&mut self, who: usize) {
        let Some(chance) = &mut self.tabs else { return };
        let (stops, stirs) = (chance.below(25) == 0, chance.below(3) == 0);
        if self.devices[who].stopped.is_some() {
            if stirs {
                self.stir(who);
            }
        } else if stops && self.mending.is_none() {
            let left = self.devices[who].left.len();
            self.devices[who].take_over(self.now, &mut self.chance);
            if self.devices[who].left.len() > left {
                self.nothing_older();
            }
            self.check_own(who);
        }
    }

    /// A tab that was stopped goes on with what it had begun, or takes a tap.
    fn stir(&mut self, who: usize) {
        let device = &mut self.devices[who];
        let now = device.clock(self.now);
        let Some(stopped) = &mut device.stopped else { return };
        match stopped.effects.pop_front() {
            // an earlier term: the transaction is refused, nothing is shown, and the tab follows from now on
            Some(Effect::Persist { .. }) => device.stopped = None,
            Some(Effect::Shown { .. }) => {}
            Some(Effect::Exchange { task, endpoint, body }) => {
                let asked = Asked { device: who, life: stopped.life, task };
                self.network.push(Packet::Request { asked, endpoint, body });
            }
            None => {
                let document: DocumentId = self.documents[0];
                let intent = r#"{"type":"count","measure":"screening.viewers","by":1}"#;
                let intent = serde_json::from_str(intent).unwrap();
                // never durable, so never counted: the oracle is not told
                let tap = Input::Record { document, kind: Kind::Session, by: "tanaka".to_owned(), intent };
                let _ = stopped.tablet.handle(now, tap);
                while let Some(effect) = stopped.tablet.poll_effect() {
                    stopped.effects.push_back(effect);
                }
            }
        }
    }

    /// An answer to what a stopped tab had asked.
    pub(super) fn answer_stopped(&mut self, asked: Asked, input: Input) {
        let device = &mut self.devices[asked.device];
        let now = device.clock(self.now);
        let Some(stopped) = device.stopped.as_mut().filter(|stopped| stopped.life == asked.life) else { return };
        let _ = stopped.tablet.handle(now, input);
        while let Some(effect) = stopped.tablet.poll_effect() {
            stopped.effects.push_back(effect);
        }
    }
}
