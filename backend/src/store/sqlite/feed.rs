//! Reading the feed, in SQLite's words.

use std::collections::{HashMap, HashSet};

use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sync_core::digest::{Digest, FeedState};
use sync_core::document::Heads;
use sync_core::ids::{DocumentId, ScopeId};
use tokio_stream::StreamExt;

use super::documents::{document_of, heads_of, state_of};
use super::registry::version;
use super::{SqliteStore, corrupt, failed, get, integer, unsigned};
use crate::store::StoreError;
use crate::store::statements as sql;
use crate::store::types::{FeedPage, Pull, ScopeRow, WantedScope};

/// About what a feed entry takes on the wire, in bytes.
const ENTRY_BYTES: u64 = 32;

fn scope_of(row: &SqliteRow) -> Result<ScopeRow, StoreError> {
    let epoch: Vec<u8> = get(row, "epoch")?;
    Ok(ScopeRow {
        scope: get::<String>(row, "scope")?.parse().map_err(|_| corrupt("scope", "scope"))?,
        epoch: epoch.try_into().map_err(|_| corrupt("scope", "epoch"))?,
        seq: unsigned(get(row, "seq")?),
        document_count: unsigned(get(row, "document_count")?),
        digest: Digest::from_bytes(get(row, "digest")?).ok_or(corrupt("scope", "digest"))?,
    })
}

pub(super) async fn lookup_scope(
    connection: &mut SqliteConnection,
    tenant: &str,
    scope: &ScopeId,
) -> Result<Option<ScopeRow>, StoreError> {
    let query = sqlx::query(sql::LOOKUP_SCOPE).bind(tenant).bind(scope.as_str());
    query.fetch_optional(connection).await.map_err(failed)?.as_ref().map(scope_of).transpose()
}

pub(super) async fn all_scopes(connection: &mut SqliteConnection, tenant: &str) -> Result<Vec<ScopeRow>, StoreError> {
    let rows = sqlx::query(sql::LIST_SCOPES).bind(tenant).fetch_all(connection).await.map_err(failed)?;
    rows.iter().map(scope_of).collect()
}

pub(super) async fn list_scopes(
    store: &SqliteStore,
    tenant: &str,
    scopes: Option<&[ScopeId]>,
) -> Result<Vec<ScopeRow>, StoreError> {
    let mut look = store.reader.begin().await.map_err(failed)?;
    let Some(scopes) = scopes else { return all_scopes(&mut look, tenant).await };
    let mut found = Vec::with_capacity(scopes.len());
    for scope in scopes {
        found.extend(lookup_scope(&mut look, tenant, scope).await?);
    }
    Ok(found)
}

pub(super) async fn pull(
    store: &SqliteStore,
    tenant: &str,
    wanted: &[WantedScope],
    page_bytes: u64,
    known: &HashMap<DocumentId, Heads>,
) -> Result<Pull, StoreError> {
    let mut look = store.reader.begin().await.map_err(failed)?;
    let mut pull = Pull { pages: Vec::with_capacity(wanted.len()), documents: Vec::new(), registry_version: 0 };
    let mut carried = HashSet::new();
    let mut bytes = 0;
    for want in wanted {
        let Some(scope) = lookup_scope(&mut look, tenant, &want.scope).await? else { continue };
        let from = match want.cursor {
            Some((epoch, seq)) if epoch == scope.epoch && seq <= scope.seq => seq,
            _ => 0,
        };
        let mut page = FeedPage { entries: Vec::new(), next_seq: from, more: from < scope.seq, scope };
        if page.more {
            let query = sqlx::query(sql::PAGE).bind(tenant).bind(want.scope.as_str()).bind(integer(from));
            let mut rows = query.fetch(&mut *look);
            loop {
                // one entry always fits, so that every exchange gets on
                if bytes >= page_bytes && (bytes > 0) {
                    break;
                }
                let Some(row) = rows.next().await else {
                    page.more = false;
                    page.next_seq = page.scope.seq;
                    break;
                };
                let row = row.map_err(failed)?;
                let (document, state) = (document_of(&row)?, state_of(get(&row, "state")?)?);
                let seq = unsigned(get(&row, "seq")?);
                bytes += ENTRY_BYTES;
                if state == FeedState::Present
                    && carried.insert(document)
                    && known.get(&document) != Some(&heads_of(&row)?)
                {
                    let snapshot: Vec<u8> = get(&row, "snapshot")?;
                    bytes += snapshot.len() as u64;
                    pull.documents.push((document, snapshot));
                }
                page.entries.push((document, seq, state));
                page.next_seq = seq;
            }
        }
        pull.pages.push(page);
    }
    pull.registry_version = version(&mut look, tenant).await?;
    Ok(pull)
}
