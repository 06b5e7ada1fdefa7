//! Destroying a document: its row is emptied under a revision that no writer can follow, everything made from it goes,
//! and every scope that ever held it is told. Of one that was kept long enough a line of numbers stays.

use sync_core::digest::{Digest, FeedState};
use sync_core::ids::DocumentId;

use super::batch::Select;
use super::closing::{KEEP_BEFORE, is_late};
use super::dialect::{Connection, SqlStore, failed};
use super::documents::{document_of, places_of};
use super::places::{Moves, move_in_scopes};
use super::rollup::{CLEAR_FACTS, add_rollups, clear};
use super::{get, integer, statements as sql, unsigned};
use crate::store::StoreError;
use crate::store::types::{Place, Purge, PurgeOutcome, PurgedRow};

/// The revision of a destroyed document's row, and the least of them: rebuilding counts on from it.
pub(super) const DESTROYED: i64 = 1 << 62;

/// What is left of heads and bytes.
pub(super) const NOTHING: [u8; 0] = [];

pub(super) const PURGED: Select = Select::by_document("SELECT document, purged_at, purged_by, reason FROM purged");
pub(super) const CLEAR_CUSTODY: Select = Select::by_document("DELETE FROM custody");
pub(super) const CLEAR_DAMAGED: Select = Select::by_document("DELETE FROM damaged");

pub(super) async fn purge(store: &SqlStore, purge: &Purge) -> Result<PurgeOutcome, StoreError> {
    let (tenant, id) = (purge.tenant.as_str(), &purge.document.as_bytes()[..]);
    let ids = [purge.document];
    let mut transaction = store.begin().await?;
    if !PURGED.of(&mut transaction, tenant, &ids).await?.is_empty() {
        return Ok(PurgeOutcome::Already);
    }
    let emptied = match purge.revision {
        Some(revision) => {
            sqlx::query(sql::EMPTY_DOCUMENT).bind(tenant).bind(id).bind(revision).bind(DESTROYED).bind(&NOTHING[..])
        }
        None => sqlx::query(sql::INSERT_EMPTY_DOCUMENT)
            .bind(tenant)
            .bind(id)
            .bind(DESTROYED)
            .bind(integer(purge.now))
            .bind(&NOTHING[..]),
    };
    if emptied.execute(&mut *transaction).await.map_err(failed)?.rows_affected() == 0 {
        return Ok(PurgeOutcome::Outdated);
    }
    let note = sqlx::query(sql::INSERT_PURGED).bind(tenant).bind(id).bind(integer(purge.now));
    note.bind(&purge.by).bind(&purge.reason).execute(&mut *transaction).await.map_err(failed)?;
    if !purge.retired && is_late(&mut transaction, tenant, &purge.rollups).await? {
        KEEP_BEFORE.of(&mut transaction, tenant, &ids).await?;
    }
    if purge.retired {
        for text in [sql::RETIRE_FACTS, sql::RETIRE_FLAGS] {
            sqlx::query(text).bind(tenant).bind(id).execute(&mut *transaction).await.map_err(failed)?;
        }
    } else {
        // that it was in a closed month stays; what it added there goes along
        sqlx::query(sql::FORGET_CONTRIBUTION).bind(tenant).bind(id).execute(&mut *transaction).await.map_err(failed)?;
        clear(&mut transaction, tenant, &ids).await?;
        CLEAR_FACTS.of(&mut transaction, tenant, &ids).await?;
    }
    for rest in [&CLEAR_CUSTODY, &CLEAR_DAMAGED] {
        rest.of(&mut transaction, tenant, &ids).await?;
    }
    add_rollups(&mut transaction, tenant, &purge.rollups).await?;
    let before = places_of(&mut transaction, tenant, &ids).await?.remove(&purge.document).unwrap_or_default();
    let after: Vec<Place> = before
        .iter()
        .map(|place| Place { scope: place.scope.clone(), state: FeedState::Purged, contribution: Digest::ZERO })
        .collect();
    let mut moves = Moves::new();
    for (before, after) in before.iter().zip(&after) {
        moves.add(purge.document, Some(before), after);
    }
    move_in_scopes(&mut transaction, tenant, &moves).await?;
    transaction.commit().await.map_err(failed)?;
    let scopes: Vec<_> = after.into_iter().map(|place| place.scope).collect();
    store.announce_destroyed(tenant, purge.document);
    store.announce(tenant, &scopes);
    if !purge.retired {
        store.forget_bytes().await?;
    }
    Ok(PurgeOutcome::Done(scopes))
}

pub(super) async fn knows(store: &SqlStore, tenant: &str, document: DocumentId) -> Result<bool, StoreError> {
    let query = sqlx::query(sql::KNOWS).bind(tenant).bind(&document.as_bytes()[..]);
    Ok(query.fetch_optional(&mut *store.reader().await?).await.map_err(failed)?.is_some())
}

pub(super) async fn list(store: &SqlStore, tenant: &str, ids: &[DocumentId]) -> Result<Vec<PurgedRow>, StoreError> {
    read(&mut *store.reader().await?, tenant, ids).await
}

/// Those of the documents that were destroyed, as this look sees it.
pub(super) async fn read(
    look: &mut Connection,
    tenant: &str,
    ids: &[DocumentId],
) -> Result<Vec<PurgedRow>, StoreError> {
    let rows = PURGED.of(look, tenant, ids).await?;
    rows.iter()
        .map(|row| {
            Ok(PurgedRow {
                document: document_of(row)?,
                at: unsigned(get(row, "purged_at")?),
                by: get(row, "purged_by")?,
                reason: get(row, "reason")?,
            })
        })
        .collect()
}
