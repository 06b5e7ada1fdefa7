//! Edits of a document on this device, and their end as a change.
//!
//! Invariants: a counter, once there, is only ever incremented; no change follows more than [`DEPENDENCIES`] others.
//! Deliberately absent: when a change ends. Whoever edits asks how much it holds and names, and ends it in time.

use std::collections::BTreeSet;

use automerge::transaction::{CommitOptions, Transactable};
use automerge::{AutoCommit, ObjId, ReadDoc, ScalarValue};

use super::{Container, DEPENDENCIES, Document, EditError, RawChange, Reason, Scalar, TextName, authorship, tally_key};
use crate::ids::{ActorId, ChangeHash, DeviceId};
use crate::time::Timestamp;

impl Document {
    /// From here on this device writes as `actor`.
    pub fn write_as(&mut self, actor: ActorId) {
        self.crdt.set_actor(automerge::ActorId::from(actor.as_bytes().as_slice()));
    }

    /// How many edits wait for a commit.
    pub fn pending_operations(&self) -> usize {
        self.crdt.pending_ops()
    }

    /// How many writers the edits name that wait for a commit, as far as this document made them; the genesis left out.
    pub fn pending_writers(&self) -> usize {
        self.named.len()
    }

    /// Sets a field, or clears it with `None`.
    pub fn set_field(&mut self, name: &str, value: Option<&Scalar>) -> Result<(), EditError> {
        let fields = Container::Fields.object();
        let is_set = self.name_values(&fields, name)?;
        match value {
            Some(Scalar::Text(text)) => self.crdt.put(&fields, name, text.as_str())?,
            Some(Scalar::Number(number)) => self.crdt.put(&fields, name, *number)?,
            None if is_set => self.crdt.delete(&fields, name)?,
            None => {}
        }
        Ok(())
    }

    /// Adds `by` to this device's own counter of a measure; a measure not yet touched starts at `by`, be it 0.
    pub fn count(&mut self, measure: &str, device: DeviceId, by: i64) -> Result<(), EditError> {
        let tally = Container::Tally.object();
        let key = tally_key(measure, device);
        if self.name_values(&tally, &key)? {
            self.crdt.increment(&tally, key.as_str(), by)?;
        } else {
            self.crdt.put(&tally, key.as_str(), ScalarValue::counter(by))?;
        }
        Ok(())
    }

    /// Adds a name to the links.
    pub fn link(&mut self, name: &str) -> Result<(), EditError> {
        let links = Container::Links.object();
        if self.crdt.get(&links, name)?.is_none() {
            self.crdt.put(&links, name, true)?;
        }
        Ok(())
    }

    /// Removes a name from the links.
    pub fn unlink(&mut self, name: &str) -> Result<(), EditError> {
        let links = Container::Links.object();
        if self.name_values(&links, name)? {
            self.crdt.delete(&links, name)?;
        }
        Ok(())
    }

    /// Appends a step. A step that is already there stays as it is.
    pub fn append_step(&mut self, id: &str, step: &str) -> Result<(), EditError> {
        let steps = Container::Steps.object();
        if self.crdt.get(&steps, id)?.is_none() {
            self.crdt.put(&steps, id, step)?;
        }
        Ok(())
    }

    /// Takes `delete` letters out of a long text and puts `insert` in their place, counted in code points.
    pub fn splice_text(&mut self, name: TextName, at: usize, delete: usize, insert: &str) -> Result<(), EditError> {
        let text = Container::Text(name).object();
        // the letters that go, and the one after which something comes
        for place in at.saturating_sub(1)..at + delete {
            self.name_values(&text, place)?;
        }
        let delete = isize::try_from(delete).unwrap_or(isize::MAX);
        Ok(self.crdt.splice_text(&text, at, delete, insert)?)
    }

    /// Ends the pending edits as one change. `None` when nothing was edited.
    pub fn commit(&mut self, at: Timestamp, by: &str, reason: Option<Reason>) -> Option<RawChange> {
        if self.crdt.pending_ops() == 0 {
            return None;
        }
        self.named.clear();
        let hash = self.crdt.commit_with(options(at, by, reason))?;
        raw(&mut self.crdt, &hash)
    }

