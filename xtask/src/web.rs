//! The web app: packages, types, unit tests, the built files that the server carries.

use crate::failure::Result;
use crate::house::House;
use crate::process;
use crate::stamp::Stamp;
use crate::step::Done;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Installs what the lock file of the web app names.
pub fn packages(house: &House) -> Result<Done> {
    install(house, "npm-web", &house.web)
}

/// Installs what the lock file of the browser tests names.
pub fn browser_packages(house: &House) -> Result<Done> {
    install(house, "npm-browser", &house.browser)
}

/// Installs what the lock file of the interop tests names.
pub fn interop_packages(house: &House) -> Result<Done> {
    install(house, "npm-interop", &house.interop)
}

fn install(house: &House, name: &str, folder: &Path) -> Result<Done> {
    let stamp = Stamp::new(house, name, &[folder.join("package-lock.json")], &[folder.join("node_modules")]);
    if stamp.is_fresh() {
        return Ok(Done::UpToDate);
    }
    // `npm ci` refuses a lock file without the builds for other systems, and a registry may not offer those. The second
    // command installs the same locked versions and leaves the lock file alone.
    let exact = process::read(npm(folder).args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]));
    if exact.is_err() {
        process::run(npm(folder).args(["install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error"]))?;
    }
    stamp.write()?;
    Ok(Done::Did)
}

/// Checks types and writes `clients/web/dist`.
pub fn build(house: &House) -> Result<Done> {
    let dist = house.web.join("dist");
    let stamp = Stamp::new(
        house,
        "web",
        &sources(house),
        &[dist.join("index.html"), dist.join("office.html"), dist.join("service-worker.js")],
    );
    if stamp.is_fresh() {
        return Ok(Done::UpToDate);
    }
    process::run(npm(&house.web).args(["run", "--silent", "build"]))?;
    stamp.write()?;
    Ok(Done::Did)
}

/// Measures the built files against what a tablet may have to load.
pub fn sizes(house: &House) -> Result<Done> {
    process::run(npm(&house.web).args(["run", "--silent", "sizes"]))?;
    Ok(Done::Did)
}

/// Runs the unit tests of the web app.
pub fn unit_tests(house: &House) -> Result<Done> {
    process::run(npm(&house.web).args(["test", "--silent"]))?;
    Ok(Done::Did)
}

/// Everything that the built files depend on.
fn sources(house: &House) -> Vec<PathBuf> {
    vec![house.web.clone()]
}

/// npm in a folder, quiet, never asking.
pub fn npm(folder: &Path) -> Command {
    let mut command = Command::new("npm");
    command.current_dir(folder).env("CI", "true").env("NO_UPDATE_NOTIFIER", "1");
    command
}
