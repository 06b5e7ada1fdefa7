//! Structured logs on standard error: one line per event, as text or as JSON.
//!
//! Field names: `request_id`, `method`, `path`, `status`, `elapsed_ms`, `tenant`, `device`, `document`, `code`.
//! Never logged, and never a field of a span: tokens, sign-in codes but the first administrator's, names of people, texts and values of records.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use crate::config::{Config, LogFormat};

/// Sets up logging for the process. A second call changes nothing.
pub fn start(config: &Config) {
    let filter = EnvFilter::try_new(&config.log).unwrap_or_else(|_| EnvFilter::new("info"));
    let colours = std::io::stderr().is_terminal();
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colours);
    let outcome = match config.log_format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
    if outcome.is_err() {
        tracing::debug!("logging is set up already");
    }
}
