//! Letting stock automerge-repo clients follow documents: read-only, only what the caller may hear of.
//!
//! Invariants: nothing a client sends changes a document; a document of others is answered as an unknown one, and reading
//! one's own is in the journal; a
//! connection holds no document in memory between messages, only what each of a limited number of followers is known to
//! have; a credential that is no longer valid ends the connection at its next message or news.

pub mod message;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use sync_core::digest::FeedState;
use sync_core::document::{Document, FollowError, Follower};
use sync_core::ids::DocumentId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use self::message::{Incoming, Outgoing, VERSION};
use crate::service::access::{Action, Caller};
use crate::service::credential::Credential;
use crate::service::journal::Act;
use crate::service::secret::{NoRandomness, random_token, secret_hash};
use crate::service::{App, Notice};
use crate::store::StoreError;
use crate::store::types::{SecretHash, StoredDocument};

/// How long a ticket is good for.
pub const TICKET_MS: u64 = 60_000;
/// Tickets waiting at the same time, over all callers.
const TICKETS: usize = 10_000;
/// Documents looked up at once when there is news.
const BATCH: usize = 50;

/// Tickets and connections of this process.
#[derive(Debug)]
pub struct Desk {
    connections: Arc<Semaphore>,
    tickets: Mutex<HashMap<SecretHash, (Credential, u64)>>,
}

impl Desk {
    /// A desk for so many connections at the same time.
    pub fn new(connections: usize) -> Self {
        Self { connections: Arc::new(Semaphore::new(connections)), tickets: Mutex::default() }
    }

    /// A ticket that stands for a credential once, within [`TICKET_MS`]. `None` when too many wait.
    pub fn ticket(&self, credential: Credential, now: u64) -> Result<Option<String>, NoRandomness> {
        let ticket = random_token()?;
        let mut tickets = self.tickets.lock().unwrap_or_else(PoisonError::into_inner);
        tickets.retain(|_, (_, until)| *until > now);
        if tickets.len() >= TICKETS {
            return Ok(None);
        }
        tickets.insert(secret_hash(&ticket), (credential, now.saturating_add(TICKET_MS)));
        Ok(Some(ticket))
    }

    /// Uses a ticket up.
    pub fn redeem(&self, ticket: &str, now: u64) -> Option<Credential> {
        let mut tickets = self.tickets.lock().unwrap_or_else(PoisonError::into_inner);
        let (credential, until) = tickets.remove(&secret_hash(ticket))?;
        (until > now).then_some(credential)
    }

    /// A place for one connection, given back when dropped. `None` when all are taken.
    pub fn place(&self) -> Option<OwnedSemaphorePermit> {
        self.connections.clone().try_acquire_owned().ok()
    }
}

