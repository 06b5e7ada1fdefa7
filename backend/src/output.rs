//! What the command line prints: one way to standard output and one to standard error.
//!
//! A reader that went away (`tsudoi-server user list | head`) ends nothing and is no fault: what was asked for is done to
//! its end, and the rest of its words goes nowhere. Every other failure to write is an error.

use std::io::{ErrorKind, Result, Stdout, Write};

/// Standard output.
#[derive(Debug)]
pub struct Output(Stdout);

/// Standard output, as every verb prints to it.
pub fn out() -> Output {
    Output(std::io::stdout())
}

/// A line for whoever typed the command. There is nobody to tell when it cannot be written.
pub fn complain(text: impl std::fmt::Display) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        match self.0.write(bytes) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(bytes.len()),
            other => other,
        }
    }

    fn flush(&mut self) -> Result<()> {
        match self.0.flush() {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            other => other,
        }
    }
}
