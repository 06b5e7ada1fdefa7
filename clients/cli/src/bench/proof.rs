//! What a proof of possession costs both sides: made as a tablet makes it, read and checked by the same library calls as
//! the server's.

use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde_json::Value;

use super::failed;
use crate::error::CliError;
use crate::key::DeviceKey;

const PROOFS: u32 = 500;

/// Seconds that making and checking one proof takes.
pub(super) fn seconds() -> Result<f64, CliError> {
    let key = DeviceKey::generate()?;
    let start = Instant::now();
    for _ in 0..PROOFS {
        let proof = key.proof("POST", "http://127.0.0.1/v1/sync", Some("nonce"), Some("token"), 1_800_000_000)?;
        check(&proof, key.public()).ok_or_else(|| failed("a proof does not hold"))?;
    }
    Ok(start.elapsed().as_secs_f64() / f64::from(PROOFS))
}

fn check(proof: &str, public: &[u8]) -> Option<()> {
    let (signed, signature) = proof.rsplit_once('.')?;
    for part in signed.split('.') {
        serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()?;
    }
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, public).verify(signed.as_bytes(), &signature).ok()
}
