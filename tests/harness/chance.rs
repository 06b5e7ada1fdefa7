//! Random choices from a seed, the same on every machine. A failing test names its seed.

/// SplitMix64. Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014.
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    /// From `TSUDOI_SEED`, or from `default`; prints the line that runs the same choices again.
    pub fn from_environment(test: &str, default: u64) -> Self {
        let seed = std::env::var("TSUDOI_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(default);
        eprintln!("replay: TSUDOI_SEED={seed} cargo test -p tsudoi-tests --test scenarios {test}");
        Self(seed)
    }

    /// From a seed the test has chosen.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number below `limit`, which is above zero.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }

    /// Sixteen bytes, for ids.
    pub fn bytes(&mut self) -> [u8; 16] {
        std::array::from_fn(|_| u8::try_from(self.below(256)).unwrap_or_default())
    }
}
