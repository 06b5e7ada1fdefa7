//! Counts wrong sign-in codes by peer, so that codes cannot be guessed. Kept in memory, at most a fixed number of peers.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use sync_core::time::Timestamp;

const WINDOW_MS: u64 = 60_000;
const PEERS: usize = 10_000;

/// Wrong codes of the present minute.
#[derive(Debug)]
pub struct Attempts {
    limit: u32,
    peers: Mutex<HashMap<IpAddr, (Timestamp, u32)>>,
}

impl Attempts {
    /// Allows `limit` wrong codes a minute to each peer.
    pub fn new(limit: u32) -> Self {
        Self { limit, peers: Mutex::default() }
    }

    /// Counts one attempt before it is tried. `false`: too many, try later.
    pub fn begin(&self, peer: IpAddr, now: Timestamp) -> bool {
        let mut peers = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
        if peers.len() >= PEERS {
            peers.retain(|_, (since, _)| now.0.saturating_sub(since.0) < WINDOW_MS);
        }
        if peers.len() >= PEERS && !peers.contains_key(&peer) {
            return false;
        }
        let (since, count) = peers.entry(peer).or_insert((now, 0));
        if now.0.saturating_sub(since.0) >= WINDOW_MS {
            (*since, *count) = (now, 0);
        }
        *count += 1;
        *count <= self.limit
    }

    /// The attempt was right: it does not count.
    pub fn forgive(&self, peer: IpAddr) {
        let mut peers = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, count)) = peers.get_mut(&peer) {
            *count = count.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_codes_are_limited_by_the_minute_and_right_ones_are_not() {
        let attempts = Attempts::new(2);
        let peer = IpAddr::from([192, 0, 2, 1]);
        for _ in 0..5 {
            assert!(attempts.begin(peer, Timestamp(0)));
            attempts.forgive(peer);
        }
        assert!(attempts.begin(peer, Timestamp(1)));
        assert!(attempts.begin(peer, Timestamp(2)));
        assert!(!attempts.begin(peer, Timestamp(3)));
        assert!(attempts.begin(IpAddr::from([192, 0, 2, 2]), Timestamp(3)));
        assert!(attempts.begin(peer, Timestamp(WINDOW_MS)));
    }
}
