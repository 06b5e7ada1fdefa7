//! The feed has no gaps: whoever has read up to n has read everything up to n, however many write at once.
//!
//! PostgreSQL is made to wait a random while right before each commit, when all numbers are taken and nothing can be
//! seen yet. The same readers over a table numbered by `bigserial` skip rows, which shows that the race is run.

use std::collections::BTreeSet;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sqlx::{Connection as _, Executor as _, PgConnection};
use sync_core::digest::FeedState;
use sync_core::ids::DocumentId;
use tsudoi_server::store::Store;
use tsudoi_server::store::types::{PushOutcome, PushWrite, RollupKey, RollupValue};
use tsudoi_tests::Cluster;

use crate::rows::{HONJO, KAMISATO, heads, place, push, scope, scopes, want, write};
use crate::{postgres, sqlite};

const PUSHERS: u8 = 32;
const PUSHES: u8 = 12;
const READERS: usize = 4;

/// A pause of up to five milliseconds in every commit that writes to the table.
fn pause_before_commit(table: &str) -> String {
    format!(
        "CREATE OR REPLACE FUNCTION pause() RETURNS TRIGGER LANGUAGE plpgsql AS $$ \
         BEGIN PERFORM pg_sleep(random() * 0.005); RETURN NULL; END $$; \
         CREATE CONSTRAINT TRIGGER pause AFTER INSERT ON {table} DEFERRABLE INITIALLY DEFERRED \
         FOR EACH ROW EXECUTE FUNCTION pause();"
    )
}

fn document(pusher: u8, number: u8) -> DocumentId {
    let mut bytes = [0; 16];
    (bytes[0], bytes[1]) = (pusher, number);
    DocumentId::from_bytes(bytes)
}

fn one_push(pusher: u8, number: u8) -> PushWrite {
    let mut one = write(1, None, 1);
    one.document = document(pusher, number);
    one.places = vec![place(one.document, HONJO, FeedState::Present, &heads(1))];
    if pusher.is_multiple_of(2) {
        one.places.push(place(one.document, KAMISATO, FeedState::Present, &heads(1)));
    }
    let mut push = push(vec![one]);
    // every pusher has figures of its own, so that they do not wait for each other before the scopes
    let own = |(mut key, value): (RollupKey, RollupValue)| {
        key.municipality = format!("{pusher:06}");
        (key, value)
    };
    push.rollups = push.rollups.into_iter().map(own).collect();
    push
}

/// Reads on until the pushers have ended and nothing is left; every document it was ever told of.
async fn read(store: Arc<dyn Store>, ended: Arc<AtomicBool>) -> BTreeSet<DocumentId> {
    let (mut cursor, mut below, mut seen) = (None, None, BTreeSet::new());
    loop {
        let last_round = ended.load(Ordering::SeqCst);
        let pull = store.pull("11", &[want(HONJO, cursor, below)], &[], 2_000, &HashMap::new()).await.unwrap();
        let Some(page) = pull.pages.first() else { continue };
        let count = page.entries.len();
        seen.extend(page.entries.iter().map(|(document, ..)| *document));
        (cursor, below) = (Some((page.scope.epoch, page.next_seq)), page.below);
        if last_round && count == 0 && !page.more {
            assert_eq!(page.scope.seq, u64::from(PUSHERS) * u64::from(PUSHES));
            return seen;
        }
        tokio::task::yield_now().await;
    }
}

pub async fn race(store: Arc<dyn Store>) {
    store.upsert_tenant("11", "埼玉県", &[]).await.unwrap();
    let ended = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..READERS).map(|_| tokio::spawn(read(store.clone(), ended.clone()))).collect();
    let pushers: Vec<_> = (0..PUSHERS)
        .map(|pusher| {
            let store = store.clone();
            tokio::spawn(async move {
                for number in 0..PUSHES {
                    assert_eq!(
                        store.commit_pushes("11", &[one_push(pusher, number)]).await.unwrap(),
                        PushOutcome::Committed
                    );
                }
            })
        })
        .collect();
    for pusher in pushers {
        pusher.await.unwrap();
    }
    ended.store(true, Ordering::SeqCst);
    let all: BTreeSet<DocumentId> =
        (0..PUSHERS).flat_map(|pusher| (0..PUSHES).map(move |number| document(pusher, number))).collect();
    for reader in readers {
        let seen = reader.await.unwrap();
        assert_eq!(all.difference(&seen).count(), 0, "a reader's cursor went past documents it was never told of");
    }
    let total: i64 = store.list_rollups("11").await.unwrap().values().map(|value| value.total).sum();
    assert_eq!(total, i64::from(PUSHERS) * i64::from(PUSHES), "figures add up");
    let found = scopes(store.as_ref(), &[scope(HONJO), scope(KAMISATO)]).await;
    assert_eq!(
        found.iter().map(|scope| scope.document_count).sum::<u64>(),
        u64::from(PUSHERS) * u64::from(PUSHES) * 3 / 2
    );
}

/// The feed as it must not be: rows numbered by a sequence. How many rows a reader missed.
async fn missed_with_bigserial(url: &str) -> usize {
    let mut connection = PgConnection::connect(url).await.unwrap();
    connection.execute("CREATE TABLE naive (seq BIGSERIAL PRIMARY KEY, number BIGINT NOT NULL)").await.unwrap();
    connection.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(pause_before_commit("naive")))).await.unwrap();
    let pushers: Vec<_> = (0..i64::from(PUSHERS))
        .map(|pusher| {
            let url = url.to_owned();
            tokio::spawn(async move {
                let mut connection = PgConnection::connect(&url).await.unwrap();
                for number in 0..i64::from(PUSHES) {
                    let insert = sqlx::query("INSERT INTO naive (number) VALUES ($1)").bind(pusher * 1_000 + number);
                    insert.execute(&mut connection).await.unwrap();
                }
            })
        })
        .collect();
    let (mut cursor, mut seen) = (0i64, 0);
    loop {
        let ended = pushers.iter().all(|pusher| pusher.is_finished());
        let rows = sqlx::query_scalar::<_, i64>("SELECT seq FROM naive WHERE seq > $1 ORDER BY seq").bind(cursor);
        let rows = rows.fetch_all(&mut connection).await.unwrap();
        seen += rows.len();
        cursor = rows.last().copied().unwrap_or(cursor);
        if ended && rows.is_empty() {
            return usize::from(PUSHERS) * usize::from(PUSHES) - seen;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_feed_has_no_gaps() {
    let cluster = Cluster::start();
    let url = cluster.database();
    let store = postgres(&url).await;
    let mut raw = PgConnection::connect(&url).await.unwrap();
    raw.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(pause_before_commit("feed")))).await.unwrap();
    race(Arc::new(store)).await;
    let missed = missed_with_bigserial(&cluster.database()).await;
    assert!(missed > 0, "a feed numbered by a sequence was expected to skip");

    let folder = tempfile::tempdir().unwrap();
    race(Arc::new(sqlite(&folder).await)).await;
}
