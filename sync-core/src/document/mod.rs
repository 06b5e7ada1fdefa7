//! The only door to automerge: a document of the fixed shape, its edits, its changes, its conflicts.
//!
//! Invariants: every document of an id begins with the same genesis bytes; a counter, once there, is only ever
//! incremented; text is measured in code points on every host.
//! Deliberately absent: what fields and measures mean (`domain`), and whether foreign changes may come in (`gate`).

mod authors;
mod authorship;
mod change;
mod chunk;
mod edit;
mod follow;
mod genesis;
mod heads;
mod history;
mod layout;

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use automerge::{AutoCommit, LoadOptions, ObjId, OnPartialLoad, ROOT, ReadDoc, ScalarValue, Value, VerificationMode};
use serde::{Deserialize, Serialize};

pub use authors::Authors;
pub use authorship::{Authorship, Reason};
pub use change::{Action, Change, Operation, RawChange};
pub use chunk::{ChangeError, Outline, hash_of, lengthen, shorten};
pub use follow::{FollowError, Follower};
pub use heads::Heads;
pub use history::{Deed, Past};
pub use layout::{Container, DEPENDENCIES, Kind, SCHEMA, TextName, WRITERS};

use crate::ids::{ActorId, ChangeHash, DeviceId, DocumentId};
use crate::time::Timestamp;

/// Saved bytes that are no document of ours.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// Automerge cannot read them.
    #[error("the saved document cannot be read")]
    Unreadable,
    /// They hold a document without our genesis.
    #[error("the document does not begin with a known genesis")]
    Genesis,
}

/// An edit that automerge refused; a fault of ours, not of the person.
#[derive(Debug, thiserror::Error)]
#[error("the document refused the edit: {0}")]
pub struct EditError(#[from] automerge::AutomergeError);

/// Changes that could not be taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApplyError {
    /// Automerge refused the change or panicked on it.
    #[error("the change cannot be applied")]
    Refused,
    /// What came out cannot be saved and loaded again as the same document.
    #[error("the document could not be loaded again afterwards")]
    Unloadable,
}

/// A single value of a field.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Scalar {
    /// A whole number.
    Number(i64),
    /// Text.
    Text(String),
}

/// One of the values a field has, with who set it where there are others: to find that out, automerge makes the whole
/// change anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldValue {
    /// The value.
    pub value: Scalar,
    /// Who set it; `None` of the only value, and while the edit is not committed.
    pub authorship: Option<Authorship>,
}

/// Where each writer of a document stands.
#[derive(Clone, Debug, Default)]
pub struct Writers {
    /// The last sequence number of each actor.
    pub sequences: BTreeMap<ActorId, u64>,
    /// The highest operation number in the document.
    pub max_op: u64,
}

/// One record.
#[derive(Clone)]
pub struct Document {
    id: DocumentId,
    kind: Kind,
    crdt: AutoCommit,
    /// Writers that the pending edits name.
    named: BTreeSet<automerge::ActorId>,
}

impl std::fmt::Debug for Document {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Document").field("id", &self.id).field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl Document {
    /// The document of this id with nothing recorded. The same bytes on every device.
    pub fn genesis(id: DocumentId, kind: Kind) -> Result<Self, EditError> {
        Ok(Self { id, kind, crdt: genesis::genesis(id, kind)?, named: BTreeSet::new() })
    }

    /// Reads what [`Document::save`] wrote; what would come out too large is an error, and so is a panic inside automerge.
    pub fn load(bytes: &[u8]) -> Result<Self, LoadError> {
        if !chunk::is_document(bytes) {
            return Err(LoadError::Unreadable);
        }
        let options = LoadOptions::new()
            .on_partial_load(OnPartialLoad::Error)
            .verification_mode(VerificationMode::Check)
            .text_encoding(layout::ENCODING);
        let crdt = catch_unwind(AssertUnwindSafe(|| AutoCommit::load_with_options(bytes, options)))
            .ok()
            .and_then(Result::ok)
            .ok_or(LoadError::Unreadable)?;
        let root = |key: &str| crdt.get(ROOT, key).ok().flatten().map(|(value, _)| value);
        let id = root("id").and_then(|value| DocumentId::from_slice(value.as_bytes()?)).ok_or(LoadError::Genesis)?;
        let kind = root("kind").and_then(|value| Kind::parse(value.as_str()?)).ok_or(LoadError::Genesis)?;
        Ok(Self { id, kind, crdt, named: BTreeSet::new() })
    }

