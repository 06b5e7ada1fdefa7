//! Points in time as the host states them. There is no "now" here: time is always an argument.

use serde::{Deserialize, Serialize};

/// Milliseconds since the Unix epoch, UTC. Used for waiting and for showing when something happened,
/// never for ordering, cursors or conflicts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// This time plus `ms` milliseconds; stays at the largest value instead of wrapping.
    pub fn plus_ms(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// How many milliseconds this time is after `other`; negative when before.
    pub fn minus_ms(self, other: Self) -> i64 {
        let ms = |time: Self| i64::try_from(time.0).unwrap_or(i64::MAX);
        ms(self).saturating_sub(ms(other))
    }

    /// Whole seconds since the epoch, the unit a change carries.
    pub fn seconds(self) -> i64 {
        i64::try_from(self.0 / 1000).unwrap_or(i64::MAX)
    }

    /// The time of a change that carries `seconds`; times before 1970 become 0.
    pub fn from_seconds(seconds: i64) -> Self {
        Self(u64::try_from(seconds).unwrap_or(0).saturating_mul(1000))
    }
}
