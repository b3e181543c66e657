//! Renditions: published beside their original, deleted with it.

use std::path::{Path, PathBuf};

use strongroom_core::id::BlobKey;
use strongroom_core::rendition::{RenditionFormat, RenditionName};

use crate::error::StoreError;
use crate::store::{Backend, Store};

/// A finished rendition, waiting in a scratch directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRendition {
    /// Which one it is.
    pub name: RenditionName,
    /// What it is encoded as.
    pub format: RenditionFormat,
    /// Where it lies. Moved from there, not copied.
    pub from: PathBuf,
}

impl Store {
    /// Publishes one rendition of `blob`; see [`Store::put_renditions`].
    ///
    /// # Errors
    /// As [`Store::put_renditions`].
    pub async fn put_rendition(
        &self,
        blob: BlobKey,
        name: RenditionName,
        format: RenditionFormat,
        from: &Path,
    ) -> Result<(), StoreError> {
        self.put_renditions(blob, &[NewRendition { name, format, from: from.to_owned() }]).await
    }

    /// Publishes renditions of `blob`, each whole or not at all, and on a local disk syncs their directory once. A second run
    /// replaces what the first one published.
    ///
    /// The caller promises that whatever wrote the files is dead.
    ///
    /// # Errors
    /// `Missing` where a file is not there, `Full`, `Busy`, or `Io`, also where one is not a plain file.
    pub async fn put_renditions(&self, blob: BlobKey, renditions: &[NewRendition]) -> Result<(), StoreError> {
        match self.backend() {
            Backend::Local(local) => local.put_renditions(blob, renditions).await,
            Backend::Bucket(bucket) => bucket.put_renditions(blob, renditions).await,
        }
    }

    /// Deletes an original with all its renditions. May be run again. Who is reading it on a local disk reads on to the end.
    ///
    /// The caller has committed the deletion of every row that names it.
    ///
    /// # Errors
    /// `Busy` or `Io`.
    pub async fn delete_blob(&self, blob: BlobKey) -> Result<(), StoreError> {
        match self.backend() {
            Backend::Local(local) => local.delete_blob(blob).await,
            Backend::Bucket(bucket) => bucket.delete_blob(blob).await,
        }
    }
}
