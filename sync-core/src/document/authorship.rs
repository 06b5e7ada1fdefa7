//! Who made a change, on which tablet, when and why: written with each change, shown beside each value.

use serde::{Deserialize, Serialize};

use crate::ids::{DeviceId, is_slug};
use crate::time::Timestamp;

/// Why a count was lowered or set anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The last tap was taken back.
    Undo,
    /// One too many was counted.
    Mistake,
    /// The number was counted again and typed in.
    Recount,
}

impl Reason {
    const ALL: [(Reason, &'static str); 3] =
        [(Self::Undo, "undo"), (Self::Mistake, "mistake"), (Self::Recount, "recount")];
}

/// Authorship of one change. The time is the tablet's own and orders nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authorship {
    /// The tablet; `None` when the change is of no device.
    pub device: Option<DeviceId>,
    /// Registry id of the person; empty when none was stated.
    pub by: String,
    /// When, to the second.
    pub at: Timestamp,
    /// Why, for corrections. Written as `why`, since a step has a `reason` of its own.
    #[serde(rename = "why")]
    pub reason: Option<Reason>,
}

/// The message a change carries: the person's id, and after a slash the reason.
pub(super) fn message(by: &str, reason: Option<Reason>) -> String {
    let word = Reason::ALL.iter().find(|(known, _)| Some(*known) == reason).map(|(_, word)| *word);
    match word {
        Some(word) => format!("{by}/{word}"),
        None => by.to_owned(),
    }
}

/// Reads a message from anywhere: what is not of our form counts as nobody and no reason.
pub(super) fn read_message(message: &str) -> (String, Option<Reason>) {
    let (by, word) = message.split_once('/').unwrap_or((message, ""));
    let reason = Reason::ALL.iter().find(|(_, known)| *known == word).map(|(reason, _)| *reason);
    (if is_slug(by) { by.to_owned() } else { String::new() }, reason)
}
