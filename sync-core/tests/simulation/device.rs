//! One tablet with a disk that can fail and a browser that can be killed between any two operations.

use std::collections::{BTreeMap, VecDeque};

use sync_core::ids::{DeviceId, DocumentId, ScopeId};
use sync_core::sync::Chance;
use sync_core::tablet::{Effect, Identity, Input, Row, Table, Tablet, TaskId, Write};
use sync_core::time::Timestamp;

pub struct Device {
    pub id: DeviceId,
    pub scopes: Vec<ScopeId>,
    pub tablet: Tablet,
    pub disk: BTreeMap<(Table, String), Vec<u8>>,
    pub effects: VecDeque<Effect>,
    /// Counts whose row is durable, by record and measure: the oracle, kept outside the CRDT.
    pub counted: BTreeMap<(DocumentId, String), i64>,
    /// Counts recorded but not yet durable, by intent row.
    pub underway: BTreeMap<String, (DocumentId, String, i64)>,
    /// Counts rise at every start, so that answers to a killed browser are not taken for its successor's.
    pub life: u64,
    /// The server does not know it any more.
    pub revoked: bool,
    next_row: u64,
}

impl Device {
    pub fn new(name: u8, scopes: Vec<ScopeId>, now: Timestamp, chance: &mut Chance) -> Self {
        let id = DeviceId::from_bytes([name; 16]);
        let tablet = Tablet::open(now, Identity { device: id }, chance.below(u64::MAX), Vec::new());
        let (disk, effects) = (BTreeMap::new(), VecDeque::new());
        let (counted, underway) = (BTreeMap::new(), BTreeMap::new());
        Self { id, scopes, tablet, disk, effects, counted, underway, life: 0, revoked: false, next_row: 1 }
    }

    /// Gives the tablet an input and collects what it asks for.
    pub fn give(&mut self, now: Timestamp, input: Input) -> bool {
        let taken = self.tablet.handle(now, input).is_ok();
        self.drain();
        taken
    }

    pub fn drain(&mut self) {
        while let Some(effect) = self.tablet.poll_effect() {
            self.effects.push_back(effect);
        }
    }

    /// A count is on its way to the disk.
    pub fn note(&mut self, document: DocumentId, measure: String, by: i64) {
        self.underway.insert(format!("{:012}", self.next_row), (document, measure, by));
    }

    /// An edit was taken by the tablet.
    pub fn edited(&mut self) {
        self.next_row += 1;
    }

    pub fn write(&mut self, writes: &[Write]) {
        for write in writes {
            if write.table == Table::Intent
                && write.value.is_some()
                && let Some((document, measure, by)) = self.underway.remove(&write.key)
            {
                *self.counted.entry((document, measure)).or_default() += by;
            }
            let key = (write.table, write.key.clone());
            match &write.value {
                Some(value) => self.disk.insert(key, value.clone()),
                None => self.disk.remove(&key),
            };
        }
    }

    /// The browser dies: what was not on disk is gone. Then it starts again.
    pub fn restart(&mut self, now: Timestamp, chance: &mut Chance) {
        self.effects.clear();
        self.underway.clear();
        self.life += 1;
        let rows =
            self.disk.iter().map(|((table, key), value)| Row { table: *table, key: key.clone(), value: value.clone() });
        self.tablet = Tablet::open(now, Identity { device: self.id }, chance.below(u64::MAX), rows.collect());
        let used =
            self.disk.keys().filter(|(table, _)| *table == Table::Intent).filter_map(|(_, key)| key.parse().ok());
        let stored = self.disk.get(&(Table::Meta, "intent".to_owned()));
        let next =
            stored.and_then(|bytes| sync_core::wire::ByteVec::from(bytes.clone()).first().map(|_| read_number(bytes)));
        self.next_row = used.map(|n: u64| n + 1).chain(next).max().unwrap_or(1);
        self.drain();
    }

    /// The browser throws away everything it stored for the app.
    pub fn evict(&mut self, now: Timestamp, chance: &mut Chance) {
        self.disk.clear();
        self.restart(now, chance);
    }

    /// A bit of a stored record turns over.
    pub fn damage(&mut self, document: DocumentId, place: usize) {
        if let Some(row) = self.disk.get_mut(&(Table::Document, document.to_string())) {
            let place = place % row.len();
            row[place] ^= 0x20;
        }
    }

    /// Whether any row still speaks of a record.
    pub fn remembers(&self, document: DocumentId) -> bool {
        let id = document.to_string();
        self.disk.keys().any(|(table, key)| matches!(table, Table::Document | Table::Outbox) && key.starts_with(&id))
    }

    /// Own count of a measure as a person would see it now.
    pub fn own_count(&self, document: DocumentId, measure: &str) -> Option<i64> {
        let record = self.tablet.view(document)?.record;
        let tally = record.tallies.into_iter().find(|tally| tally.measure == measure)?;
        tally.by_device.get(&self.id).copied()
    }

    /// Every durable count is there, but for those of records `gone`.
    pub fn check_own(&self, seed: u64, gone: impl Fn(&DocumentId) -> bool) {
        for ((document, measure), sum) in self.counted.iter().filter(|((document, _), _)| !gone(document)) {
            assert_eq!(self.own_count(*document, measure), Some(*sum), "seed {seed}: {} lost a count", self.id);
        }
    }
}

/// A CBOR unsigned number.
fn read_number(bytes: &[u8]) -> u64 {
    let width = match bytes[0] {
        small @ 0..=23 => return u64::from(small),
        24 => 1,
        25 => 2,
        26 => 4,
        _ => 8,
    };
    bytes[1..=width].iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// A task and the life in which it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    pub device: usize,
    pub life: u64,
    pub task: TaskId,
}
