//! The store on PostgreSQL 15 or later, which several server processes may share.
//!
//! Here stands what only PostgreSQL does; the rest is `store/sql`, compiled a second time for SQLite.
//! Rows are locked in one order everywhere: documents by id, roll-ups by key, scopes by id and last. Where two units of
//! work meet all the same, PostgreSQL ends one of them and it starts over.

mod batch;
mod connect;
mod notices;
mod pooler;
#[path = "../sql/mod.rs"]
pub(super) mod sql;

pub(in crate::store) use batch::{delete_all, insert, insert_text, select, select_text};
pub use connect::PostgresStore;
pub(in crate::store) use connect::failed;
pub(in crate::store) use sql::lease::Session as Connection;
pub(in crate::store) use sqlx::postgres::{PgArguments as Arguments, PgRow as Row, Postgres as Database};

/// The store the shared code is compiled for.
pub(in crate::store) type SqlStore = PostgresStore;

/// How a writing transaction starts. Each statement sees what was committed before it; what must not change is locked.
pub(in crate::store) const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";
/// How a look at one moment starts.
pub(in crate::store) const BEGIN_LOOK: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// Whether the schema's own table is there.
pub(in crate::store) const IS_MIGRATED: &str = "SELECT COUNT(TO_REGCLASS('_sqlx_migrations'))";

/// How often a unit of work is started over when others were in its way.
pub(in crate::store) const ATTEMPTS: u32 = 8;
