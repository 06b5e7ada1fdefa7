//! Names of people and tablets, as tablets get them: of those who wrote in records that are theirs, and of nobody else.
//!
//! They come with the records. For records that a tablet has already it asks, and names one in which they wrote; the server
//! reads that record, so nothing beside the documents says who may know whom. The version of names follows from those that
//! have changed: whoever is new moves it for nobody.

use sync_core::digest::FeedState;
use sync_core::document::Authors;
use sync_core::ids::DocumentId;
use sync_core::wire::{AskedName, Author, Name, Names};

use super::access::{Caller, Tablet};
use super::{App, registry};
use crate::store::StoreError;
use crate::store::types::{Pull, StoredDocument};

/// Those of whom a tablet asks, as far as its records show them.
#[derive(Debug, Default)]
pub(super) struct Asked {
    authors: Authors,
    /// How many questions were looked into, from the first.
    answered: Option<u64>,
}

/// What an answer says of names.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub names: Option<Names>,
    /// The version, when the tablet holds another.
    pub version: Option<u64>,
    pub answered: Option<u64>,
}

/// Looks into the records that come with the questions, holding at most `bytes` of them, or one.
pub(super) async fn asked(
    app: &App,
    caller: &Caller,
    tablet: &Tablet,
    questions: &[AskedName],
    bytes: u64,
) -> Result<Asked, StoreError> {
    if questions.is_empty() {
        return Ok(Asked::default());
    }
    let mut records: Vec<DocumentId> = Vec::new();
    for question in questions.iter().filter(|question| tablet.may_ask_of(question.record)) {
        if !records.contains(&question.record) {
            records.push(question.record);
        }
    }
    let (stored, unread) = app.store.load_portion(&caller.tenant, &records, bytes).await?;
    let answered = questions.iter().position(|question| unread.contains(&question.record)).unwrap_or(questions.len());

    let is_held = |stored: &StoredDocument| {
        stored.places.iter().any(|place| place.state == FeedState::Present && tablet.scopes.contains(&place.scope))
    };
    let mut authors = Authors::default();
    for stored in stored.iter().filter(|stored| is_held(stored)) {
        let mut wrote = Authors::default();
        wrote.add(&stored.snapshot);
        for question in questions.iter().take(answered).filter(|question| question.record == stored.document) {
            match &question.of {
                Author::Person(id) => authors.people.extend(wrote.people.get(id).cloned()),
                Author::Device(id) => authors.devices.extend(wrote.devices.get(id)),
            }
        }
    }
    Ok(Asked { authors, answered: Some(answered as u64) })
}

/// What a tablet that holds a version of names is told with an answer, when the registry is no older than the answer.
pub(super) async fn told(
    app: &App,
    tenant: &str,
    held: Option<u64>,
    asked: Asked,
    pull: &Pull,
) -> Result<Told, StoreError> {
    let mut wrote = Authors::default();
    for saved in pull.documents.iter().map(|(_, snapshot)| snapshot).chain(&pull.joined) {
        wrote.add(saved);
    }
    let answered = asked.answered;
    let speaks = held.is_some() || answered.is_some() || wrote != Authors::default();
    let ready = if speaks { registry::ready(app, tenant, pull.registry_version).await? } else { None };
    let Some(ready) = ready else { return Ok(Told { answered, ..Told::default() }) };

    // of whom the tablet asks, it is also told that there is no name any more
    let person = |id: &String| {
        let name = ready.people.get(id).cloned().or(asked.authors.people.contains(id).then(String::new))?;
        Some(Name { id: id.clone(), name })
    };
    let device = |id| {
        let name = ready.devices.get(id).cloned().or(asked.authors.devices.contains(id).then(String::new))?;
        Some(Name { id: id.to_string(), name })
    };
    let people = wrote.people.union(&asked.authors.people).filter_map(person).collect();
    let devices = wrote.devices.union(&asked.authors.devices).filter_map(device).collect();
    let names = Names { people, devices };
    Ok(Told {
        names: Some(names).filter(|names| *names != Names::default()),
        version: held.filter(|held| *held != ready.names_version).map(|_| ready.names_version),
        answered,
    })
}
