//! What is said once: a wrong setting shows at every request, and a log that says so every time says nothing else.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

/// Most different things that are remembered; further ones are not said.
const MOST: usize = 100;

/// What this process has said.
#[derive(Debug, Default)]
pub struct Told(Mutex<HashSet<String>>);

impl Told {
    /// Whether this is said for the first time.
    pub fn first(&self, what: &str) -> bool {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.len() < MOST && told.insert(what.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thing_is_said_once_and_not_without_end() {
        let told = Told::default();
        assert_eq!([told.first("a"), told.first("b"), told.first("a")], [true, true, false]);
        let said = (0..1_000).filter(|number| told.first(&number.to_string())).count();
        assert_eq!(said, MOST - 2);
    }
}
