//! The server of Tsudoi.
//!
//! Layers, each importing only the one below: `http` (axum, problem details, cookies) → `service` (use cases, access
//! rules, the gate on its own threads) → `store` (units of work over a database) and `sync-core` (documents and rules).
//! The environment is read in `config` alone, sqlx is named in the dialect folders under `store` alone.
//!
//! Deliberately absent: state besides the store. Everything kept in memory is a bounded cache that may be empty.

#![deny(clippy::print_stdout, clippy::print_stderr)]

mod addresses;
mod administration;
mod codes;
pub mod commands;
pub mod config;
pub mod http;
mod operations;
mod output;
mod retention;
pub mod service;
pub mod store;
pub mod telemetry;
