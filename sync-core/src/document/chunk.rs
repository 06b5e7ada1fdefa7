//! Automerge's bytes, measured by our own code before automerge sees them: it spends seconds and gigabytes on columns that
//! claim millions of rows.
//!
//! Also the name of a change, and the short form of one that follows the change before it.
//! Source: the binary format of automerge, <https://automerge.org/automerge-binary-format-spec/>.

use sha2::{Digest as _, Sha256};

use crate::ids::ChangeHash;

/// Why bytes are no usable change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// Not an automerge change chunk, or cut off.
    #[error("not a change")]
    Malformed,
    /// A document chunk or a compressed chunk.
    #[error("a chunk of a kind that is not taken from outside")]
    ChunkKind,
    /// The checksum in front does not fit the bytes.
    #[error("the bytes do not fit their checksum")]
    HashMismatch,
}

/// Name and sizes of a change, read without expanding anything. Counts stop growing at `u64::MAX`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outline {
    /// The name; the checksum fits it.
    pub hash: ChangeHash,
    /// Changes it follows.
    pub dependencies: u64,
    /// Actors it names beside its own.
    pub other_actors: u64,
    /// Bytes of the message.
    pub message_bytes: u64,
    /// Rows of the longest column: no fewer than its operations.
    pub rows: u64,
}

const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];
const CHUNK_DOCUMENT: u8 = 0;
const CHUNK_CHANGE: u8 = 1;
/// The column of a saved document that holds what each change says of itself.
const MESSAGES: u64 = 53;
/// Rows that a column of a saved document may have; a session of a day has some hundred.
const DOCUMENT_ROWS: u64 = 1 << 20;

/// The name of change bytes: SHA-256 over everything after magic and checksum, as automerge defines it.
/// Bytes that do not fit their checksum are nobody's change and are named by the SHA-256 of themselves, so that a
/// receipt for a damaged copy is never taken for one of the change.
pub fn hash_of(bytes: &[u8]) -> ChangeHash {
    let sha = |part: &[u8]| ChangeHash::from_bytes(Sha256::digest(part).into());
    if let (true, Some((checksum, hashed))) =
        (bytes.starts_with(&MAGIC), bytes.get(4..).and_then(|b| b.split_at_checked(4)))
    {
        let name = sha(hashed);
        if name.as_bytes().starts_with(checksum) {
            return name;
        }
    }
    sha(bytes)
}

impl Outline {
    /// Reads the outline and checks magic, kind, checksum, lengths and that nothing follows.
    pub fn read(bytes: &[u8]) -> Result<Self, ChangeError> {
        let mut reader = Reader { bytes };
        if reader.take(4)? != MAGIC {
            return Err(ChangeError::Malformed);
        }
        let checksum = reader.take(4)?;
        if reader.take(1)? != [CHUNK_CHANGE] {
            return Err(ChangeError::ChunkKind);
        }
        let hash = hash_of(bytes);
        if !hash.as_bytes().starts_with(checksum) {
            return Err(ChangeError::HashMismatch);
        }
        if reader.unsigned()? != reader.bytes.len() as u64 {
            return Err(ChangeError::Malformed);
        }
        reader.outline(hash)
    }
}

/// Whether bytes are one saved document, as [`super::Document::save`] writes it, of a size that automerge may be given.
/// That they fit their checksum is left to automerge.
pub(super) fn is_document(bytes: &[u8]) -> bool {
    Reader::past_header(bytes, CHUNK_DOCUMENT).is_some_and(|mut reader| reader.is_document().unwrap_or(false))
}

/// Who is named in a saved document: its writers and the messages of its changes, each at least once.
pub(super) type Named<'a> = (Vec<&'a [u8]>, Vec<&'a [u8]>);

/// The writers and the messages of a saved document, read without loading it. `None` when it is none.
pub(super) fn writers_and_messages(saved: &[u8]) -> Option<Named<'_>> {
    let mut reader = Reader::past_header(saved, CHUNK_DOCUMENT)?;
    let mut writers = Vec::new();
    for _ in 0..reader.unsigned().ok()? {
        writers.push(reader.prefixed().ok()?);
    }
    let heads = reader.unsigned().ok()?;
    reader.take(heads.saturating_mul(32)).ok()?;
    let (of_changes, _) = (reader.columns().ok()?, reader.columns().ok()?);
    let mut messages = Vec::new();
    for (specification, length) in of_changes {
        let column = reader.take(length).ok()?;
        if specification == MESSAGES {
            messages = Reader { bytes: column }.texts().ok()?;
        }
    }
    Some((writers, messages))
}

/// Bytes a shortened change has at least: checksum, five numbers and a count of columns.
const SHORTEST: usize = 10;

