//! `cargo xtask demo`: from a fresh machine to a running server with the demonstration year loaded through the sync path.
//!
//! The data stay in `target/demo` between runs; `--fresh` starts over. The server is told to stop when this program is.

use crate::failure::{Context as _, Failure, Result};
use crate::house::House;
use crate::process;
use crate::step::{Done, announce};
use crate::{tools, wasm, web};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// Where the demonstration listens when nothing else does; the next free port otherwise.
const PORT: u16 = 8787;
const CASE: &str = "clients/cli/cases/honjo-kodama-r6.json";
/// The prefecture of the demonstration year.
const TENANT: &str = "11";
const STEPS: usize = 8;

/// Builds the core and the web app.
pub fn build_web(house: &House) -> Result<()> {
    announce(1, 4, "C compiler, Node.js and npm are there", || tools::compilers(house))?;
    announce(2, 4, "Core for WASM", || wasm::build(house))?;
    announce(3, 4, "Packages of the web app (npm ci)", || web::packages(house))?;
    announce(4, 4, "Web app", || web::build(house))
}

/// Builds, loads and serves until Ctrl-C.
pub fn run(house: &House, port: Option<u16>, fresh: bool) -> Result<()> {
    let stop = stop_signal()?;
    announce(1, STEPS, "C compiler, Node.js and npm are there", || tools::compilers(house))?;
    announce(2, STEPS, "Core for WASM", || wasm::build(house))?;
    announce(3, STEPS, "Packages of the web app (npm ci)", || web::packages(house))?;
    announce(4, STEPS, "Web app", || web::build(house))?;
    announce(5, STEPS, "Server and command line (the first time takes minutes)", || {
        process::run(&mut house.cargo(&["build", "--locked", "--package", "tsudoi-server", "--package", "tsudoi"]))?;
        Ok(Done::Did)
    })?;

    let folder = house.target.join("demo");
    if fresh && folder.exists() {
        fs::remove_dir_all(&folder).context(|| format!("removing {}", folder.display()))?;
    }
    fs::create_dir_all(&folder)?;
    let database = folder.join("tsudoi.sqlite");
    let first = !database.exists();
    let mut sign_ins = Vec::new();
    announce(6, STEPS, "Demonstration prefecture, people and codes", || {
        sign_ins = prepare(house, &database)?;
        Ok(Done::Did)
    })?;
    let port = free_port(port)?;
    let address = format!("http://127.0.0.1:{port}");
    let mut server = None;
    announce(7, STEPS, "Start the server", || {
        server = Some(Server::start(house, &database, port, &folder)?);
        Ok(Done::Noted(address.clone()))
    })?;
    let mut server = server.ok_or_else(|| Failure::new("the server was not started"))?;
    announce(8, STEPS, "Demonstration year, recorded by headless tablets and synced", || {
        load(house, &address, &folder, &sign_ins)?;
        remember(house, &address, &sign_ins, first)
    })?;

    println!("{}", welcome(house, &address, &sign_ins));
    server.wait(&stop)
}

/// One way to sign in.
struct SignIn {
    code: String,
    role: String,
    label: String,
    tenant: String,
    /// Separated by spaces; `*`: whatever the tablet asks for.
    scopes: String,
}

fn prepare(house: &House, database: &Path) -> Result<Vec<SignIn>> {
    let text = process::read(
        Command::new(house.debug_binary("tsudoi-server")).args(["demo", "--json", "--database"]).arg(database),
    )?;
    let line = text.lines().rev().find(|line| line.starts_with('{')).unwrap_or_default();
    let json: serde_json::Value =
        serde_json::from_str(line).context(|| "reading the codes of the demonstration".into())?;
    let word = |entry: &serde_json::Value, key: &str| entry[key].as_str().unwrap_or_default().to_owned();
    let codes: Vec<SignIn> = json["sign_ins"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|entry| SignIn {
            code: word(entry, "code"),
            role: word(entry, "role"),
            label: word(entry, "label"),
            tenant: word(entry, "tenant"),
            scopes: word(entry, "scopes"),
        })
        .collect();
    if codes.is_empty() {
        return Err(Failure::new("the demonstration printed no codes"));
    }
    Ok(codes)
}

fn load(house: &House, address: &str, folder: &Path, sign_ins: &[SignIn]) -> Result<Done> {
    let loader = sign_ins
        .iter()
        .find(|sign_in| sign_in.scopes == "*" && sign_in.tenant == TENANT)
        .ok_or_else(|| Failure::new("the demonstration has no code for loading"))?;
    let tsudoi = |verb: &str| {
        let mut command = Command::new(house.debug_binary("tsudoi"));
        command.arg("--home").arg(folder.join("tablets")).args(["--server", address, verb]);
        command
    };
    process::run(tsudoi("load-case").arg(house.root.join(CASE)).args(["--code", &loader.code]))?;
    process::run(tsudoi("load-synthetic").args(["--code", &loader.code]))?;
    Ok(Done::Did)
}

