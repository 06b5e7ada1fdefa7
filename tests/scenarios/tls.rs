//! TLS inside the server with a chain as an authority issues it: root, intermediate, leaf, made with `openssl`.
//!
//! The client is `tsudoi` as a process that trusts one root and no other.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tsudoi_tests::Server;

/// A root with what it has issued.
struct Authority {
    folder: TempDir,
}

fn openssl(folder: &Path, arguments: &[&str]) {
    let output = Command::new("openssl").args(arguments).current_dir(folder).stdin(Stdio::null()).output();
    let output = output.expect("openssl is missing; on Debian: apt-get install openssl");
    assert!(output.status.success(), "openssl {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

impl Authority {
    fn new(name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
        let root = format!("/CN={name} root");
        let authority = ["-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign"];
        let own = ["-x509", "-days", "2", "-subj", &root, "-keyout", "root.key", "-out", "root.pem"];
        openssl(at, &[&["req"][..], &key, &own, &authority].concat());
        std::fs::write(
            at.join("intermediate.txt"),
            "basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign\n",
        )
        .unwrap();
        let leaf = "basicConstraints=critical,CA:FALSE\nextendedKeyUsage=serverAuth\nsubjectAltName=DNS:localhost\n";
        std::fs::write(at.join("leaf.txt"), leaf).unwrap();
        for (name, issuer) in [("intermediate", "root"), ("leaf", "intermediate")] {
            let (subject, request) = (format!("/CN=localhost {name}"), format!("{name}.csr"));
            let (own_key, own, extensions) = (format!("{name}.key"), format!("{name}.pem"), format!("{name}.txt"));
            let (issuer_key, issuer) = (format!("{issuer}.key"), format!("{issuer}.pem"));
            openssl(at, &[&["req"][..], &key, &["-subj", &subject, "-keyout", &own_key, "-out", &request]].concat());
            let signed = ["x509", "-req", "-days", "2", "-in", &request, "-out", &own, "-extfile", &extensions];
            openssl(at, &[&signed[..], &["-CA", &issuer, "-CAkey", &issuer_key, "-CAcreateserial"]].concat());
        }
        Self { folder }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Puts these certificates, and the key of the leaf, where the server reads them.
    fn install(&self, names: &[&str], certificate: &Path, key: &Path) {
        let chain: String = names.iter().map(|name| std::fs::read_to_string(self.file(name)).unwrap()).collect();
        std::fs::write(certificate, chain).unwrap();
        std::fs::copy(self.file("leaf.key"), key).unwrap();
    }

    /// Whether a client that trusts this root and no other reaches the server.
    fn is_trusted(&self, server: &Server) -> bool {
        server.answers_over_tls(&self.file("root.pem"))
    }
}

#[test]
fn a_chain_of_certificates_is_served_and_a_renewed_one_is_taken_without_a_restart() {
    let (first, second) = (Authority::new("first"), Authority::new("second"));
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = (folder.path().join("chain.pem"), folder.path().join("leaf.key"));
    first.install(&["leaf.pem", "intermediate.pem"], &certificate, &key);
    let (certificate_text, key_text) = (certificate.display().to_string(), key.display().to_string());
    let settings = [("TSUDOI_TLS_CERTIFICATE", certificate_text.as_str()), ("TSUDOI_TLS_KEY", key_text.as_str())];
    let mut server = Server::start_with(&settings);
    assert!(server.address().starts_with("https://"), "{}", server.address());
    assert!(first.is_trusted(&server), "the root alone is trusted, and the server sends what leads to it");
    assert!(!second.is_trusted(&server), "another root is not");

    // half of a renewal is refused, and the pair before it stays
    std::fs::copy(second.file("leaf.pem"), &certificate).unwrap();
    server.hang_up();
    assert!(first.is_trusted(&server));
    second.install(&["leaf.pem", "intermediate.pem"], &certificate, &key);
    server.hang_up();
    let begun = Instant::now();
    while !second.is_trusted(&server) {
        assert!(begun.elapsed() < Duration::from_secs(60), "the renewed certificate is not taken");
    }
    assert!(!first.is_trusted(&server));
    assert!(server.is_running());
}

#[test]
fn a_chain_with_a_part_missing_is_trusted_by_nobody() {
    let authority = Authority::new("only");
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = (folder.path().join("chain.pem"), folder.path().join("leaf.key"));
    authority.install(&["leaf.pem"], &certificate, &key);
    let (certificate_text, key_text) = (certificate.display().to_string(), key.display().to_string());
    let settings = [("TSUDOI_TLS_CERTIFICATE", certificate_text.as_str()), ("TSUDOI_TLS_KEY", key_text.as_str())];
    assert!(!authority.is_trusted(&Server::start_with(&settings)));
}
