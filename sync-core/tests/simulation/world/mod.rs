//! The world a seed makes: what happens in it, step by step, until it is left to settle.

mod breadth;
mod claims;
mod faults;
mod tabs;

use std::collections::BTreeMap;
use sync_core::document::Kind;
use sync_core::domain::Intent;
use sync_core::ids::{DocumentId, ScopeId};
use sync_core::sync::Chance;
use sync_core::tablet::{Effect, Endpoint, Exchanged, Fault, Input};
use sync_core::time::Timestamp;

use crate::device::{Asked, Device};
use crate::server::{PLACES, Server, place};

/// Steps with faults, before everything is left to settle.
const STEPS: u64 = 160;
enum Packet {
    Request { asked: Asked, endpoint: Endpoint, body: Vec<u8> },
    Answer { asked: Asked, result: Exchanged },
}

/// A poor line: what is larger breaks off, or is refused by something on the way up.
#[derive(Clone, Copy)]
struct Line {
    bytes: usize,
    refuses: bool,
}

pub struct World {
    seed: u64,
    chance: Chance,
    now: Timestamp,
    server: Server,
    backup: Server,
    restores: u8,
    devices: Vec<Device>,
    network: Vec<Packet>,
    documents: Vec<DocumentId>,
    faults: bool,
    /// Names given to tablets so far.
    names: u8,
    /// What tablets counted whose store is gone, as far as the server had it.
    former: BTreeMap<(DocumentId, String), i64>,
    /// What one exchange carries each way, in bytes, before the line breaks; also when all else is well.
    line: Option<Line>,
    /// What happens to tabs, in worlds where some are stopped while they lead.
    tabs: Option<Chance>,
    /// A tablet's record that was damaged on its disk and is not whole yet.
    mending: Option<(usize, DocumentId)>,
}

impl World {
    pub fn new(seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        let now = Timestamp(1_700_000_000_000);
        let association = ScopeId::association("honjo").unwrap();
        let devices: Vec<Device> = (0..1 + chance.below(5))
            .map(|n| {
                // one municipality, both, or an association beside it
                let mut scopes = vec![place(chance.below(2) as usize)];
                match chance.below(4) {
                    0 => scopes.push(association.clone()),
                    1 => scopes = vec![place(0), place(1)],
                    2 => scopes = vec![place(0), place(1), association.clone()],
                    _ => {}
                }
                let name = u8::try_from(n + 1).unwrap();
                Device::new(name, scopes, now, &mut chance)
            })
            .collect();
        let names = u8::try_from(devices.len()).unwrap();
        let documents: Vec<DocumentId> =
            (0..1 + chance.below(6) as u8).map(|n| DocumentId::from_bytes([100 + n; 16])).collect();
        let mut server = Server::new();
        if documents.len() > 1 && chance.below(4) == 0 {
            server.rulings.forbidden.insert(documents[0]);
        }
        let backup = server.clone();
        // of its own, so that kept seeds stay the worlds they were
        let mut of_line = Chance::new(seed ^ 0x11e5);
        let (poor, refuses) = (of_line.below(4) == 0, of_line.below(2) == 0);
        let bytes = 20_000 + usize::try_from(of_line.below(20_000)).unwrap();
        let line = poor.then_some(Line { bytes, refuses });
        Self {
            seed,
            chance,
            now,
            server,
            backup,
            restores: 0,
            devices,
            network: Vec::new(),
            documents,
            faults: true,
            names,
            former: BTreeMap::new(),
            line,
            tabs: (of_line.below(3) == 0).then_some(of_line),
            mending: None,
        }
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.faults && self.chance.below(n) == 0
    }

    /// A world in which tabs are stopped while they lead, whatever the seed says.
    pub fn with_stopped_tabs(seed: u64) -> Self {
        Self { tabs: Some(Chance::new(seed ^ 0x7ab5)), ..Self::new(seed) }
    }

