//! Measuring and simulating: release builds of programs that live with the parts they measure.

use crate::failure::{Failure, Result};
use crate::house::House;
use crate::process;
use std::process::{Command, Stdio};

/// Runs one benchmark and prints its one JSON line on standard output; everything else goes to standard error.
pub fn run(house: &House, name: &str, rest: &[String]) -> Result<()> {
    if name != "sync_day" {
        return Err(Failure::new(format!("no benchmark {name}; there is: sync_day")));
    }
    eprintln!("building the release profile");
    process::run(&mut house.cargo(&[
        "build",
        "--locked",
        "--release",
        "--package",
        "tsudoi-server",
        "--package",
        "tsudoi",
    ]))?;
    let binary = |name: &str| house.target.join("release").join(name);
    let output = Command::new(binary("tsudoi"))
        .arg("bench-sync-day")
        .arg("--server-binary")
        .arg(binary("tsudoi-server"))
        .args(rest)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    let line = said.lines().rev().find(|line| line.starts_with('{'));
    match (output.status.success(), line) {
        (true, Some(line)) => {
            serde_json::from_str::<serde_json::Value>(line)?;
            println!("{line}");
            Ok(())
        }
        (true, None) => Err(Failure::new(format!("the benchmark printed no JSON line:\n{said}"))),
        (false, _) => Err(Failure::new(format!("the benchmark ended with {}:\n{said}", output.status))),
    }
}

/// Runs the seeded simulation of the core from seed `first`, `count` seeds.
pub fn simulate(house: &House, first: u64, count: u64) -> Result<()> {
    process::run(
        house
            .cargo(&["test", "--locked", "--package", "sync-core", "--test", "simulation", "--", "--nocapture"])
            .env("TSUDOI_SEED", first.to_string())
            .env("TSUDOI_SEEDS", count.to_string()),
    )
}
