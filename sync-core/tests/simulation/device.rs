//! One tablet with a disk that can fail, a clock of its own, and a browser whose tabs can be killed between any two
//! operations: the one that holds the lock runs the core, and when it dies another opens the same rows.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use sync_core::ids::{ChangeHash, DeviceId, DocumentId, ScopeId};
use sync_core::sync::Chance;
use sync_core::tablet::{Effect, Identity, Input, Row, Table, Tablet, TaskId, Write};
use sync_core::time::Timestamp;

/// A tab that was stopped while it ran the core. When it wakes it does not know that another leads.
pub struct Stopped {
    pub tablet: Tablet,
    pub effects: VecDeque<Effect>,
    pub life: u64,
}

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
    /// The same by intent row, and the rows that each change was made of.
    pub intents: BTreeMap<u64, (DocumentId, String, i64)>,
    pub made_of: BTreeMap<ChangeHash, (DocumentId, Vec<u64>)>,
    /// Records that were on this tablet once and left it.
    pub left: BTreeSet<DocumentId>,
    /// How far its clock is from the true time, in ms.
    pub skew_ms: i64,
    /// Counts rise at every start, so that answers to a killed browser are not taken for its successor's.
    pub life: u64,
    /// The server does not know it any more.
    pub revoked: bool,
    /// The tab that led before, asleep or awake again; the disk has a later term than it and takes nothing of it.
    pub stopped: Option<Box<Stopped>>,
    next_row: u64,
}

impl Device {
    pub fn new(name: u8, scopes: Vec<ScopeId>, now: Timestamp, chance: &mut Chance) -> Self {
        let id = DeviceId::from_bytes([name; 16]);
        let seed = chance.below(u64::MAX);
        Self {
            id,
            scopes,
            tablet: Tablet::open(now, Identity { device: id }, seed, Vec::new()),
            disk: BTreeMap::new(),
            effects: VecDeque::new(),
            counted: BTreeMap::new(),
            underway: BTreeMap::new(),
            intents: BTreeMap::new(),
            made_of: BTreeMap::new(),
            left: BTreeSet::new(),
            skew_ms: 0,
            life: 0,
            revoked: false,
            stopped: None,
            next_row: first_row(1, seed),
        }
    }

    /// What its clock shows.
    pub fn clock(&self, now: Timestamp) -> Timestamp {
        Timestamp(now.0.saturating_add_signed(self.skew_ms))
    }

    /// Gives the tablet an input and collects what it asks for.
    pub fn give(&mut self, now: Timestamp, input: Input) -> bool {
        let taken = self.tablet.handle(self.clock(now), input).is_ok();
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
                *self.counted.entry((document, measure.clone())).or_default() += by;
                self.intents.insert(write.key.parse().unwrap(), (document, measure, by));
            }
            if let (Table::Outbox, Some(row)) = (write.table, &write.value)
                && let Some((hash, edits)) = change_of(row).filter(|(_, edits)| !edits.is_empty())
            {
                self.made_of.insert(hash, (write.key.split_once('/').unwrap().0.parse().unwrap(), edits));
            }
            if (write.table, &write.value) == (Table::Document, &None) {
                self.left.insert(write.key.parse().unwrap());
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
        let now = self.clock(now);
        let seed = chance.below(u64::MAX);
        self.tablet = Tablet::open(now, Identity { device: self.id }, seed, rows.collect());
        let used =
            self.disk.keys().filter(|(table, _)| *table == Table::Intent).filter_map(|(_, key)| key.parse().ok());
        let stored = self.disk.get(&(Table::Meta, "intent".to_owned()));
        let next =
            stored.and_then(|bytes| sync_core::wire::ByteVec::from(bytes.clone()).first().map(|_| read_number(bytes)));
        self.next_row = first_row(used.map(|n: u64| n + 1).chain(next).max().unwrap_or(1), seed);
        self.drain();
    }

