//! A wire that cuts, delays and resets: a relay between tablets and the server, whose choices come from a seed.

use std::io::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

use super::chance::Chance;

/// What becomes of one connection.
#[derive(Clone, Copy)]
enum Fault {
    None,
    /// Ended before the server hears of it.
    Refused,
    /// Ended after so many bytes of the request.
    CutRequest(usize),
    /// The request arrives whole; the answer is ended after so many bytes.
    CutAnswer(usize),
    /// Every byte comes later.
    Slow(u64),
}

/// How many connections met a fault.
#[derive(Default)]
pub(super) struct Counts {
    pub connections: AtomicU64,
    pub faults: AtomicU64,
}

/// Starts relaying to `server`; the address to connect to instead.
pub(super) async fn start(server: &str, seed: u64) -> Result<(String, Arc<Counts>), Error> {
    let server: SocketAddr = server.trim_start_matches("http://").parse().map_err(Error::other)?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = format!("http://{}", listener.local_addr()?);
    let counts = Arc::new(Counts::default());
    let counted = counts.clone();
    tokio::spawn(async move {
        let mut chance = Chance::new(seed);
        while let Ok((near, _)) = listener.accept().await {
            let fault = choose(&mut chance);
            counted.connections.fetch_add(1, Ordering::Relaxed);
            if !matches!(fault, Fault::None) {
                counted.faults.fetch_add(1, Ordering::Relaxed);
            }
            tokio::spawn(relay(near, server, fault));
        }
    });
    Ok((address, counts))
}

fn choose(chance: &mut Chance) -> Fault {
    let size = |chance: &mut Chance, most: u64| usize::try_from(chance.below(most)).unwrap_or_default();
    match chance.below(10) {
        0 => Fault::Refused,
        1 => Fault::CutRequest(size(chance, 4_000)),
        2 => Fault::CutAnswer(0),
        3 => Fault::CutAnswer(size(chance, 400)),
        4 => Fault::Slow(chance.below(400)),
        _ => Fault::None,
    }
}

/// Carries one connection; how it ends is nobody's error.
async fn relay(mut near: TcpStream, server: SocketAddr, fault: Fault) -> Option<()> {
    if matches!(fault, Fault::Refused) {
        return None;
    }
    let mut far = TcpStream::connect(server).await.ok()?;
    match fault {
        Fault::None => copy_bidirectional(&mut near, &mut far).await.ok().map(drop),
        Fault::Slow(ms) => {
            sleep(Duration::from_millis(ms)).await;
            copy_bidirectional(&mut near, &mut far).await.ok().map(drop)
        }
        Fault::CutRequest(bytes) => pass(&mut near, &mut far, bytes).await,
        Fault::CutAnswer(bytes) => {
            let (mut from_tablet, _to_tablet) = near.split();
            let (mut from_server, mut to_server) = far.split();
            let request = async {
                let _ = tokio::io::copy(&mut from_tablet, &mut to_server).await;
            };
            let mut answer = vec![0; bytes.max(1)];
            // the server has answered, so what was pushed is durable; the tablet does not hear of it
            tokio::select! {
                () = request => None,
                _ = from_server.read(&mut answer) => Some(()),
            }
        }
        Fault::Refused => None,
    }
}

async fn pass(from: &mut TcpStream, to: &mut TcpStream, mut bytes: usize) -> Option<()> {
    let mut piece = [0; 4_096];
    while bytes > 0 {
        let most = bytes.min(piece.len());
        let count = from.read(&mut piece[..most]).await.ok().filter(|count| *count > 0)?;
        to.write_all(&piece[..count]).await.ok()?;
        bytes -= count;
    }
    Some(())
}
