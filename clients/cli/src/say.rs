//! What the command line prints: one way to standard output and one to standard error.
//!
//! A reader that went away (`tsudoi show | head`) ends nothing and is no fault: what was asked for is done to its end, and
//! the rest of its words goes nowhere. Every other failure to write is an error.

use std::fmt::Display;
use std::io::{ErrorKind, Result, Write};

use crate::error::CliError;

/// A line on standard output.
pub fn say(text: impl Display) -> std::result::Result<(), CliError> {
    let mut out = std::io::stdout().lock();
    unless_gone(writeln!(out, "{text}").and_then(|()| out.flush())).map_err(CliError::Output)
}

/// A line for whoever typed the command. There is nobody to tell when it cannot be written.
pub fn complain(text: impl Display) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

fn unless_gone(outcome: Result<()>) -> Result<()> {
    match outcome {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}
