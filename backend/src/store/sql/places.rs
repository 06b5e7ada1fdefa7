//! Moving documents in the feeds of their scopes. Always the last thing a transaction does.

use std::collections::{BTreeMap, HashMap};

use sync_core::digest::{Digest, FeedState};
use sync_core::ids::{DocumentId, ScopeId};

use super::batch::{Insert, Select, Type, Value};
use super::dialect::Connection;
use super::feed::scope_of;
use super::{corrupt, integer};
use crate::store::StoreError;
use crate::store::types::{Place, ScopeRow};

/// The rows of these scopes, held until the transaction ends, taken in order of id.
pub(super) const HOLD_SCOPES: Select = Select {
    text: "SELECT scope, epoch, seq, document_count, digest FROM scope",
    column: "scope",
    of: Type::Text,
    locks: true,
    of_tenant: true,
};
const SCOPE_COLUMNS: &[(&str, Type)] = &[
    ("tenant", Type::Text),
    ("scope", Type::Text),
    ("epoch", Type::Bytes),
    ("seq", Type::Integer),
    ("document_count", Type::Integer),
    ("digest", Type::Bytes),
];
pub(super) const NEW_SCOPE: Insert = Insert { table: "scope", columns: SCOPE_COLUMNS, tail: "ON CONFLICT DO NOTHING" };
pub(super) const SCOPE: Insert = Insert {
    table: "scope",
    columns: SCOPE_COLUMNS,
    tail: "ON CONFLICT (tenant, scope) DO UPDATE SET epoch = excluded.epoch, seq = excluded.seq, \
        document_count = excluded.document_count, digest = excluded.digest",
};
pub(super) const FEED: Insert = Insert {
    table: "feed",
    columns: &[
        ("tenant", Type::Text),
        ("scope", Type::Text),
        ("document", Type::Bytes),
        ("seq", Type::Integer),
        ("state", Type::Integer),
        ("contribution", Type::Bytes),
    ],
    tail: "ON CONFLICT (tenant, scope, document) DO UPDATE SET seq = excluded.seq, state = excluded.state, \
        contribution = excluded.contribution",
};

/// What one document changes in one scope.
struct Move<'a> {
    document: DocumentId,
    before: Option<&'a Place>,
    after: &'a Place,
}

/// Documents to be moved, by scope.
pub(super) struct Moves<'a>(BTreeMap<&'a ScopeId, Vec<Move<'a>>>);

impl<'a> Moves<'a> {
    /// No moves.
    pub(super) fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// A document's place in a scope, as it was and as it will be.
    pub(super) fn add(&mut self, document: DocumentId, before: Option<&'a Place>, after: &'a Place) {
        self.0.entry(&after.scope).or_default().push(Move { document, before, after });
    }
}

/// Gives each document its new place and takes the sequence numbers while the scopes are held.
pub(super) async fn move_in_scopes(
    connection: &mut Connection,
    tenant: &str,
    moves: &Moves<'_>,
) -> Result<(), StoreError> {
    if moves.0.is_empty() {
        return Ok(());
    }
    let ids: Vec<&ScopeId> = moves.0.keys().copied().collect();
    let mut scopes = hold(connection, tenant, &ids).await?;
    let present = |place: Option<&Place>| u64::from(place.is_some_and(|place| place.state == FeedState::Present));
    let mut entries = Vec::new();
    for (scope, moves) in &moves.0 {
        let row = scopes.get_mut(*scope).ok_or(corrupt("scope", "scope"))?;
        for one in moves {
            row.seq += 1;
            row.document_count = (row.document_count + present(Some(one.after))).saturating_sub(present(one.before));
            let before = one.before.map_or(Digest::ZERO, |place| place.contribution);
            row.digest = row.digest.minus(before).plus(one.after.contribution);
            entries.push((one.document, row.seq, one.after, one.after.contribution.to_bytes()));
        }
    }
    let rows: Vec<Vec<Value<'_>>> = entries
        .iter()
        .map(|(document, seq, place, contribution)| {
            vec![
                tenant.into(),
                place.scope.as_str().into(),
                document.into(),
                integer(*seq).into(),
                i64::from(place.state.number()).into(),
                contribution.as_slice().into(),
            ]
        })
        .collect();
    FEED.run(connection, &rows).await?;
    write_scopes(connection, tenant, &scopes.into_values().collect::<Vec<_>>()).await
}

