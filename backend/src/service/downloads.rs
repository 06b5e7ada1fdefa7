//! How many long files are made and kept at the same time, so that neither the disk nor the readers of the database run out.
//!
//! Invariant: one person's files leave room for those of others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::access::Caller;

/// Files that are written at once: each holds a reader of the database, and tablets need the others.
const WRITTEN: usize = 2;
/// Files that are kept until somebody has read them to the end.
const KEPT: usize = 16;
/// The same of one person.
const KEPT_OF_ONE: usize = 3;
/// How long a file waits for its turn to be written.
const WAIT: Duration = Duration::from_secs(20);

/// Places for files.
#[derive(Debug)]
pub struct Downloads {
    written: Arc<Semaphore>,
    kept: Arc<Mutex<HashMap<String, usize>>>,
}

impl Default for Downloads {
    fn default() -> Self {
        Self { written: Arc::new(Semaphore::new(WRITTEN)), kept: Arc::default() }
    }
}

/// Room for one file, until it is dropped.
#[derive(Debug)]
pub struct Place {
    person: String,
    kept: Arc<Mutex<HashMap<String, usize>>>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(files) = kept.get_mut(&self.person) {
            *files -= 1;
            if *files == 0 {
                kept.remove(&self.person);
            }
        }
    }
}

impl Downloads {
    /// Room for a file, and its turn to be written; `None`: there are too many at the moment.
    pub async fn place(&self, caller: &Caller) -> Option<(Place, OwnedSemaphorePermit)> {
        let place = self.keep(format!("{}/{}", caller.tenant, caller.person))?;
        let turn = tokio::time::timeout(WAIT, self.written.clone().acquire_owned()).await;
        Some((place, turn.ok()?.ok()?))
    }

    fn keep(&self, person: String) -> Option<Place> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let own = kept.get(&person).copied().unwrap_or_default();
        if own >= KEPT_OF_ONE || kept.values().sum::<usize>() >= KEPT {
            return None;
        }
        kept.insert(person.clone(), own + 1);
        drop(kept);
        Some(Place { person, kept: self.kept.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_person_leaves_room_for_others_and_all_together_for_the_disk() {
        let downloads = Downloads::default();
        let mut places: Vec<Place> = (0..KEPT_OF_ONE).map(|_| downloads.keep("11/pe-1".into()).unwrap()).collect();
        assert!(downloads.keep("11/pe-1".into()).is_none());
        for person in 0.. {
            let Some(place) = downloads.keep(format!("14/pe-{person}")) else { break };
            places.push(place);
        }
        assert_eq!(places.len(), KEPT);
        drop(places);
        assert!(downloads.keep("11/pe-1".into()).is_some());
        assert!(downloads.kept.lock().unwrap().is_empty());
    }
}
