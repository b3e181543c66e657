//! What a sweep asks of the local disk.

use std::fs::DirEntry;
use std::io;
use std::path::Path;
use std::time::UNIX_EPOCH;

use strongroom_core::clock::Timestamp;

use crate::blocking::blocking;
use crate::error::StoreError;
use crate::local::store::LocalStore;
use crate::names::Area;
use crate::sweep::{Found, StagedUpload, StoredBlob, blobs_of, uploads_of};

impl LocalStore {
    pub(crate) async fn staged_uploads(&self, shard: u8) -> Result<Vec<StagedUpload>, StoreError> {
        let store = self.clone();
        blocking(move || Ok(uploads_of(list(&store.layout().shard(Area::Staging, shard))?))).await
    }

    /// The files of a shard.
    pub(crate) async fn found(&self, area: Area, shard: u8) -> Result<Vec<Found>, StoreError> {
        let directory = self.layout().shard(area, shard);
        blocking(move || list(&directory)).await
    }

    pub(crate) async fn stored_blobs(&self, shard: u8) -> Result<Vec<StoredBlob>, StoreError> {
        let store = self.clone();
        blocking(move || {
            let found = |area| list(&store.layout().shard(area, shard));
            Ok(blobs_of(found(Area::Blobs)?, found(Area::Renditions)?))
        })
        .await
    }
}

/// The files of a directory.
pub(crate) fn list(directory: &Path) -> Result<Vec<Found>, StoreError> {
    let failed = |error: io::Error| StoreError::of("list", directory, &error);
    let mut found = Vec::new();
    for entry in directory.read_dir().map_err(failed)? {
        let entry = entry.map_err(failed)?;
        match inspect(&entry) {
            Ok((length, modified_at)) => {
                let name = entry.file_name().into_string();
                found.extend(name.into_iter().map(|name| Found { name, length, modified_at }));
            }
            // Removed between listing and looking.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(error)),
        }
    }
    Ok(found)
}

fn inspect(entry: &DirEntry) -> io::Result<(u64, Timestamp)> {
    let metadata = entry.metadata()?;
    let since_epoch = metadata.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    let millis = i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX);
    Ok((metadata.len(), Timestamp::from_millis(millis)))
}