    pub fn run(&mut self) {
        for device in &mut self.devices {
            device.drain();
        }
        for _ in 0..STEPS {
            let who = self.chance.below(self.devices.len() as u64) as usize;
            self.move_tabs(who);
            match self.chance.below(20) {
                0..=5 => self.edit(who),
                6..=11 => self.perform(who),
                12..=14 => self.deliver(),
                15 | 16 => self.pass_time(),
                17 => {
                    let online = self.chance.below(3) != 0;
                    self.devices[who].give(self.now, Input::Online { online });
                }
                18 => match self.chance.below(15) {
                    0 | 1 => self.restart(who),
                    2 | 3 => self.hand_over(who),
                    4 => self.revoke(who),
                    5 => self.evict(who),
                    11 | 12 => self.set_clock(who),
                    6 | 7 => self.damage_tablet(who),
                    8 => self.damage_server(),
                    9 => self.purge(),
                    10 => self.refuse(who),
                    _ => self.decide(),
                },
                _ => self.shake_server(),
            }
        }
        self.settle();
        self.check();
    }

    fn edit(&mut self, who: usize) {
        let document = self.documents[self.chance.below(self.documents.len() as u64) as usize];
        if self.server.rulings.forbidden.contains(&document) && who != 0 {
            return;
        }
        // a record is begun where it belongs, perhaps by several apart; elsewhere only one that is there is edited
        let begins = place(usize::from(document.as_bytes()[0] % 2));
        if !self.devices[who].scopes.contains(&begins) && self.devices[who].tablet.view(document).is_none() {
            return;
        }
        let measures = ["attendance.band.75-84", "material.contact-card.age-75", "screening.viewers"];
        let measure = measures[self.chance.below(3) as usize];
        let by = self.chance.below(9) as i64 - 2;
        let word = self.chance.below(4);
        let intent = match self.chance.below(11) {
            0..=5 => format!(r#"{{"type":"count","measure":"{measure}","by":{by}}}"#),
            6 => format!(r#"{{"type":"set","field":"venue","value":"会場{word}"}}"#),
            7 => {
                let association = ["null", "\"honjo\"", "\"kodama\""][(word % 3) as usize];
                format!(r#"{{"type":"set","field":"association","value":{association}}}"#)
            }
            9 => {
                let municipality = PLACES[(word % 2) as usize];
                format!(r#"{{"type":"set","field":"municipality","value":"{municipality}"}}"#)
            }
            8 => {
                let longest = if self.line.is_some() { 1_600 } else { 40 };
                let text = "集い".repeat(1 + self.chance.below(longest) as usize);
                format!(r#"{{"type":"write","text":"outcome","value":"{text}{word}"}}"#)
            }
            _ => format!(
                r#"{{"type":"step","state":"{}"}}"#,
                ["held", "cancelled", "confirmed", "reported"][word as usize]
            ),
        };
        let intent: Intent = serde_json::from_str(&intent).unwrap();
        let device = &mut self.devices[who];
        if let Intent::Count { measure, by, .. } = &intent {
            device.note(document, measure.to_string(), *by);
        }
        let input = Input::Record { document, kind: Kind::Session, by: "tanaka".to_owned(), intent };
        if device.give(self.now, input) {
            device.edited();
        }
    }

    /// Carries out the next thing a tablet asked of its host.
    fn perform(&mut self, who: usize) {
        let Some(effect) = self.devices[who].effects.pop_front() else {
            return;
        };
        match effect {
            Effect::Shown { .. } => {}
            Effect::Persist { task, writes } => {
                if self.one_in(40) {
                    self.devices[who].give(self.now, Input::Persisted { task, ok: false });
                    self.restart(who);
                    return;
                }
                let left = self.devices[who].left.len();
                self.devices[who].write(&writes);
                if self.devices[who].left.len() > left {
                    self.nothing_older();
                }
                if self.one_in(25) {
                    self.restart(who);
                } else {
                    self.devices[who].give(self.now, Input::Persisted { task, ok: true });
                }
            }
            Effect::Exchange { task, endpoint, body } => {
                let asked = Asked { device: who, life: self.devices[who].life, task };
                if let Some(line) = self.line.filter(|line| body.len() > line.bytes) {
                    let fault = if line.refuses { Fault::TooLarge } else { Fault::Cut };
                    self.network.push(Packet::Answer { asked, result: Exchanged::Fault(fault) });
                    return;
                }
                if self.one_in(6) {
                    let result = Exchanged::Fault(Fault::Unreachable);
                    self.network.push(Packet::Answer { asked, result });
                    return;
                }
                if self.one_in(6) {
                    self.network.push(Packet::Request { asked, endpoint, body: body.clone() });
                }
                self.network.push(Packet::Request { asked, endpoint, body });
            }
        }
    }

    fn deliver(&mut self) {
        if self.network.is_empty() {
            return;
        }
        let which = if self.faults { self.chance.below(self.network.len() as u64) as usize } else { 0 };
        match self.network.remove(which) {
            Packet::Request { asked, endpoint, mut body } => {
                if self.one_in(12) {
                    body.truncate(self.chance.below(body.len() as u64 + 1) as usize);
                }
                if self.one_in(12) {
                    let at = self.chance.below(body.len() as u64) as usize;
                    if let Some(byte) = body.get_mut(at) {
                        *byte ^= 1 << self.chance.below(8);
                    }
                }
                if self.one_in(12) {
                    // the server dies before its transaction commits
                    self.answer(asked, Exchanged::Fault(Fault::Unreachable));
                    return;
                }
                let device = &self.devices[asked.device];
                let answer = if device.revoked {
                    let late = self.server.late(device.id, &body, self.now).filter(|_| endpoint == Endpoint::Sync);
                    let Some(late) = late else {
                        self.answer(asked, Exchanged::Fault(Fault::Unauthorised));
                        return;
                    };
                    Some(late)
                } else {
                    self.server.exchange(device.id, &device.scopes, endpoint, &body, self.now)
                };
                if self.one_in(12) {
                    // it dies after the commit, before the answer
                    self.answer(asked, Exchanged::Fault(Fault::Unreachable));
                    return;
                }
                match answer {
                    Some(body) if self.line.is_some_and(|line| body.len() > line.bytes) => {
                        self.answer(asked, Exchanged::Fault(Fault::Cut));
                    }
                    Some(mut body) => {
                        if self.one_in(12) {
                            body.truncate(self.chance.below(body.len() as u64 + 1) as usize);
                        }
                        self.answer(asked, Exchanged::Ok(body));
                    }
                    None => self.answer(asked, Exchanged::Fault(Fault::Refused { code: None })),
                }
            }
            Packet::Answer { asked, result } => {
                if self.one_in(10) {
                    self.network.push(Packet::Answer { asked, result: result.clone() });
                }
                let device = &mut self.devices[asked.device];
                let input = Input::Exchanged { task: asked.task, result };
                if device.life == asked.life {
                    device.give(self.now, input);
                } else {
                    self.answer_stopped(asked, input);
                }
            }
        }
    }

    fn answer(&mut self, asked: Asked, result: Exchanged) {
        if self.one_in(10) {
            // the answer is lost; the host notices after a while
            self.network.push(Packet::Answer { asked, result: Exchanged::Fault(Fault::Unreachable) });
        } else {
            self.network.push(Packet::Answer { asked, result });
        }
    }

    fn pass_time(&mut self) {
        if self.one_in(30) {
            self.now = Timestamp(self.now.0 - self.chance.below(86_400_000));
        }
        self.now = self.now.plus_ms(self.chance.below(1_500));
        for device in &mut self.devices {
            if device.tablet.next_wakeup().is_some_and(|at| at <= device.clock(self.now)) {
                device.give(self.now, Input::Wake);
            }
        }
    }

    fn restart(&mut self, who: usize) {
        self.devices[who].restart(self.now, &mut self.chance);
        self.check_own(who);
    }

    fn hand_over(&mut self, who: usize) {
        let left = self.devices[who].left.len();
        self.devices[who].hand_over(self.now, &mut self.chance);
        if self.devices[who].left.len() > left {
            self.nothing_older();
        }
        self.check_own(who);
    }
}
