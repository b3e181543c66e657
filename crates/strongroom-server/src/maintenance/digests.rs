//! Reading whole files for their digests, a block at a time.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::{StreamExt as _, pin_mut};
use sha2::{Digest as _, Sha256};
use strongroom_catalog::records::KeptBlob;
use strongroom_core::digest::{Digest, FileHasher, PartHasher};
use strongroom_core::media::Format;
use strongroom_core::upload::{PartRange, Plan};
use strongroom_store::{BlobReader, StoreError};

use super::MaintenanceError;
use super::backup::create;
use super::pace::Pace;

/// How much of a file is read at a time.
const BLOCK_BYTES: usize = 256 << 10;

/// Reads a file to its end, hands every block to `take`, and answers the BLAKE3.
pub(crate) fn hash_file(file: &mut File, mut take: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<Digest> {
    let (mut hasher, mut block) = (FileHasher::new(), vec![0; BLOCK_BYTES]);
    loop {
        let read = file.read(&mut block)?;
        if read == 0 {
            return Ok(hasher.finish());
        }
        hasher.update(&block[..read]);
        take(&block[..read])?;
    }
}

/// Reads at a pace, and counts what it reads.
#[derive(Debug)]
pub(super) struct Digester {
    pace: Pace,
    bytes_read: AtomicU64,
}

impl Digester {
    pub(super) fn new(bytes_per_second: Option<u64>) -> Self {
        Self { pace: Pace::new(bytes_per_second), bytes_read: AtomicU64::new(0) }
    }

    /// Bytes read so far.
    pub(super) fn bytes_read(&self) -> u64 {
        self.bytes_read.load(Ordering::Relaxed)
    }

    /// The BLAKE3 of all there is.
    pub(super) async fn of_file(&self, reader: &BlobReader) -> Result<Digest, StoreError> {
        let mut hasher = FileHasher::new();
        self.read(reader, 0..reader.len(), |block| hasher.update(block)).await?;
        Ok(hasher.finish())
    }

    /// The digest of a part that lies in `range`, as it was told to its sender.
    pub(super) async fn of_part(
        &self,
        reader: &BlobReader,
        plan: &Plan,
        part: PartRange,
        range: Range<u64>,
    ) -> Result<Digest, StoreError> {
        let mut hasher = PartHasher::new(plan, part);
        self.read(reader, range, |block| hasher.update(block)).await?;
        Ok(hasher.finish())
    }

    /// The digest of an original as its row has it: of a signed PDF, which is filed apart from uploads of the same bytes, that
    /// is the SHA-256 (`services/documents.rs`).
    pub(super) async fn as_filed(&self, blob: &KeptBlob, reader: &BlobReader) -> Result<Digest, StoreError> {
        if blob.format != Some(Format::Pdf) {
            return self.of_file(reader).await;
        }
        let mut hasher = Sha256::new();
        self.read(reader, 0..reader.len(), |block| hasher.update(block)).await?;
        Ok(Digest::from_bytes(hasher.finalize().into()))
    }

    /// Writes all there is to a new file at `path`, that only this user can read. Answers the BLAKE3.
    pub(super) async fn write_aside(&self, reader: &BlobReader, path: &Path) -> Result<Digest, MaintenanceError> {
        let (mut file, mut hasher, mut failed) = (create(path)?, FileHasher::new(), Ok(()));
        let writing = self.read(reader, 0..reader.len(), |block| {
            hasher.update(block);
            if failed.is_ok() {
                failed = file.write_all(block);
            }
        });
        writing.await?;
        failed.map_err(MaintenanceError::at(path))?;
        Ok(hasher.finish())
    }

    /// Waits until a block that somebody else has read may pass, and counts it.
    pub(super) async fn pass(&self, block: &[u8]) {
        self.pace.pass(block.len()).await;
        self.bytes_read.fetch_add(block.len() as u64, Ordering::Relaxed);
    }

    /// Hands every block of `range` to `take`.
    pub(super) async fn read(
        &self,
        reader: &BlobReader,
        range: Range<u64>,
        mut take: impl FnMut(&[u8]),
    ) -> Result<(), StoreError> {
        let blocks = reader.read(range);
        pin_mut!(blocks);
        while let Some(block) = blocks.next().await {
            let block = block?;
            self.pass(&block).await;
            take(&block);
        }
        Ok(())
    }
}
