//! Identifiers: how each is made, printed and read back.
//!
//! Ids arrive from clients raw (`upload:…`), percent-encoded, or printed as floats (`123.0`, `2.84e+07`);
//! every parser here takes the decoded text in any of those shapes.

use std::cell::RefCell;
use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::clock::Timestamp;

/// A value that is not of the form it should have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{value}` is not {expected}")]
pub struct Malformed {
    /// What was given, cut to a length that is safe to print.
    pub value: String,
    /// What would have been right, as a noun phrase.
    pub expected: &'static str,
}

impl Malformed {
    /// A refusal of `value`, which should have been `expected`.
    #[must_use]
    pub fn new(value: &str, expected: &'static str) -> Self {
        let value = value.chars().take(80).collect();
        Self { value, expected }
    }
}

/// Fills `buffer` from the operating system's random source.
///
/// # Panics
/// If the operating system has no randomness to give; nothing safe can be done without.
#[allow(clippy::expect_used, reason = "no identifier or key may be made without randomness")]
pub fn fill_random(buffer: &mut [u8]) {
    getrandom::fill(buffer).expect("the operating system's random source answers");
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    fill_random(&mut bytes);
    bytes
}

/// Random bytes that were asked for ahead, many at a time, since the system is slow to answer: for what is new at every request. No
/// secret is made of them, which would lie in memory before it is.
fn random_ahead() -> [u8; 32] {
    const BLOCKS: usize = 32;
    thread_local! {
        static AHEAD: RefCell<Vec<[u8; 32]>> = const { RefCell::new(Vec::new()) };
    }
    AHEAD.with_borrow_mut(|ahead| {
        if ahead.is_empty() {
            ahead.resize(BLOCKS, [0; 32]);
            fill_random(ahead.as_flattened_mut());
        }
        ahead.pop().unwrap_or_else(random)
    })
}

/// `length` random characters of `alphabet`, without modulo bias.
pub(crate) fn random_text(length: usize, alphabet: &[u8]) -> String {
    text_of(random, length, alphabet)
}

fn text_of(random: fn() -> [u8; 32], length: usize, alphabet: &[u8]) -> String {
    let limit = 256 - (256 % alphabet.len());
    let mut text = String::with_capacity(length);
    while text.len() < length {
        for byte in random() {
            let index = usize::from(byte);
            if index < limit && text.len() < length {
                text.push(char::from(alphabet[index % alphabet.len()]));
            }
        }
    }
    text
}

/// So many ids in a row are neighbours.
const NEIGHBOURS: u32 = 64;

/// Random bytes of which the first is that of the ids made just before and after. Their rows then lie side by side in an index, and
/// their files in one directory: what is made at the same time is written, and synced, with a few pages and not with as many as there
/// are ids. Over time all 256 first bytes come up equally often; 114 random bits of a UUID are left.
fn neighbouring() -> [u8; 16] {
    static GIVEN: AtomicU32 = AtomicU32::new(0);
    static BEGINNING: OnceLock<[u8; 1]> = OnceLock::new();
    // An odd step goes through every byte before it comes back to the first.
    const STEP: u32 = 167;
    let neighbourhood = GIVEN.fetch_add(1, Ordering::Relaxed) / NEIGHBOURS;
    let [beginning] = BEGINNING.get_or_init(random);
    let mut bytes: [u8; 16] = random();
    bytes[0] = beginning.wrapping_add(neighbourhood.wrapping_mul(STEP).to_le_bytes()[0]);
    bytes
}

const LOWER_ALPHANUMERIC: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";

macro_rules! display_and_serde {
    ($name:ident) => {
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

/// An upload session: `upload:<uuid>` on the wire, 114 random bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UploadId(uuid::Uuid);

impl UploadId {
    /// A new random id, a neighbour of those made at the same time.
    #[must_use]
    pub fn random() -> Self {
        Self(uuid::Builder::from_random_bytes(neighbouring()).into_uuid())
    }

    /// The bare UUID, as file names and the catalog have it.
    #[must_use]
    pub fn uuid(self) -> uuid::Uuid {
        self.0
    }

    /// From the bare UUID.
    #[must_use]
    pub fn from_uuid(uuid: uuid::Uuid) -> Self {
        Self(uuid)
    }
}

impl fmt::Display for UploadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "upload:{}", self.0)
    }
}

impl FromStr for UploadId {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        text.strip_prefix("upload:")
            .filter(|rest| rest.len() == 36)
            .and_then(|rest| uuid::Uuid::try_parse(rest).ok())
            .map(Self)
            .ok_or_else(|| Malformed::new(text, "an upload id (upload:<uuid>)"))
    }
}

display_and_serde!(UploadId);

