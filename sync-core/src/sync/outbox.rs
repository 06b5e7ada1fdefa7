//! Changes of one document that the server has not yet named as kept.
//!
//! Invariant: a change leaves only through a receipt that names it (SYN-2); a change that is not yet durable on this
//! device is not sent (SYN-1).

use crate::document::RawChange;
use crate::ids::ChangeHash;
use crate::wire::{Outcome, Receipt};

/// One waiting change.
#[derive(Clone, Debug)]
pub struct Queued {
    /// Its row number in this document's outbox; never reused while rows remain.
    pub number: u64,
    /// The change.
    pub change: RawChange,
    /// Whether the host has confirmed that it is stored.
    pub durable: bool,
    /// Acknowledged before, and offered again.
    pub again: bool,
}

/// The waiting changes of one document, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Outbox {
    queued: Vec<Queued>,
    next: u64,
}

/// What a receipt did to an outbox.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// Row numbers that left.
    pub left: Vec<u64>,
    /// Changes that are part of the server's document.
    pub kept: Vec<ChangeHash>,
    /// Changes the server keeps in custody, with its code.
    pub held: Vec<(ChangeHash, String)>,
    /// Whether the server asked for changes that come before.
    pub missing: bool,
    /// Whether the server has destroyed the document for good.
    pub purged: bool,
    /// Runs that named something that was not sent; ignored.
    pub unknown: usize,
}

impl Outbox {
    /// Adds a change; returns its row number.
    pub fn push(&mut self, change: RawChange, durable: bool, again: bool) -> u64 {
        let number = self.next;
        self.next += 1;
        self.queued.push(Queued { number, change, durable, again });
        number
    }

    /// Puts back a row read from the host's store.
    pub fn restore(&mut self, number: u64, change: RawChange, again: bool) {
        self.queued.push(Queued { number, change, durable: true, again });
        self.queued.sort_by_key(|queued| queued.number);
        self.next = self.next.max(number + 1);
    }

    /// The host has stored row `number`.
    pub fn confirm(&mut self, number: u64) {
        if let Some(queued) = self.queued.iter_mut().find(|queued| queued.number == number) {
            queued.durable = true;
        }
    }

    /// Whether anything waits.
    pub fn is_empty(&self) -> bool {
        self.queued.is_empty()
    }

    /// How many changes wait.
    pub fn len(&self) -> usize {
        self.queued.len()
    }

    /// The waiting changes, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Queued> {
        self.queued.iter()
    }

    /// The changes that may be sent together: durable ones before the first that is not, either all offered again or
    /// all for the first time.
    pub fn sendable(&self) -> impl Iterator<Item = &Queued> {
        let again = self.queued.first().is_some_and(|first| first.again);
        self.queued.iter().take_while(move |queued| queued.durable && queued.again == again)
    }

    /// Puts changes that were acknowledged before in front of those that wait. `own` are all of this device's changes,
    /// oldest first. Returns row numbers that left; every row is to be stored anew.
    pub fn offer_again(&mut self, own: Vec<RawChange>) -> Vec<u64> {
        let waiting: Vec<Queued> = self.queued.drain(..).collect();
        for change in own {
            let again = !waiting.iter().any(|queued| queued.change.hash == change.hash && !queued.again);
            self.push(change, false, again);
        }
        waiting.into_iter().map(|queued| queued.number).collect()
    }

    /// Takes back the changes that are `gone`; returns their row numbers.
    pub fn withdraw(&mut self, gone: impl Fn(&ChangeHash) -> bool) -> Vec<u64> {
        let withdrawn = self.queued.extract_if(.., |queued| gone(&queued.change.hash));
        withdrawn.map(|queued| queued.number).collect()
    }

    /// Takes in the receipt for the changes `sent`, in the order they were sent.
    pub fn settle(&mut self, sent: &[ChangeHash], receipt: &Receipt) -> Settled {
        let mut settled = Settled::default();
        let mut rest = sent;
        for run in &receipt.runs {
            let named = usize::try_from(run.count).ok().and_then(|count| rest.split_at_checked(count));
            let Some((these, after)) = named.filter(|(these, _)| these.last() == Some(&run.last)) else {
                settled.unknown += 1;
                break;
            };
            rest = after;
            match run.outcome {
                Outcome::Stored | Outcome::Duplicate => {
                    settled.kept.extend(these);
                    self.remove(these, &mut settled);
                }
                Outcome::Custody => {
                    let code = run.code.clone().unwrap_or_default();
                    settled.held.extend(these.iter().map(|hash| (*hash, code.clone())));
                    self.remove(these, &mut settled);
                }
                Outcome::MissingDeps => settled.missing = true,
                Outcome::Purged => settled.purged = true,
            }
        }
        settled
    }

    fn remove(&mut self, hashes: &[ChangeHash], settled: &mut Settled) {
        self.queued.retain(|queued| {
            let leaves = hashes.contains(&queued.change.hash);
            if leaves {
                settled.left.push(queued.number);
            }
            !leaves
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::DocumentId;
    use crate::wire::Run;

    fn hash(n: u8) -> ChangeHash {
        ChangeHash::from_bytes([n; 32])
    }

    fn filled() -> Outbox {
        let mut outbox = Outbox::default();
        for n in 1..=3 {
            outbox.push(RawChange { hash: hash(n), bytes: vec![n] }, n != 3, false);
        }
        outbox
    }

    fn receipt(runs: Vec<Run>) -> Receipt {
        Receipt { document: DocumentId::from_bytes([0; 16]), runs }
    }

    #[test]
    fn syn_1_only_durable_changes_are_sent() {
        assert_eq!(filled().sendable().count(), 2);
    }

    #[test]
    fn syn_2_a_change_leaves_only_when_a_run_names_it() {
        let mut outbox = filled();
        let sent = [hash(1), hash(2)];
        let lying = Run { outcome: Outcome::Stored, count: 2, last: hash(9), code: None };
        assert_eq!(outbox.settle(&sent, &receipt(vec![lying])).unknown, 1);
        let endless = Run { outcome: Outcome::Stored, count: u64::MAX, last: hash(2), code: None };
        assert_eq!(outbox.settle(&sent, &receipt(vec![endless])).unknown, 1);
        assert_eq!(outbox.len(), 3);
        let stored = Run { outcome: Outcome::Stored, count: 1, last: hash(1), code: None };
        let held = Run { outcome: Outcome::Custody, count: 1, last: hash(2), code: Some("sequence".into()) };
        let settled = outbox.settle(&sent, &receipt(vec![stored, held]));
        assert_eq!(settled.left, [0, 1]);
        assert_eq!(settled.held, [(hash(2), "sequence".to_owned())]);
        assert_eq!(outbox.len(), 1);
    }
}