    /// Whether the document begins with the genesis of its id, and with nothing else.
    pub fn begins_with_genesis(&mut self) -> bool {
        let Some(genesis) = genesis::name(self.id, self.kind) else {
            return false;
        };
        let mut roots = self.crdt.get_changes_meta(&[]).into_iter().filter(|change| change.deps.is_empty());
        roots.next().is_some_and(|root| root.hash.0 == *genesis.as_bytes()) && roots.next().is_none()
    }

    /// The whole document in automerge's compact form. Bytes differ between replicas; heads do not.
    ///
    /// Columns are not deflated: a page of many documents compresses to half when what they share is left to be found.
    pub fn save(&mut self) -> Vec<u8> {
        self.crdt.save_nocompress()
    }

    /// The document's id.
    pub const fn id(&self) -> DocumentId {
        self.id
    }

    /// What it records.
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// Its heads. Pending edits become a nameless change: hosts commit first.
    pub fn heads(&mut self) -> Heads {
        self.crdt.get_heads().into_iter().map(|hash| ChangeHash::from_bytes(hash.0)).collect()
    }

    /// The heads it would have without the changes that are `left_out` and all that follow them.
    pub fn heads_without(&mut self, left_out: &dyn Fn(&ChangeHash) -> bool) -> Heads {
        let mut gone = BTreeSet::new();
        let mut heads = BTreeSet::new();
        for change in self.crdt.get_changes_meta(&[]) {
            let hash = ChangeHash::from_bytes(change.hash.0);
            if left_out(&hash) || change.deps.iter().any(|dependency| gone.contains(&dependency.0)) {
                gone.insert(change.hash.0);
            } else {
                for dependency in &change.deps {
                    heads.remove(&ChangeHash::from_bytes(dependency.0));
                }
                heads.insert(hash);
            }
        }
        heads.into_iter().collect()
    }

    /// The document as it is without the changes that are `left_out` and all that follow them.
    pub fn without(&mut self, left_out: &dyn Fn(&ChangeHash) -> bool) -> Result<Self, EditError> {
        let mut gone = BTreeSet::new();
        let mut changes = self.crdt.get_changes(&[]);
        changes.retain(|change| {
            let goes = left_out(&ChangeHash::from_bytes(change.hash().0))
                || change.deps().iter().any(|dependency| gone.contains(dependency));
            if goes {
                gone.insert(change.hash());
            }
            !goes
        });
        let mut rest = Self::genesis(self.id, self.kind)?;
        rest.crdt.apply_changes(changes)?;
        Ok(rest)
    }

    /// Whether it holds the change of this name.
    pub fn contains(&mut self, hash: &ChangeHash) -> bool {
        self.crdt.get_change_meta_by_hash(&automerge::ChangeHash(*hash.as_bytes())).is_some()
    }

    /// Where its writers stand.
    pub fn writers(&mut self) -> Writers {
        let mut writers = Writers::default();
        for change in self.crdt.get_changes_meta(&[]) {
            writers.max_op = writers.max_op.max(change.max_op);
            if let Some(actor) = ActorId::from_slice(change.actor.to_bytes()) {
                let last = writers.sequences.entry(actor).or_default();
                *last = (*last).max(change.seq);
            }
        }
        writers
    }

    /// Takes in everything `other` has and this has not.
    pub fn merge(&mut self, other: &mut Self) -> Result<(), ApplyError> {
        if other.id != self.id || other.kind != self.kind {
            return Err(ApplyError::Refused);
        }
        catch_unwind(AssertUnwindSafe(|| self.crdt.merge(&mut other.crdt)))
            .map_err(|_| ApplyError::Refused)?
            .map_err(|_| ApplyError::Refused)?;
        Ok(())
    }

    /// Applies one change whose dependencies are known. On an error the document is no longer to be used.
    pub fn apply(&mut self, change: &Change) -> Result<(), ApplyError> {
        self.apply_all(std::slice::from_ref(change))?;
        if self.contains(&change.hash()) { Ok(()) } else { Err(ApplyError::Refused) }
    }

    /// Applies changes whose dependencies are known or among them, in one step: cheaper than one at a time, and blind to
    /// which of them is at fault. On an error the document is no longer to be used.
    pub fn apply_all(&mut self, changes: &[Change]) -> Result<(), ApplyError> {
        let inner: Vec<automerge::Change> = changes.iter().map(|change| change.inner.clone()).collect();
        catch_unwind(AssertUnwindSafe(|| self.crdt.apply_changes(inner)))
            .map_err(|_| ApplyError::Refused)?
            .map_err(|_| ApplyError::Refused)
    }

