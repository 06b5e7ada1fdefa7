//! How a document came about: who made each change, and what it did to what its writer saw.
//!
//! Invariant: `before` is what stood where the change was made, so that two who wrote apart are both told truly.
//! What names and values mean is `domain`'s.

use automerge::ReadDoc;

use super::{
    Action, Authorship, Change, Container, Document, Scalar, TextName, read_authorship, read_tally_key, scalar,
};
use crate::ids::DeviceId;

/// One thing that a change did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// A field was given a value, or none.
    Field {
        /// Its name.
        name: String,
        /// What stood there, several after a conflict.
        before: Vec<Scalar>,
        /// What stands there after.
        after: Option<Scalar>,
    },
    /// A counter was moved.
    Count {
        /// What is counted.
        measure: String,
        /// Whose counter it is.
        device: DeviceId,
        /// By how much.
        by: i64,
    },
    /// A name was added to the links or taken away.
    Link {
        /// The name.
        name: String,
        /// Added, in place of taken away.
        is_added: bool,
    },
    /// A step was taken.
    Step {
        /// Its value, as stored.
        step: String,
    },
    /// A long text was rewritten.
    Text {
        /// Which one.
        name: TextName,
        /// As its writer saw it.
        before: String,
        /// As they left it.
        after: String,
    },
}

/// One change of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Past {
    /// Who made it, when and why.
    pub author: Authorship,
    /// What it did; `None` when it was not looked up, or automerge cannot expand the change.
    pub deeds: Option<Vec<Deed>>,
}

impl Document {
    /// Who changed the document, oldest first, without the genesis.
    pub fn history(&mut self) -> Vec<Authorship> {
        let mut history = Vec::new();
        for change in self.crdt.get_changes_meta(&[]) {
            if !change.deps.is_empty() {
                history.push(read_authorship(&change.actor, change.message.as_deref().unwrap_or(""), change.timestamp));
            }
        }
        history
    }

    /// The same with what each of the last `most` changes did, the newest first looked up, until `is_over`.
    pub fn past(&mut self, most: usize, is_over: &dyn Fn() -> bool) -> Vec<Past> {
        let mut changes = self.crdt.get_changes(&[]);
        changes.retain(|change| !change.deps().is_empty());
        let first = changes.len().saturating_sub(most);
        let read = |(number, change): (usize, automerge::Change)| Past {
            author: read_authorship(change.actor_id(), change.message().unwrap_or(""), change.timestamp()),
            deeds: (number >= first && !is_over()).then(|| self.deeds(change)).flatten(),
        };
        let mut past: Vec<Past> = changes.into_iter().enumerate().rev().map(read).collect();
        past.reverse();
        past
    }

    fn deeds(&self, change: automerge::Change) -> Option<Vec<Deed>> {
        let (seen, left) = (change.deps().to_vec(), [change.hash()]);
        let operations = Change { inner: change }.operations().ok()?;
        let mut deeds: Vec<Deed> = Vec::new();
        for operation in operations {
            let Some(container) = operation.container else { continue };
            match (container, operation.key, operation.action) {
                (Container::Fields, Some(key), action) => {
                    let now = match action {
                        Action::Text(text) => Some(Scalar::Text(text)),
                        Action::Integer(number) => Some(Scalar::Number(number)),
                        _ => None,
                    };
                    let known = deeds.iter_mut().find_map(|deed| match deed {
                        Deed::Field { name, after, .. } if *name == key => Some(after),
                        _ => None,
                    });
                    if let Some(after) = known {
                        *after = now;
                        continue;
                    }
                    let stood = self.crdt.get_all_at(container.object(), key.as_str(), &seen).unwrap_or_default();
                    let before = stood.iter().rev().filter_map(|(value, _)| scalar(value)).collect();
                    deeds.push(Deed::Field { name: key, before, after: now });
                }
                (Container::Tally, Some(key), Action::Counter(by) | Action::Integer(by)) => {
                    let Some((counted, whose)) = read_tally_key(&key) else { continue };
                    let known = deeds.iter_mut().find_map(|deed| match deed {
                        Deed::Count { measure, device, by } if measure == counted && *device == whose => Some(by),
                        _ => None,
                    });
                    match known {
                        Some(sum) => *sum = sum.saturating_add(by),
                        None => deeds.push(Deed::Count { measure: counted.to_owned(), device: whose, by }),
                    }
                }
                (Container::Links, Some(name), action) => {
                    deeds.push(Deed::Link { name, is_added: action == Action::True });
                }
                (Container::Steps, Some(_), Action::Text(step)) => deeds.push(Deed::Step { step }),
                (Container::Text(name), ..) => {
                    if deeds.iter().any(|deed| matches!(deed, Deed::Text { name: known, .. } if *known == name)) {
                        continue;
                    }
                    let at = |heads: &[automerge::ChangeHash]| {
                        self.crdt.text_at(container.object(), heads).unwrap_or_default()
                    };
                    deeds.push(Deed::Text { name, before: at(&seen), after: at(&left) });
                }
                _ => {}
            }
        }
        Some(deeds)
    }
}
