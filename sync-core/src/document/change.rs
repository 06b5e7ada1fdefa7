//! A change that automerge has read: what it does, operation by operation.
//!
//! Invariant: [`Change::parse`] is given only bytes whose [`super::chunk::Outline`] is small.

use std::panic::{AssertUnwindSafe, catch_unwind};

use automerge::ScalarValue;

use super::chunk::ChangeError;
use super::layout::Container;
use crate::ids::{ActorId, ChangeHash};

/// A change made on this device: its name and its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawChange {
    /// Name of the change.
    pub hash: ChangeHash,
    /// An uncompressed automerge change chunk.
    pub bytes: Vec<u8>,
}

/// What one operation does, as far as the gate must tell operations apart.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Puts a counter with this first value.
    Counter(i64),
    /// Adds to a counter, or puts a plain integer: automerge's public form does not tell the two apart.
    /// In the tally a plain integer shows afterwards as a value that is no counter.
    Integer(i64),
    /// Puts text.
    Text(String),
    /// Puts true.
    True,
    /// Removes a value or a letter.
    Delete,
    /// Anything else: makes an object, puts a value of another type.
    Other,
}

/// One operation of a change.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    /// The container it works in; `None` for the root and for objects outside the fixed shape.
    pub container: Option<Container>,
    /// The key in a map; `None` in a text.
    pub key: Option<String>,
    /// What it does there.
    pub action: Action,
}

/// A change that automerge could read.
#[derive(Clone, Debug)]
pub struct Change {
    pub(super) inner: automerge::Change,
}

impl Change {
    /// Parses bytes whose [`super::chunk::Outline`] the caller found small enough. A panic inside automerge is an error here.
    pub fn parse(bytes: &[u8]) -> Result<Self, ChangeError> {
        let parsed = catch_unwind(AssertUnwindSafe(|| automerge::Change::try_from(bytes)));
        match parsed {
            Ok(Ok(inner)) => Ok(Self { inner }),
            Ok(Err(_)) | Err(_) => Err(ChangeError::Malformed),
        }
    }

    /// The name.
    pub fn hash(&self) -> ChangeHash {
        ChangeHash::from_bytes(self.inner.hash().0)
    }

    /// The writer; `None` when it is not of our form.
    pub fn actor(&self) -> Option<ActorId> {
        ActorId::from_slice(self.inner.actor_id().to_bytes())
    }

    /// Number of the change among its writer's changes, from 1.
    pub fn sequence(&self) -> u64 {
        self.inner.seq()
    }

    /// Number of the first operation.
    pub fn start_op(&self) -> u64 {
        self.inner.start_op().get()
    }

    /// Number of the last operation; below [`Change::start_op`] when there are none.
    pub fn last_op(&self) -> u64 {
        self.inner.max_op()
    }

    /// The changes it follows.
    pub fn dependencies(&self) -> impl Iterator<Item = ChangeHash> + '_ {
        self.inner.deps().iter().map(|hash| ChangeHash::from_bytes(hash.0))
    }

    /// Other writers it names; `None` stands for one that is not of our form.
    pub fn other_actors(&self) -> impl Iterator<Item = Option<ActorId>> + '_ {
        self.inner.other_actor_ids().iter().map(|actor| ActorId::from_slice(actor.to_bytes()))
    }

    /// Whether it carries bytes or an author mark that our format has no place for.
    pub fn has_extras(&self) -> bool {
        !self.inner.extra_bytes().is_empty() || self.inner.author().is_some()
    }

    /// The operations in order. An operation that automerge cannot even expand makes the change malformed.
    pub fn operations(&self) -> Result<Vec<Operation>, ChangeError> {
        let genesis = automerge::ActorId::from(ActorId::GENESIS.as_bytes().as_slice()).to_hex_string();
        let expanded = catch_unwind(AssertUnwindSafe(|| self.inner.decode())).map_err(|_| ChangeError::Malformed)?;
        let mut operations = Vec::with_capacity(expanded.operations.len());
        // most often an operation works in the container of the one before
        let mut before = None;
        for op in &expanded.operations {
            let container = match before {
                Some((object, container)) if object == &op.obj => container,
                _ => op
                    .obj
                    .to_string()
                    .split_once('@')
                    .filter(|(_, actor)| *actor == genesis)
                    .and_then(|(counter, _)| Container::made_by(counter.parse().ok()?)),
            };
            before = Some((&op.obj, container));
            let key = match serde_json::to_value(&op.key) {
                Ok(serde_json::Value::String(key)) if op.key.is_map_key() => Some(key),
                _ => None,
            };
            let action = match (op.primitive_value(), op.obj_type()) {
                (Some(ScalarValue::Counter(counter)), _) => Action::Counter(i64::from(&counter)),
                (Some(ScalarValue::Int(number)), _) => Action::Integer(number),
                (Some(ScalarValue::Str(text)), _) => Action::Text(text.to_string()),
                (Some(ScalarValue::Boolean(true)), _) => Action::True,
                (None, None) if !op.insert => Action::Delete,
                _ => Action::Other,
            };
            operations.push(Operation { container, key, action });
        }
        Ok(operations)
    }
}
