//! The verbs of the command line.

use std::process::ExitCode;

/// Runs the verb the arguments name.
pub fn run() -> ExitCode {
    ExitCode::SUCCESS
}
