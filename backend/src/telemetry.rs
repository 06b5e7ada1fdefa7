//! Structured logs on standard error: one line per event, as text or as JSON.
//!
//! Field names: `request_id`, `method`, `path`, `status`, `elapsed_ms`, `tenant`, `device`, `document`, `code`.
//! Never logged, and never a field of a span: tokens, sign-in codes but the first administrator's, names of people, texts and values of records.

use std::io::IsTerminal;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;

use crate::config::{Config, LogFormat};

/// The target of what is told whatever is logged: without the first administrator's link nobody could ever sign in.
pub const ALWAYS: &str = "tsudoi_server::always";

/// Sets up logging for the process. A second call changes nothing.
pub fn start(config: &Config) {
    let (filter, fault) = filter(&config.log);
    let colours = std::io::stderr().is_terminal();
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colours);
    // a standard error that nobody reads any more would end the task that wants to say something
    let builder = builder.log_internal_errors(false);
    let outcome = match config.log_format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
    if outcome.is_err() {
        tracing::debug!("logging is set up already");
    }
    if let Some(fault) = fault {
        tracing::warn!(log = config.log, "the setting `log` is not used, and info is logged: {fault}");
    }
}

/// The filter of the setting, or info and what is wrong with the setting. Where it names no level for everything, that is
/// info: a filter for one part leaves the others as they are.
fn filter(text: &str) -> (EnvFilter, Option<String>) {
    let parts: Vec<&str> = text.split(',').map(str::trim).filter(|part| !part.is_empty()).collect();
    let for_everything = |part: &&str| part.parse::<LevelFilter>().is_ok();
    // a single word that is no level would be taken as the name of a part, and silence all others
    let strange = parts.iter().find(|part| !for_everything(part) && !part.contains('='));
    let base = if parts.iter().any(for_everything) { "" } else { "info," };
    let whole = format!("{base}{},{ALWAYS}=warn", parts.join(","));
    let made = match strange {
        Some(part) => Err(format!("{part} is neither off, error, warn, info, debug, trace nor PART=LEVEL")),
        None => EnvFilter::try_new(whole).map_err(|error| error.to_string()),
    };
    match made {
        Ok(filter) => (filter, None),
        Err(fault) => (EnvFilter::new(format!("info,{ALWAYS}=warn")), Some(fault)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_that_cannot_be_used_is_told_and_silences_nothing() {
        for (text, level, used) in [
            ("warn", LevelFilter::WARN, true),
            ("", LevelFilter::INFO, true),
            ("off", LevelFilter::WARN, true),
            ("tsudoi_server=debug", LevelFilter::DEBUG, true),
            ("error,sqlx=info", LevelFilter::INFO, true),
            ("verbose", LevelFilter::INFO, false),
            ("tsudoi_server=loud", LevelFilter::INFO, false),
            ("tsudoi_server", LevelFilter::INFO, false),
            ("=,[", LevelFilter::INFO, false),
        ] {
            let (filter, fault) = filter(text);
            assert_eq!((filter.max_level_hint(), fault.is_none()), (Some(level), used), "{text}");
            let shown = filter.to_string();
            assert!(shown.contains(&format!("{ALWAYS}=warn")), "{text}: {shown}");
            assert!(
                text == "off" || text == "warn" || text.starts_with("error") || shown.contains("info"),
                "{text}: {shown}"
            );
        }
    }
}
