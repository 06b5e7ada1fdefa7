//! What the operations of a change may do in each container.

use std::collections::BTreeSet;

use super::{Code, Limits};
use crate::document::{Action, Container, Document, Operation, read_tally_key};
use crate::ids::DeviceId;

/// Longest key of a field, link, step or measure, in bytes.
const KEY_BYTES: usize = 160;

/// Checks every operation; returns the tally keys touched, whose values the caller checks after applying.
pub(super) fn check(
    document: &Document,
    device: DeviceId,
    operations: &[Operation],
    limits: &Limits,
) -> Result<Vec<String>, Code> {
    let mut touched = BTreeSet::new();
    let mut steps = BTreeSet::new();
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
        match (container, &operation.action) {
            (Container::Fields, Action::Text(_) | Action::Integer(_) | Action::Delete)
            | (Container::Links, Action::True | Action::Delete)
            | (Container::Text(_), Action::Text(_) | Action::Delete) => {}
            (Container::Tally, action) => {
                count(document, device, key, action, !touched.insert(key.to_owned()), limits)?;
            }
            (Container::Steps, Action::Text(_)) => {
                if document.has_key(Container::Steps, key) || !steps.insert(key) {
                    return Err(Code::Structure);
                }
            }
            (Container::Fields | Container::Links | Container::Steps | Container::Text(_), _) => {
                return Err(Code::Structure);
            }
        }
    }
    Ok(touched.into_iter().collect())
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
