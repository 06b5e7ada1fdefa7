//! Whether the server can do its work: a row is written, durably, within a few seconds.
//!
//! Anyone may ask, and often; so one answer holds for a second, and there is one writing at a time.

use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::App;
use crate::store::StoreError;

/// How long the writing may take.
const LIMIT: Duration = Duration::from_secs(5);
/// How long an answer holds.
const HOLDS: Duration = Duration::from_secs(1);

/// When the database last took a row.
pub type LastReady = tokio::sync::Mutex<Option<Instant>>;

/// Refuses while the database does not take what is written.
pub async fn check(app: &App) -> Result<(), StoreError> {
    let written = async {
        let mut last = app.last_ready.lock().await;
        if last.is_some_and(|at| at.elapsed() < HOLDS) {
            return Ok(());
        }
        *last = None;
        app.store.ready(app.now().0).await?;
        *last = Some(Instant::now());
        Ok(())
    };
    timeout(LIMIT, written).await.unwrap_or_else(|late| Err(StoreError::Unreachable(Box::new(late))))
}
