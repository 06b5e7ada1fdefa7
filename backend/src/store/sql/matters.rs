//! The list of custody: all that one tablet sent of one document is one matter.

use super::custody::decision_of;
use super::dialect::{Connection, Row, SqlStore, failed};
use super::filter::Query;
use super::office::{device_of, document_of, organisation};
use super::{flag, get, integer, unsigned};
use crate::store::StoreError;
use crate::store::office::{CustodyEntry, CustodyFilter, CustodyPlace, CustodyRows, Within};

impl SqlStore {
    /// The text of the query behind the list of custody, for the test of statements.
    pub fn custody_text(filter: &CustodyFilter) -> String {
        held("11", filter, 1).sql().as_str().to_owned()
    }
}

/// The first matters of the filter, at most so many.
pub(super) async fn list(
    connection: &mut Connection,
    tenant: &str,
    filter: &CustodyFilter,
    limit: u32,
) -> Result<CustodyRows, StoreError> {
    let mut query = held(tenant, filter, i64::from(limit) + 1);
    let rows = query.build().persistent(false).fetch_all(connection).await.map_err(failed)?;
    let (mut page, mut matters, mut last) = (CustodyRows::default(), 0, None);
    for row in &rows {
        let place = place_of(row)?;
        if last != Some(place) {
            matters += 1;
        }
        if matters > limit {
            page.next = last;
            break;
        }
        last = Some(place);
        page.entries.push(held_of(row)?);
    }
    Ok(page)
}

/// The scope of the records that are an organisation's; empty for all, and for nobody's.
fn scope_of(within: &Within) -> String {
    match within {
        Within::Tenant | Within::Nothing => String::new(),
        Within::Municipality(code) => format!("municipality:{code}"),
        Within::Association(id) => format!("association:{id}"),
    }
}

/// Changes of one matter and one reason that are listed.
const CHANGES: i64 = 5;

/// The list of custody: matters are chosen before anything else is read, so that no number of changes hides one.
fn held(tenant: &str, filter: &CustodyFilter, matters: i64) -> Query {
    let mut query = Query::new(
        "WITH matter AS (SELECT c.document, c.device, \
         CAST(MAX(CASE WHEN c.decision IS NULL THEN 1 ELSE 0 END) AS BIGINT) AS waits, \
         COALESCE(MAX(CASE WHEN c.decision IS NULL THEN c.received_at END), MAX(c.received_at)) AS at FROM custody c WHERE ",
    );
    push_held(&mut query, tenant, filter);
    let within = organisation(&filter.within).to_owned();
    query.push(
        " GROUP BY c.document, c.device), page AS (SELECT m.document, m.device, m.waits, m.at, d.name AS device_name, \
         r.title, r.venue, r.date FROM ",
    );
    if within.is_empty() {
        // all of them are the caller's: only those of the page are looked at
        query.push("(SELECT m.document, m.device, m.waits, m.at FROM matter m WHERE ");
        push_after(&mut query, filter.after.as_ref());
        push_first(&mut query, matters);
        query.push(") m");
    } else {
        query.push("matter m LEFT JOIN feed f ON f.tenant = ").push_bind(tenant.to_owned());
        query.push(" AND f.scope = ").push_bind(scope_of(&filter.within));
        query.push(" AND f.document = m.document AND f.state = 0");
    }
    query.push(" LEFT JOIN device d ON d.tenant = ").push_bind(tenant.to_owned());
    query.push(" AND d.device = m.device LEFT JOIN record_fact r ON r.tenant = ");
    query.push_bind(tenant.to_owned()).push(" AND r.document = ");
    if within.is_empty() {
        query.push("m.document");
    } else {
        // whose tablet it is sees what it sent, whose record it is about sees that too, and what the record is called
        query.push("f.document WHERE ");
        push_after(&mut query, filter.after.as_ref());
        query.push(" AND (d.organisation = ").push_bind(within).push(" OR f.document IS NOT NULL)");
        push_first(&mut query, matters);
    }
    query.push(
        "), change AS (SELECT c.tenant, c.document, c.hash, c.kind, c.code, c.received_at, c.device, c.decision, \
         c.decided_at, c.decided_by, c.decision_reason, CAST(LENGTH(c.bytes) AS BIGINT) AS byte_count, ROW_NUMBER() OVER (PARTITION BY c.document, c.device, c.code \
         ORDER BY c.decision IS NOT NULL, c.received_at DESC, c.hash) AS place, p.waits, p.at, p.device_name, p.title, \
         p.venue, p.date FROM page p JOIN custody c ON c.document = p.document AND c.device = p.device AND ",
    );
    push_held(&mut query, tenant, filter);
    query.push(
        ") SELECT c.document, c.hash, c.kind, c.code, c.received_at, c.byte_count, c.device, c.decision, c.decided_at, c.decided_by, c.decision_reason, \
         p.name AS decided_by_name, c.waits, c.at, c.device_name, c.title, c.venue, c.date FROM change c \
         LEFT JOIN person p ON p.tenant = c.tenant AND p.person = c.decided_by WHERE c.place <= ",
    );
    query.push_bind(CHANGES).push(
        " ORDER BY c.waits DESC, c.at DESC, c.document, c.device, c.decision IS NOT NULL, c.received_at DESC, c.hash",
    );
    query
}

