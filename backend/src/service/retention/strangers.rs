//! Entries of the journal that belong to no prefecture: tokens and names nobody here has, and the operator's commands.
//!
//! No administrator answers for them, so the operator's setting does: unless it names a number of days they are kept for
//! good, and what is older is cut off without anybody's word. The chain says where it begins from then on.

use super::destruction::cut_journal;
use crate::service::App;
use crate::service::journal::Who;
use crate::store::StoreError;

const DAY_MS: u64 = 86_400_000;

/// Cuts off what is older than the setting says. Safe to run twice.
pub async fn cut(app: &App) -> Result<(), StoreError> {
    let days = app.config.strangers_journal_days;
    if days == 0 {
        return Ok(());
    }
    let before = app.now().0.saturating_sub(days.saturating_mul(DAY_MS));
    let Some(part) = app.store.journal_before("", before).await? else { return Ok(()) };
    cut_journal(app, Who::default(), part.last).await?;
    tracing::info!(up_to = part.last.seq, "entries of the journal that belong to no prefecture were cut off");
    Ok(())
}
