//! What tablets brought back after the server had lost it, and what is damaged still. For those who run the server.

use serde::Serialize;
use utoipa::ToSchema;

use super::{Named, OfficeError};
use crate::service::App;
use crate::service::access::{Action, Caller};
use crate::store::types::HealingRow;

/// Most entries shown.
const MOST: u32 = 500;

/// What one tablet brought back at one time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct HealingItem {
    /// The tablet.
    pub device: Named,
    /// When, ms.
    pub at: u64,
    /// Records with something that had been lost.
    pub documents: u64,
    /// Changes that had been lost.
    pub changes: u64,
}

/// A record whose stored copy is damaged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct DamagedItem {
    /// The record.
    pub document: String,
    /// When it was found, ms.
    pub found_at: u64,
    /// Its title, as far as it is known.
    pub title: Option<String>,
}

/// What came back, and what is still waited for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct HealingPage {
    /// When this was read, ms.
    pub as_of: u64,
    /// All changes that ever came back, also those of entries that are not shown.
    pub changes: u64,
    /// The latest 500, latest first.
    pub entries: Vec<HealingItem>,
    /// Records that tablets are still asked for.
    pub damaged: Vec<DamagedItem>,
}

/// Lists what came back.
pub async fn list(app: &App, caller: &Caller) -> Result<HealingPage, OfficeError> {
    if !caller.may(Action::ReadHealing) {
        return Err(OfficeError::NotFound);
    }
    let entries = app.store.list_healing(&caller.tenant, MOST).await?;
    let changes = app.store.sum_healing(&caller.tenant).await?;
    let damaged = app.store.list_damaged(&caller.tenant).await?;
    let ids: Vec<_> = damaged.iter().map(|(document, _)| *document).take(MOST as usize).collect();
    let stored = app.store.load_documents(&caller.tenant, &ids).await?;
    let title = |id| {
        let stored = stored.iter().find(|stored| stored.document == id)?;
        stored.projection.as_ref()?.fact.title.clone()
    };
    let item = |entry: HealingRow| {
        let id = entry.device.to_string();
        HealingItem {
            device: Named { name: entry.device_name.unwrap_or_else(|| id.clone()), id },
            at: entry.healed_at,
            documents: entry.documents,
            changes: entry.changes,
        }
    };
    Ok(HealingPage {
        as_of: app.now().0,
        changes,
        entries: entries.into_iter().map(item).collect(),
        damaged: damaged
            .into_iter()
            .map(|(document, found_at)| DamagedItem {
                document: document.to_string(),
                found_at,
                title: title(document),
            })
            .collect(),
    })
}
