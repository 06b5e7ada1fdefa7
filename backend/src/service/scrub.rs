//! A slow walk through all documents that looks for damage nobody has met yet. What it finds, tablets are asked for.

use std::time::Duration;

use sync_core::ids::DocumentId;

use super::pace::Pace;
use super::{App, audit};
use crate::store::StoreError;

/// Where the walk has come to.
#[derive(Clone, Debug, Default)]
pub struct Walk {
    tenant: Option<String>,
    after: Option<DocumentId>,
}

/// Looks at the next `limit` documents. Returns how many were looked at, and how many of them are damaged and were not
/// noted before; at the end of all documents the walk begins anew.
pub async fn step(app: &App, walk: &mut Walk, limit: u32) -> Result<(usize, usize), StoreError> {
    let tenants = app.store.list_tenants().await?;
    let here = walk.tenant.clone().filter(|tenant| tenants.contains(tenant)).or_else(|| tenants.first().cloned());
    let Some(tenant) = here else { return Ok((0, 0)) };
    let page = app.store.list_documents(&tenant, walk.after, limit).await?;
    let Some(last) = page.last().map(|stored| stored.document) else {
        let next = tenants.iter().position(|one| *one == tenant).and_then(|place| tenants.get(place + 1));
        *walk = Walk { tenant: next.cloned(), after: None };
        return Ok((0, 0));
    };
    let looked_at = page.len();
    let inspected = app.gate.inspect(page).await;
    let damaged = inspected.into_iter().filter(|(_, damaged)| *damaged).map(|(stored, _)| stored.document);
    let mut damaged: Vec<DocumentId> = damaged.collect();
    if !damaged.is_empty() {
        let noted = app.store.list_damaged(&tenant).await?;
        damaged.retain(|document| !noted.iter().any(|(known, _)| known == document));
    }
    if !damaged.is_empty() {
        for document in &damaged {
            tracing::error!(tenant, %document, "a stored document is damaged; tablets are asked for it");
        }
        audit::note(app, &tenant, &damaged).await?;
    }
    *walk = Walk { tenant: Some(tenant), after: Some(last) };
    Ok((looked_at, damaged.len()))
}

/// Walks until the process is told to end, at the pace of the settings.
pub async fn run(app: App) {
    let per_minute = app.config.scrub_documents_per_minute;
    if per_minute == 0 {
        return;
    }
    let limit = per_minute.div_ceil(60).max(1);
    let mut pace = Pace::every(&app, Duration::from_millis(60_000 * u64::from(limit) / u64::from(per_minute)));
    let mut walk = Walk::default();
    while pace.next().await {
        if let Err(error) = step(&app, &mut walk, limit).await {
            tracing::warn!(%error, "looking for damage was put off");
        }
    }
}
