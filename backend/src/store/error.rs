//! What can go wrong in a store. Absent is `None`, not an error.

/// Why a unit of work was not done. Nothing of it is in the database then.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Someone else holds the database; trying again later helps.
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
    /// The database cannot be reached, is full, or failed.
    #[error("the database failed")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}
