//! The verbs of the command line.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use tokio::net::TcpListener;
use tokio::time::timeout;

use crate::administration::{self, AdministrationError, AuditVerb, DeviceVerb, OrganisationVerb, UserVerb};
use crate::codes::{self, CodeArguments};
use crate::config::{Config, ConfigError};
use crate::operations::{self, PurgeArguments};
use crate::output::{complain, out};
use crate::retention::{self, RetentionVerb};
use crate::service::clock::SystemClock;
use crate::service::demo::{DemoError, SignIn};
use crate::service::first::{self, FirstError};
use crate::service::retention::destruction;
use crate::service::verify;
use crate::service::{App, day_pass, demo, scrub};
use crate::store::StoreError;
use crate::store::open::{self, OpenError, Purpose};
use crate::{http, telemetry};

/// The server of Tsudoi.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Settings file (TOML); every key is in config.example.toml.
    #[arg(long, global = true)]
    config: Option<PathBuf>,
    /// An SQLite file or postgres://user@host/database; wins over settings.
    #[arg(long, global = true)]
    database: Option<String>,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Brings the database up to this version and serves until told to end.
    Serve(Listen),
    /// Makes a database, or brings one up to this version. Of all verbs only this, `serve` and `demo` do.
    Migrate,
    /// Fills the database with the demonstration's people, associations and sign-in codes. Safe to run twice.
    Demo {
        /// Prints the sign-ins as JSON.
        #[arg(long)]
        json: bool,
        /// Serves afterwards.
        #[arg(long)]
        serve: bool,
        #[command(flatten)]
        listen: Listen,
    },
    /// Compares figures, feeds and digests with the documents; exit code 1 and a list when they differ.
    Verify,
    /// Makes figures, feeds and digests anew from the documents.
    Rebuild,
    /// After a backup was restored: has every tablet offer anew what it holds. Without it tablets notice by themselves
    /// as soon as their place in a feed or its digest does not fit; this is quicker and leaves nothing to chance.
    RenewEpochs {
        /// Prefecture, two digits; all of them unless given.
        #[arg(long)]
        tenant: Option<String>,
    },
    /// Destroys a record for good. It cannot be undone; tablets drop their copies when they next synchronise.
    Purge(PurgeArguments),
    /// Makes a sign-in or enrolment code and prints it.
    Code(CodeArguments),
    /// People and their roles.
    #[command(subcommand)]
    User(UserVerb),
    /// Tablets.
    #[command(subcommand)]
    Device(DeviceVerb),
    /// Organisations.
    #[command(subcommand)]
    Org(OrganisationVerb),
    /// The journal of who did what.
    #[command(subcommand)]
    Audit(AuditVerb),
    /// How long things are kept, what falls due, and destroying it.
    #[command(subcommand)]
    Retention(RetentionVerb),
}

#[derive(Debug, Args)]
struct Listen {
    /// Address and port; wins over settings. Port 0 takes a free one.
    #[arg(long)]
    listen: Option<SocketAddr>,
}

/// How long each step of ending may take, after running requests have ended.
const ENDING: Duration = Duration::from_secs(3);

