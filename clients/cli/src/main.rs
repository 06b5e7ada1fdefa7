//! Reads what was typed, runs it, and turns the outcome into an exit code: 0 done, 1 not done, 2 not understood,
//! 3 done here but not yet on the server.

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    match tsudoi::commands::run(tsudoi::args::Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tsudoi::say::complain(&error);
            ExitCode::from(error.exit_code())
        }
    }
}
