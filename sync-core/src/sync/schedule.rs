//! When to talk to the server: at once when there is something to say, again after a failure with growing delays,
//! and now and then in any case, since a lost notice must cost only freshness.

use super::backoff::{Chance, delay_ms};
use crate::time::Timestamp;

/// Between two exchanges when nothing is new.
const POLL_MS: u64 = 60_000;

/// The server's word is taken for no longer than this: a mistaken one must not silence a tablet.
const LONGEST_WAIT_MS: u64 = 600_000;

/// What stands between now and the next exchange.
#[derive(Clone, Debug)]
pub struct Schedule {
    online: bool,
    in_flight: bool,
    /// Something new was heard of while an exchange was under way, too late for it.
    asked_meanwhile: bool,
    failures: u32,
    /// The next exchange starts at this time, unless something makes it start earlier.
    due: Timestamp,
    /// No exchange starts before this time, unless a person wishes it: backoff.
    not_before: Timestamp,
    /// No exchange starts before this time at all: the server's own word.
    asked_to_wait: Timestamp,
    chance: Chance,
}

impl Schedule {
    /// The first exchange is due at once.
    pub fn new(seed: u64) -> Self {
        Self {
            online: true,
            in_flight: false,
            asked_meanwhile: false,
            failures: 0,
            due: Timestamp(0),
            not_before: Timestamp(0),
            asked_to_wait: Timestamp(0),
            chance: Chance::new(seed),
        }
    }

    /// The host says whether there is a network at all. Coming back forgets old failures.
    pub fn set_online(&mut self, online: bool, now: Timestamp) {
        if online && !self.online {
            self.failures = 0;
            self.not_before = now;
            self.due = now;
        }
        self.online = online;
    }

    /// Whether the host reported a network.
    pub fn online(&self) -> bool {
        self.online
    }

    /// Whether an exchange is under way.
    pub fn in_flight(&self) -> bool {
        self.in_flight
    }

    /// Exchange as soon as allowed. A person's wish (`urgent`) overrides backoff, but not the server's own word.
    pub fn ask(&mut self, now: Timestamp, urgent: bool) {
        self.asked_meanwhile |= self.in_flight;
        self.due = self.due.min(now);
        if urgent {
            self.not_before = self.not_before.min(now);
        }
    }

    /// Exchange no later than this, as far as that is allowed.
    pub fn ask_by(&mut self, at: Timestamp) {
        self.due = self.due.min(at);
    }

    /// When to try a single record again that has failed so many times; what else there is to send does not wait for it.
    pub fn retry_at(&mut self, now: Timestamp, failures: u32) -> Timestamp {
        now.plus_ms(delay_ms(failures, &mut self.chance))
    }

    /// When the next exchange may start; `None` while offline or one is under way.
    pub fn next(&self) -> Option<Timestamp> {
        (self.online && !self.in_flight).then(|| self.due.max(self.not_before).max(self.asked_to_wait))
    }

    /// The clock went back: the next exchange is due at once.
    pub fn rewind(&mut self, now: Timestamp) {
        self.due = self.due.min(now);
        self.not_before = self.not_before.min(now);
        self.asked_to_wait = self.asked_to_wait.min(now);
    }

    /// An exchange starts.
    pub fn started(&mut self) {
        self.in_flight = true;
        self.asked_meanwhile = false;
    }

    /// The exchange ended well; `more` asks for the next one at once.
    pub fn succeeded(&mut self, now: Timestamp, more: bool) {
        self.in_flight = false;
        self.failures = 0;
        self.not_before = now;
        self.due =
            if more || self.asked_meanwhile { now } else { now.plus_ms(POLL_MS / 2 + self.chance.below(POLL_MS)) };
    }

    /// The exchange was too large, and a smaller one may follow at once.
    pub fn too_large(&mut self, now: Timestamp) {
        self.in_flight = false;
        self.due = now;
    }

    /// The line broke. A smaller exchange follows after the first delay, however many were too large before.
    pub fn broke(&mut self, now: Timestamp) {
        self.failures = 0;
        self.failed(now, None);
    }

    /// The exchange failed. `retry_after_ms` is the server's own word.
    pub fn failed(&mut self, now: Timestamp, retry_after_ms: Option<u64>) {
        self.in_flight = false;
        self.failures = self.failures.saturating_add(1);
        self.not_before = now.plus_ms(delay_ms(self.failures, &mut self.chance));
        self.asked_to_wait = now.plus_ms(retry_after_ms.unwrap_or(0).min(LONGEST_WAIT_MS));
        self.due = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn syn_7_a_person_overrides_backoff_but_not_the_servers_word() {
        let now = Timestamp(1_000);
        let mut schedule = Schedule::new(7);
        schedule.started();
        schedule.failed(now, None);
        assert!(schedule.next() > Some(now));
        schedule.ask(now, true);
        assert_eq!(schedule.next(), Some(now));
        schedule.started();
        schedule.failed(now, Some(30_000));
        schedule.ask(now, true);
        assert!(schedule.next() >= Some(now.plus_ms(30_000)));
    }

    #[test]
    fn syn_7_a_notice_during_an_exchange_is_followed_by_another() {
        let now = Timestamp(1_000);
        let mut schedule = Schedule::new(7);
        schedule.started();
        schedule.ask(now, false);
        schedule.succeeded(now, false);
        assert_eq!(schedule.next(), Some(now));
        schedule.started();
        schedule.succeeded(now, false);
        assert!(schedule.next() > Some(now));
    }
}
