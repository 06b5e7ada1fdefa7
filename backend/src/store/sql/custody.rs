//! What people decide about changes in custody.

use std::slice::from_ref;

use sync_core::document::Kind;
use sync_core::ids::{ChangeHash, DeviceId, DocumentId, ScopeId};
use tokio_stream::StreamExt as _;

use super::batch::Select;
use super::dialect::{Connection, Row, SqlStore, failed};
use super::documents::document_of;
use super::push::write_pushes;
use super::{corrupt, flag, get, integer, statements as sql, unsigned};
use crate::store::StoreError;
use crate::store::types::{CustodyDecision, DecideOutcome, DecidedChange, Decision, HeldChange, HeldFilter, PushWrite};

/// Decided changes by name; the device is compared by the caller.
pub(super) const DECISIONS: Select = Select {
    text: "SELECT c.document, c.hash, c.device, c.decision, c.decided_at, c.decided_by, c.decision_reason, \
        (SELECT p.name FROM person p WHERE p.tenant = c.tenant AND p.person = c.decided_by) AS decided_by_name \
        FROM custody c",
    column: "hash",
    of: super::batch::Type::Bytes,
    locks: false,
    of_tenant: true,
};

/// What is held by these names, without its bytes; device, code and decision are compared by the caller.
const HELD: Select = Select {
    text: "SELECT c.document, c.hash, c.code, c.device, c.decision, CAST(LENGTH(c.bytes) AS BIGINT) AS size FROM custody c",
    ..DECISIONS
};

/// What a held change takes beside its bytes, about.
const ROW_BYTES: u64 = 200;

pub(super) async fn decide(
    store: &SqlStore,
    decision: &CustodyDecision,
    push: Option<&PushWrite>,
) -> Result<DecideOutcome, StoreError> {
    let mut transaction = store.begin().await?;
    let outdated = match push {
        Some(push) => write_pushes(&mut transaction, &push.tenant, from_ref(push), Some(decision)).await?,
        None => note(&mut transaction, decision).await?.map(|()| Vec::new()),
    };
    match outdated {
        None => Ok(DecideOutcome::AlreadyDecided),
        Some(outdated) if !outdated.is_empty() => Ok(DecideOutcome::Outdated(outdated)),
        Some(_) => {
            transaction.commit().await.map_err(failed)?;
            if let Some(push) = push {
                store.announce(&push.tenant, &push.scopes());
            }
            Ok(DecideOutcome::Done)
        }
    }
}

/// Notes the decision; `None` when one of the changes is not waiting for one.
pub(super) async fn note(connection: &mut Connection, decision: &CustodyDecision) -> Result<Option<()>, StoreError> {
    for hash in &decision.hashes {
        let query = sqlx::query(sql::DECIDE_CUSTODY)
            .bind(&decision.tenant)
            .bind(&decision.document.as_bytes()[..])
            .bind(&hash.as_bytes()[..])
            .bind(&decision.device.as_bytes()[..])
            .bind(if decision.admitted { "admitted" } else { "declined" })
            .bind(integer(decision.now))
            .bind(&decision.by)
            .bind(&decision.reason);
        if query.execute(&mut *connection).await.map_err(failed)?.rows_affected() == 0 {
            return Ok(None);
        }
        if decision.admitted {
            // it is part of the document from here on, whoever else has brought it
            let query = sqlx::query(sql::SETTLE_CUSTODY)
                .bind(&decision.tenant)
                .bind(&decision.document.as_bytes()[..])
                .bind(&hash.as_bytes()[..])
                .bind("admitted")
                .bind(integer(decision.now))
                .bind(&decision.by)
                .bind(&decision.reason);
            query.execute(&mut *connection).await.map_err(failed)?;
        }
    }
    Ok(Some(()))
}

/// The decision in a row, when there is one.
pub(super) fn decision_of(row: &Row) -> Result<Option<Decision>, StoreError> {
    let Some(decision) = get::<Option<String>>(row, "decision")? else { return Ok(None) };
    Ok(Some(Decision {
        admitted: decision == "admitted",
        at: unsigned(get::<Option<i64>>(row, "decided_at")?.unwrap_or_default()),
        by: get::<Option<String>>(row, "decided_by")?.unwrap_or_default(),
        by_name: get::<Option<String>>(row, "decided_by_name")?.unwrap_or_default(),
        reason: get::<Option<String>>(row, "decision_reason")?.unwrap_or_default(),
    }))
}

fn hash_of(row: &Row) -> Result<ChangeHash, StoreError> {
    let bytes: Vec<u8> = get(row, "hash")?;
    Ok(ChangeHash::from_bytes(bytes.try_into().map_err(|_| corrupt("custody", "hash"))?))
}

