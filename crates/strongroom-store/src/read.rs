//! Reading what was published: in blocks, never far ahead of who reads.

use std::fs::File;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::Either;
use futures_util::stream::Stream;
use futures_util::{StreamExt as _, pin_mut};
use strongroom_core::id::BlobKey;
use strongroom_core::rendition::{RenditionFormat, RenditionName};

use crate::bucket::BucketReader;
use crate::error::StoreError;
use crate::local::LocalReader;
use crate::names;
use crate::store::{Backend, Store};

/// Published bytes, opened. On a local disk they stay readable while it lives, whatever is deleted meanwhile; in a bucket a
/// read that has begun goes on only as far as the object store lets it.
#[derive(Debug, Clone)]
pub struct BlobReader {
    backend: BackendReader,
}

/// The next of what is read.
#[derive(Debug)]
pub enum Piece {
    /// Bytes.
    Bytes(Bytes),
    /// Bytes of a file that were in the page cache a moment ago, for who can send them from there.
    Cached {
        /// The file.
        file: Arc<File>,
        /// Which of its bytes.
        range: Range<u64>,
    },
}

impl Piece {
    /// The longest [`Piece::Cached`].
    pub const MOST_CACHED_BYTES: usize = 1 << 20;
}

#[derive(Debug, Clone)]
enum BackendReader {
    Local(LocalReader),
    Bucket(BucketReader),
}

impl Store {
    /// Opens an original.
    ///
    /// # Errors
    /// `Missing`, `Busy` or `Io`.
    pub async fn open_blob(&self, blob: BlobKey) -> Result<BlobReader, StoreError> {
        let backend = match self.backend() {
            Backend::Local(local) => BackendReader::Local(local.open_reader(local.layout().blob(blob)).await?),
            Backend::Bucket(bucket) => BackendReader::Bucket(bucket.open_reader(names::blob(blob)).await?),
        };
        Ok(BlobReader { backend })
    }

    /// Opens a rendition of `blob`.
    ///
    /// # Errors
    /// `Missing`, `Busy` or `Io`.
    pub async fn open_rendition(
        &self,
        blob: BlobKey,
        name: RenditionName,
        format: RenditionFormat,
    ) -> Result<BlobReader, StoreError> {
        let backend = match self.backend() {
            Backend::Local(local) => {
                BackendReader::Local(local.open_reader(local.layout().rendition(blob, name, format)).await?)
            }
            Backend::Bucket(bucket) => {
                BackendReader::Bucket(bucket.open_reader(names::rendition(blob, name, format)).await?)
            }
        };
        Ok(BlobReader { backend })
    }

    /// Opens what has this name.
    pub(crate) async fn open_named(&self, name: String) -> Result<BlobReader, StoreError> {
        let backend = match self.backend() {
            Backend::Local(local) => BackendReader::Local(local.open_reader(local.layout().root().join(name)).await?),
            Backend::Bucket(bucket) => BackendReader::Bucket(bucket.open_reader(name).await?),
        };
        Ok(BlobReader { backend })
    }

    /// The first `length` bytes of an original, or all of a shorter one.
    ///
    /// # Errors
    /// `Missing`, `Busy` or `Io`.
    pub async fn read_blob_head(&self, blob: BlobKey, length: usize) -> Result<Bytes, StoreError> {
        let reader = self.open_blob(blob).await?;
        let blocks = reader.read(0..length as u64);
        pin_mut!(blocks);
        let mut head = Vec::new();
        while let Some(block) = blocks.next().await {
            head.extend_from_slice(&block?);
        }
        Ok(head.into())
    }

    /// A URL by which an original is read from the object store itself within `lifetime`, answered with this `Content-Type`
    /// and `Content-Disposition`. `None` on a local disk.
    ///
    /// # Errors
    /// `Io`.
    pub async fn presign_blob(
        &self,
        blob: BlobKey,
        lifetime: Duration,
        content_type: &str,
        disposition: &str,
    ) -> Result<Option<String>, StoreError> {
        match self.backend() {
            Backend::Local(_) => Ok(None),
            Backend::Bucket(bucket) => {
                bucket.presign_read(&names::blob(blob), lifetime, content_type, disposition).await.map(Some)
            }
        }
    }

    /// As [`Store::presign_blob`], for a rendition of `blob`.
    ///
    /// # Errors
    /// `Io`.
    pub async fn presign_rendition(
        &self,
        blob: BlobKey,
        name: RenditionName,
        format: RenditionFormat,
        lifetime: Duration,
        content_type: &str,
        disposition: &str,
    ) -> Result<Option<String>, StoreError> {
        let rendition = names::rendition(blob, name, format);
        match self.backend() {
            Backend::Local(_) => Ok(None),
            Backend::Bucket(bucket) => {
                bucket.presign_read(&rendition, lifetime, content_type, disposition).await.map(Some)
            }
        }
    }
}

impl BlobReader {
    /// How many bytes there are.
    #[must_use]
    pub const fn len(&self) -> u64 {
        match &self.backend {
            BackendReader::Local(local) => local.len(),
            BackendReader::Bucket(bucket) => bucket.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes of `range`, cut to what there is, in blocks of at most 128 KiB.
    ///
    /// # Errors
    /// In the stream: `Io`, also where the file became shorter; from a bucket `Busy` and `Missing` too. The stream ends with
    /// the first error.
    pub fn read(&self, range: Range<u64>) -> impl Stream<Item = Result<Bytes, StoreError>> + Send + 'static {
        let range = range.start.min(self.len())..range.end.min(self.len());
        match &self.backend {
            BackendReader::Local(local) => Either::Left(local.read(range)),
            BackendReader::Bucket(bucket) => Either::Right(bucket.read(range)),
        }
    }

    /// As [`BlobReader::read`], with what is in the page cache left there.
    ///
    /// # Errors
    /// As those of [`BlobReader::read`].
    pub fn read_pieces(&self, range: Range<u64>) -> impl Stream<Item = Result<Piece, StoreError>> + Send + 'static {
        let range = range.start.min(self.len())..range.end.min(self.len());
        match &self.backend {
            BackendReader::Local(local) => Either::Left(local.read_pieces(range)),
            BackendReader::Bucket(bucket) => Either::Right(bucket.read(range).map(|block| Ok(Piece::Bytes(block?)))),
        }
    }
}
