//! `cargo xtask test`: everything, in an order in which nothing is built twice.
//!
//! One profile serves the unit tests, the scenarios and the server of the browser tests. This program is left out of the
//! workspace's own build, because its dependencies would be built a second time with other features.

use crate::failure::{Failure, Result};
use crate::house::House;
use crate::process;
use crate::step::{self, Done, Step};
use crate::{tools, wasm, web};
use std::process::Command;

const STEPS: [Step; 23] = [
    Step { name: "rust-tools", title: "rustfmt and clippy are there", needs: &[], action: tools::rust_components },
    Step { name: "compilers", title: "C compiler, Node.js and npm are there", needs: &[], action: tools::compilers },
    Step { name: "chromium", title: "Chromium and a Japanese font are there", needs: &[], action: tools::browser },
    Step { name: "postgresql", title: "PostgreSQL 15 or later is there", needs: &[], action: tools::postgres },
    Step { name: "nginx", title: "nginx is there", needs: &[], action: tools::nginx },
    Step { name: "pgbouncer", title: "PgBouncer is there", needs: &[], action: tools::pgbouncer },
    Step { name: "cargo-deny", title: "cargo-deny is there", needs: &[], action: tools::cargo_deny },
    Step {
        name: "licences",
        title: "Licences, bans and sources of all packages (cargo deny)",
        needs: &["cargo-deny"],
        action: licences,
    },
    Step { name: "format", title: "Formatting (cargo fmt)", needs: &["rust-tools"], action: format },
    Step {
        name: "wasm",
        title: "Core for WASM, importing no clock, chance or system",
        needs: &["compilers"],
        action: wasm::build,
    },
    Step { name: "npm", title: "Packages of the web app (npm ci)", needs: &["compilers"], action: web::packages },
    Step { name: "web-build", title: "Web app: types and build", needs: &["wasm", "npm"], action: web::build },
    Step {
        name: "web-sizes",
        title: "Web app: what a tablet loads is within its budget",
        needs: &["web-build"],
        action: web::sizes,
    },
    Step { name: "web-tests", title: "Web app: unit tests (vitest)", needs: &["wasm", "npm"], action: web::unit_tests },
    Step { name: "clippy", title: "Lints (cargo clippy, warnings denied)", needs: &["rust-tools"], action: clippy },
    Step { name: "build", title: "Build server, command line and all tests", needs: &["web-build"], action: build },
    Step {
        name: "rust-tests",
        title: "Rust tests, scenarios and rules of the repository",
        needs: &["build"],
        action: rust_tests,
    },
    Step { name: "doc-tests", title: "Examples in documentation", needs: &["build"], action: doc_tests },
    Step {
        name: "npm-browser",
        title: "Packages of the browser tests (npm ci)",
        needs: &["compilers"],
        action: web::browser_packages,
    },
    Step {
        name: "browser-tests",
        title: "Browser tests: tablets in Chromium against the real server",
        needs: &["build", "npm-browser", "chromium"],
        action: browser_tests,
    },
    Step {
        name: "npm-interop",
        title: "Packages of the interop tests (npm ci)",
        needs: &["compilers"],
        action: web::interop_packages,
    },
    Step {
        name: "interop-tests",
        title: "JavaScript Automerge and automerge-repo against the real server",
        needs: &["build", "npm-interop"],
        action: interop_tests,
    },
    Step { name: "docs", title: "Documentation (cargo doc, warnings denied)", needs: &["compilers"], action: docs },
];

/// Runs every step, or with `only` those named.
pub fn run(house: &House, only: &[String]) -> Result<()> {
    if only.is_empty() {
        return step::run_all(house, &STEPS);
    }
    let unknown: Vec<&str> =
        only.iter().map(String::as_str).filter(|name| !STEPS.iter().any(|step| step.name == *name)).collect();
    if !unknown.is_empty() {
        let names: Vec<&str> = STEPS.iter().map(|step| step.name).collect();
        return Err(Failure::new(format!("no step {}; there are: {}", unknown.join(", "), names.join(" "))));
    }
    let chosen: Vec<Step> = STEPS.into_iter().filter(|step| only.iter().any(|name| name == step.name)).collect();
    step::run_all(house, &chosen)
}

