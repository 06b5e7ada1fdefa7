//! Whether the server can do its work: a row is written, durably, within a few seconds.
//!
//! Anyone may ask, and often; so there is one writing at a time, whose answer holds for a second.

use std::time::Duration;

use tokio::time::timeout;

use super::App;
use crate::store::StoreError;

/// How long the writing may take, the wait for those who asked before included.
const LIMIT: Duration = Duration::from_secs(5);
/// How long it is known that the database takes what is written, ms.
const KNOWN_MS: u64 = 1_000;

/// Refuses while the database does not take what is written.
pub async fn check(app: &App) -> Result<(), StoreError> {
    let written = async {
        let mut written = app.readiness.lock().await;
        let now = app.now().0;
        if written.is_some_and(|at| now.abs_diff(at) < KNOWN_MS) {
            return Ok(());
        }
        app.store.ready(now).await?;
        *written = Some(now);
        Ok(())
    };
    timeout(LIMIT, written).await.unwrap_or_else(|late| Err(StoreError::Unreachable(Box::new(late))))
}
