//! Who wrote in a saved document, read from its bytes without loading it: what a screen needs names for.

use std::collections::BTreeSet;

use super::authorship::read_message;
use super::chunk::writers_and_messages;
use crate::ids::{ActorId, DeviceId};

/// People and tablets. Whoever counted is among the tablets: a count is its writer's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Authors {
    /// Registry ids.
    pub people: BTreeSet<String>,
    /// Tablets.
    pub devices: BTreeSet<DeviceId>,
}

impl Authors {
    /// Adds those of a saved document; bytes that are none add nothing.
    pub fn add(&mut self, saved: &[u8]) {
        let Some((writers, messages)) = writers_and_messages(saved) else { return };
        let actors = writers.into_iter().filter_map(ActorId::from_slice).filter(|actor| *actor != ActorId::GENESIS);
        self.devices.extend(actors.map(|actor| actor.device()));
        let people = messages.into_iter().filter_map(|message| std::str::from_utf8(message).ok());
        self.people.extend(people.map(|message| read_message(message).0).filter(|by| !by.is_empty()));
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Document, Kind, Reason};
    use super::*;
    use crate::ids::DocumentId;
    use crate::time::Timestamp;

    #[test]
    fn syn_18_who_wrote_is_read_from_the_saved_bytes() {
        let mut document = Document::genesis(DocumentId::from_bytes([9; 16]), Kind::Session).unwrap();
        let mut authors = Authors::default();
        authors.add(&document.save());
        assert_eq!(authors, Authors::default(), "nobody wrote the genesis");
        for (tablet, by, reason) in [
            (1, "tanaka", None),
            (2, "suzuki", Some(Reason::Undo)),
            (1, "tanaka", None),
            (1, "tanaka", None),
            (3, "", None),
        ] {
            let device = DeviceId::from_bytes([tablet; 16]);
            document.write_as(ActorId::new(device, 1));
            document.count("screening.viewers", device, 1).unwrap();
            document.commit(Timestamp(1_700_000_000_000), by, reason).unwrap();
        }
        let saved = document.save();
        authors.add(&saved);
        assert_eq!(authors.people, BTreeSet::from(["suzuki".to_owned(), "tanaka".to_owned()]));
        assert_eq!(authors.devices, [1, 2, 3].map(|tablet| DeviceId::from_bytes([tablet; 16])).into());
        for cut in 0..saved.len() {
            Authors::default().add(&saved[..cut]);
        }
    }
}
