//! The end of an afternoon: 5,000 tablets with five sessions each reconnect at once, through a network that cuts, delays
//! and resets. Each tablet goes on until the server has acknowledged all it has, and waits as it is told to.
//!
//! What the tablets send is made before; an oracle outside the server knows what must have become of it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sync_core::ids::ScopeId;
use sync_core::wire::SyncResponse;
use tokio::time::{sleep, timeout};

use super::chance::Chance;
use super::day::Tablet;
use super::process::ServerProcess;
use super::raw::{Prepared, Wire, sync_request};
use super::{
    Enrolled, check, enrol, failed, faults, lost_or_doubled, pull, registry_version, round, runtime, settled,
    store_name,
};
use crate::api;
use crate::args::Bench;
use crate::error::CliError;
use crate::transport::Server;

const SESSIONS: usize = 5;
const CHANGES: usize = 8;
const MEMORY_MB: f64 = 512.0;
/// How long a tablet waits for an answer before it tries again.
const ANSWER: Duration = Duration::from_secs(30);
/// The longest wait of a tablet's own choice.
const LONGEST_WAIT_MS: u64 = 10_000;
/// A tablet that has not got through by then counts as not drained.
const DEADLINE: Duration = Duration::from_secs(600);

struct Stormer {
    tablet: Tablet,
    request: Prepared,
}

pub(super) fn run(args: &Bench) -> Result<Value, CliError> {
    let process = ServerProcess::start(args, &[])?;
    let registrar = Enrolled::new(&process, &[])?;
    let registry = api::registry(&registrar.server, &registrar.key)?;
    let registry_version = registry_version(&registrar)?;
    let server = Server::new(&process.address)?;
    let mut stormers = Vec::with_capacity(args.tablets);
    let mut scopes = BTreeSet::new();
    for index in 0..args.tablets {
        let place = &registry.municipalities[index % registry.municipalities.len().max(1)].code;
        let scope = ScopeId::municipality(place).map_err(failed)?;
        let (device, key) = enrol(&server, &process.code, &[scope.to_string()])?;
        let mut tablet = Tablet::make(device, place, SESSIONS, CHANGES, registry_version)?;
        let request = sync_request(&process.address, &key, &tablet.body);
        tablet.body = Vec::new();
        tablet.documents.iter_mut().for_each(|(_, changes)| changes.clear());
        stormers.push(Stormer { tablet, request });
        scopes.insert(scope);
    }
    let stormers = Arc::new(stormers);
    let (seconds, drained, tries, counts) = runtime()?.block_on(async {
        let (address, counts) = faults::start(&process.address, 1).await.map_err(failed)?;
        let address = Arc::new(address);
        let start = Instant::now();
        let tasks: Vec<_> = (0..stormers.len())
            .map(|index| {
                let (address, stormers) = (address.clone(), stormers.clone());
                tokio::spawn(async move { drain(&address, &stormers[index], index as u64).await })
            })
            .collect();
        let (mut drained, mut tries) = (0_u64, 0_u64);
        for task in tasks {
            let (done, tried) = task.await.map_err(failed)?;
            drained += u64::from(done);
            tries += tried;
        }
        Ok::<_, CliError>((start.elapsed().as_secs_f64(), drained, tries, counts))
    })?;
    let peak_rss_mb = process.peak_rss_mb();
    let asked: Vec<String> = scopes.iter().map(ToString::to_string).collect();
    let reader = Enrolled::new(&process, &asked)?;
    let heads = check(&pull(&reader, &scopes)?)?;
    let wrong = lost_or_doubled(&heads, stormers.iter().map(|one| &one.tablet));
    let all = u64::try_from(stormers.len()).unwrap_or(u64::MAX);
    Ok(json!({
        "benchmark": "storm",
        "store": store_name(args.store),
        "tablets": stormers.len(),
        "sessions": stormers.len() * SESSIONS,
        "changes": stormers.len() * SESSIONS * CHANGES,
        "seconds": round(seconds),
        "connections": counts.connections.load(Ordering::Relaxed),
        "faults": counts.faults.load(Ordering::Relaxed),
        "tries": tries,
        "tablets_drained": drained,
        "documents_lost_or_doubled": wrong,
        "peak_rss_mb": peak_rss_mb,
        "target": { "tablets_drained": all, "documents_lost_or_doubled": 0, "peak_rss_mb": MEMORY_MB },
        "met": drained == all && wrong == 0 && peak_rss_mb <= MEMORY_MB,
    }))
}

/// Sends until everything is acknowledged: whether it was, and after how many tries.
async fn drain(address: &str, stormer: &Stormer, seed: u64) -> (bool, u64) {
    let mut chance = Chance::new(seed);
    let end = Instant::now() + DEADLINE;
    let mut wait_ms = 500;
    for tries in 1.. {
        let told = match timeout(ANSWER, one_try(address, stormer)).await {
            Ok(Ok(None)) => return (true, tries),
            Ok(Ok(Some(seconds))) => Some(seconds * 1_000),
            Ok(Err(_)) | Err(_) => None,
        };
        let pause = told.unwrap_or(wait_ms / 2) + chance.below(wait_ms);
        wait_ms = (wait_ms * 2).min(LONGEST_WAIT_MS);
        if Instant::now() > end {
            return (false, tries);
        }
        sleep(Duration::from_millis(pause)).await;
    }
    (false, 0)
}

/// `None` when all is acknowledged, else the seconds the server asks to wait.
async fn one_try(address: &str, stormer: &Stormer) -> Result<Option<u64>, std::io::Error> {
    let mut wire = Wire::connect(address).await?;
    let answer = wire.exchange(&stormer.request).await?;
    if answer.status != 200 {
        return Ok(Some(answer.retry_after_seconds.unwrap_or(1)));
    }
    let response = SyncResponse::decode(&answer.body).map_err(std::io::Error::other)?;
    Ok(if settled(&response) == stormer.tablet.changes { None } else { Some(1) })
}
