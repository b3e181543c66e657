//! An original on the local disk, for those who need a file.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use futures_util::{StreamExt as _, pin_mut};
use strongroom_core::id::BlobKey;

use super::BucketStore;
use crate::blocking::blocking;
use crate::error::StoreError;
use crate::names;

impl BucketStore {
    /// Writes the original to a new file, whole or not at all.
    pub(crate) async fn download(&self, blob: BlobKey, to: &Path) -> Result<(), StoreError> {
        let downloaded = self.download_to(blob, to).await;
        if downloaded.is_err() {
            let path = to.to_owned();
            // Failing or not: the directory is removed with all it holds.
            drop(tokio::task::spawn_blocking(move || std::fs::remove_file(path)).await);
        }
        downloaded
    }

    async fn download_to(&self, blob: BlobKey, to: &Path) -> Result<(), StoreError> {
        let reader = self.open_reader(names::blob(blob)).await?;
        let path = to.to_owned();
        let mut file: File = blocking(move || {
            let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
            opened.map_err(|e| StoreError::of("create", &path, &e))
        })
        .await?;
        let blocks = reader.read(0..reader.len());
        pin_mut!(blocks);
        let mut length = 0;
        while let Some(block) = blocks.next().await {
            let (block, path) = (block?, to.to_owned());
            length += block.len() as u64;
            file = blocking(move || match file.write_all(&block) {
                Ok(()) => Ok(file),
                Err(error) => Err(StoreError::of("write", &path, &error)),
            })
            .await?;
        }
        match length == reader.len() {
            true => Ok(()),
            false => Err(StoreError::Busy(format!("{length} of {} bytes of {blob} arrived", reader.len()))),
        }
    }
}
