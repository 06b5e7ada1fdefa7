//! The first change of a document, which makes its containers: by a fixed actor, at time 0, so that two devices that
//! create the same document apart make the same bytes.
//!
//! Two documents of a kind differ in their id alone. So the change is written once for each kind, and every further one
//! is a copy with its own id and checksum.

use std::sync::LazyLock;

use automerge::transaction::{CommitOptions, Transactable};
use automerge::{AutoCommit, AutomergeError, Change, ObjType, ROOT, ScalarValue};
use sha2::{Digest, Sha256};

use super::layout::{ENCODING, Kind, SCHEMA, TextName};
use crate::ids::{ActorId, ChangeHash, DocumentId};

/// Where the checksum stands in the bytes of a change. What follows it is hashed, and the hash begins with it.
const CHECKSUM: std::ops::Range<usize> = 4..8;
/// The id that the written change has.
const MARK: [u8; 16] = *b"\xa5the id's place\xa5";

static SESSION: LazyLock<Option<Written>> = LazyLock::new(|| Written::new(Kind::Session));
static CONSULTATION: LazyLock<Option<Written>> = LazyLock::new(|| Written::new(Kind::Consultation));

/// The first change of a kind, with [`MARK`] for an id.
struct Written {
    bytes: Vec<u8>,
    /// Where the id begins.
    place: usize,
}

impl Written {
    fn new(kind: Kind) -> Option<Self> {
        let mut document = write(DocumentId::from_bytes(MARK), kind).ok()?;
        let bytes = document.get_last_local_change()?.raw_bytes().to_vec();
        let place = bytes.windows(MARK.len()).position(|part| part == MARK)?;
        Some(Self { bytes, place })
    }

    fn of(kind: Kind) -> Option<&'static Self> {
        match kind {
            Kind::Session => SESSION.as_ref(),
            Kind::Consultation => CONSULTATION.as_ref(),
        }
    }

    /// The change of this document, and its name.
    fn copy(&self, id: DocumentId) -> Option<(Vec<u8>, ChangeHash)> {
        let mut bytes = self.bytes.clone();
        bytes.get_mut(self.place..)?.first_chunk_mut()?.clone_from(id.as_bytes());
        let name: [u8; 32] = Sha256::digest(bytes.get(CHECKSUM.end..)?).into();
        bytes.get_mut(CHECKSUM)?.copy_from_slice(name.get(..CHECKSUM.len())?);
        Some((bytes, ChangeHash::from_bytes(name)))
    }
}

/// The document that holds nothing but the genesis of `id`.
pub(super) fn genesis(id: DocumentId, kind: Kind) -> Result<AutoCommit, AutomergeError> {
    let copied = Written::of(kind).and_then(|written| written.copy(id));
    let Some(change) = copied.and_then(|(bytes, _)| Change::from_bytes(bytes).ok()) else {
        return write(id, kind);
    };
    let mut document = empty();
    document.apply_changes([change])?;
    Ok(document)
}

/// The name of the genesis of `id`.
pub(super) fn name(id: DocumentId, kind: Kind) -> Option<ChangeHash> {
    Written::of(kind)?.copy(id).map(|(_, name)| name)
}

fn empty() -> AutoCommit {
    let actor = automerge::ActorId::from(ActorId::GENESIS.as_bytes().as_slice());
    AutoCommit::new_with_encoding(ENCODING).with_actor(actor)
}

fn write(id: DocumentId, kind: Kind) -> Result<AutoCommit, AutomergeError> {
    let mut document = empty();
    document.put(ROOT, "id", ScalarValue::Bytes(id.as_bytes().to_vec()))?;
    document.put(ROOT, "kind", kind.as_str())?;
    document.put(ROOT, "schema", ScalarValue::Uint(SCHEMA))?;
    for name in ["fields", "tally", "links", "steps"] {
        document.put_object(ROOT, name, ObjType::Map)?;
    }
    let texts = document.put_object(ROOT, "texts", ObjType::Map)?;
    for name in TextName::ALL {
        document.put_object(&texts, name.as_str(), ObjType::Text)?;
    }
    document.commit_with(CommitOptions::default().with_time(0));
    Ok(document)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn a_copy_is_what_would_have_been_written() {
        for kind in [Kind::Session, Kind::Consultation] {
            for id in [[0; 16], [0xff; 16], MARK, [7; 16]].map(DocumentId::from_bytes) {
                let mut written = write(id, kind).unwrap();
                let change = written.get_last_local_change().unwrap();
                let (bytes, hash) = Written::of(kind).unwrap().copy(id).unwrap();
                assert_eq!((bytes.as_slice(), hash.as_bytes()), (change.raw_bytes(), &change.hash().0));
                assert_eq!(name(id, kind), Some(hash));
                assert_eq!(genesis(id, kind).unwrap().save(), written.save());
            }
        }
    }
}
