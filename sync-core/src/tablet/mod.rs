//! A tablet without its hardware: records edits, keeps them, exchanges them. The browser, the command line and the
//! simulation drive the same code.
//!
//! ```text
//! host:   open(rows) ─► loop { handle(now, input); while let Some(e) = poll_effect() { do e }; sleep until next_wakeup }
//! edit:   Record ─► Persist(intent row) ─► Persisted ─► Shown ─► (400 ms) commit ─► Persist(document, outbox, −intents)
//! sync:   Exchange(body) ─► Exchanged ─► Persist(documents, −outbox, cursors) ─► Persisted ─► Shown
//! ```
//!
//! Methods: getters; [`Tablet::handle`]; [`Tablet::poll_effect`]; [`Tablet::next_wakeup`]. Effects must be carried out
//! in order, and every one but `Shown` answered once. A late, doubled or unknown answer is ignored.
//!
//! Invariants (SPEC TAB-n): an edit is shown only after its row is durable; a change is sent only after its row is
//! durable; after a failed `persist` nothing more is recorded or sent until the host opens the tablet anew.
//! Deliberately absent: a clock, randomness, storage, the network, and credentials.

mod answer;
mod custody;
mod disk;
mod draft;
mod exchange;
mod names;
mod parts;
mod port;
mod record;
mod repair;
mod report;
mod row;
mod shelf;

use std::collections::{BTreeMap, VecDeque};

pub use names::KnownNames;
pub use port::{Effect, Endpoint, Exchanged, Fault, Identity, Input, TaskId};
pub use report::{HeldWork, RecordDetail, RecordSummary, SaveState, ScopeStatus, Status, TooLarge};
pub use row::{Row, Table, Write};

use crate::domain::IntentError;
use crate::ids::{ActorId, DocumentId};
use crate::sync::{Chance, Schedule, Sizes, Standings};
use crate::time::Timestamp;
use disk::Disk;
use draft::{Drafts, Typed};
use exchange::InFlight;
use names::Book;
use parts::Partial;
use record::Batch;
use repair::Repair;
use row::{OutboxRow, RegistryRow, decode, encode, outbox_key, read_outbox_key};
use shelf::Shelf;

/// Each opening numbers its edits from a random place on, at most so far after those before.
const NUMBERS_APART: u64 = 1 << 32;

/// An input that was not taken; nothing was recorded.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The edit makes no sense.
    #[error(transparent)]
    Intent(#[from] IntentError),
    /// The record exists and is of another kind.
    #[error("the record is of another kind")]
    Kind,
    /// Storing failed before; the host must open the tablet anew.
    #[error("this tablet could not store what was recorded; open it again")]
    Storage,
}

/// What to do once a `persist` effect is durable.
#[derive(Debug)]
enum Waiting {
    /// Make the edit of this intent row.
    Intent(u64),
    /// Allow these outbox rows to be sent, and show these records.
    Confirm { rows: Vec<(DocumentId, u64)>, shown: Vec<DocumentId> },
    /// Say the number of the disk.
    Disk,
}

/// See the module page.
pub struct Tablet {
    identity: Identity,
    shelf: Shelf,
    standings: Standings,
    schedule: Schedule,
    registry: Option<RegistryRow>,
    names: Book,
    partial: Partial,
    sizes: Sizes,
    disk: Disk,
    batches: BTreeMap<DocumentId, Batch>,
    stored_intents: BTreeMap<u64, row::IntentRow>,
    drafts: Drafts,
    next_intent: u64,
    next_task: u64,
    waiting: BTreeMap<TaskId, Waiting>,
    in_flight: Option<InFlight>,
    repair: Repair,
    effects: VecDeque<Effect>,
    storage_failed: bool,
    unreadable_rows: usize,
    last_exchange_at: Option<Timestamp>,
    clock_offset_ms: Option<i64>,
    last_fault: Option<Fault>,
    now: Timestamp,
}

impl std::fmt::Debug for Tablet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tablet").field("device", &self.identity.device).finish_non_exhaustive()
    }
}

