//! How much is sent, or asked for, at a time: adapted to what the line carries.
//!
//! Sizes are powers of two, so that tablets ask for few different pages and servers keep ready answers for all of them.
//! Only an exchange that filled its size proves that the line carries it.

/// The least that is asked for.
const LEAST: u64 = 4 << 10;
/// The most.
const MOST: u64 = 1 << 20;
/// Before anything is known of the line.
const FIRST: u64 = 32 << 10;

/// Sizes of both directions.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// Bytes of documents, of the registry or of an audit that an answer may hold.
    pub pull: Pull,
    /// Bytes of changes sent together.
    pub push: Push,
}

/// Never below 4 KiB.
#[derive(Clone, Copy, Debug)]
pub struct Pull(u64);

/// Halved below 4 KiB it is 0: one change at a time.
#[derive(Clone, Copy, Debug)]
pub struct Push(u64);

impl Default for Sizes {
    fn default() -> Self {
        Self { pull: Pull(FIRST), push: Push(FIRST) }
    }
}

impl Pull {
    /// In bytes, a power of two.
    pub fn bytes(self) -> u64 {
        self.0
    }

    /// An answer that was filled came through.
    pub fn grow(&mut self) {
        self.0 = (self.0 * 2).min(MOST);
    }

    /// An answer did not come through. Whether less can be asked for.
    pub fn shrink(&mut self) -> bool {
        let before = self.0;
        self.0 = (self.0 / 2).max(LEAST);
        self.0 < before
    }
}

impl Push {
    /// In bytes, a power of two, or 0 for one change.
    pub fn bytes(self) -> u64 {
        self.0
    }

    /// Changes of `sent` bytes came through.
    pub fn grow(&mut self, sent: u64) {
        if sent * 2 > self.0 {
            self.0 = (self.0 * 2).clamp(LEAST, MOST);
        }
    }

    /// Changes of `sent` bytes did not come through. Whether less can be sent.
    pub fn shrink(&mut self, sent: u64) -> bool {
        let before = self.0;
        let carried = self.0.min(sent.checked_next_power_of_two().unwrap_or(MOST));
        self.0 = if carried / 2 < LEAST { 0 } else { carried / 2 };
        self.0 < before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn syn_13_sizes_are_halved_and_doubled_between_their_ends() {
        let mut sizes = Sizes::default();
        let mut seen = vec![sizes.pull.bytes()];
        while sizes.pull.shrink() {
            seen.push(sizes.pull.bytes());
        }
        for _ in 0..20 {
            sizes.pull.grow();
            seen.push(sizes.pull.bytes());
        }
        assert!(seen.iter().all(|bytes| bytes.is_power_of_two() && (LEAST..=MOST).contains(bytes)));
        assert_eq!((seen[3], seen.last()), (LEAST, Some(&MOST)));
    }

    #[test]
    fn syn_13_what_is_sent_shrinks_from_what_was_sent_down_to_one_change() {
        let mut push = Sizes::default().push;
        push.grow(20_000);
        push.grow(60_000);
        assert_eq!(push.bytes(), 128 << 10);
        push.grow(1_000);
        assert_eq!(push.bytes(), 128 << 10, "a small one proves nothing");
        assert!(push.shrink(20_000));
        assert_eq!(push.bytes(), 16 << 10, "half of what did not get through");
        while push.shrink(MOST) {}
        assert_eq!(push.bytes(), 0);
        push.grow(300);
        assert_eq!(push.bytes(), LEAST);
    }
}
