//! PgBouncer between the server and PostgreSQL: what cannot work is said when the database is opened, in words that name it;
//! with sessions that are kept, everything works.

use std::sync::Arc;
use std::time::Duration;

use tsudoi_server::config::Config;
use tsudoi_server::store::StoreError;
use tsudoi_server::store::postgres::PostgresStore;
use tsudoi_tests::{Cluster, PgBouncer};

use crate::processes::push_one;
use crate::support::{HONJO, Server, server_on};

const TRANSACTIONS: &str = "pool_mode = transaction";
const SESSIONS: &str = "pool_mode = session";
const PARAMETERS: &str = "ignore_startup_parameters = extra_float_digits";

async fn process(url: &str) -> Server {
    let store = PostgresStore::open(url, 4).await.unwrap();
    server_on(Arc::new(store), Config::default(), tempfile::tempdir().unwrap()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn pgbouncer_that_lends_sessions_for_a_transaction_is_refused_by_name() {
    let cluster = Cluster::start();
    let url = cluster.database();
    for settings in [&[TRANSACTIONS, PARAMETERS][..], &["pool_mode = statement", PARAMETERS]] {
        let bouncer = PgBouncer::before(&url, settings);
        let error = PostgresStore::open(bouncer.url(), 4).await.unwrap_err();
        assert!(matches!(error, StoreError::NoSessions), "{settings:?}: {error:?}");
        assert!(error.to_string().contains("PgBouncer"), "{error}");
    }
    for settings in [&[TRANSACTIONS][..], &[SESSIONS]] {
        let bouncer = PgBouncer::before(&url, settings);
        let error = PostgresStore::open(bouncer.url(), 4).await.unwrap_err();
        assert!(matches!(error, StoreError::Parameter(_)), "{settings:?}: {error:?}");
        let words = error.to_string();
        assert!(words.contains("PgBouncer") && words.contains(PARAMETERS) && words.contains(SESSIONS), "{words}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_pgbouncer_that_keeps_sessions_processes_write_and_hear_of_each_other() {
    let cluster = Cluster::start();
    let bouncer = PgBouncer::before(&cluster.database(), &[SESSIONS, PARAMETERS]);
    let (one, two) = (process(bouncer.url()).await, process(bouncer.url()).await);
    let mut heard = two.app.notices.subscribe();
    let mut device = one.device(1, HONJO).await;
    push_one(&one, &mut device, 1, "ある会").await;
    tokio::time::timeout(Duration::from_secs(30), heard.recv()).await.expect("the other hears of it").unwrap();
    assert_eq!(two.pull_all(&device).await.documents.len(), 1);
}
