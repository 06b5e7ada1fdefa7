//! Writing pushes: one transaction for all that come together, the feed and its scopes last.

use std::collections::{BTreeSet, HashSet};

use sync_core::ids::{ChangeHash, DocumentId, ScopeId};

use super::batch::{Insert, Select, Type, Value};
use super::dialect::{Connection, SqlStore, failed};
use super::documents::document_of;
use super::places::{Moves, move_in_scopes};
use super::purge::CLEAR_DAMAGED;
use super::rollup::{add_rollups, write_projections};
use super::{closing, custody, get, healing, integer, statements as sql};
use crate::store::StoreError;
use crate::store::types::{
    CustodyDecision, DocumentWrite, PushOutcome, PushWrite, Rollups, accumulate, is_brought_back,
};

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
pub(super) const BROUGHT: Select = Select::by_document("SELECT hash, code FROM custody");
pub(super) const IN_CUSTODY: Select = Select::by_document("SELECT DISTINCT document FROM custody");

pub(super) async fn commit(store: &SqlStore, tenant: &str, pushes: &[PushWrite]) -> Result<PushOutcome, StoreError> {
    let mut transaction = store.begin().await?;
    let outdated = write_pushes(&mut transaction, tenant, pushes, None).await?.unwrap_or_default();
    if !outdated.is_empty() {
        return Ok(PushOutcome::Outdated(outdated));
    }
    transaction.commit().await.map_err(failed)?;
    let scopes: BTreeSet<ScopeId> = pushes.iter().flat_map(PushWrite::scopes).collect();
    store.announce(tenant, &scopes.into_iter().collect::<Vec<_>>());
    Ok(PushOutcome::Committed)
}

/// Writes pushes, with the decision that lets one in, when there is one. The answer names documents that are outdated;
/// `None`: the decision cannot be noted. In both cases the transaction has to be dropped.
pub(super) async fn write_pushes(
    connection: &mut Connection,
    tenant: &str,
    pushes: &[PushWrite],
    decision: Option<&CustodyDecision>,
) -> Result<Option<Vec<DocumentId>>, StoreError> {
    let mut writes: Vec<(&DocumentWrite, u64)> =
        pushes.iter().flat_map(|push| push.documents.iter().map(|write| (write, push.now))).collect();
    writes.sort_by_key(|(write, _)| write.document);
    let outdated = write_documents(connection, tenant, &writes).await?;
    if !outdated.is_empty() {
        return Ok(Some(outdated));
    }
    if let Some(decision) = decision
        && custody::note(connection, decision).await?.is_none()
    {
        return Ok(None);
    }
    write_custody(connection, tenant, pushes).await?;
    let repaired: Vec<DocumentId> =
        writes.iter().filter(|(write, _)| write.repaired).map(|(write, _)| write.document).collect();
    CLEAR_DAMAGED.of(connection, tenant, &repaired).await?;
    for push in pushes {
        healing::note(connection, push).await?;
    }
    let known: Vec<DocumentId> =
        writes.iter().filter(|(write, _)| write.base_revision.is_some()).map(|(write, _)| write.document).collect();
    let projections: Vec<_> = writes.iter().map(|(write, now)| (write.document, &write.projection, *now)).collect();
    let mut rollups = Rollups::new();
    for push in pushes {
        accumulate(&mut rollups, &push.rollups, 1);
    }
    let is_late = closing::is_late(connection, tenant, &rollups).await?;
    if is_late {
        closing::KEEP_BEFORE.of(connection, tenant, &known).await?;
    }
    write_projections(connection, tenant, &known, &projections).await?;
    if is_late {
        let all: Vec<DocumentId> = writes.iter().map(|(write, _)| write.document).collect();
        closing::KEEP_AFTER.of(connection, tenant, &all).await?;
    }
    add_rollups(connection, tenant, &rollups).await?;
    let mut moves = Moves::new();
    for (write, _) in &writes {
        for after in &write.places {
            let before = write.places_before.iter().find(|place| place.scope == after.scope);
            moves.add(write.document, before, after);
        }
    }
    move_in_scopes(connection, tenant, &moves).await?;
    Ok(Some(Vec::new()))
}

