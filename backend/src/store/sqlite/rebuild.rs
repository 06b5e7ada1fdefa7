//! Making everything that follows from documents anew, in SQLite's words.

use std::collections::BTreeMap;

use sync_core::digest::{Digest, FeedState};
use sync_core::ids::ScopeId;

use super::documents::{state_of, walk};
use super::feed::all_scopes;
use super::push::{Move, move_in_scope, write_scope};
use super::rollup::{add_rollups, write_projections};
use super::{SqliteStore, corrupt, failed, get};
use crate::store::StoreError;
use crate::store::statements as sql;
use crate::store::types::{Rebuilt, RollupValue, Rollups, StoredDocument};

const PAGE_DOCUMENTS: u32 = 200;

pub(super) async fn rebuild(
    store: &SqliteStore,
    tenant: &str,
    now: u64,
    project: &(dyn for<'a> Fn(&'a StoredDocument) -> Option<Rebuilt> + Send + Sync),
) -> Result<u64, StoreError> {
    let mut transaction = store.begin().await?;
    sqlx::query(sql::BUMP_REVISION).bind(tenant).execute(&mut *transaction).await.map_err(failed)?;
    for delete in [
        "DELETE FROM record_fact WHERE tenant = $1",
        "DELETE FROM tally_fact WHERE tenant = $1",
        "DELETE FROM record_lecturer WHERE tenant = $1",
        "DELETE FROM flag WHERE tenant = $1",
        "DELETE FROM rollup WHERE tenant = $1",
    ] {
        sqlx::query(delete).bind(tenant).execute(&mut *transaction).await.map_err(failed)?;
    }
    let mut rollups = Rollups::new();
    let (mut after, mut count) = (None, 0);
    loop {
        let page = walk(&mut transaction, tenant, after, PAGE_DOCUMENTS).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.document);
        let rebuilt: Vec<(&StoredDocument, Rebuilt)> =
            page.iter().filter_map(|document| Some((document, project(document)?))).collect();
        let projections: Vec<_> = rebuilt.iter().map(|(stored, new)| (stored.document, &new.projection)).collect();
        write_projections(&mut transaction, tenant, now, &[], &projections).await?;
        let mut moves: BTreeMap<&ScopeId, Vec<Move<'_>>> = BTreeMap::new();
        for (stored, new) in &rebuilt {
            for (key, value) in &new.rollups {
                add(rollups.entry(key.clone()).or_default(), value);
            }
            for place in &new.places {
                let before = stored.places.iter().find(|before| before.scope == place.scope);
                if before != Some(place) {
                    moves.entry(&place.scope).or_default().push(Move {
                        document: stored.document,
                        before,
                        after: place,
                    });
                }
            }
        }
        for (scope, moves) in moves {
            move_in_scope(&mut transaction, tenant, scope, &moves).await?;
        }
        count += page.len() as u64;
    }
    add_rollups(&mut transaction, tenant, &rollups).await?;
    for scope in all_scopes(&mut transaction, tenant).await? {
        let query = sqlx::query(sql::LIST_FEED_OF_SCOPE).bind(tenant).bind(scope.scope.as_str());
        let (mut present, mut digest) = (0, Digest::ZERO);
        for row in query.fetch_all(&mut *transaction).await.map_err(failed)? {
            let contribution = Digest::from_bytes(get(&row, "contribution")?).ok_or(corrupt("feed", "contribution"))?;
            present += u64::from(state_of(get(&row, "state")?)? == FeedState::Present);
            digest = digest.plus(contribution);
        }
        write_scope(&mut transaction, tenant, &scope.scope, scope.seq, present, digest).await?;
    }
    transaction.commit().await.map_err(failed)?;
    Ok(count)
}

fn add(sum: &mut RollupValue, value: &RollupValue) {
    sum.reported += value.reported;
    sum.unreported += value.unreported;
    sum.total += value.total;
}
