//! Reading the feed.
//!
//! Invariants: a page's cursor never goes past content that is neither carried nor known to the tablet; of the content of
//! documents no more is read than a page takes, a batch of small ones and one large one.

use std::collections::{HashMap, HashSet};

use sync_core::digest::{Digest, FeedState};
use sync_core::document::Heads;
use sync_core::ids::{DocumentId, ScopeId};

use super::basket::Basket;
use super::batch::{Select, Type, Value};
use super::dialect::{Connection, Row, SqlStore, failed};
use super::documents::{document_of, places_of, state_of};
use super::registry::version;
use super::statements as sql;
use super::{corrupt, get, integer, unsigned};
use crate::store::StoreError;
use crate::store::types::{FeedPage, PageSize, Pull, ScopeRow, Standing, WantedScope};

/// Most damaged documents an answer names.
const MOST_DAMAGED: usize = 200;
pub(super) const DAMAGED_IN: Select = Select {
    text: "SELECT document, state FROM damaged JOIN feed USING (tenant, document)",
    column: "scope",
    of: Type::Text,
    locks: false,
    of_tenant: true,
};
/// Documents with their content when it is small, at most 16 KiB, as in the statements that read the feed.
pub(super) const SMALL: Select = Select::by_document(
    "SELECT document, heads, CAST(LENGTH(snapshot) AS BIGINT) AS size, \
     CASE WHEN LENGTH(snapshot) <= 16384 THEN snapshot END AS snapshot FROM document",
);
/// Entries read at once.
const BATCH: i64 = 500;

pub(super) const SCOPES: Select = Select {
    text: "SELECT scope, epoch, seq, document_count, digest, \
        (SELECT t.registry_version FROM tenant t WHERE t.tenant = scope.tenant) AS registry_version, \
        (SELECT MIN(d.found_at) FROM damaged d WHERE d.tenant = scope.tenant) AS damage FROM scope",
    column: "scope",
    of: Type::Text,
    locks: false,
    of_tenant: true,
};

pub(super) fn scope_of(row: &Row) -> Result<ScopeRow, StoreError> {
    scope_with(row, "seq")
}

/// A scope whose last sequence number stands in a column of this name.
fn scope_with(row: &Row, seq: &'static str) -> Result<ScopeRow, StoreError> {
    let epoch: Vec<u8> = get(row, "epoch")?;
    Ok(ScopeRow {
        scope: get::<String>(row, "scope")?.parse().map_err(|_| corrupt("scope", "scope"))?,
        epoch: epoch.try_into().map_err(|_| corrupt("scope", "epoch"))?,
        seq: unsigned(get(row, seq)?),
        document_count: unsigned(get(row, "document_count")?),
        digest: Digest::from_bytes(get(row, "digest")?).ok_or(corrupt("scope", "digest"))?,
    })
}

pub(super) async fn all_scopes(connection: &mut Connection, tenant: &str) -> Result<Vec<ScopeRow>, StoreError> {
    let rows = sqlx::query(sql::LIST_SCOPES).bind(tenant).fetch_all(connection).await.map_err(failed)?;
    rows.iter().map(scope_of).collect()
}

/// How these scopes stand, as one look.
pub(super) async fn these_scopes<'a>(
    connection: &mut Connection,
    tenant: &str,
    scopes: impl Iterator<Item = &'a ScopeId>,
) -> Result<Standing, StoreError> {
    let keys: Vec<Value<'_>> = scopes.map(|scope| scope.as_str().into()).collect();
    let rows = SCOPES.run(connection, tenant, &keys).await?;
    let Some(row) = rows.first() else {
        return Ok(Standing { registry_version: version(connection, tenant).await?, ..Standing::default() });
    };
    let scopes = rows.iter().map(scope_of).collect::<Result<_, _>>()?;
    Ok(Standing { scopes, ..tenant_of(row)? })
}

/// What a row says of the tenant as a whole.
pub(super) fn tenant_of(row: &Row) -> Result<Standing, StoreError> {
    Ok(Standing {
        scopes: Vec::new(),
        registry_version: get::<Option<i64>>(row, "registry_version")?.map_or(0, unsigned),
        damage: get::<Option<i64>>(row, "damage")?.is_some(),
    })
}

/// A tablet that holds more scopes than this is answered within one transaction.
const FEW: usize = 3;

/// What is new in a few scopes, in which the tablet has stood before: one statement for each, which is a look of its own.
/// `None`: there is more than that to say, or two looks saw a document in different states, so that what one of them
/// carries is not what the other's cursor stands for.
async fn news(
    connection: &mut Connection,
    tenant: &str,
    wanted: &[WantedScope],
    basket: &mut Basket<'_>,
) -> Result<Option<Pull>, StoreError> {
    let (mut pages, mut registry_version) = (Vec::with_capacity(wanted.len()), 0);
    for want in wanted {
        let Some((_, seq)) = want.cursor else { return Ok(None) };
        let query = sqlx::query(sql::NEWS).bind(tenant).bind(want.scope.as_str()).bind(integer(seq)).bind(BATCH);
        let rows = query.fetch_all(&mut *connection).await.map_err(failed)?;
        let Some(row) = rows.first() else { return Ok(None) };
        let (scope, tenant) = (scope_with(row, "scope_seq")?, tenant_of(row)?);
        if tenant.damage || rows.len() == BATCH as usize || want.start(&scope) != (seq, None) {
            return Ok(None);
        }
        registry_version = tenant.registry_version;
        let next_seq = scope.seq;
        let mut page = FeedPage { scope, entries: Vec::new(), next_seq, below: None, more: false };
        for row in &rows {
            if basket.is_full() {
                return Ok(None);
            }
            if get::<Option<i64>>(row, "seq")?.is_some() {
                basket.take(row, &mut page)?;
            }
        }
        pages.push(page);
    }
    let documents = std::mem::take(&mut basket.documents);
    Ok(basket.is_complete().then_some(Pull { pages, documents, registry_version, ..Pull::default() }))
}

