//! Cursor, acknowledgement and epoch as a small model, explored in every order of events.
//!
//! Two tablets, two records, one scope, pages of one entry. A message may arrive late, twice or never; a tablet may begin
//! anew without an answer; the server may be set back to a backup once. The model is written apart from the code it
//! stands for: it says what the protocol is, the simulation shows that the code does it.
//! A second run leaves one rule out and must find the harm, so that the first proves something.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeSet;

use stateright::{Checker, Model, Property};

const RECORDS: usize = 2;
/// Exchanges each tablet begins while anything may go wrong.
const TASKS: [u8; 2] = [2, 1];

/// Which tablets' changes a record holds, one bit a tablet.
type Content = u8;

#[derive(Clone, Debug, Default, Hash, PartialEq, Eq)]
struct Server {
    epoch: u8,
    seq: u8,
    /// Sequence and content of each record; 0 for none.
    feed: [(u8, Content); RECORDS],
}

#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq, PartialOrd, Ord)]
struct Cursor {
    epoch: u8,
    seq: u8,
    below: Option<u8>,
}

#[derive(Clone, Debug, Default, Hash, PartialEq, Eq)]
struct Tablet {
    made: [bool; RECORDS],
    outbox: [bool; RECORDS],
    holds: [Content; RECORDS],
    cursor: Option<Cursor>,
    task: u8,
    waiting: bool,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, PartialOrd, Ord)]
enum Message {
    Request { from: usize, task: u8, push: [bool; RECORDS], cursor: Option<Cursor> },
    Answer { to: usize, task: u8, stored: [bool; RECORDS], cursor: Cursor, entries: [Content; RECORDS] },
}

#[derive(Clone, Debug, Hash, PartialEq, Eq)]
struct World {
    server: Server,
    backup: Option<Server>,
    restored: bool,
    tablets: [Tablet; 2],
    network: BTreeSet<Message>,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq)]
enum Event {
    Make { tablet: usize, record: usize },
    Begin { tablet: usize },
    Arrive(Message),
    BackUp,
    Restore,
}

/// The protocol, with or without its rules.
struct Protocol {
    /// A restored server takes another epoch.
    renews_epoch: bool,
    /// A cursor moves to the last entry of its page, not to the end of the feed.
    cursor_follows_page: bool,
}

impl Server {
    fn exchange(&mut self, from: usize, push: [bool; RECORDS], cursor: Option<Cursor>) -> (Cursor, [Content; RECORDS]) {
        for record in (0..RECORDS).filter(|record| push[*record]) {
            if self.feed[record].1 & (1 << from) == 0 {
                self.seq += 1;
                self.feed[record] = (self.seq, self.feed[record].1 | 1 << from);
            }
        }
        let known = cursor.filter(|cursor| cursor.epoch == self.epoch && cursor.seq <= self.seq);
        let start = Cursor { epoch: self.epoch, seq: self.seq, below: Some(self.seq + 1) };
        let mut cursor = known.unwrap_or(start);
        let feed = self.feed;
        let there = || (0..RECORDS).filter(|record| feed[*record].0 > 0);
        let newer = there().filter(|record| feed[*record].0 > cursor.seq).min_by_key(|record| feed[*record].0);
        let older = |below: u8| there().filter(move |record| feed[*record].0 < below);
        let mut entries = [0; RECORDS];
        if let Some(record) = newer {
            entries[record] = feed[record].1;
            let last = feed.iter().all(|(seq, _)| *seq <= feed[record].0);
            cursor.seq = if last { self.seq } else { feed[record].0 };
        } else if let Some(below) = cursor.below {
            let record = older(below).max_by_key(|record| feed[*record].0);
            if let Some(record) = record {
                entries[record] = feed[record].1;
            }
            let lowest = record.map(|record| feed[record].0);
            cursor.below = lowest.filter(|lowest| older(*lowest).next().is_some());
        }
        (cursor, entries)
    }
}

impl Tablet {
    fn request(&mut self, from: usize) -> Message {
        self.task += 1;
        self.waiting = true;
        Message::Request { from, task: self.task, push: self.outbox, cursor: self.cursor }
    }

    fn take(&mut self, stored: [bool; RECORDS], cursor: Cursor, entries: [Content; RECORDS]) {
        self.waiting = false;
        for record in 0..RECORDS {
            self.outbox[record] &= !stored[record];
            self.holds[record] |= entries[record];
        }
        if self.cursor.is_some_and(|known| known.epoch != cursor.epoch) {
            self.outbox = self.made;
        }
        self.cursor = Some(cursor);
    }

    /// Whether everything the server has up to the cursor, and not below its lower end, is here.
    fn is_up_to_its_cursor(&self, server: &Server) -> bool {
        let Some(cursor) = self.cursor.filter(|cursor| cursor.epoch == server.epoch) else { return true };
        (0..RECORDS).all(|record| {
            let (seq, content) = server.feed[record];
            let passed = seq > 0 && seq <= cursor.seq && cursor.below.is_none_or(|below| seq >= below);
            !passed || self.holds[record] & content == content
        })
    }
}

