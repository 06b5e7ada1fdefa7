//! The heads of a document: the changes no other change follows. Equal heads mean equal content.

use serde::{Deserialize, Serialize};

use crate::ids::ChangeHash;

/// Sorted, without repeats.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "Vec<ChangeHash>", into = "Vec<ChangeHash>")]
pub struct Heads(Vec<ChangeHash>);

impl Heads {
    /// The hashes in ascending order.
    pub fn as_slice(&self) -> &[ChangeHash] {
        &self.0
    }

    /// The hashes one after the other, 32 bytes each.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|hash| *hash.as_bytes()).collect()
    }

    /// Reads what [`Heads::to_bytes`] wrote; `None` when the length is no multiple of 32.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (hashes, rest) = bytes.as_chunks::<32>();
        rest.is_empty().then(|| hashes.iter().map(|hash| ChangeHash::from_bytes(*hash)).collect())
    }
}

impl From<Vec<ChangeHash>> for Heads {
    fn from(mut hashes: Vec<ChangeHash>) -> Self {
        hashes.sort_unstable();
        hashes.dedup();
        Self(hashes)
    }
}

impl From<Heads> for Vec<ChangeHash> {
    fn from(heads: Heads) -> Self {
        heads.0
    }
}

impl FromIterator<ChangeHash> for Heads {
    fn from_iter<I: IntoIterator<Item = ChangeHash>>(hashes: I) -> Self {
        hashes.into_iter().collect::<Vec<_>>().into()
    }
}
