//! A wire to the server as a poor radio line is: so many bytes a second, and nothing at all for a while again and again.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::time::{Duration, Instant};

/// What is read at once, in bytes.
const PIECE: usize = 256;

/// How poor it is.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// Each way.
    pub bytes_per_second: u32,
    /// A black-out ends so often.
    pub every: Duration,
    /// How long it is. What was on its way is lost, and its connection with it; new ones wait.
    pub dark: Duration,
}

impl Line {
    /// How long nothing goes through from now on; `None`: it does.
    fn dark_for(&self, since: Instant) -> Option<Duration> {
        let nanos = since.elapsed().as_nanos() % self.every.as_nanos();
        let left = self.every.saturating_sub(Duration::from_nanos(u64::try_from(nanos).unwrap()));
        (left <= self.dark).then_some(left)
    }

    /// A wire like this to a server at `http://…`; where to connect. Its threads end with the process.
    pub fn to(self, server: &str) -> String {
        let target = server.strip_prefix("http://").unwrap().to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let since = Instant::now();
        std::thread::spawn(move || {
            for near in listener.incoming() {
                if let Some(left) = self.dark_for(since) {
                    std::thread::sleep(left);
                }
                let (Ok(near), Ok(far)) = (near, TcpStream::connect(&target)) else { continue };
                self.carry(&near, &far, since);
                self.carry(&far, &near, since);
            }
        });
        address
    }

    /// Carries bytes one way, as slowly as the line does, until their end; in a black-out both ways end. What comes to an end
    /// that has closed already is lost, and the other way goes on: an answer may come before the whole request is there.
    fn carry(self, from: &TcpStream, to: &TcpStream, since: Instant) {
        let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
        std::thread::spawn(move || {
            let mut buffer = [0; PIECE];
            loop {
                let count = from.read(&mut buffer).unwrap_or(0);
                if count == 0 {
                    // an end that is gone already is as good as one that is told
                    let _ = to.shutdown(Shutdown::Write);
                    return;
                }
                if let Some(left) = self.dark_for(since) {
                    std::thread::sleep(left);
                    let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
                    return;
                }
                std::thread::sleep(Duration::from_secs(1) * u32::try_from(count).unwrap() / self.bytes_per_second);
                let _ = to.write_all(&buffer[..count]);
            }
        });
    }
}
