//! Making everything that follows from documents anew. What follows from one that cannot be read stays as it is, until the
//! document is whole again.

use sync_core::digest::{Digest, FeedState};
use sync_core::ids::DocumentId;

use super::closing::{FORGET_EQUAL, KEEP_ALL_AFTER, KEEP_ALL_BEFORE};
use super::dialect::{SqlStore, failed};
use super::documents::{retired, state_of, walk};
use super::feed::all_scopes;
use super::places::{Moves, move_in_scopes, write_scopes};
use super::rollup::{add_rollups, write_projections};
use super::statements as sql;
use super::{corrupt, get};
use crate::store::StoreError;
use crate::store::types::{Projection, Rebuilt, Rollups, StoredDocument, accumulate};

const PAGE_DOCUMENTS: u32 = 200;

pub(super) async fn rebuild(
    store: &SqlStore,
    tenant: &str,
    now: u64,
    project: &(dyn for<'a> Fn(&'a StoredDocument) -> Option<Rebuilt> + Send + Sync),
    figures: &(dyn for<'a> Fn(&'a Projection) -> Rollups + Send + Sync),
) -> Result<u64, StoreError> {
    let mut transaction = store.begin_alone().await?;
    sqlx::query(sql::BUMP_REVISION).bind(tenant).execute(&mut *transaction).await.map_err(failed)?;
    // what is made anew may be another figure in a closed month
    sqlx::query(KEEP_ALL_BEFORE).bind(tenant).execute(&mut *transaction).await.map_err(failed)?;
    // what is left of documents that are not there
    for delete in
        [sql::CLEAR_RECORD_FACT, sql::CLEAR_TALLY_FACT, sql::CLEAR_RECORD_LECTURER, sql::CLEAR_FLAG, sql::CLEAR_ROLLUP]
    {
        sqlx::query(delete).bind(tenant).execute(&mut *transaction).await.map_err(failed)?;
    }
    let mut rollups = Rollups::new();
    let (mut after, mut count) = (None, 0);
    loop {
        let page = walk(&mut transaction, tenant, after, PAGE_DOCUMENTS).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.document);
        let mut rebuilt: Vec<(&StoredDocument, Rebuilt)> = Vec::with_capacity(page.len());
        for document in &page {
            match project(document) {
                Some(new) => rebuilt.push((document, new)),
                None => {
                    tracing::error!(tenant, document = %document.document, "cannot be read: its figures stay as they are");
                    let kept = document.projection.iter();
                    kept.for_each(|projection| accumulate(&mut rollups, &figures(projection), 1));
                }
            }
        }
        let known: Vec<DocumentId> = rebuilt.iter().map(|(stored, _)| stored.document).collect();
        let projections: Vec<_> = rebuilt.iter().map(|(stored, new)| (stored.document, &new.projection, now)).collect();
        write_projections(&mut transaction, tenant, &known, &projections).await?;
        let mut moves = Moves::new();
        for (stored, new) in &rebuilt {
            accumulate(&mut rollups, &new.rollups, 1);
            for place in &new.places {
                let before = stored.places.iter().find(|before| before.scope == place.scope);
                if before != Some(place) {
                    moves.add(stored.document, before, place);
                }
            }
        }
        move_in_scopes(&mut transaction, tenant, &moves).await?;
        count += page.len() as u64;
    }
    let mut after = None;
    loop {
        let page = retired(&mut transaction, tenant, after, PAGE_DOCUMENTS).await?;
        let Some((last, _)) = page.last() else { break };
        after = Some(*last);
        for (_, projection) in &page {
            accumulate(&mut rollups, &figures(projection), 1);
        }
    }
    add_rollups(&mut transaction, tenant, &rollups).await?;
    for text in [KEEP_ALL_AFTER, FORGET_EQUAL, sql::CLEAR_LATE_FIGURES, sql::ALL_LATE_FIGURES] {
        sqlx::query(text).bind(tenant).execute(&mut *transaction).await.map_err(failed)?;
    }
    let mut scopes = all_scopes(&mut transaction, tenant).await?;
    for scope in &mut scopes {
        let query = sqlx::query(sql::LIST_FEED_OF_SCOPE).bind(tenant).bind(scope.scope.as_str());
        let (mut present, mut digest) = (0, Digest::ZERO);
        for row in query.fetch_all(&mut *transaction).await.map_err(failed)? {
            let contribution = Digest::from_bytes(get(&row, "contribution")?).ok_or(corrupt("feed", "contribution"))?;
            present += u64::from(state_of(get(&row, "state")?)? == FeedState::Present);
            digest = digest.plus(contribution);
        }
        (scope.document_count, scope.digest) = (present, digest);
    }
    write_scopes(&mut transaction, tenant, &scopes).await?;
    sqlx::query(sql::CLEAR_STALE).bind(tenant).execute(&mut *transaction).await.map_err(failed)?;
    transaction.commit().await.map_err(failed)?;
    Ok(count)
}
