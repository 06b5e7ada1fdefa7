//! Names of the people and tablets that wrote in the records here. They come with the records and go with the last of them.

use std::collections::BTreeMap;

use serde::Serialize;

use super::answer::Changed;
use super::row::{decode, encode};
use super::{Table, Tablet, Write};
use crate::document::Authors;
use crate::wire::{Name, Names};

const PERSON: &str = "name/person/";
const DEVICE: &str = "name/device/";

/// Names by the key of their row.
#[derive(Debug, Default)]
pub(super) struct Book(BTreeMap<String, String>);

/// What screens show in place of ids.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KnownNames {
    /// Of people, by registry id.
    pub people: Vec<Name>,
    /// Of tablets.
    pub devices: Vec<Name>,
}

impl Book {
    /// Puts back the rows of names among the single rows.
    pub fn restore(meta: &BTreeMap<String, Vec<u8>>) -> Self {
        let names = meta.iter().filter(|(key, _)| key.starts_with(PERSON) || key.starts_with(DEVICE));
        Self(names.filter_map(|(key, value)| Some((key.clone(), decode(value)?))).collect())
    }

    fn of(&self, kind: &str) -> Vec<Name> {
        let named = self.0.iter().filter_map(|(key, name)| Some((key.strip_prefix(kind)?, name)));
        named.map(|(id, name)| Name { id: id.to_owned(), name: name.clone() }).collect()
    }
}

impl Tablet {
    /// The names known here.
    pub fn names(&self) -> KnownNames {
        KnownNames { people: self.names.of(PERSON), devices: self.names.of(DEVICE) }
    }

    /// Takes in the names that came with records.
    pub(super) fn take_names(&mut self, names: Names, changed: &mut Changed) {
        let keyed = |kind: &'static str, names: Vec<Name>| {
            names.into_iter().map(move |name| (format!("{kind}{}", name.id), name.name))
        };
        for (key, name) in keyed(PERSON, names.people).chain(keyed(DEVICE, names.devices)) {
            if self.names.0.get(&key) != Some(&name) {
                changed.singles.push(Write { table: Table::Meta, key: key.clone(), value: Some(encode(&name)) });
                self.names.0.insert(key, name);
            }
        }
    }

    /// Records have left: names that no other record needs go with them.
    pub(super) fn forget_names(&mut self, changed: &mut Changed) {
        let mut authors = Authors::default();
        for (_, entry) in self.shelf.iter() {
            authors.add(&entry.saved);
        }
        let people = authors.people.iter().map(|id| format!("{PERSON}{id}"));
        let needed: std::collections::BTreeSet<String> =
            people.chain(authors.devices.iter().map(|id| format!("{DEVICE}{id}"))).collect();
        let gone = self.names.0.extract_if(.., |key, _| !needed.contains(key));
        changed.singles.extend(gone.map(|(key, _)| Write { table: Table::Meta, key, value: None }));
    }
}
