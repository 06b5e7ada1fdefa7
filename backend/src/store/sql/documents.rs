//! Reading documents with all that hangs on them.

use std::collections::HashMap;

use sync_core::digest::{Digest, FeedState};
use sync_core::document::{Heads, Kind};
use sync_core::ids::DocumentId;

use super::batch::Select;
use super::dialect::{Connection, Row, SqlStore, failed};
use super::purge::DESTROYED;
use super::{corrupt, flag, get, unsigned};
use crate::store::StoreError;
use crate::store::types::{FactRow, Place, Projection, StoredDocument};

/// The columns of a row of facts.
macro_rules! fact_columns {
    () => {
        "r.kind AS fact_kind, r.activity, r.fiscal_year, r.month, r.date, r.start_time, r.municipality, r.association, \
         r.dispatched_by, r.item, r.title, r.occasion, r.venue, r.medium, r.state, r.record_group, r.reason, r.is_dispatch, \
         r.attendance, r.viewers, r.conflict_count"
    };
}
/// Documents with their row of facts, when they have one.
macro_rules! document_columns {
    () => {
        concat!(
            "SELECT document, d.kind, d.home_scope, d.heads, d.snapshot, d.revision, ",
            fact_columns!(),
            " FROM document d LEFT JOIN record_fact r USING (tenant, document)"
        )
    };
}
pub(super) const DOCUMENTS: Select = Select::by_document(document_columns!());
pub(super) const SIZES: Select =
    Select::by_document("SELECT document, CAST(LENGTH(snapshot) AS BIGINT) AS size FROM document");
pub(super) const WALK: &str = concat!(
    document_columns!(),
    " WHERE tenant = $1 AND document > $2 AND d.revision < 4611686018427387904 ORDER BY document LIMIT $3"
);
/// What stays of documents that were kept long enough.
pub(super) const RETIRED: &str = concat!(
    "SELECT p.document, ",
    fact_columns!(),
    " FROM purged p JOIN record_fact r ON r.tenant = p.tenant AND r.document = p.document \
     WHERE p.tenant = $1 AND p.document > $2 ORDER BY p.document LIMIT $3"
);
pub(super) const PLACES: Select = Select::by_document("SELECT document, scope, state, contribution FROM feed");
/// Everything else that hangs on documents, in one round trip: places, tallies, lecturers, flags.
pub(super) const PARTS: Select = Select::by_document(
    "SELECT part, document, name, word, number, bytes FROM (\
     SELECT 1 AS part, tenant, document, scope AS name, '' AS word, state AS number, contribution AS bytes FROM feed \
     UNION ALL SELECT 2, tenant, document, measure, '', value, NULL FROM tally_fact \
     UNION ALL SELECT 3, tenant, document, lecturer, attribution, NULL, NULL FROM record_lecturer \
     UNION ALL SELECT 4, tenant, document, code, '', NULL, NULL FROM flag) parts",
);

pub(super) async fn load(
    store: &SqlStore,
    tenant: &str,
    ids: &[DocumentId],
) -> Result<Vec<StoredDocument>, StoreError> {
    // two looks: whoever writes in between also makes the revision that was read first an old one
    let mut reader = store.reader().await?;
    let rows = DOCUMENTS.of(&mut reader, tenant, ids).await?;
    attach(&mut reader, tenant, &rows).await
}

