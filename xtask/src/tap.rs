//! What a tap on the field app costs: the built app in Chromium against the server, measured by a script beside the
//! browser tests.

use crate::failure::{Failure, Result};
use crate::house::House;
use crate::{process, tools, wasm, web};
use serde_json::Value;
use std::process::Command;

/// Builds the app, measures, prints the line and returns it.
pub fn run(house: &House) -> Result<Value> {
    eprintln!("building the app and the release profile");
    wasm::build(house)?;
    web::packages(house)?;
    web::build(house)?;
    web::browser_packages(house)?;
    let chromium = tools::chromium().ok_or_else(|| Failure::new("Chromium is missing: cargo xtask setup"))?;
    let release = house.target.join("release");
    process::run(&mut house.cargo(&["build", "--locked", "--release", "--package", "tsudoi-server"]))?;
    let said = process::read(
        Command::new("node")
            .current_dir(&house.browser)
            .arg("tap.bench.mjs")
            .env("TSUDOI_CHROMIUM", chromium)
            .env("TSUDOI_SERVER_BINARY", release.join("tsudoi-server")),
    )?;
    let line = said.lines().rev().find(|line| line.starts_with('{')).unwrap_or_default();
    let line: Value = serde_json::from_str(line)?;
    println!("{line}");
    Ok(line)
}
