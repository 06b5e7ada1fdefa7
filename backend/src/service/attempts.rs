//! Counts attempts at a secret, by who tries or by what is tried, so that codes and passwords cannot be guessed. Kept in
//! memory, for the last so many.

use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

use lru::LruCache;
use sync_core::time::Timestamp;

const KEYS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(20_000);

/// Attempts of the present window.
pub struct Attempts<K: Hash + Eq> {
    limit: u32,
    window_ms: u64,
    keys: Mutex<LruCache<K, (Timestamp, u32)>>,
}

impl<K: Hash + Eq> Attempts<K> {
    /// Allows `limit` wrong attempts in each window.
    pub fn new(limit: u32, window_ms: u64) -> Self {
        Self { limit, window_ms, keys: Mutex::new(LruCache::new(KEYS)) }
    }

    /// Counts one attempt before it is tried. `false`: too many, try later.
    pub fn begin(&self, key: K, now: Timestamp) -> bool {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, count) = keys.get_or_insert_mut(key, || (now, 0));
        if now.0.saturating_sub(since.0) >= self.window_ms {
            (*since, *count) = (now, 0);
        }
        *count = count.saturating_add(1);
        *count <= self.limit
    }

    /// The attempt was right: it does not count.
    pub fn forgive(&self, key: &K) {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, count)) = keys.peek_mut(key) {
            *count = count.saturating_sub(1);
        }
    }
}

/// Who tries: an address, or the network of 64 bits of which an IPv6 caller has all addresses.
pub fn network(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_codes_are_limited_by_the_minute_and_right_ones_are_not() {
        let attempts = Attempts::new(2, 60_000);
        let peer = IpAddr::from([192, 0, 2, 1]);
        for _ in 0..5 {
            assert!(attempts.begin(peer, Timestamp(0)));
            attempts.forgive(&peer);
        }
        assert!(attempts.begin(peer, Timestamp(1)));
        assert!(attempts.begin(peer, Timestamp(2)));
        assert!(!attempts.begin(peer, Timestamp(3)));
        assert!(attempts.begin(IpAddr::from([192, 0, 2, 2]), Timestamp(3)));
        assert!(attempts.begin(peer, Timestamp(60_000)));
    }

    #[test]
    fn all_addresses_of_one_subscriber_are_one() {
        let network = |text: &str| network(text.parse().unwrap()).to_string();
        assert_eq!(network("2001:db8:1:2:3::4"), network("2001:db8:1:2:ffff::1"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_eq!(network("::ffff:192.0.2.1"), "192.0.2.1");
    }
}
