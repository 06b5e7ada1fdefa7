//! What is said once: a wrong setting shows at every request, and a log that says so every time says nothing else.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

/// Most different things of a kind that are remembered; further ones are not said.
const MOST: usize = 100;

/// What this process has said, by kind.
#[derive(Debug, Default)]
pub struct Told(Mutex<HashMap<&'static str, HashSet<String>>>);

impl Told {
    /// Whether this is said for the first time.
    pub fn first(&self, kind: &'static str, what: &str) -> bool {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let told = told.entry(kind).or_default();
        told.len() < MOST && told.insert(what.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thing_is_said_once_and_not_without_end_and_kinds_take_no_room_from_each_other() {
        let told = Told::default();
        assert_eq!(["a", "b", "a"].map(|what| told.first("one", what)), [true, true, false]);
        let said = (0..1_000).filter(|number| told.first("one", &number.to_string())).count();
        assert_eq!(said, MOST - 2);
        assert!(told.first("other", "a"));
    }
}
