//! Answering on a socket, and ending in good order.

use std::future::IntoFuture;
use std::net::SocketAddr;
use std::time::Duration;

use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::config::Config;
use crate::http::proxy::Proxies;
use crate::http::router;
use crate::http::tls::{Pair, TlsError};
use crate::service::App;

/// Answers requests until the process is told to end; then lets running ones finish, for a limited time.
pub async fn serve(app: App, listener: TcpListener, end: End) -> Result<(), ServeError> {
    match Pair::of(&app.config.tls_certificate, &app.config.tls_key)? {
        Some(pair) => serve_tls(app, listener, pair, end).await,
        None => Ok(serve_plain(app, listener, end).await?),
    }
}

/// From here on SIGHUP ends nothing. Where there is a certificate, whoever follows it looks at it then; else it is said that
/// there is nothing to read again.
pub fn outlive_hang_ups(config: &Config) {
    let mut told = match signal(SignalKind::hangup()) {
        Ok(told) => told,
        Err(error) => return tracing::warn!(%error, "SIGHUP is not heard"),
    };
    if config.tls_certificate.is_empty() {
        tokio::spawn(async move {
            while told.recv().await.is_some() {
                tracing::info!("SIGHUP: there is no certificate to read again; nothing changes");
            }
        });
    }
}

/// Whether serving can begin with these settings, before anyone is told that it does.
pub fn check(config: &Config) -> Result<(), ServeError> {
    Proxies::parse(&config.trusted_proxies).map_err(ServeError::Proxy)?;
    if let Some(pair) = Pair::of(&config.tls_certificate, &config.tls_key)? {
        pair.load()?;
    }
    Ok(())
}

/// Why serving ended.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// `trusted_proxies` names something else.
    #[error("trusted_proxies: {0} is no address and no network")]
    Proxy(String),
    /// The certificate cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The socket failed.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

async fn serve_tls(app: App, listener: TcpListener, pair: Pair, end: End) -> Result<(), ServeError> {
    let limit = Duration::from_secs(app.config.shutdown_seconds);
    let config = RustlsConfig::from_config(pair.load()?);
    let router = router(app.clone()).into_make_service_with_connect_info::<SocketAddr>();
    let handle = Handle::new();
    let server = axum_server::from_tcp_rustls(listener.into_std()?, config.clone())?.handle(handle.clone());
    let follow = tokio::spawn(pair.follow(config));
    tokio::spawn(async move {
        end.told().await;
        app.ending.send_replace(true);
        tracing::info!("ending");
        handle.graceful_shutdown(Some(limit));
    });
    let outcome = server.serve(router).await;
    follow.abort();
    Ok(outcome?)
}

async fn serve_plain(app: App, listener: TcpListener, end: End) -> std::io::Result<()> {
    let limit = Duration::from_secs(app.config.shutdown_seconds);
    let router = router(app.clone()).into_make_service_with_connect_info::<SocketAddr>();
    let ending = app.ending.clone();
    let mut told = ending.subscribe();
    let graceful = axum::serve(listener, router).with_graceful_shutdown(async move {
        end.told().await;
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

/// The word to end, by ^C or by SIGTERM. Heard from the moment this is made, so that no word ends the process half-way.
pub struct End(Vec<Signal>);

impl End {
    /// Listens from now on.
    pub fn listen() -> Self {
        let kinds = [(SignalKind::interrupt(), "SIGINT"), (SignalKind::terminate(), "SIGTERM")];
        let listen =
            |(kind, name)| signal(kind).inspect_err(|error| tracing::warn!(%error, "{name} is not heard")).ok();
        Self(kinds.into_iter().filter_map(listen).collect())
    }

    /// Returns when the word came.
    async fn told(mut self) {
        std::future::poll_fn(|context| {
            let told = self.0.iter_mut().any(|signal| signal.poll_recv(context).is_ready());
            if told { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
        })
        .await;
    }
}
