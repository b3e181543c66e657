//! Signed URLs: `/media/{mediaId}/{file}?exp=…&v=…&kid=…&sig=…`, and the same below `/people/{personId}` for avatars.
//!
//! The signature is an HMAC-SHA256 over everything that decides what is served. It is verified before any look-up, in
//! constant time. The expiry is rounded up to the hour, so that the same media gives the same URL for a while and caches
//! hit; `v` is the URL version of the media or person, so that one changed row kills every older link.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use crate::clock::Timestamp;
use crate::id::{MediaId, PersonId, fill_random};

const BUCKET_SECONDS: i64 = 3600;

/// One signing key. Debug output does not show the secret.
#[derive(Clone)]
pub struct SigningKey {
    id: String,
    secret: [u8; 32],
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningKey({})", self.id)
    }
}

impl SigningKey {
    /// A new random key. Its id is short, since every URL carries it.
    #[must_use]
    pub fn random() -> Self {
        let mut secret = [0; 32];
        fill_random(&mut secret);
        Self { id: crate::id::random_text(4, b"abcdefghijklmnopqrstuvwxyz0123456789"), secret }
    }

    /// From its line in a key file: `<id> <base64url of 32 bytes>`.
    #[must_use]
    pub fn from_line(line: &str) -> Option<Self> {
        let (id, secret) = line.trim().split_once(' ')?;
        let secret = URL_SAFE_NO_PAD.decode(secret.trim()).ok()?.try_into().ok()?;
        let well_formed = !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric());
        well_formed.then(|| Self { id: id.to_owned(), secret })
    }

    /// As a line of a key file. The secret is in it.
    #[must_use]
    pub fn to_line(&self) -> String {
        format!("{} {}", self.id, URL_SAFE_NO_PAD.encode(self.secret))
    }

    /// The id that URLs carry.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }
}

/// The keys in use: the first signs, all verify.
#[derive(Debug, Clone)]
pub struct KeyRing {
    active: SigningKey,
    retired: Vec<SigningKey>,
}

/// What the file of a signed URL is a picture of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// A media: the file is one of its renditions.
    Media(MediaId),
    /// Someone: the file is their avatar in one of its sizes.
    Person(PersonId),
}

impl Subject {
    /// How the signed text names it. A media is its bare number, as it was before there were people; no number is a word, so
    /// neither can be taken for the other.
    fn signed_name(self) -> String {
        match self {
            Self::Media(id) => id.to_string(),
            Self::Person(id) => format!("person {id}"),
        }
    }
}

/// The path below which its files are.
impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Media(id) => write!(f, "/media/{id}"),
            Self::Person(id) => write!(f, "/people/{id}"),
        }
    }
}

/// What a signed URL gives access to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Of whom or what.
    pub subject: Subject,
    /// The rendition's file name, e.g. `thumb.jpg`.
    pub file: String,
    /// Seconds since the epoch until which it may be fetched.
    pub expires: i64,
    /// The subject's URL version at the time of signing.
    pub version: i64,
}

/// Why a URL opens nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejected {
    /// The signature is not ours, or something it covers was changed.
    Invalid,
    /// It names a key that is not in the ring.
    UnknownKey,
    /// It was good once.
    Expired,
}

impl KeyRing {
    /// A ring that signs with `active` and also verifies with `retired`.
    #[must_use]
    pub const fn new(active: SigningKey, retired: Vec<SigningKey>) -> Self {
        Self { active, retired }
    }

    /// The keys, the active one first.
    pub fn keys(&self) -> impl Iterator<Item = &SigningKey> {
        std::iter::once(&self.active).chain(&self.retired)
    }

    /// The path and query of a signed URL for `grant`.
    #[must_use]
    pub fn sign(&self, grant: &Grant) -> String {
        let signature = URL_SAFE_NO_PAD.encode(mac(&self.active, grant).finalize().into_bytes());
        let Grant { subject, file, expires, version } = grant;
        format!("{subject}/{file}?exp={expires}&v={version}&kid={}&sig={signature}", self.active.id)
    }

    /// Reads and verifies the query of a signed URL against what its path names.
    ///
    /// The query must be exactly what [`Self::sign`] wrote: a parameter more, fewer, repeated or out of order is refused.
    ///
    /// # Errors
    /// [`Rejected::Invalid`] or [`Rejected::UnknownKey`] before anything else is told; [`Rejected::Expired`] only to holders of a good signature.
    pub fn verify(&self, subject: Subject, file: &str, query: &str, now: Timestamp) -> Result<Grant, Rejected> {
        let (grant, kid, signature) = parse(subject, file, query).ok_or(Rejected::Invalid)?;
        let key = self.keys().find(|key| key.id == kid).ok_or(Rejected::UnknownKey)?;
        let expected = mac(key, &grant).finalize().into_bytes();
        if !bool::from(expected.as_slice().ct_eq(&signature)) {
            return Err(Rejected::Invalid);
        }
        if now.as_seconds() >= grant.expires { Err(Rejected::Expired) } else { Ok(grant) }
    }
}

/// The number of a path's media or person.
///
/// # Errors
/// [`Rejected::Invalid`] where it is in another spelling than [`KeyRing::sign`] writes.
pub fn path_number(segment: &str) -> Result<i64, Rejected> {
    canonical_number(segment).ok_or(Rejected::Invalid)
}

/// When a URL signed at `now` for `lifetime` expires, in seconds since the epoch: rounded up to the hour.
#[must_use]
pub fn expiry_bucket(now: Timestamp, lifetime: Duration) -> i64 {
    let end = now.after(lifetime).as_seconds();
    end.div_euclid(BUCKET_SECONDS).saturating_add(1).saturating_mul(BUCKET_SECONDS)
}

fn mac(key: &SigningKey, grant: &Grant) -> Hmac<Sha256> {
    // RFC 2104 pads a key with zeros to the hash's block; done here, the length is right by its type.
    let mut block = [0; 64];
    block[..key.secret.len()].copy_from_slice(&key.secret);
    let mut mac = Hmac::<Sha256>::new(&block.into());
    let Grant { subject, file, expires, version } = grant;
    let subject = subject.signed_name();
    mac.update(format!("strongroom-url-v1\n{subject}\n{file}\n{expires}\n{version}\n{}", key.id).as_bytes());
    mac
}

fn parse<'q>(subject: Subject, file: &str, query: &'q str) -> Option<(Grant, &'q str, [u8; 32])> {
    let mut pairs = query.split('&');
    let mut value = |name: &str| pairs.next()?.strip_prefix(name)?.strip_prefix('=');
    let (expires, version) = (canonical_number(value("exp")?)?, canonical_number(value("v")?)?);
    let (kid, signature) = (value("kid")?, URL_SAFE_NO_PAD.decode(value("sig")?).ok()?.try_into().ok()?);
    if pairs.next().is_some() {
        return None;
    }
    Some((Grant { subject, file: file.to_owned(), expires, version }, kid, signature))
}

/// Digits that print back the same: one URL, one spelling.
fn canonical_number(text: &str) -> Option<i64> {
    text.parse::<i64>().ok().filter(|number| *number >= 0 && number.to_string() == text)
}

#[cfg(test)]
mod tests;
