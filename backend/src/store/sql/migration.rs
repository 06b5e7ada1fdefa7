//! Migrations as the driver wants them, and how a schema stands to them.

use sqlx::SqlSafeStr;
use sqlx::migrate::{Migration, MigrationType};

use super::{dialect, failed};
use crate::store::StoreError;
use crate::store::open::Schema;
use dialect::{Connection, SqlStore};

/// Version, name and text.
pub type Text = (i64, &'static str, &'static str);

/// The driver's form.
pub fn list(texts: &[Text]) -> Vec<Migration> {
    let migration = |(version, name, text): &Text| {
        Migration::new(*version, (*name).into(), MigrationType::Simple, (*text).into_sql_str(), false)
    };
    texts.iter().map(migration).collect()
}

/// How the schema of this database stands to the one of [`SqlStore::migrations`].
pub async fn schema(connection: &mut Connection) -> Result<Schema, StoreError> {
    let made: i64 = sqlx::query_scalar(dialect::IS_MIGRATED).fetch_one(&mut *connection).await.map_err(failed)?;
    if made == 0 {
        return Ok(Schema::Empty);
    }
    let applied = "SELECT version FROM _sqlx_migrations WHERE success";
    let applied: Vec<i64> = sqlx::query_scalar(applied).fetch_all(connection).await.map_err(failed)?;
    let known: Vec<i64> = SqlStore::migrations().iter().map(|(version, ..)| *version).collect();
    Ok(if applied.iter().any(|version| !known.contains(version)) {
        Schema::Newer
    } else if known.iter().all(|version| applied.contains(version)) {
        Schema::Same
    } else {
        Schema::Older
    })
}
