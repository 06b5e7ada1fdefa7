//! Every store against the store's contract, and the two databases against each other.
//!
//! Each test that needs PostgreSQL starts a cluster of its own, which takes a second or two; so there are few of them,
//! and each runs through a whole list.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[cfg(test)]
mod contract;
#[cfg(test)]
mod proof;
#[cfg(test)]
mod rows;

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
    let store = sqlite(&folder).await;
    contract::contract(&store).await;
    proof::proof(&store).await;
    let bytes = std::fs::read(folder.path().join("t.sqlite")).unwrap();
    let log = std::fs::read(folder.path().join("t.sqlite-wal")).unwrap_or_default();
    let held = |bytes: &[u8]| bytes.windows(proof::SECRET.len()).any(|window| window == proof::SECRET);
    assert!(!held(&bytes) && !held(&log), "destroyed bytes are still in the file");
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_keeps_the_contract() {
    let cluster = Cluster::start();
    let store = postgres(&cluster).await;
    contract::contract(&store).await;
    proof::proof(&store).await;
    let left = cluster
        .sql("t0", "SELECT document FROM document WHERE POSITION('burn after' IN ENCODE(snapshot, 'escape')) > 0");
    assert_eq!(left, "");
    let vacuumed = "SELECT COUNT(*) FROM pg_stat_user_tables WHERE relname = 'document' AND vacuum_count > 0";
    eventually(|| cluster.sql("t0", vacuumed) == "1").await;
}

/// Waits until the condition holds.
pub async fn eventually(mut holds: impl FnMut() -> bool) {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while !holds() {
        assert!(std::time::Instant::now() < deadline, "waited in vain");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}
