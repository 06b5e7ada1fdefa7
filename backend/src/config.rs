//! Everything that can be set: one struct, read from a TOML file and then from the environment, which wins.
//!
//! The variable of key `listen` is `TSUDOI_LISTEN`, and so on. An unknown key in the file is an error that names it.
//! `config.example.toml` is written from this list and compared with it by a test.
//! Deliberately absent: secrets. The server keeps only hashes, in its database; a secret it must know is named by its file.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sync_core::gate::Limits;

use crate::addresses::{self, AddressError};

/// How a log line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines, one object a line.
    Json,
}

/// The longest that a statement or a check may be waited for: a day.
const MOST_SECONDS: u64 = 86_400;

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file given cannot be read.
    #[error("cannot read the configuration {path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// An address is none, or not one that this server can have.
    #[error("the configuration is not valid: {0}")]
    Address(#[from] AddressError),
    /// A time that is none.
    #[error("the configuration is not valid: {0} has to be between 1 and {MOST_SECONDS}")]
    Seconds(&'static str),
    /// A key is unknown or a value has the wrong form.
    #[error("the configuration is not valid: {0}")]
    Invalid(#[from] toml::de::Error),
}

/// One key as the documentation shows it.
#[derive(Clone, Debug)]
pub struct Key {
    /// Its name in the file.
    pub name: &'static str,
    /// What it means, with its unit.
    pub meaning: &'static str,
    /// Its default, as TOML.
    pub default: String,
}

impl Key {
    /// The environment variable that overrides the file.
    pub fn variable(&self) -> String {
        format!("TSUDOI_{}", self.name.to_uppercase())
    }
}

macro_rules! settings {
    ($($name:ident: $type:ty = $default:expr, $meaning:literal;)*) => {
        /// The settings of one server process.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct Config {
            $(#[doc = $meaning] pub $name: $type,)*
        }

        impl Default for Config {
            fn default() -> Self {
                Self { $($name: $default,)* }
            }
        }

        /// Every key with its meaning and default, in the order of the example file.
        pub fn keys() -> Vec<Key> {
            let defaults = toml::Table::try_from(Config::default()).unwrap_or_default();
            let default = |name: &str| defaults.get(name).map(ToString::to_string).unwrap_or_default();
            vec![$(Key { name: stringify!($name), meaning: $meaning, default: default(stringify!($name)) },)*]
        }
    };
}

settings! {
    listen: SocketAddr = SocketAddr::from(([127, 0, 0, 1], 8787)), "Address and port to listen on.";
    database: String = "tsudoi.sqlite".to_owned(), "An SQLite file, made by serve and migrate when it is missing, or postgres://user:password@host/database, with ?sslmode=verify-full for TLS.";
    prefecture: String = "11".to_owned(), "Prefecture of the first administrator, two digits: 11 or 14. Read at starts before anyone administers.";
    log: String = "info".to_owned(), "What is logged: a tracing filter such as info or tsudoi_server=debug.";
    log_format: LogFormat = LogFormat::Text, "text for people, json for machines.";
    reader_connections: u32 = 4, "SQLite: connections that read. Writing always goes through one.";
    database_connections: u32 = 16, "PostgreSQL: connections of this process.";
    database_seconds: u64 = 20, "How long the database may leave a statement without an answer, in seconds; then its connection is closed and the request told that the database cannot be reached.";
    check_seconds: u64 = 20, "SQLite: how long the file may be checked for damage before it is used, in seconds.";
    gate_threads: usize = 0, "Documents checked at the same time; 0 means one per processor core.";
    gate_budget_ms: u64 = 10_000, "How long the documents of one request may be judged, in ms; the rest is sent again.";
    gate_change_bytes: usize = 16_384, "Largest change of a document, in bytes; a larger one goes to custody. Limits of the gate are raised, never lowered.";
    gate_operations: u64 = 256, "Most operations of one change.";
    gate_dependencies: u64 = 256, "Most changes that one change may follow.";
    gate_other_actors: u64 = 128, "Most writers that one change may name beside its own.";
    gate_message_bytes: u64 = 200, "Longest note on who made a change, in bytes.";
    gate_delta: i64 = 1_000_000, "Largest amount that one count may add or take away.";
    gate_start_op: u64 = 16_777_216, "Operation numbers of a document end here.";
    gate_document_bytes: usize = 1 << 20, "Largest document as saved, in bytes; what would make one larger goes to custody.";
    preview_budget_ms: u64 = 2_000, "How long changes in custody may be tried to show what they would do, in ms; after that what is written in them is shown.";
    scrub_documents_per_minute: u32 = 600, "Stored documents looked at in the background for damage; 0 for none.";
    exchange_bytes: u64 = 256 << 20, "Memory for synchronisations that are answered at the same time, in bytes.";
    exchange_wait_ms: u64 = 2_000, "How long a synchronisation waits for its share of that memory, in ms.";
    device_exchanges_per_minute: u32 = 1_200, "Synchronisations one tablet may begin in a minute; 0 for any number.";
    body_limit_bytes: usize = 8 << 20, "Largest request body after decompression, in bytes.";
    page_limit_bytes: u64 = 8 << 20, "Largest part of a synchronisation answer that holds documents, in bytes.";
    document_cache_bytes: usize = 16 << 20, "Memory for documents kept loaded between requests; one takes about 24 KB.";
    cold_cache_bytes: usize = 32 << 20, "Memory for ready answers to tablets that begin with nothing, in bytes.";
    registry_cache_bytes: usize = 8 << 20, "Memory for registries kept ready for tablets, in bytes.";
    wrong_codes_per_minute: u32 = 10, "Wrong codes one address may try in a minute before it has to wait; wrong passwords, counted apart, likewise.";
    steps_begun_per_minute: u32 = 60, "Sign-ins by passkey or at the provider that one address may begin in a minute.";
    wrong_passwords: u32 = 10, "Wrong passwords for one sign-in name within 15 minutes before it has to wait.";
    passwords_at_once: usize = 2, "Passwords checked at the same time; each takes about 20 MB and a processor core.";
    login_hours: u64 = 12, "How long a sign-in of the office console lasts at most, in hours.";
    login_idle_minutes: u64 = 60, "A sign-in of the office console that is not used for so long ends, in minutes.";
    proof_minutes: u64 = 5, "How long after a sign-in, or after proving anew who one is, dangerous acts are open, in minutes.";
    strangers_journal_days: u64 = 0, "How many days entries of the journal that belong to no prefecture are kept (unknown tokens and names, with network addresses; commands on all prefectures); 0: for good.";
    public_url: String = String::new(), "Where people reach this server: scheme, host and, where needed, port, without a path, e.g. `https://tsudoi.example.jp`. Links for people begin with it. Needed for passkeys, for signing in at an OpenID provider, and behind a reverse proxy that changes Host.";
    secure_cookie: bool = false, "Whether people come by HTTPS although neither public_url nor tls_certificate says so.";
    tls_certificate: String = String::new(), "Certificate chain (PEM file) for TLS inside the server; empty where a reverse proxy does it. Read again when it changes.";
    tls_key: String = String::new(), "Private key (PEM file) of that certificate.";
    trusted_proxies: String = String::new(), "Addresses or networks of reverse proxies whose X-Forwarded-For is believed, separated by commas, e.g. 127.0.0.1, 10.0.0.0/8.";
    oidc_issuer: String = String::new(), "OpenID provider people may sign in at, by its issuer address; empty for none.";
    oidc_name: String = "組織のアカウント".to_owned(), "What that provider is called on the sign-in screen.";
    oidc_client_id: String = String::new(), "This server's name at the provider.";
    oidc_client_secret_file: String = String::new(), "File holding the secret agreed with the provider; empty where it knows this server as a public client.";
    oidc_name_claim: String = String::new(), "Claim that holds people's sign-in name here, such as email or preferred_username, so that they need not link the two by themselves; empty for linking by hand alone. email counts only when the provider has verified it.";
    oidc_clock_skew_seconds: u64 = 60, "How far the provider's clock may be off, in seconds.";
    event_streams: usize = 25_000, "Tablets and consoles that may hear of news at the same time; more ask again later by themselves.";
    follow_connections: usize = 0, "automerge-repo clients that may follow documents at the same time, read-only, at /v1/follow; 0 switches it off.";
    follow_documents: usize = 200, "Documents one such connection may follow.";
    follow_message_bytes: usize = 256 << 10, "Largest message from such a client, in bytes.";
    request_timeout_seconds: u64 = 60, "A request that takes longer is ended, in seconds. Event streams are exempt.";
    shutdown_seconds: u64 = 10, "How long running requests may take to end at shutdown, in seconds.";
}

impl Config {
    /// Whether people come by TLS: cookies are bound to it then.
    pub fn is_secure(&self) -> bool {
        self.secure_cookie || !self.tls_certificate.is_empty() || self.public_url.starts_with("https://")
    }

    /// The beginning of links for people: `public_url`, or where this server listens.
    pub fn reached_at(&self, own: &str) -> String {
        let known = if self.public_url.is_empty() { own } else { &self.public_url };
        known.trim_end_matches('/').to_owned()
    }

    /// The limits of a change.
    pub fn gate_limits(&self) -> Limits {
        Limits {
            change_bytes: self.gate_change_bytes,
            operations: self.gate_operations,
            dependencies: self.gate_dependencies,
            other_actors: self.gate_other_actors,
            message_bytes: self.gate_message_bytes,
            delta: self.gate_delta,
            start_op: self.gate_start_op,
            document_bytes: self.gate_document_bytes,
        }
    }

    /// Reads `file`, when one is given, and then what `variable` gives for each key's variable name.
    ///
    /// Errors: a file that cannot be read, an unknown key, a value of the wrong form, an address that cannot be used.
    pub fn load(file: Option<&Path>, variable: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let text = match file {
            None => String::new(),
            Some(path) => std::fs::read_to_string(path)
                .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?,
        };
        let mut table: toml::Table = text.parse()?;
        for key in keys() {
            if let Some(value) = variable(&key.variable()) {
                table.insert(key.name.to_owned(), typed_like(&key.default, value));
            }
        }
        if let Some(text) = table.get("listen").and_then(toml::Value::as_str) {
            addresses::check_listen(text)?;
        }
        let config: Self = table.try_into()?;
        addresses::check(&config)?;
        let seconds = [("database_seconds", config.database_seconds), ("check_seconds", config.check_seconds)];
        if let Some((name, _)) = seconds.into_iter().find(|(_, seconds)| !(1..=MOST_SECONDS).contains(seconds)) {
            return Err(ConfigError::Seconds(name));
        }
        Ok(config)
    }

    /// As [`Config::load`], with the environment of this process.
    pub fn from_environment(file: Option<&Path>) -> Result<Self, ConfigError> {
        Self::load(file, |name| std::env::var(name).ok())
    }
}

/// A variable's text as TOML of the default's type; text that does not parse stays text and is refused by the struct.
fn typed_like(default: &str, text: String) -> toml::Value {
    if default.starts_with('"') {
        return toml::Value::String(text);
    }
    if let Ok(number) = text.parse() {
        return toml::Value::Integer(number);
    }
    match text.as_str() {
        "true" => toml::Value::Boolean(true),
        "false" => toml::Value::Boolean(false),
        _ => toml::Value::String(text),
    }
}

/// The text of `config.example.toml`.
pub fn example() -> String {
    let mut text = String::from(
        "# Settings of tsudoi-server, each with its default. The variable named beside a key wins over this file.\n",
    );
    for key in keys() {
        text.push_str(&format!("\n# {} ({})\n# {} = {}\n", key.meaning, key.variable(), key.name, key.default));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_file_holds_every_key() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config.example.toml");
        if std::env::var_os("TSUDOI_WRITE_SNAPSHOTS").is_some() {
            std::fs::write(&path, example()).unwrap();
        }
        assert_eq!(std::fs::read_to_string(path).unwrap(), example(), "set TSUDOI_WRITE_SNAPSHOTS=1 to write it anew");
    }

    #[test]
    fn the_limits_of_a_change_are_those_of_the_core_unless_set() {
        assert_eq!(Config::default().gate_limits(), Limits::default());
        let config = Config::load(None, |name| (name == "TSUDOI_GATE_OPERATIONS").then(|| "9".into())).unwrap();
        assert_eq!(config.gate_limits(), Limits { operations: 9, ..Limits::default() });
    }

    #[test]
    fn a_wait_that_is_none_or_without_end_is_refused_at_the_start() {
        for (seconds, fits) in [("0", false), ("1", true), ("86400", true), ("86401", false)] {
            let config = Config::load(None, |name| (name == "TSUDOI_DATABASE_SECONDS").then(|| seconds.into()));
            assert_eq!(config.is_ok(), fits, "{seconds}");
        }
    }

    #[test]
    fn links_for_people_begin_with_where_they_reach_the_server() {
        let own = "https://127.0.0.1:8787";
        assert_eq!(Config::default().reached_at(own), own);
        let public_url = "https://tsudoi.example.jp/".to_owned();
        assert_eq!(Config { public_url, ..Config::default() }.reached_at(own), "https://tsudoi.example.jp");
    }

    #[test]
    fn the_environment_wins_over_the_file_and_unknown_keys_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("c.toml");
        std::fs::write(&file, "login_hours = 3\nlog = \"warn\"\n").unwrap();
        let config = Config::load(Some(&file), |name| (name == "TSUDOI_LOGIN_HOURS").then(|| "5".into())).unwrap();
        assert_eq!((config.login_hours, config.log.as_str()), (5, "warn"));
        std::fs::write(&file, "logn = \"warn\"\n").unwrap();
        assert!(Config::load(Some(&file), |_| None).unwrap_err().to_string().contains("logn"));
        assert!(Config::load(None, |name| (name == "TSUDOI_LOGIN_HOURS").then(|| "soon".into())).is_err());
    }
}
