//! The verbs of the command line.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, Parser, Subcommand};
use sync_core::ids::{DeviceId, DocumentId};
use tokio::net::TcpListener;

use crate::administration::{self, AdministrationError, AuditVerb, DeviceVerb, OrganisationVerb, UserVerb};
use crate::config::{Config, ConfigError};
use crate::retention::{self, RetentionVerb};
use crate::service::access::{Action, Role};
use crate::service::clock::SystemClock;
use crate::service::demo::{DemoError, SignIn};
use crate::service::enrol::{ANY_SCOPES, Grant, keep_code, person_id};
use crate::service::first::{self, FirstError};
use crate::service::journal::{Act, Who};
use crate::service::retention::destruction;
use crate::service::secret::{NoRandomness, SignInCode};
use crate::service::{App, day_pass, demo, purge, reference, registry, scrub, verify};
use crate::store::{self, StoreError};
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
    /// Brings the database up to this version.
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

#[derive(Debug, Args)]
struct PurgeArguments {
    /// Prefecture, two digits.
    #[arg(long)]
    tenant: String,
    /// The record's id.
    #[arg(long)]
    document: DocumentId,
    /// Why; kept for good.
    #[arg(long)]
    reason: String,
}

#[derive(Debug, Args)]
struct CodeArguments {
    /// Prefecture, two digits.
    #[arg(long)]
    tenant: String,
    /// lecturer, staff, coordinator, municipal, prefectural or administrator.
    #[arg(long, value_parser = |name: &str| Role::from_name(name).filter(|role| Role::GIVEN.contains(role)).ok_or("no such role"))]
    role: Role,
    /// Name of the person.
    #[arg(long)]
    person: String,
    /// Municipality code (staff, municipal), association id (coordinator, lecturer), or the prefecture.
    #[arg(long)]
    organisation: String,
    /// A scope a tablet gets, e.g. municipality:112119; may be repeated. * lets the tablet name them.
    #[arg(long = "scope")]
    scopes: Vec<String>,
    /// How often the code can be used.
    #[arg(long, default_value_t = 1)]
    uses: i64,
    /// Id of a known tablet, as `device list` shows it, that the code registers anew; without it the code is for new ones.
    #[arg(long)]
    device: Option<DeviceId>,
    /// Hours until it expires.
    #[arg(long, default_value_t = 24)]
    hours: u64,
}

