//! A way to the server that lets no body through above a limit, as reverse proxies do: it answers 413 by itself.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A way with a limit.
#[derive(Debug)]
pub struct Narrow {
    address: String,
    limit: Arc<AtomicUsize>,
    refused: Arc<AtomicUsize>,
}

impl Narrow {
    /// A way to a server at `http://…`. Its threads end with the process.
    pub fn to(server: &str, limit: usize) -> Self {
        let target = server.strip_prefix("http://").unwrap().to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (limit, refused) = (Arc::new(AtomicUsize::new(limit)), Arc::new(AtomicUsize::new(0)));
        let (most, count) = (limit.clone(), refused.clone());
        std::thread::spawn(move || {
            for near in listener.incoming().flatten() {
                let (target, most, count) = (target.clone(), most.clone(), count.clone());
                std::thread::spawn(move || {
                    if serve(&near, &target, &most) == Some(false) {
                        count.fetch_add(1, Ordering::SeqCst);
                    }
                    // an end that is gone already is as good as one that is told
                    let _ = near.shutdown(Shutdown::Both);
                });
            }
        });
        Self { address, limit, refused }
    }

    /// Where to connect.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// From here on bodies up to so many bytes get through.
    pub fn allow(&self, bytes: usize) {
        self.limit.store(bytes, Ordering::SeqCst);
    }

    /// Bodies that were refused.
    pub fn refused(&self) -> usize {
        self.refused.load(Ordering::SeqCst)
    }
}

/// One request on one connection; whether it was let through. `None`: it broke off.
fn serve(near: &TcpStream, target: &str, limit: &AtomicUsize) -> Option<bool> {
    let mut reader = BufReader::new(near.try_clone().ok()?);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        if line == "\r\n" {
            break;
        }
        let lower = line.to_ascii_lowercase();
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        if !lower.starts_with("connection:") {
            head.push_str(&line);
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let mut near = near;
    if length > limit.load(Ordering::SeqCst) {
        let page = "<html>413 Request Entity Too Large</html>";
        write!(
            near,
            "HTTP/1.1 413 Request Entity Too Large\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{page}",
            page.len()
        )
        .ok()?;
        return Some(false);
    }
    let mut far = TcpStream::connect(target).ok()?;
    write!(far, "{head}connection: close\r\n\r\n").ok()?;
    far.write_all(&body).ok()?;
    std::io::copy(&mut far, &mut near).ok()?;
    Some(true)
}