pub(super) async fn pull(
    store: &SqlStore,
    tenant: &str,
    wanted: &[WantedScope],
    whole: &[DocumentId],
    page: &PageSize,
    known: &HashMap<DocumentId, Heads>,
) -> Result<Pull, StoreError> {
    let names = || wanted.iter().map(|want| &want.scope);
    if whole.is_empty()
        && page.part.is_none()
        && (1..=FEW).contains(&wanted.len())
        && let Some(pull) = news(&mut *store.reader().await?, tenant, wanted, &mut Basket::new(known, page)).await?
    {
        return Ok(pull);
    }
    let mut look = store.look().await?;
    let standing = these_scopes(&mut look, tenant, names()).await?;
    let mut basket = Basket::new(known, page);
    if standing.damage {
        basket.damaged = damaged_in(&mut look, tenant, names()).await?;
    }
    if let Some(cursor) = &page.part
        && !in_scopes(&mut look, tenant, &[cursor.document], names()).await?.is_empty()
    {
        basket.go_on(&mut look, tenant, cursor).await?;
    }
    let held = in_scopes(&mut look, tenant, whole, names()).await?;
    for ids in held.chunks(BATCH as usize) {
        if basket.is_full() {
            break;
        }
        for row in SMALL.of(&mut look, tenant, ids).await? {
            if !basket.is_full() {
                basket.put(&row, true)?;
            }
        }
    }
    let mut pages = Vec::with_capacity(wanted.len());
    for want in wanted {
        let Some(scope) = standing.scope(&want.scope).cloned() else { continue };
        let (next_seq, below) = want.start(&scope);
        let mut page = FeedPage { entries: Vec::new(), next_seq, below, more: false, scope };
        let up_done = fill_up(&mut look, tenant, &mut page, &mut basket).await?;
        page.more = !up_done || !fill_down(&mut look, tenant, &mut page, &mut basket).await?;
        pages.push(page);
    }
    basket.fetch_large(&mut look, tenant).await?;
    let mut damaged: Vec<DocumentId> = basket.damaged.iter().copied().collect();
    damaged.sort_unstable();
    damaged.truncate(MOST_DAMAGED);
    let registry_version = standing.registry_version;
    Ok(Pull { pages, documents: basket.documents, part: basket.part, joined: basket.joined, damaged, registry_version })
}

/// Takes what is new, ascending; whether all of it is taken.
async fn fill_up(
    connection: &mut Connection,
    tenant: &str,
    page: &mut FeedPage,
    basket: &mut Basket<'_>,
) -> Result<bool, StoreError> {
    while page.next_seq < page.scope.seq {
        if basket.is_full() {
            return Ok(false);
        }
        let query = sqlx::query(sql::PAGE_UP).bind(tenant).bind(page.scope.scope.as_str());
        let query = query.bind(integer(page.next_seq)).bind(BATCH);
        let rows = query.fetch_all(&mut *connection).await.map_err(failed)?;
        for row in &rows {
            if basket.is_full() {
                return Ok(false);
            }
            let Some(seq) = basket.take(row, page)? else { return Ok(false) };
            page.next_seq = seq;
        }
        if rows.len() < BATCH as usize {
            page.next_seq = page.scope.seq;
        }
    }
    Ok(true)
}

/// Takes older entries, descending; whether all of them are taken.
async fn fill_down(
    connection: &mut Connection,
    tenant: &str,
    page: &mut FeedPage,
    basket: &mut Basket<'_>,
) -> Result<bool, StoreError> {
    while let Some(below) = page.below {
        if basket.is_full() {
            return Ok(false);
        }
        let query = sqlx::query(sql::PAGE_DOWN).bind(tenant).bind(page.scope.scope.as_str());
        let query = query.bind(integer(below)).bind(BATCH);
        let rows = query.fetch_all(&mut *connection).await.map_err(failed)?;
        for row in &rows {
            if basket.is_full() {
                return Ok(false);
            }
            let Some(seq) = basket.take(row, page)? else { return Ok(false) };
            page.below = Some(seq);
        }
        if rows.len() < BATCH as usize || page.below == Some(1) {
            page.below = None;
        }
    }
    Ok(true)
}

/// The damaged documents that one of the scopes holds.
async fn damaged_in<'a>(
    connection: &mut Connection,
    tenant: &str,
    scopes: impl Iterator<Item = &'a ScopeId>,
) -> Result<HashSet<DocumentId>, StoreError> {
    let keys: Vec<Value<'_>> = scopes.map(|scope| scope.as_str().into()).collect();
    let mut damaged = HashSet::new();
    for row in DAMAGED_IN.run(connection, tenant, &keys).await? {
        if state_of(get(&row, "state")?)? == FeedState::Present {
            damaged.insert(document_of(&row)?);
        }
    }
    Ok(damaged)
}

/// Those documents that one of the scopes holds.
async fn in_scopes<'a>(
    connection: &mut Connection,
    tenant: &str,
    ids: &[DocumentId],
    scopes: impl Iterator<Item = &'a ScopeId>,
) -> Result<Vec<DocumentId>, StoreError> {
    let scopes: HashSet<&ScopeId> = scopes.collect();
    let mut held = Vec::new();
    for (document, places) in places_of(connection, tenant, ids).await? {
        if places.iter().any(|place| place.state == FeedState::Present && scopes.contains(&place.scope)) {
            held.push(document);
        }
    }
    held.sort_unstable();
    Ok(held)
}
