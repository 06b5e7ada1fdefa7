//! Where a tablet and the server differ: the sums of 256 buckets, then the heads of the differing buckets' documents.
//!
//! Heads are taken from the content of each document, not from what is recorded beside it: a copy that cannot be read,
//! or is not what it is recorded to be, is named without heads and noted as damaged, so that tablets are asked for it.

use std::collections::HashMap;

use sync_core::digest::{Buckets, FeedState};
use sync_core::document::Heads;
use sync_core::ids::DocumentId;
use sync_core::wire::{AuditEntry, AuditRequest, AuditResponse, PROTOCOL};

use super::App;
use super::access::{Caller, Tablet};
use crate::store::StoreError;

/// Documents looked into at a time.
const BATCH: usize = 200;
/// Bytes of them, if there is more than one; also about the largest answer: every document of a large scope, named with
/// its heads.
pub const BYTES: u64 = 1 << 20;

/// About what a document with one head takes in an answer.
const ENTRY_BYTES: u64 = 64;

/// Answers an audit; `None` when the scope is not one of the tablet's, or is not there.
pub async fn audit(
    app: &App,
    caller: &Caller,
    tablet: &Tablet,
    request: &AuditRequest,
) -> Result<Option<AuditResponse>, StoreError> {
    if !tablet.scopes.contains(&request.scope) {
        return Ok(None);
    }
    let Some((scope, named)) = app.store.audit_entries(&caller.tenant, &request.scope).await? else {
        return Ok(None);
    };
    let present = named.iter().filter(|(_, state, _)| *state == FeedState::Present);
    let mut differing = Buckets::of(present.map(|(id, _, sum)| (*id, *sum))).differing(&request.buckets);
    differing.retain(|bucket| *bucket >= request.from);
    let size = request.page_bytes.unwrap_or(u64::MAX);
    let documents_in = |bucket: u8| named.iter().filter(|(id, ..)| Buckets::number(*id) == bucket).count() as u64;
    let mut next = end_at(&mut differing, size, |bucket| documents_in(bucket) * ENTRY_BYTES);
    let in_question = named.iter().filter(|(id, ..)| differing.contains(&Buckets::number(*id)));
    let mut entries: Vec<AuditEntry> = in_question
        .map(|(document, state, _)| AuditEntry { document: *document, heads: Heads::default(), state: *state })
        .collect();
    entries.sort_by_key(|entry| entry.document);
    let present = |entry: &&mut AuditEntry| entry.state == FeedState::Present;
    let ids = entries.iter_mut().filter(present).map(|entry| entry.document).collect();
    let mut sound = sound_heads(app, &caller.tenant, ids).await?;
    let mut damaged = Vec::new();
    for entry in entries.iter_mut().filter(present) {
        match sound.remove(&entry.document) {
            Some(heads) => entry.heads = heads,
            None => damaged.push(entry.document),
        }
    }
    // documents that many wrote apart take more room than was reckoned
    let room = |bucket: u8| {
        let entries = entries.iter().filter(|entry| Buckets::number(entry.document) == bucket);
        entries.map(|entry| ENTRY_BYTES + 32 * entry.heads.as_slice().len().saturating_sub(1) as u64).sum()
    };
    next = end_at(&mut differing, size, room).or(next);
    entries.retain(|entry| differing.contains(&Buckets::number(entry.document)));
    if !damaged.is_empty() {
        let (device, documents) = (tablet.device, damaged.len());
        tracing::error!(tenant = caller.tenant, %device, documents, "an audit found damaged documents");
        note(app, &caller.tenant, &damaged).await?;
    } else if !differing.is_empty() {
        let (device, documents) = (tablet.device, entries.len());
        tracing::info!(tenant = caller.tenant, %device, documents, "an audit found differences");
    }
    let (epoch, seq) = (scope.epoch, scope.seq);
    Ok(Some(AuditResponse { protocol: PROTOCOL, scope: request.scope.clone(), epoch, seq, differing, entries, next }))
}

/// Keeps the lowest buckets that fit, one at least; the first that does not.
fn end_at(buckets: &mut Vec<u8>, size: u64, bytes: impl Fn(u8) -> u64) -> Option<u8> {
    let mut sum = 0_u64;
    let fits = |bucket: &&u8| {
        sum = sum.saturating_add(bytes(**bucket));
        sum <= size
    };
    let count = buckets.iter().take_while(fits).count().max(1);
    let rest = buckets.split_off(count.min(buckets.len()));
    rest.first().copied()
}

/// The heads of those documents that can be read and are what they are recorded to be.
async fn sound_heads(
    app: &App,
    tenant: &str,
    mut ids: Vec<DocumentId>,
) -> Result<HashMap<DocumentId, Heads>, StoreError> {
    let mut heads = HashMap::with_capacity(ids.len());
    while !ids.is_empty() {
        let later = ids.split_off(ids.len().min(BATCH));
        let (stored, mut unread) = app.store.load_portion(tenant, &ids, BYTES).await?;
        let sound = app.gate.inspect(stored).await.into_iter().filter(|(_, damaged)| !damaged);
        heads.extend(sound.map(|(stored, _)| (stored.document, stored.heads)));
        unread.extend(later);
        ids = unread;
    }
    Ok(heads)
}

/// Notes damage, and forgets what was kept loaded of these documents.
pub(super) async fn note(app: &App, tenant: &str, damaged: &[DocumentId]) -> Result<(), StoreError> {
    for document in damaged {
        app.cache.forget(tenant, *document);
    }
    app.store.note_damaged(tenant, damaged, app.now().0).await
}
