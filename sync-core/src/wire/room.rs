//! What a request may still hold while it is being read: parts are counted before they are made, so that a small body
//! never becomes a large request.

use minicbor::decode::{Decoder, Error};

use super::WireLimits;

/// What a change takes beside its bytes.
const CHANGE_OVERHEAD: usize = 32;

/// A part that is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Pushes,
    Changes,
    Cursors,
    Names,
    /// Bytes of changes as they come out.
    Bytes,
}

/// Whoever reads a request hands this down to where its parts are made.
pub trait Room {
    /// Takes room for so many; an error ends the reading.
    fn take(&mut self, part: Part, count: u64) -> Result<(), Error>;

    /// Takes room for the bytes of one change.
    fn take_change(&mut self, bytes: usize) -> Result<(), Error> {
        self.take(Part::Bytes, bytes.saturating_add(CHANGE_OVERHEAD) as u64)
    }
}

/// What is only written needs no limits.
impl Room for () {
    fn take(&mut self, _: Part, _: u64) -> Result<(), Error> {
        Ok(())
    }
}

/// The room that limits leave.
pub struct Limited {
    left: WireLimits,
    /// What there was no room for.
    pub over: Option<&'static str>,
}

impl Limited {
    pub fn new(limits: &WireLimits) -> Self {
        Self { left: *limits, over: None }
    }
}

impl Room for Limited {
    fn take(&mut self, part: Part, count: u64) -> Result<(), Error> {
        let (left, name) = match part {
            Part::Pushes => (&mut self.left.pushes, "pushes"),
            Part::Changes => (&mut self.left.changes, "changes"),
            Part::Cursors => (&mut self.left.cursors, "cursors"),
            Part::Names => (&mut self.left.names, "names"),
            Part::Bytes => (&mut self.left.bytes, "bytes of changes"),
        };
        match usize::try_from(count).ok().and_then(|count| left.checked_sub(count)) {
            Some(rest) => {
                *left = rest;
                Ok(())
            }
            None => {
                self.over = Some(name);
                Err(Error::message("more than the limits allow"))
            }
        }
    }
}

/// How many parts a list says it has, for which there is room.
pub fn counted<R: Room>(decoder: &mut Decoder<'_>, room: &mut R, part: Part) -> Result<u64, Error> {
    let count = decoder.array()?.ok_or_else(|| Error::message("a list without a count"))?;
    room.take(part, count)?;
    Ok(count)
}

/// Lists of which the parts are counted, for `#[cbor(with)]`.
macro_rules! as_list {
    ($module:ident, $type:ty, $part:expr) => {
        pub mod $module {
            use minicbor::decode::{Decode, Decoder, Error};
            use minicbor::encode::{Encode, Encoder, Write};

            use crate::wire::room::{Part, Room, counted};

            #[allow(clippy::ptr_arg, reason = "the derive hands in the field's own type")]
            pub fn encode<R: Room, W: Write>(
                list: &Vec<$type>,
                encoder: &mut Encoder<W>,
                room: &mut R,
            ) -> Result<(), minicbor::encode::Error<W::Error>> {
                list.encode(encoder, room)
            }

            pub fn decode<R: Room>(decoder: &mut Decoder<'_>, room: &mut R) -> Result<Vec<$type>, Error> {
                (0..counted(decoder, room, $part)?).map(|_| <$type>::decode(decoder, room)).collect()
            }
        }
    };
}

as_list!(pushes, crate::wire::DocumentPush, Part::Pushes);
as_list!(cursors, crate::wire::ScopeCursor, Part::Cursors);
as_list!(names, crate::wire::AskedName, Part::Names);
