//! Proof of sameness: one sum over the heads of many documents.
//!
//! A digest is the sum modulo 2²⁵⁶ of SHA-256(version ‖ document id ‖ state ‖ sorted heads), so a server can keep it
//! by adding and subtracting single documents, and a tablet can compute it from the documents it loaded.
//! Invariant: equal sets of (document, state, heads) give equal digests, whatever the order.

use std::fmt;

use sha2::{Digest as _, Sha256};

use crate::document::Heads;
use crate::ids::{DocumentId, parse_hex, write_hex};

const VERSION: u8 = 1;

/// How a document stands in a scope's feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeedState {
    /// The scope holds the document.
    Present,
    /// The document has left the scope; a device drops it once its own work on it is sent.
    Left,
    /// The document was destroyed for good; a device drops it at once, with its own work on it.
    Purged,
}

impl FeedState {
    /// The number used on the wire, in the store and in the digest.
    pub const fn number(self) -> u8 {
        match self {
            Self::Present => 0,
            Self::Left => 1,
            Self::Purged => 2,
        }
    }

    /// The state with this number.
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::Present),
            1 => Some(Self::Left),
            2 => Some(Self::Purged),
            _ => None,
        }
    }
}

/// A 256-bit sum, big-endian.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of no documents.
    pub const ZERO: Digest = Digest([0; 32]);

    /// What one document adds to the digest of a scope. One that left or was destroyed adds nothing.
    pub fn of(document: DocumentId, state: FeedState, heads: &Heads) -> Self {
        if state != FeedState::Present {
            return Self::ZERO;
        }
        let mut hasher = Sha256::new();
        hasher.update([VERSION]);
        hasher.update(document.as_bytes());
        hasher.update([state.number()]);
        for head in heads.as_slice() {
            hasher.update(head.as_bytes());
        }
        Self(hasher.finalize().into())
    }

    /// The sum of both, modulo 2²⁵⁶.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        let mut sum = [0; 32];
        let mut carry = 0u16;
        for i in (0..32).rev() {
            let digit = u16::from(self.0[i]) + u16::from(other.0[i]) + carry;
            sum[i] = digit.to_be_bytes()[1];
            carry = digit >> 8;
        }
        Self(sum)
    }

    /// What has to be added to `other` to get this, modulo 2²⁵⁶.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        let complement = Self(other.0.map(|byte| !byte));
        let mut one = [0; 32];
        one[31] = 1;
        self.plus(complement).plus(Self(one))
    }

    /// The 32 bytes, big-endian.
    pub const fn to_bytes(self) -> [u8; 32] {
        self.0
    }

    /// The digest held in a slice of exactly 32 bytes.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// Lower-case hexadecimal, 64 letters.
    pub fn hex(self) -> String {
        format!("{self:?}")
    }

    /// Reads what [`Digest::hex`] wrote.
    pub fn from_hex(text: &str) -> Option<Self> {
        parse_hex(text).map(Self)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}

/// The digest of a scope in 256 parts, by the last byte of the documents' ids: what differs is found in one question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Buckets(Vec<Digest>);

impl Buckets {
    /// Sums of what each document contributes.
    pub fn of(contributions: impl IntoIterator<Item = (DocumentId, Digest)>) -> Self {
        let mut sums = vec![Digest::ZERO; 256];
        for (document, contribution) in contributions {
            let sum = &mut sums[usize::from(Self::number(document))];
            *sum = sum.plus(contribution);
        }
        Self(sums)
    }

    /// The bucket a document belongs to.
    pub fn number(document: DocumentId) -> u8 {
        document.as_bytes()[15]
    }

    /// The buckets in which the two differ.
    pub fn differing(&self, other: &Self) -> Vec<u8> {
        (0..=u8::MAX).filter(|n| self.0[usize::from(*n)] != other.0[usize::from(*n)]).collect()
    }

    /// 256 times 32 bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|sum| sum.0).collect()
    }

    /// Reads what [`Buckets::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (sums, rest) = bytes.as_chunks::<32>();
        (sums.len() == 256 && rest.is_empty()).then(|| Self(sums.iter().map(|sum| Digest(*sum)).collect()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn adding_and_subtracting_cancel(a: [u8; 32], b: [u8; 32]) {
            prop_assert_eq!(Digest(a).plus(Digest(b)).minus(Digest(b)), Digest(a));
            prop_assert_eq!(Digest(a).plus(Digest(b)), Digest(b).plus(Digest(a)));
        }
    }
}