impl World {
    /// Whether clean exchanges bring everyone everything that was ever made.
    fn heals(&self) -> bool {
        let mut world = self.clone();
        for _ in 0..6 {
            for (from, tablet) in world.tablets.iter_mut().enumerate() {
                let (push, cursor) = (tablet.outbox, tablet.cursor);
                let (cursor, entries) = world.server.exchange(from, push, cursor);
                tablet.take(push, cursor, entries);
            }
        }
        let made = |record: usize| (0..2).fold(0, |all, who| all | u8::from(world.tablets[who].made[record]) << who);
        (0..RECORDS).all(|record| {
            world.server.feed[record].1 == made(record)
                && world.tablets.iter().all(|tablet| tablet.holds[record] == made(record) && !tablet.outbox[record])
        })
    }
}

impl Model for Protocol {
    type State = World;
    type Action = Event;

    fn init_states(&self) -> Vec<World> {
        vec![World {
            server: Server::default(),
            backup: None,
            restored: false,
            tablets: Default::default(),
            network: BTreeSet::new(),
        }]
    }

    fn actions(&self, world: &World, events: &mut Vec<Event>) {
        for (number, tablet) in world.tablets.iter().enumerate() {
            // one tablet makes both records, the other changes one of them too
            let makes = (0..RECORDS - number).filter(|record| !tablet.made[*record]);
            events.extend(makes.map(|record| Event::Make { tablet: number, record }));
            if tablet.task < TASKS[number] {
                events.push(Event::Begin { tablet: number });
            }
        }
        events.extend(world.network.iter().cloned().map(Event::Arrive));
        match world.backup {
            None => events.push(Event::BackUp),
            Some(_) if !world.restored => events.push(Event::Restore),
            Some(_) => {}
        }
    }

    fn next_state(&self, before: &World, event: Event) -> Option<World> {
        let mut world = before.clone();
        match event {
            Event::Make { tablet, record } => {
                let maker = &mut world.tablets[tablet];
                maker.made[record] = true;
                maker.outbox[record] = true;
                maker.holds[record] |= 1 << tablet;
            }
            Event::Begin { tablet } => {
                let request = world.tablets[tablet].request(tablet);
                world.network.insert(request);
            }
            Event::Arrive(Message::Request { from, task, push, cursor }) => {
                let (mut cursor, entries) = world.server.exchange(from, push, cursor);
                if !self.cursor_follows_page {
                    cursor.seq = world.server.seq;
                }
                world.network.insert(Message::Answer { to: from, task, stored: push, cursor, entries });
            }
            Event::Arrive(Message::Answer { to, task, stored, cursor, entries }) => {
                let tablet = &mut world.tablets[to];
                if !tablet.waiting || tablet.task != task {
                    return None;
                }
                tablet.take(stored, cursor, entries);
            }
            Event::BackUp => world.backup = Some(world.server.clone()),
            Event::Restore => {
                let epoch = before.server.epoch + u8::from(self.renews_epoch);
                world.server = Server { epoch, ..world.backup.clone()? };
                world.restored = true;
            }
        }
        (world != *before).then_some(world)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("a cursor has passed nothing that is not here", |_, world: &World| {
                world.tablets.iter().all(|tablet| tablet.is_up_to_its_cursor(&world.server))
            }),
            Property::always("whatever happened, clean exchanges bring everyone everything", |_, world: &World| {
                world.heals()
            }),
            Property::sometimes("a restore takes back what was acknowledged", |_, world: &World| {
                let lost = |record: usize, who: usize| {
                    let tablet = &world.tablets[who];
                    let acknowledged = tablet.made[record] && !tablet.outbox[record];
                    acknowledged && world.server.feed[record].1 & (1 << who) == 0
                };
                world.restored && lost(0, 0)
            }),
        ]
    }
}

fn explore(protocol: Protocol) -> impl Checker<Protocol> {
    protocol.checker().threads(2).spawn_bfs().join()
}

#[test]
fn inv_1_3_no_order_of_events_loses_a_change_or_skips_one() {
    let checked = explore(Protocol { renews_epoch: true, cursor_follows_page: true });
    checked.assert_properties();
    assert!(checked.unique_state_count() > 10_000, "explored {}", checked.unique_state_count());
}

#[test]
fn inv_1_without_a_new_epoch_a_restore_would_lose_changes() {
    let checked = explore(Protocol { renews_epoch: false, cursor_follows_page: true });
    assert!(checked.discovery("whatever happened, clean exchanges bring everyone everything").is_some());
}

#[test]
fn inv_3_with_a_cursor_ahead_of_its_page_changes_would_be_skipped() {
    let checked = explore(Protocol { renews_epoch: true, cursor_follows_page: false });
    assert!(checked.discovery("a cursor has passed nothing that is not here").is_some());
}
