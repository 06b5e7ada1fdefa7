//! Migrations as the driver wants them.

use sqlx::SqlSafeStr;
use sqlx::migrate::{Migration, MigrationType};

/// Version, name and text.
pub type Text = (i64, &'static str, &'static str);

/// The driver's form.
pub fn list(texts: &[Text]) -> Vec<Migration> {
    let migration = |(version, name, text): &Text| {
        Migration::new(*version, (*name).into(), MigrationType::Simple, (*text).into_sql_str(), false)
    };
    texts.iter().map(migration).collect()
}
