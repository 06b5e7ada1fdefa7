//! The wire format: CBOR maps with integer keys. Moves changes; does not read them.
//!
//! Invariants: a message that decodes leaves no bytes over; no length in a message makes the decoder reserve memory
//! that the bytes do not carry; a request is never read further than its limits. Deliberately absent: compression and
//! transport, which are HTTP's.

mod changes;
pub(crate) mod ids;
mod message;
mod part;
mod room;

pub use message::{
    AskedName, AuditEntry, AuditRequest, AuditResponse, Author, Decision, DiskMark, DocumentPayload, DocumentPush,
    FeedEntry, Name, Names, Outcome, PROTOCOL, Receipt, RegistryPayload, Run, ScopeCursor, ScopePage, SyncRequest,
    SyncResponse,
};
pub use minicbor::bytes::ByteVec;
pub use part::{DocumentPart, PartCursor, Place, RegistryCursor};
use room::Limited;

/// Changes come out of a body at most this many times as long as it is. Honest ones stay below two and a half: what a
/// shortened change leaves out is about as long as the least that it says.
pub const GROWTH: usize = 3;

/// How large a request may be in parts. The bytes of the whole are the host's to limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WireLimits {
    /// Documents pushed in one request.
    pub pushes: usize,
    /// Changes pushed in one request.
    pub changes: usize,
    /// Scopes named in one request.
    pub cursors: usize,
    /// Documents asked for, changes named as held, and heads of the document in parts, in one request.
    pub named: usize,
    /// Names asked for in one request.
    pub names: usize,
    /// Bytes that the changes may take once they have come out of the body, with what each takes besides.
    pub bytes: usize,
}

impl WireLimits {
    /// For a body of so many bytes.
    pub const fn of(body_bytes: usize) -> Self {
        let bytes = body_bytes.saturating_mul(GROWTH);
        Self { pushes: 1_000, changes: 20_000, cursors: 500, named: 1_000, names: 1_000, bytes }
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

fn decode<'b, C, T: minicbor::Decode<'b, C>>(bytes: &'b [u8], context: &mut C) -> Result<T, WireError> {
    let mut decoder = minicbor::Decoder::new(bytes);
    let message = decoder.decode_with(context)?;
    if decoder.position() == bytes.len() { Ok(message) } else { Err(WireError::Trailing) }
}

impl SyncRequest {
    /// The bytes of this request.
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }

    /// Reads a request, no further than the limits allow.
    pub fn decode(bytes: &[u8], limits: &WireLimits) -> Result<Self, WireError> {
        let mut room = Limited::new(limits);
        let request: Self = decode(bytes, &mut room).map_err(|error| room.over.map_or(error, WireError::TooMany))?;
        spoken(request.protocol)?;
        let over = [
            ("wanted documents", request.wanted.len() > limits.named),
            ("held changes", request.held.len() > limits.named),
            ("heads", request.part.as_ref().is_some_and(|part| part.heads.as_slice().len() > limits.named)),
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
        let response: Self = decode(bytes, &mut ())?;
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
        let request: Self = decode(bytes, &mut ())?;
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
        let response: Self = decode(bytes, &mut ())?;
        spoken(response.protocol).map(|()| response)
    }
}

fn spoken(protocol: u16) -> Result<(), WireError> {
    if protocol == PROTOCOL { Ok(()) } else { Err(WireError::Protocol(protocol)) }
}
