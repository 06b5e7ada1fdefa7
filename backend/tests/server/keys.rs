//! Keys of the tablets in tests: one key stands for all of them, unless a test makes another.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::json;
use tsudoi_server::service::possession::token_digest;
use tsudoi_server::service::secret::random_token;

use super::Claims;

static FIRST: LazyLock<Key> = LazyLock::new(Key::generate);
/// A tablet's key.
pub struct Key(EcdsaKeyPair);

/// The key of every tablet in tests that did not make its own.
pub fn common() -> &'static Key {
    &FIRST
}

impl Key {
    pub fn generate() -> Self {
        let random = SystemRandom::new();
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, made.as_ref(), &random).unwrap();
        Self(pair)
    }

    pub fn header(&self) -> serde_json::Value {
        let (x, y) = self.0.public_key().as_ref()[1..].split_at(32);
        json!({
            "typ": "dpop+jwt", "alg": "ES256",
            "jwk": { "kty": "EC", "crv": "P-256", "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y) },
        })
    }

    pub fn proof(&self, claims: &Claims<'_>) -> String {
        let id = claims.id.map_or_else(|| random_token().unwrap(), str::to_owned);
        let body = json!({
            "jti": id, "htm": claims.method, "htu": claims.address, "iat": claims.seconds, "nonce": claims.nonce,
            "ath": claims.token.map(token_digest),
        });
        self.sign(&self.header(), &body)
    }

    pub fn sign(&self, header: &serde_json::Value, body: &serde_json::Value) -> String {
        let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(header), part(body));
        let signature = self.0.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}
