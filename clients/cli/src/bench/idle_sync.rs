//! Tablets ask whether there is anything new, and there is not. The limit on how often one tablet may ask is switched off.

use std::collections::BTreeSet;
use std::time::Instant;

use serde_json::{Value, json};
use sync_core::ids::ScopeId;
use sync_core::wire::SyncResponse;

use super::day::Tablet;
use super::process::ServerProcess;
use super::raw::{Wire, sync_request};
use super::{Enrolled, asking, failed, pull, round, runtime, store_name};
use crate::args::Bench;
use crate::error::CliError;

const TABLETS: usize = 32;
const EXCHANGES: usize = 1_000;
const PLACE: &str = "112119";
const PER_SECOND: f64 = 5_000.0;
const BYTES: u64 = 1_024;

pub(super) fn run(args: &Bench) -> Result<Value, CliError> {
    let process = ServerProcess::start(args, &[("TSUDOI_DEVICE_EXCHANGES_PER_MINUTE", "0")])?;
    let scope = ScopeId::municipality(PLACE).map_err(failed)?;
    let asked = [scope.to_string()];
    let scopes = BTreeSet::from([scope]);
    let recorder = Enrolled::new(&process, &asked)?;
    recorder.push(&Tablet::make(recorder.device, PLACE, 50, 5, 0)?)?;
    let tablets: Vec<_> = (0..TABLETS).map(|_| Enrolled::new(&process, &asked)).collect::<Result<_, _>>()?;
    let received = pull(&recorder, &scopes)?;
    let body = asking(received.cursors, received.registry_version).encode();
    let requests: Vec<_> =
        tablets.iter().map(|enrolled| sync_request(&process.address, &enrolled.key, &body)).collect();
    let (seconds, server_ms, bytes) = runtime()?.block_on(async {
        let mut wires = Vec::new();
        for request in requests {
            let mut wire = Wire::connect(&process.address).await.map_err(failed)?;
            // the first exchange notes that the tablet was here
            let answer = wire.exchange(&request).await.map_err(failed)?;
            let response = SyncResponse::decode(&answer.body).map_err(failed)?;
            if answer.status != 200 || !response.documents.is_empty() || response.registry.is_some() {
                return Err(failed("there was something new"));
            }
            (wire.sent, wire.received) = (0, 0);
            wires.push((wire, request));
        }
        let (start, worked) = (Instant::now(), process.cpu_ms());
        let tasks: Vec<_> = wires
            .into_iter()
            .map(|(mut wire, request)| {
                tokio::spawn(async move {
                    for _ in 0..EXCHANGES {
                        let answer = wire.exchange(&request).await.map_err(failed)?;
                        if answer.status != 200 {
                            return Err(failed(format!("status {}", answer.status)));
                        }
                    }
                    Ok(wire.sent + wire.received)
                })
            })
            .collect();
        let mut bytes = 0;
        for task in tasks {
            bytes += task.await.map_err(failed)??;
        }
        Ok((start.elapsed().as_secs_f64(), process.cpu_ms() - worked, bytes))
    })?;
    let count = TABLETS * EXCHANGES;
    let exchanges = f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    let per_second = exchanges / seconds;
    let bytes = bytes / u64::try_from(count).unwrap_or(1);
    Ok(json!({
        "benchmark": "idle_sync",
        "store": store_name(args.store),
        "tablets": TABLETS,
        "exchanges": count,
        "exchanges_per_second": round(per_second),
        "server_cpu_us_per_exchange": round(server_ms * 1000.0 / exchanges),
        "bytes_both_ways_with_headers": bytes,
        "target": { "exchanges_per_second": PER_SECOND, "bytes_both_ways_with_headers": BYTES },
        "met": per_second >= PER_SECOND && bytes <= BYTES,
    }))
}
