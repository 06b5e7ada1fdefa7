//! The shape every document has: which containers stand under the root, and under which object ids.
//!
//! The first change (genesis) makes all containers. Later changes fill them and never make or remove one.

use automerge::{ObjId, TextEncoding};
use serde::{Deserialize, Serialize};

use crate::ids::ActorId;

/// Version of the shape, written into the genesis.
pub const SCHEMA: u64 = 1;

/// Letters are counted as Unicode code points, on every host.
pub(super) const ENCODING: TextEncoding = TextEncoding::UnicodeCodePoint;

/// Changes that one change follows at most.
pub const DEPENDENCIES: usize = 256;

/// Writers that one change names at most beside its own.
pub const WRITERS: usize = 128;

/// What a document records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// One outreach session, or one thing handed out, shown or published.
    Session,
    /// Consultations of a hub in a month or a year.
    Consultation,
}

impl Kind {
    /// The name used in documents, on the wire and in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Consultation => "consultation",
        }
    }

    /// The kind of this name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Session, Self::Consultation].into_iter().find(|kind| kind.as_str() == name)
    }
}

/// A long text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TextName {
    /// 内容・実績
    Outcome,
    /// 課題・問題点
    Issue,
    /// 取組計画
    Plan,
}

impl TextName {
    /// Every text, in the order of the report's columns.
    pub const ALL: [TextName; 3] = [Self::Outcome, Self::Issue, Self::Plan];

    /// The name used in documents.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Outcome => "outcome",
            Self::Issue => "issue",
            Self::Plan => "plan",
        }
    }
}

/// A container of the fixed shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Container {
    /// Single values; concurrent different values are kept as a conflict.
    Fields,
    /// Counters, one per measure and device, under the key `measure@device`.
    Tally,
    /// A set of names.
    Links,
    /// Append-only steps, each under the id of the intent that made it.
    Steps,
    /// A long text.
    Text(TextName),
}

impl Container {
    /// The place of the making operation within the genesis.
    const fn counter(self) -> u64 {
        match self {
            Self::Fields => 4,
            Self::Tally => 5,
            Self::Links => 6,
            Self::Steps => 7,
            Self::Text(TextName::Outcome) => 9,
            Self::Text(TextName::Issue) => 10,
            Self::Text(TextName::Plan) => 11,
        }
    }

    pub(super) fn object(self) -> ObjId {
        ObjId::Id(self.counter(), automerge::ActorId::from(ActorId::GENESIS.as_bytes().as_slice()), 0)
    }

    /// The container that operation `counter` of the genesis made.
    pub(super) fn made_by(counter: u64) -> Option<Self> {
        [Self::Fields, Self::Tally, Self::Links, Self::Steps]
            .into_iter()
            .chain(TextName::ALL.map(Self::Text))
            .find(|container| container.counter() == counter)
    }
}