    /// The tab that runs the core dies and frees its lock; another tab of the same tablet takes the lock and opens the same
    /// rows. What the first had begun to store may have become durable, though it never heard of it.
    pub fn hand_over(&mut self, now: Timestamp, chance: &mut Chance) {
        let begun = chance.below(3);
        for _ in 0..begun {
            match self.effects.pop_front() {
                Some(Effect::Persist { writes, .. }) => self.write(&writes),
                Some(Effect::Shown { .. } | Effect::Exchange { .. }) => {}
                None => break,
            }
        }
        self.restart(now, chance);
    }

    /// The tab that runs the core is stopped, perhaps in the middle of storing; another raises the disk's term and opens
    /// the same rows. What was stored before the term was raised is among them.
    pub fn take_over(&mut self, now: Timestamp, chance: &mut Chance) {
        if chance.below(2) == 0 {
            let begun = self.effects.iter().position(|effect| matches!(effect, Effect::Persist { .. }));
            if let Some(Effect::Persist { task, writes }) = begun.and_then(|begun| self.effects.remove(begun)) {
                self.write(&writes);
                // it hears of it when it wakes
                self.give(now, Input::Persisted { task, ok: true });
            }
        }
        let other = Tablet::open(self.clock(now), Identity { device: self.id }, 0, Vec::new());
        let tablet = std::mem::replace(&mut self.tablet, other);
        let (effects, life) = (std::mem::take(&mut self.effects), self.life);
        self.stopped = Some(Box::new(Stopped { tablet, effects, life }));
        self.restart(now, chance);
    }

    /// The browser throws away everything it stored for the app: the tablet is enrolled anew, under another id. Returns
    /// the counts that are not lost, which are those in changes for which `is_kept`.
    pub fn evict(
        &mut self,
        name: u8,
        now: Timestamp,
        chance: &mut Chance,
        is_kept: impl Fn(DocumentId, &ChangeHash) -> bool,
    ) -> BTreeMap<(DocumentId, String), i64> {
        let kept = self.made_of.iter().filter(|(hash, (document, _))| is_kept(*document, hash));
        let rows: BTreeSet<u64> = kept.flat_map(|(_, (_, rows))| rows).copied().collect();
        let mut counted = BTreeMap::new();
        for (document, measure, by) in rows.iter().filter_map(|row| self.intents.get(row)) {
            *counted.entry((*document, measure.clone())).or_default() += by;
        }
        let (skew_ms, life) = (self.skew_ms, self.life);
        *self = Self { skew_ms, life, ..Self::new(name, self.scopes.clone(), now, chance) };
        self.restart(now, chance);
        counted
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

    /// Every durable count is there, but for those of records `gone`, and of those that were not here all the time.
    pub fn check_own(&self, seed: u64, gone: impl Fn(&DocumentId) -> bool) {
        let was_here = |document: &DocumentId| !gone(document) && !self.left.contains(document);
        for ((document, measure), sum) in self.counted.iter().filter(|((document, _), _)| was_here(document)) {
            assert_eq!(self.own_count(*document, measure), Some(*sum), "seed {seed}: {} lost a count", self.id);
        }
    }
}

/// Where an opening begins to number edits.
fn first_row(next: u64, seed: u64) -> u64 {
    next + Chance::new(seed ^ 0x6e75_6d62).below(1 << 32)
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

/// The name of a waiting change, and the intent rows it was made of as far as its row tells.
pub fn change_of(row: &[u8]) -> Option<(ChangeHash, Vec<u64>)> {
    let mut decoder = minicbor::Decoder::new(row);
    let (mut hash, mut rows) = (None, Vec::new());
    for _ in 0..decoder.map().ok()?? {
        match decoder.u64().ok()? {
            0 => hash = ChangeHash::from_slice(decoder.bytes().ok()?),
            3 => {
                for _ in 0..decoder.array().ok()?? {
                    for _ in 0..decoder.map().ok()?? {
                        match decoder.u64().ok()? {
                            0 => rows.push(decoder.u64().ok()?),
                            _ => decoder.skip().ok()?,
                        }
                    }
                }
            }
            _ => decoder.skip().ok()?,
        }
    }
    hash.map(|hash| (hash, rows))
}
