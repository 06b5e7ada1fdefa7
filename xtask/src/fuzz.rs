//! Fuzzing: libFuzzer around the doors of the core, built with coverage marks in a target folder of its own.
//!
//! The marks are flags that the stable compiler takes. Kept inputs stand in `sync-core/fuzz/corpus`; new ones go to
//! `target/fuzz/found` and come to the kept ones, minimised, with `--keep`.

use crate::failure::{Failure, Result};
use crate::house::House;
use crate::process;
use std::path::PathBuf;
use std::process::Command;

/// The doors, as in `sync-core/tests/corpus/targets.rs`.
pub const TARGETS: [&str; 5] = ["wire", "gate", "chain", "saved", "follow"];
const MARKS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1 --cfg fuzzing";
const SYSTEM: &str = "x86_64-unknown-linux-gnu";
/// Longest input: a change of the gate's limit and what stands before it.
const INPUT_BYTES: u32 = 17_000;
/// Memory at which an input counts as a crash, in MB.
const MEMORY_MB: u32 = 1_024;
/// Seconds after which an input counts as a hang.
const HANG_SECONDS: u32 = 10;

/// Fuzzes one door for so many seconds.
pub fn run(house: &House, target: &str, seconds: u64, keep: bool) -> Result<()> {
    if !TARGETS.contains(&target) {
        return Err(Failure::new(format!("no target {target}; there are: {}", TARGETS.join(" "))));
    }
    let binary = build(house)?;
    let kept = house.root.join("sync-core/fuzz/corpus").join(target);
    let found = house.target.join("fuzz/found").join(target);
    let crashes = house.target.join("fuzz/crashes").join(target);
    for folder in [&kept, &found, &crashes] {
        std::fs::create_dir_all(folder)?;
    }
    let fuzzer = || {
        let mut command = Command::new(&binary);
        command.env("TSUDOI_FUZZ_TARGET", target).arg(format!("-max_len={INPUT_BYTES}"));
        command.arg(format!("-artifact_prefix={}/", crashes.display()));
        command
    };
    process::run(
        fuzzer()
            .arg(format!("-max_total_time={seconds}"))
            .arg(format!("-timeout={HANG_SECONDS}"))
            .arg(format!("-rss_limit_mb={MEMORY_MB}"))
            .arg("-print_final_stats=1")
            .args([&found, &kept]),
    )
    .map_err(|failure| Failure::new(format!("{failure}\nthe input is in {}", crashes.display())))?;
    if keep {
        // those that reach code which no other reaches; how often each goes through a loop is left to the next run
        process::run(fuzzer().args(["-merge=1", "-use_counters=0"]).args([&kept, &found]))?;
    }
    Ok(())
}

fn build(house: &House) -> Result<PathBuf> {
    let folder = house.target.join("fuzz");
    let manifest = house.root.join("sync-core/fuzz/Cargo.toml");
    process::run(
        house
            .cargo(&["build", "--locked", "--release", "--target", SYSTEM])
            .arg("--manifest-path")
            .arg(manifest)
            .arg("--target-dir")
            .arg(&folder)
            .env("RUSTFLAGS", MARKS),
    )?;
    Ok(folder.join(SYSTEM).join("release/fuzz"))
}
