//! What is too large for one answer comes in parts, in order, and is joined when all are there.
//!
//! Invariant: all parts are of one state of the same thing; a part of another begins anew.

use crate::wire::Place;

/// What has come of one thing so far. `K` names it and its state.
#[derive(Clone, Debug)]
pub struct Parts<K> {
    of: K,
    size: u64,
    bytes: Vec<u8>,
    /// Where each part begins.
    begins: Vec<u64>,
}

/// What a part did.
#[derive(Debug, PartialEq, Eq)]
pub enum Added {
    /// It belongs nowhere here; nothing has changed.
    Nothing,
    /// It is kept; those that began at these places are not needed any more.
    Kept(Vec<u64>),
    /// It was the last: the whole, and where the parts kept so far began.
    Whole(Vec<u8>, Vec<u64>),
}

impl<K: PartialEq> Parts<K> {
    /// What the parts belong to.
    pub fn of(&self) -> &K {
        &self.of
    }

    /// Where the next part begins.
    pub fn offset(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// Where the parts kept begin.
    pub fn begins(self) -> Vec<u64> {
        self.begins
    }

    /// Adds a part to what has come so far.
    pub fn add(kept: &mut Option<Self>, of: K, place: Place, bytes: &[u8]) -> Added {
        let end = place.offset.saturating_add(bytes.len() as u64);
        let continues = kept
            .as_ref()
            .is_some_and(|parts| parts.of == of && parts.size == place.size && parts.offset() == place.offset);
        if bytes.is_empty() || end > place.size || !(continues || place.offset == 0) {
            return Added::Nothing;
        }
        let mut obsolete = Vec::new();
        if !continues {
            obsolete = kept.take().map(Self::begins).unwrap_or_default();
        }
        let parts = kept.get_or_insert_with(|| Self { of, size: place.size, bytes: Vec::new(), begins: Vec::new() });
        parts.bytes.extend_from_slice(bytes);
        if end < place.size {
            // the row of a part that begins at the same place is written over
            obsolete.retain(|begin| *begin != place.offset);
            parts.begins.push(place.offset);
            return Added::Kept(obsolete);
        }
        let whole = kept.take().map(|parts| (parts.bytes, parts.begins));
        let (bytes, begins) = whole.unwrap_or_default();
        obsolete.extend(begins);
        Added::Whole(bytes, obsolete)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(offset: u64) -> Place {
        Place { offset, size: 6 }
    }

    #[test]
    fn syn_14_parts_of_one_state_are_joined_and_another_state_begins_anew() {
        let mut kept = None;
        assert_eq!(Parts::add(&mut kept, 1, place(2), b"cd"), Added::Nothing, "its beginning is missing");
        assert_eq!(Parts::add(&mut kept, 1, place(0), b"ab"), Added::Kept(vec![]));
        assert_eq!(Parts::add(&mut kept, 2, place(2), b"cd"), Added::Nothing, "of another state");
        assert_eq!(Parts::add(&mut kept, 1, place(2), b"cd"), Added::Kept(vec![]));
        assert_eq!(Parts::add(&mut kept, 1, place(2), b"cd"), Added::Nothing, "twice");
        assert_eq!(Parts::add(&mut kept, 1, place(4), b"efg"), Added::Nothing, "longer than the whole");
        assert_eq!(Parts::add(&mut kept, 2, place(0), b"ABC"), Added::Kept(vec![2]));
        assert_eq!(Parts::add(&mut kept, 2, place(3), b"DEF"), Added::Whole(b"ABCDEF".to_vec(), vec![0]));
        assert!(kept.is_none());
    }
}
