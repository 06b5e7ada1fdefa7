//! What can go wrong in a store. Absent is `None`, not an error.

/// Why a unit of work was not done. Nothing of it is in the database then.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Others hold the database; trying again later helps.
    #[error("the database is busy")]
    Busy,
    /// A rule of the schema was broken.
    #[error("the database refused a row: {0}")]
    Constraint(String),
    /// A stored value cannot be read back.
    #[error("the database holds a value that cannot be read in {table}.{column}")]
    Corrupt {
        /// The table it is in.
        table: &'static str,
        /// The column it is in.
        column: &'static str,
    },
    /// The database cannot be reached or does not answer.
    #[error("the database cannot be reached or does not answer")]
    Unreachable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// There is no room on its disk.
    #[error("the disk of the database is full: nothing can be written until there is room")]
    Full,
    /// It takes nothing that is written.
    #[error("the database is read-only: it may be a standby, or its file or disk may not be written")]
    ReadOnly,
    /// A pooler gives each transaction another session.
    #[error(
        "between this server and PostgreSQL is a pooler that gives each transaction another session (PgBouncer with \
         pool_mode = transaction or statement). Settings of a session, prepared statements and LISTEN do not work there, and commits \
         might not be durable. Let `database` name PostgreSQL itself, or a pool with pool_mode = session"
    )]
    NoSessions,
    /// A pooler does not take a parameter with which connections are made.
    #[error(
        "between this server and PostgreSQL is a pooler (PgBouncer) that refuses how connections are made: {0}. Let \
         `database` name PostgreSQL itself, or a pool with pool_mode = session and \
         ignore_startup_parameters = extra_float_digits"
    )]
    Parameter(String),
    /// The database failed.
    #[error("the database failed")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}
