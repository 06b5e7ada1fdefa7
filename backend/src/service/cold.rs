//! Answers that many tablets get alike: those to tablets that begin with nothing, or are on their way down to the
//! oldest records. They are kept encoded and compressed, with the clock left open.
//!
//! The clock is the second field of an answer and always takes nine bytes, so an answer is a head of fixed length and a
//! rest that does not change. A ready answer is one gzip stream: the head as a stored block, the rest as it was deflated
//! once, and a checksum combined of both. The key holds everything the rest depends on; a scope that moves on has
//! another sequence number and so another key.

use std::io::Write;
use std::sync::Arc;

use crc32fast::Hasher;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use sync_core::ids::{ChangeHash, ScopeId};
use sync_core::time::Timestamp;
use sync_core::wire::{RegistryCursor, SyncRequest, SyncResponse};

use super::App;
use super::access::{Caller, Tablet};
use super::cache::ByteCache;
use super::sync::page_size;
use crate::store::StoreError;
use crate::store::types::{PageSize, WantedScope};

/// How hard answers are compressed. Saved documents are dense already: more gains nearly nothing and costs much.
pub const EFFORT: u32 = 4;
/// The map's head, the protocol, and the clock.
const HEAD: usize = 13;
/// Answers smaller than this are not worth a place.
const LEAST: usize = 4 * 1024;

/// What one exchange is answered with.
#[derive(Debug)]
pub enum Answer {
    /// Made for this request.
    Fresh(Box<SyncResponse>),
    /// Made before.
    Ready(Arc<Ready>),
}

/// An encoded answer with its clock left open.
#[derive(Debug)]
pub struct Ready {
    head: [u8; HEAD],
    /// Deflated, from a byte's boundary to the last block.
    rest: Vec<u8>,
    rest_length: u64,
    rest_checksum: u32,
}

impl Ready {
    /// `None` when the answer does not begin as answers do.
    fn new(response: &SyncResponse) -> Option<Self> {
        let encoded = response.encode();
        let (head, rest) = encoded.split_first_chunk::<HEAD>()?;
        let [_, 0, _, 1, 0x1b, ..] = head else { return None };
        let mut encoder = DeflateEncoder::new(Vec::with_capacity(rest.len() / 2), Compression::new(EFFORT));
        encoder.write_all(rest).ok()?;
        let mut checksum = Hasher::new();
        checksum.update(rest);
        Some(Self {
            head: *head,
            rest: encoder.finish().ok()?,
            rest_length: rest.len() as u64,
            rest_checksum: checksum.finalize(),
        })
    }

    fn head(&self, now: Timestamp) -> [u8; HEAD] {
        let mut head = self.head;
        if let Some(clock) = head.last_chunk_mut::<8>() {
            *clock = now.0.to_be_bytes();
        }
        head
    }

    /// The answer as one gzip stream.
    pub fn gzip(&self, now: Timestamp) -> Vec<u8> {
        let head = self.head(now);
        let mut bytes = Vec::with_capacity(self.rest.len() + 48);
        bytes.extend([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);
        // a stored block that is not the last: its length, and the same inverted
        let length = HEAD as u16;
        bytes.push(0);
        bytes.extend(length.to_le_bytes());
        bytes.extend((!length).to_le_bytes());
        bytes.extend(head);
        bytes.extend(&self.rest);
        let mut checksum = Hasher::new();
        checksum.update(&head);
        checksum.combine(&Hasher::new_with_initial_len(self.rest_checksum, self.rest_length));
        bytes.extend(checksum.finalize().to_le_bytes());
        // gzip states the length modulo 2³²
        bytes.extend(((HEAD as u64 + self.rest_length) as u32).to_le_bytes());
        bytes
    }

    /// The answer without compression.
    pub fn plain(&self, now: Timestamp) -> Vec<u8> {
        let mut bytes = self.head(now).to_vec();
        let mut decoder = flate2::write::DeflateDecoder::new(&mut bytes);
        // writing to a vector cannot fail, and the bytes are our own
        let _ = decoder.write_all(&self.rest);
        let _ = decoder.finish();
        bytes
    }
}

/// A scope with its epoch and sequence, and where the tablet stands in it, when it has been there.
type Place = (ScopeId, [u8; 16], u64, Option<(u64, Option<u64>)>);

/// Bytes of a place in a key, and of a key besides, about.
const PLACE: usize = 96;

/// Everything an answer depends on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    tenant: String,
    places: Vec<Place>,
    registry_held: u64,
    registry: u64,
    names_held: Option<u64>,
    page: PageSize,
    registry_part: Option<RegistryCursor>,
}

impl Key {
    /// Bytes it takes, about.
    fn size(&self) -> usize {
        let heads = self.page.part.as_ref().map_or(0, |part| part.heads.as_slice().len());
        (self.places.len() + 2) * PLACE + heads * size_of::<ChangeHash>()
    }

    /// Whether others get this answer too: what begins anew is not, since anybody may name heads that there never were.
    fn is_answered_by(&self, response: &SyncResponse) -> bool {
        let Some(asked) = &self.page.part else { return true };
        response.part.as_ref().is_some_and(|part| part.document == asked.document && part.heads == asked.heads)
    }
}

