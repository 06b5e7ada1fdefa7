//! A real server with a database of its own, ended when the measuring ends, however it ends.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::cluster::Cluster;
use super::failed;
use crate::args::{Bench, BenchStore};
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

/// A database that no server has opened yet.
pub(super) struct Database {
    /// As `tsudoi-server --database` takes it.
    pub name: String,
    /// The cluster it is in, when it is PostgreSQL's.
    pub cluster: Option<Cluster>,
    _folder: TempFolder,
}

impl Database {
    fn new(store: BenchStore) -> Result<Self, CliError> {
        let folder = TempFolder::new()?;
        let (name, cluster) = match store {
            BenchStore::Sqlite => (folder.path().join("bench.sqlite").display().to_string(), None),
            BenchStore::Postgres => {
                // an operator's settings for durability
                let cluster = Cluster::start(&["shared_buffers=256MB"])?;
                (cluster.database("bench")?, Some(cluster))
            }
        };
        Ok(Self { name, cluster, _folder: folder })
    }
}

/// A running server.
pub(super) struct ServerProcess {
    pub address: String,
    /// A code that enrols any number of tablets with scopes they name.
    pub code: String,
    binary: PathBuf,
    settings: Vec<(String, String)>,
    child: Child,
    // after the child: a cluster ends when nobody uses it any more
    pub database: Database,
}

impl ServerProcess {
    /// Starts a server on a new database, with these settings beside the defaults.
    pub(super) fn start(args: &Bench, settings: &[(&str, &str)]) -> Result<Self, CliError> {
        let database = Database::new(args.store)?;
        let settings: Vec<_> = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        command(&args.server_binary, &database, &settings).arg("migrate").output().map_err(failed)?;
        let made = command(&args.server_binary, &database, &settings)
            .args(["code", "--tenant", "11", "--role", "administrator", "--person", "計測", "--organisation", "11"])
            .args(["--scope", "*", "--uses", "100000"])
            .output()
            .map_err(failed)?;
        let code = String::from_utf8_lossy(&made.stdout).trim().to_owned();
        let (child, address) = serve(&args.server_binary, &database, &settings, "127.0.0.1:0")?;
        Ok(Self { address, code, binary: args.server_binary.clone(), settings, child, database })
    }

    /// SIGKILL, and a start on what is there.
    pub(super) fn kill_and_start_again(&mut self) -> Result<(), CliError> {
        self.stop();
        (self.child, self.address) = serve(&self.binary, &self.database, &self.settings, "127.0.0.1:0")?;
        Ok(())
    }

    /// The most memory the server ever had, in MB; 0 where the system does not tell.
    pub(super) fn peak_rss_mb(&self) -> f64 {
        self.memory_mb("VmHWM:")
    }

    /// The memory it has now.
    pub(super) fn rss_mb(&self) -> f64 {
        self.memory_mb("VmRSS:")
    }

    fn memory_mb(&self, field: &str) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix(field));
        let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
        (kilobytes.unwrap_or(0.0) / 102.4).round() / 10.0
    }

    /// Processor time of the server's threads so far, in ms; PostgreSQL's own processes are not in it.
    pub(super) fn cpu_ms(&self) -> f64 {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.child.id())).into_iter().flatten().flatten();
        let nanoseconds = |task: std::fs::DirEntry| {
            let text = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
            text.split(' ').next()?.parse::<f64>().ok()
        };
        tasks.filter_map(nanoseconds).sum::<f64>() / 1_000_000.0
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

fn command(binary: &Path, database: &Database, settings: &[(String, String)]) -> Command {
    let mut command = Command::new(binary);
    command.arg("--database").arg(&database.name).stdin(Stdio::null()).stderr(Stdio::null());
    command.env("TSUDOI_LOG", "warn").envs(settings.iter().map(|(name, value)| (name, value)));
    command
}

fn serve(
    binary: &Path,
    database: &Database,
    settings: &[(String, String)],
    listen: &str,
) -> Result<(Child, String), CliError> {
    let mut command = command(binary, database, settings);
    let mut child = command.args(["serve", "--listen", listen]).stdout(Stdio::piped()).spawn().map_err(failed)?;
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
    match line.split_whitespace().find(|word| word.starts_with("http://")) {
        Some(address) => Ok((child, address.to_owned())),
        None => {
            let _ = child.kill();
            let _ = child.wait();
            Err(failed("the server did not say where it listens"))
        }
    }
}
