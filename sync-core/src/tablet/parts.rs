//! Documents and the registry in parts: durable as they come, and taken in when whole.
//!
//! A row is the part as it came. Rows of parts stand beside the single rows, under a name and the place where they begin. Only one document comes in
//! parts at a time, since pages end before it.

use std::collections::BTreeMap;

use minicbor::{Decode, Encode};

use super::answer::Changed;
use super::row::{RegistryRow, decode, encode};
use super::{Table, Tablet, Write};
use crate::document::Heads;
use crate::ids::DocumentId;
use crate::sync::{Added, Parts};
use crate::wire::{DocumentPart, DocumentPayload, PartCursor, Place, RegistryCursor, RegistryPayload};

/// What has come in parts, and is not whole.
#[derive(Debug, Default)]
pub(super) struct Partial {
    document: Option<Parts<(DocumentId, Heads)>>,
    registry: Option<Parts<u64>>,
}

/// Names of rows, before the place where the part begins.
const DOCUMENT: &str = "part/";
const REGISTRY: &str = "registry-part/";

impl Partial {
    /// Puts back the rows of parts among the single rows. What does not continue is asked for again.
    pub fn restore(meta: &BTreeMap<String, Vec<u8>>) -> Self {
        let mut partial = Self::default();
        for part in rows::<DocumentPart>(meta, DOCUMENT) {
            Parts::add(&mut partial.document, (part.document, part.heads), part.place, &part.bytes);
        }
        for part in rows::<RegistryPayload>(meta, REGISTRY) {
            if let Some(place) = part.part {
                Parts::add(&mut partial.registry, part.version, place, &part.json);
            }
        }
        partial
    }

    /// The document that is asked for on, and from where.
    pub fn document(&self) -> Option<PartCursor> {
        self.document.as_ref().map(|parts| {
            let (document, heads) = parts.of().clone();
            PartCursor { document, heads, offset: parts.offset() }
        })
    }

    /// The registry that is asked for on, and from where.
    pub fn registry(&self) -> Option<RegistryCursor> {
        self.registry.as_ref().map(|parts| RegistryCursor { version: *parts.of(), offset: parts.offset() })
    }
}

impl Tablet {
    /// Takes in a part of a document; the document when it was the last. An answer without one ends what was begun: the
    /// document is another by now, or no longer this tablet's.
    pub(super) fn take_part(&mut self, part: Option<DocumentPart>, changed: &mut Changed) -> Option<DocumentPayload> {
        let kept = &mut self.partial.document;
        let Some(part) = part else {
            let begins = kept.take().map(Parts::begins).unwrap_or_default();
            changed.singles.extend(gone(DOCUMENT, &begins));
            return None;
        };
        let added = Parts::add(kept, (part.document, part.heads.clone()), part.place, &part.bytes);
        let snapshot = store(DOCUMENT, added, part.place, &part, changed)?;
        Some(DocumentPayload { document: part.document, snapshot })
    }

    /// Takes in the registry, or a part of it; whether more of it follows.
    pub(super) fn take_registry(&mut self, registry: RegistryPayload, changed: &mut Changed) -> bool {
        let kept = &mut self.partial.registry;
        let whole = match registry.part {
            None => {
                let begins = kept.take().map(Parts::begins).unwrap_or_default();
                changed.singles.extend(gone(REGISTRY, &begins));
                Some(registry.json)
            }
            Some(place) => {
                let added = Parts::add(kept, registry.version, place, &registry.json);
                store(REGISTRY, added, place, &registry, changed)
            }
        };
        let Some(json) = whole else { return self.partial.registry.is_some() };
        self.registry = Some(RegistryRow { version: registry.version, json });
        changed.registry = true;
        false
    }
}

fn rows<'a, T: Decode<'a, ()>>(
    meta: &'a BTreeMap<String, Vec<u8>>,
    name: &'static str,
) -> impl Iterator<Item = T> + use<'a, T> {
    meta.iter().filter(move |(key, _)| key.starts_with(name)).filter_map(|(_, value)| decode(value))
}

/// Writes down what a part did; the whole when it was the last.
fn store(name: &str, added: Added, place: Place, row: &impl Encode<()>, changed: &mut Changed) -> Option<Vec<u8>> {
    match added {
        Added::Nothing => None,
        Added::Kept(obsolete) => {
            changed.singles.extend(gone(name, &obsolete));
            changed.singles.push(write(name, place.offset, Some(encode(row))));
            None
        }
        Added::Whole(bytes, obsolete) => {
            changed.singles.extend(gone(name, &obsolete));
            Some(bytes)
        }
    }
}

fn gone(name: &str, begins: &[u64]) -> impl Iterator<Item = Write> {
    begins.iter().map(move |begin| write(name, *begin, None))
}

fn write(name: &str, begin: u64, value: Option<Vec<u8>>) -> Write {
    Write { table: Table::Meta, key: format!("{name}{begin:012}"), value }
}
