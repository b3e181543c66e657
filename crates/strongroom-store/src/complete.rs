//! The end of an upload, one way or the other.

use futures_util::{StreamExt as _, pin_mut};
use strongroom_core::content_digest::{DigestChecker, ExpectedDigests};
use strongroom_core::id::{BlobKey, UploadId};
use strongroom_core::upload::{PartRange, Plan};

use crate::blocking::blocking;
use crate::error::StoreError;
use crate::part::PartLocation;
use crate::store::{Backend, Store};

impl Store {
    /// Publishes the upload's bytes as `blob`. On a local disk: seals it, copies side files into their slots, and renames; in a
    /// bucket: copies side objects into their part numbers, and completes the multipart upload. What lies in place is not read
    /// again, so the cost is O(parts) whatever the size.
    ///
    /// The caller lists every part of `plan`, in order, as the catalog acknowledged it. May be run again, also after
    /// a crash at any point. After an error the upload takes parts again.
    ///
    /// # Errors
    /// `Missing` where neither the blob nor all parts are there, `Full`, `Busy` or `Io`.
    pub async fn publish(
        &self,
        upload: UploadId,
        plan: &Plan,
        parts: &[(PartRange, PartLocation)],
        multipart: Option<&str>,
        blob: BlobKey,
    ) -> Result<(), StoreError> {
        match self.backend() {
            Backend::Local(local) => local.publish(upload, plan, parts, blob).await,
            Backend::Bucket(bucket) => bucket.publish(upload, plan, parts, multipart, blob).await,
        }
    }

    /// Reads all staged bytes once, in order, and checks them against what the client announced for the whole file.
    /// The upload is sealed meanwhile.
    ///
    /// # Errors
    /// `Digest`, `Missing` where a part is not there, or `Io`. In a bucket always `Missing`: what is in a multipart upload
    /// cannot be read before it is published. [`Store::hash_blob`] can.
    pub async fn hash_staged(
        &self,
        upload: UploadId,
        plan: &Plan,
        parts: &[(PartRange, PartLocation)],
        expected: ExpectedDigests,
    ) -> Result<(), StoreError> {
        match self.backend() {
            Backend::Local(local) => local.hash_staged(upload, plan, parts, expected).await,
            Backend::Bucket(_) => Err(StoreError::Missing),
        }
    }

    /// Reads an original once, in order, and checks it against what the client announced for the whole file.
    ///
    /// # Errors
    /// `Digest`, `Missing`, `Busy` or `Io`.
    pub async fn hash_blob(&self, blob: BlobKey, expected: ExpectedDigests) -> Result<(), StoreError> {
        let reader = self.open_blob(blob).await?;
        let mut checker = DigestChecker::new(expected);
        let blocks = reader.read(0..reader.len());
        pin_mut!(blocks);
        while let Some(block) = blocks.next().await {
            let block = block?;
            checker = blocking(move || {
                checker.update(&block);
                Ok(checker)
            })
            .await?;
        }
        Ok(checker.verify()?)
    }

    /// Removes all bytes of an upload that was aborted or has expired. May be run again. Tries that are still writing fail
    /// with `Sealed`, or leave what the sweep finds.
    ///
    /// # Errors
    /// `Busy` or `Io`.
    pub async fn discard_upload(&self, upload: UploadId, multipart: Option<&str>) -> Result<(), StoreError> {
        match self.backend() {
            Backend::Local(local) => local.discard_upload(upload).await,
            Backend::Bucket(bucket) => bucket.discard_upload(upload, multipart).await,
        }
    }

    /// Removes a side file whose part was acknowledged elsewhere since, or whose acknowledgement was refused. May be run
    /// again.
    ///
    /// # Errors
    /// `Busy` or `Io`.
    pub async fn discard_side(&self, upload: UploadId, number: u32, generation: u64) -> Result<(), StoreError> {
        match self.backend() {
            Backend::Local(local) => local.discard_side(upload, number, generation).await,
            Backend::Bucket(bucket) => bucket.discard_side(upload, number, generation).await,
        }
    }
}
