//! Which disk this is. A copied profile or a restored backup of one goes on under the same device; the server notices when
//! a number comes that another copy has left behind.
//!
//! Invariants: a number is said only once it is durable here, and is said until the server has answered it; nothing about
//! records is decided by it.

use minicbor::{Decode, Encode};

use super::row::{Table, Write, decode, encode};
use crate::sync::Chance;
use crate::time::Timestamp;
use crate::wire::DiskMark;

/// A tablet in use takes a new number this often.
const MOVES_ON_MS: u64 = 60 * 60_000;
/// Key of the row.
pub(super) const KEY: &str = "disk";

#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
struct DiskRow {
    #[n(0)]
    was: Option<u64>,
    #[n(1)]
    is: u64,
    /// The server knows `is`.
    #[n(2)]
    answered: bool,
}

/// The number of this disk, and what the server knows of it.
#[derive(Debug)]
pub(super) struct Disk {
    row: DiskRow,
    durable: bool,
    answered_at: Option<Timestamp>,
    chance: Chance,
    /// When the server noticed that this tablet's disk was copied.
    pub copied_at: Option<Timestamp>,
}

impl Disk {
    /// From the row that was stored. A number that was never answered is said again: the server may have taken it.
    pub fn open(stored: Option<&[u8]>, seed: u64) -> Self {
        let mut chance = Chance::new(seed ^ 0x6469_736b);
        let row = match stored.and_then(decode::<DiskRow>) {
            Some(row) if !row.answered => row,
            Some(row) => DiskRow { was: Some(row.is), is: chance.below(u64::MAX), answered: false },
            None => DiskRow { was: None, is: chance.below(u64::MAX), answered: false },
        };
        Self { row, durable: false, answered_at: None, chance, copied_at: None }
    }

    /// What makes the present number durable; see [`Disk::stored`].
    pub fn write(&self) -> Write {
        Write { table: Table::Meta, key: KEY.to_owned(), value: Some(encode(&self.row)) }
    }

    /// The last write is durable.
    pub fn stored(&mut self) {
        self.durable = true;
    }

    /// What the next exchange says; `None` when the server knows this number.
    pub fn said(&self) -> Option<DiskMark> {
        let DiskRow { was, is, answered } = self.row;
        (self.durable && !answered).then_some(DiskMark { was, is })
    }

    /// An exchange was answered that said `said`. Returns whether the row has changed.
    pub fn answered(&mut self, now: Timestamp, said: Option<DiskMark>, copied_at: Option<u64>) -> bool {
        self.copied_at = copied_at.map(Timestamp);
        if said.is_some() && said == self.said() {
            self.row.answered = true;
            self.answered_at = Some(now);
            return true;
        }
        let is_old = self.answered_at.is_some_and(|at| now >= at.plus_ms(MOVES_ON_MS));
        if is_old && self.row.answered {
            self.row = DiskRow { was: Some(self.row.is), is: self.chance.below(u64::MAX), answered: false };
            (self.durable, self.answered_at) = (false, None);
            return true;
        }
        false
    }
}
