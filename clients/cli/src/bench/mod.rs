//! Measuring: each benchmark starts a real server on data of its own, does one kind of work, compares what came of it
//! with what should have, and prints one JSON line.
//!
//! Figures bear their unit in their name. `target` is what is to be reached, `met` whether it was; where there is a
//! limit, it is the same work by bare library calls in the same run, since machines differ and their load changes.

mod chance;
pub mod cluster;
mod cold_start;
mod dashboard;
mod day;
mod faults;
mod hot_scope;
mod idle_sync;
mod limit;
mod process;
mod proof;
mod raw;
mod storm;
mod sync_day;

use std::collections::{BTreeMap, BTreeSet};

use sync_core::digest::{Digest, FeedState};
use sync_core::document::{Document, Heads};
use sync_core::ids::{DeviceId, DocumentId, ScopeId};
use sync_core::tablet::Exchanged;
use sync_core::time::Timestamp;
use sync_core::wire::{Outcome, PROTOCOL, ScopeCursor, SyncRequest, SyncResponse};

use crate::api;
use crate::args::{Bench, BenchName, BenchStore};
use crate::error::CliError;
use crate::key::TabletKey;
use crate::say::say;
use crate::transport::Server;
use day::Tablet;
use process::ServerProcess;

/// Bytes of documents a new tablet asks for at a time.
const PAGE_BYTES: u64 = 8_000_000;

/// Runs one benchmark and prints its line.
pub fn run(args: &Bench) -> Result<(), CliError> {
    let line = match args.name {
        BenchName::SyncDay => sync_day::run(args),
        BenchName::ColdStart => cold_start::run(args),
        BenchName::IdleSync => idle_sync::run(args),
        BenchName::Storm => storm::run(args),
        BenchName::Dashboard => dashboard::run(args),
        BenchName::HotScope => hot_scope::run(args),
    }?;
    say(line)
}

fn store_name(store: BenchStore) -> &'static str {
    match store {
        BenchStore::Sqlite => "sqlite",
        BenchStore::Postgres => "postgres",
    }
}

/// Three digits after the point.
fn round(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

/// The value below which 95 of 100 lie, in milliseconds.
fn p95_ms(seconds: &mut [f64]) -> f64 {
    seconds.sort_by(f64::total_cmp);
    let at = (seconds.len() * 95).div_ceil(100).saturating_sub(1);
    round(seconds.get(at).copied().unwrap_or(0.0) * 1000.0)
}

/// Many tasks that mostly wait: two threads do.
fn runtime() -> Result<tokio::runtime::Runtime, CliError> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().map_err(failed)
}

/// An enrolled tablet and its connections.
struct Enrolled {
    server: Server,
    device: DeviceId,
    key: TabletKey,
    received_before: u64,
}

impl Enrolled {
    fn new(process: &ServerProcess, scopes: &[String]) -> Result<Self, CliError> {
        let server = Server::new(&process.address)?;
        let (device, key) = enrol(&server, &process.code, scopes)?;
        let received_before = server.body_bytes().1;
        Ok(Self { server, device, key, received_before })
    }

    fn exchange(&self, body: &[u8]) -> Result<SyncResponse, CliError> {
        match self.server.sync(&self.key, body) {
            Exchanged::Ok(answer) => SyncResponse::decode(&answer).map_err(failed),
            Exchanged::Fault(fault) => Err(failed(format!("{fault:?}"))),
        }
    }

    /// Pushes a tablet's work and checks that all of it was stored.
    fn push(&self, tablet: &Tablet) -> Result<(), CliError> {
        let settled = settled(&self.exchange(&tablet.body)?);
        if settled == tablet.changes {
            Ok(())
        } else {
            Err(failed(format!("{settled} of {} changes were stored", tablet.changes)))
        }
    }
}

fn enrol(server: &Server, code: &str, scopes: &[String]) -> Result<(DeviceId, TabletKey), CliError> {
    let device = DeviceId::from_bytes(uuid::Uuid::new_v4().into_bytes());
    let enrolled = api::enrol(server, code, &device.to_string(), "計測の端末", Some(scopes))?;
    Ok((device, enrolled.key))
}

