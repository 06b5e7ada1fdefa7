//! Scenarios across the parts: the real server as a process, several tablets, and what must never be lost.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod apart;
mod case;
mod clock;
mod copies;
mod crash;
mod cut;
mod hostile;
mod nginx;
mod restore;
mod tls;
