//! Proof that a call comes from the tablet that holds the key: DPoP, RFC 9449, with ES256.
//!
//! A proof names method, address, time and token, is signed by the tablet's key, and holds a nonce of this process. A nonce
//! is good for minutes and each proof once, so a copied token, or a whole copied request, is worthless.
//!
//! Invariants: nonces are random and known to this process only, and what was used under them is remembered exactly as
//! long as they are good, so a restart or another process accepts no proof a second time; memory is bounded.
//! Deliberately absent: a shared memory of proofs. With several processes behind one address, a tablet that meets
//! another one asks once more.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use sync_core::time::Timestamp;
use url::Url;

use super::secret::{NoRandomness, random_nonce};
use crate::store::types::SecretHash;

/// How long a nonce is handed out; it is good for as long again.
const NONCE_MS: u64 = 300_000;
/// Proofs under one nonce before the next is handed out.
const PROOFS: usize = 200_000;
/// How far a proof's time may be from the server's. Tablets set it by the server's `date`.
const TIME_MS: u64 = 600_000;
const PROOF_LETTERS: usize = 4_096;

/// Why a proof is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotProven {
    /// It holds no nonce that is good now: make another with the one in the answer.
    Nonce,
    /// What is wrong with it, for the log.
    Wrong(&'static str),
    /// All of it fits, but it was sent to this address, and the call came in under another: a setting is wrong.
    Elsewhere(String),
}

/// The call a proof has to be for.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// `GET`, `POST`, …
    pub method: &'a str,
    /// Without the query.
    pub path: &'a str,
    /// Where the caller may have reached this server; scheme, host and port of one have to fit.
    pub origins: &'a [Url],
    /// The token that came with it; none while a tablet is being enrolled.
    pub token: Option<&'a str>,
}

#[derive(Debug)]
struct Generation {
    nonce: String,
    since: Timestamp,
    used: HashSet<[u8; 16]>,
}

/// Nonces of this process, and what was used under them.
#[derive(Debug, Default)]
pub struct Possession {
    generations: Mutex<(Option<Generation>, Option<Generation>)>,
}

#[derive(Deserialize)]
struct Header {
    typ: String,
    alg: String,
    jwk: Jwk,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    crv: String,
    x: String,
    y: String,
    #[serde(default)]
    d: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct Claims {
    jti: String,
    htm: String,
    htu: String,
    iat: f64,
    #[serde(default)]
    nonce: Option<String>,
    #[serde(default)]
    ath: Option<String>,
}

impl Possession {
    /// The nonce that is handed out now.
    pub fn nonce(&self, now: Timestamp) -> Result<String, NoRandomness> {
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = |one: &Generation| now.0.saturating_sub(one.since.0) < NONCE_MS && one.used.len() < PROOFS;
        if let Some(present) = generations.0.as_ref().filter(|one| fresh(one)) {
            return Ok(present.nonce.clone());
        }
        let nonce = random_nonce()?;
        let next = Generation { nonce: nonce.clone(), since: now, used: HashSet::new() };
        generations.1 = generations.0.replace(next);
        Ok(nonce)
    }

    /// Checks a proof; returns the thumbprint of the key that made it (RFC 7638).
    pub fn check(&self, now: Timestamp, proof: &str, call: &Call<'_>) -> Result<SecretHash, NotProven> {
        let wrong = NotProven::Wrong;
        if proof.len() > PROOF_LETTERS {
            return Err(wrong("length"));
        }
        let (signed, signature) = proof.rsplit_once('.').ok_or(wrong("form"))?;
        let (header, claims) = signed.split_once('.').ok_or(wrong("form"))?;
        let header: Header = read(header).ok_or(wrong("header"))?;
        let claims: Claims = read(claims).ok_or(wrong("claims"))?;
        if header.typ != "dpop+jwt" || header.alg != "ES256" {
            return Err(wrong("algorithm"));
        }
        let (point, thumbprint) = public_key(&header.jwk).ok_or(wrong("key"))?;
        if claims.htm != call.method {
            return Err(wrong("method"));
        }
        let address = address_of(&claims.htu, call.path).ok_or(wrong("address"))?;
        if claims.ath.as_deref() != call.token.map(token_digest).as_deref() {
            return Err(wrong("token"));
        }
        let nonce = claims.nonce.ok_or(NotProven::Nonce)?;
        self.is_good(now, &nonce).then_some(()).ok_or(NotProven::Nonce)?;
        let seconds = now.0 as f64 / 1000.0;
        if (seconds - claims.iat).abs().partial_cmp(&(TIME_MS as f64 / 1000.0)) != Some(std::cmp::Ordering::Less) {
            return Err(wrong("time"));
        }
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| wrong("signature"))?;
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
        key.verify(signed.as_bytes(), &signature).map_err(|_| wrong("signature"))?;
        if !call.origins.iter().any(|known| known.origin() == address.origin()) {
            return Err(NotProven::Elsewhere(address.origin().ascii_serialization()));
        }
        self.spend(&nonce, &claims.jti, &thumbprint)?;
        Ok(thumbprint)
    }

    fn is_good(&self, now: Timestamp, nonce: &str) -> bool {
        let generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        let good = |one: &Generation| one.nonce == nonce && now.0.saturating_sub(one.since.0) < 2 * NONCE_MS;
        generations.0.as_ref().is_some_and(good) || generations.1.as_ref().is_some_and(good)
    }

    fn spend(&self, nonce: &str, id: &str, thumbprint: &SecretHash) -> Result<(), NotProven> {
        let digest = Sha256::new().chain_update(thumbprint).chain_update(id.as_bytes()).finalize();
        let name: [u8; 16] = digest.first_chunk().copied().unwrap_or_default();
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        let (present, last) = &mut *generations;
        let found = [present, last].into_iter().flatten().find(|one| one.nonce == nonce);
        let generation = found.ok_or(NotProven::Nonce)?;
        // a nonce that is nearly out of date takes no more than one full round of proofs
        if generation.used.len() >= 2 * PROOFS {
            return Err(NotProven::Nonce);
        }
        if generation.used.insert(name) { Ok(()) } else { Err(NotProven::Wrong("used before")) }
    }
}

/// The nonce a proof states.
pub fn stated_nonce(proof: &str) -> Option<String> {
    let claims: Claims = read(proof.split('.').nth(1)?)?;
    claims.nonce
}

fn read<T: serde::de::DeserializeOwned>(part: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

/// What a proof says of the token it goes with.
pub fn token_digest(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(token.as_bytes()))
}

/// The uncompressed point, and the key's thumbprint.
fn public_key(jwk: &Jwk) -> Option<([u8; 65], SecretHash)> {
    if jwk.kty != "EC" || jwk.crv != "P-256" || jwk.d.is_some() {
        return None;
    }
    let coordinate = |text: &str| -> Option<[u8; 32]> { URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok() };
    let (x, y) = (coordinate(&jwk.x)?, coordinate(&jwk.y)?);
    let mut point = [4; 65];
    point[1..33].copy_from_slice(&x);
    point[33..].copy_from_slice(&y);
    let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
    let canonical = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
    Some((point, Sha256::digest(canonical.as_bytes()).into()))
}

/// The address a proof states, when it is this path's.
fn address_of(stated: &str, path: &str) -> Option<Url> {
    let stated = Url::parse(stated).ok()?;
    (stated.query().is_none() && stated.path() == path).then_some(stated)
}
