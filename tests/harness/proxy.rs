//! A wire to the server that breaks after so many bytes, in either direction.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// Which bytes get through.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cut {
    /// Bytes towards the server; `None`: all.
    pub up: Option<usize>,
    /// Bytes towards the tablet; `None`: all.
    pub down: Option<usize>,
    /// Bytes of both ways together; `None`: all.
    pub both: Option<usize>,
}

/// A wire.
#[derive(Debug)]
pub struct Proxy {
    address: String,
    next: Arc<Mutex<Cut>>,
    down: Arc<AtomicUsize>,
}

impl Proxy {
    /// A wire to a server at `http://…`. Its threads end with the process.
    pub fn to(server: &str) -> Self {
        let target = server.strip_prefix("http://").unwrap().to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (next, down) = (Arc::new(Mutex::new(Cut::default())), Arc::new(AtomicUsize::new(0)));
        let (cuts, passed) = (next.clone(), down.clone());
        std::thread::spawn(move || {
            for near in listener.incoming() {
                let (Ok(near), Ok(far)) = (near, TcpStream::connect(&target)) else { continue };
                let cut = *cuts.lock().unwrap();
                let both = Arc::new(AtomicUsize::new(cut.both.unwrap_or(usize::MAX)));
                carry(&near, &far, cut.up, &both, Arc::default());
                carry(&far, &near, cut.down, &both, passed.clone());
            }
        });
        Self { address, next, down }
    }

    /// Where to connect.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// What connections made from here on let through.
    pub fn cut(&self, cut: Cut) {
        *self.next.lock().unwrap() = cut;
    }

    /// Bytes that came down so far.
    pub fn came_down(&self) -> usize {
        self.down.load(Ordering::SeqCst)
    }
}

/// Carries bytes one way until the end, until `limit`, or until nothing is left of `both`; then both ways end.
fn carry(from: &TcpStream, to: &TcpStream, limit: Option<usize>, both: &Arc<AtomicUsize>, passed: Arc<AtomicUsize>) {
    let (mut from, mut to, both) = (from.try_clone().unwrap(), to.try_clone().unwrap(), both.clone());
    std::thread::spawn(move || {
        let mut left = limit.unwrap_or(usize::MAX);
        let mut buffer = [0; 4096];
        while left > 0 {
            let Ok(came) = from.read(&mut buffer) else { break };
            let take = |rest: usize| Some(rest.saturating_sub(came.min(left)));
            let rest = both.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take).unwrap_or(0);
            let count = came.min(left).min(rest);
            // counted before it arrives: who has it asks how much came
            passed.fetch_add(count, Ordering::SeqCst);
            if count == 0 || to.write_all(&buffer[..count]).is_err() {
                break;
            }
            left -= count;
            if count < came {
                // the rest is lost: nobody waits for more
                break;
            }
        }
        // an end that is gone already is as good as one that is told
        let _ = from.shutdown(Shutdown::Both);
        let _ = to.shutdown(Shutdown::Both);
    });
}
