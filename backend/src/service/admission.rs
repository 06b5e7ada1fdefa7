//! Who is answered now and who is asked to come back: memory is given out by bytes, turns by tablet.
//!
//! An exchange takes two claims, always in this order: one of the bytes that are read from the network, and one of
//! what answering may hold. A slow connection holds only the first. Whoever waits is served in order of arrival, so
//! that a large request is not passed over by small ones; whoever waits too long is sent away with a time to return.
//! Invariant: the sum of all claims never exceeds the budget. Deliberately absent: knowledge of HTTP.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lru::LruCache;
use sync_core::ids::DeviceId;
use sync_core::time::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::config::Config;

/// Bytes are given out in pieces of this size.
const PIECE: u64 = 1024;
/// The part of the budget that holds bodies being read: one of this many parts.
const READING_PART: u64 = 4;
/// Tablets whose turns are remembered, those heard of last.
const DEVICES: usize = 32_768;
/// Nobody is asked to stay away for longer, in seconds.
const LONGEST_AWAY: u64 = 60;
/// Waiting requests for each further second that returns are spread over.
const WAITING_PER_SECOND: u64 = 32;

/// Why a request has to come back, and after how many seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// No room within the time one may wait.
    Full {
        /// When to return.
        retry_after_seconds: u32,
    },
    /// This tablet asks more often than it may, or again before its last request has ended.
    TooOften {
        /// When to return.
        retry_after_seconds: u32,
    },
}

/// Bytes that belong to one request until this is dropped.
#[derive(Debug)]
pub struct Claim {
    permit: OwnedSemaphorePermit,
}

impl Claim {
    /// Gives back what is above `bytes`.
    pub fn shrink(&mut self, bytes: u64) {
        let above = self.permit.num_permits().saturating_sub(usize::try_from(pieces(bytes)).unwrap_or(usize::MAX));
        drop(self.permit.split(above));
    }

    /// What is claimed, in bytes.
    pub fn bytes(&self) -> u64 {
        self.permit.num_permits() as u64 * PIECE
    }
}

fn pieces(bytes: u64) -> u64 {
    bytes.div_ceil(PIECE).max(1)
}

/// A number of bytes to be claimed.
#[derive(Debug)]
pub struct Budget {
    permits: Arc<Semaphore>,
    pieces: u64,
    waiting: AtomicUsize,
    peak: AtomicU64,
    wait: Duration,
}

impl Budget {
    /// A budget of `bytes`, for which a request waits at most `wait`.
    pub fn new(bytes: u64, wait: Duration) -> Self {
        let pieces = (bytes / PIECE).clamp(1, u64::from(u32::MAX));
        let permits = usize::try_from(pieces).unwrap_or(Semaphore::MAX_PERMITS).min(Semaphore::MAX_PERMITS);
        Self {
            permits: Arc::new(Semaphore::new(permits)),
            pieces,
            waiting: AtomicUsize::new(0),
            peak: AtomicU64::new(0),
            wait,
        }
    }

    /// Claims bytes, in order of arrival. One who wants more than there is gets all of it, alone.
    pub async fn claim(&self, bytes: u64) -> Result<Claim, Refused> {
        let wanted = u32::try_from(pieces(bytes).min(self.pieces)).unwrap_or(u32::MAX);
        let waiting = Waiting::enter(&self.waiting);
        let acquired = tokio::time::timeout(self.wait, self.permits.clone().acquire_many_owned(wanted)).await;
        let Ok(Ok(permit)) = acquired else {
            return Err(Refused::Full { retry_after_seconds: away(waiting.number) });
        };
        self.peak.fetch_max(self.claimed(), Ordering::Relaxed);
        Ok(Claim { permit })
    }

    /// Bytes claimed now.
    pub fn claimed(&self) -> u64 {
        self.pieces.saturating_sub(self.permits.available_permits() as u64) * PIECE
    }

    /// The most that was ever claimed at once.
    pub fn peak(&self) -> u64 {
        self.peak.load(Ordering::Relaxed)
    }

    /// All there is.
    pub fn total(&self) -> u64 {
        self.pieces * PIECE
    }
}

/// One of those who wait; leaves when dropped.
struct Waiting<'a> {
    all: &'a AtomicUsize,
    number: usize,
}