/// Ready answers.
pub struct ColdCache {
    answers: ByteCache<Key, Arc<Ready>>,
}

impl ColdCache {
    /// Room for answers of `bytes` together.
    pub fn new(bytes: usize) -> Self {
        Self { answers: ByteCache::new(bytes) }
    }

    /// Forgets the answers about a scope that has moved on. Nobody would get them any more, and what they hold may have
    /// been destroyed.
    pub fn forget(&self, tenant: &str, scope: &ScopeId) {
        self.answers.forget(|key| key.tenant == tenant && key.places.iter().any(|(place, ..)| place == scope));
    }

    /// Forgets everything.
    pub fn clear(&self) {
        self.answers.clear();
    }

    /// Number of answers, and their bytes.
    pub fn size(&self) -> (usize, usize) {
        self.answers.size()
    }
}

/// A request whose answer others get alike.
#[derive(Debug)]
pub(super) struct Asked {
    key: Key,
}

impl Asked {
    /// `None` when the answer is this tablet's alone, or would be small: something is pushed or asked for, or there is
    /// news to take in, or nothing old is missing.
    pub(super) fn new(
        app: &App,
        caller: &Caller,
        tablet: &Tablet,
        request: &SyncRequest,
        wanted: &[WantedScope],
    ) -> Option<Self> {
        let only_reads = request.pushes.is_empty()
            && request.wanted.is_empty()
            && request.held.is_empty()
            && request.names.is_empty();
        // a tablet that has everything asks most often, and costs nothing here; what a day pass is told is its own
        if !only_reads
            || tablet.pass.is_some()
            || wanted.iter().all(|want| want.cursor.is_some() && want.below.is_none())
        {
            return None;
        }
        let mut places = Vec::with_capacity(wanted.len());
        for row in &tablet.standing.scopes {
            let want = wanted.iter().find(|want| want.scope == row.scope);
            let stands = want.and_then(|want| {
                let (epoch, seq) = want.cursor?;
                (epoch == row.epoch && seq <= row.seq).then_some((seq, want.below))
            });
            if stands.is_some_and(|(seq, _)| seq < row.seq) {
                return None;
            }
            places.push((row.scope.clone(), row.epoch, row.seq, stands));
        }
        let key = Key {
            tenant: caller.tenant.clone(),
            places,
            registry_held: request.registry_version,
            registry: tablet.standing.registry_version,
            names_held: request.names_version,
            page: page_size(&app.config, request),
            registry_part: request.registry_part,
        };
        Some(Self { key })
    }

    /// The answer, when it was made before.
    pub(super) fn ready(&self, app: &App) -> Option<Arc<Ready>> {
        app.cold.answers.get(&self.key)
    }

    /// Keeps an answer that was made for this request, when it is of the moment the key speaks of.
    pub(super) async fn keep(self, app: &App, response: SyncResponse) -> Result<Answer, StoreError> {
        let same = response.scopes.len() == self.key.places.len()
            && response.scopes.iter().zip(&self.key.places).all(|(page, (scope, epoch, seq, _))| {
                page.scope == *scope && page.epoch == *epoch && (page.next_seq == *seq)
            });
        let whole: usize = response.documents.iter().map(|payload| payload.snapshot.len()).sum();
        let bytes = whole + response.part.as_ref().map_or(0, |part| part.bytes.len());
        if !same
            || bytes < LEAST
            || !self.key.is_answered_by(&response)
            || !response.wanted.is_empty()
            || !response.decisions.is_empty()
        {
            return Ok(Answer::Fresh(Box::new(response)));
        }
        let made = tokio::task::spawn_blocking(move || (Ready::new(&response).map(Arc::new), response));
        match made.await.map_err(|_| StoreError::Busy)? {
            (Some(ready), _) => {
                let size = ready.rest.len() + self.key.size();
                app.cold.answers.put(self.key, ready.clone(), size);
                Ok(Answer::Ready(ready))
            }
            (None, response) => Ok(Answer::Fresh(Box::new(response))),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use sync_core::ids::DocumentId;
    use sync_core::wire::DocumentPayload;

    use super::*;

    #[test]
    fn a_ready_answer_is_the_answer_with_the_clock_of_its_moment() {
        let payload = |number: u8| DocumentPayload {
            document: DocumentId::from_bytes([number; 16]),
            snapshot: (0..700_u32).map(|place| (place.wrapping_mul(u32::from(number) + 7) >> 3) as u8).collect(),
        };
        let response = SyncResponse {
            clock: Timestamp(1_700_000_000_000),
            documents: (0..200).map(payload).collect(),
            ..SyncResponse::default()
        };
        let ready = Ready::new(&response).unwrap();
        for now in [1_700_000_000_000, 1_800_000_012_345, u64::MAX] {
            let expected = SyncResponse { clock: Timestamp(now), ..response.clone() };
            let mut plain = Vec::new();
            flate2::read::GzDecoder::new(ready.gzip(Timestamp(now)).as_slice()).read_to_end(&mut plain).unwrap();
            assert_eq!(SyncResponse::decode(&plain).unwrap(), expected);
            assert_eq!(ready.plain(Timestamp(now)), expected.encode());
        }
    }
}
