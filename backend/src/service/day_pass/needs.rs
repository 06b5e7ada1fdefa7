//! The part of the registry that one session needs: what its record names, and what it can be filled in with. The roster of
//! lecturers, the people and the tablets of a prefecture are not a visitor's to see.

use std::collections::BTreeSet;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use sync_core::document::{Authorship, Document, Scalar};
use sync_core::domain::view;

use super::super::access::{Caller, Pass};
use super::super::registry::{Encoded, RegistryView, view as whole};
use crate::service::App;
use crate::store::StoreError;

/// What a record names.
#[derive(Default)]
struct Named {
    /// Values of fields, among them municipality codes and ids of associations.
    values: BTreeSet<String>,
    lecturers: BTreeSet<String>,
    people: BTreeSet<String>,
    devices: BTreeSet<String>,
}

impl Named {
    fn of(document: &mut Document) -> Self {
        let mut named = Self::default();
        let record = view(document);
        for author in document.history() {
            named.author(&author);
        }
        for field in record.fields.values() {
            let values = field.alternatives.iter().map(|one| &one.value).chain([&field.value]);
            named.values.extend(values.filter_map(|value| match value {
                Scalar::Text(text) => Some(text.clone()),
                Scalar::Number(_) => None,
            }));
        }
        let lecturers = record.links.iter().filter_map(|link| link.strip_prefix("lecturer/"));
        named.lecturers.extend(lecturers.map(str::to_owned));
        let counted = record.tallies.iter().flat_map(|tally| tally.by_device.keys());
        named.devices.extend(counted.map(ToString::to_string));
        named
    }

    fn author(&mut self, author: &Authorship) {
        self.people.insert(author.by.clone());
        self.devices.extend(author.device.map(|device| device.to_string()));
    }
}

/// Version and JSON of what a day pass gets of the registry. The version follows from the content, because what a record
/// names changes without the registry. `None`: the session is gone.
pub async fn registry(app: &App, caller: &Caller, pass: &Pass) -> Result<Option<Encoded>, StoreError> {
    let stored = app.store.load_documents(&caller.tenant, &[pass.document]).await?.pop();
    let document = stored.and_then(|stored| Document::load(&stored.snapshot).ok());
    let (Some(mut document), Some(mut registry)) = (document, whole(app, &caller.tenant).await?) else {
        return Ok(None);
    };
    let mut named = Named::of(&mut document);
    named.lecturers.insert(caller.person.clone());
    named.people.insert(caller.person.clone());
    keep(&mut registry, &named);
    let encode = |registry: &RegistryView| {
        serde_json::to_vec(registry).map_err(|error| StoreError::Unavailable(Box::new(error)))
    };
    let [a, b, c, d, e, f, ..] = <[u8; 32]>::from(Sha256::digest(encode(&registry)?));
    // never 0, which is "none yet", and small enough for every reader of JSON
    registry.version = u64::from_be_bytes([0, 0, a, b, c, d, e, f]) | 1;
    let json = encode(&registry)?;
    Ok(Some((registry.version, Arc::new(json))))
}

fn keep(registry: &mut RegistryView, named: &Named) {
    registry.version = 0;
    registry.lecturers.retain(|lecturer| named.lecturers.contains(&lecturer.id));
    let sent_by: BTreeSet<String> = registry.lecturers.iter().filter_map(|one| one.association.clone()).collect();
    registry.associations.retain(|one| named.values.contains(&one.id) || sent_by.contains(&one.id));
    registry.municipalities.retain(|one| named.values.contains(&one.code));
    registry.people.retain(|one| named.people.contains(&one.id));
    registry.devices.retain(|one| named.devices.contains(&one.id));
}
