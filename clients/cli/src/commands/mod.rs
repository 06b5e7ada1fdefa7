//! One file per verb. A command opens what it needs, does one thing, and says what it did.

mod digest;
mod enrol;
mod load_case;
mod load_synthetic;
mod record;
mod show;
mod sync;

pub(crate) use enrol::enrol as enrol_tablet;

use crate::args::{Cli, Command};
use crate::error::CliError;
use crate::home::Home;
use crate::host::Host;

/// Runs what was typed.
pub fn run(cli: Cli) -> Result<(), CliError> {
    let place = Place { home: Home::find(cli.home)?, server: cli.server, tablet: cli.tablet };
    match cli.command {
        Command::Enrol(args) => enrol::run(&place, &args),
        Command::Record(args) => record::run(&place, &args),
        Command::Sync(args) => sync::run(&place, args.json),
        Command::Show(args) => show::run(&place, &args),
        Command::Digest(args) => digest::run(&place, args.json),
        Command::LoadCase(args) => load_case::run(&place, &args),
        Command::LoadSynthetic(args) => load_synthetic::run(&place, &args),
        Command::Bench(args) => crate::bench::run(&args),
    }
}

/// Which tablet a command is about.
#[derive(Debug)]
pub struct Place {
    home: Home,
    server: Option<String>,
    tablet: String,
}

impl Place {
    fn open(&self) -> Result<Host, CliError> {
        let credential = self.home.enrolled(self.server.as_deref(), &self.tablet)?;
        Host::open(&self.home, credential)
    }

    fn server(&self) -> Result<&str, CliError> {
        let advice = || CliError::input("--server URL を付けてください", "サーバーが分かりません");
        self.server.as_deref().ok_or_else(advice)
    }
}
