//! Everything of a prefecture as it is at one moment, read in portions: documents with what follows from them, lines that
//! stay, sums. For comparing, while people go on writing.

use super::dialect::SqlStore;
use super::documents::{retired, walk};
use super::{feed, rollup};
use crate::store::StoreError;
use crate::store::types::Part;

/// Documents of one portion.
const PAGE_DOCUMENTS: u32 = 200;

pub(super) async fn survey(
    store: &SqlStore,
    tenant: &str,
    see: &mut (dyn FnMut(Part) + Send),
) -> Result<(), StoreError> {
    let mut look = store.look().await?;
    let mut after = None;
    loop {
        let page = walk(&mut look, tenant, after, PAGE_DOCUMENTS).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.document);
        see(Part::Documents(page));
    }

    let mut after = None;
    loop {
        let page = retired(&mut look, tenant, after, PAGE_DOCUMENTS).await?;
        let Some((last, _)) = page.last() else { break };
        after = Some(*last);
        see(Part::Retired(page));
    }

    see(Part::Rollups(rollup::read(&mut look, tenant).await?));
    see(Part::Scopes(feed::all_scopes(&mut look, tenant).await?));
    Ok(())
}
