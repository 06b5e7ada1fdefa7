//! A day of syncing, measured: tablets push a day's sessions to a real server, and a new tablet pulls them all.
//!
//! What is inside the clock: from the first push until the new tablet has decoded every document. The tablets' bodies
//! are made before, since a tablet has recorded and encoded long before it finds a network; compressing them is inside.
//! The limit is the same work by library calls in one thread, in the same run: parse, apply, read values, save, reload,
//! insert the same bytes into SQLite with one durable transaction per tablet.
//! The digests the server states are compared with those of the documents received, after the clock has stopped.

mod day;
mod limit;
mod process;

use std::collections::BTreeSet;
use std::time::Instant;

use serde::Serialize;
use sync_core::digest::{Digest, FeedState};
use sync_core::document::Document;
use sync_core::ids::{DeviceId, DocumentId, ScopeId};
use sync_core::tablet::Exchanged;
use sync_core::time::Timestamp;
use sync_core::wire::{Outcome, PROTOCOL, ScopeCursor, SyncRequest, SyncResponse};

use crate::api;
use crate::args::BenchSyncDay;
use crate::error::CliError;
use crate::transport::Server;
use day::Tablet;
use process::ServerProcess;

/// The ratio to reach on SQLite.
const TARGET: f64 = 0.6;
/// Bytes of documents the new tablet asks for at a time.
const PAGE_BYTES: u64 = 4_000_000;

#[derive(Serialize)]
struct Report {
    benchmark: &'static str,
    store: &'static str,
    tablets: usize,
    sessions: usize,
    changes: usize,
    seconds: f64,
    limit_seconds: f64,
    ratio: f64,
    push_seconds: f64,
    pull_seconds: f64,
    push_bytes_per_session: u64,
    pull_bytes_per_session: u64,
    peak_rss_mb: f64,
    target: f64,
    met: bool,
}

/// Runs the benchmark and prints one JSON line.
pub fn run(args: &BenchSyncDay) -> Result<(), CliError> {
    let sessions = args.tablets * args.sessions;
    let mut process = ServerProcess::start(&args.server_binary)?;
    let registrar = Enrolled::new(&process, &[])?;
    let registry = api::registry(&registrar.server, &registrar.token)?;
    let mut tablets = Vec::new();
    let mut scopes = BTreeSet::new();
    for index in 0..args.tablets {
        let place = &registry.municipalities[index % registry.municipalities.len().max(1)].code;
        let scope = ScopeId::municipality(place).map_err(failed)?;
        let enrolled = Enrolled::new(&process, &[scope.to_string()])?;
        tablets.push((Tablet::make(enrolled.device, place, args.sessions, args.changes)?, enrolled));
        scopes.insert(scope);
    }
    let asked: Vec<String> = scopes.iter().map(ToString::to_string).collect();
    let fresh = Enrolled::new(&process, &asked)?;
    let limit_seconds = limit::seconds(&tablets.iter().map(|(tablet, _)| tablet).collect::<Vec<_>>())?;

    let start = Instant::now();
    std::thread::scope(|scope| -> Result<(), CliError> {
        let pushing: Vec<_> = tablets.iter().map(|(tablet, enrolled)| scope.spawn(|| push(tablet, enrolled))).collect();
        pushing.into_iter().try_for_each(|one| one.join().map_err(|_| failed("a tablet ended"))?)
    })?;
    let push_seconds = start.elapsed().as_secs_f64();
    let (received, requests) = pull(&fresh, &scopes)?;
    let seconds = start.elapsed().as_secs_f64();

    check(&received, sessions)?;
    let sent: u64 = tablets.iter().map(|(_, enrolled)| enrolled.server.body_bytes().0).sum();
    let pulled = fresh.server.body_bytes().1 - fresh.received_before;
    eprintln!("{requests} pull requests");
    let per_session = |bytes: u64| bytes / u64::try_from(sessions.max(1)).unwrap_or(1);
    let ratio = limit_seconds / seconds;
    let round = |value: f64| (value * 1000.0).round() / 1000.0;
    let report = Report {
        benchmark: "sync_day",
        store: "sqlite",
        tablets: args.tablets,
        sessions,
        changes: sessions * args.changes,
        seconds: round(seconds),
        limit_seconds: round(limit_seconds),
        ratio: round(ratio),
        push_seconds: round(push_seconds),
        pull_seconds: round(seconds - push_seconds),
        push_bytes_per_session: per_session(sent),
        pull_bytes_per_session: per_session(pulled),
        peak_rss_mb: process.peak_rss_mb(),
        target: TARGET,
        met: ratio >= TARGET,
    };
    process.stop();
    println!("{}", serde_json::to_string(&report).unwrap_or_default());
    Ok(())
}

