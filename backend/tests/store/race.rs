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
use tsudoi_server::store::office::Within;
use tsudoi_server::store::types::{PageSize, PushOutcome, PushWrite, RollupKey, RollupValue};
use tsudoi_server::store::{Store, StoreError};
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
        let pull = store
            .pull("11", &[want(HONJO, cursor, below)], &[], &PageSize::whole(2_000), &HashMap::new())
            .await
            .unwrap();
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

/// Pushes as the service does: a database that is busy has taken nothing, and is asked again.
async fn pushed(store: &dyn Store, one: PushWrite) {
    let pushes = [one];
    let outcome = loop {
        match store.commit_pushes("11", &pushes).await {
            Err(StoreError::Busy) => tokio::task::yield_now().await,
            outcome => break outcome.unwrap(),
        }
    };
    assert_eq!(outcome, PushOutcome::Committed);
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
                    pushed(store.as_ref(), one_push(pusher, number)).await;
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

/// A month is closed while records come: each is in what was reported, or is named as having come later.
async fn a_month_is_closed_in_the_middle(store: Arc<dyn Store>) {
    store.upsert_tenant("11", "埼玉県", &[]).await.unwrap();
    let pushers: Vec<_> = (0..8)
        .map(|pusher| {
            let store = store.clone();
            tokio::spawn(async move {
                for number in 0..30 {
                    let mut one = one_push(pusher, number);
                    for write in &mut one.documents {
                        let fact = &mut write.projection.fact;
                        (fact.fiscal_year, fact.month) = (Some(2026), Some("2026-05".to_owned()));
                    }
                    let of_month = |(mut key, value): (RollupKey, RollupValue)| {
                        (key.fiscal_year, key.month) = (2026, "2026-05".to_owned());
                        (key, value)
                    };
                    one.rollups = one.rollups.into_iter().map(of_month).collect();
                    pushed(store.as_ref(), one).await;
                }
            })
        })
        .collect();
    while store.list_rollups("11").await.unwrap().values().map(|value| value.total).sum::<i64>() < 60 {
        tokio::task::yield_now().await;
    }
    assert!(store.close_month("11", "2026-05", 2026, "pe-1", 5).await.unwrap());
    for pusher in pushers {
        pusher.await.unwrap();
    }
    let corrections = store.list_corrections("11", "2026-05").await.unwrap();
    let later: i64 = corrections.iter().map(|one| one.now.total - one.reported.total).sum();
    let named = store.list_changed_since_closing("11", "2026-05", &Within::Tenant, 0, 1_000).await.unwrap();
    assert!((1..=180).contains(&later), "{later}");
    assert_eq!(named.len() as i64, later);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_feed_has_no_gaps() {
    let cluster = Cluster::start();
    let url = cluster.database();
    let store = postgres(&url).await;
    let mut raw = PgConnection::connect(&url).await.unwrap();
    raw.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(pause_before_commit("feed")))).await.unwrap();
    race(Arc::new(store)).await;
    let url = cluster.database();
    let store = postgres(&url).await;
    let mut raw = PgConnection::connect(&url).await.unwrap();
    raw.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(pause_before_commit("feed")))).await.unwrap();
    a_month_is_closed_in_the_middle(Arc::new(store)).await;
    let missed = missed_with_bigserial(&cluster.database()).await;
    assert!(missed > 0, "a feed numbered by a sequence was expected to skip");

    let folder = tempfile::tempdir().unwrap();
    race(Arc::new(sqlite(&folder).await)).await;
    let folder = tempfile::tempdir().unwrap();
    a_month_is_closed_in_the_middle(Arc::new(sqlite(&folder).await)).await;
}

/// The number of writes that a document's content states.
fn written(snapshot: &[u8]) -> u8 {
    snapshot[0]
}

/// A document that is in both scopes at first, and in the second alone from its second write on.
fn moving(number: u8, writes: u8) -> PushWrite {
    let mut one = write(number, (writes > 1).then_some(1), writes);
    one.snapshot = vec![writes; 40];
    let state = if writes > 1 { FeedState::Left } else { FeedState::Present };
    let at = |scope, state, writes| place(one.document, scope, state, &heads(writes));
    let places = vec![at(HONJO, state, writes), at(KAMISATO, FeedState::Present, writes)];
    let before = vec![at(HONJO, FeedState::Present, 1), at(KAMISATO, FeedState::Present, 1)];
    (one.places_before, one.places) = (if writes > 1 { before } else { Vec::new() }, places);
    push(vec![one])
}

/// What a tablet of both scopes holds: the number of writes of each document, and where it stands.
struct Reader {
    held: HashMap<DocumentId, u8>,
    cursors: [Option<([u8; 16], u64)>; 2],
}

impl Reader {
    /// A tablet that has stood in both scopes before anything was in them.
    async fn new(store: &dyn Store) -> Self {
        let first = [moving(255, 1)];
        store.commit_pushes("11", &first).await.unwrap();
        let mut reader = Self { held: HashMap::new(), cursors: [None, None] };
        reader.read(store).await;
        reader
    }

    async fn read(&mut self, store: &dyn Store) {
        let wanted = [want(HONJO, self.cursors[0], None), want(KAMISATO, self.cursors[1], None)];
        let pull = store.pull("11", &wanted, &[], &PageSize::whole(1 << 20), &HashMap::new()).await.unwrap();
        for (document, snapshot) in &pull.documents {
            let held = self.held.entry(*document).or_default();
            *held = (*held).max(written(snapshot));
        }
        for (cursor, page) in self.cursors.iter_mut().zip(&pull.pages) {
            *cursor = Some((page.scope.epoch, page.next_seq));
        }
    }
}

