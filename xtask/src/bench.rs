//! Measuring and simulating: release builds of programs that live with the parts they measure.
//!
//! Standard output carries one JSON line for each benchmark and database, and with `--markdown` a table of them;
//! everything else goes to standard error.

use crate::failure::{Failure, Result};
use crate::house::House;
use crate::{peers, process, tap};
use serde_json::Value;
use std::process::{Command, Stdio};

/// Each benchmark and the databases it runs on.
const BENCHMARKS: [&str; 6] = ["sync_day", "cold_start", "idle_sync", "storm", "dashboard", "hot_scope"];
const STORES: [&str; 2] = ["sqlite", "postgres"];

/// What to measure.
pub struct Wanted<'a> {
    /// A benchmark, `peers`, or `None` for every benchmark.
    pub name: Option<&'a str>,
    /// One database, or both.
    pub store: Option<&'a str>,
    /// Whether to print a table, too.
    pub markdown: bool,
    /// Further options of the benchmark.
    pub rest: &'a [String],
}

/// Runs what is wanted.
pub fn run(house: &House, wanted: &Wanted<'_>) -> Result<()> {
    let names: Vec<&str> = match wanted.name {
        None => BENCHMARKS.into_iter().chain(["tap"]).collect(),
        Some(name @ ("peers" | "tap")) => vec![name],
        Some(name) if BENCHMARKS.contains(&name) => vec![name],
        Some(name) => {
            return Err(Failure::new(format!("no benchmark {name}; there are: {} tap peers", BENCHMARKS.join(" "))));
        }
    };
    let stores: Vec<&str> = STORES.into_iter().filter(|store| wanted.store.is_none_or(|one| one == *store)).collect();
    if stores.is_empty() {
        return Err(Failure::new(format!("--store is one of: {}", STORES.join(" "))));
    }
    build(house)?;
    let mut lines = Vec::new();
    let mut failures = Vec::new();
    for name in names {
        if name == "peers" {
            lines.extend(peers::run(house)?);
            continue;
        }
        if name == "tap" {
            lines.push(tap::run(house)?);
            continue;
        }
        for store in &stores {
            eprintln!("{name} on {store}");
            match measure(house, name, store, wanted.rest) {
                Ok(line) => {
                    println!("{line}");
                    lines.push(line);
                }
                Err(failure) => {
                    eprintln!("{name} on {store}: {failure}");
                    failures.push(format!("{name} on {store}"));
                }
            }
        }
    }
    if wanted.markdown {
        print!("{}", table(&lines));
    }
    if failures.is_empty() {
        Ok(())
    } else {
        Err(Failure::new(format!("could not be measured: {}", failures.join(", "))))
    }
}

fn build(house: &House) -> Result<()> {
    eprintln!("building the release profile");
    let packages = ["--package", "tsudoi-server", "--package", "tsudoi"];
    process::run(house.cargo(&["build", "--locked", "--release"]).args(packages))
}

/// Runs one benchmark; its line.
pub fn measure(house: &House, name: &str, store: &str, rest: &[String]) -> Result<Value> {
    let binary = |name: &str| house.target.join("release").join(name);
    let output = Command::new(binary("tsudoi"))
        .args(["bench", name, "--store", store, "--server-binary"])
        .arg(binary("tsudoi-server"))
        .args(rest)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    let line = said.lines().rev().find(|line| line.starts_with('{'));
    match (output.status.success(), line) {
        (true, Some(line)) => Ok(serde_json::from_str(line)?),
        (true, None) => Err(Failure::new(format!("the benchmark printed no JSON line:\n{said}"))),
        (false, _) => Err(Failure::new(format!("the benchmark ended with {}:\n{said}", output.status))),
    }
}

/// A Markdown table of lines: what was measured, its figures, its target, and whether that was met.
fn table(lines: &[Value]) -> String {
    let mut text = String::from("| benchmark | store | figures | target | met |\n| --- | --- | --- | --- | --- |\n");
    for line in lines {
        let named = ["benchmark", "store", "met"];
        let all = line.as_object().into_iter().flatten();
        let (targets, figures): (Vec<_>, Vec<_>) =
            all.filter(|(key, _)| !named.contains(&key.as_str())).partition(|(key, _)| key.starts_with("target"));
        let word = |key: &str| line[key].as_str().unwrap_or_default();
        let figures: Vec<String> = figures.into_iter().map(|(key, value)| format!("{key} {}", short(value))).collect();
        let targets: Vec<String> = targets
            .into_iter()
            .map(|(key, value)| match key.strip_prefix("target_") {
                Some(what) => format!("{what} {}", short(value)),
                None => short(value),
            })
            .collect();
        let met = if line["met"] == true { "yes" } else { "no" };
        let row = [word("benchmark"), word("store"), &figures.join(", "), &targets.join(", "), met];
        text.push_str(&format!("| {} |\n", row.join(" | ")));
    }
    text
}

fn short(value: &Value) -> String {
    match value {
        Value::Object(parts) => {
            let parts: Vec<String> = parts.iter().map(|(key, value)| format!("{key} {}", short(value))).collect();
            parts.join(", ")
        }
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Runs the seeded simulations from seed `first`: `count` seeds of the core alone, and a twentieth of that around the
/// real server, whose worlds take about twenty times as long.
pub fn simulate(house: &House, first: u64, count: u64) -> Result<()> {
    let workspace = ["test", "--locked", "--workspace", "--exclude", "xtask"];
    let seeds = |tests: &[&str]| {
        let mut run = house.cargo(&workspace);
        run.args(tests).env("TSUDOI_SEED", first.to_string());
        run.env("TSUDOI_SEEDS", count.to_string()).env("TSUDOI_WORLDS", count.div_ceil(20).to_string());
        run
    };
    process::run(&mut seeds(&["--test", "simulation"]))?;
    process::run(&mut seeds(&["--test", "server", "seeded_worlds"]))
}

#[cfg(test)]
mod tests {
    use super::table;
    use serde_json::json;

    #[test]
    fn a_line_becomes_a_row_with_its_figures_and_targets() {
        let line =
            json!({ "benchmark": "x", "store": "sqlite", "seconds": 1.5, "target": { "seconds": 2 }, "met": true });
        let text = table(&[line]);
        assert_eq!(text.lines().last(), Some("| x | sqlite | seconds 1.5 | seconds 2 | yes |"));
    }
}
