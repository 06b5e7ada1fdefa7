//! The same day's work on what one would use instead: PouchDB's server and automerge-repo's sync server, from npm, in a
//! folder of their own below `target`, and Tsudoi in the same run. Median of three; 20 devices, 100 documents each with
//! 20 changes, pushed and wholly pulled by a new reader; then SIGKILL, and what is missing after a new start.

use crate::failure::{Failure, Result};
use crate::house::House;
use crate::{bench, process, web};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

struct Peer {
    name: &'static str,
    script: &'static str,
    packages: &'static [&'static str],
    /// So many times as fast Tsudoi is to be.
    target: f64,
}

const PEERS: [Peer; 2] = [
    Peer {
        name: "pouchdb_server",
        script: "pouchdb.mjs",
        packages: &["pouchdb@9.0.0", "pouchdb-adapter-memory@9.0.0", "express-pouchdb@4.2.0", "express@4.22.1"],
        target: 2.0,
    },
    Peer {
        name: "automerge_repo_sync_server",
        script: "automerge-repo.mjs",
        packages: &["@automerge/automerge-repo-sync-server@0.2.8"],
        target: 40.0,
    },
];
const RUNS: usize = 3;

/// Measures each peer and Tsudoi in turn, prints a line for each, and returns the lines.
pub fn run(house: &House) -> Result<Vec<Value>> {
    let folders: Vec<PathBuf> = PEERS.iter().map(|peer| install(house, peer)).collect::<Result<_>>()?;
    let mut own = Vec::new();
    let mut measured = vec![Vec::new(); PEERS.len()];
    for run in 1..=RUNS {
        eprintln!("run {run} of {RUNS}");
        let line = bench::measure(house, "sync_day", "sqlite", &[])?;
        own.push((number(&line, "seconds")?, number(&line, "documents_missing_after_kill")?));
        for ((peer, folder), measured) in PEERS.iter().zip(&folders).zip(&mut measured) {
            measured.push(one(house, peer, folder)?);
        }
    }
    let (own_seconds, own_missing) = median(&mut own);
    let mut lines = vec![json!({
        "benchmark": "peers", "peer": "tsudoi", "store": "sqlite", "seconds": own_seconds,
        "documents_missing_after_kill": own_missing,
        "target": { "documents_missing_after_kill": 0 }, "met": own_missing == 0.0,
    })];
    for (peer, measured) in PEERS.iter().zip(&mut measured) {
        let (seconds, missing) = median(measured);
        let ratio = (seconds / own_seconds * 100.0).round() / 100.0;
        lines.push(json!({
            "benchmark": "peers", "peer": peer.name, "store": "its own", "seconds": seconds,
            "documents_missing_after_kill": missing, "ratio_to_tsudoi": ratio,
            "target": { "ratio_to_tsudoi": peer.target }, "met": ratio >= peer.target,
        }));
    }
    lines.iter().for_each(|line| println!("{line}"));
    Ok(lines)
}

/// Seconds in the middle, and the most that was ever missing.
fn median(runs: &mut [(f64, f64)]) -> (f64, f64) {
    runs.sort_by(|a, b| a.0.total_cmp(&b.0));
    let most = runs.iter().map(|run| run.1).fold(0.0, f64::max);
    ((runs[runs.len() / 2].0 * 1000.0).round() / 1000.0, most)
}

fn number(line: &Value, key: &str) -> Result<f64> {
    line[key].as_f64().ok_or_else(|| Failure::new(format!("no {key} in {line}")))
}

fn install(house: &House, peer: &Peer) -> Result<PathBuf> {
    let folder = house.target.join("peers").join(peer.name);
    std::fs::create_dir_all(&folder)?;
    if !folder.join("node_modules").is_dir() {
        eprintln!("installing {}", peer.packages.join(" "));
        std::fs::write(folder.join("package.json"), "{ \"private\": true }\n")?;
        let install = ["install", "--no-audit", "--no-fund", "--loglevel=error"];
        process::read(web::npm(&folder).args(install).args(peer.packages))?;
    }
    Ok(folder)
}

fn one(house: &House, peer: &Peer, folder: &Path) -> Result<(f64, f64)> {
    let data = folder.join("data");
    if data.exists() {
        std::fs::remove_dir_all(&data)?;
    }
    std::fs::create_dir_all(&data)?;
    let script = house.root.join("xtask/peers").join(peer.script);
    let said = process::read(Command::new("node").arg(script).arg(folder).arg(&data));
    std::fs::remove_dir_all(&data)?;
    let said = said?;
    let line = said.lines().rev().find(|line| line.starts_with('{')).unwrap_or_default();
    let line: Value = serde_json::from_str(line)?;
    Ok((number(&line, "seconds")?, number(&line, "missing")?))
}

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    fn the_middle_run_counts_and_the_worst_loss() {
        assert_eq!(median(&mut [(3.0, 0.0), (1.0, 7.0), (2.0, 1.0)]), (2.0, 7.0));
    }
}