/// A change without what the change before it tells: the checksum and everything after the writer. `None` when it does
/// not follow that change and nothing else, by the same writer.
pub fn shorten(before: &[u8], change: &[u8]) -> Option<Vec<u8>> {
    let checksum = change.get(4..8)?;
    let mut reader = Reader::past_header(change, CHUNK_CHANGE)?;
    let follows = reader.unsigned().ok()? == 1 && reader.take(32).ok()? == hash_of(before).as_bytes();
    let same_writer = reader.prefixed().ok()? == Reader::writer_of(before)?;
    let short = [checksum, reader.bytes].concat();
    (follows && same_writer && lengthen(before, &short)? == change).then_some(short)
}

/// The change that [`shorten`] shortened. What was not shortened here gives bytes that the gate does not take.
pub fn lengthen(before: &[u8], short: &[u8]) -> Option<Vec<u8>> {
    let writer = Reader::writer_of(before)?;
    if short.len() < SHORTEST || writer.len() > 127 {
        return None;
    }
    let (checksum, rest) = short.split_at_checked(4)?;
    let mut body = Vec::with_capacity(34 + writer.len() + rest.len());
    body.push(1);
    body.extend(hash_of(before).as_bytes());
    body.push(u8::try_from(writer.len()).ok()?);
    body.extend(writer);
    body.extend(rest);
    let mut change = Vec::with_capacity(body.len() + 14);
    change.extend(MAGIC);
    change.extend(checksum);
    change.push(CHUNK_CHANGE);
    let mut length = body.len();
    while length >= 0x80 {
        change.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    change.push(length as u8);
    change.extend(body);
    Some(change)
}

struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    /// What follows magic, checksum, kind and length of one chunk of this kind.
    fn past_header(chunk: &'a [u8], kind: u8) -> Option<Self> {
        let mut reader = Reader { bytes: chunk };
        let of_kind = reader.take(4).ok()? == MAGIC && reader.take(4).is_ok() && reader.take(1).ok()? == [kind];
        let length = reader.unsigned().ok()?;
        (of_kind && length == reader.bytes.len() as u64).then_some(reader)
    }

    fn writer_of(change: &'a [u8]) -> Option<&'a [u8]> {
        let mut reader = Self::past_header(change, CHUNK_CHANGE)?;
        let dependencies = reader.unsigned().ok()?;
        reader.take(dependencies.saturating_mul(32)).ok()?;
        reader.prefixed().ok()
    }
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: u64) -> Result<&'a [u8], ChangeError> {
        let count = usize::try_from(count).map_err(|_| ChangeError::Malformed)?;
        let (taken, rest) = self.bytes.split_at_checked(count).ok_or(ChangeError::Malformed)?;
        self.bytes = rest;
        Ok(taken)
    }

    /// A number in groups of seven bits, the lowest first; how many bits were read, and whether the highest is set.
    fn number(&mut self) -> Result<(u64, u32, bool), ChangeError> {
        let mut value = 0u64;
        for shift in (0..63).step_by(7) {
            let byte = self.take(1)?[0];
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok((value, shift + 7, byte & 0x40 != 0));
            }
        }
        Err(ChangeError::Malformed)
    }

    fn unsigned(&mut self) -> Result<u64, ChangeError> {
        self.number().map(|(value, ..)| value)
    }

    fn signed(&mut self) -> Result<i64, ChangeError> {
        let (value, bits, is_negative) = self.number()?;
        let sign = if is_negative { -1i64 << bits } else { 0 };
        Ok(value.cast_signed() | sign)
    }

    fn outline(&mut self, hash: ChangeHash) -> Result<Outline, ChangeError> {
        let dependencies = self.unsigned()?;
        self.take(dependencies.saturating_mul(32))?;
        self.prefixed()?; // actor
        self.unsigned()?; // sequence
        self.unsigned()?; // first operation
        self.signed()?; // time
        let message_bytes = self.prefixed()?.len() as u64;
        let other_actors = self.unsigned()?;
        for _ in 0..other_actors {
            self.prefixed()?;
        }
        let columns = self.columns()?;
        let rows = self.longest(&columns)?;
        Ok(Outline { hash, dependencies, other_actors, message_bytes, rows })
    }

    fn is_document(&mut self) -> Result<bool, ChangeError> {
        for _ in 0..self.unsigned()? {
            self.prefixed()?; // actor
        }
        let heads = self.unsigned()?;
        self.take(heads.saturating_mul(32))?;
        let (of_changes, of_operations) = (self.columns()?, self.columns()?);
        Ok(self.longest(&of_changes)?.max(self.longest(&of_operations)?) <= DOCUMENT_ROWS)
    }

    /// Specification and length of each column.
    fn columns(&mut self) -> Result<Vec<(u64, u64)>, ChangeError> {
        let mut columns = Vec::new();
        for _ in 0..self.unsigned()? {
            columns.push((self.unsigned()?, self.unsigned()?));
        }
        Ok(columns)
    }

    /// Rows of the longest of these columns.
    fn longest(&mut self, columns: &[(u64, u64)]) -> Result<u64, ChangeError> {
        let mut rows = 0;
        for (specification, length) in columns {
            let column = Reader { bytes: self.take(*length)? };
            rows = rows.max(column.rows(*specification)?);
        }
        Ok(rows)
    }

    fn prefixed(&mut self) -> Result<&'a [u8], ChangeError> {
        let length = self.unsigned()?;
        self.take(length)
    }

    /// The values of a column of texts; one that is repeated once.
    fn texts(mut self) -> Result<Vec<&'a [u8]>, ChangeError> {
        let mut texts = Vec::new();
        while !self.bytes.is_empty() {
            let values = match self.signed()? {
                0 => self.unsigned().map(|_| 0)?,
                1.. => 1,
                run => run.unsigned_abs(),
            };
            for _ in 0..values {
                texts.push(self.prefixed()?);
            }
        }
        Ok(texts)
    }

    /// Rows of one column. The lowest three bits of a specification are the column's type, the fourth marks compression.
    fn rows(mut self, specification: u64) -> Result<u64, ChangeError> {
        if specification & 0b1000 != 0 {
            return Err(ChangeError::ChunkKind);
        }
        let mut rows = 0u64;
        match specification & 0b111 {
            // raw bytes of values, measured by the column before it
            7 => return Ok(0),
            // booleans: lengths of alternating runs
            4 => {
                while !self.bytes.is_empty() {
                    rows = rows.saturating_add(self.unsigned()?);
                }
            }
            kind => {
                while !self.bytes.is_empty() {
                    let run = self.signed()?;
                    let (counted, values) = match run {
                        0 => (self.unsigned()?, 0),
                        1.. => (run.unsigned_abs(), 1),
                        _ => (run.unsigned_abs(), run.unsigned_abs()),
                    };
                    rows = rows.saturating_add(counted);
                    for _ in 0..values {
                        match kind {
                            5 => drop(self.prefixed()?),
                            3 => drop(self.signed()?),
                            _ => drop(self.unsigned()?),
                        }
                    }
                }
            }
        }
        Ok(rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_that_claims_millions_of_rows_is_measured_without_expanding_it() {
        // one run of 5,000,000 times the value 1, in an integer column
        let mut column = Vec::new();
        let mut rest = 5_000_000u64;
        while rest >= 0x40 {
            column.push((rest & 0x7f) as u8 | 0x80);
            rest >>= 7;
        }
        column.extend([rest as u8, 1]);
        assert_eq!(Reader { bytes: &column }.rows(0x42), Ok(5_000_000));
    }

    #[test]
    fn signed_numbers_read_both_ways() {
        for (bytes, value) in [(vec![0x7f], -1), (vec![0x3f], 63), (vec![0x40], -64), (vec![0xc0, 0x00], 64)] {
            assert_eq!(Reader { bytes: &bytes }.signed(), Ok(value));
        }
    }

    #[test]
    fn doc_8_a_document_that_claims_millions_of_rows_is_none() {
        let id = crate::ids::DocumentId::from_bytes([9; 16]);
        let saved = super::super::Document::genesis(id, super::super::Kind::Session).map(|mut genesis| genesis.save());
        let saved = saved.unwrap_or_default();
        assert!(is_document(&saved));
        assert!(!is_document(&[saved.as_slice(), &[0]].concat()), "nothing follows");
        // one column of one run: no actors, no heads, no columns of changes, one of operations
        let claiming = |run: &[u8]| {
            let body = [&[0, 0, 0, 1, 0x42, run.len() as u8 + 1], run, &[7]].concat();
            [&MAGIC[..], &[0; 4], &[CHUNK_DOCUMENT, body.len() as u8], &body].concat()
        };
        assert!(is_document(&claiming(&[0x80, 0x80, 0xc0, 0])), "2²⁰");
        assert!(!is_document(&claiming(&[0x81, 0x80, 0xc0, 0])), "and one more");
    }

    #[test]
    fn endless_numbers_and_cut_bytes_are_malformed() {
        assert_eq!(Reader { bytes: &[0xff; 20] }.unsigned(), Err(ChangeError::Malformed));
        assert_eq!(Outline::read(&[]), Err(ChangeError::Malformed));
        assert_eq!(Outline::read(&[0x85, 0x6f, 0x4a, 0x83, 0, 0, 0, 0, 2, 0]), Err(ChangeError::ChunkKind));
    }
}
