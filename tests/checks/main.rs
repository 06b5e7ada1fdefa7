//! Rules of the repository as tests: who may depend on whom, what every file begins with, what is never committed.
//!
//! Each rule reads the files as they are in the work tree and names every offender at once.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod layers;
mod security;
mod spec;
mod text;
mod words;

use std::path::{Path, PathBuf};
use std::process::Command;

/// The repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Every file that is or would be committed, relative to the repository, and that exists.
fn files() -> Vec<String> {
    let output = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .expect("git is needed to know which files are ours");
    assert!(output.status.success(), "git ls-files: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .filter(|file| root().join(file).is_file())
        .map(str::to_owned)
        .collect()
}

/// Files below a folder with one of these endings.
fn below(folder: &str, endings: &[&str]) -> Vec<String> {
    files()
        .into_iter()
        .filter(|file| file.starts_with(folder) && endings.iter().any(|ending| file.ends_with(ending)))
        .collect()
}

fn read(file: &str) -> String {
    std::fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// Lines of code: comment lines are left out.
fn code(file: &str) -> impl Iterator<Item = (usize, String)> {
    let text = read(file);
    let lines: Vec<(usize, String)> = text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
        .map(|(index, line)| (index + 1, line.to_owned()))
        .collect();
    lines.into_iter()
}

/// Fails with every offender, one a line.
#[track_caller]
fn none(offenders: &[String], rule: &str) {
    assert!(offenders.is_empty(), "{rule}\n  {}", offenders.join("\n  "));
}
