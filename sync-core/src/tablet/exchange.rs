//! Talking to the server: what is sent, and whose answer is awaited.

use std::collections::BTreeMap;

use super::{Effect, Endpoint, Exchanged, Fault, Tablet, TaskId};
use crate::digest::Buckets;
use crate::document::Heads;
use crate::ids::{ChangeHash, DocumentId, ScopeId};
use crate::time::Timestamp;
use crate::wire::{AuditRequest, AuditResponse, Author, DiskMark, DocumentPush, PROTOCOL, SyncRequest, SyncResponse};

/// Documents sent at a time.
const PUSH_DOCUMENTS: usize = 400;
/// Documents asked for, and changes named as held, at a time.
const NAMED: usize = 500;
/// Of what is sent at a time, names take a quarter each; each takes up to so many bytes.
const NAME_BYTES: u64 = 4 * 32;
/// Names sent in any case.
const FEWEST_NAMED: usize = 16;
/// A change up to this size gets through wherever anything does.
const SMALL_CHANGE: u64 = 4 << 10;

/// The exchange under way.
#[derive(Debug)]
pub(super) struct InFlight {
    task: TaskId,
    said: Said,
}

#[derive(Debug)]
enum Said {
    Sync(Sent),
    /// From which bucket on.
    Audit(ScopeId, u8),
}

/// What a `/v1/sync` request said.
#[derive(Debug, Default)]
pub(super) struct Sent {
    /// Names of the changes pushed, by document.
    pub changes: BTreeMap<DocumentId, Vec<ChangeHash>>,
    /// Documents of which everything is offered, other devices' changes included.
    pub offered: BTreeMap<DocumentId, Offered>,
    /// Documents asked for.
    pub wanted: Vec<DocumentId>,
    /// Names asked for.
    pub names: Vec<Author>,
    /// Bytes of the changes pushed.
    pub bytes: u64,
    /// Which disk spoke.
    pub disk: Option<DiskMark>,
}

/// How far an offer went.
#[derive(Clone, Debug)]
pub(super) struct Offered {
    /// The state that is offered.
    pub heads: Heads,
    /// Changes of it that the server has been sent with this one.
    pub until: usize,
    /// Whether that was the last of it.
    pub last: bool,
    /// Whether all of the state was durable.
    pub whole: bool,
}

impl Sent {
    /// The record of which nothing less could have been sent: one change went alone.
    fn alone(&self) -> Option<DocumentId> {
        let (id, names) = self.changes.first_key_value().filter(|_| self.changes.len() == 1)?;
        (names.len() == 1).then_some(*id)
    }
}

impl Tablet {
    /// Starts an exchange when its time has come.
    pub(super) fn exchange_due(&mut self, now: Timestamp) {
        if self.schedule.next().is_none_or(|at| at > now) {
            return;
        }
        let (endpoint, body, said) = match self.standings.take_audit() {
            Some((scope, from)) => {
                let buckets = Buckets::of(self.shelf.contributions(&scope));
                let page_bytes = Some(self.sizes.pull.bytes());
                let request = AuditRequest { protocol: PROTOCOL, scope: scope.clone(), buckets, page_bytes, from };
                (Endpoint::Audit, request.encode(), Said::Audit(scope, from))
            }
            None => {
                let (request, sent) = self.request(now);
                (Endpoint::Sync, request.encode(), Said::Sync(sent))
            }
        };
        let task = self.task();
        self.schedule.started();
        self.in_flight = Some(InFlight { task, said });
        self.effects.push_back(Effect::Exchange { task, endpoint, body });
        self.show(Vec::new());
    }

    fn request(&mut self, now: Timestamp) -> (SyncRequest, Sent) {
        let named = usize::try_from(self.sizes.push.bytes() / NAME_BYTES)
            .map_or(NAMED, |named| named.clamp(FEWEST_NAMED, NAMED));
        let wanted = self.repair.wanted.iter().take(named).copied().collect();
        let mut sent = Sent { wanted, disk: self.disk.said(), ..Sent::default() };
        let mut pushes = self.offers(now, &mut sent);
        self.unsent(now, &mut pushes, &mut sent);
        // their answer is as long as they are
        let few = usize::try_from(self.sizes.pull.bytes() / NAME_BYTES).map_or(named, |few| named.min(few));
        let names = self.names.asked_for(few.max(FEWEST_NAMED));
        sent.names = names.iter().map(|asked| asked.of.clone()).collect();
        let undecided = |held: &super::shelf::Held| held.declined.is_none();
        let held = self.shelf.iter().flat_map(|(_, entry)| &entry.held).filter(|(_, held)| undecided(held));
        let request = SyncRequest {
            protocol: PROTOCOL,
            clock: now,
            pushes,
            cursors: self.standings.cursors(),
            registry_version: self.registry.as_ref().map_or(0, |registry| registry.version),
            page_bytes: self.sizes.pull.bytes(),
            held: held.map(|(hash, _)| *hash).take(named).collect(),
            wanted: sent.wanted.iter().copied().chain(self.held_nowhere()).take(named).collect(),
            part: self.partial.document(),
            registry_part: self.partial.registry(),
            names_version: Some(self.names.version()),
            names,
            disk: sent.disk,
        };
        (request, sent)
    }

