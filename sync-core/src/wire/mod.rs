//! The wire format: CBOR maps with integer keys. Moves changes; does not read them.
//!
//! Invariants: a message that decodes leaves no bytes over; no length in a message makes the decoder reserve memory
//! that the bytes do not carry. Deliberately absent: compression and transport, which are HTTP's.

mod changes;
pub(crate) mod ids;
mod message;

pub use message::{
    AuditEntry, AuditRequest, AuditResponse, Decision, DocumentPayload, DocumentPush, FeedEntry, Outcome, PROTOCOL,
    Receipt, RegistryPayload, Run, ScopeCursor, ScopePage, SyncRequest, SyncResponse,
};
pub use minicbor::bytes::ByteVec;

/// How large a request may be in parts. The bytes of the whole are the host's to limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WireLimits {
    /// Documents pushed in one request.
    pub pushes: usize,
    /// Changes pushed in one request.
    pub changes: usize,
    /// Scopes named in one request.
    pub cursors: usize,
    /// Documents asked for, and changes named as held, in one request.
    pub named: usize,
}

impl Default for WireLimits {
    fn default() -> Self {
        Self { pushes: 1_000, changes: 20_000, cursors: 500, named: 1_000 }
    }
}

/// Bytes that are no message.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// Not the CBOR of this message.
    #[error("not a message of this protocol: {0}")]
    Malformed(#[from] minicbor::decode::Error),
    /// Bytes follow the message.
    #[error("bytes follow the message")]
    Trailing,
    /// Another version of the protocol.
    #[error("protocol {0} is not spoken here")]
    Protocol(u16),
    /// More parts than [`WireLimits`] allow.
    #[error("the request holds too many {0}")]
    TooMany(&'static str),
}

fn encode<T: minicbor::Encode<()>>(message: &T) -> Vec<u8> {
    let mut bytes = Vec::new();
    // writing to a vector cannot fail
    let _ = minicbor::encode(message, &mut bytes);
    bytes
}

fn decode<'b, T: minicbor::Decode<'b, ()>>(bytes: &'b [u8]) -> Result<T, WireError> {
    let mut decoder = minicbor::Decoder::new(bytes);
    let message = decoder.decode()?;
    if decoder.position() == bytes.len() { Ok(message) } else { Err(WireError::Trailing) }
}

impl SyncRequest {
    /// The bytes of this request.
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }

    /// Reads a request and checks it against the limits.
    pub fn decode(bytes: &[u8], limits: &WireLimits) -> Result<Self, WireError> {
        let request: Self = decode(bytes)?;
        spoken(request.protocol)?;
        let changes: usize = request.pushes.iter().map(|push| push.changes.len()).sum();
        let over = [
            ("pushes", request.pushes.len() > limits.pushes),
            ("changes", changes > limits.changes),
            ("cursors", request.cursors.len() > limits.cursors),
            ("wanted documents", request.wanted.len() > limits.named),
            ("held changes", request.held.len() > limits.named),
        ];
        match over.into_iter().find(|(_, over)| *over) {
            Some((what, _)) => Err(WireError::TooMany(what)),
            None => Ok(request),
        }
    }
}

impl SyncResponse {
    /// The bytes of this answer.
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }

    /// Reads an answer.
    pub fn decode(bytes: &[u8]) -> Result<Self, WireError> {
        let response: Self = decode(bytes)?;
        spoken(response.protocol).map(|()| response)
    }
}

impl AuditRequest {
    /// The bytes of this request.
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }

    /// Reads a request.
    pub fn decode(bytes: &[u8]) -> Result<Self, WireError> {
        let request: Self = decode(bytes)?;
        spoken(request.protocol).map(|()| request)
    }
}

impl AuditResponse {
    /// The bytes of this answer.
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }

    /// Reads an answer.
    pub fn decode(bytes: &[u8]) -> Result<Self, WireError> {
        let response: Self = decode(bytes)?;
        spoken(response.protocol).map(|()| response)
    }
}

fn spoken(protocol: u16) -> Result<(), WireError> {
    if protocol == PROTOCOL { Ok(()) } else { Err(WireError::Protocol(protocol)) }
}