    /// Saves, loads what was saved, and checks that both are the same document. Returns the saved bytes.
    pub fn save_verified(&mut self) -> Result<Vec<u8>, ApplyError> {
        let bytes =
            catch_unwind(AssertUnwindSafe(|| self.crdt.save_nocompress())).map_err(|_| ApplyError::Unloadable)?;
        let mut loaded = Self::load(&bytes).map_err(|_| ApplyError::Unloadable)?;
        if loaded.id == self.id && loaded.kind == self.kind && loaded.heads() == self.heads() {
            Ok(bytes)
        } else {
            Err(ApplyError::Unloadable)
        }
    }

    /// The changes this device wrote, oldest first.
    pub fn changes_of(&mut self, device: DeviceId) -> Vec<RawChange> {
        self.changes_by(|actor| actor.is_some_and(|actor| actor.device() == device))
    }

    /// Every change but the genesis, oldest first.
    pub fn changes(&mut self) -> Vec<RawChange> {
        self.changes_by(|actor| actor != Some(ActorId::GENESIS))
    }

    /// Whether devices other than `device` wrote anything that these heads, all of them known here, do not lead to.
    pub fn has_of_others_beyond(&mut self, heads: &Heads, device: DeviceId) -> bool {
        let heads: Vec<_> = heads.as_slice().iter().map(|hash| automerge::ChangeHash(*hash.as_bytes())).collect();
        self.crdt.get_changes_meta(&heads).iter().any(|change| {
            let author = ActorId::from_slice(change.actor.to_bytes());
            author.is_some_and(|author| author != ActorId::GENESIS && author.device() != device)
        })
    }

    fn changes_by(&mut self, written_by: impl Fn(Option<ActorId>) -> bool) -> Vec<RawChange> {
        let changes = self.crdt.get_changes(&[]);
        let chosen = changes.iter().filter(|change| written_by(ActorId::from_slice(change.actor_id().to_bytes())));
        chosen
            .map(|change| RawChange {
                hash: ChangeHash::from_bytes(change.hash().0),
                bytes: change.raw_bytes().to_vec(),
            })
            .collect()
    }

    /// Every field that has a value; more than one value is a conflict. The value shown by default comes first.
    pub fn fields(&self) -> BTreeMap<String, Vec<FieldValue>> {
        let mut fields = BTreeMap::new();
        for (name, value, is_contested) in self.entries(Container::Fields) {
            let values = if is_contested {
                self.contested(&Container::Fields.object(), &name)
            } else {
                scalar(&value).map(|value| FieldValue { value, authorship: None }).into_iter().collect()
            };
            if !values.is_empty() {
                fields.insert(name, values);
            }
        }
        fields
    }

    /// The values of one field, the one shown first; none when it has no value.
    pub fn field(&self, name: &str) -> Vec<Scalar> {
        let all = self.crdt.get_all(Container::Fields.object(), name).unwrap_or_default();
        all.iter().rev().filter_map(|(value, _)| scalar(value)).collect()
    }

    /// Every value of every field whose name begins with `prefix`, by name, the value shown first.
    pub fn fields_of(&self, prefix: &str) -> Vec<(String, Scalar)> {
        self.field_names(prefix)
            .flat_map(|name| self.field(&name).into_iter().map(move |value| (name.clone(), value)))
            .collect()
    }

    /// The same with the device that wrote each; those of no device are left out.
    pub fn written_fields(&self, prefix: &str) -> Vec<(String, Scalar, DeviceId)> {
        let mut written = Vec::new();
        for name in self.field_names(prefix) {
            for (value, id) in self.crdt.get_all(Container::Fields.object(), &name).unwrap_or_default().iter().rev() {
                let ObjId::Id(_, actor, _) = id else { continue };
                let device = ActorId::from_slice(actor.to_bytes()).filter(|actor| *actor != ActorId::GENESIS);
                written.extend(scalar(value).zip(device).map(|(value, actor)| (name.clone(), value, actor.device())));
            }
        }
        written
    }

