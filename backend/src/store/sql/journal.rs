//! The journal. The row of the chain's end is held while rows are added, so that places and hashes follow each other.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use sqlx::QueryBuilder;
use sync_core::ids::DeviceId;

use super::batch::{Insert, Type, Value};
use super::dialect::{ATTEMPTS, Connection, Database, Row, SqlStore, failed};
use super::{PATIENCE, again, corrupt, get, integer, statements as sql, unsigned};
use crate::store::StoreError;
use crate::store::journal::{JournalFilter, JournalHash, JournalHead, JournalRow, JournalStore, NewEntry};

pub(super) const JOURNAL: Insert = Insert {
    table: "journal",
    columns: &[
        ("tenant", Type::Text),
        ("seq", Type::Integer),
        ("at", Type::Integer),
        ("person", Type::Text),
        ("role", Type::Text),
        ("organisation", Type::Text),
        ("device", Type::Bytes),
        ("peer", Type::Text),
        ("action", Type::Text),
        ("outcome", Type::Text),
        ("target", Type::Text),
        ("detail", Type::Text),
        ("request", Type::Text),
        ("hash", Type::Bytes),
    ],
    tail: "",
};

const COLUMNS: &str = "SELECT j.seq, j.at, j.person, j.role, j.organisation, j.device, j.peer, j.action, j.outcome, \
     j.target, j.detail, j.request, j.hash, p.name AS person_name, d.name AS device_name FROM journal j \
     LEFT JOIN person p ON p.tenant = j.tenant AND p.person = j.person \
     LEFT JOIN device d ON d.tenant = j.tenant AND d.device = j.device WHERE j.tenant = ";

fn hash_of(bytes: Vec<u8>) -> Result<JournalHash, StoreError> {
    bytes.try_into().map_err(|_| corrupt("journal", "hash"))
}

async fn append(store: &SqlStore, entries: &[NewEntry]) -> Result<(), StoreError> {
    let mut transaction = store.begin().await?;
    let mut chains: BTreeMap<&str, Vec<&NewEntry>> = BTreeMap::new();
    for entry in entries {
        chains.entry(&entry.tenant).or_default().push(entry);
    }
    for (tenant, entries) in chains {
        sqlx::query(sql::INSERT_JOURNAL_HEAD)
            .bind(tenant)
            .bind(&[0_u8; 32][..])
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        let head = sqlx::query(sql::HOLD_JOURNAL_HEAD).bind(tenant);
        let row = head.fetch_one(&mut *transaction).await.map_err(failed)?;
        let mut head = JournalHead { seq: unsigned(get(&row, "seq")?), hash: hash_of(get(&row, "hash")?)? };
        let mut placed = Vec::with_capacity(entries.len());
        for entry in entries {
            head = JournalHead { seq: head.seq + 1, hash: entry.hash(head.seq + 1, &head.hash) };
            placed.push((entry, head));
        }
        insert(&mut transaction, &placed).await?;
        sqlx::query(sql::MOVE_JOURNAL_HEAD)
            .bind(tenant)
            .bind(integer(head.seq))
            .bind(&head.hash[..])
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
    }
    transaction.commit().await.map_err(failed)
}

async fn insert(connection: &mut Connection, placed: &[(&NewEntry, JournalHead)]) -> Result<(), StoreError> {
    let rows: Vec<Vec<Value<'_>>> = placed
        .iter()
        .map(|(entry, head)| {
            vec![
                entry.tenant.as_str().into(),
                integer(head.seq).into(),
                integer(entry.at).into(),
                entry.person.as_str().into(),
                entry.role.as_str().into(),
                entry.organisation.as_str().into(),
                Value::Bytes(entry.device.as_ref().map(|device| &device.as_bytes()[..])),
                entry.peer.as_str().into(),
                entry.action.as_str().into(),
                entry.outcome.as_str().into(),
                entry.target.as_str().into(),
                entry.detail.as_str().into(),
                entry.request.as_str().into(),
                Value::Bytes(Some(&head.hash[..])),
            ]
        })
        .collect();
    JOURNAL.run(connection, &rows).await.map(|_| ())
}