    /// Makes changes without edits until no more heads are left than one change follows beside its writer's last; each
    /// follows as many. To be called before the first edit of a change.
    ///
    /// Source: SPEC DOC-11.
    pub fn gather(&mut self, at: Timestamp, by: &str) -> Result<Vec<RawChange>, EditError> {
        let mut gathered = Vec::new();
        loop {
            let mut heads = self.crdt.get_heads();
            if heads.len() < DEPENDENCIES {
                return Ok(gathered);
            }
            heads.truncate(DEPENDENCIES - 1);
            let own = self.crdt.get_actor().clone();
            let changes = self.crdt.get_changes_meta(&[]);
            let last = changes.iter().filter(|change| change.actor.as_ref() == &own).max_by_key(|change| change.seq);
            heads.extend(last.map(|change| change.hash));

            let mut part = self.crdt.fork_at(&heads)?;
            part.set_actor(own);
            let hash = part.empty_change(options(at, by, None));
            if let (Some(change), Some(raw)) = (part.get_change_by_hash(&hash), raw(&mut part, &hash)) {
                self.crdt.apply_changes([change])?;
                gathered.push(raw);
            }
        }
    }

    /// The part of the document in which no more than `most` values stand at a key, to be edited there by a writer of its own;
    /// `None` where no more do. What is changed in it comes in by [`Self::join`], and takes the place of those values alone.
    /// Nothing may be pending.
    ///
    /// Source: SPEC DOC-12.
    pub fn part_with(&mut self, container: Container, key: &str, most: usize) -> Result<Option<Self>, EditError> {
        let values = self.crdt.get_all(container.object(), key)?;
        if values.len() <= most {
            return Ok(None);
        }
        let set_by: Vec<_> = values.iter().filter_map(|(_, exid)| self.crdt.hash_for_opid(exid)).collect();
        let mut taken = most.min(set_by.len());
        loop {
            let crdt = self.crdt.fork_at(&set_by[..taken])?;
            // what one of these changes follows may bring more along
            if taken <= 1 || crdt.get_all(container.object(), key)?.len() <= most {
                return Ok(Some(Self { id: self.id, kind: self.kind, crdt, named: BTreeSet::new() }));
            }
            taken /= 2;
        }
    }

    /// Ends the pending edits of a part as one change, and takes it in.
    pub fn join(
        &mut self,
        mut part: Self,
        at: Timestamp,
        by: &str,
        reason: Option<Reason>,
    ) -> Result<Option<RawChange>, EditError> {
        let Some(change) = part.commit(at, by, reason) else { return Ok(None) };
        let made = part.crdt.get_change_by_hash(&automerge::ChangeHash(*change.hash.as_bytes()));
        self.crdt.apply_changes(made)?;
        Ok(Some(change))
    }

    /// How many values stand at a key.
    pub fn count_values(&self, container: Container, key: &str) -> usize {
        self.crdt.get_all(container.object(), key).map_or(0, |values| values.len())
    }

    /// Notes whose values an edit takes the place of or stands beside; whether there are any.
    fn name_values(&mut self, object: &ObjId, place: impl Into<automerge::Prop>) -> Result<bool, EditError> {
        let values = self.crdt.get_all(object, place)?;
        for (_, value) in &values {
            if let ObjId::Id(_, actor, _) = value
                && actor != self.crdt.get_actor()
            {
                self.named.insert(actor.clone());
            }
        }
        Ok(!values.is_empty())
    }
}

fn options(at: Timestamp, by: &str, reason: Option<Reason>) -> CommitOptions {
    CommitOptions::default().with_time(at.seconds()).with_message(authorship::message(by, reason))
}

fn raw(crdt: &mut AutoCommit, hash: &automerge::ChangeHash) -> Option<RawChange> {
    let change = crdt.get_change_by_hash(hash)?;
    Some(RawChange { hash: ChangeHash::from_bytes(hash.0), bytes: change.raw_bytes().to_vec() })
}