/// Enrols a loader of each prefecture in the person's own folder, so that `tsudoi load-case FILE --server URL` needs no
/// code. On a new database an enrolment from an earlier one is replaced.
fn remember(house: &House, address: &str, sign_ins: &[SignIn], first: bool) -> Result<Done> {
    for loader in sign_ins.iter().filter(|sign_in| sign_in.scopes == "*") {
        let tablet = format!("loader-{}", loader.tenant);
        let mut command = Command::new(house.debug_binary("tsudoi"));
        command.args(["--server", address, "--tablet", &tablet, "enrol", "--code", &loader.code]);
        command.args(["--name", "報告書の読み込み"]).args(first.then_some("--again"));
        process::read(&mut command)?;
    }
    Ok(Done::Did)
}

/// The wanted port, which must be free, or the first free one from the documented port on.
fn free_port(wanted: Option<u16>) -> Result<u16> {
    let is_free = |port: &u16| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok();
    match wanted {
        Some(port) if is_free(&port) => Ok(port),
        Some(port) => Err(Failure::new(format!("port {port} is taken; leave out --port to use the next free one"))),
        None => (PORT..PORT + 100)
            .find(is_free)
            .ok_or_else(|| Failure::new(format!("ports {PORT} to {} are all taken", PORT + 99))),
    }
}

/// A channel that is told of Ctrl-C and of a request to end.
fn stop_signal() -> Result<Receiver<()>> {
    let (sender, receiver) = channel();
    ctrlc::set_handler(move || {
        if sender.send(()).is_err() {
            std::process::exit(130);
        }
    })
    .context(|| "listening for Ctrl-C".into())?;
    Ok(receiver)
}

/// The running server; ended when dropped.
struct Server {
    child: Child,
    log: PathBuf,
}

impl Server {
    fn start(house: &House, database: &Path, port: u16, folder: &Path) -> Result<Self> {
        let log = folder.join("server.log");
        let output = fs::File::create(&log)?;
        let child = Command::new(house.debug_binary("tsudoi-server"))
            .args(["serve", "--listen", &format!("127.0.0.1:{port}"), "--database"])
            .arg(database)
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .context(|| "starting the server".into())?;
        let mut server = Self { child, log };
        let deadline = Instant::now() + Duration::from_secs(60);
        while !is_ready(port) {
            if let Some(status) = server.child.try_wait()? {
                let said = fs::read_to_string(&server.log).unwrap_or_default();
                return Err(Failure::new(format!("the server ended with {status}\n{said}")));
            }
            if Instant::now() > deadline {
                return Err(Failure::new(format!(
                    "the server is not ready after a minute; see {}",
                    server.log.display()
                )));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(server)
    }

    /// Returns when told to stop, or fails when the server ends by itself.
    fn wait(&mut self, stop: &Receiver<()>) -> Result<()> {
        loop {
            match stop.recv_timeout(Duration::from_millis(500)) {
                Ok(()) => {
                    println!("\n終了します。");
                    return Ok(());
                }
                Err(RecvTimeoutError::Disconnected) => return Err(Failure::new("no longer told of Ctrl-C")),
                Err(RecvTimeoutError::Timeout) => {}
            }
            if let Some(status) = self.child.try_wait()? {
                return Err(Failure::new(format!("the server ended with {status}; see {}", self.log.display())));
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Ok(id) = i32::try_from(self.child.id()) {
            let _ = kill(Pid::from_raw(id), Signal::SIGTERM);
        }
        let deadline = Instant::now() + Duration::from_secs(12);
        while Instant::now() < deadline {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One request by hand: a client library would be most of this program's build.
fn is_ready(port: u16) -> bool {
    let ask = || -> std::io::Result<bool> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer.starts_with("HTTP/1.1 2"))
    };
    ask().unwrap_or(false)
}

fn welcome(house: &House, address: &str, sign_ins: &[SignIn]) -> String {
    let mut lines = vec![
        String::new(),
        "集い（Tsudoi）が動いています。Ctrl-C で終了します。".to_owned(),
        String::new(),
        format!("  端末の画面（現場）   {address}/"),
        format!("  事務局の画面         {address}/office"),
        String::new(),
        "  登録コード   役割           画面        だれ".to_owned(),
    ];
    for sign_in in sign_ins {
        let screen = match sign_in.role.as_str() {
            "lecturer" | "staff" => "端末",
            "coordinator" => "端末・事務局",
            _ => "事務局",
        };
        lines.push(format!("  {:<12} {:<14} {screen:<6} {}", sign_in.code, sign_in.role, sign_in.label));
    }
    lines.push(String::new());
    let tsudoi = house.debug_binary("tsudoi");
    lines.push(format!("  報告書の読み込み：{} load-case FILE --server {address}", tsudoi.display()));
    lines.push(String::new());
    lines.push("  本庄市児玉郡の令和6年度は公表された報告の内容、それ以外の1年は見本（合成）です。".to_owned());
    lines.join("\n")
}
