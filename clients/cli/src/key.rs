//! The key of a tablet, and the proofs it signs for each call: DPoP, RFC 9449, with ES256.
//!
//! Invariant: the private part is in no message and no print.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::error::CliError;

/// A pair of keys.
#[derive(Clone)]
pub struct DeviceKey {
    pair: Arc<EcdsaKeyPair>,
    pkcs8: Vec<u8>,
}

/// What shows a call to be a tablet's: the token it was given, and its key.
#[derive(Clone, Serialize, Deserialize)]
pub struct TabletKey {
    token: String,
    #[serde(with = "stored")]
    key: DeviceKey,
}

impl std::fmt::Debug for TabletKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TabletKey")
    }
}

impl DeviceKey {
    /// A new key.
    pub fn generate() -> Result<Self, CliError> {
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
        made.ok().and_then(|made| Self::read(made.as_ref().to_vec())).ok_or_else(no_key)
    }

    fn read(pkcs8: Vec<u8>) -> Option<Self> {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &pkcs8, &SystemRandom::new()).ok()?;
        Some(Self { pair: Arc::new(pair), pkcs8 })
    }

    /// A proof for one call. `seconds` is the server's time; `token` is none while enrolling.
    pub fn proof(
        &self,
        method: &str,
        address: &str,
        nonce: Option<&str>,
        token: Option<&str>,
        seconds: i64,
    ) -> Result<String, CliError> {
        let (x, y) = self.public().get(1..).unwrap_or_default().split_at(32);
        let header = json!({
            "typ": "dpop+jwt", "alg": "ES256",
            "jwk": { "kty": "EC", "crv": "P-256", "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y) },
        });
        let mut claims = json!({
            "jti": URL_SAFE_NO_PAD.encode(&uuid::Uuid::new_v4().as_bytes()[..12]), "htm": method, "iat": seconds,
            "htu": address.split(['?', '#']).next().unwrap_or(address),
        });
        if let Some(nonce) = nonce {
            claims["nonce"] = nonce.into();
        }
        if let Some(token) = token {
            claims["ath"] = URL_SAFE_NO_PAD.encode(Sha256::digest(token.as_bytes())).into();
        }
        let part = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(header), part(claims));
        let signature = self.pair.sign(&SystemRandom::new(), signed.as_bytes()).map_err(|_| no_key())?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    /// The public half, an uncompressed point.
    pub fn public(&self) -> &[u8] {
        self.pair.public_key().as_ref()
    }

    /// With the token that the server gave for it.
    pub fn with(self, token: String) -> TabletKey {
        TabletKey { token, key: self }
    }
}

impl TabletKey {
    /// The token.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The key.
    pub fn key(&self) -> &DeviceKey {
        &self.key
    }
}

fn no_key() -> CliError {
    CliError::Credential(
        "端末の鍵を作れないか、読み取れませんでした。tsudoi enrol --again で登録し直してください".to_owned(),
    )
}

mod stored {
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    use base64::Engine as _;

    use super::{DeviceKey, URL_SAFE_NO_PAD};

    pub(super) fn serialize<S: Serializer>(key: &DeviceKey, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&URL_SAFE_NO_PAD.encode(&key.pkcs8))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<DeviceKey, D::Error> {
        let text = String::deserialize(from)?;
        let read = URL_SAFE_NO_PAD.decode(text).ok().and_then(DeviceKey::read);
        read.ok_or_else(|| D::Error::custom("not a key"))
    }
}
