//! How ids stand in CBOR: raw bytes where they are bytes, text where they are words. For `#[cbor(with)]`.

macro_rules! as_bytes {
    ($module:ident, $type:ty, $what:literal, |$value:ident| $bytes:expr, $parse:expr) => {
        pub mod $module {
            use minicbor::decode::{Decoder, Error};
            use minicbor::encode::{Encoder, Write};

            #[allow(unused_imports, reason = "lists need the helpers, single ids do not")]
            use super::{joined, parts};

            #[allow(clippy::ptr_arg, reason = "the derive hands in the field's own type")]
            pub fn encode<C, W: Write>(
                $value: &$type,
                encoder: &mut Encoder<W>,
                _: &mut C,
            ) -> Result<(), minicbor::encode::Error<W::Error>> {
                encoder.bytes(&$bytes)?.ok()
            }

            pub fn decode<C>(decoder: &mut Decoder<'_>, _: &mut C) -> Result<$type, Error> {
                $parse(decoder.bytes()?).ok_or_else(|| Error::message(concat!("not a ", $what)))
            }
        }
    };
}

as_bytes!(document, crate::ids::DocumentId, "document id", |id| *id.as_bytes(), crate::ids::DocumentId::from_slice);
as_bytes!(device, crate::ids::DeviceId, "device id", |id| *id.as_bytes(), crate::ids::DeviceId::from_slice);
as_bytes!(hash, crate::ids::ChangeHash, "change hash", |hash| *hash.as_bytes(), crate::ids::ChangeHash::from_slice);
as_bytes!(digest, crate::digest::Digest, "digest", |digest| digest.to_bytes(), crate::digest::Digest::from_bytes);
as_bytes!(heads, crate::document::Heads, "list of heads", |heads| heads.to_bytes(), crate::document::Heads::from_bytes);
as_bytes!(
    buckets,
    crate::digest::Buckets,
    "list of 256 sums",
    |all| all.to_bytes(),
    crate::digest::Buckets::from_bytes
);
as_bytes!(
    documents,
    Vec<crate::ids::DocumentId>,
    "list of documents",
    |ids| joined(ids, |id| *id.as_bytes()),
    |bytes| { parts(bytes, |part| crate::ids::DocumentId::from_bytes(*part)) }
);
as_bytes!(hashes, Vec<crate::ids::ChangeHash>, "list of hashes", |ids| joined(ids, |id| *id.as_bytes()), |bytes| {
    parts(bytes, |part| crate::ids::ChangeHash::from_bytes(*part))
});

fn joined<T, const N: usize>(all: &[T], bytes: impl Fn(&T) -> [u8; N]) -> Vec<u8> {
    all.iter().flat_map(bytes).collect()
}

fn parts<T, const N: usize>(bytes: &[u8], read: impl Fn(&[u8; N]) -> T) -> Option<Vec<T>> {
    let (parts, rest) = bytes.as_chunks::<N>();
    rest.is_empty().then(|| parts.iter().map(read).collect())
}

macro_rules! as_text {
    ($module:ident, $type:ty, $what:literal, |$value:ident| $text:expr, $parse:expr) => {
        pub mod $module {
            use minicbor::decode::{Decoder, Error};
            use minicbor::encode::{Encoder, Write};

            pub fn encode<C, W: Write>(
                $value: &$type,
                encoder: &mut Encoder<W>,
                _: &mut C,
            ) -> Result<(), minicbor::encode::Error<W::Error>> {
                encoder.str($text)?.ok()
            }

            pub fn decode<C>(decoder: &mut Decoder<'_>, _: &mut C) -> Result<$type, Error> {
                $parse(decoder.str()?).ok_or_else(|| Error::message(concat!("not a ", $what)))
            }
        }
    };
}

as_text!(scope, crate::ids::ScopeId, "scope", |scope| scope.as_str(), |text: &str| text.parse().ok());
as_text!(kind, crate::document::Kind, "kind", |kind| kind.as_str(), crate::document::Kind::parse);

pub mod state {
    use minicbor::decode::{Decoder, Error};
    use minicbor::encode::{Encoder, Write};

    use crate::digest::FeedState;

    pub fn encode<C, W: Write>(
        state: &FeedState,
        encoder: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        encoder.u8(state.number())?.ok()
    }

    pub fn decode<C>(decoder: &mut Decoder<'_>, _: &mut C) -> Result<FeedState, Error> {
        FeedState::from_number(decoder.u8()?).ok_or_else(|| Error::message("not a feed state"))
    }
}

pub mod time {
    use minicbor::decode::{Decoder, Error};
    use minicbor::encode::{Encoder, Write};

    use crate::time::Timestamp;

    pub fn encode<C, W: Write>(
        time: &Timestamp,
        encoder: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        encoder.u64(time.0)?.ok()
    }

    pub fn decode<C>(decoder: &mut Decoder<'_>, _: &mut C) -> Result<Timestamp, Error> {
        decoder.u64().map(Timestamp)
    }
}
