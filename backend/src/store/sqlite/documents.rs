//! Reading documents with all that hangs on them, in SQLite's words.

use std::collections::HashMap;

use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{QueryBuilder, Sqlite};
use sync_core::digest::{Digest, FeedState};
use sync_core::document::{Heads, Kind};
use sync_core::ids::DocumentId;

use super::{MAX_BINDS, SqliteStore, corrupt, failed, get};
use crate::store::StoreError;
use crate::store::statements as sql;
use crate::store::types::{FactRow, Place, Projection, StoredDocument};

pub(super) async fn load(
    store: &SqliteStore,
    tenant: &str,
    ids: &[DocumentId],
) -> Result<Vec<StoredDocument>, StoreError> {
    let mut look = store.reader.begin().await.map_err(failed)?;
    let mut documents = Vec::with_capacity(ids.len());
    for ids in ids.chunks(MAX_BINDS) {
        let select = "SELECT document, kind, home_scope, heads, snapshot, revision FROM document";
        let rows = rows_of(&mut look, select, tenant, ids).await?;
        documents.extend(attach(&mut look, tenant, &rows).await?);
    }
    Ok(documents)
}

pub(super) async fn list(
    store: &SqliteStore,
    tenant: &str,
    after: Option<DocumentId>,
    limit: u32,
) -> Result<Vec<StoredDocument>, StoreError> {
    let mut look = store.reader.begin().await.map_err(failed)?;
    walk(&mut look, tenant, after, limit).await
}

/// As [`list`], inside a transaction.
pub(super) async fn walk(
    connection: &mut SqliteConnection,
    tenant: &str,
    after: Option<DocumentId>,
    limit: u32,
) -> Result<Vec<StoredDocument>, StoreError> {
    let after = after.map(|id| id.as_bytes().to_vec()).unwrap_or_default();
    let query = sqlx::query(sql::WALK_DOCUMENTS).bind(tenant).bind(after).bind(limit.min(MAX_BINDS as u32));
    let rows = query.fetch_all(&mut *connection).await.map_err(failed)?;
    attach(connection, tenant, &rows).await
}

async fn attach(
    connection: &mut SqliteConnection,
    tenant: &str,
    rows: &[SqliteRow],
) -> Result<Vec<StoredDocument>, StoreError> {
    let mut documents = Vec::with_capacity(rows.len());
    for row in rows {
        let home: String = get(row, "home_scope")?;
        documents.push(StoredDocument {
            document: document_of(row)?,
            kind: Kind::parse(get(row, "kind")?).ok_or(corrupt("document", "kind"))?,
            home_scope: match home.as_str() {
                "" => None,
                home => Some(home.parse().map_err(|_| corrupt("document", "home_scope"))?),
            },
            heads: heads_of(row)?,
            snapshot: get(row, "snapshot")?,
            revision: get(row, "revision")?,
            projection: None,
            places: Vec::new(),
        });
    }
    let ids: Vec<DocumentId> = documents.iter().map(|document| document.document).collect();
    let mut places = places_of(connection, tenant, &ids).await?;
    let mut projections = projections_of(connection, tenant, &ids).await?;
    for document in &mut documents {
        document.places = places.remove(&document.document).unwrap_or_default();
        document.projection = projections.remove(&document.document);
    }
    Ok(documents)
}

/// Runs `select … WHERE tenant = … AND document IN (…)`.
pub(super) async fn rows_of(
    connection: &mut SqliteConnection,
    select: &'static str,
    tenant: &str,
    ids: &[DocumentId],
) -> Result<Vec<SqliteRow>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut query = QueryBuilder::<Sqlite>::new(select);
    query.push(" WHERE tenant = ").push_bind(tenant).push(" AND document IN (");
    let mut list = query.separated(", ");
    for id in ids {
        list.push_bind(id.as_bytes().to_vec());
    }
    query.push(")");
    query.build().persistent(false).fetch_all(connection).await.map_err(failed)
}