/// Why a verb failed, for a person to read.
#[derive(Debug, thiserror::Error)]
enum CommandError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Demo(#[from] DemoError),
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, std::io::Error),
    #[error("{0}")]
    Io(#[from] std::io::Error),
    #[error(transparent)]
    Serve(#[from] http::serve::ServeError),
    #[error("cannot print JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error(transparent)]
    Administration(#[from] AdministrationError),
    #[error(transparent)]
    First(#[from] FirstError),
}

/// Runs the verb the arguments name.
pub fn run() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = tokio::runtime::Runtime::new().map_err(CommandError::from).and_then(|runtime| {
        let outcome = runtime.block_on(dispatch(arguments));
        runtime.shutdown_timeout(ENDING);
        outcome
    });
    match outcome {
        Ok(code) => code,
        Err(error) => {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            // some messages quote their cause already
            let cause = cause.filter(|cause| !error.to_string().contains(cause.as_str()));
            let cause = cause.map(|cause| format!(": {cause}")).unwrap_or_default();
            complain(format_args!("tsudoi-server: {error}{cause}"));
            ExitCode::from(2)
        }
    }
}

async fn dispatch(arguments: Arguments) -> Result<ExitCode, CommandError> {
    let mut config = Config::from_environment(arguments.config.as_deref())?;
    if let Some(database) = arguments.database {
        config.database = database;
    }
    telemetry::start(&config);
    let purpose = match arguments.verb {
        Verb::Serve(_) | Verb::Migrate | Verb::Demo { .. } => Purpose::Upgrade,
        _ => Purpose::Use,
    };
    let upgrades = matches!(purpose, Purpose::Upgrade);
    let limits = open::Limits {
        readers: config.reader_connections,
        connections: config.database_connections,
        answer: Duration::from_secs(config.database_seconds),
        check: Duration::from_secs(config.check_seconds),
    };
    if matches!(arguments.verb, Verb::Serve(_) | Verb::Demo { serve: true, .. }) {
        http::serve::outlive_hang_ups(&config);
    }
    let store = open::open(&config.database, limits, purpose).await?;
    let app = App::new(config.clone(), store.clone(), Arc::new(SystemClock));
    if upgrades {
        verify::refresh(&app).await?;
    }
    let code = match arguments.verb {
        Verb::Serve(listen) => serve(app.clone(), listen, &config).await?,
        Verb::Migrate => {
            writeln!(out(), "{} is up to date", open::shown(&config.database))?;
            ExitCode::SUCCESS
        }
        Verb::Demo { json, serve: then_serve, listen } => {
            let sign_ins = demo::seed(&app, &config.database).await?;
            show_demo(&sign_ins, &config, json)?;
            if then_serve { serve(app.clone(), listen, &config).await? } else { ExitCode::SUCCESS }
        }
        Verb::Verify => operations::compare(&app).await?,
        Verb::Rebuild => operations::rebuild(&app).await?,
        Verb::RenewEpochs { tenant } => operations::renew_epochs(&app, tenant.as_deref()).await?,
        Verb::Purge(arguments) => operations::destroy(&app, arguments).await?,
        Verb::Code(arguments) => codes::make(&app, arguments).await.map(|()| ExitCode::SUCCESS)?,
        Verb::User(verb) => administration::user(&app, verb).await.map(|()| ExitCode::SUCCESS)?,
        Verb::Device(verb) => administration::device(&app, verb).await.map(|()| ExitCode::SUCCESS)?,
        Verb::Org(verb) => administration::organisation(&app, verb).await.map(|()| ExitCode::SUCCESS)?,
        Verb::Audit(verb) => match administration::audit(&app, verb).await? {
            true => ExitCode::SUCCESS,
            false => ExitCode::FAILURE,
        },
        Verb::Retention(verb) => retention::run(&app, verb).await.map(|()| ExitCode::SUCCESS)?,
    };
    // what cannot be written down now is not waited for: a database that does not answer would keep the process for good
    let flushed = timeout(ENDING, app.journal.flush()).await.is_ok();
    let closed = timeout(ENDING, store.close()).await.is_ok();
    if !flushed || !closed {
        tracing::warn!("the database did not answer at the end");
    }
    Ok(code)
}

async fn serve(app: App, listen: Listen, config: &Config) -> Result<ExitCode, CommandError> {
    http::serve::check(config)?;
    let end = http::serve::End::listen();
    let address = listen.listen.unwrap_or(config.listen);
    let listener = TcpListener::bind(address).await.map_err(|error| CommandError::Listen(address, error))?;
    let mut out = out();
    let scheme = if config.tls_certificate.is_empty() { "http" } else { "https" };
    let own = format!("{scheme}://{}", listener.local_addr()?);
    if let Some(code) = first::code(&app).await? {
        // the one secret a log ever holds: it works once, within a day, and only until someone administers
        let (reached, code) = (config.reached_at(&own), code.shown());
        tracing::warn!(target: telemetry::ALWAYS, "nobody administers this server yet; sign in once at {reached}/office#code={code}");
    }
    writeln!(out, "tsudoi-server ready {own}")?;
    out.flush()?;
    tokio::spawn(scrub::run(app.clone()));
    tokio::spawn(destruction::run(app.clone()));
    tokio::spawn(day_pass::run(app.clone()));
    http::serve::serve(app, listener, end).await?;
    Ok(ExitCode::SUCCESS)
}

fn show_demo(sign_ins: &[SignIn], config: &Config, json: bool) -> Result<(), CommandError> {
    let mut out = out();
    if json {
        let whole = serde_json::json!({ "database": open::shown(&config.database), "sign_ins": sign_ins });
        writeln!(out, "{}", serde_json::to_string(&whole)?)?;
    } else {
        for one in sign_ins {
            writeln!(out, "{}  {:<14} {}", one.code, one.role.as_str(), one.label)?;
        }
    }
    Ok(out.flush()?)
}
