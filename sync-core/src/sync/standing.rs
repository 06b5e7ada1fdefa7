//! Where this device stands in the feed of each scope.

use std::collections::BTreeMap;

use crate::digest::Digest;
use crate::ids::ScopeId;
use crate::time::Timestamp;
use crate::wire::{ScopeCursor, ScopePage};

/// Time between two repairs of the same scope, so that a difference that cannot be mended does not become a loop.
const REPAIR_MS: u64 = 600_000;

/// The standing in one scope.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Epoch of the server's store; `None` before the first answer.
    pub epoch: Option<[u8; 16]>,
    /// Everything up to this place of the feed is here.
    pub seq: u64,
    /// When the digest computed here last equalled the server's, by its clock.
    pub agreed_at: Option<Timestamp>,
    /// The device's own revision at that moment: what was changed later has not been compared.
    pub agreed_revision: u64,
    /// Whether the last comparison found a difference, or the server's store has become another since.
    pub differs: bool,
    /// Entries below this place have not come yet; `None` when none are missing.
    pub below: Option<u64>,
    /// When a difference was last looked into.
    pub repaired_at: Option<Timestamp>,
    /// From which bucket on the difference found is to be looked into now.
    pub audit: Option<u8>,
}

/// What a page means for the device beyond its entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// The feed went on.
    Continued,
    /// The server's store was not known here: what it took in without saying whose epoch that was, it may have lost since.
    First,
    /// The server's store is another than before: offer it all own changes again.
    NewEpoch,
}

/// What this device holds of a scope.
#[derive(Clone, Copy, Debug)]
pub struct Own {
    /// Documents.
    pub count: u64,
    /// Digest computed from them.
    pub digest: Digest,
    /// The device's revision, which grows with every change of content.
    pub revision: u64,
}

/// All scopes this device may hold, and the epochs of those it might hold before: a tablet that comes back has to notice
/// that the server's store is another than the one that took its changes in.
#[derive(Clone, Debug, Default)]
pub struct Standings {
    held: BTreeMap<ScopeId, Standing>,
    former: BTreeMap<ScopeId, [u8; 16]>,
}

impl Standings {
    /// Puts back a row read from the host's store.
    pub fn restore(&mut self, scope: ScopeId, standing: Standing) {
        self.held.insert(scope, standing);
    }

    /// Puts back the epoch of a scope that is no longer held.
    pub fn restore_former(&mut self, scope: ScopeId, epoch: [u8; 16]) {
        self.former.insert(scope, epoch);
    }

    /// The epoch of a scope that is no longer held.
    pub fn former(&self, scope: &ScopeId) -> Option<[u8; 16]> {
        self.former.get(scope).copied()
    }

    /// The scopes in order.
    pub fn iter(&self) -> impl Iterator<Item = (&ScopeId, &Standing)> {
        self.held.iter()
    }

    /// The standing in one scope.
    pub fn get(&self, scope: &ScopeId) -> Option<&Standing> {
        self.held.get(scope)
    }

    /// What the request says of each scope.
    pub fn cursors(&self) -> Vec<ScopeCursor> {
        let cursor = |(scope, standing): (&ScopeId, &Standing)| ScopeCursor {
            scope: scope.clone(),
            epoch: standing.epoch,
            seq: standing.seq,
            below: standing.below,
        };
        self.held.iter().map(cursor).collect()
    }

    /// Scopes the answer no longer names; nothing but their epoch is kept.
    pub fn drop_absent(&mut self, pages: &[ScopePage]) -> Vec<ScopeId> {
        let named = |scope: &ScopeId| pages.iter().any(|page| page.scope == *scope);
        let gone: Vec<ScopeId> = self.held.keys().filter(|scope| !named(scope)).cloned().collect();
        for scope in &gone {
            if let Some(epoch) = self.held.remove(scope).and_then(|standing| standing.epoch) {
                self.former.insert(scope.clone(), epoch);
            }
        }
        gone
    }

    /// Moves the cursor past a page whose documents are taken in.
    pub fn take(&mut self, page: &ScopePage) -> Taken {
        let former = self.former.remove(&page.scope);
        let standing = self.held.entry(page.scope.clone()).or_default();
        let known = standing.epoch.or(former);
        let new_epoch = known.is_some_and(|epoch| epoch != page.epoch);
        standing.epoch = Some(page.epoch);
        standing.seq = page.next_seq;
        standing.below = page.below;
        standing.differs |= new_epoch;
        match known {
            None => Taken::First,
            Some(_) if new_epoch => Taken::NewEpoch,
            Some(_) => Taken::Continued,
        }
    }

    /// Compares the digest of a complete scope, which the server told at `told` by its clock. Returns whether a difference is to be looked into.
    pub fn compare(&mut self, page: &ScopePage, own: Own, now: Timestamp, told: Timestamp) -> bool {
        let Some(standing) = self.held.get_mut(&page.scope) else {
            return false;
        };
        if own.digest == page.digest && own.count == page.count {
            standing.agreed_at = Some(told);
            standing.agreed_revision = own.revision;
            standing.differs = false;
            return false;
        }
        standing.differs = true;
        let repair = standing.repaired_at.is_none_or(|at| now >= at.plus_ms(REPAIR_MS) || now < at);
        if repair {
            standing.repaired_at = Some(now);
            standing.audit = Some(0);
        }
        repair
    }

    /// The next scope whose difference is to be looked into, and from which bucket on; asked once.
    pub fn take_audit(&mut self) -> Option<(ScopeId, u8)> {
        self.held.iter_mut().find_map(|(scope, standing)| Some((scope.clone(), standing.audit.take()?)))
    }

    /// A difference of this scope is looked into from this bucket on: the question found no answer, or part of one.
    pub fn ask_audit(&mut self, scope: &ScopeId, from: u8) {
        if let Some(standing) = self.held.get_mut(scope) {
            standing.audit = Some(from);
        }
    }

    /// Asks for everything again, in every scope.
    pub fn restart(&mut self) {
        for standing in self.held.values_mut() {
            standing.seq = 0;
            standing.below = None;
        }
    }
}
