//! Sign-in codes and tokens: making them, reading what a person typed, and the hash that is kept.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::store::types::SecretHash;

/// Letters of a code; none that are mistaken for another.
const ALPHABET: &[u8; 31] = b"23456789ABCDEFGHJKMNPQRSTUVWXYZ";
const CODE_LETTERS: usize = 8;

/// The machine gave no randomness.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("no randomness from the machine")]
pub struct NoRandomness;

/// A sign-in code: eight letters.
#[derive(Clone, PartialEq, Eq)]
pub struct SignInCode(String);

impl SignInCode {
    /// A new random code.
    pub fn random() -> Result<Self, NoRandomness> {
        let mut code = String::with_capacity(CODE_LETTERS);
        while code.len() < CODE_LETTERS {
            let mut bytes = [0; 16];
            getrandom::fill(&mut bytes).map_err(|_| NoRandomness)?;
            // bytes from 248 on would make some letters likelier
            let letters = bytes.iter().filter(|byte| **byte < 248).map(|byte| ALPHABET[usize::from(*byte) % 31]);
            code.extend(letters.map(char::from).take(CODE_LETTERS - code.len()));
        }
        Ok(Self(code))
    }

    /// Reads a code as people type it: hyphens, spaces, small letters and full-width letters are forgiven.
    pub fn parse(text: &str) -> Option<Self> {
        let half_width = |letter: char| match letter {
            '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(letter) - 0xfee0).unwrap_or(letter),
            other => other,
        };
        let skipped = |letter: &char| letter.is_whitespace() || "-‐‑–—―−ーｰ".contains(*letter);
        let letters = text.chars().filter(|letter| !skipped(letter)).map(half_width).filter(|letter| *letter != '-');
        let code: String = letters.take(CODE_LETTERS + 1).map(|letter| letter.to_ascii_uppercase()).collect();
        let known = |letter: u8| ALPHABET.contains(&letter);
        (code.len() == CODE_LETTERS && code.bytes().all(known)).then_some(Self(code))
    }

    /// As shown to people: `XXXX-XXXX`.
    pub fn shown(&self) -> String {
        let (front, back) = self.0.split_at(CODE_LETTERS / 2);
        format!("{front}-{back}")
    }

    /// What is kept of it.
    pub fn hash(&self) -> SecretHash {
        secret_hash(&self.0)
    }
}

/// A new random token, 43 letters.
pub fn random_token() -> Result<String, NoRandomness> {
    random_letters::<32>()
}

/// A new random word that is good for minutes, 16 letters.
pub fn random_nonce() -> Result<String, NoRandomness> {
    random_letters::<12>()
}

fn random_letters<const BYTES: usize>() -> Result<String, NoRandomness> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes).map_err(|_| NoRandomness)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// What is kept of a code or a token.
pub fn secret_hash(secret: &str) -> SecretHash {
    Sha256::digest(secret.as_bytes()).into()
}

/// A registry id made from a name: the prefix, a hyphen, and ten digits of the name's SHA-256.
pub fn id_from_name(prefix: &str, name: &str) -> String {
    let digits = hex::encode(Sha256::digest(name.as_bytes()));
    format!("{prefix}-{}", digits.get(..10).unwrap_or(&digits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_people_type_it() {
        let code = SignInCode("ABCD2345".to_owned());
        for text in ["ABCD-2345", "abcd 2345", "ＡＢＣＤ－２３４５", " abcdー2345 ", "ａｂｃｄ２３４５"]
        {
            assert!(SignInCode::parse(text) == Some(code.clone()), "{text}");
        }
        for text in ["", "ABCD-234", "ABCD-23456", "ABCD-O345", "ABCD-234é"] {
            assert!(SignInCode::parse(text).is_none(), "{text}");
        }
        let random = SignInCode::random().unwrap();
        assert!(SignInCode::parse(&random.shown()) == Some(random));
    }
}
