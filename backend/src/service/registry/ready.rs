//! The registry as tablets get it, ready: its bytes, and the names of people and tablets that come with records.
//!
//! The version follows from the content: names are no part of it, so nobody who enrols makes it another. Earlier contents are
//! kept for a while, so that a tablet which takes the registry in parts comes to the end of the one it began with.

use std::collections::HashMap;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use sync_core::ids::DeviceId;

use super::{RegistryView, view_of};
use crate::service::App;
use crate::service::cache::ByteCache;
use crate::store::StoreError;

/// Version and JSON.
pub type Encoded = (u64, Arc<Vec<u8>>);

/// The registry of a tenant as the store had it once, ready for tablets.
#[derive(Debug)]
pub(in crate::service) struct Ready {
    /// The store's count of changes.
    changes: u64,
    version: u64,
    json: Arc<Vec<u8>>,
    pub people: HashMap<String, String>,
    pub devices: HashMap<DeviceId, String>,
    /// The version of these names.
    pub names_version: u64,
}

/// The latest registry of each tenant, and what tablets got of it, by version.
pub struct RegistryCache {
    latest: ByteCache<String, Arc<Ready>>,
    contents: ByteCache<(String, u64), Arc<Vec<u8>>>,
}

impl RegistryCache {
    /// Room for the latest registries of `bytes` together, and for contents of as many.
    pub fn new(bytes: usize) -> Self {
        Self { latest: ByteCache::new(bytes), contents: ByteCache::new(bytes) }
    }
}

/// What a name takes in memory besides its letters.
const NAME_BYTES: usize = 96;

/// The registry after no fewer changes than were just read.
pub(in crate::service) async fn ready(app: &App, tenant: &str, changes: u64) -> Result<Option<Arc<Ready>>, StoreError> {
    let kept = app.registries.latest.get(&tenant.to_owned());
    if let Some(ready) = kept.filter(|ready| ready.changes == changes) {
        return Ok(Some(ready));
    }
    let Some(mut registry) = app.store.registry(tenant).await? else { return Ok(None) };
    let people: HashMap<String, String> = std::mem::take(&mut registry.people).into_iter().collect();
    let devices: HashMap<DeviceId, String> = std::mem::take(&mut registry.devices).into_iter().collect();
    let (changes, names_version) = (registry.version, version_of_names(&registry.renamed));
    let mut view = view_of(tenant, registry);
    let json = Arc::new(stamp(&mut view)?);
    let names = people.iter().map(|(id, name)| id.len() + name.len()).chain(devices.values().map(String::len));
    let size = json.len() + names.map(|letters| letters + NAME_BYTES).sum::<usize>();
    app.registries.contents.put((tenant.to_owned(), view.version), json.clone(), json.len());
    let ready = Arc::new(Ready { changes, version: view.version, json, people, devices, names_version });
    app.registries.latest.put(tenant.to_owned(), ready.clone(), size);
    Ok(Some(ready))
}

/// Gives a registry the version of its content. Returns the bytes that tablets get.
pub(in crate::service) fn stamp(view: &mut RegistryView) -> Result<Vec<u8>, StoreError> {
    let encode =
        |view: &RegistryView| serde_json::to_vec(view).map_err(|error| StoreError::Unavailable(Box::new(error)));
    view.version = 0;
    view.version = version(Sha256::digest(encode(view)?).into());
    encode(view)
}

/// The version of names when these have changed.
fn version_of_names(renamed: &[(String, String)]) -> u64 {
    let mut sum = Sha256::new();
    for (id, name) in renamed {
        // no id and no name holds this letter
        sum.update(format!("{id}\0{name}\0"));
    }
    version(sum.finalize().into())
}

/// The version of a content with this sum: never 0, which is "none yet", and short, since every exchange says it.
fn version([a, b, c, d, ..]: [u8; 32]) -> u64 {
    u64::from(u32::from_be_bytes([a, b, c, d]) | 1)
}

/// Version and JSON of the registry as tablets get it, after no fewer changes than these.
pub(in crate::service) async fn json(app: &App, tenant: &str, changes: u64) -> Result<Option<Encoded>, StoreError> {
    Ok(ready(app, tenant, changes).await?.map(|ready| (ready.version, ready.json.clone())))
}

/// What was the registry at this version, as long as it is kept.
pub(in crate::service) fn earlier(app: &App, tenant: &str, version: u64) -> Option<Encoded> {
    app.registries.contents.get(&(tenant.to_owned(), version)).map(|json| (version, json))
}
