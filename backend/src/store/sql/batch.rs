//! Statements about many rows. Each dialect has its own way to send them in one round trip.

use super::dialect::{Connection, Row, insert, select};
use crate::store::StoreError;
use crate::store::types::SecretHash;
use sync_core::ids::DocumentId;

/// The type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// TEXT
    Text,
    /// BLOB or BYTEA
    Bytes,
    /// INTEGER or BIGINT
    Integer,
}

/// A value of one column.
#[derive(Clone, Copy, Debug)]
pub enum Value<'a> {
    /// TEXT
    Text(Option<&'a str>),
    /// BLOB or BYTEA
    Bytes(Option<&'a [u8]>),
    /// INTEGER or BIGINT
    Integer(Option<i64>),
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Some(text))
    }
}

impl<'a> From<&'a Option<String>> for Value<'a> {
    fn from(text: &'a Option<String>) -> Self {
        Self::Text(text.as_deref())
    }
}

impl<'a> From<&'a [u8]> for Value<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Bytes(Some(bytes))
    }
}

impl<'a> From<&'a DocumentId> for Value<'a> {
    fn from(document: &'a DocumentId) -> Self {
        Self::Bytes(Some(document.as_bytes()))
    }
}

impl<'a> From<&'a SecretHash> for Value<'a> {
    fn from(hash: &'a SecretHash) -> Self {
        Self::Bytes(Some(hash))
    }
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::Integer(Some(number))
    }
}

impl From<Option<i64>> for Value<'_> {
    fn from(number: Option<i64>) -> Self {
        Self::Integer(number)
    }
}

/// `INSERT INTO table (columns) … tail`. The tail may have a `RETURNING`.
#[derive(Debug)]
pub struct Insert {
    /// Where the rows go.
    pub table: &'static str,
    /// Name and type of each value of a row, in order.
    pub columns: &'static [(&'static str, Type)],
    /// What follows the rows.
    pub tail: &'static str,
}

impl Insert {
    /// Inserts the rows in their order.
    pub async fn run(&self, connection: &mut Connection, rows: &[Vec<Value<'_>>]) -> Result<Vec<Row>, StoreError> {
        if rows.is_empty() { Ok(Vec::new()) } else { insert(connection, self, rows).await }
    }
}

/// `text WHERE tenant = … AND column IN (keys)`, also for `DELETE FROM`; without the tenant where keys are of any.
#[derive(Debug)]
pub struct Select {
    /// What stands before `WHERE`.
    pub text: &'static str,
    /// The column the keys are compared with.
    pub column: &'static str,
    /// Its type.
    #[allow(dead_code, reason = "only PostgreSQL's arrays have types")]
    pub of: Type,
    /// Whether the rows are held until the transaction ends, taken in order of the keys.
    pub locks: bool,
    /// Whether the keys are those of one tenant. Secrets are not.
    pub of_tenant: bool,
}

impl Select {
    /// A plain look at rows by document.
    pub const fn by_document(text: &'static str) -> Self {
        Self { text, column: "document", of: Type::Bytes, locks: false, of_tenant: true }
    }

    /// The rows of these keys.
    pub async fn run(
        &self,
        connection: &mut Connection,
        tenant: &str,
        keys: &[Value<'_>],
    ) -> Result<Vec<Row>, StoreError> {
        if keys.is_empty() { Ok(Vec::new()) } else { select(connection, self, tenant, keys).await }
    }

    /// The rows of these keys, whatever tenant they are of.
    pub async fn of_any(&self, connection: &mut Connection, keys: &[Value<'_>]) -> Result<Vec<Row>, StoreError> {
        self.run(connection, "", keys).await
    }

    /// The rows of these documents.
    pub async fn of(
        &self,
        connection: &mut Connection,
        tenant: &str,
        ids: &[DocumentId],
    ) -> Result<Vec<Row>, StoreError> {
        let keys: Vec<Value<'_>> = ids.iter().map(Value::from).collect();
        self.run(connection, tenant, &keys).await
    }
}
