//! The part of the registry that one session needs: what its record names, and what it can be filled in with. The roster of
//! lecturers of a prefecture is not a visitor's to see. Names of people and tablets come with the record.

use std::collections::BTreeSet;
use std::sync::Arc;

use sync_core::document::{Document, Scalar};
use sync_core::domain::view;

use super::super::access::{Caller, Pass};
use super::super::registry::{Encoded, RegistryView, stamp, whole};
use crate::service::App;
use crate::store::StoreError;

/// What a record names.
#[derive(Default)]
struct Named {
    /// Values of fields, among them municipality codes and ids of associations.
    values: BTreeSet<String>,
    lecturers: BTreeSet<String>,
}

impl Named {
    fn of(document: &Document) -> Self {
        let mut named = Self::default();
        let record = view(document);
        for field in record.fields.values() {
            let values = field.alternatives.iter().map(|one| &one.value).chain([&field.value]);
            named.values.extend(values.filter_map(|value| match value {
                Scalar::Text(text) => Some(text.clone()),
                Scalar::Number(_) => None,
            }));
        }
        let lecturers = record.links.iter().filter_map(|link| link.strip_prefix("lecturer/"));
        named.lecturers.extend(lecturers.map(str::to_owned));
        named
    }
}

/// Version and JSON of what a day pass gets of the registry. `None`: the session is gone.
pub async fn registry(app: &App, caller: &Caller, pass: &Pass) -> Result<Option<Encoded>, StoreError> {
    let stored = app.store.load_documents(&caller.tenant, &[pass.document]).await?.pop();
    let document = stored.and_then(|stored| Document::load(&stored.snapshot).ok());
    let (Some(document), Some(mut registry)) = (document, whole(app, &caller.tenant).await?) else {
        return Ok(None);
    };
    let mut named = Named::of(&document);
    named.lecturers.insert(caller.person.clone());
    keep(&mut registry, &named);
    let json = stamp(&mut registry)?;
    Ok(Some((registry.version, Arc::new(json))))
}

fn keep(registry: &mut RegistryView, named: &Named) {
    registry.lecturers.retain(|lecturer| named.lecturers.contains(&lecturer.id));
    let sent_by: BTreeSet<String> = registry.lecturers.iter().filter_map(|one| one.association.clone()).collect();
    registry.associations.retain(|one| named.values.contains(&one.id) || sent_by.contains(&one.id));
    registry.municipalities.retain(|one| named.values.contains(&one.code));
}