fn row_of(tenant: &str, row: &Row) -> Result<JournalRow, StoreError> {
    let device: Option<Vec<u8>> = get(row, "device")?;
    let device = device.map(|bytes| DeviceId::from_slice(&bytes).ok_or(corrupt("journal", "device"))).transpose()?;
    Ok(JournalRow {
        seq: unsigned(get(row, "seq")?),
        entry: NewEntry {
            tenant: tenant.to_owned(),
            at: unsigned(get(row, "at")?),
            person: get(row, "person")?,
            role: get(row, "role")?,
            organisation: get(row, "organisation")?,
            device,
            peer: get(row, "peer")?,
            action: get(row, "action")?,
            outcome: get(row, "outcome")?,
            target: get(row, "target")?,
            detail: get(row, "detail")?,
            request: get(row, "request")?,
        },
        hash: hash_of(get(row, "hash")?)?,
        person_name: get::<Option<String>>(row, "person_name")?.unwrap_or_default(),
        device_name: get::<Option<String>>(row, "device_name")?.unwrap_or_default(),
    })
}

fn listed(tenant: &str, filter: &JournalFilter, before: Option<u64>, limit: u32) -> QueryBuilder<Database> {
    let mut query = QueryBuilder::new(COLUMNS);
    query.push_bind(tenant.to_owned());
    if let Some(before) = before {
        query.push(" AND j.seq < ").push_bind(integer(before));
    }
    if let Some(from) = filter.from {
        query.push(" AND j.at >= ").push_bind(integer(from));
    }
    if let Some(until) = filter.until {
        query.push(" AND j.at < ").push_bind(integer(until));
    }
    for (column, wanted) in [("j.person", &filter.person), ("j.action", &filter.action), ("j.target", &filter.target)] {
        if let Some(wanted) = wanted {
            query.push(" AND ").push(column).push(" = ").push_bind(wanted.clone());
        }
    }
    if let Some(device) = filter.device {
        query.push(" AND j.device = ").push_bind(device.as_bytes().to_vec());
    }
    match filter.refused {
        None => {}
        Some(true) => {
            query.push(" AND j.outcome <> 'done'");
        }
        Some(false) => {
            query.push(" AND j.outcome = 'done'");
        }
    }
    query.push(" ORDER BY j.seq DESC LIMIT ").push_bind(i64::from(limit));
    query
}

/// Entries before a place, latest first.
pub(super) async fn list(
    connection: &mut Connection,
    tenant: &str,
    filter: &JournalFilter,
    before: Option<u64>,
    limit: u32,
) -> Result<Vec<JournalRow>, StoreError> {
    let mut query = listed(tenant, filter, before, limit);
    let rows = query.build().persistent(false).fetch_all(connection).await.map_err(failed)?;
    rows.iter().map(|row| row_of(tenant, row)).collect()
}

impl SqlStore {
    /// The text of the query that lists the journal, for the test that prepares every statement.
    pub fn journal_text(filter: &JournalFilter) -> String {
        listed("11", filter, Some(1), 1).sql().as_str().to_owned()
    }
}

#[async_trait]
impl JournalStore for SqlStore {
    async fn append_journal(&self, entries: &[NewEntry]) -> Result<(), StoreError> {
        if entries.is_empty() { Ok(()) } else { again!(append(self, entries)) }
    }

    async fn list_journal(
        &self,
        tenant: &str,
        filter: &JournalFilter,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<JournalRow>, StoreError> {
        list(&mut *self.reader().await?, tenant, filter, before, limit).await
    }

    async fn walk_journal(&self, tenant: &str, after: u64, limit: u32) -> Result<Vec<JournalRow>, StoreError> {
        let mut query = QueryBuilder::<Database>::new(COLUMNS);
        query.push_bind(tenant.to_owned()).push(" AND j.seq > ").push_bind(integer(after));
        query.push(" ORDER BY j.seq LIMIT ").push_bind(i64::from(limit));
        let rows = query.build().persistent(false).fetch_all(&mut *self.reader().await?).await.map_err(failed)?;
        rows.iter().map(|row| row_of(tenant, row)).collect()
    }

    async fn journal_head(&self, tenant: &str) -> Result<JournalHead, StoreError> {
        let query = sqlx::query(sql::LOOKUP_JOURNAL_HEAD).bind(tenant);
        match query.fetch_optional(&mut *self.reader().await?).await.map_err(failed)? {
            Some(row) => Ok(JournalHead { seq: unsigned(get(&row, "seq")?), hash: hash_of(get(&row, "hash")?)? }),
            None => Ok(JournalHead { seq: 0, hash: [0; 32] }),
        }
    }
}