/// Why a connection ends.
#[derive(Debug, thiserror::Error)]
pub enum End {
    /// The credential holds no longer.
    #[error("the credential is no longer valid")]
    Credential,
    /// The client broke the protocol or a limit; it is told the reason.
    #[error("{0}")]
    Protocol(&'static str),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

struct Followed {
    name: String,
    follower: Follower,
}

/// One connection.
pub struct Session {
    app: App,
    credential: Credential,
    caller: Caller,
    own: String,
    peer: Option<String>,
    followed: BTreeMap<DocumentId, Followed>,
}

impl Session {
    /// A connection of this caller, which calls the server `own`.
    pub fn new(app: App, credential: Credential, caller: Caller, own: String) -> Self {
        Self { app, credential, caller, own, peer: None, followed: BTreeMap::new() }
    }

    /// Whether the caller may hear of this, and follows anything.
    pub fn hears(&self, notice: &Notice) -> bool {
        !self.followed.is_empty() && notice.tenant == self.caller.tenant && self.caller.hears(&notice.scope)
    }

    /// A message for this connection's client.
    pub fn write(&self, message: Outgoing<'_>) -> Vec<u8> {
        message.write(&self.own, self.peer.as_deref().unwrap_or_default())
    }

    /// Takes in one message; the answers to it.
    pub async fn receive(&mut self, bytes: &[u8]) -> Result<Vec<Vec<u8>>, End> {
        let message = Incoming::read(bytes).ok_or(End::Protocol("not a message of automerge-repo"))?;
        match (message.kind.as_str(), &self.peer) {
            ("join", _) => {
                self.peer = Some(message.sender);
                if !message.versions.iter().any(|version| version == VERSION) {
                    return Err(End::Protocol("only protocol version 1 is spoken here"));
                }
                Ok(vec![self.write(Outgoing::Peer)])
            }
            (_, None) => Err(End::Protocol("the first message must be join")),
            ("request" | "sync", Some(_)) => self.exchange(message).await,
            // ephemeral, remote heads and whatever else peers tell each other: nobody is told of it here
            _ => Ok(Vec::new()),
        }
    }

    async fn exchange(&mut self, message: Incoming) -> Result<Vec<Vec<u8>>, End> {
        self.check().await?;
        let Some(document) = read_id(&message.document) else {
            return Ok(vec![self.write(Outgoing::Unavailable(&message.document))]);
        };
        let stored = self.app.store.load_documents(&self.caller.tenant, &[document]).await?;
        let Some(stored) = stored.into_iter().find(|stored| self.may_read(stored)) else {
            self.followed.remove(&document);
            return Ok(vec![self.write(Outgoing::Unavailable(&message.document))]);
        };
        let follower = match self.followed.remove(&document) {
            Some(followed) => followed.follower,
            None if self.followed.len() >= self.app.config.follow_documents => {
                return Err(End::Protocol("too many documents on one connection"));
            }
            None => {
                self.app.journal.note_read(&self.caller, Act::done(Action::Follow).to(document)).await;
                Follower::default()
            }
        };
        let (follower, next) = advance(stored, follower, Some(message.data)).await?;
        let answers = next.iter().map(|data| self.write(Outgoing::Sync(&message.document, data))).collect();
        self.followed.insert(document, Followed { name: message.document, follower });
        Ok(answers)
    }

    /// What is new in the followed documents.
    pub async fn news(&mut self) -> Result<Vec<Vec<u8>>, End> {
        self.check().await?;
        let ids: Vec<DocumentId> = self.followed.keys().copied().collect();
        let mut news = Vec::new();
        for ids in ids.chunks(BATCH) {
            let stored = self.app.store.load_documents(&self.caller.tenant, ids).await?;
            let mut stored: HashMap<DocumentId, StoredDocument> =
                stored.into_iter().map(|stored| (stored.document, stored)).collect();
            for id in ids {
                let Some(Followed { name, follower }) = self.followed.remove(id) else { continue };
                let Some(stored) = stored.remove(id).filter(|stored| self.may_read(stored)) else {
                    news.push(self.write(Outgoing::Unavailable(&name)));
                    continue;
                };
                let (follower, next) = advance(stored, follower, None).await?;
                news.extend(next.iter().map(|data| self.write(Outgoing::Sync(&name, data))));
                self.followed.insert(*id, Followed { name, follower });
            }
        }
        Ok(news)
    }

    async fn check(&mut self) -> Result<(), End> {
        self.caller = self.credential.caller(&self.app, Action::Follow).await?.ok_or(End::Credential)?;
        Ok(())
    }

    fn may_read(&self, stored: &StoredDocument) -> bool {
        let present = stored.places.iter().filter(|place| place.state == FeedState::Present);
        present.into_iter().any(|place| self.caller.hears(&place.scope))
    }
}

/// Brings a follower on: takes in its message, if there is one, and makes the next for it. The work is automerge's.
async fn advance(
    stored: StoredDocument,
    mut follower: Follower,
    message: Option<Vec<u8>>,
) -> Result<(Follower, Option<Vec<u8>>), End> {
    let work = move || {
        let mut document = Document::load(&stored.snapshot).map_err(|_| "the document cannot be read")?;
        if let Some(message) = message {
            follower.receive(&mut document, &message).map_err(|FollowError| "not a usable sync message")?;
        }
        let next = follower.next(&mut document);
        Ok((follower, next))
    };
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| End::Protocol("a message that cannot be worked with"))?
        .map_err(End::Protocol)
}

/// The document an id of automerge-repo names: base 58 of sixteen bytes and a checksum.
fn read_id(text: &str) -> Option<DocumentId> {
    let bytes = bs58::decode(text).with_check(None).into_vec().ok()?;
    DocumentId::from_slice(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_is_good_once_and_for_a_minute() {
        let desk = Desk::new(1);
        let credential = Credential::Device([7; 32]);
        let ticket = desk.ticket(credential, 1_000).unwrap().unwrap();
        assert!(matches!(desk.redeem(&ticket, 2_000), Some(Credential::Device(hash)) if hash == [7; 32]));
        assert!(desk.redeem(&ticket, 2_000).is_none(), "used up");
        let late = desk.ticket(credential, 1_000).unwrap().unwrap();
        assert!(desk.redeem(&late, 1_000 + TICKET_MS).is_none(), "expired");
        assert!(desk.redeem("", 0).is_none());
    }

    #[test]
    fn connections_are_counted() {
        let desk = Desk::new(1);
        let place = desk.place();
        assert!(place.is_some() && desk.place().is_none());
        drop(place);
        assert!(desk.place().is_some());
    }

    #[test]
    fn only_ids_with_sixteen_bytes_and_their_checksum_are_read() {
        let id = DocumentId::from_bytes([5; 16]);
        let text = bs58::encode(id.as_bytes()).with_check().into_string();
        assert_eq!(read_id(&text), Some(id));
        let longer = bs58::encode([5; 17]).with_check().into_string();
        for text in ["", "0OIl", &text[1..], longer.as_str(), &bs58::encode(id.as_bytes()).into_string()] {
            assert_eq!(read_id(text), None, "{text}");
        }
    }
}