impl Tablet {
    /// Starts from the rows the host holds; an empty list is a new tablet. Edits that were durable but not yet part of
    /// a change become one now, and drafts become edits.
    ///
    /// `seed` is fresh chance at every start: it spreads retries, and names this tablet's writer when there is none yet.
    pub fn open(now: Timestamp, identity: Identity, seed: u64, rows: Vec<Row>) -> Self {
        let mut meta: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        let mut others = Vec::new();
        for row in rows {
            if row.table == Table::Meta {
                meta.insert(row.key, row.value);
            } else {
                others.push(row);
            }
        }
        let stored_writer = meta.get("writer").and_then(|bytes| decode::<u32>(bytes));
        let writer = stored_writer.unwrap_or_else(|| {
            let chosen = Chance::new(seed ^ u64::from(u32::MAX)).below(u64::from(u32::MAX));
            u32::try_from(chosen).unwrap_or(0)
        });
        let mut tablet = Self {
            identity,
            shelf: Shelf::new(ActorId::new(identity.device, writer)),
            standings: Standings::default(),
            schedule: Schedule::new(seed),
            registry: meta.get("registry").and_then(|bytes| decode(bytes)),
            names: Book::restore(&meta),
            partial: Partial::restore(&meta),
            sizes: Sizes::default(),
            disk: Disk::open(meta.get(disk::KEY).map(Vec::as_slice), seed),
            batches: BTreeMap::new(),
            stored_intents: BTreeMap::new(),
            drafts: Drafts::default(),
            next_intent: meta.get("intent").and_then(|bytes| decode(bytes)).unwrap_or(1),
            next_task: 1,
            waiting: BTreeMap::new(),
            in_flight: None,
            repair: Repair::default(),
            effects: VecDeque::new(),
            storage_failed: false,
            unreadable_rows: 0,
            last_exchange_at: meta.get("exchange").and_then(|bytes| decode(bytes)).map(Timestamp),
            clock_offset_ms: None,
            last_fault: None,
            now,
        };
        if stored_writer.is_none() {
            let write = Write { table: Table::Meta, key: "writer".to_owned(), value: Some(encode(&writer)) };
            tablet.persist(vec![write], Waiting::Confirm { rows: Vec::new(), shown: Vec::new() });
        }
        tablet.restore(others);
        // steps and signs bear the number of their edit: two copies of one disk never give the same one
        tablet.next_intent += Chance::new(seed ^ 0x6e75_6d62).below(NUMBERS_APART);
        tablet.unreadable_rows += tablet.drafts.restore(&meta, now);
        tablet.replay(now);
        tablet.end_drafts_due(now);
        tablet.persist(vec![tablet.disk.write()], Waiting::Disk);
        tablet
    }

    /// Takes in what happened. A clock that was set back makes nothing wait for the time it had shown.
    pub fn handle(&mut self, now: Timestamp, input: Input) -> Result<(), Refusal> {
        if now < self.now {
            self.rewind(now);
        }
        self.now = now;
        match input {
            Input::Record { document, kind, by, intent } => self.record(now, document, kind, by, intent)?,
            Input::Draft { document, kind, by, intent, place, ends } => {
                self.draft(now, Typed { document, kind, by, intent, place, ends })?;
            }
            Input::Wake => {}
            Input::Sync => {
                self.end_waits(now);
                self.schedule.ask(now, true);
            }
            Input::Online { online } => {
                if online {
                    self.end_waits(now);
                }
                self.schedule.set_online(online, now);
                self.show(Vec::new());
            }
            Input::Persisted { task, ok: true } => self.persisted(now, task),
            Input::Persisted { task, ok: false } => {
                if self.waiting.remove(&task).is_some() {
                    self.storage_failed = true;
                    self.effects.clear();
                    self.show(Vec::new());
                }
            }
            Input::Exchanged { task, result } => self.exchanged(now, task, result),
        }
        if !self.storage_failed {
            self.end_drafts_due(now);
            self.commit_due(now);
            self.exchange_due(now);
            let batches = &self.batches;
            self.shelf.close_idle(|id| batches.contains_key(&id));
        }
        Ok(())
    }