/// Documents move from one scope to another while a tablet of both reads; afterwards it holds what its cursors stand for.
async fn content_keeps_up_with_cursors(store: Arc<dyn Store>) {
    store.upsert_tenant("11", "埼玉県", &[]).await.unwrap();
    let mut readers = Vec::new();
    for _ in 0..READERS {
        readers.push(Reader::new(store.as_ref()).await);
        // the next one finds the document that marks the beginning written already
        assert!(matches!(store.commit_pushes("11", &[moving(255, 1)]).await.unwrap(), PushOutcome::Outdated(_)));
    }
    let ended = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = readers
        .into_iter()
        .map(|mut reader| {
            let (store, ended) = (store.clone(), ended.clone());
            tokio::spawn(async move {
                while !ended.load(Ordering::SeqCst) {
                    reader.read(store.as_ref()).await;
                }
                reader.read(store.as_ref()).await;
                reader
            })
        })
        .collect();
    for number in 1..=200 {
        for writes in [1, 2] {
            assert_eq!(
                store.commit_pushes("11", &[moving(number, writes)]).await.unwrap(),
                PushOutcome::Committed,
                "{number}"
            );
        }
    }
    ended.store(true, Ordering::SeqCst);
    for reader in readers {
        let held = reader.await.unwrap().held;
        let behind: Vec<u8> = (1..=200).filter(|number| held[&DocumentId::from_bytes([*number; 16])] != 2).collect();
        assert!(behind.is_empty(), "the cursor went past content that was not sent: {behind:?}");
    }
}

/// The same with one document, and a write that comes for certain between the looks at the two scopes.
async fn a_write_between_two_looks(cluster: &Cluster) {
    let url = cluster.database();
    let store = Arc::new(postgres(&url).await);
    store.upsert_tenant("11", "埼玉県", &[]).await.unwrap();
    let mut reader = Reader::new(store.as_ref()).await;
    store.commit_pushes("11", &[moving(1, 1)]).await.unwrap();
    let mut raw = PgConnection::connect(&url).await.unwrap();
    // each look asks for the registry's version, and is held up there once it has seen the rest
    let held_up = "ALTER TABLE tenant RENAME TO tenant_rows; \
        CREATE FUNCTION held_up() RETURNS BOOLEAN LANGUAGE plpgsql AS $$ \
        BEGIN PERFORM pg_advisory_lock_shared(7); PERFORM pg_advisory_unlock_shared(7); RETURN TRUE; END $$; \
        CREATE VIEW tenant AS SELECT * FROM tenant_rows WHERE held_up(); \
        SELECT pg_advisory_lock(7)";
    raw.execute(sqlx::raw_sql(held_up)).await.unwrap();
    let reading = {
        let store = store.clone();
        tokio::spawn(async move {
            reader.read(store.as_ref()).await;
            reader.held
        })
    };
    let waiting = "SELECT COUNT(*) > 0 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted";
    while !sqlx::query_scalar::<_, bool>(waiting).fetch_one(&mut raw).await.unwrap() {
        tokio::task::yield_now().await;
    }
    assert_eq!(store.commit_pushes("11", &[moving(1, 2)]).await.unwrap(), PushOutcome::Committed);
    raw.execute("SELECT pg_advisory_unlock(7)").await.unwrap();
    assert_eq!(reading.await.unwrap()[&DocumentId::from_bytes([1; 16])], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_cursor_stands_for_content_that_was_not_sent() {
    let cluster = Cluster::start();
    a_write_between_two_looks(&cluster).await;
    content_keeps_up_with_cursors(Arc::new(postgres(&cluster.database()).await)).await;
    let folder = tempfile::tempdir().unwrap();
    content_keeps_up_with_cursors(Arc::new(sqlite(&folder).await)).await;
}

/// The most memory this process has had, in bytes.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

const LARGE: usize = 1 << 20;

/// Documents of the largest size are read as a page takes them, however many there are.
async fn a_page_reads_what_it_takes(store: &dyn Store) {
    store.upsert_tenant("11", "埼玉県", &[]).await.unwrap();
    store.commit_pushes("11", &[push(vec![write(200, None, 1)])]).await.unwrap();
    let start = store.pull("11", &[want(HONJO, None, None)], &[], &PageSize::whole(1), &HashMap::new()).await.unwrap();
    let cursor = start.pages.first().map(|page| (page.scope.epoch, page.next_seq));
    for number in 1..=100 {
        let mut one = write(number, None, 1);
        one.snapshot = vec![number; LARGE];
        store.commit_pushes("11", &[push(vec![one])]).await.unwrap();
    }
    let before = peak();
    let all: Vec<DocumentId> = (1..=100).map(|number| DocumentId::from_bytes([number; 16])).collect();
    for (cursor, whole) in [(cursor, &[][..]), (None, &[]), (cursor, &all)] {
        let wanted = [want(HONJO, cursor, None)];
        let pull = store.pull("11", &wanted, whole, &PageSize::whole(3 * LARGE as u64), &HashMap::new()).await.unwrap();
        let bytes: usize = pull.documents.iter().map(|(_, snapshot)| snapshot.len()).sum();
        assert!((3 * LARGE..5 * LARGE).contains(&bytes), "{bytes}");
        assert!(pull.pages[0].more, "the rest is still to come");
    }
    assert!(peak() - before < 40 * LARGE as u64, "{} bytes were read for a page", peak() - before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_large_documents_takes_little_memory() {
    let folder = tempfile::tempdir().unwrap();
    a_page_reads_what_it_takes(&sqlite(&folder).await).await;
    let cluster = Cluster::start();
    a_page_reads_what_it_takes(&postgres(&cluster.database()).await).await;
}