pub(super) async fn load(
    store: &SqlStore,
    tenant: &str,
    document: DocumentId,
    device: DeviceId,
    bytes: u64,
) -> Result<(Vec<HeldChange>, bool), StoreError> {
    let query = sqlx::query(sql::LOAD_CUSTODY).bind(tenant).bind(&document.as_bytes()[..]).bind(&device.as_bytes()[..]);
    let mut reader = store.reader().await?;
    let mut rows = query.fetch(&mut *reader);
    let mut held = Vec::new();
    let mut taken = 0_u64;
    while let Some(row) = rows.try_next().await.map_err(failed)? {
        let change = held_change(&row)?;
        taken = taken.saturating_add(change.bytes.len() as u64 + ROW_BYTES);
        if taken > bytes && !held.is_empty() {
            return Ok((held, true));
        }
        held.push(change);
    }
    Ok((held, false))
}

fn held_change(row: &Row) -> Result<HeldChange, StoreError> {
    Ok(HeldChange {
        hash: hash_of(row)?,
        kind: Kind::parse(get(row, "kind")?).ok_or(corrupt("custody", "kind"))?,
        code: get(row, "code")?,
        bytes: get(row, "bytes")?,
        received_at: unsigned(get(row, "received_at")?),
        decision: decision_of(row)?,
    })
}

/// The first scope of a tablet; of a day pass, the home of its session.
pub(super) async fn home_of(store: &SqlStore, tenant: &str, device: DeviceId) -> Result<Option<ScopeId>, StoreError> {
    let mut look = store.look().await?;
    let query = sqlx::query(sql::HOME_OF_DEVICE).bind(tenant).bind(&device.as_bytes()[..]);
    let Some(row) = query.fetch_optional(&mut *look).await.map_err(failed)? else { return Ok(None) };
    let home: Option<String> = if flag(&row, "is_pass")? {
        let Ok(session) = get::<String>(&row, "organisation")?.parse::<DocumentId>() else { return Ok(None) };
        let query = sqlx::query(sql::HOME_OF_DOCUMENT).bind(tenant).bind(&session.as_bytes()[..]);
        let row = query.fetch_optional(&mut *look).await.map_err(failed)?;
        row.map(|row| get(&row, "home_scope")).transpose()?
    } else {
        get(&row, "scope")?
    };
    let home = home.filter(|home| !home.is_empty());
    home.map(|home| home.parse().map_err(|_| corrupt("device_scope", "scope"))).transpose()
}

pub(super) async fn decisions(
    store: &SqlStore,
    tenant: &str,
    device: DeviceId,
    hashes: &[ChangeHash],
) -> Result<Vec<DecidedChange>, StoreError> {
    let keys: Vec<_> = hashes.iter().map(|hash| hash.as_bytes().as_slice().into()).collect();
    let mut found = Vec::new();
    for row in DECISIONS.run(&mut *store.reader().await?, tenant, &keys).await? {
        if get::<Vec<u8>>(&row, "device")? != device.as_bytes() {
            continue;
        }
        if let Some(decision) = decision_of(&row)? {
            found.push(DecidedChange { document: document_of(&row)?, hash: hash_of(&row)?, decision });
        }
    }
    Ok(found)
}

pub(super) async fn held(
    store: &SqlStore,
    tenant: &str,
    device: DeviceId,
    hashes: &[ChangeHash],
    filter: HeldFilter<'_>,
) -> Result<Vec<(DocumentId, HeldChange)>, StoreError> {
    let keys: Vec<_> = hashes.iter().map(|hash| hash.as_bytes().as_slice().into()).collect();
    let mut reader = store.reader().await?;
    let (mut room, mut found) = (filter.bytes, Vec::new());
    for row in HELD.run(&mut reader, tenant, &keys).await? {
        let is_asked_for = get::<Vec<u8>>(&row, "device")? == device.as_bytes()
            && get::<String>(&row, "code")? == filter.code
            && get::<Option<String>>(&row, "decision")?.is_none();
        let size = unsigned(get(&row, "size")?);
        if !is_asked_for || size > filter.change_bytes || size + ROW_BYTES > room {
            continue;
        }
        room -= size + ROW_BYTES;
        let document = document_of(&row)?;
        let query = sqlx::query(sql::LOAD_HELD)
            .bind(tenant)
            .bind(&document.as_bytes()[..])
            .bind(get::<Vec<u8>>(&row, "hash")?)
            .bind(&device.as_bytes()[..]);
        if let Some(row) = query.fetch_optional(&mut *reader).await.map_err(failed)? {
            found.push((document, held_change(&row)?));
        }
    }
    Ok(found)
}