/// An integer on the wire; below 2⁵³, so that JSON readers that know only doubles keep it whole.
macro_rules! numbered_id {
    ($(#[$meta:meta])* $name:ident, $expected:literal) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
        #[serde(transparent)]
        pub struct $name(i64);

        impl $name {
            /// From the catalog's number.
            #[must_use]
            pub const fn new(number: i64) -> Self {
                Self(number)
            }

            /// The number.
            #[must_use]
            pub const fn number(self) -> i64 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = Malformed;

            fn from_str(text: &str) -> Result<Self, Malformed> {
                parse_number(text).map(Self).ok_or_else(|| Malformed::new(text, $expected))
            }
        }
    };
}

numbered_id!(
    /// A media.
    MediaId, "a media id (a positive integer)"
);
numbered_id!(
    /// A list of media. Numbered within its connection, below a million: one client prints it as a float.
    ListId, "a list id (a positive integer)"
);
numbered_id!(
    /// A release form.
    FormId, "a release form id (a positive integer)"
);
numbered_id!(
    /// Someone who is shown in media.
    PersonId, "a person's id (a positive integer)"
);

/// A positive whole number below 2⁵³, also when a client printed it as a float.
fn parse_number(text: &str) -> Option<i64> {
    const LIMIT: i64 = 1 << 53;
    if let Ok(number) = text.parse::<i64>() {
        return (1..LIMIT).contains(&number).then_some(number);
    }
    let looks_numeric = text.bytes().all(|b| b.is_ascii_digit() || b".eE+-".contains(&b));
    let float = text.parse::<f64>().ok().filter(|_| looks_numeric)?;
    #[allow(clippy::cast_precision_loss, reason = "2^53 is exact")]
    let in_range = float >= 1.0 && float < LIMIT as f64 && float.fract() == 0.0;
    #[allow(clippy::cast_possible_truncation, reason = "whole and in range, checked above")]
    in_range.then_some(float as i64)
}

/// A media as clients name it: by its id, or by the upload it came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaReference {
    /// The media's own id.
    Media(MediaId),
    /// An upload reference (`upload:<uuid>`), good wherever a media id is taken.
    Upload(UploadId),
}

impl FromStr for MediaReference {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        if text.starts_with("upload:") { text.parse().map(Self::Upload) } else { text.parse().map(Self::Media) }
    }
}

/// A text id with a fixed prefix and a random tail of 24 lower-case alphanumerics.
macro_rules! prefixed_id {
    ($(#[$meta:meta])* $name:ident, $prefix:literal, $expected:literal) => {
        prefixed_id!($(#[$meta])* $name, $prefix, $expected, random);
    };
    ($(#[$meta:meta])* $name:ident, $prefix:literal, $expected:literal, $random:ident) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// A new random id.
            #[must_use]
            pub fn random() -> Self {
                Self($prefix.to_owned() + &text_of($random, 24, LOWER_ALPHANUMERIC))
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = Malformed;

            fn from_str(text: &str) -> Result<Self, Malformed> {
                text.strip_prefix($prefix)
                    .filter(|tail| tail.len() == 24 && tail.bytes().all(|b| LOWER_ALPHANUMERIC.contains(&b)))
                    .map(|_| Self(text.to_owned()))
                    .ok_or_else(|| Malformed::new(text, $expected))
            }
        }

        display_and_serde!($name);
    };
}

prefixed_id!(
    /// A connection: one tenant's account, owner of uploads and media.
    ConnectionId, "conn_", "a connection id (conn_ and 24 lower-case letters or digits)"
);
prefixed_id!(
    /// An organisation: owner of keys and connections.
    OrganisationId, "org_", "an organisation id (org_ and 24 lower-case letters or digits)"
);
prefixed_id!(
    /// An API key's public id.
    KeyId, "key_", "a key id (key_ and 24 lower-case letters or digits)"
);
prefixed_id!(
    /// One HTTP request, in `X-Request-Id` and in errors.
    RequestId, "req_", "a request id (req_ and 24 lower-case letters or digits)", random_ahead
);
prefixed_id!(
    /// One event: stable over every delivery of it.
    EventId, "evt_", "an event id (evt_ and 24 lower-case letters or digits)"
);
prefixed_id!(
    /// The proof that a worker holds a job's lease; new for every claim.
    LeaseToken, "lease_", "a lease token"
);

impl EventId {
    /// A new id: nine digits of base 36 for the millisecond, then fifteen random ones. Ids of events sort by time, so that a new one's
    /// place in an index is at its end.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
        let mut millis = now.as_millis().unsigned_abs();
        let mut time = [b'0'; 9];
        for digit in time.iter_mut().rev() {
            let index = usize::try_from(millis % 36).unwrap_or(0);
            (*digit, millis) = (DIGITS[index], millis / 36);
        }
        let time: String = time.iter().copied().map(char::from).collect();
        Self(format!("evt_{time}{}", random_text(15, LOWER_ALPHANUMERIC)))
    }
}

impl ConnectionId {
    /// A number for callers that want one: the first 48 bits of the id's BLAKE3.
    #[must_use]
    pub fn number(&self) -> i64 {
        let hash = blake3::hash(self.0.as_bytes());
        hash.as_bytes()[..6].iter().fold(0, |number, byte| number << 8 | i64::from(*byte))
    }
}

impl OrganisationId {
    /// The organisation that every installation starts with.
    #[must_use]
    pub fn default_organisation() -> Self {
        Self("org_000000000000000000000000".to_owned())
    }
}

/// The name of stored bytes: an original, with its renditions beside it. 114 random bits, never derived
/// from user text, so a path made from it cannot leave the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlobKey(uuid::Uuid);

impl BlobKey {
    /// The key under which an upload's bytes are published. Derived, so that a second run of an
    /// interrupted complete finds what the first one wrote.
    #[must_use]
    pub fn of_upload(upload: UploadId) -> Self {
        Self(upload.0)
    }

    /// The upload that brought these bytes, or, where they came without a session, might have.
    #[must_use]
    pub fn upload(self) -> UploadId {
        UploadId(self.0)
    }
}

impl fmt::Display for BlobKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for BlobKey {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        uuid::Uuid::try_parse(text).map(Self).map_err(|_| Malformed::new(text, "a blob key (a UUID)"))
    }
}

display_and_serde!(BlobKey);

#[cfg(test)]
mod tests;