impl<'a> Waiting<'a> {
    fn enter(all: &'a AtomicUsize) -> Self {
        Self { all, number: all.fetch_add(1, Ordering::Relaxed) }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.all.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A random time to stay away: the more wait, the wider the returns are spread.
fn away(waiting: usize) -> u32 {
    let spread = (2 + waiting as u64 / WAITING_PER_SECOND).min(LONGEST_AWAY);
    let mut bytes = [0; 4];
    // without randomness everyone returns in the middle
    let chance = getrandom::fill(&mut bytes).map_or(spread / 2, |()| u64::from(u32::from_le_bytes(bytes)) % spread);
    u32::try_from(1 + chance).unwrap_or(1)
}

/// What is remembered of one tablet.
#[derive(Debug)]
struct Seat {
    /// Exchanges it may still begin, in thousandths.
    tokens: u64,
    filled_at: Timestamp,
    turn: Arc<Semaphore>,
}

/// One exchange of a tablet; the next may begin when this is dropped.
#[derive(Debug)]
pub struct Turn {
    _permit: OwnedSemaphorePermit,
}

/// Turns of tablets: one at a time, and not more than so many a minute.
struct Devices {
    seats: Mutex<LruCache<(String, DeviceId), Seat>>,
    per_minute: u64,
    wait: Duration,
}

impl Devices {
    /// Pays for an exchange; the semaphore is that of the tablet's turn.
    fn pay(&self, tenant: &str, device: DeviceId, now: Timestamp) -> Result<Arc<Semaphore>, Refused> {
        let full = self.per_minute.saturating_mul(1000);
        let mut seats = self.seats.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || Seat { tokens: full, filled_at: now, turn: Arc::new(Semaphore::new(1)) };
        let seat = seats.get_or_insert_mut((tenant.to_owned(), device), new);
        if self.per_minute == 0 {
            return Ok(seat.turn.clone());
        }
        // per minute and per thousandth: one token's thousandth every 60/per_minute ms
        let gained = now.0.saturating_sub(seat.filled_at.0).saturating_mul(self.per_minute) / 60;
        if gained > 0 || now < seat.filled_at {
            seat.tokens = seat.tokens.saturating_add(gained).min(full);
            seat.filled_at = now;
        }
        if seat.tokens < 1000 {
            let missing_ms = (1000 - seat.tokens).saturating_mul(60).div_ceil(self.per_minute);
            let seconds = u32::try_from(missing_ms.div_ceil(1000)).unwrap_or(u32::MAX);
            return Err(Refused::TooOften { retry_after_seconds: seconds.max(1) });
        }
        seat.tokens -= 1000;
        Ok(seat.turn.clone())
    }
}

/// Everything a request has to pass before it is answered.
pub struct Admission {
    /// Bodies that are being read.
    pub reading: Budget,
    /// What is being answered.
    pub working: Budget,
    devices: Devices,
}

impl Admission {
    /// As the settings have it.
    pub fn new(config: &Config) -> Self {
        let wait = Duration::from_millis(config.exchange_wait_ms);
        let reading = config.exchange_bytes / READING_PART;
        let devices = NonZeroUsize::new(DEVICES).unwrap_or(NonZeroUsize::MIN);
        Self {
            reading: Budget::new(reading, wait),
            working: Budget::new(config.exchange_bytes.saturating_sub(reading), wait),
            devices: Devices {
                seats: Mutex::new(LruCache::new(devices)),
                per_minute: u64::from(config.device_exchanges_per_minute),
                wait,
            },
        }
    }

    /// A tablet begins an exchange: one at a time, and not too often.
    pub async fn begin(&self, tenant: &str, device: DeviceId, now: Timestamp) -> Result<Turn, Refused> {
        let turn = self.devices.pay(tenant, device, now)?;
        match tokio::time::timeout(self.devices.wait, turn.acquire_owned()).await {
            Ok(Ok(permit)) => Ok(Turn { _permit: permit }),
            _ => Err(Refused::TooOften { retry_after_seconds: away(0) }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admission(per_minute: u32) -> Admission {
        let wait = 20;
        Admission::new(&Config { device_exchanges_per_minute: per_minute, exchange_wait_ms: wait, ..Config::default() })
    }

    #[tokio::test]
    async fn a_tablet_may_begin_so_many_exchanges_a_minute_and_others_are_not_touched_by_it() {
        let admission = admission(60);
        let (one, two) = (DeviceId::from_bytes([1; 16]), DeviceId::from_bytes([2; 16]));
        for _ in 0..60 {
            admission.begin("11", one, Timestamp(1_000)).await.unwrap();
        }
        let refused = admission.begin("11", one, Timestamp(1_000)).await.unwrap_err();
        assert_eq!(refused, Refused::TooOften { retry_after_seconds: 1 });
        admission.begin("11", two, Timestamp(1_000)).await.unwrap();
        admission.begin("14", one, Timestamp(1_000)).await.unwrap();
        admission.begin("11", one, Timestamp(2_000)).await.unwrap();
        assert!(admission.begin("11", one, Timestamp(2_000)).await.is_err());
        assert!(admission.begin("11", one, Timestamp(0)).await.is_err(), "a clock that goes back gives nothing");
        admission.begin("11", one, Timestamp(1_000)).await.unwrap();
    }

    #[tokio::test]
    async fn a_tablet_has_one_exchange_at_a_time() {
        let admission = admission(0);
        let device = DeviceId::from_bytes([1; 16]);
        let turn = admission.begin("11", device, Timestamp(0)).await.unwrap();
        assert!(matches!(admission.begin("11", device, Timestamp(0)).await, Err(Refused::TooOften { .. })));
        drop(turn);
        admission.begin("11", device, Timestamp(0)).await.unwrap();
    }

    #[tokio::test]
    async fn claims_never_exceed_the_budget_and_a_giant_goes_alone() {
        let budget = Budget::new(10 * PIECE, Duration::from_millis(20));
        let mut first = budget.claim(6 * PIECE).await.unwrap();
        assert!(matches!(budget.claim(5 * PIECE).await, Err(Refused::Full { .. })));
        first.shrink(2 * PIECE);
        assert_eq!((first.bytes(), budget.claimed()), (2 * PIECE, 2 * PIECE));
        let second = budget.claim(8 * PIECE).await.unwrap();
        drop((first, second));
        let giant = budget.claim(1_000 * PIECE).await.unwrap();
        assert_eq!((giant.bytes(), budget.peak()), (budget.total(), budget.total()));
    }

    #[test]
    fn returns_are_spread_the_wider_the_more_wait() {
        let latest = |waiting| (0..500).map(|_| away(waiting)).max().unwrap();
        assert!((1..=2).contains(&latest(0)));
        assert!((10..=34).contains(&latest(1_000)));
        assert!(latest(1_000_000) <= 60);
    }
}
