//! Reading the feed.

use std::collections::{HashMap, HashSet};

use sync_core::digest::{Digest, FeedState};
use sync_core::document::Heads;
use sync_core::ids::{DocumentId, ScopeId};

use super::batch::{Select, Type, Value};
use super::dialect::{Connection, Row, SqlStore, failed};
use super::documents::{document_of, heads_of, state_of};
use super::registry::version;
use super::statements as sql;
use super::{corrupt, get, integer, unsigned};
use crate::store::StoreError;
use crate::store::types::{FeedPage, Pull, ScopeRow, WantedScope};

/// About what a feed entry takes on the wire, in bytes.
const ENTRY_BYTES: u64 = 32;
/// Feed entries read at once.
const BATCH: i64 = 500;

pub(super) const SCOPES: Select = Select {
    text: "SELECT scope, epoch, seq, document_count, digest FROM scope",
    column: "scope",
    of: Type::Text,
    locks: false,
};

pub(super) fn scope_of(row: &Row) -> Result<ScopeRow, StoreError> {
    let epoch: Vec<u8> = get(row, "epoch")?;
    Ok(ScopeRow {
        scope: get::<String>(row, "scope")?.parse().map_err(|_| corrupt("scope", "scope"))?,
        epoch: epoch.try_into().map_err(|_| corrupt("scope", "epoch"))?,
        seq: unsigned(get(row, "seq")?),
        document_count: unsigned(get(row, "document_count")?),
        digest: Digest::from_bytes(get(row, "digest")?).ok_or(corrupt("scope", "digest"))?,
    })
}

pub(super) async fn all_scopes(connection: &mut Connection, tenant: &str) -> Result<Vec<ScopeRow>, StoreError> {
    let rows = sqlx::query(sql::LIST_SCOPES).bind(tenant).fetch_all(connection).await.map_err(failed)?;
    rows.iter().map(scope_of).collect()
}

pub(super) async fn list_scopes(
    store: &SqlStore,
    tenant: &str,
    scopes: Option<&[ScopeId]>,
) -> Result<Vec<ScopeRow>, StoreError> {
    let mut look = store.look().await?;
    let Some(scopes) = scopes else { return all_scopes(&mut look, tenant).await };
    let mut found = these_scopes(&mut look, tenant, scopes.iter()).await?;
    Ok(scopes.iter().filter_map(|scope| found.remove(scope)).collect())
}

async fn these_scopes<'a>(
    connection: &mut Connection,
    tenant: &str,
    scopes: impl Iterator<Item = &'a ScopeId>,
) -> Result<HashMap<ScopeId, ScopeRow>, StoreError> {
    let keys: Vec<Value<'_>> = scopes.map(|scope| scope.as_str().into()).collect();
    let rows = SCOPES.run(connection, tenant, &keys).await?;
    rows.iter().map(|row| scope_of(row).map(|scope| (scope.scope.clone(), scope))).collect()
}

pub(super) async fn pull(
    store: &SqlStore,
    tenant: &str,
    wanted: &[WantedScope],
    page_bytes: u64,
    known: &HashMap<DocumentId, Heads>,
) -> Result<Pull, StoreError> {
    let mut look = store.look().await?;
    let mut pull = Pull { pages: Vec::with_capacity(wanted.len()), documents: Vec::new(), registry_version: 0 };
    let mut scopes = these_scopes(&mut look, tenant, wanted.iter().map(|want| &want.scope)).await?;
    let mut carried = HashSet::new();
    let mut bytes = 0;
    for want in wanted {
        let Some(scope) = scopes.remove(&want.scope) else { continue };
        let from = match want.cursor {
            Some((epoch, seq)) if epoch == scope.epoch && seq <= scope.seq => seq,
            _ => 0,
        };
        let mut page = FeedPage { entries: Vec::new(), next_seq: from, more: from < scope.seq, scope };
        // one entry always fits, so that every exchange gets on
        while page.more && (bytes == 0 || bytes < page_bytes) {
            let query = sqlx::query(sql::PAGE).bind(tenant).bind(want.scope.as_str()).bind(integer(page.next_seq));
            let rows = query.bind(BATCH).fetch_all(&mut *look).await.map_err(failed)?;
            let last = rows.len() < BATCH as usize;
            let mut taken = 0;
            for row in &rows {
                if bytes > 0 && bytes >= page_bytes {
                    break;
                }
                let (document, state) = (document_of(row)?, state_of(get(row, "state")?)?);
                bytes += ENTRY_BYTES;
                if state == FeedState::Present
                    && carried.insert(document)
                    && known.get(&document) != Some(&heads_of(row)?)
                {
                    let snapshot: Vec<u8> = get(row, "snapshot")?;
                    bytes += snapshot.len() as u64;
                    pull.documents.push((document, snapshot));
                }
                page.next_seq = unsigned(get(row, "seq")?);
                page.entries.push((document, page.next_seq, state));
                taken += 1;
            }
            if last && taken == rows.len() {
                (page.more, page.next_seq) = (false, page.scope.seq);
            }
        }
        pull.pages.push(page);
    }
    pull.registry_version = version(&mut look, tenant).await?;
    Ok(pull)
}
