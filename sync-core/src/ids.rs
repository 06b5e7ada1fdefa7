//! Names of things: a type for every id, with one way to print and to parse it.
//!
//! Deliberately absent: making ids. Random ids come from the host.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

/// Text that is not an id of the wanted form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a valid {what}: {text}")]
pub struct ParseIdError {
    what: &'static str,
    text: String,
}

impl ParseIdError {
    fn new(what: &'static str, text: &str) -> Self {
        Self { what, text: text.chars().take(80).collect() }
    }
}

macro_rules! text_form {
    ($name:ident) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    };
}

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 16]);

        impl $name {
            /// The id with these sixteen bytes.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// The id held in a slice of exactly sixteen bytes.
            pub fn from_slice(bytes: &[u8]) -> Option<Self> {
                bytes.try_into().ok().map(Self)
            }

            /// The sixteen bytes.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", Uuid::from_bytes(self.0).hyphenated())
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;
            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                let uuid = Uuid::try_parse(text).map_err(|_| ParseIdError::new($what, text))?;
                Ok(Self(uuid.into_bytes()))
            }
        }

        text_form!($name);
    };
}

uuid_id!(
    /// One record: a session, a consultation tally, a stock ledger. A UUID.
    DocumentId,
    "document id"
);
uuid_id!(
    /// One enrolled installation. A UUID, made by the installation when it enrols.
    DeviceId,
    "device id"
);

/// An automerge writer: the device's sixteen bytes and a writer number, big-endian.
/// The server can tell from the bytes alone whose it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActorId([u8; 20]);

impl ActorId {
    /// Writes the first change of every document; no device has it.
    pub const GENESIS: ActorId = ActorId([0; 20]);

    /// Writer number `writer` of `device`.
    pub fn new(device: DeviceId, writer: u32) -> Self {
        let mut bytes = [0; 20];
        bytes[..16].copy_from_slice(device.as_bytes());
        bytes[16..].copy_from_slice(&writer.to_be_bytes());
        Self(bytes)
    }

    /// The actor held in a slice of exactly twenty bytes.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The device this writer belongs to.
    pub fn device(&self) -> DeviceId {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&self.0[..16]);
        DeviceId(bytes)
    }

    /// The writer number.
    pub fn writer(&self) -> u32 {
        let mut bytes = [0; 4];
        bytes.copy_from_slice(&self.0[16..]);
        u32::from_be_bytes(bytes)
    }

    /// The twenty bytes.
    pub const fn as_bytes(&self) -> &[u8; 20] {
        &self.0
    }
}

impl fmt::Debug for ActorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}

/// SHA-256 of a change, which names it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChangeHash([u8; 32]);

impl ChangeHash {
    /// The hash with these bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The hash held in a slice of exactly 32 bytes.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for ChangeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}

impl FromStr for ChangeHash {
    type Err = ParseIdError;
    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        parse_hex(text).map(Self).ok_or_else(|| ParseIdError::new("change hash", text))
    }
}

text_form!(ChangeHash);

/// The documents a device may hold, e.g. `municipality:112119`.
/// One of the kinds `municipality`, `association`, `lecturer`, `session`, a colon, and a name of `[a-z0-9-]{1,40}`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ScopeId(String);

impl ScopeId {
    /// The scope of a municipality, by its six-digit code.
    pub fn municipality(code: &str) -> Result<Self, ParseIdError> {
        format!("municipality:{code}").parse()
    }

    /// The scope of a medical association.
    pub fn association(id: &str) -> Result<Self, ParseIdError> {
        format!("association:{id}").parse()
    }

    /// The scope of a lecturer's own dispatches.
    pub fn lecturer(id: &str) -> Result<Self, ParseIdError> {
        format!("lecturer:{id}").parse()
    }

    /// The scope of one session alone.
    pub fn session(document: DocumentId) -> Self {
        Self(format!("session:{document}"))
    }

    /// The session, when this is the scope of one alone.
    pub fn of_session(&self) -> Option<DocumentId> {
        self.0.strip_prefix("session:")?.parse().ok()
    }

    /// The printed form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ScopeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ScopeId {
    type Err = ParseIdError;
    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        match text.split_once(':') {
            Some(("municipality" | "association" | "lecturer" | "session", name)) if is_slug(name) => {
                Ok(Self(text.to_owned()))
            }
            _ => Err(ParseIdError::new("scope", text)),
        }
    }
}

text_form!(ScopeId);

/// An edit of a person before it is part of a change: the device and its own running number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IntentId {
    /// The tablet on which the edit was made.
    pub device: DeviceId,
    /// Counts up from 1 on that tablet.
    pub number: u64,
}

impl fmt::Display for IntentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.device, self.number)
    }
}

impl FromStr for IntentId {
    type Err = ParseIdError;
    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        let parts = text
            .split_once('.')
            .and_then(|(device, number)| Some(Self { device: device.parse().ok()?, number: number.parse().ok()? }));
        parts.ok_or_else(|| ParseIdError::new("intent id", text))
    }
}

text_form!(IntentId);

/// Whether `text` is 1 to 40 of `a-z`, `0-9` and `-`: the form of registry ids.
pub fn is_slug(text: &str) -> bool {
    (1..=40).contains(&text.len()) && text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}

pub(crate) fn write_hex(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

pub(crate) fn parse_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != N * 2 || !text.is_ascii() {
        return None;
    }
    let mut bytes = [0; N];
    for (i, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(i * 2..i * 2 + 2)?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_print_and_parse_to_the_same() {
        let device = DeviceId::from_bytes([7; 16]);
        assert_eq!(device.to_string().parse(), Ok(device));
        let intent = IntentId { device, number: 12 };
        assert_eq!(intent.to_string().parse(), Ok(intent));
        let hash = ChangeHash::from_bytes([0xab; 32]);
        assert_eq!(hash.to_string().parse(), Ok(hash));
        assert_eq!(ActorId::new(device, 3).device(), device);
    }

    #[test]
    fn a_scope_outside_the_four_kinds_is_refused() {
        assert!("municipality:112119".parse::<ScopeId>().is_ok());
        let document = DocumentId::from_bytes([5; 16]);
        let session = ScopeId::session(document);
        assert_eq!(session.as_str().parse(), Ok(session.clone()));
        assert_eq!(session.of_session(), Some(document));
        for text in ["prefecture:11", "municipality:", "municipality:１１２", "association:A B", ""] {
            assert!(text.parse::<ScopeId>().is_err(), "{text}");
        }
    }
}