    fn field_names<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = String> + 'a {
        let range = self.crdt.map_range(Container::Fields.object(), prefix.to_owned()..);
        range.map(|item| item.key.into_owned()).take_while(move |name| name.starts_with(prefix))
    }

    /// When the value of a field that is shown was written; `None` while it is on its way into a change, and where the change
    /// states no time.
    pub fn field_written_at(&self, name: &str) -> Option<Timestamp> {
        let (_, exid) = self.crdt.get(Container::Fields.object(), name).ok()??;
        self.authorship(&exid).map(|written| written.at).filter(|at| *at != Timestamp(0))
    }

    /// The counters: measure, device, value. Keys not of our form are left out.
    pub fn tallies(&self) -> Vec<(String, DeviceId, i64)> {
        let mut counters = Vec::new();
        for (key, value, _) in self.entries(Container::Tally) {
            if let (Some((measure, device)), Some(count)) = (read_tally_key(&key), counter(&value)) {
                counters.push((measure.to_owned(), device, count));
            }
        }
        counters
    }

    /// The keys of the tally that have exactly one value, which is a counter.
    pub fn whole_counters(&self) -> BTreeSet<String> {
        let whole =
            self.entries(Container::Tally).filter(|(_, value, contested)| !contested && counter(value).is_some());
        whole.map(|(key, ..)| key).collect()
    }

    /// Whether a key of a container has a value.
    pub fn has_key(&self, container: Container, key: &str) -> bool {
        matches!(self.crdt.get(container.object(), key), Ok(Some(_)))
    }

    /// The links in alphabetical order.
    pub fn links(&self) -> Vec<String> {
        self.crdt.keys(Container::Links.object()).collect()
    }

    /// The steps: id and value.
    pub fn steps(&self) -> Vec<(String, String)> {
        self.entries(Container::Steps).filter_map(|(id, value, _)| Some((id, value.as_str()?.to_owned()))).collect()
    }

    /// Who appended a step. Automerge makes the whole change anew to tell.
    pub fn step_author(&self, id: &str) -> Option<Authorship> {
        let (_, exid) = self.crdt.get(Container::Steps.object(), id).ok()??;
        self.authorship(&exid)
    }

    /// A long text.
    pub fn text(&self, name: TextName) -> String {
        self.crdt.text(Container::Text(name).object()).unwrap_or_default()
    }

    /// What stands in a map, with the value shown and whether there are others. One walk; a look at each key costs as much.
    fn entries(&self, container: Container) -> impl Iterator<Item = (String, Value<'static>, bool)> + '_ {
        let range = self.crdt.map_range(container.object(), ..);
        range.map(|item| (item.key.into_owned(), item.value.into_value(), item.conflict))
    }

    /// All values of a key, the one shown first, with who set them.
    fn contested(&self, container: &ObjId, key: &str) -> Vec<FieldValue> {
        let all = self.crdt.get_all(container, key).unwrap_or_default();
        let read = |(value, exid): &(Value<'_>, ObjId)| {
            Some(FieldValue { value: scalar(value)?, authorship: self.authorship(exid) })
        };
        all.iter().rev().filter_map(read).collect()
    }

    fn authorship(&self, operation: &ObjId) -> Option<Authorship> {
        let hash = self.crdt.hash_for_opid(operation)?;
        self.crdt
            .get_change_by_hash(&hash)
            .map(|change| read_authorship(change.actor_id(), change.message().unwrap_or(""), change.timestamp()))
    }
}

fn read_authorship(actor: &automerge::ActorId, message: &str, seconds: i64) -> Authorship {
    let (by, reason) = authorship::read_message(message);
    Authorship {
        device: ActorId::from_slice(actor.to_bytes()).map(|actor| actor.device()),
        by,
        at: Timestamp::from_seconds(seconds),
        reason,
    }
}

fn counter(value: &Value<'_>) -> Option<i64> {
    match value {
        Value::Scalar(scalar) => match scalar.as_ref() {
            ScalarValue::Counter(counter) => Some(i64::from(counter)),
            _ => None,
        },
        Value::Object(_) => None,
    }
}

fn scalar(value: &Value<'_>) -> Option<Scalar> {
    match value {
        Value::Scalar(scalar) => match scalar.as_ref() {
            ScalarValue::Str(text) => Some(Scalar::Text(text.to_string())),
            other => other.as_i64().map(Scalar::Number),
        },
        Value::Object(_) => None,
    }
}

/// The key of a device's own counter of a measure.
pub fn tally_key(measure: &str, device: DeviceId) -> String {
    format!("{measure}@{device}")
}

/// Measure and device of a tally key.
pub fn read_tally_key(key: &str) -> Option<(&str, DeviceId)> {
    let (measure, device) = key.rsplit_once('@')?;
    Some((measure, device.parse().ok()?))
}
