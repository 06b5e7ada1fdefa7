//! Pushes that come at once share a transaction, and none of them notices.

use std::collections::BTreeSet;
use std::sync::Arc;

use sqlx::{Connection as _, Executor as _, PgConnection, SqliteConnection};
use sync_core::digest::FeedState;
use sync_core::ids::DocumentId;
use tokio::sync::broadcast;
use tokio::task::JoinSet;
use tsudoi_server::service::commit::Commits;
use tsudoi_server::store::types::{PushOutcome, PushWrite};
use tsudoi_server::store::{Store, StoreError};
use tsudoi_tests::Cluster;

use crate::rows::{HONJO, heads, id, place, push, scope, scopes, write};
use crate::{postgres, sqlite};

const REFUSED: u8 = 9;

fn one(number: u8) -> PushWrite {
    let mut one = write(number, None, 1);
    one.places = vec![place(one.document, HONJO, FeedState::Present, &heads(1))];
    push(vec![one])
}

/// What became of pushes that are all begun before one of them is written, in their order.
async fn at_once(store: Arc<dyn Store>, pushes: Vec<PushWrite>) -> Vec<Result<PushOutcome, StoreError>> {
    let commits = Commits::new(store, broadcast::channel(64).0);
    let mut running = JoinSet::new();
    for (place, push) in pushes.into_iter().enumerate() {
        let commits = commits.clone();
        running.spawn(async move { (place, commits.write(push).await) });
    }
    let mut outcomes = running.join_all().await;
    outcomes.sort_by_key(|(place, _)| *place);
    outcomes.into_iter().map(|(_, outcome)| outcome).collect()
}

/// Of ten pushes one is outdated, two write the same new document and one is refused by the database.
async fn mixed(store: Arc<dyn Store>) {
    store.upsert_tenant("11", "埼玉県", &[]).await.unwrap();
    store.commit_pushes("11", &[one(3)]).await.unwrap();
    let pushes = [1, 2, 4, 5, 6, 7, REFUSED, 8, 3, 1].map(one).into();
    let outcomes = at_once(store.clone(), pushes).await;
    for (place, outcome) in outcomes.into_iter().enumerate() {
        match place {
            6 => assert!(outcome.is_err(), "{outcome:?}"),
            8 => assert_eq!(outcome.unwrap(), PushOutcome::Outdated(vec![id(3)])),
            9 => assert_eq!(outcome.unwrap(), PushOutcome::Outdated(vec![id(1)])),
            _ => assert_eq!(outcome.unwrap(), PushOutcome::Committed, "push {place}"),
        }
    }
    let all: Vec<DocumentId> = (0..20).map(id).collect();
    let stored: BTreeSet<DocumentId> =
        store.load_documents("11", &all).await.unwrap().into_iter().map(|stored| stored.document).collect();
    assert_eq!(stored, (1..=8).map(id).collect());
    let row = scopes(store.as_ref(), &[scope(HONJO)]).await.remove(0);
    assert_eq!((row.seq, row.document_count), (8, 8), "what is not written takes no place in the feed");
    let total: i64 = store.list_rollups("11").await.unwrap().values().map(|value| value.total).sum();
    assert_eq!(total, 8);
}

#[tokio::test]
async fn pushes_at_once_share_a_transaction_and_each_has_its_own_answer() {
    let folder = tempfile::tempdir().unwrap();
    let store = sqlite(&folder).await;
    let file = folder.path().join("t.sqlite");
    let mut raw = SqliteConnection::connect(file.to_str().unwrap()).await.unwrap();
    let refuse = format!(
        "CREATE TRIGGER refuse BEFORE INSERT ON document WHEN new.document = x'{}' \
         BEGIN SELECT RAISE(ABORT, 'refused'); END;",
        hex::encode([REFUSED; 16])
    );
    raw.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(refuse))).await.unwrap();
    mixed(Arc::new(store)).await;

    let cluster = Cluster::start();
    let url = cluster.database();
    let store = Arc::new(postgres(&url).await);
    let mut raw = PgConnection::connect(&url).await.unwrap();
    let refuse = format!("ALTER TABLE document ADD CHECK (document <> '\\x{}')", hex::encode([REFUSED; 16]));
    raw.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(refuse))).await.unwrap();
    mixed(store.clone()).await;

    let outcomes = at_once(store, (20..60).map(one).collect()).await;
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Ok(PushOutcome::Committed))));
    let transactions = "SELECT count(DISTINCT xmin::text) FROM document WHERE document >= $1";
    let transactions: i64 =
        sqlx::query_scalar(transactions).bind(&id(20).as_bytes()[..]).fetch_one(&mut raw).await.unwrap();
    assert_eq!(transactions, 1, "forty pushes, one flush");
}