struct Enrolled {
    server: Server,
    device: DeviceId,
    token: String,
    received_before: u64,
}

impl Enrolled {
    fn new(process: &ServerProcess, scopes: &[String]) -> Result<Self, CliError> {
        let server = Server::new(&process.address)?;
        let device = DeviceId::from_bytes(uuid::Uuid::new_v4().into_bytes());
        let enrolled = api::enrol(&server, &process.code, &device.to_string(), "計測の端末", Some(scopes))?;
        let received_before = server.body_bytes().1;
        Ok(Self { server, device, token: enrolled.token, received_before })
    }

    fn exchange(&self, body: &[u8]) -> Result<SyncResponse, CliError> {
        match self.server.sync(&self.token, body) {
            Exchanged::Ok(answer) => SyncResponse::decode(&answer).map_err(failed),
            Exchanged::Fault(fault) => Err(failed(format!("{fault:?}"))),
        }
    }
}

fn push(tablet: &Tablet, enrolled: &Enrolled) -> Result<(), CliError> {
    let response = enrolled.exchange(&tablet.body)?;
    let runs = response.receipts.iter().flat_map(|receipt| &receipt.runs);
    let stored: u64 = runs.filter(|run| run.outcome == Outcome::Stored).map(|run| run.count).sum();
    if stored == tablet.changes {
        Ok(())
    } else {
        Err(failed(format!("{stored} of {} changes were stored", tablet.changes)))
    }
}

/// What the new tablet received: documents, and the last page of every scope.
struct Received {
    documents: Vec<(DocumentId, Vec<u8>)>,
    scopes: Vec<(BTreeSet<DocumentId>, u64, Digest)>,
}

fn pull(fresh: &Enrolled, scopes: &BTreeSet<ScopeId>) -> Result<(Received, usize), CliError> {
    let mut cursors: Vec<ScopeCursor> =
        scopes.iter().map(|scope| ScopeCursor { scope: scope.clone(), epoch: None, seq: 0, below: None }).collect();
    let mut received = Received { documents: Vec::new(), scopes: vec![Default::default(); cursors.len()] };
    for requests in 1..=1_000 {
        let request = SyncRequest {
            protocol: PROTOCOL,
            clock: Timestamp(0),
            pushes: Vec::new(),
            cursors: cursors.clone(),
            registry_version: u64::MAX >> 1,
            page_bytes: PAGE_BYTES,
            ..SyncRequest::default()
        };
        let response = fresh.exchange(&request.encode())?;
        received.documents.extend(response.documents.into_iter().map(|payload| (payload.document, payload.snapshot)));
        let mut more = false;
        for page in response.scopes {
            let Some(index) = cursors.iter().position(|cursor| cursor.scope == page.scope) else { continue };
            cursors[index].epoch = Some(page.epoch);
            cursors[index].seq = page.next_seq;
            received.scopes[index].0.extend(page.entries.iter().map(|entry| entry.document));
            received.scopes[index].1 = page.count;
            received.scopes[index].2 = page.digest;
            more |= page.more;
        }
        if !more {
            return Ok((received, requests));
        }
    }
    Err(failed("the feed does not end"))
}

fn check(received: &Received, sessions: usize) -> Result<(), CliError> {
    let mut heads = std::collections::BTreeMap::new();
    for (id, snapshot) in &received.documents {
        heads.insert(*id, Document::load(snapshot).map_err(failed)?.heads());
    }
    if heads.len() != sessions {
        return Err(failed(format!("{} of {sessions} sessions were received", heads.len())));
    }
    for (documents, count, digest) in &received.scopes {
        let own = documents.iter().filter_map(|id| Some((*id, heads.get(id)?)));
        let sum = own.fold(Digest::ZERO, |sum, (id, heads)| sum.plus(Digest::of(id, FeedState::Present, heads)));
        if sum != *digest || u64::try_from(documents.len()).ok() != Some(*count) {
            return Err(failed("what was received differs from what the server holds"));
        }
    }
    Ok(())
}

fn failed(cause: impl std::fmt::Display) -> CliError {
    CliError::Bench(cause.to_string())
}
