//! Talking to the server: what is sent, and whose answer is awaited.

use std::collections::BTreeMap;

use super::{Effect, Endpoint, Exchanged, Fault, Tablet, TaskId};
use crate::digest::Buckets;
use crate::document::Heads;
use crate::ids::{ChangeHash, DocumentId, ScopeId};
use crate::time::Timestamp;
use crate::wire::{AuditRequest, AuditResponse, DiskMark, DocumentPush, PROTOCOL, SyncRequest, SyncResponse};

/// Documents of the answer this tablet takes at a time, in bytes.
const PAGE_BYTES: u64 = 1_000_000;
/// Changes sent at a time, in bytes.
const PUSH_BYTES: usize = 512 * 1024;
/// Documents sent at a time.
const PUSH_DOCUMENTS: usize = 400;
/// Documents asked for, and changes named as held, at a time.
const NAMED: usize = 500;

/// The exchange under way.
#[derive(Debug)]
pub(super) struct InFlight {
    task: TaskId,
    said: Said,
}

#[derive(Debug)]
enum Said {
    Sync(Sent),
    Audit(ScopeId),
}

/// What a `/v1/sync` request said.
#[derive(Debug, Default)]
pub(super) struct Sent {
    /// Names of the changes pushed, by document.
    pub changes: BTreeMap<DocumentId, Vec<ChangeHash>>,
    /// Documents of which everything was offered, other devices' changes included, and in which state; `None`: part of
    /// it was not durable yet.
    pub offered: BTreeMap<DocumentId, Option<Heads>>,
    /// Documents asked for.
    pub wanted: Vec<DocumentId>,
    /// Which disk spoke.
    pub disk: Option<DiskMark>,
}

impl Tablet {
    /// Starts an exchange when its time has come.
    pub(super) fn exchange_due(&mut self, now: Timestamp) {
        if self.schedule.next().is_none_or(|at| at > now) {
            return;
        }
        let (endpoint, body, said) = match self.standings.take_audit() {
            Some(scope) => {
                let buckets = Buckets::of(self.shelf.contributions(&scope));
                let request = AuditRequest { protocol: PROTOCOL, scope: scope.clone(), buckets };
                (Endpoint::Audit, request.encode(), Said::Audit(scope))
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
        let wanted = self.repair.wanted.iter().take(NAMED).copied().collect();
        let mut sent = Sent { wanted, disk: self.disk.said(), ..Sent::default() };
        let mut pushes = Vec::new();
        let mut bytes = 0;
        for id in self.asked() {
            if bytes > PUSH_BYTES || pushes.len() == PUSH_DOCUMENTS {
                break;
            }
            let Some((push, whole)) = self.offer(id) else {
                self.forget_asked(id);
                continue;
            };
            if push.changes.is_empty() {
                continue;
            }
            bytes += push.changes.iter().map(|change| change.len()).sum::<usize>();
            let names = push.changes.iter().map(|change| crate::document::hash_of(change)).collect();
            sent.changes.insert(push.document, names);
            sent.offered.insert(push.document, whole.then(|| push.heads.clone()));
            pushes.push(push);
        }
        for (id, entry) in self.shelf.iter() {
            if bytes > PUSH_BYTES || pushes.len() == PUSH_DOCUMENTS {
                break;
            }
            if sent.offered.contains_key(&id) || !entry.may_be_sent(now) {
                continue;
            }
            let mut push = DocumentPush::new(id, entry.kind, entry.heads.clone(), Vec::new());
            push.replaces = entry.replaces.clone();
            let mut names = Vec::new();
            for queued in entry.outbox.sendable() {
                if bytes > PUSH_BYTES {
                    break;
                }
                bytes += queued.change.bytes.len();
                names.push(queued.change.hash);
                push.again = queued.again;
                push.changes.push(queued.change.bytes.clone().into());
            }
            if !names.is_empty() {
                sent.changes.insert(id, names);
                pushes.push(push);
            }
        }
        let undecided = |held: &super::shelf::Held| held.declined.is_none();
        let held = self.shelf.iter().flat_map(|(_, entry)| &entry.held).filter(|(_, held)| undecided(held));
        let request = SyncRequest {
            protocol: PROTOCOL,
            clock: now,
            pushes,
            cursors: self.standings.cursors(),
            registry_version: self.registry.as_ref().map_or(0, |registry| registry.version),
            page_bytes: PAGE_BYTES,
            held: held.map(|(hash, _)| *hash).take(NAMED).collect(),
            wanted: sent.wanted.iter().copied().chain(self.held_nowhere()).take(NAMED).collect(),
            disk: sent.disk,
        };
        (request, sent)
    }

    pub(super) fn exchanged(&mut self, now: Timestamp, task: TaskId, result: Exchanged) {
        let Some(in_flight) = self.in_flight.take_if(|in_flight| in_flight.task == task) else {
            return;
        };
        if self.storage_failed {
            return;
        }
        let body = match result {
            Exchanged::Ok(body) => Ok(body),
            Exchanged::Fault(fault) => Err(fault),
        };
        let unreadable = |_| Fault::Unreadable;
        let taken = match in_flight.said {
            Said::Sync(sent) => body
                .and_then(|body| SyncResponse::decode(&body).map_err(unreadable))
                .map(|response| self.take_answer(now, &sent, response)),
            Said::Audit(scope) => body
                .and_then(|body| AuditResponse::decode(&body).map_err(unreadable))
                .map(|response| self.take_audit(now, &scope, &response))
                .inspect_err(|_| self.standings.ask_audit(&scope)),
        };
        if let Err(fault) = taken {
            let retry_after_ms = match &fault {
                Fault::Busy { retry_after_ms } => *retry_after_ms,
                Fault::Unreachable | Fault::Unauthorised | Fault::Refused { .. } | Fault::Unreadable => None,
            };
            self.schedule.failed(now, retry_after_ms);
            self.last_fault = Some(fault);
            self.show(Vec::new());
        }
    }
}