/// Why a verb failed, for a person to read.
#[derive(Debug, thiserror::Error)]
enum CommandError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Demo(#[from] DemoError),
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, std::io::Error),
    #[error("{0}")]
    Io(#[from] std::io::Error),
    #[error(transparent)]
    Serve(#[from] http::serve::ServeError),
    #[error("cannot print JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("{0} is not known; known prefectures are 11 and 14")]
    Tenant(String),
    #[error(transparent)]
    Administration(#[from] AdministrationError),
    #[error(transparent)]
    First(#[from] FirstError),
    #[error("{0} is not a scope")]
    Scope(String),
}

/// Runs the verb the arguments name.
pub fn run() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = tokio::runtime::Runtime::new()
        .map_err(CommandError::from)
        .and_then(|runtime| runtime.block_on(dispatch(arguments)));
    match outcome {
        Ok(code) => code,
        Err(error) => {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            // some messages quote their cause already
            let cause = cause.filter(|cause| !error.to_string().contains(cause.as_str()));
            let cause = cause.map(|cause| format!(": {cause}")).unwrap_or_default();
            eprintln!("tsudoi-server: {error}{cause}");
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
    let store = store::open(&config.database, config.reader_connections, config.database_connections).await?;
    store.migrate().await?;
    let app = App::new(config.clone(), store.clone(), Arc::new(SystemClock));
    verify::refresh(&app).await?;
    let code = match arguments.verb {
        Verb::Serve(listen) => serve(app.clone(), listen, &config).await?,
        Verb::Migrate => ExitCode::SUCCESS,
        Verb::Demo { json, serve: then_serve, listen } => {
            let sign_ins = demo::seed(&app, &config.database).await?;
            show_demo(&sign_ins, &config, json)?;
            if then_serve { serve(app.clone(), listen, &config).await? } else { ExitCode::SUCCESS }
        }
        Verb::Verify => compare(&app).await?,
        Verb::Rebuild => rebuild(&app).await?,
        Verb::RenewEpochs { tenant } => renew_epochs(&app, tenant.as_deref()).await?,
        Verb::Purge(arguments) => destroy(&app, arguments).await?,
        Verb::Code(arguments) => make_code(&app, arguments).await?,
        Verb::User(verb) => administration::user(&app, verb).await.map(|()| ExitCode::SUCCESS)?,
        Verb::Device(verb) => administration::device(&app, verb).await.map(|()| ExitCode::SUCCESS)?,
        Verb::Org(verb) => administration::organisation(&app, verb).await.map(|()| ExitCode::SUCCESS)?,
        Verb::Audit(verb) => match administration::audit(&app, verb).await? {
            true => ExitCode::SUCCESS,
            false => ExitCode::FAILURE,
        },
        Verb::Retention(verb) => retention::run(&app, verb).await.map(|()| ExitCode::SUCCESS)?,
    };
    app.journal.flush().await;
    store.close().await;
    Ok(code)
}

async fn serve(app: App, listen: Listen, config: &Config) -> Result<ExitCode, CommandError> {
    let address = listen.listen.unwrap_or(config.listen);
    let listener = TcpListener::bind(address).await.map_err(|error| CommandError::Listen(address, error))?;
    let mut out = std::io::stdout();
    http::serve::check(config)?;
    let scheme = if config.tls_certificate.is_empty() { "http" } else { "https" };
    let own = format!("{scheme}://{}", listener.local_addr()?);
    if let Some(code) = first::code(&app).await? {
        // the one secret a log ever holds: it works once, within a day, and only until someone administers
        let (reached, code) = (config.reached_at(&own), code.shown());
        tracing::warn!("nobody administers this server yet; sign in once at {reached}/office#code={code}");
    }
    writeln!(out, "tsudoi-server ready {own}")?;
    out.flush()?;
    tokio::spawn(scrub::run(app.clone()));
    tokio::spawn(destruction::run(app.clone()));
    tokio::spawn(day_pass::run(app.clone()));
    http::serve::serve(app, listener).await?;
    Ok(ExitCode::SUCCESS)
}

/// The database without its password.
fn shown(database: &str) -> String {
    match database.split_once("://").and_then(|(scheme, rest)| Some((scheme, rest.split_once('@')?))) {
        Some((scheme, (login, rest))) if store::is_url(database) => {
            let user = login.split(':').next().unwrap_or_default();
            format!("{scheme}://{user}@{rest}")
        }
        _ => database.to_owned(),
    }
}

fn show_demo(sign_ins: &[SignIn], config: &Config, json: bool) -> Result<(), CommandError> {
    let mut out = std::io::stdout();
    if json {
        let whole = serde_json::json!({ "database": shown(&config.database), "sign_ins": sign_ins });
        writeln!(out, "{}", serde_json::to_string(&whole)?)?;
    } else {
        for one in sign_ins {
            writeln!(out, "{}  {:<14} {}", one.code, one.role.as_str(), one.label)?;
        }
    }
    Ok(out.flush()?)
}

async fn compare(app: &App) -> Result<ExitCode, CommandError> {
    let mut out = std::io::stdout();
    let mut sound = true;
    for tenant in app.store.list_tenants().await? {
        let findings = verify::verify(app, &tenant).await?;
        for difference in &findings.differences {
            writeln!(out, "{tenant} {difference}")?;
        }
        let (documents, scopes, count) = (findings.documents, findings.scopes, findings.count);
        writeln!(out, "{tenant}: {documents} documents, {scopes} scopes, {count} differences")?;
        sound &= count == 0;
    }
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn rebuild(app: &App) -> Result<ExitCode, CommandError> {
    let mut out = std::io::stdout();
    for tenant in app.store.list_tenants().await? {
        let count = verify::rebuild(app, &tenant).await?;
        app.journal.note(Who::command_line(&tenant), Act::done(Action::Operate).to("rebuild")).await?;
        writeln!(out, "{tenant}: {count} documents")?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn renew_epochs(app: &App, tenant: Option<&str>) -> Result<ExitCode, CommandError> {
    let count = app.store.renew_epochs(tenant).await?;
    let act = Act::done(Action::Operate).to("renew-epochs");
    app.journal.note(Who::command_line(tenant.unwrap_or_default()), act).await?;
    writeln!(std::io::stdout(), "{count} scopes")?;
    Ok(ExitCode::SUCCESS)
}

async fn destroy(app: &App, arguments: PurgeArguments) -> Result<ExitCode, CommandError> {
    let PurgeArguments { tenant, document, reason } = arguments;
    if !app.store.list_tenants().await?.contains(&tenant) {
        return Err(CommandError::Tenant(tenant));
    }
    let done = purge::purge(app, Who::command_line(&tenant), document, &reason).await?;
    writeln!(std::io::stdout(), "{}", if done { "destroyed" } else { "was destroyed before" })?;
    Ok(ExitCode::SUCCESS)
}

async fn make_code(app: &App, arguments: CodeArguments) -> Result<ExitCode, CommandError> {
    let known = reference::prefectures().into_iter().find(|prefecture| prefecture.tenant == arguments.tenant);
    let prefecture = known.ok_or(CommandError::Tenant(arguments.tenant))?;
    let valid = |scope: &&String| scope.as_str() == ANY_SCOPES || scope.parse::<sync_core::ids::ScopeId>().is_ok();
    if let Some(wrong) = arguments.scopes.iter().find(|scope| !valid(scope)) {
        return Err(CommandError::Scope(wrong.clone()));
    }
    registry::ensure_tenant(app, &prefecture).await?;
    let grant = Grant {
        tenant: prefecture.tenant.to_owned(),
        person_name: arguments.person,
        role: arguments.role,
        organisation: arguments.organisation,
        scopes: arguments.scopes.join(" "),
        uses: arguments.uses,
        expires_at: app.now().plus_ms(arguments.hours.saturating_mul(3_600_000)).0,
        device: arguments.device,
    };
    let code = SignInCode::random()?;
    keep_code(app, &code, &grant).await?;
    let act = Act::done(Action::IssueEnrolment).to(person_id(&grant));
    let act = act.saying(format!("{} {} {}", grant.role.as_str(), grant.organisation, grant.scopes));
    app.journal.note(Who::command_line(&grant.tenant), act).await?;
    writeln!(std::io::stdout(), "{}", code.shown())?;
    Ok(ExitCode::SUCCESS)
}
