//! API keys: `sk_live_` or `sk_sandbox_`, 30 random base-62 characters (178 bits), and a six-character checksum.
//!
//! The shape is that of other well-known tokens: one word to select, a prefix that leak scanners match, and a CRC-32 that
//! lets a typo be refused without asking the catalog. Only the SHA-256 of a key is kept: with 178 random bits, a slow hash
//! would protect nothing and would cost a processor on every request.

use std::fmt;

use sha2::{Digest as _, Sha256};

use crate::connection::Environment;
use crate::id::random_text;

const BASE62: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const RANDOM_LENGTH: usize = 30;
const CHECKSUM_LENGTH: usize = 6;

/// A key as its owner holds it. Printing it for debugging shows only its prefix.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey {
    text: String,
    environment: Environment,
}

/// The SHA-256 of a key: what the catalog keeps and looks up.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyHash([u8; 32]);

impl KeyHash {
    /// The hash's bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl ApiKey {
    /// A new key for `environment`.
    #[must_use]
    pub fn random(environment: Environment) -> Self {
        let body = format!("{}{}", prefix(environment), random_text(RANDOM_LENGTH, BASE62));
        let text = format!("{body}{}", checksum(&body));
        Self { text, environment }
    }

    /// Reads a key, or `None` where the form or the checksum is wrong.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let environment = Environment::ALL.iter().copied().find(|e| text.starts_with(prefix(*e)))?;
        let well_formed = text.len() == prefix(environment).len() + RANDOM_LENGTH + CHECKSUM_LENGTH
            && text.bytes().skip(prefix(environment).len()).all(|b| BASE62.contains(&b));
        let (body, sum) = text.split_at_checked(text.len().checked_sub(CHECKSUM_LENGTH)?)?;
        (well_formed && checksum(body) == sum).then(|| Self { text: text.to_owned(), environment })
    }

    /// The key itself. To be shown once, to its owner.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.text
    }

    /// Which world it opens.
    #[must_use]
    pub const fn environment(&self) -> Environment {
        self.environment
    }

    /// What the catalog keeps.
    #[must_use]
    pub fn hash(&self) -> KeyHash {
        KeyHash(Sha256::digest(self.text.as_bytes()).into())
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiKey({}…)", prefix(self.environment))
    }
}

const fn prefix(environment: Environment) -> &'static str {
    match environment {
        Environment::Live => "sk_live_",
        Environment::Sandbox => "sk_sandbox_",
    }
}

/// CRC-32 (ISO-HDLC) of `body` in base 62, most significant digit first.
fn checksum(body: &str) -> String {
    let mut rest = crc32fast::hash(body.as_bytes());
    let mut digits = [b'0'; CHECKSUM_LENGTH];
    for digit in digits.iter_mut().rev() {
        *digit = BASE62[(rest % 62) as usize];
        rest /= 62;
    }
    digits.iter().copied().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_round_trip_and_typos_are_seen() {
        for environment in Environment::ALL.iter().copied() {
            let key = ApiKey::random(environment);
            assert_eq!(ApiKey::parse(key.reveal()), Some(key.clone()));
            assert_eq!(key.environment(), environment);
            let mut typo = key.reveal().to_owned().into_bytes();
            let last = typo.len() - 10;
            typo[last] = if typo[last] == b'a' { b'b' } else { b'a' };
            assert_eq!(ApiKey::parse(std::str::from_utf8(&typo).unwrap()), None);
            assert!(!format!("{key:?}").contains(&key.reveal()[12..]));
        }
        for text in ["", "sk_live_", "sk_live_ä", "pk_live_123456789012345678901234567890123456"] {
            assert_eq!(ApiKey::parse(text), None);
        }
    }
}
