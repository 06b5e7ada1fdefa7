//! Seeded simulation: one server, up to five tablets, a network that loses, doubles, reorders and cuts, disks that
//! fail, browsers and servers that die between any two operations, a server restored from a backup, damaged rows on
//! either side, evicted stores, revoked tablets, records that move between scopes, are held, decided on or destroyed.
//!
//! Shows invariants 1, 2, 3, 4 and 7 (SPEC INV-1 to INV-4, INV-7). A failing seed prints the line that replays it.
//! `TSUDOI_SEEDS` sets how many seeds run (2,000 without it), `TSUDOI_SEED` the first of them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod device;
mod server;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};

use world::World;

/// Runs this part of the seeds; the parts run side by side.
#[allow(clippy::disallowed_methods, reason = "the seeds to run come from whoever runs the test")]
fn run_part(part: u64) {
    let number =
        |name: &str, default: u64| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default);
    let (first, count) = (number("TSUDOI_SEED", 0), number("TSUDOI_SEEDS", 2_000));
    for seed in (first..first + count).filter(|seed| seed % 4 == part) {
        if let Err(cause) = catch_unwind(AssertUnwindSafe(|| World::new(seed).run())) {
            eprintln!("replay: TSUDOI_SEED={seed} TSUDOI_SEEDS=1 cargo test -p sync-core --test simulation");
            std::panic::resume_unwind(cause);
        }
    }
}

#[test]
fn inv_1_2_3_4_7_hold_for_every_seed_first_quarter() {
    run_part(0);
}

#[test]
fn inv_1_2_3_4_7_hold_for_every_seed_second_quarter() {
    run_part(1);
}

#[test]
fn inv_1_2_3_4_7_hold_for_every_seed_third_quarter() {
    run_part(2);
}

#[test]
fn inv_1_2_3_4_7_hold_for_every_seed_last_quarter() {
    run_part(3);
}
