//! What a sweep needs to know: which bytes are there, a shard at a time, for the caller to compare with its rows.
//!
//! Four directions. Rows without bytes: ask [`Store::open_blob`]. Bytes without rows: these lists; discard or delete
//! what has no row and is older than the longest that a part may take, since bytes are stored before their row is
//! committed. Multipart uploads without rows: [`Store::multiparts`]. Dead scratch directories: [`Store::sweep_scratch`].

use std::collections::BTreeMap;

use strongroom_core::clock::Timestamp;
use strongroom_core::id::{BlobKey, UploadId};

use crate::error::StoreError;
use crate::names::{parse_blob, parse_staged};
use crate::store::{Backend, Store};

/// Files of one upload that is not published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StagedUpload {
    /// The upload.
    pub upload: UploadId,
    /// When bytes last came, in whichever of its files.
    pub modified_at: Timestamp,
    /// Its side files, those that rows name among them.
    pub side_files: Vec<StagedSide>,
}

/// A side file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StagedSide {
    /// The part's number.
    pub number: u32,
    /// Which try of the part it is.
    pub generation: u64,
    /// When bytes last came.
    pub modified_at: Timestamp,
}

/// Files of one blob: the original, renditions, or both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredBlob {
    /// The blob.
    pub blob: BlobKey,
    /// When the youngest of its files was written.
    pub modified_at: Timestamp,
    /// The original's length in bytes; `None` where only renditions are there.
    pub original_bytes: Option<u64>,
    /// How many renditions there are.
    pub renditions: u32,
}

impl Store {
    /// The shards to ask for.
    pub fn shards() -> impl Iterator<Item = u8> {
        0..=u8::MAX
    }

    /// The uploads that have files in `shard`. What is in a multipart upload is not among them.
    ///
    /// # Errors
    /// `Busy` or `Io`.
    pub async fn staged_uploads(&self, shard: u8) -> Result<Vec<StagedUpload>, StoreError> {
        match self.backend() {
            Backend::Local(local) => local.staged_uploads(shard).await,
            Backend::Bucket(bucket) => bucket.staged_uploads(shard).await,
        }
    }

    /// The blobs that have files in `shard`.
    ///
    /// # Errors
    /// `Busy` or `Io`.
    pub async fn stored_blobs(&self, shard: u8) -> Result<Vec<StoredBlob>, StoreError> {
        match self.backend() {
            Backend::Local(local) => local.stored_blobs(shard).await,
            Backend::Bucket(bucket) => bucket.stored_blobs(shard).await,
        }
    }
}

/// A file or object that a list has shown.
pub(crate) struct Found {
    /// Without its directory.
    pub(crate) name: String,
    pub(crate) length: u64,
    pub(crate) modified_at: Timestamp,
}

/// The uploads that these belong to.
pub(crate) fn uploads_of(found: Vec<Found>) -> Vec<StagedUpload> {
    let mut uploads = BTreeMap::new();
    for Found { name, modified_at, .. } in found {
        let Some((upload, side)) = parse_staged(&name) else { continue };
        let new = || StagedUpload { upload, modified_at, side_files: Vec::new() };
        let staged = uploads.entry(upload).or_insert_with(new);
        staged.modified_at = staged.modified_at.max(modified_at);
        staged.side_files.extend(side.map(|(number, generation)| StagedSide { number, generation, modified_at }));
    }
    uploads.into_values().collect()
}

/// The blobs that these belong to.
pub(crate) fn blobs_of(originals: Vec<Found>, renditions: Vec<Found>) -> Vec<StoredBlob> {
    let mut blobs = BTreeMap::new();
    let originals = originals.into_iter().map(|found| (found, true));
    for (Found { name, length, modified_at }, is_original) in
        originals.chain(renditions.into_iter().map(|found| (found, false)))
    {
        let Some(blob) = parse_blob(&name) else { continue };
        let new = || StoredBlob { blob, modified_at, original_bytes: None, renditions: 0 };
        let stored = blobs.entry(blob).or_insert_with(new);
        stored.modified_at = stored.modified_at.max(modified_at);
        match is_original {
            true => stored.original_bytes = Some(length),
            false => stored.renditions += 1,
        }
    }
    blobs.into_values().collect()
}
