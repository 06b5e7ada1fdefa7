//! Names of the people and tablets that wrote in the records here. They come with the records and go with the last of them.
//!
//! Records that are here already are not sent again. So names are asked for as well: at each opening those that are not known,
//! and all of them when the server says that names have changed. A record in which somebody wrote goes along with the question,
//! so that nobody learns other names than those of their records.
//! Invariant: a version of names is kept only once all that was asked for because of it is answered.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::answer::Changed;
use super::row::{decode, encode};
use super::{Table, Tablet, Write};
use crate::document::Authors;
use crate::ids::DocumentId;
use crate::wire::{AskedName, Author, Name, Names};

const PERSON: &str = "name/person/";
const DEVICE: &str = "name/device/";
/// Key of the row that holds the version.
const VERSION: &str = "names";

/// Names by the key of their row.
#[derive(Debug, Default)]
pub(super) struct Book {
    names: BTreeMap<String, String>,
    /// The server's version of names that all of these have reached; 0: none yet.
    version: u64,
    /// The version for which names are being asked.
    next: Option<u64>,
    /// Whose names are asked for, each with a record in which they wrote. Not stored.
    asked: BTreeMap<Author, DocumentId>,
    /// Whether it was looked for unknown ones since the tablet was opened.
    looked: bool,
}

/// What an answer says of names.
pub(super) struct Told {
    /// The version, when it is another.
    pub version: Option<u64>,
    /// How many of those asked for were looked for.
    pub answered: Option<u64>,
    /// Whose names came.
    pub named: BTreeSet<Author>,
}

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
        let rows = meta.iter().filter(|(key, _)| key.starts_with(PERSON) || key.starts_with(DEVICE));
        let names = rows.filter_map(|(key, value)| Some((key.clone(), decode(value)?))).collect();
        let version = meta.get(VERSION).and_then(|bytes| decode(bytes)).unwrap_or(0);
        Self { names, version, ..Self::default() }
    }

    /// The version that all names here have reached.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// At most so many of those to ask for.
    pub fn asked_for(&self, most: usize) -> Vec<AskedName> {
        let asked = self.asked.iter().take(most);
        asked.map(|(of, record)| AskedName { record: *record, of: of.clone() }).collect()
    }

    fn of(&self, kind: &str) -> Vec<Name> {
        let named = self.names.iter().filter_map(|(key, name)| Some((key.strip_prefix(kind)?, name)));
        named.map(|(id, name)| Name { id: id.to_owned(), name: name.clone() }).collect()
    }

    fn set(&mut self, key: String, name: Option<String>, changed: &mut Changed) {
        if self.names.get(&key) == name.as_ref() {
            return;
        }
        changed.singles.push(Write { table: Table::Meta, key: key.clone(), value: name.as_ref().map(encode) });
        match name {
            Some(name) => drop(self.names.insert(key, name)),
            None => drop(self.names.remove(&key)),
        }
    }
}

/// The key of the row that holds somebody's name.
fn key(author: &Author) -> String {
    match author {
        Author::Person(id) => format!("{PERSON}{id}"),
        Author::Device(id) => format!("{DEVICE}{id}"),
    }
}

fn all(authors: Authors) -> impl Iterator<Item = Author> {
    authors.people.into_iter().map(Author::Person).chain(authors.devices.into_iter().map(Author::Device))
}

impl Tablet {
    /// The names known here.
    pub fn names(&self) -> KnownNames {
        KnownNames { people: self.names.of(PERSON), devices: self.names.of(DEVICE) }
    }

    /// Takes in names; whose they are. An empty one is none any more.
    pub(super) fn take_names(&mut self, names: Names, changed: &mut Changed) -> BTreeSet<Author> {
        let people = names.people.into_iter().map(|name| (Some(Author::Person(name.id)), name.name));
        let devices = names.devices.into_iter().map(|name| (name.id.parse().ok().map(Author::Device), name.name));
        let mut named = BTreeSet::new();
        for (author, name) in people.chain(devices) {
            let Some(author) = author else { continue };
            self.names.set(key(&author), Some(name).filter(|name| !name.is_empty()), changed);
            named.insert(author);
        }
        named
    }

    /// Finds out what is to be asked for; whether there is any. An answer that passes a question over is of a server that
    /// knows none: it asks again when one says a version.
    pub(super) fn ask_for_names(&mut self, sent: &[Author], told: Told, changed: &mut Changed) -> bool {
        let answered = told.answered.and_then(|answered| usize::try_from(answered).ok()).unwrap_or(0);
        if !sent.is_empty() && answered == 0 {
            (self.names.asked, self.names.next) = (BTreeMap::new(), None);
            return false;
        }
        for author in sent.iter().take(answered).chain(&told.named) {
            self.names.asked.remove(author);
        }

        let is_new = |version: &u64| *version != self.names.version && self.names.next != Some(*version);
        let new = told.version.filter(is_new);
        let gone = |record: &DocumentId| self.shelf.get(*record).is_none_or(|entry| entry.scopes.is_empty());
        let again = !self.names.looked || self.names.asked.values().any(gone);
        self.names.next = new.or(self.names.next);
        if self.names.next.is_some() && (again || new.is_some()) {
            self.names.asked = self.writers(|author| !told.named.contains(author));
        } else if self.names.version > 0 && again {
            self.names.asked = self.writers(|author| !self.names.names.contains_key(&key(author)));
        }
        self.names.looked = true;

        if self.names.asked.is_empty()
            && let Some(version) = self.names.next.take()
        {
            self.names.version = version;
            changed.singles.push(Write { table: Table::Meta, key: VERSION.to_owned(), value: Some(encode(&version)) });
        }
        !self.names.asked.is_empty()
    }

    /// Those who wrote in records that the server knows this tablet has, each with one of these records.
    fn writers(&self, asked: impl Fn(&Author) -> bool) -> BTreeMap<Author, DocumentId> {
        let mut writers = BTreeMap::new();
        for (id, entry) in self.shelf.iter().filter(|(_, entry)| !entry.scopes.is_empty()) {
            let mut authors = Authors::default();
            authors.add(&entry.saved);
            for author in all(authors).filter(|author| asked(author)) {
                writers.entry(author).or_insert(id);
            }
        }
        writers
    }

    /// Records have left: names that no other record needs go with them.
    pub(super) fn forget_names(&mut self, changed: &mut Changed) {
        let mut authors = Authors::default();
        for (_, entry) in self.shelf.iter() {
            authors.add(&entry.saved);
        }
        let needed: BTreeSet<String> = all(authors).map(|author| key(&author)).collect();
        let gone = self.names.names.extract_if(.., |key, _| !needed.contains(key));
        changed.singles.extend(gone.map(|(key, _)| Write { table: Table::Meta, key, value: None }));
    }
}
