//! The messages of automerge-repo's network protocol, version 1: CBOR maps with text keys.
//!
//! Reads only the keys used here and skips all others; a message that cannot be read is no message.

use minicbor::data::Type;
use minicbor::{Decoder, Encoder};

/// The version spoken here.
pub const VERSION: &str = "1";
/// Longest peer name or document id taken.
const NAME_BYTES: usize = 200;

/// A message from a client.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Incoming {
    /// `join`, `request`, `sync`, …
    pub kind: String,
    /// Who sends it.
    pub sender: String,
    /// The document it is about, as automerge-repo writes ids.
    pub document: String,
    /// Automerge's own message.
    pub data: Vec<u8>,
    /// Versions a `join` offers.
    pub versions: Vec<String>,
}

impl Incoming {
    /// Reads a message; `None` when it is none.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let mut decoder = Decoder::new(bytes);
        let mut message = Self::default();
        for _ in 0..decoder.map().ok()?? {
            match decoder.str().ok()? {
                "type" => message.kind = name(&mut decoder)?,
                "senderId" => message.sender = name(&mut decoder)?,
                "documentId" => message.document = name(&mut decoder)?,
                "data" => {
                    if decoder.datatype().ok()? == Type::Tag {
                        decoder.tag().ok()?;
                    }
                    message.data = decoder.bytes().ok()?.to_vec();
                }
                "supportedProtocolVersions" => {
                    for _ in 0..decoder.array().ok()?? {
                        message.versions.push(name(&mut decoder)?);
                    }
                }
                _ => decoder.skip().ok()?,
            }
        }
        (!message.kind.is_empty()).then_some(message)
    }
}

fn name(decoder: &mut Decoder<'_>) -> Option<String> {
    let text = decoder.str().ok()?;
    (text.len() <= NAME_BYTES).then(|| text.to_owned())
}

/// A message to a client.
#[derive(Clone, Copy, Debug)]
pub enum Outgoing<'a> {
    /// The answer to a `join`.
    Peer,
    /// Automerge's own message on a document.
    Sync(&'a str, &'a [u8]),
    /// There is no such document for this client.
    Unavailable(&'a str),
    /// The connection ends, for this reason.
    Error(&'a str),
}

impl Outgoing<'_> {
    /// The bytes of the message.
    pub fn write(self, sender: &str, target: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        // writing to a vector cannot fail
        let _ = self.try_write(&mut Encoder::new(&mut bytes), sender, target);
        bytes
    }

    fn try_write(
        self,
        to: &mut Encoder<&mut Vec<u8>>,
        sender: &str,
        target: &str,
    ) -> Result<(), minicbor::encode::Error<std::convert::Infallible>> {
        let (kind, more) = match self {
            Self::Peer => ("peer", 2),
            Self::Sync(..) => ("sync", 2),
            Self::Unavailable(_) => ("doc-unavailable", 1),
            Self::Error(_) => ("error", 1),
        };
        to.map(3 + more)?.str("type")?.str(kind)?.str("senderId")?.str(sender)?.str("targetId")?.str(target)?;
        match self {
            Self::Peer => {
                // nothing the client could keep its place with: a server may be restored
                to.str("peerMetadata")?.map(1)?.str("isEphemeral")?.bool(true)?;
                to.str("selectedProtocolVersion")?.str(VERSION)?;
            }
            Self::Sync(document, data) => {
                to.str("documentId")?.str(document)?.str("data")?.bytes(data)?;
            }
            Self::Unavailable(document) => {
                to.str("documentId")?.str(document)?;
            }
            Self::Error(reason) => {
                to.str("message")?.str(reason)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_cut_or_foreign_bytes_are_no_message() {
        let bytes = Outgoing::Sync("2abc", &[1, 2, 3]).write("server", "client");
        let read = Incoming::read(&bytes).unwrap();
        let expected = ("sync", "server", "2abc", &[1_u8, 2, 3][..]);
        assert_eq!((read.kind.as_str(), read.sender.as_str(), read.document.as_str(), read.data.as_slice()), expected);
        for cut in 0..bytes.len() {
            assert_eq!(Incoming::read(&bytes[..cut]), None, "{cut}");
        }
        for bytes in
            [&[][..], &[0xa0], &[0xff; 40], &[0xbf, 0xff], &[0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]]
        {
            assert_eq!(Incoming::read(bytes), None);
        }
    }
}
