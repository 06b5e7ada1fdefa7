//! Writing a push, in SQLite's words: one transaction, the feed and its scopes last.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sqlx::Sqlite;
use sqlx::query_builder::Separated;
use sqlx::sqlite::SqliteConnection;
use sync_core::digest::{Digest, FeedState};
use sync_core::ids::{DocumentId, ScopeId};

use super::devices::ensure_scope;
use super::documents::{document_of, rows_of};
use super::feed::lookup_scope;
use super::rollup::{add_rollups, insert_all, write_projections};
use super::{MAX_BINDS, SqliteStore, corrupt, failed, get, integer};
use crate::store::StoreError;
use crate::store::statements as sql;
use crate::store::types::{CustodyRow, DocumentWrite, Place, PushOutcome, PushWrite};

/// What one document changes in one scope.
pub(super) struct Move<'a> {
    pub document: DocumentId,
    pub before: Option<&'a Place>,
    pub after: &'a Place,
}

pub(super) async fn commit(store: &SqliteStore, push: &PushWrite) -> Result<PushOutcome, StoreError> {
    let mut transaction = store.begin().await?;
    let outdated = outdated(&mut transaction, push).await?;
    if !outdated.is_empty() {
        return Ok(PushOutcome::Outdated(outdated));
    }
    write_documents(&mut transaction, push).await?;
    write_custody(&mut transaction, push).await?;
    let known: Vec<DocumentId> =
        push.documents.iter().filter(|write| write.base_revision.is_some()).map(|write| write.document).collect();
    let projections: Vec<_> = push.documents.iter().map(|write| (write.document, &write.projection)).collect();
    write_projections(&mut transaction, &push.tenant, push.now, &known, &projections).await?;
    add_rollups(&mut transaction, &push.tenant, &push.rollups).await?;

    let mut moves: BTreeMap<&ScopeId, Vec<Move<'_>>> = BTreeMap::new();
    for write in &push.documents {
        for after in &write.places {
            let before = write.places_before.iter().find(|place| place.scope == after.scope);
            moves.entry(&after.scope).or_default().push(Move { document: write.document, before, after });
        }
    }
    for (scope, moves) in moves {
        move_in_scope(&mut transaction, &push.tenant, scope, &moves).await?;
    }
    transaction.commit().await.map_err(failed)?;
    Ok(PushOutcome::Committed)
}

async fn outdated(connection: &mut SqliteConnection, push: &PushWrite) -> Result<Vec<DocumentId>, StoreError> {
    let ids: Vec<DocumentId> = push.documents.iter().map(|write| write.document).collect();
    let mut revisions = HashMap::new();
    for ids in ids.chunks(MAX_BINDS) {
        for row in rows_of(connection, "SELECT document, revision FROM document", &push.tenant, ids).await? {
            revisions.insert(document_of(&row)?, get::<i64>(&row, "revision")?);
        }
    }
    let stale = |write: &&DocumentWrite| revisions.get(&write.document).copied() != write.base_revision;
    Ok(push.documents.iter().filter(stale).map(|write| write.document).collect())
}

async fn write_documents(connection: &mut SqliteConnection, push: &PushWrite) -> Result<(), StoreError> {
    let insert = "INSERT INTO document (tenant, document, kind, home_scope, heads, snapshot, revision, updated_at) ";
    let bind = |mut row: Separated<'_, Sqlite, &'static str>, write: &DocumentWrite| {
        row.push_bind(push.tenant.clone()).push_bind(write.document.as_bytes().to_vec());
        row.push_bind(write.kind.as_str());
        row.push_bind(write.home_scope.as_ref().map(ScopeId::to_string).unwrap_or_default());
        row.push_bind(write.heads.to_bytes()).push_bind(write.snapshot.clone());
        row.push_bind(write.base_revision.map_or(1, |revision| revision + 1)).push_bind(integer(push.now));
    };
    let tail = " ON CONFLICT (tenant, document) DO UPDATE SET heads = excluded.heads, snapshot = excluded.snapshot, \
        revision = excluded.revision, updated_at = excluded.updated_at";
    insert_all(connection, insert, 8, &push.documents, bind, tail).await
}

