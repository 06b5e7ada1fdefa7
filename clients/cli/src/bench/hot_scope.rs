//! Sixteen tablets of one municipality push one change after the other, each durable before the next, and take in what
//! the others pushed meanwhile.

use std::collections::BTreeSet;
use std::time::Instant;

use serde_json::{Value, json};
use sync_core::document::Kind;
use sync_core::ids::ScopeId;
use sync_core::wire::{DocumentPush, ScopeCursor, SyncResponse};

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
    let enrolled: Vec<_> = (0..PUSHERS).map(|_| Enrolled::new(&process, &asked)).collect::<Result<_, _>>()?;
    let registry_version = registry_version(&enrolled[0])?;
    let mut pushers = Vec::new();
    for one in enrolled {
        let tablet = Tablet::make(one.device, PLACE, SESSIONS, CHANGES, registry_version)?;
        let mut pushes = Vec::new();
        for ((id, changes), heads) in tablet.documents.iter().zip(&tablet.heads) {
            let push =
                |change: &Vec<u8>| DocumentPush::new(*id, Kind::Session, heads.clone(), vec![change.clone().into()]);
            pushes.extend(changes.iter().map(push));
        }
        pushers.push((tablet, one.key, pushes));
    }
    let pushes: usize = pushers.iter().map(|(.., pushes)| pushes.len()).sum();
    let seconds = runtime()?.block_on(async {
        let mut wires = Vec::new();
        for (_, token, pushes) in &mut pushers {
            let wire = Wire::connect(&process.address).await.map_err(failed)?;
            let start = ScopeCursor { scope: scope.clone(), epoch: None, seq: 0, below: None };
            wires.push((wire, process.address.clone(), token.clone(), start, std::mem::take(pushes)));
        }
        let start = Instant::now();
        let tasks: Vec<_> = wires
            .into_iter()
            .map(|(mut wire, address, token, mut cursor, pushes)| {
                tokio::spawn(async move {
                    for push in pushes {
                        let mut request = asking(vec![cursor.clone()], registry_version);
                        request.pushes = vec![push];
                        let request = sync_request(&address, &token, &request.encode());
                        let answer = wire.exchange(&request).await.map_err(failed)?;
                        let response = SyncResponse::decode(&answer.body).map_err(failed)?;
                        if let Some(page) = response.scopes.first() {
                            (cursor.epoch, cursor.seq, cursor.below) = (Some(page.epoch), page.next_seq, page.below);
                        }
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
    let wrong = lost_or_doubled(&heads, pushers.iter().map(|(tablet, ..)| tablet));
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
