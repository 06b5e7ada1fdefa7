//! nginx as it is installed: in front of the server with nothing said but where the server is. It speaks HTTP/1.0 to it,
//! changes `Host`, buffers, and takes bodies of a megabyte. Without nginx the test fails.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A port for an nginx to come.
#[derive(Debug)]
pub struct Door {
    port: u16,
}

impl Door {
    /// Where it will be reached.
    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Opens it in front of a server.
    pub fn open(self, server: &str) -> Nginx {
        Nginx::start(self, server)
    }
}

/// One nginx, ended when it is dropped.
#[derive(Debug)]
pub struct Nginx {
    address: String,
    child: Child,
    _folder: TempDir,
}

impl Nginx {
    /// A port that nobody listens on now.
    pub fn door() -> Door {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Door { port }
    }

    /// In front of a server at `http://…`.
    pub fn before(server: &str) -> Self {
        Self::start(Self::door(), server)
    }

    fn start(door: Door, server: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().display();
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|name| format!("{name}_temp_path {at}/{name};\n"))
            .concat();
        let settings = format!(
            "daemon off; master_process off; pid {at}/pid; error_log {at}/error.log;\n\
             events {{}}\n\
             http {{ access_log off;\n{temporary}\
             server {{ listen 127.0.0.1:{}; location / {{ proxy_pass {server}; }} }} }}\n",
            door.port
        );
        let file = folder.path().join("nginx.conf");
        std::fs::write(&file, settings).unwrap();
        let mut child = Command::new(binary())
            .arg("-p")
            .arg(folder.path())
            .arg("-c")
            .arg(&file)
            .arg("-e")
            .arg(folder.path().join("error.log"))
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("nginx is missing; on Debian: apt-get install nginx");
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", door.port)).is_err() {
            let said = std::fs::read_to_string(folder.path().join("error.log")).unwrap_or_default();
            assert!(child.try_wait().unwrap().is_none(), "nginx ended: {said}");
            assert!(begun.elapsed() < Duration::from_secs(30), "nginx does not listen: {said}");
            std::thread::yield_now();
        }
        Self { address: door.address(), child, _folder: folder }
    }

    /// Where it is reached.
    pub fn address(&self) -> &str {
        &self.address
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Debian keeps it where only administrators look.
fn binary() -> &'static str {
    let debian = "/usr/sbin/nginx";
    if std::path::Path::new(debian).is_file() { debian } else { "nginx" }
}
