//! One tablet of the core with a disk, a clock of its own, and what it recorded: the figures that must come out.

use std::collections::{BTreeMap, VecDeque};

use sync_core::ids::{DeviceId, DocumentId, ScopeId};
use sync_core::tablet::{Effect, Identity, Input, Row, Table, Tablet, Write};
use sync_core::time::Timestamp;

/// Counts by record and measure.
pub type Counts = BTreeMap<(DocumentId, String), i64>;

pub struct Player {
    pub device: DeviceId,
    pub authorization: String,
    /// What it may hold, the place where its records are at home first.
    pub scopes: Vec<ScopeId>,
    pub tablet: Tablet,
    pub disk: BTreeMap<(Table, String), Vec<u8>>,
    pub effects: VecDeque<Effect>,
    /// Counts whose row is durable.
    pub counted: Counts,
    /// Counts on their way to the disk, in order.
    pub underway: VecDeque<Option<(DocumentId, String, i64)>>,
    /// How far its clock is from the true time, in ms.
    pub skew_ms: i64,
    pub revoked: bool,
}

impl Player {
    pub fn new(device: DeviceId, authorization: String, scopes: &str, now: Timestamp, seed: u64) -> Self {
        let mut player = Self {
            device,
            authorization,
            scopes: scopes.split(' ').map(|scope| scope.parse().unwrap()).collect(),
            tablet: Tablet::open(now, Identity { device }, seed, Vec::new()),
            disk: BTreeMap::new(),
            effects: VecDeque::new(),
            counted: BTreeMap::new(),
            underway: VecDeque::new(),
            skew_ms: 0,
            revoked: false,
        };
        player.drain();
        player
    }

    /// What it may hold, as a registration says it.
    pub fn scope_list(&self) -> String {
        let scopes: Vec<&str> = self.scopes.iter().map(|scope| scope.as_str()).collect();
        scopes.join(" ")
    }

    /// What its clock shows.
    pub fn clock(&self, now: Timestamp) -> Timestamp {
        Timestamp(now.0.saturating_add_signed(self.skew_ms))
    }

    /// The browser starts, with what is on the disk.
    pub fn open(&mut self, now: Timestamp, seed: u64) {
        let row = |((table, key), value): (&(Table, String), &Vec<u8>)| Row {
            table: *table,
            key: key.clone(),
            value: value.clone(),
        };
        let rows = self.disk.iter().map(row).collect();
        self.tablet = Tablet::open(self.clock(now), Identity { device: self.device }, seed, rows);
        self.effects.clear();
        self.underway.clear();
        self.drain();
    }

    pub fn give(&mut self, now: Timestamp, input: Input) -> bool {
        let taken = self.tablet.handle(self.clock(now), input).is_ok();
        self.drain();
        taken
    }

    fn drain(&mut self) {
        while let Some(effect) = self.tablet.poll_effect() {
            self.effects.push_back(effect);
        }
    }

    /// One transaction of the disk. Whether a record was dropped in it.
    pub fn write(&mut self, writes: Vec<Write>) -> bool {
        let mut dropped = false;
        for write in writes {
            if write.table == Table::Intent
                && write.value.is_some()
                && let Some(Some((document, measure, by))) = self.underway.pop_front()
            {
                *self.counted.entry((document, measure)).or_default() += by;
            }
            dropped |= write.table == Table::Document && write.value.is_none();
            let key = (write.table, write.key);
            match write.value {
                Some(value) => drop(self.disk.insert(key, value)),
                None => drop(self.disk.remove(&key)),
            }
        }
        dropped
    }

    /// Whether all it recorded is on the server, and nothing of it is held there.
    pub fn is_safe(&self) -> bool {
        let status = self.tablet.status();
        let held = |record: &sync_core::tablet::RecordSummary| {
            self.tablet.view(record.document).is_some_and(|detail| !detail.held.is_empty())
        };
        self.effects.is_empty()
            && self.underway.is_empty()
            && status.unsent_changes == 0
            && !status.scopes.is_empty()
            && status.scopes.iter().all(|scope| scope.agreed)
            && !self.tablet.list().iter().any(held)
    }
}
