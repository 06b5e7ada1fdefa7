//! Where things are: the repository, the folders in it that this program names, and cargo's target folder.

use crate::failure::{Context as _, Failure, Result};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The paths every step works with. Read once at the start.
pub struct House {
    /// The repository.
    pub root: PathBuf,
    /// Cargo's target folder, as cargo itself sees it (CARGO_TARGET_DIR and configuration included).
    pub target: PathBuf,
    /// `clients/web`: the field app and the office console.
    pub web: PathBuf,
    /// `tests/browser`: what drives Chromium.
    pub browser: PathBuf,
    /// `tests/interop`: JavaScript Automerge against the real server.
    pub interop: PathBuf,
    cargo: PathBuf,
}

impl House {
    /// Asks cargo where the workspace and its target folder are.
    pub fn find() -> Result<Self> {
        let cargo = std::env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from);
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let output = Command::new(&cargo)
            .args(["metadata", "--no-deps", "--format-version", "1"])
            .current_dir(here)
            .output()
            .context(|| "cargo metadata did not start".into())?;
        if !output.status.success() {
            return Err(Failure::new(String::from_utf8_lossy(&output.stderr).trim()));
        }
        let metadata: serde_json::Value = serde_json::from_slice(&output.stdout)?;
        let path = |key: &str| {
            metadata[key]
                .as_str()
                .map(PathBuf::from)
                .ok_or_else(|| Failure::new(format!("cargo metadata names no {key}")))
        };
        let root = path("workspace_root")?;
        Ok(Self {
            web: root.join("clients/web"),
            browser: root.join("tests/browser"),
            interop: root.join("tests/interop"),
            target: path("target_directory")?,
            root,
            cargo,
        })
    }

    /// The cargo that runs this program, in the repository.
    ///
    /// Variables that cargo set for this program are taken away, because build scripts that watch them would run again.
    pub fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.cargo);
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") || text == "CARGO" {
                command.env_remove(name);
            }
        }
        command.args(arguments).current_dir(&self.root);
        command
    }

    /// A binary of the development profile.
    pub fn debug_binary(&self, name: &str) -> PathBuf {
        self.target.join("debug").join(name)
    }
}
