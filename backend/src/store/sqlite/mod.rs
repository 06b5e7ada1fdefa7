//! The store on one SQLite file: a single writer connection and a pool of readers.
//!
//! Here stands what only SQLite does; the rest is `store/sql`, compiled a second time for PostgreSQL.

mod batch;
mod check;
mod connect;
#[path = "../sql/mod.rs"]
pub(super) mod sql;

pub(in crate::store) use batch::{delete_all, insert, insert_text, select, select_text};
pub(in crate::store) use check::{Hold, check, may_be_database};
pub use connect::SqliteStore;
pub(in crate::store) use connect::failed;
pub(in crate::store) use sql::lease::Session as Connection;
pub(in crate::store) use sqlx::sqlite::{Sqlite as Database, SqliteArguments as Arguments, SqliteRow as Row};

/// The store the shared code is compiled for.
pub(in crate::store) type SqlStore = SqliteStore;

/// How a writing transaction starts. It holds the write lock from its first statement, so that what it reads cannot change
/// before it commits.
pub(in crate::store) const BEGIN: &str = "BEGIN IMMEDIATE";
/// How a look at one moment starts.
pub(in crate::store) const BEGIN_LOOK: &str = "BEGIN";

/// Whether the schema's own table is there.
pub(in crate::store) const IS_MIGRATED: &str = "SELECT COUNT(*) FROM sqlite_master WHERE name = '_sqlx_migrations'";

/// How often a unit of work is started over when others were in its way. Writers wait for each other before they start.
pub(in crate::store) const ATTEMPTS: u32 = 1;
