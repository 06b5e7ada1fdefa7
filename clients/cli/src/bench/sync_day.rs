//! A day of syncing: tablets push a day's sessions to a real server, and a new tablet pulls them all.
//!
//! What is inside the clock: from the first push until the new tablet has decoded every document. The tablets' bodies
//! are made before, since a tablet has recorded and encoded long before it finds a network; compressing them is inside.
//! The limit is the same work by library calls in one thread, in the same run: parse, apply, read values, save, reload,
//! insert the same bytes into SQLite with one durable transaction per tablet.
//! `proof_share` is the part of that time that making and checking the proofs of possession takes, were it done in a row.
//! After the clock has stopped the digests are compared, and the server is killed and asked again for every document.

use std::collections::BTreeSet;
use std::time::Instant;

use serde_json::{Value, json};
use sync_core::ids::ScopeId;

use super::day::Tablet;
use super::process::ServerProcess;
use super::{Enrolled, check, failed, limit, proof, pull, registry_version, round, store_name};
use crate::api;
use crate::args::{Bench, BenchStore};
use crate::error::CliError;

const TABLETS: usize = 20;
const SESSIONS: usize = 100;
const CHANGES: usize = 20;
/// Bytes on the wire for a session, pushed and pulled.
const PUSH_BYTES: u64 = 800;
const PULL_BYTES: u64 = 250;
/// How much of the time proofs of possession may take.
const PROOF_SHARE: f64 = 0.1;

pub(super) fn run(args: &Bench) -> Result<Value, CliError> {
    let target = match args.store {
        BenchStore::Sqlite => 0.6,
        BenchStore::Postgres => 0.4,
    };
    let sessions = TABLETS * SESSIONS;
    let mut process = ServerProcess::start(args, &[])?;
    let registrar = Enrolled::new(&process, &[])?;
    let registry = api::registry(&registrar.server, &registrar.key)?;
    let registry_version = registry_version(&registrar)?;
    let mut tablets = Vec::new();
    let mut scopes = BTreeSet::new();
    for index in 0..TABLETS {
        let place = &registry.municipalities[index % registry.municipalities.len().max(1)].code;
        let scope = ScopeId::municipality(place).map_err(failed)?;
        let enrolled = Enrolled::new(&process, &[scope.to_string()])?;
        tablets.push((Tablet::make(enrolled.device, place, SESSIONS, CHANGES, registry_version)?, enrolled));
        scopes.insert(scope);
    }
    let asked: Vec<String> = scopes.iter().map(ToString::to_string).collect();
    let mut fresh = Enrolled::new(&process, &asked)?;
    let limit_seconds = limit::seconds(&tablets.iter().map(|(tablet, _)| tablet).collect::<Vec<_>>())?;

    let start = Instant::now();
    std::thread::scope(|scope| -> Result<(), CliError> {
        let pushing: Vec<_> = tablets.iter().map(|(tablet, enrolled)| scope.spawn(|| enrolled.push(tablet))).collect();
        pushing.into_iter().try_for_each(|one| one.join().map_err(|_| failed("a tablet ended"))?)
    })?;
    let push_seconds = start.elapsed().as_secs_f64();
    let received = pull(&fresh, &scopes)?;
    let seconds = start.elapsed().as_secs_f64();

    if check(&received)?.len() != sessions {
        return Err(failed("not all sessions were received"));
    }
    let sent: u64 = tablets.iter().map(|(_, enrolled)| enrolled.server.body_bytes().0).sum();
    let pulled = fresh.server.body_bytes().1 - fresh.received_before;
    let peak_rss_mb = process.peak_rss_mb();
    process.kill_and_start_again()?;
    fresh.server = crate::transport::Server::new(&process.address)?;
    let after = check(&pull(&fresh, &scopes)?)?;

    let per_session = |bytes: u64| bytes / u64::try_from(sessions).unwrap_or(1);
    let (push_bytes, pull_bytes) = (per_session(sent), per_session(pulled));
    let ratio = limit_seconds / seconds;
    // each push and each page of the pull, and each once more for a new nonce
    let proofs = 2 * (TABLETS + received.requests);
    let proof_share = proof::seconds()? * f64::from(u32::try_from(proofs).unwrap_or(u32::MAX)) / seconds;
    let missing = sessions.saturating_sub(after.len());
    Ok(json!({
        "benchmark": "sync_day",
        "store": store_name(args.store),
        "tablets": TABLETS,
        "sessions": sessions,
        "changes": sessions * CHANGES,
        "seconds": round(seconds),
        "limit_seconds": round(limit_seconds),
        "ratio": round(ratio),
        "push_seconds": round(push_seconds),
        "pull_seconds": round(seconds - push_seconds),
        "pull_requests": received.requests,
        "push_bytes_per_session": push_bytes,
        "pull_bytes_per_session": pull_bytes,
        "proof_share": round(proof_share),
        "documents_missing_after_kill": missing,
        "peak_rss_mb": peak_rss_mb,
        "target": target,
        "target_push_bytes_per_session": PUSH_BYTES,
        "target_pull_bytes_per_session": PULL_BYTES,
        "target_proof_share": PROOF_SHARE,
        "met": ratio >= target && proof_share <= PROOF_SHARE && push_bytes <= PUSH_BYTES && pull_bytes <= PULL_BYTES && missing == 0,
    }))
}
