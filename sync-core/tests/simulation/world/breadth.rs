//! Many tablets that write one record apart: nothing of it is held, and everybody can go on.

use sync_core::document::Kind;
use sync_core::domain::Intent;
use sync_core::ids::DocumentId;
use sync_core::sync::Chance;
use sync_core::tablet::Input;
use sync_core::time::Timestamp;

use super::World;
use crate::device::Device;
use crate::server::{Server, place};

const RECORD: DocumentId = DocumentId::from_bytes([100; 16]);

impl World {
    /// A world without faults, in which so many tablets hold the same scope.
    pub fn broad(tablets: u8) -> Self {
        let (mut chance, now) = (Chance::new(u64::from(tablets)), Timestamp(1_700_000_000_000));
        let devices = (1..=tablets).map(|name| Device::new(name, vec![place(0)], now, &mut chance)).collect();
        let mut world = Self::new(0);
        (world.server, world.devices, world.documents) = (Server::new(), devices, vec![RECORD]);
        (world.chance, world.names, world.faults) = (chance, tablets, false);
        world.backup = world.server.clone();
        world
    }

    /// Everybody writes the same record without the others, then with what the others wrote.
    pub fn run_broad(&mut self) {
        for round in ["一", "二"] {
            for who in 0..self.devices.len() {
                self.devices[who].give(self.now, Input::Online { online: false });
                self.write_all(who, round);
            }
            self.settle();
            self.check();
            assert_eq!(self.server.held(), 0, "held in round {round}");
        }
    }

    fn write_all(&mut self, who: usize, round: &str) {
        let record = self.devices[who].tablet.view(RECORD);
        let base = record.and_then(|detail| detail.record.texts.into_values().find(|text| !text.is_empty()));
        let base = serde_json::to_string(&base.unwrap_or_default()).unwrap();
        let mut intents = vec![
            r#"{"type":"count","measure":"attendance.band.75-84","by":1}"#.to_owned(),
            format!(r#"{{"type":"set","field":"venue","value":"会場{round}{who}"}}"#),
        ];
        if round == "一" || who.is_multiple_of(13) {
            // what everybody wrote is rewritten as a whole
            intents.push(format!(r#"{{"type":"write","text":"outcome","base":{base},"value":"{round}、{who}。"}}"#));
        }
        for intent in intents {
            let intent: Intent = serde_json::from_str(&intent).unwrap();
            let device = &mut self.devices[who];
            if let Intent::Count { measure, by, .. } = &intent {
                device.note(RECORD, measure.to_string(), *by);
            }
            let input = Input::Record { document: RECORD, kind: Kind::Session, by: "tanaka".to_owned(), intent };
            if device.give(self.now, input) {
                device.edited();
            }
            while !self.devices[who].effects.is_empty() {
                self.perform(who);
            }
        }
    }
}
