//! What a person or CI runs, the same on both: `cargo xtask demo | test | setup | interface | sbom | bench | fuzz | simulate`.
//!
//! Shows every step with its time, skips what is up to date, names a missing tool with the command that installs it.
//! Deliberately absent: any knowledge of what the parts do; this program builds, starts and checks them.

mod bench;
mod bill;
mod check;
mod demo;
mod failure;
mod fuzz;
mod house;
mod imports;
mod interface;
mod peers;
mod process;
mod stamp;
mod step;
mod tap;
mod tools;
mod wasm;
mod web;

use failure::{Failure, Result};
use house::House;
use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask demo [--port N] [--fresh]     build everything, load the demonstration year, serve until Ctrl-C
cargo xtask test [STEP…]                  every check and test, or the steps named
cargo xtask setup                         install what the tests need
cargo xtask interface [--examples N]      calls nobody thought of, by each role (schemathesis); two to three minutes
cargo xtask sbom                          every package that is delivered, as CycloneDX
cargo xtask web                           build the core for WASM and the web app
cargo xtask bench [NAME] [--store sqlite|postgres] [--markdown] [-- OPTION…]
                                          measure; one JSON line each on standard output. NAME: sync_day cold_start
                                          idle_sync storm dashboard hot_scope tap, all of these without one; or peers
cargo xtask fuzz TARGET [--seconds N] [--keep]   wire, gate, chain, saved or follow; --keep adds what was found to the corpus
cargo xtask simulate [--seeds N] [--seed S]   seeded simulation of the core";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("\nxtask: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let (verb, rest) = words.split_first().ok_or_else(|| Failure::new(USAGE))?;
    if verb == "help" || verb == "--help" {
        println!("{USAGE}");
        return Ok(());
    }
    let house = House::find()?;
    match verb.as_str() {
        "demo" => {
            let options = Options::parse(rest, &["--port"], &["--fresh"])?;
            demo::run(&house, options.number("--port")?, options.has("--fresh"))
        }
        "test" => check::run(&house, rest),
        "setup" => check::set_up(&house),
        "interface" => interface::run(&house, Options::parse(rest, &["--examples"], &[])?.number("--examples")?),
        "sbom" => {
            println!("{}", bill::write(&house)?.display());
            Ok(())
        }
        "web" => demo::build_web(&house),
        "bench" => {
            let (words, rest) = match rest.iter().position(|word| word == "--") {
                Some(at) => (&rest[..at], &rest[at + 1..]),
                None => (rest, &rest[..0]),
            };
            let (name, words) = match words.split_first() {
                Some((name, words)) if !name.starts_with("--") => (Some(name.as_str()), words),
                _ => (None, words),
            };
            let options = Options::parse(words, &["--store"], &["--markdown"])?;
            let store = options.text("--store");
            bench::run(&house, &bench::Wanted { name, store, markdown: options.has("--markdown"), rest })
        }
        "fuzz" => {
            let (target, words) = rest.split_first().ok_or_else(|| Failure::new(USAGE))?;
            let options = Options::parse(words, &["--seconds"], &["--keep"])?;
            fuzz::run(&house, target, options.number("--seconds")?.unwrap_or(600), options.has("--keep"))
        }
        "simulate" => {
            let options = Options::parse(rest, &["--seeds", "--seed"], &[])?;
            bench::simulate(&house, options.number("--seed")?.unwrap_or(0), options.number("--seeds")?.unwrap_or(2_000))
        }
        _ => Err(Failure::new(format!("no command {verb}\n{USAGE}"))),
    }
}

/// Options of one command: names with a value, and bare flags.
struct Options(Vec<(String, String)>);

impl Options {
    fn parse(words: &[String], valued: &[&str], flags: &[&str]) -> Result<Self> {
        let mut found = Vec::new();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let (name, value) = match word.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (word.as_str(), None),
            };
            if valued.contains(&name) {
                let value = value
                    .or_else(|| words.next().cloned())
                    .ok_or_else(|| Failure::new(format!("{name} needs a value")))?;
                found.push((name.to_owned(), value));
            } else if flags.contains(&name) && value.is_none() {
                found.push((name.to_owned(), String::new()));
            } else {
                return Err(Failure::new(format!("unknown option {word}\n{USAGE}")));
            }
        }
        Ok(Self(found))
    }

    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(found, _)| found == name)
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().rev().find(|(found, _)| found == name).map(|(_, text)| text.as_str())
    }

    fn number<T: std::str::FromStr>(&self, name: &str) -> Result<Option<T>> {
        let Some((_, text)) = self.0.iter().rev().find(|(found, _)| found == name) else {
            return Ok(None);
        };
        text.parse().map(Some).map_err(|_| Failure::new(format!("{name} takes a number, not {text:?}")))
    }
}

#[cfg(test)]
mod tests {
    use super::Options;

    #[test]
    fn options_take_values_either_way_and_unknown_ones_are_named() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let options = Options::parse(&words("--port 9000 --fresh"), &["--port"], &["--fresh"]).unwrap();
        assert_eq!((options.number("--port").unwrap(), options.has("--fresh")), (Some(9000_u16), true));
        let options = Options::parse(&words("--port=70000"), &["--port"], &[]).unwrap();
        assert!(options.number::<u16>("--port").is_err());
        assert!(Options::parse(&words("--prot 1"), &["--port"], &[]).is_err());
    }
}
