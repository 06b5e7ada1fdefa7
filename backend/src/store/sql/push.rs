//! Writing a push: one transaction, the feed and its scopes last.

use std::collections::{BTreeSet, HashSet};

use sync_core::ids::{DocumentId, ScopeId};

use super::batch::{Insert, Select, Type, Value};
use super::dialect::{Connection, SqlStore, failed};
use super::documents::document_of;
use super::places::{Moves, move_in_scopes};
use super::purge::CLEAR_DAMAGED;
use super::rollup::{add_rollups, write_projections};
use super::{custody, healing, integer, statements as sql};
use crate::store::StoreError;
use crate::store::types::{CustodyDecision, DocumentWrite, PushOutcome, PushWrite};

/// A row that someone else wrote since it was read is left as it is and not returned.
pub(super) const DOCUMENT: Insert = Insert {
    table: "document",
    columns: &[
        ("tenant", Type::Text),
        ("document", Type::Bytes),
        ("kind", Type::Text),
        ("home_scope", Type::Text),
        ("heads", Type::Bytes),
        ("snapshot", Type::Bytes),
        ("revision", Type::Integer),
        ("updated_at", Type::Integer),
    ],
    tail: "ON CONFLICT (tenant, document) DO UPDATE SET kind = excluded.kind, heads = excluded.heads, snapshot = excluded.snapshot, \
        revision = excluded.revision, updated_at = excluded.updated_at \
        WHERE document.revision = excluded.revision - 1 RETURNING document",
};
pub(super) const CUSTODY: Insert = Insert {
    table: "custody",
    columns: &[
        ("tenant", Type::Text),
        ("document", Type::Bytes),
        ("hash", Type::Bytes),
        ("kind", Type::Text),
        ("device", Type::Bytes),
        ("code", Type::Text),
        ("bytes", Type::Bytes),
        ("received_at", Type::Integer),
    ],
    tail: "ON CONFLICT DO NOTHING",
};
pub(super) const IN_CUSTODY: Select = Select::by_document("SELECT DISTINCT document FROM custody");

pub(super) async fn commit(store: &SqlStore, push: &PushWrite) -> Result<PushOutcome, StoreError> {
    let mut transaction = store.begin().await?;
    let outdated = write_push(&mut transaction, push, None).await?.unwrap_or_default();
    if !outdated.is_empty() {
        return Ok(PushOutcome::Outdated(outdated));
    }
    transaction.commit().await.map_err(failed)?;
    store.announce(&push.tenant, &push.scopes());
    Ok(PushOutcome::Committed)
}

/// Writes a push, with the decision that lets it in, when there is one. The answer names documents that are outdated;
/// `None`: the decision cannot be noted. In both cases the transaction has to be dropped.
pub(super) async fn write_push(
    connection: &mut Connection,
    push: &PushWrite,
    decision: Option<&CustodyDecision>,
) -> Result<Option<Vec<DocumentId>>, StoreError> {
    let outdated = write_documents(connection, push).await?;
    if !outdated.is_empty() {
        return Ok(Some(outdated));
    }
    if let Some(decision) = decision
        && custody::note(connection, decision).await?.is_none()
    {
        return Ok(None);
    }
    write_custody(connection, push).await?;
    let repaired: Vec<DocumentId> =
        push.documents.iter().filter(|write| write.repaired).map(|write| write.document).collect();
    CLEAR_DAMAGED.of(connection, &push.tenant, &repaired).await?;
    healing::note(connection, push).await?;
    let known: Vec<DocumentId> =
        push.documents.iter().filter(|write| write.base_revision.is_some()).map(|write| write.document).collect();
    let projections: Vec<_> = push.documents.iter().map(|write| (write.document, &write.projection)).collect();
    write_projections(connection, &push.tenant, push.now, &known, &projections).await?;
    add_rollups(connection, &push.tenant, &push.rollups).await?;
    let mut moves = Moves::new();
    for write in &push.documents {
        for after in &write.places {
            let before = write.places_before.iter().find(|place| place.scope == after.scope);
            moves.add(write.document, before, after);
        }
    }
    move_in_scopes(connection, &push.tenant, &moves).await?;
    Ok(Some(Vec::new()))
}

/// Writes the documents in order of id, which also holds their rows. Those that were changed meanwhile are the answer.
async fn write_documents(connection: &mut Connection, push: &PushWrite) -> Result<Vec<DocumentId>, StoreError> {
    let mut writes: Vec<&DocumentWrite> = push.documents.iter().collect();
    writes.sort_by_key(|write| write.document);
    let homes: Vec<String> =
        writes.iter().map(|write| write.home_scope.as_ref().map(ScopeId::to_string).unwrap_or_default()).collect();
    let heads: Vec<Vec<u8>> = writes.iter().map(|write| write.heads.to_bytes()).collect();
    let rows: Vec<Vec<Value<'_>>> = writes
        .iter()
        .zip(homes.iter().zip(&heads))
        .map(|(write, (home, heads))| {
            vec![
                push.tenant.as_str().into(),
                (&write.document).into(),
                write.kind.as_str().into(),
                home.as_str().into(),
                heads.as_slice().into(),
                write.snapshot.as_slice().into(),
                write.base_revision.map_or(1, |revision| revision + 1).into(),
                integer(push.now).into(),
            ]
        })
        .collect();
    let written = DOCUMENT.run(connection, &rows).await?;
    let written: HashSet<DocumentId> = written.iter().map(document_of).collect::<Result<_, _>>()?;
    let ids = push.documents.iter().map(|write| write.document);
    Ok(ids.filter(|document| !written.contains(document)).collect())
}

async fn write_custody(connection: &mut Connection, push: &PushWrite) -> Result<(), StoreError> {
    let rows: Vec<Vec<Value<'_>>> = push
        .custody
        .iter()
        .map(|held| {
            vec![
                push.tenant.as_str().into(),
                (&held.document).into(),
                held.hash.as_bytes().as_slice().into(),
                held.kind.as_str().into(),
                push.device.as_bytes().as_slice().into(),
                held.code.as_str().into(),
                held.bytes.as_slice().into(),
                integer(push.now).into(),
            ]
        })
        .collect();
    CUSTODY.run(connection, &rows).await?;
    let ids: BTreeSet<DocumentId> = push.released.iter().map(|(document, _)| *document).collect();
    let ids: Vec<DocumentId> = ids.into_iter().collect();
    let with_custody = IN_CUSTODY.of(connection, &push.tenant, &ids).await?;
    let with_custody: HashSet<DocumentId> = with_custody.iter().map(document_of).collect::<Result<_, _>>()?;
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
