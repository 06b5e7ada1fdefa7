//! Sixteen tablets of one municipality push one change after the other, each durable before the next.

use std::collections::BTreeSet;
use std::time::Instant;

use serde_json::{Value, json};
use sync_core::document::Kind;
use sync_core::ids::ScopeId;
use sync_core::time::Timestamp;
use sync_core::wire::{DocumentPush, SyncResponse};

use super::day::Tablet;
use super::process::ServerProcess;
use super::raw::{Wire, sync_request};
use super::{
    Enrolled, asking, check, failed, lost_or_doubled, pull, registry_version, round, runtime, settled, store_name,
};
use crate::args::{Bench, BenchStore};
use crate::error::CliError;

const PUSHERS: usize = 16;
const SESSIONS: usize = 10;
const CHANGES: usize = 12;
const PLACE: &str = "112119";
const PER_SECOND: f64 = 300.0;

pub(super) fn run(args: &Bench) -> Result<Value, CliError> {
    let process = ServerProcess::start(args, &[("TSUDOI_DEVICE_EXCHANGES_PER_MINUTE", "0")])?;
    let scope = ScopeId::municipality(PLACE).map_err(failed)?;
    let asked = [scope.to_string()];
    let registry_version = registry_version(&Enrolled::new(&process, &asked)?)?;
    let mut pushers = Vec::new();
    for _ in 0..PUSHERS {
        let enrolled = Enrolled::new(&process, &asked)?;
        let tablet = Tablet::make(enrolled.device, PLACE, SESSIONS, CHANGES, registry_version)?;
        let mut requests = Vec::new();
        for ((id, changes), heads) in tablet.documents.iter().zip(&tablet.heads) {
            for change in changes {
                let mut request = asking(Vec::new(), registry_version);
                request.clock = Timestamp(1);
                request.pushes =
                    vec![DocumentPush::new(*id, Kind::Session, heads.clone(), vec![change.clone().into()])];
                requests.push(sync_request(&process.address, &enrolled.token, &request.encode()));
            }
        }
        pushers.push((tablet, requests));
    }
    let pushes: usize = pushers.iter().map(|(_, requests)| requests.len()).sum();
    let seconds = runtime()?.block_on(async {
        let mut wires = Vec::new();
        for (_, requests) in &mut pushers {
            wires.push((Wire::connect(&process.address).await.map_err(failed)?, std::mem::take(requests)));
        }
        let start = Instant::now();
        let tasks: Vec<_> = wires
            .into_iter()
            .map(|(mut wire, requests)| {
                tokio::spawn(async move {
                    for request in requests {
                        let answer = wire.exchange(&request).await.map_err(failed)?;
                        let response = SyncResponse::decode(&answer.body).map_err(failed)?;
                        if settled(&response) != 1 {
                            return Err(failed(format!("a push was answered {:?}", response.receipts)));
                        }
                    }
                    Ok(())
                })
            })
            .collect();
        for task in tasks {
            task.await.map_err(failed)??;
        }
        Ok::<_, CliError>(start.elapsed().as_secs_f64())
    })?;
    let reader = Enrolled::new(&process, &asked)?;
    let heads = check(&pull(&reader, &BTreeSet::from([scope]))?)?;
    let wrong = lost_or_doubled(&heads, pushers.iter().map(|(tablet, _)| tablet));
    let per_second = f64::from(u32::try_from(pushes).unwrap_or(u32::MAX)) / seconds;
    // the figure is PostgreSQL's; SQLite has one writer, and its line stands for comparison
    let target = matches!(args.store, BenchStore::Postgres).then_some(PER_SECOND);
    Ok(json!({
        "benchmark": "hot_scope",
        "store": store_name(args.store),
        "pushers": PUSHERS,
        "pushes": pushes,
        "seconds": round(seconds),
        "pushes_per_second": round(per_second),
        "documents_lost_or_doubled": wrong,
        "target": { "pushes_per_second": target, "documents_lost_or_doubled": 0 },
        "met": wrong == 0 && target.is_none_or(|target| per_second >= target),
    }))
}
