//! A whole file in one go: written, checked, and published under a key that nobody else writes, with no session in the store.
//!
//! Nothing is ever written over: of several tries for the same row each has a key of its own, and the row's commit decides whose
//! bytes count. So there is no order in which two of them could do harm, within a node or between nodes.

use std::cmp::Ordering;

use strongroom_core::content_digest::ExpectedDigests;
use strongroom_core::digest::Digest;
use strongroom_core::id::{BlobKey, UploadId};
use strongroom_core::media::SNIFF_LENGTH;
use strongroom_core::upload::{PartRange, Plan};

use crate::bucket::BucketTry;
use crate::error::StoreError;
use crate::local::LocalTry;
use crate::store::{Backend, Store};

/// A file that lies under its key, as surely as the store's durability says. Where no row will name it, it is to be given to
/// [`Store::delete_blob`]; the sweep finds what a crash left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WholeFile {
    /// Its key.
    pub blob: BlobKey,
    /// BLAKE3 of its bytes.
    pub digest: Digest,
    /// Its first bytes, as many as tell what it is.
    pub head: Vec<u8>,
}

/// One try of a whole file. Dropped unfinished, nothing of it is there.
#[must_use = "a try that is not finished counts for nothing"]
pub struct WholeTry {
    blob: BlobKey,
    length: u64,
    received: u64,
    head: Vec<u8>,
    backend: BackendTry,
}

enum BackendTry {
    Local(LocalTry),
    Bucket(BucketTry),
}

impl Store {
    /// Starts a try of a file of one part, under a key of its own.
    ///
    /// # Errors
    /// `Missing` where the plan has more than one part. On a local disk `Full` where a large file has no room, `Busy` or `Io`.
    pub async fn begin_whole(&self, plan: &Plan, expected: ExpectedDigests) -> Result<WholeTry, StoreError> {
        let part = plan.part(1).filter(|part| part.length == plan.size()).ok_or(StoreError::Missing)?;
        // What comes in several blocks lies where the sweep looks for uploads that no row knows, until it is published.
        let name = UploadId::random();
        let blob = BlobKey::of_upload(name);
        let backend = match self.backend() {
            Backend::Local(local) => BackendTry::Local(local.begin_whole(name, plan, part, expected).await?),
            Backend::Bucket(bucket) => BackendTry::Bucket(bucket.begin_whole(blob, plan, part, expected)),
        };
        Ok(WholeTry::new(blob, part, backend))
    }
}

impl WholeTry {
    fn new(blob: BlobKey, part: PartRange, backend: BackendTry) -> Self {
        Self { blob, length: part.length, received: 0, head: Vec::new(), backend }
    }

    /// Takes the next bytes of the body; see [`crate::PartTry::write`].
    ///
    /// # Errors
    /// `TooLong` at the first byte beyond the file's length, `Full`, `Busy` or `Io`. The try is lost.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.received = self.received.saturating_add(bytes.len() as u64);
        if self.received > self.length {
            return Err(StoreError::TooLong { expected: self.length });
        }
        let wanted = SNIFF_LENGTH.saturating_sub(self.head.len());
        self.head.extend_from_slice(&bytes[..wanted.min(bytes.len())]);
        match &mut self.backend {
            BackendTry::Local(local) => local.write(bytes).await,
            BackendTry::Bucket(bucket) => bucket.write(bytes).await,
        }
    }

    /// Ends the try: checks length and digests, and publishes the file under its key.
    ///
    /// # Errors
    /// `TooShort`, `TooLong`, `Digest`, `Full`, `Busy` or `Io`. Nothing of the try counts then.
    pub async fn finish(self) -> Result<WholeFile, StoreError> {
        let (expected, actual) = (self.length, self.received);
        match actual.cmp(&expected) {
            Ordering::Less => return Err(StoreError::TooShort { expected, actual }),
            Ordering::Greater => return Err(StoreError::TooLong { expected }),
            Ordering::Equal => {}
        }
        let digest = match self.backend {
            BackendTry::Local(local) => local.publish(self.blob).await?,
            BackendTry::Bucket(bucket) => bucket.finish().await?.digest,
        };
        Ok(WholeFile { blob: self.blob, digest, head: self.head })
    }
}