/// Holds the rows of these scopes, making those that are not there.
pub(super) async fn hold(
    connection: &mut Connection,
    tenant: &str,
    ids: &[&ScopeId],
) -> Result<HashMap<ScopeId, ScopeRow>, StoreError> {
    let mut held = held(connection, tenant, ids).await?;
    let missing: Vec<&ScopeId> = ids.iter().copied().filter(|id| !held.contains_key(*id)).collect();
    if !missing.is_empty() {
        ensure_scopes(connection, tenant, &missing).await?;
        held = self::held(connection, tenant, ids).await?;
    }
    Ok(held)
}

async fn held(
    connection: &mut Connection,
    tenant: &str,
    ids: &[&ScopeId],
) -> Result<HashMap<ScopeId, ScopeRow>, StoreError> {
    let keys: Vec<Value<'_>> = ids.iter().map(|id| id.as_str().into()).collect();
    let rows = HOLD_SCOPES.run(connection, tenant, &keys).await?;
    rows.iter().map(|row| scope_of(row).map(|scope| (scope.scope.clone(), scope))).collect()
}

/// Makes rows, each with a new random epoch, for scopes that have none.
pub(super) async fn ensure_scopes(
    connection: &mut Connection,
    tenant: &str,
    ids: &[&ScopeId],
) -> Result<(), StoreError> {
    let mut rows = Vec::with_capacity(ids.len());
    for id in ids {
        let (seq, document_count, digest) = (0, 0, Digest::ZERO);
        rows.push(ScopeRow { scope: (*id).clone(), epoch: random_epoch()?, seq, document_count, digest });
    }
    rows.sort_by(|a, b| a.scope.cmp(&b.scope));
    insert_scopes(connection, tenant, &rows, &NEW_SCOPE).await
}

/// Writes scopes whose rows are held.
pub(super) async fn write_scopes(
    connection: &mut Connection,
    tenant: &str,
    scopes: &[ScopeRow],
) -> Result<(), StoreError> {
    insert_scopes(connection, tenant, scopes, &SCOPE).await
}

async fn insert_scopes(
    connection: &mut Connection,
    tenant: &str,
    scopes: &[ScopeRow],
    insert: &Insert,
) -> Result<(), StoreError> {
    let digests: Vec<[u8; 32]> = scopes.iter().map(|scope| scope.digest.to_bytes()).collect();
    let rows: Vec<Vec<Value<'_>>> = scopes
        .iter()
        .zip(&digests)
        .map(|(scope, digest)| {
            vec![
                tenant.into(),
                scope.scope.as_str().into(),
                scope.epoch.as_slice().into(),
                integer(scope.seq).into(),
                integer(scope.document_count).into(),
                digest.as_slice().into(),
            ]
        })
        .collect();
    insert.run(connection, &rows).await.map(|_| ())
}

fn random_epoch() -> Result<[u8; 16], StoreError> {
    let mut epoch = [0; 16];
    getrandom::fill(&mut epoch).map_err(|error| StoreError::Unavailable(Box::new(error)))?;
    Ok(epoch)
}

/// Gives scopes new random epochs; returns how many.
pub(super) async fn renew(connection: &mut Connection, tenant: &str, ids: &[&ScopeId]) -> Result<u64, StoreError> {
    let mut scopes: Vec<ScopeRow> = held(connection, tenant, ids).await?.into_values().collect();
    for scope in &mut scopes {
        scope.epoch = random_epoch()?;
    }
    write_scopes(connection, tenant, &scopes).await?;
    Ok(scopes.len() as u64)
}
