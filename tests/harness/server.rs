//! The server binary on a free port and a folder of its own.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;
use tsudoi::transport::Server as Client;

/// A way to sign in that the demonstration made.
#[derive(Clone, Debug)]
pub struct SignIn {
    /// Stable name, such as `staff-112119`.
    pub key: String,
    /// The code.
    pub code: String,
    /// Municipality code, association id or tenant.
    pub organisation: String,
}

/// One server process with its data.
#[derive(Debug)]
pub struct Server {
    folder: TempDir,
    database: String,
    child: Child,
    address: String,
    sign_ins: Vec<SignIn>,
    settings: Settings,
}

/// Variables and their values.
type Settings = Vec<(String, String)>;

/// The binary: `TSUDOI_SERVER_BINARY`, else beside the test binaries.
fn binary() -> PathBuf {
    named("TSUDOI_SERVER_BINARY", "tsudoi-server")
}

fn named(variable: &str, name: &str) -> PathBuf {
    if let Some(path) = std::env::var_os(variable) {
        return PathBuf::from(path);
    }
    let deps = std::env::current_exe().unwrap();
    let path = deps.parent().and_then(Path::parent).unwrap().join(name);
    assert!(path.is_file(), "{} is missing; build first: cargo build --workspace --all-targets", path.display());
    path
}

