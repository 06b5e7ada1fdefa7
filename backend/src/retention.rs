//! The verbs of the command line about how long things are kept. Like every verb of administration they call the service
//! that the console calls, as an administrator named `tsudoi-server`.

use std::io::Write;

use clap::{Args, Subcommand};

use crate::administration::{AdministrationError, Prefecture, caller};
use crate::output::out;
use crate::service::App;
use crate::service::retention::{self, Subject, certificate, destruction};

/// Which subject of which prefecture.
#[derive(Debug, Args)]
pub struct Of {
    #[command(flatten)]
    prefecture: Prefecture,
    /// records, custody, journal, tablets or sign_ins.
    #[arg(long, value_parser = |name: &str| Subject::from_name(name).ok_or("no such subject"))]
    subject: Subject,
}

/// How long things are kept.
#[derive(Debug, Subcommand)]
pub enum RetentionVerb {
    /// What is kept how long, what falls due with the name of its list, and what was destroyed.
    List(Prefecture),
    /// Sets how many fiscal years a subject is kept after the one it belongs to. Destroys nothing.
    Set {
        #[command(flatten)]
        of: Of,
        /// 1 to 100; kept for good without it.
        #[arg(long)]
        years: Option<i64>,
    },
    /// Destroys what falls due, for good, and prints the certificate. Figures stay as they are.
    Destroy {
        #[command(flatten)]
        of: Of,
        /// The name of the list, as `list` shows it: only what was seen is destroyed.
        #[arg(long)]
        list: String,
        /// Why; stands on the certificate.
        #[arg(long)]
        reason: String,
    },
    /// Prints the certificate of a destruction.
    Certificate {
        #[command(flatten)]
        prefecture: Prefecture,
        /// Its id, as `list` shows it.
        #[arg(long)]
        destruction: String,
    },
}

/// Runs a verb about keeping.
pub async fn run(app: &App, verb: RetentionVerb) -> Result<(), AdministrationError> {
    let mut out = out();
    match verb {
        RetentionVerb::List(prefecture) => {
            let page = retention::page(app, &caller(app, &prefecture).await?).await?;
            for one in page.subjects {
                let kept = one.years.map_or("kept for good".to_owned(), |years| format!("kept {years} years"));
                writeln!(out, "{:<9} {kept:<15} {} due  {}", one.subject.as_str(), one.due, one.list)?;
                for year in one.by_year {
                    let name = year.fiscal_year.map_or("no year".to_owned(), |year| year.to_string());
                    writeln!(out, "    {name}: {}", year.count)?;
                }
            }
            for one in page.destructions {
                let state = if one.finished_at.is_some() { "destroyed" } else { "goes on" };
                writeln!(out, "{}  {} {} {state}  {}", one.destruction, one.subject.as_str(), one.count, one.hash)?;
            }
        }
        RetentionVerb::Set { of, years } => {
            retention::set(app, &caller(app, &of.prefecture).await?, of.subject, years).await?;
        }
        RetentionVerb::Destroy { of, list, reason } => {
            let caller = caller(app, &of.prefecture).await?;
            let id = destruction::confirm(app, &caller, of.subject, &list, &reason).await?;
            destruction::carry_on_with(app, &caller.tenant, &id).await?;
            write!(out, "{}", certificate::text(app, &caller, &id).await?)?;
        }
        RetentionVerb::Certificate { prefecture, destruction } => {
            let caller = caller(app, &prefecture).await?;
            write!(out, "{}", certificate::text(app, &caller, &destruction).await?)?;
        }
    }
    Ok(())
}
