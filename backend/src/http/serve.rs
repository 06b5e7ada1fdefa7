//! Answering on a socket, and ending in good order.

use std::future::IntoFuture;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpListener;

use crate::http::router;
use crate::service::App;

/// Answers requests until the process is told to end; then lets running ones finish, for a limited time.
pub async fn serve(app: App, listener: TcpListener) -> std::io::Result<()> {
    let limit = Duration::from_secs(app.config.shutdown_seconds);
    let router = router(app.clone()).into_make_service_with_connect_info::<SocketAddr>();
    let ending = app.ending.clone();
    let mut told = ending.subscribe();
    let graceful = axum::serve(listener, router).with_graceful_shutdown(async move {
        end_signal().await;
        ending.send_replace(true);
    });
    let too_long = async {
        if told.wait_for(|ending| *ending).await.is_ok() {
            tracing::info!("ending");
        }
        tokio::time::sleep(limit).await;
    };
    tokio::select! {
        outcome = graceful.into_future() => outcome?,
        () = too_long => tracing::warn!("requests still running were cut off"),
    }
    Ok(())
}

/// Returns when the process is told to end, by ^C or by SIGTERM.
async fn end_signal() {
    let interrupt = tokio::signal::ctrl_c();
    match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
        }
        Err(error) => {
            tracing::warn!(%error, "SIGTERM is not heard");
            let _ = interrupt.await;
        }
    }
}
