//! Reading documents with all that hangs on them.

use std::collections::HashMap;

use sync_core::digest::{Digest, FeedState};
use sync_core::document::{Heads, Kind};
use sync_core::ids::DocumentId;

use super::batch::Select;
use super::dialect::{Connection, Row, SqlStore, failed};
use super::purge::DESTROYED;
use super::statements as sql;
use super::{corrupt, flag, get};
use crate::store::StoreError;
use crate::store::types::{FactRow, Place, Projection, StoredDocument};

pub(super) const DOCUMENTS: Select =
    Select::by_document("SELECT document, kind, home_scope, heads, snapshot, revision FROM document");
pub(super) const PLACES: Select = Select::by_document("SELECT document, scope, state, contribution FROM feed");
pub(super) const FACTS: Select = Select::by_document("SELECT * FROM record_fact");
pub(super) const TALLIES: Select = Select::by_document("SELECT document, measure, value FROM tally_fact");
pub(super) const LECTURERS: Select = Select::by_document("SELECT document, lecturer, attribution FROM record_lecturer");
pub(super) const FLAGS: Select = Select::by_document("SELECT document, code FROM flag");

pub(super) async fn load(
    store: &SqlStore,
    tenant: &str,
    ids: &[DocumentId],
) -> Result<Vec<StoredDocument>, StoreError> {
    let mut look = store.look().await?;
    let rows = DOCUMENTS.of(&mut look, tenant, ids).await?;
    attach(&mut look, tenant, &rows).await
}

pub(super) async fn list(
    store: &SqlStore,
    tenant: &str,
    after: Option<DocumentId>,
    limit: u32,
) -> Result<Vec<StoredDocument>, StoreError> {
    let mut look = store.look().await?;
    walk(&mut look, tenant, after, limit).await
}

/// As [`list`], inside a transaction.
pub(super) async fn walk(
    connection: &mut Connection,
    tenant: &str,
    after: Option<DocumentId>,
    limit: u32,
) -> Result<Vec<StoredDocument>, StoreError> {
    let after = after.map(|id| id.as_bytes().to_vec()).unwrap_or_default();
    let query = sqlx::query(sql::WALK_DOCUMENTS).bind(tenant).bind(after).bind(i64::from(limit));
    let rows = query.fetch_all(&mut *connection).await.map_err(failed)?;
    attach(connection, tenant, &rows).await
}

async fn attach(connection: &mut Connection, tenant: &str, rows: &[Row]) -> Result<Vec<StoredDocument>, StoreError> {
    let mut documents = Vec::with_capacity(rows.len());
    for row in rows {
        if get::<i64>(row, "revision")? >= DESTROYED {
            continue;
        }
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

pub(super) fn document_of(row: &Row) -> Result<DocumentId, StoreError> {
    DocumentId::from_slice(get(row, "document")?).ok_or(corrupt("document", "document"))
}

fn heads_of(row: &Row) -> Result<Heads, StoreError> {
    Heads::from_bytes(get(row, "heads")?).ok_or(corrupt("document", "heads"))
}

pub(super) fn state_of(number: i64) -> Result<FeedState, StoreError> {
    u8::try_from(number).ok().and_then(FeedState::from_number).ok_or(corrupt("feed", "state"))
}

pub(super) async fn places_of(
    connection: &mut Connection,
    tenant: &str,
    ids: &[DocumentId],
) -> Result<HashMap<DocumentId, Vec<Place>>, StoreError> {
    let mut places: HashMap<DocumentId, Vec<Place>> = HashMap::new();
    for row in PLACES.of(connection, tenant, ids).await? {
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
    connection: &mut Connection,
    tenant: &str,
    ids: &[DocumentId],
) -> Result<HashMap<DocumentId, Projection>, StoreError> {
    let mut projections = HashMap::new();
    for row in FACTS.of(connection, tenant, ids).await? {
        let projection = Projection {
            fact: fact_of(&row)?,
            tallies: Default::default(),
            lecturers: Default::default(),
            flags: Default::default(),
        };
        projections.insert(document_of(&row)?, projection);
    }
    for row in TALLIES.of(connection, tenant, ids).await? {
        if let Some(projection) = projections.get_mut(&document_of(&row)?) {
            projection.tallies.insert(get(&row, "measure")?, get(&row, "value")?);
        }
    }
    for row in LECTURERS.of(connection, tenant, ids).await? {
        if let Some(projection) = projections.get_mut(&document_of(&row)?) {
            projection.lecturers.insert(get(&row, "lecturer")?, get(&row, "attribution")?);
        }
    }
    for row in FLAGS.of(connection, tenant, ids).await? {
        if let Some(projection) = projections.get_mut(&document_of(&row)?) {
            projection.flags.insert(get(&row, "code")?);
        }
    }
    Ok(projections)
}

fn fact_of(row: &Row) -> Result<FactRow, StoreError> {
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
        is_dispatch: flag(row, "is_dispatch")?,
        attendance: get(row, "attendance")?,
        viewers: get(row, "viewers")?,
        conflict_count: get(row, "conflict_count")?,
    })
}
