//! A tablet without a screen: the same deciding core as in the field app, on a disk and a network of its own.
//!
//! ```text
//! commands ─► host (runs sync_core::tablet) ─► disk (one durable transaction per persist)
//!                                           └► transport (POST /v1/sync)
//! load-case: case::form (parse) ─► case::mapping (wanted records) ─► load (three tablets record what is missing)
//! load-synthetic: synthetic (wanted records) ─► load
//! ```
//!
//! Invariants: what a command prints as recorded is durable; everything that reaches a server goes through the sync
//! path or the registry endpoints; credentials are never printed.
//! Deliberately absent: deciding what merges, what is sent and what counts. That is sync-core's.

#![deny(clippy::print_stdout, clippy::print_stderr)]

pub mod api;
pub mod args;
pub mod bench;
pub mod case;
pub mod commands;
pub mod disk;
pub mod error;
pub mod home;
pub mod host;
pub mod key;
pub mod load;
pub mod output;
pub mod say;
pub mod synthetic;
pub mod transport;
pub mod wanted;
