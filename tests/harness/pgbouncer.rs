//! PgBouncer in front of a PostgreSQL of a test's own. Without it the test fails.

use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::MetadataExt as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// One PgBouncer, ended when it is dropped.
#[derive(Debug)]
pub struct PgBouncer {
    url: String,
    child: Child,
    _folder: TempDir,
}

impl PgBouncer {
    /// In front of the database of a URL of [`crate::Cluster`], with these lines beside what it has by itself.
    pub fn before(url: &str, settings: &[&str]) -> Self {
        let (start, socket) = url.split_once("?host=").unwrap();
        let database = start.rsplit('/').next().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pgbouncer.ini");
        let lines = format!(
            "[databases]\n* = host={socket} user=tsudoi\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
             unix_socket_dir =\nauth_type = any\n{}\n",
            settings.join("\n")
        );
        std::fs::write(&file, lines).unwrap();
        let mut command = Command::new(binary());
        // it refuses to be root, and only the cluster's user reaches the cluster
        if let Some(user) = owner(socket) {
            command.args(["-u", &user]);
        }
        let quiet = command.arg(&file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = quiet.spawn().expect("pgbouncer is missing; on Debian: apt-get install pgbouncer");
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(child.try_wait().unwrap().is_none(), "pgbouncer ended");
            assert!(begun.elapsed() < Duration::from_secs(30), "pgbouncer does not listen");
            std::thread::yield_now();
        }
        let url = format!("postgres://tsudoi@127.0.0.1:{port}/{database}?sslmode=disable");
        Self { url, child, _folder: folder }
    }

    /// The URL of the database by this way.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The user whom a folder belongs to; `None` where this process is no administrator.
fn owner(folder: &str) -> Option<String> {
    let own = std::fs::metadata("/proc/self").ok()?.uid();
    let uid = std::fs::metadata(folder).unwrap().uid().to_string();
    let users = std::fs::read_to_string("/etc/passwd").unwrap();
    let fields = users.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let named = fields.filter(|fields| fields.get(2) == Some(&uid.as_str())).map(|fields| fields[0].to_owned());
    { named }.next().filter(|_| own == 0)
}

/// Debian keeps it where only administrators look.
fn binary() -> &'static str {
    let debian = "/usr/sbin/pgbouncer";
    if std::path::Path::new(debian).is_file() { debian } else { "pgbouncer" }
}
