//! What the operations of a change may do in each container.

use std::collections::BTreeSet;

use super::{Author, Code, Limits};
use crate::document::{Action, Container, Document, Operation, read_tally_key};
use crate::ids::DeviceId;
use crate::text::is_storable;

/// Longest key of a field, link, step or measure, in bytes.
const KEY_BYTES: usize = 160;

/// Keys that changes put or count, and that nothing removes again.
#[derive(Default)]
pub(super) struct Touched {
    tallies: BTreeSet<String>,
    steps: BTreeSet<String>,
}

impl Touched {
    /// Tally keys, whose values the caller checks after applying.
    pub fn tallies(&self) -> impl Iterator<Item = &str> {
        self.tallies.iter().map(String::as_str)
    }

    pub fn extend(&mut self, other: Self) {
        self.tallies.extend(other.tallies);
        self.steps.extend(other.steps);
    }
}

/// Checks every operation of a change that comes after those which touched the keys `before`, none of them applied yet.
pub(super) fn check(
    document: &Document,
    before: &Touched,
    author: Author,
    operations: &[Operation],
    limits: &Limits,
) -> Result<Touched, Code> {
    let mut touched = Touched::default();
    for operation in operations {
        let Some(container) = operation.container else {
            return Err(Code::Structure);
        };
        let key = match (container, operation.key.as_deref()) {
            (Container::Text(_), None) => "",
            (Container::Text(_), Some(_)) | (_, None) => return Err(Code::Structure),
            (_, Some(key)) if key.is_empty() || key.len() > KEY_BYTES => {
                return Err(Code::Structure);
            }
            (_, Some(key)) => key,
        };
        let holds_text = |text: &str| author.vouched || is_storable(text);
        if !holds_text(key) || matches!(&operation.action, Action::Text(text) if !holds_text(text)) {
            return Err(Code::Structure);
        }
        match (container, &operation.action) {
            (Container::Fields, Action::Text(_) | Action::Integer(_) | Action::Delete)
            | (Container::Links, Action::True | Action::Delete)
            | (Container::Text(_), Action::Delete) => {}
            // among longer pieces automerge loses its place, and the next edit falls on other letters
            (Container::Text(_), Action::Text(letter)) if letter.chars().count() == 1 => {}
            (Container::Tally, action) => {
                let counted = !touched.tallies.insert(key.to_owned()) || before.tallies.contains(key);
                count(document, author.device, key, action, counted, limits)?;
            }
            (Container::Steps, Action::Text(_)) => {
                let there = before.steps.contains(key) || document.has_key(Container::Steps, key);
                if there || !touched.steps.insert(key.to_owned()) {
                    return Err(Code::Structure);
                }
            }
            (Container::Fields | Container::Links | Container::Steps | Container::Text(_), _) => {
                return Err(Code::Structure);
            }
        }
    }
    Ok(touched)
}

fn count(
    document: &Document,
    device: DeviceId,
    key: &str,
    action: &Action,
    touched: bool,
    limits: &Limits,
) -> Result<(), Code> {
    let Some((_, owner)) = read_tally_key(key) else {
        return Err(Code::Structure);
    };
    if owner != device {
        return Err(Code::ForeignDevice);
    }
    let exists = touched || document.has_key(Container::Tally, key);
    match action {
        Action::Counter(first) if !exists && first.unsigned_abs() <= limits.delta.unsigned_abs() => Ok(()),
        Action::Integer(by) if exists && by.unsigned_abs() <= limits.delta.unsigned_abs() => Ok(()),
        Action::Counter(_) | Action::Integer(_) | Action::Text(_) | Action::True | Action::Delete | Action::Other => {
            Err(Code::Structure)
        }
    }
}
