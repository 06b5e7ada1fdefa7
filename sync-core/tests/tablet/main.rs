//! One tablet seen from its host. Each test names the rule of SPEC.md it shows.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[cfg(test)]
mod breadth;
#[cfg(test)]
mod copies;
#[cfg(test)]
mod drafts;
#[cfg(test)]
mod host;
#[cfg(test)]
mod lines;
#[cfg(test)]
mod mending;
#[cfg(test)]
mod names;
#[cfg(test)]
mod recording;
#[cfg(test)]
mod syncing;
