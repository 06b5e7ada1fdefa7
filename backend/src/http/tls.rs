//! TLS inside the server: certificate and key from files, read again when they change, so that a renewed certificate
//! needs no restart. SIGHUP has them looked at at once.
//!
//! A renewed pair that does not fit is refused and said so; connections go on with the one before.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum_server::tls_rustls::RustlsConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, version};
use tokio::signal::unix::{SignalKind, signal};

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(30);

/// Why TLS cannot begin, for the operator to read.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// Only one of certificate and key is set.
    #[error("tls_certificate and tls_key are set together or not at all")]
    Half,
    /// A file cannot be read, or holds something else.
    #[error("cannot read {path}: {cause}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: String,
    },
    /// Certificate and key do not belong together, or are of a kind that is not spoken.
    #[error("the certificate and its key cannot be used: {0}")]
    Unusable(#[from] rustls::Error),
}

/// The files of a certificate chain and its key, in PEM.
#[derive(Clone, Debug)]
pub struct Pair {
    certificate: PathBuf,
    key: PathBuf,
}

impl Pair {
    /// As the settings name them; `None` when TLS is left to a reverse proxy.
    pub fn of(certificate: &str, key: &str) -> Result<Option<Self>, TlsError> {
        match (certificate.is_empty(), key.is_empty()) {
            (true, true) => Ok(None),
            (false, false) => Ok(Some(Self { certificate: certificate.into(), key: key.into() })),
            _ => Err(TlsError::Half),
        }
    }

    /// Reads the files. TLS 1.2 and 1.3 only.
    pub fn load(&self) -> Result<Arc<ServerConfig>, TlsError> {
        let unreadable = |path: &Path, cause: rustls::pki_types::pem::Error| TlsError::Unreadable {
            path: path.to_owned(),
            cause: cause.to_string(),
        };
        let chain = CertificateDer::pem_file_iter(&self.certificate)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|cause| unreadable(&self.certificate, cause))?;
        let key = PrivateKeyDer::from_pem_file(&self.key).map_err(|cause| unreadable(&self.key, cause))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&version::TLS13, &version::TLS12])?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }

    fn changed_at(&self) -> [Option<SystemTime>; 2] {
        [&self.certificate, &self.key].map(|path| std::fs::metadata(path).and_then(|file| file.modified()).ok())
    }

    /// Looks at the files from time to time, and when told to, and takes over what has changed. Ends with the process.
    pub async fn follow(self, used: RustlsConfig) {
        let mut known = self.changed_at();
        let mut told =
            signal(SignalKind::hangup()).inspect_err(|error| tracing::warn!(%error, "SIGHUP is not heard")).ok();
        loop {
            let hung_up = async {
                match &mut told {
                    Some(told) => told.recv().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                _ = hung_up => {}
            }
            let now = self.changed_at();
            if now == known {
                continue;
            }
            known = now;
            self.renew(&used);
        }
    }

    /// Takes over what the files hold now, when it can be used.
    pub fn renew(&self, used: &RustlsConfig) {
        match self.load() {
            Ok(config) => {
                used.reload_from_config(config);
                tracing::info!("the certificate was renewed");
            }
            Err(error) => tracing::error!(%error, "the renewed certificate is not used; the one before stays"),
        }
    }
}
