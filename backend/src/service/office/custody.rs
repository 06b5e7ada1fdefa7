//! Changes kept aside: what came from a tablet and could not be let in, with the reason. Reading only.

use serde::Serialize;
use utoipa::ToSchema;

use super::records::within;
use super::{Named, OfficeError};
use crate::service::App;
use crate::service::access::Caller;
use crate::store::office::CustodyFilter;

/// Most entries shown.
const MOST: u32 = 500;

/// A change kept aside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct CustodyItem {
    /// The document it claims to belong to.
    pub document: String,
    /// The change's name, hex.
    pub hash: String,
    /// session or consultation, as the tablet stated.
    pub kind: String,
    /// Stable name of the reason.
    pub code: String,
    /// When it came, ms.
    pub received_at: u64,
    /// Its size.
    pub byte_count: i64,
    /// The tablet it came from.
    pub device: Named,
    /// Title of the record it belongs to, when that is stored and the caller's to see.
    pub title: Option<String>,
    /// Place of that record.
    pub venue: Option<String>,
    /// Date of that record.
    pub date: Option<String>,
}

/// What is kept aside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct CustodyPage {
    /// When this was read, ms.
    pub as_of: u64,
    /// Latest first.
    pub entries: Vec<CustodyItem>,
}

/// Lists what is kept aside from tablets of the caller's organisation.
pub async fn list(app: &App, caller: &Caller) -> Result<CustodyPage, OfficeError> {
    let filter = CustodyFilter { within: within(caller), decided: Some(false), ..CustodyFilter::default() };
    let entries = app.store.list_custody(&caller.tenant, &filter, MOST).await?;
    let item = |entry: crate::store::office::CustodyEntry| {
        let device = entry.device.to_string();
        CustodyItem {
            document: entry.document.to_string(),
            hash: entry.hash,
            kind: entry.kind,
            code: entry.code,
            received_at: entry.received_at,
            byte_count: entry.byte_count,
            device: Named { name: entry.device_name.unwrap_or_else(|| device.clone()), id: device },
            title: entry.title,
            venue: entry.venue,
            date: entry.date,
        }
    };
    Ok(CustodyPage { as_of: app.now().0, entries: entries.into_iter().map(item).collect() })
}
