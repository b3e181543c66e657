//! Multipart uploads of a bucket: what holds an upload's parts until it is published.

use std::sync::Arc;
use std::time::Duration;

use strongroom_core::clock::Timestamp;
use strongroom_core::id::UploadId;
use strongroom_core::upload::PartRange;

use crate::error::StoreError;
use crate::store::{Backend, Store};

/// A multipart upload that is neither completed nor aborted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StagedMultipart {
    /// The upload whose parts it holds.
    pub upload: UploadId,
    /// The object store's id of it.
    pub multipart: String,
    /// When it was begun.
    pub begun_at: Timestamp,
}

impl Store {
    /// Begins the multipart upload that holds an upload's parts, and returns its id for the catalog. One that no row names
    /// in the end is found by [`Store::multiparts`].
    ///
    /// # Errors
    /// `Full`, `Busy` or `Io`; always `Io` on a local disk.
    pub async fn begin_multipart(&self, upload: UploadId) -> Result<String, StoreError> {
        self.bucket()?.begin_multipart(upload).await
    }

    /// Ends a multipart upload with all its parts, also with those that land meanwhile. May be run again; that it is gone is
    /// as good.
    ///
    /// # Errors
    /// `Busy`, also where parts go on landing, or `Io`.
    pub async fn abort_multipart(&self, upload: UploadId, multipart: &str) -> Result<(), StoreError> {
        self.bucket()?.abort_multipart(upload, multipart).await
    }

    /// Every multipart upload of ours that is neither completed nor aborted. None on a local disk.
    ///
    /// # Errors
    /// `Busy` or `Io`.
    pub async fn multiparts(&self) -> Result<Vec<StagedMultipart>, StoreError> {
        match self.backend() {
            Backend::Local(_) => Ok(Vec::new()),
            Backend::Bucket(bucket) => bucket.multiparts().await,
        }
    }

    /// A URL by which a client sends a part to the object store itself: PUT, without any other credential, begun within
    /// `lifetime`. The length of the part is signed, so nothing longer can be sent. What arrived is told by
    /// [`Store::direct_parts`].
    ///
    /// # Errors
    /// `Io`; always on a local disk.
    pub async fn presign_part(
        &self,
        upload: UploadId,
        part: PartRange,
        multipart: &str,
        lifetime: Duration,
    ) -> Result<String, StoreError> {
        self.bucket()?.presign_part(upload, part, multipart, lifetime).await
    }

    /// The parts that a multipart upload has, in order: number, length in bytes and entity tag.
    ///
    /// # Errors
    /// `Missing` where it is completed or aborted, `Busy` or `Io`.
    pub async fn direct_parts(
        &self,
        upload: UploadId,
        multipart: &str,
    ) -> Result<Vec<(u32, u64, Arc<str>)>, StoreError> {
        self.bucket()?.direct_parts(upload, multipart).await
    }
}
