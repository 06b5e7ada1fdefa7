//! A real server with a database of its own, ended when the measuring ends, however it ends.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::failed;
use crate::error::CliError;

/// A folder that is removed when dropped.
pub(super) struct TempFolder(PathBuf);

impl TempFolder {
    pub(super) fn new() -> Result<Self, CliError> {
        let path = std::env::temp_dir().join(format!("tsudoi-bench-{}", uuid::Uuid::new_v4().simple()));
        std::fs::create_dir_all(&path).map_err(failed)?;
        Ok(Self(path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TempFolder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A running server.
pub(super) struct ServerProcess {
    pub address: String,
    /// A code that enrols any number of tablets with scopes they name.
    pub code: String,
    child: Child,
    _folder: TempFolder,
}

impl ServerProcess {
    pub(super) fn start(binary: &Path) -> Result<Self, CliError> {
        let folder = TempFolder::new()?;
        let database = folder.path().join("bench.sqlite");
        let command = |arguments: &[&str]| {
            let mut command = Command::new(binary);
            command.arg("--database").arg(&database).args(arguments).stdin(Stdio::null()).stderr(Stdio::null());
            command
        };
        let made = command(&[
            "code",
            "--tenant",
            "11",
            "--role",
            "administrator",
            "--person",
            "計測",
            "--organisation",
            "11",
            "--scope",
            "*",
            "--uses",
            "1000",
        ])
        .output()
        .map_err(failed)?;
        let code = String::from_utf8_lossy(&made.stdout).trim().to_owned();
        let mut child =
            command(&["serve", "--listen", "127.0.0.1:0"]).stdout(Stdio::piped()).spawn().map_err(failed)?;
        let mut line = String::new();
        if let Some(out) = child.stdout.take() {
            let mut lines = BufReader::new(out);
            while line.is_empty() || !line.contains("http://") {
                line.clear();
                if lines.read_line(&mut line).map_err(failed)? == 0 {
                    break;
                }
            }
        }
        let address = line.split_whitespace().find(|word| word.starts_with("http://")).map(str::to_owned);
        match address {
            Some(address) => Ok(Self { address, code, child, _folder: folder }),
            None => {
                let _ = child.kill();
                let _ = child.wait();
                Err(failed("the server did not say where it listens"))
            }
        }
    }

    /// The most memory the server ever had, in MB; 0 where the system does not tell.
    pub(super) fn peak_rss_mb(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
        (kilobytes.unwrap_or(0.0) / 102.4).round() / 10.0
    }

    pub(super) fn stop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        self.stop();
    }
}
