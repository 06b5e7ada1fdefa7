//! How long to wait before trying again: a pure function of the attempt and of chance handed in at the start.

/// First delay after a failure.
const BASE_MS: u64 = 1_000;
/// No delay is longer.
const LONGEST_MS: u64 = 60_000;

/// A small generator (splitmix64) seeded by the host, for jitter only.
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    /// The same seed gives the same delays.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `end`; 0 when `end` is 0.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)).checked_rem(end).unwrap_or(0)
    }
}

/// Milliseconds before attempt number `attempt` (1 = after the first failure): doubling, at most a minute, of which
/// the later half is random, so that tablets that failed together do not return together.
pub fn delay_ms(attempt: u32, chance: &mut Chance) -> u64 {
    let full = BASE_MS.saturating_mul(1 << attempt.saturating_sub(1).min(16)).min(LONGEST_MS);
    full / 2 + chance.below(full / 2 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_to_a_minute_and_not_beyond() {
        let mut chance = Chance::new(1);
        for attempt in 1..100 {
            let delay = delay_ms(attempt, &mut chance);
            assert!((BASE_MS / 2..=LONGEST_MS).contains(&delay), "{attempt}: {delay}");
        }
        assert!(delay_ms(30, &mut chance) >= LONGEST_MS / 2);
    }
}