pub(super) fn document_of(row: &SqliteRow) -> Result<DocumentId, StoreError> {
    DocumentId::from_slice(get(row, "document")?).ok_or(corrupt("document", "document"))
}

pub(super) fn heads_of(row: &SqliteRow) -> Result<Heads, StoreError> {
    Heads::from_bytes(get(row, "heads")?).ok_or(corrupt("document", "heads"))
}

pub(super) fn state_of(number: i64) -> Result<FeedState, StoreError> {
    u8::try_from(number).ok().and_then(FeedState::from_number).ok_or(corrupt("feed", "state"))
}

async fn places_of(
    connection: &mut SqliteConnection,
    tenant: &str,
    ids: &[DocumentId],
) -> Result<HashMap<DocumentId, Vec<Place>>, StoreError> {
    let mut places: HashMap<DocumentId, Vec<Place>> = HashMap::new();
    for row in rows_of(connection, "SELECT document, scope, state, contribution FROM feed", tenant, ids).await? {
        let place = Place {
            scope: get::<String>(&row, "scope")?.parse().map_err(|_| corrupt("feed", "scope"))?,
            state: state_of(get(&row, "state")?)?,
            contribution: Digest::from_bytes(get(&row, "contribution")?).ok_or(corrupt("feed", "contribution"))?,
        };
        places.entry(document_of(&row)?).or_default().push(place);
    }
    for list in places.values_mut() {
        list.sort_by(|a, b| a.scope.cmp(&b.scope));
    }
    Ok(places)
}

async fn projections_of(
    connection: &mut SqliteConnection,
    tenant: &str,
    ids: &[DocumentId],
) -> Result<HashMap<DocumentId, Projection>, StoreError> {
    let mut projections = HashMap::new();
    for row in rows_of(connection, "SELECT * FROM record_fact", tenant, ids).await? {
        let projection = Projection {
            fact: fact_of(&row)?,
            tallies: Default::default(),
            lecturers: Default::default(),
            flags: Default::default(),
        };
        projections.insert(document_of(&row)?, projection);
    }
    for row in rows_of(connection, "SELECT document, measure, value FROM tally_fact", tenant, ids).await? {
        if let Some(projection) = projections.get_mut(&document_of(&row)?) {
            projection.tallies.insert(get(&row, "measure")?, get(&row, "value")?);
        }
    }
    for row in rows_of(connection, "SELECT document, lecturer, attribution FROM record_lecturer", tenant, ids).await? {
        if let Some(projection) = projections.get_mut(&document_of(&row)?) {
            projection.lecturers.insert(get(&row, "lecturer")?, get(&row, "attribution")?);
        }
    }
    for row in rows_of(connection, "SELECT document, code FROM flag", tenant, ids).await? {
        if let Some(projection) = projections.get_mut(&document_of(&row)?) {
            projection.flags.insert(get(&row, "code")?);
        }
    }
    Ok(projections)
}

fn fact_of(row: &SqliteRow) -> Result<FactRow, StoreError> {
    Ok(FactRow {
        kind: get(row, "kind")?,
        activity: get(row, "activity")?,
        fiscal_year: get(row, "fiscal_year")?,
        month: get(row, "month")?,
        date: get(row, "date")?,
        start: get(row, "start_time")?,
        municipality: get(row, "municipality")?,
        association: get(row, "association")?,
        dispatched_by: get(row, "dispatched_by")?,
        item: get(row, "item")?,
        title: get(row, "title")?,
        occasion: get(row, "occasion")?,
        venue: get(row, "venue")?,
        medium: get(row, "medium")?,
        state: get(row, "state")?,
        reason: get(row, "reason")?,
        is_dispatch: get(row, "is_dispatch")?,
        attendance: get(row, "attendance")?,
        viewers: get(row, "viewers")?,
        conflict_count: get(row, "conflict_count")?,
    })
}
