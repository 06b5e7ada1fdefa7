//! Numbers that look like chance and are the same on every machine.

use uuid::Uuid;

/// A sequence that depends only on its name.
#[derive(Clone, Debug)]
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn new(name: &str) -> Self {
        Self(Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes()).as_u64_pair().0)
    }

    /// A number from 0 up to, not including, `end`.
    pub(super) fn below(&mut self, end: i64) -> i64 {
        // splitmix64
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        i64::try_from((z ^ (z >> 31)) >> 1).unwrap_or(0) % end.max(1)
    }

    /// True in so many of a hundred cases.
    pub(super) fn percent(&mut self, of_hundred: i64) -> bool {
        self.below(100) < of_hundred
    }

    pub(super) fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        of.get(usize::try_from(self.below(i64::try_from(of.len()).unwrap_or(1))).unwrap_or(0))
    }
}