    /// Whether changes of so many bytes go along. One always does.
    fn fits(&self, sent: &Sent, bytes: usize) -> bool {
        sent.bytes == 0 || sent.bytes.saturating_add(bytes as u64) <= self.sizes.push.bytes()
    }

    /// Records the server asked for: everything of each, from where the last answered part of it ended.
    fn offers(&mut self, now: Timestamp, sent: &mut Sent) -> Vec<DocumentPush> {
        let mut pushes = Vec::new();
        for id in self.asked() {
            if pushes.len() == PUSH_DOCUMENTS || !self.fits(sent, 1) {
                break;
            }
            let oversized = self.shelf.get(id).and_then(|entry| entry.oversized);
            if oversized.is_some_and(|oversized| oversized.not_before > now) {
                continue;
            }
            let Some((mut push, whole)) = self.offer(id) else {
                self.forget_asked(id);
                continue;
            };
            let all = push.changes.len();
            let from = self.offered_until(id, &push.heads).min(all);
            let rest = push.changes.split_off(from);
            push.changes.clear();
            for change in rest {
                if !self.fits(sent, change.len()) {
                    break;
                }
                sent.bytes += change.len() as u64;
                push.changes.push(change);
            }
            let until = from + push.changes.len();
            if push.changes.is_empty() {
                if until < all { break } else { continue }
            }
            let names = push.changes.iter().map(|change| crate::document::hash_of(change)).collect();
            sent.changes.insert(id, names);
            sent.offered.insert(id, Offered { heads: push.heads.clone(), until, last: until == all, whole });
            pushes.push(push);
        }
        pushes
    }

    /// Changes that wait, as many as go along.
    fn unsent(&self, now: Timestamp, pushes: &mut Vec<DocumentPush>, sent: &mut Sent) {
        for (id, entry) in self.shelf.iter() {
            if pushes.len() == PUSH_DOCUMENTS {
                break;
            }
            if sent.offered.contains_key(&id) || !entry.may_be_sent(now) {
                continue;
            }
            let mut push = DocumentPush::new(id, entry.kind, entry.heads.clone(), Vec::new());
            push.replaces = entry.replaces.clone();
            let mut names = Vec::new();
            let mut full = false;
            for queued in entry.outbox.sendable() {
                full = !self.fits(sent, queued.change.bytes.len());
                if full {
                    break;
                }
                sent.bytes += queued.change.bytes.len() as u64;
                names.push(queued.change.hash);
                push.again = queued.again;
                push.changes.push(queued.change.bytes.clone().into());
            }
            if !names.is_empty() {
                sent.changes.insert(id, names);
                pushes.push(push);
            }
            if full {
                break;
            }
        }
    }

    pub(super) fn exchanged(&mut self, now: Timestamp, task: TaskId, result: Exchanged) {
        let Some(in_flight) = self.in_flight.take_if(|in_flight| in_flight.task == task) else {
            return;
        };
        if self.storage_failed {
            return;
        }
        let said = in_flight.said;
        let fault = match result {
            Exchanged::Fault(fault) => fault,
            Exchanged::Ok(body) => match &said {
                Said::Sync(sent) => match SyncResponse::decode(&body) {
                    Ok(response) => return self.take_answer(now, sent, response),
                    Err(_) => Fault::Unreadable,
                },
                Said::Audit(scope, _) => match AuditResponse::decode(&body) {
                    Ok(response) => return self.take_audit(now, scope, &response),
                    Err(_) => Fault::Unreadable,
                },
            },
        };
        self.failed(now, &said, fault);
    }

    /// An exchange brought no answer: what may have been too large is tried in a smaller size.
    fn failed(&mut self, now: Timestamp, said: &Said, fault: Fault) {
        let (sent, is_sync) = match said {
            Said::Sync(sent) => (sent, true),
            Said::Audit(scope, from) => {
                self.standings.ask_audit(scope, *from);
                (&Sent::default(), false)
            }
        };
        // a host cannot always tell a line that breaks under a request from one that is not there
        let up = matches!(fault, Fault::Unreachable | Fault::Cut | Fault::TimedOut | Fault::TooLarge);
        let down = matches!(fault, Fault::Cut | Fault::TimedOut | Fault::Unreadable);
        let alone = sent.alone().filter(|_| up && (sent.bytes > SMALL_CHANGE || fault == Fault::TooLarge));
        let mut smaller = alone.is_some();
        if let Some(document) = alone {
            self.is_oversized(now, document, sent.bytes, fault == Fault::TooLarge);
        }
        if up && is_sync && (sent.bytes > SMALL_CHANGE || (fault == Fault::TooLarge && sent.bytes > 0)) {
            smaller |= self.sizes.push.shrink(sent.bytes);
        }
        if down {
            smaller |= self.sizes.pull.shrink();
        }
        match &fault {
            Fault::TooLarge if smaller => self.schedule.too_large(now),
            Fault::Cut | Fault::TimedOut | Fault::Unreadable if smaller => self.schedule.broke(now),
            Fault::Busy { retry_after_ms } => self.schedule.failed(now, *retry_after_ms),
            _ => self.schedule.failed(now, None),
        }
        self.last_fault = Some(fault).filter(|fault| !(smaller && *fault == Fault::TooLarge));
        self.show(Vec::new());
    }
}
