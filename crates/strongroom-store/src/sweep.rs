//! What a sweep needs to know: which bytes are there, a shard at a time, for the caller to compare with its rows.
//!
//! Three directions. Rows without bytes: ask [`Store::open_blob`]. Bytes without rows: these lists; discard or delete
//! what has no row and is older than the longest that a part may take, since bytes are stored before their row is
//! committed. Dead scratch directories: [`Store::sweep_scratch`].

use std::collections::BTreeMap;
use std::fs::DirEntry;
use std::io;
use std::path::Path;
use std::time::UNIX_EPOCH;

use strongroom_core::clock::Timestamp;
use strongroom_core::id::{BlobKey, UploadId};

use crate::error::StoreError;
use crate::layout::{Area, parse_blob, parse_staged};
use crate::store::{Store, blocking};

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

    /// The uploads that have files in `shard`.
    ///
    /// # Errors
    /// `Io`.
    pub async fn staged_uploads(&self, shard: u8) -> Result<Vec<StagedUpload>, StoreError> {
        let store = self.clone();
        blocking(move || {
            let mut uploads = BTreeMap::new();
            list(&store.layout().shard(Area::Staging, shard), |file| {
                let Some((upload, side)) = parse_staged(file.name) else { return };
                let new = || StagedUpload { upload, modified_at: file.modified_at, side_files: Vec::new() };
                let staged = uploads.entry(upload).or_insert_with(new);
                staged.modified_at = staged.modified_at.max(file.modified_at);
                if let Some((number, generation)) = side {
                    staged.side_files.push(StagedSide { number, generation, modified_at: file.modified_at });
                }
            })?;
            Ok(uploads.into_values().collect())
        })
        .await
    }

    /// The blobs that have files in `shard`.
    ///
    /// # Errors
    /// `Io`.
    pub async fn stored_blobs(&self, shard: u8) -> Result<Vec<StoredBlob>, StoreError> {
        let store = self.clone();
        blocking(move || {
            let mut blobs = BTreeMap::new();
            for area in [Area::Blobs, Area::Renditions] {
                list(&store.layout().shard(area, shard), |file| {
                    let Some(blob) = parse_blob(file.name) else { return };
                    let new =
                        || StoredBlob { blob, modified_at: file.modified_at, original_bytes: None, renditions: 0 };
                    let stored = blobs.entry(blob).or_insert_with(new);
                    stored.modified_at = stored.modified_at.max(file.modified_at);
                    match area {
                        Area::Blobs => stored.original_bytes = Some(file.length),
                        _ => stored.renditions += 1,
                    }
                })?;
            }
            Ok(blobs.into_values().collect())
        })
        .await
    }
}

struct Listed<'n> {
    name: &'n str,
    length: u64,
    modified_at: Timestamp,
}

fn list(directory: &Path, mut visit: impl FnMut(&Listed<'_>)) -> Result<(), StoreError> {
    let failed = |error: io::Error| StoreError::of("list", directory, &error);
    for entry in directory.read_dir().map_err(failed)? {
        let entry = entry.map_err(failed)?;
        match inspect(&entry) {
            Ok((length, modified_at)) => {
                if let Some(name) = entry.file_name().to_str() {
                    visit(&Listed { name, length, modified_at });
                }
            }
            // Removed between listing and looking.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(error)),
        }
    }
    Ok(())
}

fn inspect(entry: &DirEntry) -> io::Result<(u64, Timestamp)> {
    let metadata = entry.metadata()?;
    let since_epoch = metadata.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    let millis = i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX);
    Ok((metadata.len(), Timestamp::from_millis(millis)))
}
