//! Every store against the store's contract, and the two databases against each other.
//!
//! Each test that needs PostgreSQL starts a cluster of its own, which takes a second or two; so there are few of them,
//! and each runs through a whole list.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[cfg(test)]
mod closed_before;
#[cfg(test)]
mod codes;
#[cfg(test)]
mod commits;
#[cfg(test)]
mod contract;
#[cfg(test)]
mod custody;
#[cfg(test)]
mod day_pass;
#[cfg(test)]
mod disks;
#[cfg(test)]
mod frozen;
#[cfg(test)]
mod histories;
#[cfg(test)]
mod lookups;
#[cfg(test)]
mod moment;
#[cfg(test)]
mod pooler;
#[cfg(test)]
mod processes;
#[cfg(test)]
mod proof;
#[cfg(test)]
mod race;
#[cfg(test)]
mod retention;
#[cfg(test)]
mod rights;
#[cfg(test)]
mod rows;
#[cfg(test)]
mod schema;
#[cfg(test)]
mod summaries;
#[cfg(test)]
#[path = "../server/support.rs"]
#[allow(dead_code, reason = "shared with the other test binaries, which use the rest")]
mod support;
#[cfg(test)]
mod texts;

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
pub async fn postgres(url: &str) -> PostgresStore {
    let store = PostgresStore::open(url, 40).await.unwrap();
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
    rights::rights(&store).await;
    codes::codes(&store).await;
    disks::st_25_a_number_that_another_has_replaced_is_a_copys_and_an_unknown_one_is_not(&store).await;
    retention::retention(&store).await;
    day_pass::st_18_a_session_is_in_the_scope_of_itself_alone_while_a_pass_holds_it(&store).await;
    proof::st_15_every_record_that_makes_a_difference_is_named(&store).await;
    moment::st_24_a_look_that_lasts_is_of_one_moment(&store).await;
    custody::custody_is_listed_to_its_end_for_who_sees_all_of_it_and_for_who_sees_some(&store).await;
    let bytes = std::fs::read(folder.path().join("t.sqlite")).unwrap();
    let log = std::fs::read(folder.path().join("t.sqlite-wal")).unwrap_or_default();
    let held = |bytes: &[u8]| bytes.windows(proof::SECRET.len()).any(|window| window == proof::SECRET);
    assert!(!held(&bytes) && !held(&log), "destroyed bytes are still in the file");
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_keeps_the_contract() {
    let cluster = Cluster::start();
    let store = postgres(&cluster.database()).await;
    contract::contract(&store).await;
    proof::proof(&store).await;
    rights::rights(&store).await;
    codes::codes(&store).await;
    disks::st_25_a_number_that_another_has_replaced_is_a_copys_and_an_unknown_one_is_not(&store).await;
    retention::retention(&store).await;
    day_pass::st_18_a_session_is_in_the_scope_of_itself_alone_while_a_pass_holds_it(&store).await;
    proof::st_15_every_record_that_makes_a_difference_is_named(&store).await;
    moment::st_24_a_look_that_lasts_is_of_one_moment(&store).await;
    custody::custody_is_listed_to_its_end_for_who_sees_all_of_it_and_for_who_sees_some(&store).await;
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

/// The tables split by prefecture keep the same contract; rows are in the partition of their prefecture.
#[tokio::test(flavor = "multi_thread")]
async fn a_partitioned_database_keeps_the_contract() {
    let cluster = Cluster::start();
    let url = cluster.database();
    postgres(&url).await.close().await;
    cluster.sql("t0", include_str!("../../../migrations/partition.sql"));
    cluster.sql("t0", "SELECT tsudoi_partition('11')");
    let store = postgres(&url).await;
    contract::contract(&store).await;
    proof::proof(&store).await;
    rights::rights(&store).await;
    codes::codes(&store).await;
    disks::st_25_a_number_that_another_has_replaced_is_a_copys_and_an_unknown_one_is_not(&store).await;
    retention::retention(&store).await;
    day_pass::st_18_a_session_is_in_the_scope_of_itself_alone_while_a_pass_holds_it(&store).await;
    proof::st_15_every_record_that_makes_a_difference_is_named(&store).await;
    let tables: Vec<String> = cluster.sql("t0", "SELECT tsudoi_partitioned()").lines().map(str::to_owned).collect();
    for table in ["document", "feed", "scope", "record_fact", "rollup", "custody", "device", "purged"] {
        assert!(tables.iter().any(|one| one == table), "{table} is not split: {tables:?}");
    }
    let count = |table: &str| cluster.sql("t0", &format!("SELECT COUNT(*) > 0 FROM {table}"));
    assert_eq!((count("document_11").as_str(), count("document_default").as_str()), ("t", "f"));
    let plan = cluster.sql("t0", "EXPLAIN SELECT * FROM feed WHERE tenant = '11' AND scope = 'x' AND seq > 5");
    assert!(plan.contains("feed_11") && !plan.contains("feed_default"), "{plan}");
    moment::st_24_a_look_that_lasts_is_of_one_moment(&store).await;
    custody::custody_is_listed_to_its_end_for_who_sees_all_of_it_and_for_who_sees_some(&store).await;
}