/// Changes an answer says are part of the document now.
fn settled(response: &SyncResponse) -> u64 {
    let runs = response.receipts.iter().flat_map(|receipt| &receipt.runs);
    runs.filter(|run| matches!(run.outcome, Outcome::Stored | Outcome::Duplicate)).map(|run| run.count).sum()
}

/// A request that pushes nothing, of a tablet with this registry; 0 for none.
fn asking(cursors: Vec<ScopeCursor>, registry_version: u64) -> SyncRequest {
    SyncRequest {
        protocol: PROTOCOL,
        clock: Timestamp(0),
        cursors,
        registry_version,
        page_bytes: PAGE_BYTES,
        ..SyncRequest::default()
    }
}

/// What a new tablet received: documents, and the last word on every scope.
#[derive(Default)]
struct Received {
    documents: Vec<(DocumentId, Vec<u8>)>,
    scopes: BTreeMap<ScopeId, (BTreeSet<DocumentId>, u64, Digest)>,
    cursors: Vec<ScopeCursor>,
    registry_version: u64,
    requests: usize,
}

/// The version of the registry, which a tablet that has recorded something holds.
fn registry_version(caller: &Enrolled) -> Result<u64, CliError> {
    let registry = caller.exchange(&asking(Vec::new(), 0).encode())?.registry;
    registry.map(|registry| registry.version).ok_or_else(|| failed("no registry was sent"))
}

/// Pulls everything in these scopes.
fn pull(fresh: &Enrolled, scopes: &BTreeSet<ScopeId>) -> Result<Received, CliError> {
    let start = |scope: &ScopeId| ScopeCursor { scope: scope.clone(), epoch: None, seq: 0, below: None };
    let mut received = Received { cursors: scopes.iter().map(start).collect(), ..Received::default() };
    for _ in 0..10_000 {
        let response = fresh.exchange(&asking(received.cursors.clone(), received.registry_version).encode())?;
        received.requests += 1;
        received.registry_version = response.registry.map_or(received.registry_version, |registry| registry.version);
        received.documents.extend(response.documents.into_iter().map(|payload| (payload.document, payload.snapshot)));
        let mut more = false;
        for page in response.scopes {
            let Some(cursor) = received.cursors.iter_mut().find(|cursor| cursor.scope == page.scope) else { continue };
            (cursor.epoch, cursor.seq, cursor.below) = (Some(page.epoch), page.next_seq, page.below);
            let scope = received.scopes.entry(page.scope).or_default();
            scope.0.extend(page.entries.iter().map(|entry| entry.document));
            (scope.1, scope.2) = (page.count, page.digest);
            more |= page.more;
        }
        if !more {
            return Ok(received);
        }
    }
    Err(failed("the feed does not end"))
}

/// Loads what was received, and compares counts and digests with the server's.
fn check(received: &Received) -> Result<BTreeMap<DocumentId, Heads>, CliError> {
    let mut heads = BTreeMap::new();
    for (id, snapshot) in &received.documents {
        heads.insert(*id, Document::load(snapshot).map_err(failed)?.heads());
    }
    for (documents, count, digest) in received.scopes.values() {
        let own = documents.iter().filter_map(|id| Some((*id, heads.get(id)?)));
        let sum = own.fold(Digest::ZERO, |sum, (id, heads)| sum.plus(Digest::of(id, FeedState::Present, heads)));
        if sum != *digest || u64::try_from(documents.len()).ok() != Some(*count) {
            return Err(failed("what was received differs from what the server holds"));
        }
    }
    Ok(heads)
}

/// What an oracle outside the server knows: these tablets' documents, and no others, each with exactly these changes.
fn lost_or_doubled<'a>(heads: &BTreeMap<DocumentId, Heads>, tablets: impl Iterator<Item = &'a Tablet>) -> u64 {
    let mut wrong = 0;
    let mut expected = 0;
    for tablet in tablets {
        for ((id, _), end) in tablet.documents.iter().zip(&tablet.heads) {
            expected += 1;
            wrong += u64::from(heads.get(id) != Some(end));
        }
    }
    wrong + u64::try_from(heads.len().saturating_sub(expected)).unwrap_or(u64::MAX)
}

fn failed(cause: impl std::fmt::Display) -> CliError {
    CliError::Bench(cause.to_string())
}