/// Matters behind this place, under the name `m`.
fn push_after(query: &mut Query, after: Option<&CustodyPlace>) {
    let Some(place) = after else {
        query.push("1 = 1");
        return;
    };
    let (waits, at) = (i64::from(place.waits), integer(place.at));
    query.push("(m.waits < ").push_bind(waits).push(" OR m.waits = ").push_bind(waits);
    query.push(" AND (m.at < ").push_bind(at).push(" OR m.at = ").push_bind(at);
    query.push(" AND (m.document, m.device) > (").push_bind(place.document.as_bytes().to_vec());
    query.push(", ").push_bind(place.device.as_bytes().to_vec()).push(")))");
}

/// The first of the matters, in the order of the list.
fn push_first(query: &mut Query, matters: i64) {
    query.push(" ORDER BY m.waits DESC, m.at DESC, m.document, m.device LIMIT ").push_bind(matters);
}

/// Which changes are looked at, under the name `c`.
fn push_held(query: &mut Query, tenant: &str, filter: &CustodyFilter) {
    query.push("c.tenant = ").push_bind(tenant.to_owned());
    match filter.decided {
        None => {}
        Some(true) => {
            query.push(" AND c.decision IS NOT NULL");
        }
        Some(false) => {
            query.push(" AND c.decision IS NULL");
        }
    }
    if let Some(document) = filter.document {
        query.push(" AND c.document = ").push_bind(document.as_bytes().to_vec());
    }
    if let Some(device) = filter.device {
        query.push(" AND c.device = ").push_bind(device.as_bytes().to_vec());
    }
    if let Some(until) = filter.until {
        query.push(" AND c.received_at <= ").push_bind(integer(until));
    }
}

fn place_of(row: &Row) -> Result<CustodyPlace, StoreError> {
    Ok(CustodyPlace {
        waits: flag(row, "waits")?,
        at: unsigned(get(row, "at")?),
        document: document_of(row)?,
        device: device_of(row)?,
    })
}

fn held_of(row: &Row) -> Result<CustodyEntry, StoreError> {
    Ok(CustodyEntry {
        document: document_of(row)?,
        hash: hex::encode(get::<Vec<u8>>(row, "hash")?),
        kind: get(row, "kind")?,
        code: get(row, "code")?,
        received_at: unsigned(get(row, "received_at")?),
        byte_count: get(row, "byte_count")?,
        device: device_of(row)?,
        device_name: get(row, "device_name")?,
        title: get(row, "title")?,
        venue: get(row, "venue")?,
        date: get(row, "date")?,
        decision: decision_of(row)?,
    })
}
