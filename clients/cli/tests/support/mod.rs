//! A real server and real `tsudoi` processes, each in folders of their own.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A running server that is killed when dropped.
pub struct Server {
    pub address: String,
    binary: PathBuf,
    folder: TempDir,
    child: Child,
}

impl Server {
    pub fn start() -> Self {
        let binary = server_binary();
        let folder = tempfile::tempdir().unwrap();
        let mut child = Command::new(&binary)
            .args(["--database", folder.path().join("db.sqlite").to_str().unwrap(), "serve", "--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        while !line.contains("http://") {
            line.clear();
            assert_ne!(out.read_line(&mut line).unwrap(), 0, "the server ended");
        }
        let address = line.split_whitespace().find(|word| word.starts_with("http://")).unwrap().to_owned();
        Self { address, binary, folder, child }
    }

    /// A code with which an administrator of a prefecture loads and enrols as much as a test likes.
    pub fn code(&self, tenant: &str) -> String {
        self.code_of("administrator", tenant, tenant, &["--scope", "*", "--uses", "1000"])
    }

    pub fn code_of(&self, role: &str, tenant: &str, organisation: &str, more: &[&str]) -> String {
        let output = Command::new(&self.binary)
            .args(["--database", self.folder.path().join("db.sqlite").to_str().unwrap()])
            .args(["code", "--tenant", tenant, "--role", role, "--person", "試験", "--organisation", organisation])
            .args(more)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Ends the server and says whether its figures equal its documents.
    pub fn verify(mut self) -> bool {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        let database = self.folder.path().join("db.sqlite");
        Command::new(&self.binary)
            .args(["--database", database.to_str().unwrap(), "verify"])
            .status()
            .unwrap()
            .success()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The server built beside this test; built now when only this package was.
fn server_binary() -> PathBuf {
    let folder = Path::new(env!("CARGO_BIN_EXE_tsudoi")).parent().unwrap();
    let binary = folder.join("tsudoi-server");
    if !binary.exists() {
        let built = Command::new(env!("CARGO")).args(["build", "--package", "tsudoi-server"]).status().unwrap();
        assert!(built.success());
    }
    binary
}

/// A machine with tablets on it.
pub struct Machine {
    pub home: TempDir,
}

impl Machine {
    pub fn new() -> Self {
        Self { home: tempfile::tempdir().unwrap() }
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tsudoi"));
        command.arg("--home").arg(self.home.path()).args(arguments);
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    pub fn ok(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {error}");
        String::from_utf8(output.stdout).unwrap()
    }

    pub fn records(&self) -> Vec<Value> {
        let shown: Value = serde_json::from_str(&self.ok(&["show", "--json"])).unwrap();
        shown["records"].as_array().unwrap().clone()
    }
}
