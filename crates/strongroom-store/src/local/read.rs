//! Reading from the local disk: in blocks, by positioned reads, never further ahead than one block.

use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream::{self, Stream};
use tokio::task::JoinHandle;

use crate::blocking::{blocking, joined};
use crate::error::StoreError;
use crate::local::store::LocalStore;

/// How many bytes one read takes. A reader that stalls holds two such blocks: the one it was given, and the one after.
const BLOCK_BYTES: u64 = 128 << 10;

/// Published bytes, opened. They stay readable while it lives, whatever is deleted meanwhile.
#[derive(Debug, Clone)]
pub(crate) struct LocalReader {
    file: Arc<File>,
    path: PathBuf,
    length: u64,
}

impl LocalStore {
    pub(crate) async fn open_reader(&self, path: PathBuf) -> Result<LocalReader, StoreError> {
        let store = self.clone();
        blocking(move || {
            let file = store.disk().open_read(&path)?;
            let length = file.metadata().map_err(|e| StoreError::of("inspect", &path, &e))?.len();
            Ok(LocalReader { file: Arc::new(file), path, length })
        })
        .await
    }
}

impl LocalReader {
    pub(crate) const fn len(&self) -> u64 {
        self.length
    }

    pub(crate) fn read(&self, range: Range<u64>) -> impl Stream<Item = Result<Bytes, StoreError>> + Send + 'static {
        let rest = range.start.min(self.length)..range.end.min(self.length);
        stream::unfold(Ahead { reader: self.clone(), rest, next: None }, |mut ahead| async {
            let block = ahead.take().await?;
            Some((block, ahead))
        })
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
    reader: LocalReader,
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
