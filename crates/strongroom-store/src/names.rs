//! What everything is called, below the root of a local store as below the prefix of a bucket. Names are asked of these
//! functions and formatted nowhere else.
//!
//! ```text
//! staging/3f/3f0c…-uuid                         an upload: every part at its offset; in a bucket, its only part
//! staging/3f/3f0c…-uuid.7.00c0ffee00c0ffee      one try of part 7 that has bytes of its own: a side file, or side object
//! blobs/3f/3f0c…-uuid                           an original
//! renditions/3f/3f0c…-uuid.thumb.jpg            a rendition
//! ```
//!
//! Every name is made of a random UUID, never of a client's text.

use strongroom_core::id::{BlobKey, UploadId};
use strongroom_core::rendition::{RenditionFormat, RenditionName};

/// What 256 shards hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Area {
    Staging,
    Blobs,
    Renditions,
}

impl Area {
    pub(crate) const ALL: [Self; 3] = [Self::Staging, Self::Blobs, Self::Renditions];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Staging => "staging",
            Self::Blobs => "blobs",
            Self::Renditions => "renditions",
        }
    }

    /// One of its shards.
    pub(crate) fn shard(self, shard: u8) -> String {
        format!("{}/{shard:02x}", self.name())
    }

    fn of(self, key: &str) -> String {
        format!("{}/{}", self.name(), key.get(..2).unwrap_or(key))
    }
}

/// The shard in which an upload's bytes lie.
pub(crate) fn staging_shard(upload: UploadId) -> String {
    Area::Staging.of(&upload.uuid().to_string())
}

/// The bytes of an upload that are in place.
pub(crate) fn staging(upload: UploadId) -> String {
    format!("{}/{}", staging_shard(upload), upload.uuid())
}

/// One try of one part that has bytes of its own.
pub(crate) fn side(upload: UploadId, number: u32, generation: u64) -> String {
    format!("{}.{number}.{generation:016x}", staging(upload))
}

/// An original.
pub(crate) fn blob(blob: BlobKey) -> String {
    let key = blob.to_string();
    format!("{}/{key}", Area::Blobs.of(&key))
}

/// What the names of all renditions of `blob` begin with.
pub(crate) fn renditions(blob: BlobKey) -> String {
    let key = blob.to_string();
    format!("{}/{key}.", Area::Renditions.of(&key))
}

/// A rendition.
pub(crate) fn rendition(blob: BlobKey, name: RenditionName, format: RenditionFormat) -> String {
    format!("{}{name}.{}", renditions(blob), format.extension())
}

/// What a name in `staging` says: the upload, and the part and generation where it is a side file.
pub(crate) fn parse_staged(name: &str) -> Option<(UploadId, Option<(u32, u64)>)> {
    let mut pieces = name.split('.');
    let upload = format!("upload:{}", pieces.next()?).parse().ok()?;
    let side = match (pieces.next(), pieces.next(), pieces.next()) {
        (None, None, None) => None,
        (Some(number), Some(generation), None) => {
            Some((number.parse().ok()?, u64::from_str_radix(generation, 16).ok()?))
        }
        _ => return None,
    };
    Some((upload, side))
}

/// The blob that a name in `blobs` or `renditions` belongs to.
pub(crate) fn parse_blob(name: &str) -> Option<BlobKey> {
    name.split('.').next()?.parse().ok()
}

/// A generation for a new try: random, and below 2⁶³ so that a signed column keeps it whole.
pub(crate) fn random_generation() -> u64 {
    let mut bytes = [0; 8];
    strongroom_core::id::fill_random(&mut bytes);
    u64::from_le_bytes(bytes) >> 1
}
