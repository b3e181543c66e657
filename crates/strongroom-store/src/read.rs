//! Reading what was published: in blocks, by positioned reads, never further ahead than one block.

use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream::{self, Stream};
use strongroom_core::id::{BlobKey, UploadId};
use strongroom_core::rendition::{RenditionFormat, RenditionName};
use tokio::task::JoinHandle;

use crate::error::StoreError;
use crate::part::PartLocation;
use crate::store::{Store, blocking, joined};

/// How many bytes one read takes. A reader that stalls holds two such blocks: the one it was given, and the one after.
const BLOCK_BYTES: u64 = 128 << 10;

/// Published bytes, opened. They stay readable while it lives, whatever is deleted meanwhile.
#[derive(Debug, Clone)]
pub struct BlobReader {
    file: Arc<File>,
    path: PathBuf,
    length: u64,
}

impl Store {
    /// Opens an original.
    ///
    /// # Errors
    /// `Missing` or `Io`.
    pub async fn open_blob(&self, blob: BlobKey) -> Result<BlobReader, StoreError> {
        self.open_reader(self.layout().blob(blob)).await
    }

    /// Opens a rendition of `blob`.
    ///
    /// # Errors
    /// `Missing` or `Io`.
    pub async fn open_rendition(
        &self,
        blob: BlobKey,
        name: RenditionName,
        format: RenditionFormat,
    ) -> Result<BlobReader, StoreError> {
        self.open_reader(self.layout().rendition(blob, name, format)).await
    }

    /// The first `length` bytes of an original, or all of a shorter one.
    ///
    /// # Errors
    /// `Missing` or `Io`.
    pub async fn read_blob_head(&self, blob: BlobKey, length: usize) -> Result<Bytes, StoreError> {
        self.open_blob(blob).await?.head(length).await
    }

    /// The first `length` bytes of an upload that is not published yet, or all of a shorter first part; `first_part` is
    /// where part 1 is.
    ///
    /// # Errors
    /// `Missing` or `Io`.
    pub async fn read_staged_head(
        &self,
        upload: UploadId,
        first_part: PartLocation,
        length: usize,
    ) -> Result<Bytes, StoreError> {
        let path = match first_part {
            PartLocation::InPlace => self.layout().staging(upload),
            PartLocation::Side(generation) => self.layout().side(upload, 1, generation),
        };
        self.open_reader(path).await?.head(length).await
    }

    async fn open_reader(&self, path: PathBuf) -> Result<BlobReader, StoreError> {
        let store = self.clone();
        blocking(move || {
            let file = store.disk().open_read(&path)?;
            let length = file.metadata().map_err(|e| StoreError::of("inspect", &path, &e))?.len();
            Ok(BlobReader { file: Arc::new(file), path, length })
        })
        .await
    }
}

impl BlobReader {
    /// How many bytes there are.
    #[must_use]
    pub const fn len(&self) -> u64 {
        self.length
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Where the bytes are on this machine.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The open file, for those who send from it directly. Its cursor is shared: read by position only.
    #[must_use]
    pub fn file(&self) -> &File {
        &self.file
    }

    /// The bytes of `range`, cut to what there is, in blocks of at most 128 KiB.
    ///
    /// # Errors
    /// In the stream: `Io`, also where the file became shorter. The stream ends with the first error.
    pub fn read(&self, range: Range<u64>) -> impl Stream<Item = Result<Bytes, StoreError>> + Send + 'static {
        let rest = range.start.min(self.length)..range.end.min(self.length);
        stream::unfold(Ahead { reader: self.clone(), rest, next: None }, |mut ahead| async {
            let block = ahead.take().await?;
            Some((block, ahead))
        })
    }

    async fn head(&self, length: usize) -> Result<Bytes, StoreError> {
        let reader = self.clone();
        let end = self.length.min(length as u64);
        blocking(move || reader.read_block(0..end)).await
    }

    fn read_block(&self, range: Range<u64>) -> Result<Bytes, StoreError> {
        let length = usize::try_from(range.end.saturating_sub(range.start));
        let mut block = vec![0; length.map_err(|_| StoreError::Io("a block larger than memory".to_owned()))?];
        self.file.read_exact_at(&mut block, range.start).map_err(|e| StoreError::of("read", &self.path, &e))?;
        Ok(block.into())
    }
}

/// A range that is being read, with the next block on its way.
struct Ahead {
    reader: BlobReader,
    rest: Range<u64>,
    next: Option<JoinHandle<Result<Bytes, StoreError>>>,
}

impl Ahead {
    /// The next block; the one after it is asked for before this one is handed out, so disk and network overlap.
    async fn take(&mut self) -> Option<Result<Bytes, StoreError>> {
        let running = self.next.take().or_else(|| self.start())?;
        let block = joined(running.await).and_then(|read| read);
        match block {
            Ok(_) => self.next = self.start(),
            Err(_) => self.rest = 0..0,
        }
        Some(block)
    }

    fn start(&mut self) -> Option<JoinHandle<Result<Bytes, StoreError>>> {
        if self.rest.is_empty() {
            return None;
        }
        let block = self.rest.start..self.rest.end.min(self.rest.start.saturating_add(BLOCK_BYTES));
        self.rest.start = block.end;
        let reader = self.reader.clone();
        Some(tokio::task::spawn_blocking(move || reader.read_block(block)))
    }
}
