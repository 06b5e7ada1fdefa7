//! Work that was held because a change was broader than an earlier version allowed: judged again when its tablet names it.
//!
//! Deliberately absent: work of tablets that do not call any more. A person lets it in, as the gate now takes it.

use sync_core::document::Outline;
use sync_core::gate::Code;
use sync_core::ids::ChangeHash;
use sync_core::wire::DocumentPush;

use super::App;
use super::access::{Caller, Tablet};
use super::office::custody::in_order;
use super::push::{gather, push};
use crate::store::StoreError;
use crate::store::types::HeldFilter;

/// Takes in what of these held changes fits the limits of today, by the rules of any push.
pub(super) async fn judge_again(
    app: &App,
    caller: &Caller,
    tablet: &Tablet,
    held: &[ChangeHash],
    bytes: u64,
) -> Result<(), StoreError> {
    if held.is_empty() {
        return Ok(());
    }
    let limits = app.gate.limits();
    let change_bytes = limits.change_bytes as u64;
    // one of the largest has room also where little is asked for
    let filter =
        HeldFilter { code: Code::TooComplex.as_str(), change_bytes, bytes: bytes.saturating_add(2 * change_bytes) };
    let mut waiting = app.store.list_held(&caller.tenant, tablet.device, held, filter).await?;
    waiting.retain(|(_, change)| Outline::read(&change.bytes).is_ok_and(|outline| limits.allow(&outline)));
    waiting.sort_by_key(|(document, _)| *document);
    let pushes = waiting.chunk_by(|(one, _), (other, _)| one == other).filter_map(|of_document| {
        let (document, first) = of_document.first()?;
        let changes = in_order(of_document.iter().map(|(_, change)| change.clone()).collect(), limits);
        let changes = changes.into_iter().map(|change| change.bytes.into()).collect();
        Some(DocumentPush::new(*document, first.kind, Default::default(), changes))
    });
    let works = gather(tablet, pushes.collect());
    if !works.is_empty() {
        tracing::info!(tenant = caller.tenant, device = %tablet.device, documents = works.len(), "held work is judged again");
        push(app, caller, tablet, works, bytes).await?;
    }
    Ok(())
}
