//! How pushed changes stand in CBOR: an array of byte strings, one a change.
//!
//! A change that follows the one before it, by the same writer and after nothing else, is an array of one byte string:
//! the change without what the one before it tells. The hash it follows alone would be 32 bytes that nothing compresses.
//! Its checksum is sent, so that a damaged copy is found like that of any other change. It comes out several times as
//! long as it was sent, and is counted as it comes out.

use minicbor::bytes::ByteVec;
use minicbor::data::Type;
use minicbor::decode::{Decoder, Error};
use minicbor::encode::{Encoder, Write};

use super::room::{Part, Room, counted};
use crate::document::{lengthen, shorten};

pub fn encode<C, W: Write>(
    changes: &Vec<ByteVec>,
    encoder: &mut Encoder<W>,
    _: &mut C,
) -> Result<(), minicbor::encode::Error<W::Error>> {
    encoder.array(changes.len() as u64)?;
    let mut before: Option<&ByteVec> = None;
    for change in changes {
        match before.and_then(|before| shorten(before, change)) {
            Some(short) => encoder.array(1)?.bytes(&short)?,
            None => encoder.bytes(change)?,
        };
        before = Some(change);
    }
    Ok(())
}

pub fn decode<R: Room>(decoder: &mut Decoder<'_>, room: &mut R) -> Result<Vec<ByteVec>, Error> {
    let mut changes: Vec<ByteVec> = Vec::new();
    for _ in 0..counted(decoder, room, Part::Changes)? {
        let change = if decoder.datatype()? == Type::Array {
            if decoder.array()? != Some(1) {
                return Err(Error::message("not a change"));
            }
            let short = decoder.bytes()?;
            let long = changes.last().and_then(|before| lengthen(before, short));
            long.ok_or_else(|| Error::message("a shortened change that follows nothing"))?
        } else {
            decoder.bytes()?.to_vec()
        };
        room.take_change(change.len())?;
        changes.push(change.into());
    }
    Ok(changes)
}