/// Writes the documents in order of id, which also holds their rows. Those that were changed meanwhile are the answer.
async fn write_documents(
    connection: &mut Connection,
    tenant: &str,
    writes: &[(&DocumentWrite, u64)],
) -> Result<Vec<DocumentId>, StoreError> {
    let home = |write: &DocumentWrite| write.home_scope.as_ref().map(ScopeId::to_string).unwrap_or_default();
    let bound: Vec<(String, Vec<u8>)> = writes.iter().map(|(write, _)| (home(write), write.heads.to_bytes())).collect();
    let rows: Vec<Vec<Value<'_>>> = writes
        .iter()
        .zip(&bound)
        .map(|((write, now), (home, heads))| {
            vec![
                tenant.into(),
                (&write.document).into(),
                write.kind.as_str().into(),
                home.as_str().into(),
                heads.as_slice().into(),
                write.snapshot.as_slice().into(),
                write.base_revision.map_or(1, |revision| revision + 1).into(),
                integer(*now).into(),
            ]
        })
        .collect();
    let written = DOCUMENT.run(connection, &rows).await?;
    let written: HashSet<DocumentId> = written.iter().map(document_of).collect::<Result<_, _>>()?;
    let ids = writes.iter().map(|(write, _)| write.document);
    Ok(ids.filter(|document| !written.contains(document)).collect())
}

async fn write_custody(connection: &mut Connection, tenant: &str, pushes: &[PushWrite]) -> Result<(), StoreError> {
    let mut kept = brought_before(connection, tenant, pushes).await?;
    let held = pushes.iter().flat_map(|push| push.custody.iter().map(move |held| (push, held)));
    let held = held.filter(|(_, held)| !is_brought_back(&held.code) || kept.insert(held.hash.as_bytes().to_vec()));
    let rows: Vec<Vec<Value<'_>>> = held
        .map(|(push, held)| {
            vec![
                tenant.into(),
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
    let gone = pushes.iter().flat_map(|push| push.released.iter().chain(&push.replaced));
    let ids: BTreeSet<DocumentId> = gone.map(|(document, _)| *document).collect();
    let ids: Vec<DocumentId> = ids.into_iter().collect();
    let with_custody = IN_CUSTODY.of(connection, tenant, &ids).await?;
    let with_custody: HashSet<DocumentId> = with_custody.iter().map(document_of).collect::<Result<_, _>>()?;
    let may_lie_there = |(document, _): &&(DocumentId, ChangeHash)| with_custody.contains(document);
    for push in pushes {
        for (document, hash) in push.released.iter().filter(may_lie_there) {
            let query = sqlx::query(sql::RELEASE_CUSTODY).bind(tenant).bind(&document.as_bytes()[..]);
            query.bind(&hash.as_bytes()[..]).execute(&mut *connection).await.map_err(failed)?;
        }
        for (document, hash) in push.replaced.iter().filter(may_lie_there) {
            let query = sqlx::query(sql::WITHDRAW_CUSTODY).bind(tenant).bind(&document.as_bytes()[..]);
            let query = query.bind(&hash.as_bytes()[..]).bind(&push.device.as_bytes()[..]);
            query.execute(&mut *connection).await.map_err(failed)?;
        }
    }
    Ok(())
}

/// Names of changes that some device has brought back before, decided on or not.
async fn brought_before(
    connection: &mut Connection,
    tenant: &str,
    pushes: &[PushWrite],
) -> Result<HashSet<Vec<u8>>, StoreError> {
    let brought = pushes.iter().flat_map(|push| &push.custody).filter(|held| is_brought_back(&held.code));
    let ids: Vec<DocumentId> = brought.map(|held| held.document).collect::<BTreeSet<_>>().into_iter().collect();
    let rows = BROUGHT.of(connection, tenant, &ids).await?;
    let kept = rows.iter().filter(|row| get::<String>(row, "code").is_ok_and(|code| is_brought_back(&code)));
    kept.map(|row| get(row, "hash")).collect()
}
