//! What a host can report to a tablet, and what a tablet can ask of its host.

use serde::{Deserialize, Serialize};

use super::row::Write;
use crate::document::Kind;
use crate::domain::Intent;
use crate::ids::{DeviceId, DocumentId};

/// Names one effect; its result comes back with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TaskId(pub u64);

/// Whose tablet this is. Given at every start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The enrolled installation.
    pub device: DeviceId,
}

/// Something happened. Times are given beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Input {
    /// A person edited a record. The record is created by its first edit.
    Record {
        /// The record; a new random id for a new record.
        document: DocumentId,
        /// Its kind.
        kind: Kind,
        /// Registry id of the person.
        by: String,
        /// The edit.
        intent: Intent,
    },
    /// A person is typing. What they typed so far is kept as a draft, and becomes an edit when they leave the box, pause,
    /// or the tablet starts again.
    Draft {
        /// The record; a new random id for a new record.
        document: DocumentId,
        /// Its kind.
        kind: Kind,
        /// Registry id of the person.
        by: String,
        /// The edit it would be now.
        intent: Intent,
        /// The visit to the box: an id that the screen chooses.
        place: String,
        /// They left the box.
        ends: bool,
    },
    /// The time asked for by `next_wakeup` has come.
    Wake,
    /// Talk to the server now: a person asked, or a notice came.
    Sync,
    /// The network came or went.
    Online {
        /// Whether there is one.
        online: bool,
    },
    /// A `persist` effect ended. After a failure the host opens the tablet anew from its rows.
    Persisted {
        /// Which.
        task: TaskId,
        /// Whether everything is durable.
        ok: bool,
    },
    /// An `exchange` effect ended.
    Exchanged {
        /// Which.
        task: TaskId,
        /// The answer's decompressed body, or why there is none.
        result: Exchanged,
    },
}

/// How an exchange ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exchanged {
    /// The body of the answer.
    Ok(Vec<u8>),
    /// No answer.
    Fault(Fault),
}

/// Why an exchange brought no answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Fault {
    /// No connection; or it broke before an answer began, where the host cannot tell the two apart.
    Unreachable,
    /// The connection broke on the way.
    Cut,
    /// Nothing more came for a long time.
    TimedOut,
    /// What was sent is larger than the way to the server allows.
    TooLarge,
    /// The server does not know this tablet.
    Unauthorised,
    /// The server asks to come back later.
    Busy {
        /// After this many milliseconds.
        #[serde(default)]
        retry_after_ms: Option<u64>,
    },
    /// The server refused the request.
    Refused {
        /// Its code.
        #[serde(default)]
        code: Option<String>,
    },
    /// The answer could not be read.
    Unreadable,
}

/// Where an exchange goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Endpoint {
    /// Push and pull.
    Sync,
    /// Find what differs.
    Audit,
}

impl Endpoint {
    /// The path on the server.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Sync => "/v1/sync",
            Self::Audit => "/v1/audit",
        }
    }
}

/// Something the host must do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Store all of this in one durable transaction, in the order the effects come.
    Persist {
        /// Reported back as [`Input::Persisted`].
        task: TaskId,
        /// The rows.
        writes: Vec<Write>,
    },
    /// Send this body by `POST` with this tablet's credential.
    Exchange {
        /// Reported back as [`Input::Exchanged`].
        task: TaskId,
        /// Where to.
        endpoint: Endpoint,
        /// CBOR.
        body: Vec<u8>,
    },
    /// What these records show has changed and is durable; the status may have changed too.
    Shown {
        /// The records; empty when only the status changed.
        documents: Vec<DocumentId>,
    },
}
