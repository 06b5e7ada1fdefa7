//! A database that stands still, loses connections, or is stopped: everyone is told in time, nothing that was acknowledged
//! is lost, and all goes on by itself when the database does.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use sync_core::wire::Outcome;
use tsudoi_server::config::Config;
use tsudoi_server::service::{Notice, verify};
use tsudoi_server::store::postgres::PostgresStore;
use tsudoi_server::store::{Store, StoreError};
use tsudoi_tests::{Cluster, Wire};

use crate::eventually;
use crate::processes::push_one;
use crate::support::{HONJO, Server, document_id, outcomes, server_on};

/// Statements may be silent only so long here.
const LIMIT: Duration = Duration::from_millis(800);
/// More than anything may take that is ended after [`LIMIT`], on a machine under load.
const SOON: Duration = Duration::from_secs(15);

async fn store(url: &str) -> PostgresStore {
    let store = PostgresStore::open_within(url, 6, LIMIT).await.unwrap();
    store.migrate().await.unwrap();
    store
}

async fn process(url: &str) -> Server {
    server_on(Arc::new(store(url).await), Config::default(), tempfile::tempdir().unwrap()).await
}

/// Waits until the store answers.
async fn heals(store: &dyn Store) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while store.list_tenants().await.is_err() {
        assert!(Instant::now() < deadline, "it does not heal");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_stands_still_is_told_in_time_and_loses_nothing() {
    let cluster = Cluster::start();
    let wire = Wire::to(&cluster.database());
    let server = process(wire.url()).await;
    let mut device = server.device(1, HONJO).await;
    push_one(&server, &mut device, 1, "前").await;

    wire.freeze();
    let begun = Instant::now();
    let mut asked = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let store = server.app.store.clone();
        asked.spawn(async move { store.list_tenants().await });
    }
    for outcome in asked.join_all().await {
        assert!(matches!(outcome, Err(StoreError::Unreachable(_))), "{outcome:?}");
    }
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    let ready = server.get("/readyz", None).await;
    assert_eq!((ready.status.as_u16(), ready.code().as_str()), (503, "database_unreachable"));
    let people = server.get("/v1/scopes", device.credential()).await;
    assert_eq!((people.status.as_u16(), people.code().as_str()), (503, "database_unreachable"));

    wire.thaw();
    heals(server.app.store.as_ref()).await;
    push_one(&server, &mut device, 2, "後").await;
    assert_eq!(server.get("/readyz", None).await.status, 204);

    // a change on its way when the wire stands still is not acknowledged, and comes in once when it is sent again
    let id = document_id(3);
    let change = device.set(id, "title", "途中");
    let push = device.push(id, vec![change]);
    let request = device.request(vec![push]);
    wire.freeze();
    let answer = server.sync_bytes(&device, request.encode(), None).await;
    assert_eq!(answer.status, 503, "acknowledged over a wire that stands still");
    wire.thaw();
    heals(server.app.store.as_ref()).await;
    let again = server.sync(&device, &request).await;
    assert!(matches!(outcomes(&again, id)[0].0, Outcome::Stored | Outcome::Duplicate));
    assert_eq!(verify::verify(&server.app, "11").await.unwrap().differences, Vec::<String>::new());

    // processes of the database that are stopped hold up nobody for good
    let stopped = cluster.sql("postgres", "SELECT pid FROM pg_stat_activity WHERE application_name = 'tsudoi-server'");
    let signal = |name: &str| {
        for pid in stopped.lines() {
            Command::new("kill").args([name, pid]).status().unwrap();
        }
    };
    signal("-STOP");
    heals(server.app.store.as_ref()).await;
    push_one(&server, &mut device, 4, "止まったあと").await;
    signal("-CONT");
}

/// The connection that hears of changes is lost without a word; what was missed meanwhile is heard of all the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_listener_that_hears_nothing_is_made_anew_and_catches_up() {
    let cluster = Cluster::start();
    let url = cluster.database();
    let wire = Wire::to(&url);
    let (a, b) = (process(&url).await, process(wire.url()).await);
    let mut device = a.device(1, HONJO).await;
    let mut notices = b.app.notices.subscribe();
    push_one(&a, &mut device, 1, "一").await;
    hears(&mut notices).await;

    wire.lose();
    push_one(&a, &mut device, 2, "二").await;
    hears(&mut notices).await;
    heals(b.app.store.as_ref()).await;
    push_one(&a, &mut device, 3, "三").await;
    hears(&mut notices).await;
}

/// Waits until something new is announced, and forgets what else was.
async fn hears(notices: &mut tokio::sync::broadcast::Receiver<Notice>) {
    let heard = tokio::time::timeout(Duration::from_secs(60), notices.recv()).await;
    assert!(heard.is_ok(), "nothing was heard");
    while notices.try_recv().is_ok() {}
}

/// A server process over a wire.
struct Process {
    child: Child,
    address: String,
}

impl Process {
    fn start(url: &str) -> Self {
        let run = |verb: &[&str]| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_tsudoi-server"));
            let command = command.args(verb).env("TSUDOI_DATABASE", url).env("TSUDOI_DATABASE_SECONDS", "1");
            command.env("TSUDOI_LOG", "off").stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap()
        };
        assert!(run(&["migrate"]).wait().unwrap().success());
        let mut child = run(&["serve", "--listen", "127.0.0.1:0"]);
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("tsudoi-server ready http://").unwrap().to_owned();
        Self { child, address }
    }

    /// What a path answers.
    fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_ends_when_it_is_told_to_although_its_database_stands_still() {
    let cluster = Cluster::start();
    let wire = Wire::to(&cluster.database());
    let mut process = Process::start(wire.url());
    assert!(process.get("/readyz").starts_with("HTTP/1.1 204"));
    wire.freeze();
    eventually(|| process.get("/readyz").contains("database_unreachable")).await;
    assert!(process.get("/livez").starts_with("HTTP/1.1 204"));
    let begun = Instant::now();
    Command::new("kill").args(["-TERM", &process.child.id().to_string()]).status().unwrap();
    assert!(process.child.wait().unwrap().success());
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
}
