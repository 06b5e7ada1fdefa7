//! How many long files are made and kept at the same time, so that neither the disk nor the readers of the database run out.
//!
//! Invariant: one person's files leave room for those of others; a person's are written one after the other.

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
    kept: Arc<Mutex<HashMap<String, Kept>>>,
}

/// The files of one person.
#[derive(Clone, Debug)]
struct Kept {
    files: usize,
    /// Whose turn it is among them.
    turn: Arc<Semaphore>,
}

impl Default for Kept {
    fn default() -> Self {
        Self { files: 0, turn: Arc::new(Semaphore::new(1)) }
    }
}

/// The turn of a file to be written.
pub type Turn = (OwnedSemaphorePermit, OwnedSemaphorePermit);

impl Default for Downloads {
    fn default() -> Self {
        Self { written: Arc::new(Semaphore::new(WRITTEN)), kept: Arc::default() }
    }
}

/// Room for one file, until it is dropped.
#[derive(Debug)]
pub struct Place {
    person: String,
    kept: Arc<Mutex<HashMap<String, Kept>>>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = kept.get_mut(&self.person) {
            own.files -= 1;
            if own.files == 0 {
                kept.remove(&self.person);
            }
        }
    }
}

impl Downloads {
    /// Room for a file, and its turn to be written; `None`: there are too many at the moment.
    pub async fn place(&self, caller: &Caller) -> Option<(Place, Turn)> {
        let (place, own) = self.keep(format!("{}/{}", caller.tenant, caller.person))?;
        let turn = async { Some((own.acquire_owned().await.ok()?, self.written.clone().acquire_owned().await.ok()?)) };
        Some((place, tokio::time::timeout(WAIT, turn).await.ok()??))
    }

    fn keep(&self, person: String) -> Option<(Place, Arc<Semaphore>)> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let own = kept.get(&person).map_or(0, |own| own.files);
        if own >= KEPT_OF_ONE || kept.values().map(|one| one.files).sum::<usize>() >= KEPT {
            return None;
        }
        let entry = kept.entry(person.clone()).or_default();
        entry.files += 1;
        let turn = entry.turn.clone();
        drop(kept);
        Some((Place { person, kept: self.kept.clone() }, turn))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_person_leaves_room_for_others_and_all_together_for_the_disk() {
        let downloads = Downloads::default();
        let mut places: Vec<Place> = (0..KEPT_OF_ONE).map(|_| downloads.keep("11/pe-1".into()).unwrap().0).collect();
        assert!(downloads.keep("11/pe-1".into()).is_none());
        for person in 0.. {
            let Some((place, _)) = downloads.keep(format!("14/pe-{person}")) else { break };
            places.push(place);
        }
        assert_eq!(places.len(), KEPT);
        drop(places);
        assert!(downloads.keep("11/pe-1".into()).is_some());
        assert!(downloads.kept.lock().unwrap().is_empty());
    }
}
