//! Every store against the store's contract, and the two databases against each other.
//!
//! Each test that needs PostgreSQL starts a cluster of its own, which takes a second or two; so there are few of them,
//! and each runs through a whole list.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[cfg(test)]
mod contract;

use tsudoi_server::store::Store;
use tsudoi_server::store::postgres::PostgresStore;
use tsudoi_server::store::sqlite::SqliteStore;
use tsudoi_tests::Cluster;

/// A new SQLite file with its schema.
pub async fn sqlite(folder: &tempfile::TempDir) -> SqliteStore {
    let store = SqliteStore::open(&folder.path().join("t.sqlite"), 4).await.unwrap();
    store.migrate().await.unwrap();
    store
}

/// A new PostgreSQL database with its schema.
pub async fn postgres(cluster: &Cluster) -> PostgresStore {
    let store = PostgresStore::open(&cluster.database(), 40).await.unwrap();
    store.migrate().await.unwrap();
    store.migrate().await.unwrap();
    store
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_keeps_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    contract::contract(&sqlite(&folder).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_keeps_the_contract() {
    let cluster = Cluster::start();
    contract::contract(&postgres(&cluster).await).await;
}