    /// The next thing to do; `None` when there is nothing.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// When to call `handle` with [`Input::Wake`], if nothing else happens before.
    pub fn next_wakeup(&self) -> Option<Timestamp> {
        if self.storage_failed {
            return None;
        }
        let commit = self.batches.values().map(|batch| batch.due).min();
        [commit, self.drafts.next(), self.schedule.next()].into_iter().flatten().min()
    }

    fn restore(&mut self, rows: Vec<Row>) {
        let mut outbox: BTreeMap<DocumentId, BTreeMap<u64, OutboxRow>> = BTreeMap::new();
        for row in rows {
            let read = match row.table {
                Table::Document => {
                    let id = row.key.parse().ok();
                    let restored = id.zip(decode(&row.value)).map(|(id, document)| self.shelf.restore(id, document));
                    let read = restored.is_some_and(|restored| restored.is_ok());
                    self.repair.wanted.extend(id.filter(|_| !read));
                    read
                }
                Table::Outbox => {
                    let read = read_outbox_key(&row.key).zip(decode::<OutboxRow>(&row.value));
                    let is_some = read.is_some();
                    if let Some(((document, number), row)) = read {
                        outbox.entry(document).or_default().insert(number, row);
                    }
                    is_some
                }
                Table::Intent => {
                    let read = row.key.parse::<u64>().ok().zip(decode(&row.value));
                    if let Some((number, intent)) = read {
                        self.next_intent = self.next_intent.max(number + 1);
                        self.stored_intents.insert(number, intent);
                        true
                    } else {
                        false
                    }
                }
                Table::Scope => {
                    let read = row.key.parse().ok().zip(decode::<row::ScopeRow>(&row.value));
                    let is_some = read.is_some();
                    if let Some((scope, standing)) = read {
                        if let (true, Some(epoch)) = (standing.gone, standing.epoch) {
                            self.standings.restore_former(scope, epoch);
                            continue;
                        }
                        self.shelf.reached(standing.agreed_revision);
                        self.standings.restore(scope, standing.into());
                    }
                    is_some
                }
                Table::Meta => true,
            };
            self.unreadable_rows += usize::from(!read);
        }
        for (document, rows) in outbox {
            self.restore_outbox(document, rows);
        }
        if self.unreadable_rows > 0 {
            self.standings.restart();
        }
    }

    fn persisted(&mut self, now: Timestamp, task: TaskId) {
        match self.waiting.remove(&task) {
            Some(Waiting::Intent(number)) => self.edit(now, number),
            Some(Waiting::Confirm { rows, shown }) => {
                for (document, number) in rows {
                    let Some(entry) = self.shelf.get_mut(document) else { continue };
                    entry.outbox.confirm(number);
                    match entry.waits_until() {
                        Some(at) if at > now => self.schedule.ask_by(at),
                        Some(_) | None => self.schedule.ask(now, false),
                    }
                }
                self.show(shown);
            }
            Some(Waiting::Disk) => self.disk.stored(),
            None => {}
        }
    }

    fn task(&mut self) -> TaskId {
        let task = TaskId(self.next_task);
        self.next_task += 1;
        task
    }

    fn persist(&mut self, writes: Vec<Write>, then: Waiting) {
        let task = self.task();
        self.waiting.insert(task, then);
        self.effects.push_back(Effect::Persist { task, writes });
    }

    fn show(&mut self, documents: Vec<DocumentId>) {
        self.effects.push_back(Effect::Shown { documents });
    }
}

fn document_write(id: DocumentId, entry: &shelf::Entry) -> Write {
    Write { table: Table::Document, key: id.to_string(), value: Some(entry.row()) }
}

fn outbox_write(id: DocumentId, number: u64, value: Option<Vec<u8>>) -> Write {
    Write { table: Table::Outbox, key: outbox_key(id, number), value }
}
