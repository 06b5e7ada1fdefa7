//! What scenarios stand on: the real server as a process that can be killed and started again on the same data, and
//! headless tablets on sync-core whose disk is in memory.
//!
//! Nothing here waits for a fixed time: the server says when it is ready, tablets move their own clock. A slow line is slow.
//! Deliberately absent: decisions of the parts under test. A failure here is a panic, because it fails a test.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failure of the harness fails the test")]

mod chance;
mod cluster;
mod narrow;
mod nginx;
mod office;
mod pgbouncer;
mod proxy;
mod server;
mod slow;
mod tablet;
mod wire;

pub use chance::Chance;
pub use cluster::Cluster;
pub use narrow::Narrow;
pub use nginx::Nginx;
pub use office::Office;
pub use pgbouncer::PgBouncer;
pub use proxy::{Cut, Proxy};
pub use server::{Server, SignIn};
pub use slow::Line;
pub use tablet::{Headless, band, count, material, set, step};
pub use wire::Wire;