async fn write_custody(connection: &mut SqliteConnection, push: &PushWrite) -> Result<(), StoreError> {
    let insert = "INSERT INTO custody (tenant, document, hash, kind, device, code, bytes, received_at) ";
    let bind = |mut row: Separated<'_, Sqlite, &'static str>, held: &CustodyRow| {
        row.push_bind(push.tenant.clone()).push_bind(held.document.as_bytes().to_vec());
        row.push_bind(held.hash.as_bytes().to_vec()).push_bind(held.kind.as_str());
        row.push_bind(push.device.as_bytes().to_vec()).push_bind(held.code.clone());
        row.push_bind(held.bytes.clone()).push_bind(integer(push.now));
    };
    insert_all(connection, insert, 8, &push.custody, bind, " ON CONFLICT DO NOTHING").await?;
    let ids: BTreeSet<DocumentId> = push.released.iter().map(|(document, _)| *document).collect();
    let ids: Vec<DocumentId> = ids.into_iter().collect();
    let mut with_custody = BTreeSet::new();
    for ids in ids.chunks(MAX_BINDS) {
        for row in rows_of(connection, "SELECT DISTINCT document FROM custody", &push.tenant, ids).await? {
            with_custody.insert(document_of(&row)?);
        }
    }
    for (document, hash) in push.released.iter().filter(|(document, _)| with_custody.contains(document)) {
        sqlx::query(sql::RELEASE_CUSTODY)
            .bind(&push.tenant)
            .bind(&document.as_bytes()[..])
            .bind(&hash.as_bytes()[..])
            .bind(&push.device.as_bytes()[..])
            .execute(&mut *connection)
            .await
            .map_err(failed)?;
    }
    Ok(())
}

/// Gives each document its new place in the scope's feed and takes the sequence numbers by updating the scope.
pub(super) async fn move_in_scope(
    connection: &mut SqliteConnection,
    tenant: &str,
    scope: &ScopeId,
    moves: &[Move<'_>],
) -> Result<(), StoreError> {
    ensure_scope(connection, tenant, scope).await?;
    let row = lookup_scope(connection, tenant, scope).await?.ok_or(corrupt("scope", "scope"))?;
    let present = |place: Option<&Place>| u64::from(place.is_some_and(|place| place.state == FeedState::Present));
    let (mut seq, mut count, mut digest) = (row.seq, row.document_count, row.digest);
    let mut entries = Vec::with_capacity(moves.len());
    for one in moves {
        seq += 1;
        count = (count + present(Some(one.after))).saturating_sub(present(one.before));
        let before = one.before.map_or(Digest::ZERO, |place| place.contribution);
        digest = digest.minus(before).plus(one.after.contribution);
        entries.push((one.document, seq, one.after));
    }
    let insert = "INSERT INTO feed (tenant, scope, document, seq, state, contribution) ";
    let bind = |mut row: Separated<'_, Sqlite, &'static str>, (document, seq, place): &(DocumentId, u64, &Place)| {
        row.push_bind(tenant.to_owned()).push_bind(scope.to_string()).push_bind(document.as_bytes().to_vec());
        row.push_bind(integer(*seq)).push_bind(i64::from(place.state.number()));
        row.push_bind(place.contribution.to_bytes().to_vec());
    };
    let tail = " ON CONFLICT (tenant, scope, document) DO UPDATE SET seq = excluded.seq, state = excluded.state, \
        contribution = excluded.contribution";
    insert_all(connection, insert, 6, &entries, bind, tail).await?;
    write_scope(connection, tenant, scope, seq, count, digest).await
}

pub(super) async fn write_scope(
    connection: &mut SqliteConnection,
    tenant: &str,
    scope: &ScopeId,
    seq: u64,
    count: u64,
    digest: Digest,
) -> Result<(), StoreError> {
    sqlx::query(sql::UPDATE_SCOPE)
        .bind(tenant)
        .bind(scope.as_str())
        .bind(integer(seq))
        .bind(integer(count))
        .bind(&digest.to_bytes()[..])
        .execute(connection)
        .await
        .map_err(failed)?;
    Ok(())
}
