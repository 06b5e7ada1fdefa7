//! Whether the server can do its work: a row is written, durably, within a few seconds.
//!
//! Anyone may ask, and often; so there is one writing at a time.

use std::time::Duration;

use tokio::time::timeout;

use super::App;
use crate::store::StoreError;

/// How long the writing may take, the wait for those who asked before included.
const LIMIT: Duration = Duration::from_secs(5);

/// Refuses while the database does not take what is written.
pub async fn check(app: &App) -> Result<(), StoreError> {
    let written = async {
        let _one_at_a_time = app.readiness.lock().await;
        app.store.ready(app.now().0).await
    };
    timeout(LIMIT, written).await.unwrap_or_else(|late| Err(StoreError::Unreachable(Box::new(late))))
}
