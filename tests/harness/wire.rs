//! A wire to a PostgreSQL of a test's own that stands still, or loses what goes over it, without a word to either end.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Condvar, Mutex};

/// What becomes of bytes.
#[derive(Debug, Default)]
struct State {
    /// None go on until the wire is thawed.
    frozen: bool,
    /// Connections made before this many were counted carry nothing any more.
    lost: usize,
    /// Connections so far.
    made: usize,
}

type Shared = Arc<(Mutex<State>, Condvar)>;

/// A wire.
#[derive(Debug)]
pub struct Wire {
    url: String,
    state: Shared,
}

impl Wire {
    /// A wire to the database of a URL of [`crate::Cluster`]. Its threads end with the process.
    pub fn to(url: &str) -> Self {
        let (start, folder) = url.split_once("?host=").unwrap();
        let socket = format!("{folder}/.s.PGSQL.5432");
        let database = start.rsplit('/').next().unwrap().to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Shared::default();
        let shared = state.clone();
        std::thread::spawn(move || {
            for near in listener.incoming() {
                let (Ok(near), Ok(far)) = (near, UnixStream::connect(&socket)) else { continue };
                let number = {
                    let mut state = shared.0.lock().unwrap();
                    state.made += 1;
                    state.made
                };
                let ends = (near.try_clone().unwrap(), far.try_clone().unwrap());
                carry(near, ends.1, number, shared.clone());
                carry(far, ends.0, number, shared.clone());
            }
        });
        Self { url: format!("postgres://tsudoi@127.0.0.1:{port}/{database}?sslmode=disable"), state }
    }

    /// The URL of the database by this wire.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Nothing goes on, in either direction; connections are still taken.
    pub fn freeze(&self) {
        self.state.0.lock().unwrap().frozen = true;
    }

    /// What was held goes on.
    pub fn thaw(&self) {
        self.state.0.lock().unwrap().frozen = false;
        self.state.1.notify_all();
    }

    /// The connections there are now carry nothing any more; new ones do.
    pub fn lose(&self) {
        let mut state = self.state.0.lock().unwrap();
        state.lost = state.made;
    }
}

fn carry(
    mut from: impl Read + Send + 'static,
    mut to: impl Write + Shut + Send + 'static,
    number: usize,
    shared: Shared,
) {
    std::thread::spawn(move || {
        let mut buffer = [0; 8192];
        loop {
            let count = from.read(&mut buffer).unwrap_or(0);
            let state = shared.1.wait_while(shared.0.lock().unwrap(), |state| state.frozen).unwrap();
            let lost = number <= state.lost;
            drop(state);
            if lost && count > 0 {
                continue;
            }
            if count == 0 || to.write_all(&buffer[..count]).is_err() {
                break;
            }
        }
        to.shut();
    });
}

trait Shut {
    fn shut(&self);
}

impl Shut for TcpStream {
    fn shut(&self) {
        // an end that is gone already is as good as one that is told
        let _ = self.shutdown(std::net::Shutdown::Both);
    }
}

impl Shut for UnixStream {
    fn shut(&self) {
        let _ = self.shutdown(std::net::Shutdown::Both);
    }
}
