//! Digests that clients send along: `Content-Digest` and `Repr-Digest` (RFC 9530) and `Content-MD5` (RFC 1864).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::Digest as _;

use crate::id::Malformed;

/// What the bytes should hash to, in the algorithms the client chose.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExpectedDigests {
    /// SHA-256.
    pub sha256: Option<[u8; 32]>,
    /// SHA-512.
    pub sha512: Option<[u8; 64]>,
    /// MD5.
    pub md5: Option<[u8; 16]>,
}

impl ExpectedDigests {
    /// Whether nothing is to be checked.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.sha256.is_none() && self.sha512.is_none() && self.md5.is_none()
    }

    /// Adds what a `Content-Digest` or `Repr-Digest` field says. Algorithms we do not compute are passed over, as
    /// RFC 9530 §4 allows.
    ///
    /// # Errors
    /// Where the field is no dictionary of byte sequences, or a digest has the wrong length.
    pub fn add_digest_field(&mut self, field: &str) -> Result<(), Malformed> {
        for member in field.split(',') {
            let (algorithm, value) = member
                .split_once('=')
                .and_then(|(name, rest)| {
                    let rest = rest.split(';').next().unwrap_or(rest).trim();
                    Some((name.trim(), rest.strip_prefix(':')?.strip_suffix(':')?))
                })
                .ok_or_else(|| Malformed::new(member, "a digest of the form sha-256=:<base64>:"))?;
            match algorithm {
                "sha-256" => self.sha256 = Some(decode(value)?),
                "sha-512" => self.sha512 = Some(decode(value)?),
                _ => {}
            }
        }
        Ok(())
    }

    /// Adds what a `Content-MD5` field says.
    ///
    /// # Errors
    /// Where it is not the base64 of 16 bytes.
    pub fn add_content_md5(&mut self, field: &str) -> Result<(), Malformed> {
        self.md5 = Some(decode(field.trim())?);
        Ok(())
    }

    /// As a `Repr-Digest` field, to be kept with the session. `None` where nothing is to be checked.
    #[must_use]
    pub fn to_digest_field(&self) -> Option<String> {
        let member = |name: &str, bytes: &[u8]| format!("{name}=:{}:", STANDARD.encode(bytes));
        let members: Vec<String> = [
            self.sha256.as_ref().map(|bytes| member("sha-256", bytes)),
            self.sha512.as_ref().map(|bytes| member("sha-512", bytes)),
        ]
        .into_iter()
        .flatten()
        .collect();
        (!members.is_empty()).then(|| members.join(", "))
    }
}

fn decode<const N: usize>(value: &str) -> Result<[u8; N], Malformed> {
    STANDARD
        .decode(value)
        .ok()
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(|| Malformed::new(value, "base64 of as many bytes as the algorithm has"))
}

/// Hashes bytes in exactly the algorithms that are to be checked; none costs anything unless asked for.
#[derive(Clone)]
pub struct DigestChecker {
    expected: ExpectedDigests,
    sha256: Option<sha2::Sha256>,
    sha512: Option<sha2::Sha512>,
    md5: Option<md5::Md5>,
}

/// The first algorithm whose digest differed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the {algorithm} of the received bytes is {actual}, not the {expected} that was announced")]
pub struct DigestMismatch {
    /// `sha-256`, `sha-512` or `md5`.
    pub algorithm: &'static str,
    /// What the client announced, in base64.
    pub expected: String,
    /// What the bytes hash to, in base64.
    pub actual: String,
}

impl DigestChecker {
    /// A checker of `expected`.
    #[must_use]
    pub fn new(expected: ExpectedDigests) -> Self {
        Self {
            sha256: expected.sha256.map(|_| sha2::Sha256::new()),
            sha512: expected.sha512.map(|_| sha2::Sha512::new()),
            md5: expected.md5.map(|_| md5::Md5::new()),
            expected,
        }
    }

    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        if let Some(hasher) = &mut self.sha256 {
            hasher.update(bytes);
        }
        if let Some(hasher) = &mut self.sha512 {
            hasher.update(bytes);
        }
        if let Some(hasher) = &mut self.md5 {
            hasher.update(bytes);
        }
    }

    /// Compares, once all bytes were taken.
    ///
    /// # Errors
    /// The first algorithm whose digest differs.
    pub fn verify(self) -> Result<(), DigestMismatch> {
        let Self { expected, sha256, sha512, md5 } = self;
        compare("sha-256", expected.sha256.as_ref().map(<[u8; 32]>::as_slice), sha256.map(|h| h.finalize().to_vec()))?;
        compare("sha-512", expected.sha512.as_ref().map(<[u8; 64]>::as_slice), sha512.map(|h| h.finalize().to_vec()))?;
        compare("md5", expected.md5.as_ref().map(<[u8; 16]>::as_slice), md5.map(|h| h.finalize().to_vec()))
    }
}

fn compare(algorithm: &'static str, expected: Option<&[u8]>, actual: Option<Vec<u8>>) -> Result<(), DigestMismatch> {
    match (expected, actual) {
        (Some(expected), Some(actual)) if expected != actual => {
            Err(DigestMismatch { algorithm, expected: STANDARD.encode(expected), actual: STANDARD.encode(actual) })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_of_the_rfc_are_read_and_checked() {
        // RFC 9530, appendix A: the SHA-256 of `{"hello": "world"}\n`.
        let body = b"{\"hello\": \"world\"}\n";
        let mut expected = ExpectedDigests::default();
        expected.add_digest_field("sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:, unixsum=:AAA=:").unwrap();
        assert_eq!(expected.to_digest_field().unwrap(), "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:");
        let mut checker = DigestChecker::new(expected.clone());
        checker.update(body);
        assert_eq!(checker.verify(), Ok(()));
        let mut checker = DigestChecker::new(expected);
        checker.update(b"other");
        assert_eq!(checker.verify().unwrap_err().algorithm, "sha-256");
    }

    #[test]
    fn malformed_fields_are_named() {
        for field in ["", "sha-256", "sha-256=abc", "sha-256=:AAAA:", "sha-256=:not base64!:"] {
            assert!(ExpectedDigests::default().add_digest_field(field).is_err(), "{field}");
        }
        assert!(ExpectedDigests::default().add_content_md5("1B2M2Y8AsgTpgAmY7PhCfg==").is_ok());
        assert!(ExpectedDigests::default().add_content_md5("zzz").is_err());
    }
}