impl Server {
    /// A new server with the demonstration's people and codes, and no records.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// The same on an empty PostgreSQL database.
    pub fn start_on(database: String) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), database, &[])
    }

    /// Another process over the same PostgreSQL database.
    pub fn beside(&self) -> Self {
        let (folder, database) = (tempfile::tempdir().unwrap(), self.database.clone());
        let (sign_ins, settings) = (self.sign_ins.clone(), self.settings.clone());
        let (child, address) = serve(&folder, &database, "127.0.0.1:0", &settings);
        Self { folder, database, child, address, sign_ins, settings }
    }

    /// The same, with settings by their variables.
    pub fn start_with(settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("tsudoi.sqlite").display().to_string();
        Self::start_in(folder, database, settings)
    }

    fn start_in(folder: TempDir, database: String, settings: &[(&str, &str)]) -> Self {
        let settings: Settings =
            settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let output = run(&folder, &database, &["demo", "--json"]);
        assert!(output.status.success(), "demo: {}", String::from_utf8_lossy(&output.stderr));
        let said = String::from_utf8(output.stdout).unwrap();
        let line = said.lines().find(|line| line.starts_with('{')).expect("one line of JSON");
        let whole: Value = serde_json::from_str(line).unwrap();
        let text = |entry: &Value, key: &str| entry[key].as_str().unwrap_or_default().to_owned();
        let sign_ins = whole["sign_ins"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| SignIn {
                key: text(entry, "key"),
                code: text(entry, "code"),
                organisation: text(entry, "organisation"),
            })
            .collect();
        let (child, address) = serve(&folder, &database, "127.0.0.1:0", &settings);
        Self { folder, database, child, address, sign_ins, settings }
    }

    /// `http://127.0.0.1:PORT`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The sign-in of this key.
    pub fn sign_in(&self, key: &str) -> &SignIn {
        self.sign_ins.iter().find(|sign_in| sign_in.key == key).unwrap_or_else(|| panic!("no sign-in {key}"))
    }

    /// A client of its own connections.
    pub fn client(&self) -> Client {
        Client::new(&self.address).unwrap()
    }

    /// SIGHUP.
    pub fn hang_up(&self) {
        let status = Command::new("kill").args(["-HUP", &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// Whether `tsudoi`, as a process that trusts this root and no other, enrols a tablet by TLS at `localhost`.
    pub fn answers_over_tls(&self, root: &Path) -> bool {
        let port = self.address.rsplit(':').next().unwrap();
        let home = tempfile::tempdir().unwrap();
        let output = Command::new(named("TSUDOI_BINARY", "tsudoi"))
            .arg("--home")
            .arg(home.path())
            .args(["--server", &format!("https://localhost:{port}")])
            .args(["enrol", "--code", &self.sign_in("staff-112119").code, "--name", "試し"])
            .env("SSL_CERT_FILE", root)
            .env_remove("SSL_CERT_DIR")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success() || said.contains("証明書") || said.contains("つながりません"), "{said}");
        output.status.success()
    }

    /// SIGKILL: nothing is written, closed or said any more.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts again on the same data and the same port.
    pub fn start_again(&mut self) {
        let address = self.address.strip_prefix("http://").unwrap().to_owned();
        let (child, address) = serve(&self.folder, &self.database, &address, &self.settings);
        (self.child, self.address) = (child, address);
    }

    /// A copy of the database as it is now, as an operator's backup would have it. Running work is not waited for.
    pub fn back_up(&mut self) -> TempDir {
        let backup = tempfile::tempdir().unwrap();
        self.kill();
        copy_database(&self.folder, &backup);
        self.start_again();
        backup
    }

    /// Kills the server, puts a backup in place of its database, and starts it again.
    pub fn restore(&mut self, backup: &TempDir) {
        self.kill();
        copy_database(backup, &self.folder);
        self.start_again();
    }

    /// Runs a verb of the server's command line on the data and returns what it said.
    pub fn command(&self, arguments: &[&str]) -> String {
        let output = run(&self.folder, &self.database, arguments);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{arguments:?}: {said}{}", String::from_utf8_lossy(&output.stderr));
        said
    }

    /// Largest resident memory the process ever had, in kB.
    pub fn peak_memory_kb(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// Whether the process runs.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Runs `tsudoi-server verify` on the data and fails with what it found.
    pub fn verify(&self) {
        let output = run(&self.folder, &self.database, &["verify"]);
        assert!(
            output.status.success(),
            "verify: {}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }

    /// Runs the command line tool against this server with a state folder of its own kind.
    pub fn tsudoi(&self, arguments: &[&str]) -> String {
        let output = Command::new(named("TSUDOI_BINARY", "tsudoi"))
            .arg("--home")
            .arg(self.folder.path().join("tablets"))
            .args(["--server", &self.address])
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "tsudoi {arguments:?}: {said}{}", String::from_utf8_lossy(&output.stderr));
        said
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Replaces the database files in `to` by those in `from`.
fn copy_database(from: &TempDir, to: &TempDir) {
    for suffix in ["", "-wal", "-shm"] {
        let name = format!("tsudoi.sqlite{suffix}");
        let (source, target) = (from.path().join(&name), to.path().join(&name));
        if target.exists() {
            std::fs::remove_file(&target).unwrap();
        }
        if source.exists() {
            std::fs::copy(&source, &target).unwrap();
        }
    }
}

fn command(folder: &TempDir, database: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(binary());
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("TSUDOI_")) {
        command.env_remove(name);
    }
    command
        .args(arguments)
        .arg("--database")
        .arg(database)
        .env("TSUDOI_LOG", "warn")
        .current_dir(folder.path())
        .stdin(Stdio::null());
    command
}

fn run(folder: &TempDir, database: &str, arguments: &[&str]) -> Output {
    command(folder, database, arguments).output().unwrap()
}

/// Starts serving and returns once the server says it is ready.
fn serve(folder: &TempDir, database: &str, listen: &str, settings: &Settings) -> (Child, String) {
    let mut command = command(folder, database, &["serve", "--listen", listen]);
    command.envs(settings.iter().map(|(name, value)| (name, value)));
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut said = String::new();
    let address = loop {
        let mut line = String::new();
        if lines.read_line(&mut line).unwrap() == 0 {
            break None;
        }
        if let Some(address) = line.trim().strip_prefix("tsudoi-server ready ") {
            break Some(address.to_owned());
        }
        said.push_str(&line);
    };
    match address {
        Some(address) => {
            std::thread::spawn(move || drop(lines.read_to_end(&mut Vec::new())));
            (child, address)
        }
        None => panic!("the server ended with {:?} before it was ready: {said}", child.wait()),
    }
}
