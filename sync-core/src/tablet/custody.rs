//! Own work the server keeps aside: what people decided on it, and making edits anew where their change cannot be taken.
//!
//! A change that may not be taken because of who sent it, or because its record is full, waits for a person. One that can never be taken as it is — it
//! does not follow, is too large, cannot be loaded — is left out of the record here as well, and its edits are made once
//! more on what the server holds. The server is told, so that the first form can no longer be let in.
//! Invariant: an edit is made anew at most once, in the transaction that takes its first form out of the outbox.

use std::collections::{BTreeMap, BTreeSet};

use super::Tablet;
use super::answer::Changed;
use super::row::{DeclinedRow, EditRow};
use crate::document::Document;
use crate::gate::Code;
use crate::ids::{ChangeHash, DocumentId};
use crate::time::Timestamp;
use crate::wire::{Decision, DocumentPayload};

/// Whether a person decides on changes held with this code. Unknown codes are the server's to explain.
fn waits_for_a_person(code: &str) -> bool {
    let of_the_sender = |code| matches!(code, Code::NotInScope | Code::TabletEnded | Code::RoleEnded | Code::PassEnded);
    Code::parse(code).is_none_or(|code| of_the_sender(code) || code == Code::DocumentTooLarge)
}

impl Tablet {
    /// Records with work in custody that no scope of this tablet names. No feed would tell that one of them was destroyed:
    /// it is asked with every exchange.
    pub(super) fn held_nowhere(&self) -> impl Iterator<Item = DocumentId> {
        self.shelf.iter().filter(|(_, entry)| entry.scopes.is_empty() && !entry.held.is_empty()).map(|(id, _)| id)
    }

    /// Takes in what people decided on held changes.
    pub(super) fn take_decision(&mut self, decision: &Decision, changed: &mut Changed) {
        let Some(entry) = self.shelf.get_mut(decision.document) else { return };
        if decision.admitted {
            entry.held.remove(&decision.hash);
            self.shelf.touch(decision.document);
        } else if let Some(held) = entry.held.get_mut(&decision.hash) {
            held.declined =
                Some(DeclinedRow { reason: decision.reason.clone(), by: decision.by.clone(), at: decision.at });
        } else {
            return;
        }
        changed.documents.insert(decision.document);
    }

    /// Makes the edits of held changes anew, where a person's decision would not help and every edit is known; on the
    /// server's copy, when it came along. Those of a change that was acknowledged once are not: others may hold it, and
    /// would count it twice.
    pub(super) fn make_anew(
        &mut self,
        now: Timestamp,
        id: DocumentId,
        copy: Option<&DocumentPayload>,
        changed: &mut Changed,
    ) {
        let Some(entry) = self.shelf.get(id) else { return };
        let hopeless = |held: &super::shelf::Held| held.declined.is_none() && !waits_for_a_person(&held.code);
        let held: BTreeSet<ChangeHash> =
            entry.held.iter().filter(|(_, held)| hopeless(held)).map(|(hash, _)| *hash).collect();
        let kind = entry.kind;
        if held.is_empty() {
            return;
        }
        let Ok(document) = self.shelf.open(id, kind) else { return };
        let Ok(mut rest) = document.without(&|hash| held.contains(hash)) else { return };
        let gone: BTreeSet<ChangeHash> =
            document.changes().into_iter().map(|change| change.hash).filter(|hash| !rest.contains(hash)).collect();
        let copy = copy.and_then(|copy| Document::load(&copy.snapshot).ok()).filter(|copy| copy.id() == id);
        if let Some(mut copy) = copy {
            if gone.iter().any(|hash| copy.contains(hash)) {
                return;
            }
            // a copy that cannot be merged is passed over: the digest will tell
            let _ = rest.merge(&mut copy);
        }
        let Some(entry) = self.shelf.get_mut(id) else { return };
        let known: Option<Vec<&Vec<EditRow>>> = gone.iter().map(|hash| entry.edits.get(hash)).collect();
        let Some(known) = known.filter(|known| !known.is_empty()) else { return };
        let edits: BTreeMap<u64, EditRow> =
            known.into_iter().flatten().map(|edit| (edit.number, edit.clone())).collect();
        entry.held.retain(|hash, _| !gone.contains(hash));
        entry.edits.retain(|hash, _| !gone.contains(hash));
        entry.replaces.extend(held);
        let withdrawn = entry.outbox.withdraw(|hash| gone.contains(hash));
        changed.left_outbox.extend(withdrawn.into_iter().map(|number| (id, number)));
        changed.retire_writer = true;
        self.shelf.next_writer();
        self.shelf.replace(id, rest);
        self.shelf.save(id);
        self.edit_anew(now, &edits.into_values().collect::<Vec<_>>());
        changed.documents.insert(id);
    }
}
