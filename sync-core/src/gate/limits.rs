//! How large a change from outside may be, and how long judging may take.

use crate::document::{DEPENDENCIES, Outline, WRITERS};

/// Limits of the gate. A change beyond any of them, or with which its document would be, goes to custody; it is not lost
/// and holds up nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one change.
    pub change_bytes: usize,
    /// Operations of one change, and rows of any of its columns.
    pub operations: u64,
    /// Changes that one change may follow.
    pub dependencies: u64,
    /// Writers that one change may name beside its own.
    pub other_actors: u64,
    /// Bytes of the message of a change.
    pub message_bytes: u64,
    /// The largest amount one increment may add or take away: far above a full hall, far below overflow.
    pub delta: i64,
    /// Operation numbers end here; automerge misbehaves near 2³².
    pub start_op: u64,
    /// Bytes of a whole document as saved: a session of a day is about 1 KB, one of long texts edited for years far less.
    pub document_bytes: usize,
}

/// How far the gate goes for one document: limits of each change, and when to stop. Limits alone never stop it.
#[derive(Clone, Copy)]
pub struct Bounds<'a> {
    /// Of each change.
    pub limits: &'a Limits,
    /// Asked before each try; once it is true, changes not decided on yet are left so.
    pub is_over: &'a dyn Fn() -> bool,
}

impl<'a> From<&'a Limits> for Bounds<'a> {
    fn from(limits: &'a Limits) -> Self {
        Self { limits, is_over: &|| false }
    }
}

impl Limits {
    /// Whether a change may claim these sizes.
    pub fn allow(&self, outline: &Outline) -> bool {
        outline.rows <= self.operations
            && outline.dependencies <= self.dependencies
            && outline.other_actors <= self.other_actors
            && outline.message_bytes <= self.message_bytes
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            change_bytes: 16 * 1024,
            operations: 256,
            dependencies: DEPENDENCIES as u64,
            other_actors: WRITERS as u64,
            message_bytes: 200,
            delta: 1_000_000,
            start_op: 1 << 24,
            document_bytes: 1 << 20,
        }
    }
}
