//! A new tablet comes to a municipality with 5,000 sessions: how much it asks, how many bytes, how much of the server.

use serde_json::{Value, json};
use std::collections::BTreeSet;
use sync_core::ids::ScopeId;

use super::day::Tablet;
use super::process::ServerProcess;
use super::{Enrolled, check, failed, pull_by, round, store_name};
use crate::args::Bench;
use crate::error::CliError;

const TABLETS: usize = 20;
const SESSIONS: usize = 250;
const CHANGES: usize = 24;
const PLACE: &str = "112119";
const BYTES: u64 = 1_000_000;
const FIRST_BYTES: u64 = 100_000;
const REQUESTS: usize = 8;
const CPU_MS: f64 = 200.0;
const CACHED_CPU_MS: f64 = 20.0;
/// Further new tablets; the figure is the median.
const FURTHER: usize = 5;

pub(super) fn run(args: &Bench) -> Result<Value, CliError> {
    let process = ServerProcess::start(args, &[])?;
    let scope = ScopeId::municipality(PLACE).map_err(failed)?;
    let asked = [scope.to_string()];
    let scopes = BTreeSet::from([scope]);
    for _ in 0..TABLETS {
        let enrolled = Enrolled::new(&process, &asked)?;
        enrolled.push(&Tablet::make(enrolled.device, PLACE, SESSIONS, CHANGES, 0)?)?;
    }
    // a tablet more is a line more in the registry, and that another answer
    let tablets: Vec<_> = (0..=FURTHER).map(|_| Enrolled::new(&process, &asked)).collect::<Result<_, _>>()?;
    let mut cpu = Vec::new();
    let (mut bytes, mut first_bytes, mut requests) = (0, 0, 0);
    for (index, fresh) in tablets.iter().enumerate() {
        let before = process.cpu_ms();
        // a good line: what a tablet asks for is doubled with each answer
        let received = pull_by(fresh, &scopes, |before| (32 << 10) << before.min(5))?;
        cpu.push(process.cpu_ms() - before);
        if index == 0 {
            bytes = fresh.server.body_bytes().1 - fresh.received_before;
            (requests, first_bytes) = (received.requests, received.first_bytes);
            if check(&received)?.len() != TABLETS * SESSIONS {
                return Err(failed("not all sessions were received"));
            }
        }
    }
    let first = cpu.remove(0);
    cpu.sort_by(f64::total_cmp);
    let cached = cpu[FURTHER / 2];
    Ok(json!({
        "benchmark": "cold_start",
        "store": store_name(args.store),
        "sessions": TABLETS * SESSIONS,
        "changes": TABLETS * SESSIONS * CHANGES,
        "requests": requests,
        "answer_bytes": bytes,
        "first_usable_bytes": first_bytes,
        "server_cpu_ms": round(first),
        "server_cpu_cached_ms": round(cached),
        "target": { "requests": REQUESTS, "answer_bytes": BYTES, "first_usable_bytes": FIRST_BYTES, "server_cpu_ms": CPU_MS, "server_cpu_cached_ms": CACHED_CPU_MS },
        "met": requests <= REQUESTS && bytes <= BYTES && first_bytes <= FIRST_BYTES && first <= CPU_MS && cached <= CACHED_CPU_MS,
    }))
}