/// Installs what the tests need and builds nothing else.
pub fn set_up(house: &House) -> Result<()> {
    let names = [
        "rust-tools",
        "cargo-deny",
        "compilers",
        "chromium",
        "postgresql",
        "nginx",
        "pgbouncer",
        "npm",
        "npm-browser",
        "npm-interop",
    ]
    .map(str::to_owned);
    run(house, &names)?;
    tools::wasm_compiler()?;
    Ok(())
}

fn format(house: &House) -> Result<Done> {
    process::run(&mut house.cargo(&["fmt", "--all", "--check"]))?;
    Ok(Done::Did)
}

fn clippy(house: &House) -> Result<Done> {
    let strict = ["--", "--deny", "warnings"];
    process::run(
        house
            .cargo(&["clippy", "--quiet", "--locked", "--workspace", "--exclude", "xtask", "--all-targets"])
            .args(strict),
    )?;
    process::run(house.cargo(&["clippy", "--quiet", "--locked", "--package", "xtask", "--all-targets"]).args(strict))?;
    Ok(Done::Did)
}

fn licences(house: &House) -> Result<Done> {
    let mut deny = Command::new(tools::deny_binary(house).ok_or_else(|| Failure::new("cargo-deny is missing"))?);
    deny.current_dir(&house.root).args(["--locked", "--config", ".deny.toml", "--log-level", "error", "check"]);
    process::read(deny.args(["licenses", "bans", "sources"]))?;
    Ok(Done::Did)
}

fn build(house: &House) -> Result<Done> {
    process::run(&mut house.cargo(&["build", "--locked", "--workspace", "--exclude", "xtask", "--all-targets"]))?;
    Ok(Done::Did)
}

fn rust_tests(house: &House) -> Result<Done> {
    let workspace = ["--locked", "--workspace", "--exclude", "xtask"];
    process::run(&mut house.cargo(&["test", "--quiet", "--locked", "--package", "xtask"]))?;
    if process::read(&mut house.cargo(&["nextest", "--version"])).is_ok() {
        process::run(house.cargo(&["nextest", "run", "--no-fail-fast"]).args(workspace))?;
        return Ok(Done::Did);
    }
    process::run(house.cargo(&["test", "--no-fail-fast", "--all-targets"]).args(workspace))?;
    Ok(Done::Noted("cargo-nextest is faster; install with: cargo install cargo-nextest --locked".into()))
}

fn doc_tests(house: &House) -> Result<Done> {
    process::run(&mut house.cargo(&["test", "--quiet", "--locked", "--doc", "--workspace", "--exclude", "xtask"]))?;
    Ok(Done::Did)
}

fn browser_tests(house: &House) -> Result<Done> {
    let chromium = tools::chromium().ok_or_else(|| Failure::new("Chromium is missing"))?;
    process::run(
        web::npm(&house.browser)
            .args(["test", "--silent"])
            .env("TSUDOI_CHROMIUM", chromium)
            .env("TSUDOI_SERVER_BINARY", house.debug_binary("tsudoi-server"))
            .env("TSUDOI_BINARY", house.debug_binary("tsudoi"))
            .env("TSUDOI_SCREENSHOTS", house.target.join("screenshots")),
    )?;
    Ok(Done::Noted(format!("pictures in {}", house.target.join("screenshots").display())))
}

fn interop_tests(house: &House) -> Result<Done> {
    process::run(
        web::npm(&house.interop)
            .args(["test", "--silent"])
            .env("TSUDOI_SERVER_BINARY", house.debug_binary("tsudoi-server"))
            .env("TSUDOI_BINARY", house.debug_binary("tsudoi")),
    )?;
    Ok(Done::Did)
}

fn docs(house: &House) -> Result<Done> {
    process::run(
        house
            .cargo(&["doc", "--quiet", "--locked", "--no-deps", "--workspace", "--exclude", "xtask"])
            .env("RUSTDOCFLAGS", "--deny warnings"),
    )?;
    Ok(Done::Did)
}