pub(super) async fn load_portion(
    store: &SqlStore,
    tenant: &str,
    ids: &[DocumentId],
    bytes: u64,
) -> Result<(Vec<StoredDocument>, Vec<DocumentId>), StoreError> {
    if ids.len() < 2 {
        return Ok((load(store, tenant, ids).await?, Vec::new()));
    }
    let mut sizes: HashMap<DocumentId, u64> = HashMap::new();
    for row in SIZES.of(&mut *store.reader().await?, tenant, ids).await? {
        sizes.insert(document_of(&row)?, unsigned(get(&row, "size")?));
    }
    let mut taken = 0_u64;
    let has_room = |id: &DocumentId| {
        let size = sizes.get(id).copied().unwrap_or(0);
        let has_room = size == 0 || taken == 0 || taken.saturating_add(size) <= bytes;
        taken += if has_room { size } else { 0 };
        has_room
    };
    let (portion, rest): (Vec<DocumentId>, Vec<DocumentId>) = ids.iter().copied().partition(has_room);
    Ok((load(store, tenant, &portion).await?, rest))
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
    let query = sqlx::query(WALK).bind(tenant).bind(after).bind(i64::from(limit));
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
            projection: projection_of(row)?,
            places: Vec::new(),
        });
    }
    let ids: Vec<DocumentId> = documents.iter().map(|document| document.document).collect();
    let at: HashMap<DocumentId, usize> = ids.iter().enumerate().map(|(place, id)| (*id, place)).collect();
    for row in PARTS.of(connection, tenant, &ids).await? {
        if let Some(document) = at.get(&document_of(&row)?).and_then(|place| documents.get_mut(*place)) {
            take_part(document, &row)?;
        }
    }
    for document in &mut documents {
        document.places.sort_by(|a, b| a.scope.cmp(&b.scope));
    }
    Ok(documents)
}

/// The next lines that stay of documents which were kept long enough.
pub(super) async fn retired(
    connection: &mut Connection,
    tenant: &str,
    after: Option<DocumentId>,
    limit: u32,
) -> Result<Vec<(DocumentId, Projection)>, StoreError> {
    let after = after.map(|id| id.as_bytes().to_vec()).unwrap_or_default();
    let query = sqlx::query(RETIRED).bind(tenant).bind(after).bind(i64::from(limit));
    let mut lines = Vec::new();
    for row in &query.fetch_all(&mut *connection).await.map_err(failed)? {
        if let Some(projection) = projection_of(row)? {
            lines.push((document_of(row)?, projection));
        }
    }
    let ids: Vec<DocumentId> = lines.iter().map(|(id, _)| *id).collect();
    let at: HashMap<DocumentId, usize> = ids.iter().enumerate().map(|(place, id)| (*id, place)).collect();
    for row in PARTS.of(connection, tenant, &ids).await? {
        let line = at.get(&document_of(&row)?).and_then(|place| lines.get_mut(*place));
        match (line, get::<i32>(&row, "part")?) {
            (Some((_, projection)), 2) => drop(projection.tallies.insert(get(&row, "name")?, get(&row, "number")?)),
            (Some((_, projection)), 3) => drop(projection.lecturers.insert(get(&row, "name")?, get(&row, "word")?)),
            _ => {}
        }
    }
    Ok(lines)
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

fn take_part(document: &mut StoredDocument, row: &Row) -> Result<(), StoreError> {
    let name: String = get(row, "name")?;
    let part: i32 = get(row, "part")?;
    if part == 1 {
        document.places.push(Place {
            scope: name.parse().map_err(|_| corrupt("feed", "scope"))?,
            state: state_of(get(row, "number")?)?,
            contribution: Digest::from_bytes(get(row, "bytes")?).ok_or(corrupt("feed", "contribution"))?,
        });
        return Ok(());
    }
    let Some(projection) = &mut document.projection else { return Ok(()) };
    match part {
        2 => drop(projection.tallies.insert(name, get(row, "number")?)),
        3 => drop(projection.lecturers.insert(name, get(row, "word")?)),
        _ => drop(projection.flags.insert(name)),
    }
    Ok(())
}

/// The row of facts, when there is one; the rest is added by [`take_part`].
fn projection_of(row: &Row) -> Result<Option<Projection>, StoreError> {
    if get::<Option<&str>>(row, "fact_kind")?.is_none() {
        return Ok(None);
    }
    Ok(Some(Projection {
        fact: fact_of(row)?,
        tallies: Default::default(),
        lecturers: Default::default(),
        flags: Default::default(),
    }))
}

fn fact_of(row: &Row) -> Result<FactRow, StoreError> {
    Ok(FactRow {
        kind: get(row, "fact_kind")?,
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
        group: get(row, "record_group")?,
        reason: get(row, "reason")?,
        is_dispatch: flag(row, "is_dispatch")?,
        attendance: get(row, "attendance")?,
        viewers: get(row, "viewers")?,
        conflict_count: get(row, "conflict_count")?,
    })
}
