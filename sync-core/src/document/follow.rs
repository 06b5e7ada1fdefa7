//! Letting somebody follow a document by automerge's own sync protocol, one way: they receive, nothing of theirs comes in.
//!
//! Invariants: the document is the same after any message; a message's claims are measured before automerge works
//! with them (a filter may claim billions of probes, each of which automerge would compute).
//! Deliberately absent: who may follow, and how messages travel.

use std::panic::{AssertUnwindSafe, catch_unwind};

use automerge::sync::{ChunkList, Message, State, SyncDoc};

use super::Document;

/// Summaries of what the other side has, in one message. An honest side sends one.
const SUMMARIES: usize = 8;
/// Bits looked at for each hash. An honest side uses 7.
const PROBES: u64 = 32;

/// A message of the other side that cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a usable sync message")]
pub struct FollowError;

/// What one follower of one document is known to have.
#[derive(Clone, Debug)]
pub struct Follower {
    state: State,
}

impl Default for Follower {
    fn default() -> Self {
        Self { state: State::new_read_only() }
    }
}

impl Follower {
    /// Takes in what the follower says it has and wants. Changes it sends along are thrown away unread.
    pub fn receive(&mut self, document: &mut Document, message: &[u8]) -> Result<(), FollowError> {
        catch_unwind(AssertUnwindSafe(|| self.try_receive(document, message))).unwrap_or(Err(FollowError))
    }

    fn try_receive(&mut self, document: &mut Document, message: &[u8]) -> Result<(), FollowError> {
        let mut message = Message::decode(message).map_err(|_| FollowError)?;
        let measured = message.have.iter().all(|have| filter_is_sound(&have.bloom.to_bytes()));
        if message.have.len() > SUMMARIES || !measured {
            return Err(FollowError);
        }
        message.changes = ChunkList::empty();
        document.crdt.sync().receive_sync_message(&mut self.state, message).map_err(|_| FollowError)
    }

    /// The next message to the follower; `None` while it has everything or has not answered the last one.
    pub fn next(&mut self, document: &mut Document) -> Option<Vec<u8>> {
        let message = catch_unwind(AssertUnwindSafe(|| document.crdt.sync().generate_sync_message(&mut self.state)));
        message.ok().flatten().map(Message::encode)
    }
}

/// Whether a Bloom filter's numbers fit each other: entries, bits of each, probes, then that many bits.
fn filter_is_sound(mut bytes: &[u8]) -> bool {
    if bytes.is_empty() {
        return true;
    }
    let mut numbers = [0u64; 3];
    for number in &mut numbers {
        for shift in (0..35).step_by(7) {
            let Some((byte, rest)) = bytes.split_first() else {
                return false;
            };
            bytes = rest;
            *number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                break;
            }
        }
    }
    let [entries, bits, probes] = numbers;
    let bytes_claimed = entries.checked_mul(bits).map(|bits| bits.div_ceil(8));
    (1..=PROBES).contains(&probes) && bytes_claimed == Some(bytes.len() as u64) && !bytes.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Kind;
    use crate::ids::{ActorId, DeviceId, DocumentId};
    use crate::time::Timestamp;

    fn document() -> Document {
        let mut document = Document::genesis(DocumentId::from_bytes([9; 16]), Kind::Session).unwrap();
        let device = DeviceId::from_bytes([1; 16]);
        document.write_as(ActorId::new(device, 1));
        document.count("screening.viewers", device, 4).unwrap();
        document.commit(Timestamp(0), "tanaka", None).unwrap();
        document
    }

    #[test]
    fn doc_7_a_follower_gets_everything_and_gives_nothing() {
        let mut served = document();
        let heads = served.heads();
        let mut copy = automerge::AutoCommit::new_with_encoding(super::super::layout::ENCODING);
        let (mut follower, mut state) = (Follower::default(), State::new());
        for turn in 0..10 {
            if turn == 5 {
                use automerge::transaction::Transactable as _;
                copy.put(automerge::ROOT, "surprise", 1).unwrap();
            }
            if let Some(message) = copy.sync().generate_sync_message(&mut state) {
                follower.receive(&mut served, &message.encode()).unwrap();
            }
            if let Some(message) = follower.next(&mut served) {
                copy.sync().receive_sync_message(&mut state, Message::decode(&message).unwrap()).unwrap();
            }
        }
        assert_eq!(served.heads(), heads);
        assert!(
            heads
                .as_slice()
                .iter()
                .all(|head| { copy.get_change_by_hash(&automerge::ChangeHash(*head.as_bytes())).is_some() })
        );
        assert_eq!(follower.next(&mut served), None, "both sides come to rest");
    }

    #[test]
    fn doc_7_a_filter_that_claims_billions_of_probes_is_refused_before_it_is_used() {
        // no heads, no needs, one summary: no last heads, and a filter of 1 entry, 8 bits, 4,294,967,295 probes, 1 byte
        let message = [0x42, 0, 0, 1, 0, 8, 1, 8, 0xff, 0xff, 0xff, 0xff, 0x0f, 0xff, 0, 0];
        assert_eq!(Follower::default().receive(&mut document(), &message), Err(FollowError));
        for cut in 0..message.len() {
            let _ = Follower::default().receive(&mut document(), &message[..cut]);
        }
        assert!(filter_is_sound(&[1, 8, 7, 0xff]) && !filter_is_sound(&[1, 8, 7]) && !filter_is_sound(&[1, 0, 7]));
    }
}
