//! A PostgreSQL cluster of one's own: made in a temporary folder, reached through a socket in it, gone with the process
//! that asked for it, however that process ends: a shell beside it waits for its standard input to close.
//!
//! PostgreSQL refuses to run as root, so root starts it as `postgres` or `nobody`.

use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::failed;
use crate::error::CliError;

/// How long a cluster may take to start.
const START: Duration = Duration::from_secs(60);
/// Runs the server until standard input ends, and then removes everything.
const KEEPER: &str = r#"
bin=$1; folder=$2; shift 2
"$bin/postgres" -D "$folder/data" -k "$folder" -c listen_addresses= "$@" >"$folder/log" 2>&1 &
cat >/dev/null
kill -QUIT $!
wait $!
rm -rf "$folder"
"#;

/// A running cluster. Dropping it, or ending the process, stops it and removes its folder.
#[derive(Debug)]
pub struct Cluster {
    bin: PathBuf,
    folder: PathBuf,
    keeper: Child,
}

impl Cluster {
    /// A new cluster with these settings beside what PostgreSQL has by itself.
    ///
    /// Errors: there is no PostgreSQL, or it did not start; its log is told.
    pub fn start(settings: &[&str]) -> Result<Self, CliError> {
        let bin = programs().ok_or_else(|| failed("PostgreSQL 15 or later is needed: apt-get install postgresql"))?;
        let folder = std::env::temp_dir().join(format!("tsudoi-pg-{}", uuid::Uuid::new_v4().simple()));
        std::fs::create_dir(&folder).map_err(failed)?;
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o700)).map_err(failed)?;
        let user = other_user(&folder)?;
        if let Some((uid, gid)) = user {
            chown(&folder, Some(uid), Some(gid)).map_err(failed)?;
        }
        let as_user = |program: &Path| {
            let mut command = Command::new(program);
            command.current_dir("/").env("LC_ALL", "C").stdin(Stdio::null());
            if let Some((uid, gid)) = user {
                command.gid(gid).uid(uid);
            }
            command
        };
        let made = as_user(&bin.join("initdb"))
            .args(["--username=tsudoi", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "-D"])
            .arg(folder.join("data"))
            .output()
            .map_err(failed)?;
        if !made.status.success() {
            return Err(failed(format!("initdb: {}", String::from_utf8_lossy(&made.stderr))));
        }
        let mut keeper = as_user(Path::new("/bin/sh"));
        keeper.args(["-c", KEEPER, "keeper"]).arg(&bin).arg(&folder);
        for setting in settings.iter().chain(&["max_connections=200"]) {
            keeper.args(["-c", setting]);
        }
        keeper.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let cluster = Self { bin, folder, keeper: keeper.spawn().map_err(failed)? };
        let deadline = Instant::now() + START;
        while !cluster.program("pg_isready").arg("-q").status().map_err(failed)?.success() {
            if Instant::now() > deadline {
                let log = std::fs::read_to_string(cluster.folder.join("log")).unwrap_or_default();
                return Err(failed(format!("PostgreSQL did not start: {log}")));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(cluster)
    }

    /// Makes an empty database; its URL.
    pub fn database(&self, name: &str) -> Result<String, CliError> {
        self.sql("postgres", &format!("CREATE DATABASE {name}"))?;
        Ok(format!("postgres://tsudoi@localhost/{name}?host={}", self.folder.display()))
    }

    /// Runs statements in a database as the owner of the cluster; what they print, bare.
    pub fn sql(&self, database: &str, text: &str) -> Result<String, CliError> {
        let mut command = self.program("psql");
        command.args(["-qAtX", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", text]);
        let output = command.output().map_err(failed)?;
        if !output.status.success() {
            return Err(failed(format!("{text}: {}", String::from_utf8_lossy(&output.stderr))));
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
    }

    /// One of PostgreSQL's programs, set to reach this cluster.
    pub fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.bin.join(name));
        command.env("PGHOST", &self.folder).env("PGUSER", "tsudoi").current_dir("/").stdin(Stdio::null());
        command
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

/// The folder of PostgreSQL's programs: the highest version Debian has, else where `initdb` on the path is.
fn programs() -> Option<PathBuf> {
    let version = |path: &PathBuf| path.parent()?.file_name()?.to_str()?.parse::<u32>().ok();
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let mut found: Vec<PathBuf> = debian.filter_map(|entry| Some(entry.ok()?.path().join("bin"))).collect();
    found.retain(|path| path.join("initdb").is_file() && version(path).is_some_and(|version| version >= 15));
    found.sort_by_key(version);
    let on_path = || {
        let paths = std::env::var_os("PATH")?;
        let found = std::env::split_paths(&paths).map(|folder| folder.join("initdb")).find(|path| path.is_file())?;
        found.canonicalize().ok()?.parent().map(Path::to_owned)
    };
    found.pop().or_else(on_path)
}

/// The user to run as when this process is root: user and group.
fn other_user(made_by_us: &Path) -> Result<Option<(u32, u32)>, CliError> {
    use std::os::unix::fs::MetadataExt as _;
    if std::fs::metadata(made_by_us).map_err(failed)?.uid() != 0 {
        return Ok(None);
    }
    let users = std::fs::read_to_string("/etc/passwd").map_err(failed)?;
    let of = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    of("postgres").or_else(|| of("nobody")).map(Some).ok_or_else(|| failed("no user to run PostgreSQL"))
}
