//! One try of one part on a local disk: from the first byte to the last sync.

use strongroom_core::content_digest::{DigestChecker, ExpectedDigests};
use strongroom_core::digest::{Digest, PartHasher};
use strongroom_core::id::{BlobKey, UploadId};
use strongroom_core::upload::{PartRange, Plan};
use tokio::task::JoinHandle;

use crate::blocking::{blocking, joined};
use crate::error::StoreError;
use crate::filling::Filling;
use crate::local::session::LocalSlot;
use crate::local::store::LocalStore;
use crate::local::writer::{Opening, Writer};
use crate::part::StoredPart;

/// How many bytes are gathered for one write: three full buffers of a connection. Each block is a hop to another thread and back,
/// nine futexes, which was a sixth of an upload's cpu at 256 KiB; at 512 KiB 64 uploads would hold more memory than they may.
/// Measured: 256 KiB reaches 2.1 GB/s where 1 MiB reaches 2.3; a `write` for each frame of the network reaches 0.4.
const BLOCK_BYTES: usize = 384 << 10;

/// After so many bytes the disk begins to write while the rest arrives. Without it, parts that come side by side were received together and then
/// synced together, and the disk stood still a third of the time: 1 GiB in 4 parallel parts took 3.0 s where the disk alone takes 2.1.
const EARLY_SYNC_BYTES: u64 = 2 << 20;

/// One try. Dropped unfinished, nothing of it counts: its side file is removed, or its slot freed, once the
/// write that may still be running has ended.
pub(crate) struct LocalTry {
    filling: Filling,
    state: State,
    /// The sync that was begun last, of what had been written by then.
    early_sync: Option<JoinHandle<Result<(), StoreError>>>,
    /// How many bytes have been handed to the disk since.
    unsynced_bytes: u64,
}

enum State {
    /// Of a whole file that is less than a block, until its last byte is there: it is written and published in one go.
    Unopened(Box<Opening>),
    Idle(Ready),
    Writing(JoinHandle<Result<Ready, StoreError>>),
    Failed,
}

/// The writer between two writes, and the block that is not being filled.
type Ready = (Box<Writer>, Vec<u8>);

impl LocalStore {
    pub(crate) async fn begin_part(
        &self,
        upload: UploadId,
        plan: &Plan,
        part: PartRange,
        expected: ExpectedDigests,
        slot: Option<LocalSlot>,
    ) -> Result<LocalTry, StoreError> {
        let store = self.clone();
        let hasher = PartHasher::new(plan, part);
        let checker = DigestChecker::new(expected);
        // A guard of another part guards nothing here; a side file is right whatever the guard.
        let slot = slot.filter(|slot| slot.is_of(upload, part.number));
        let writer = blocking(move || Writer::open(store, upload, part, slot, hasher, checker)).await?;
        let state = State::Idle((Box::new(writer), Vec::new()));
        Ok(LocalTry::new(part, state))
    }

    pub(crate) async fn begin_whole(
        &self,
        name: UploadId,
        plan: &Plan,
        part: PartRange,
        expected: ExpectedDigests,
    ) -> Result<LocalTry, StoreError> {
        let (hasher, checker) = (PartHasher::new(plan, part), DigestChecker::new(expected));
        let opening = Opening { store: self.clone(), hasher, checker };
        let state = if part.length < BLOCK_BYTES as u64 {
            State::Unopened(Box::new(opening))
        } else {
            // A full disk is known before the body is read.
            let writer = blocking(move || Writer::open_whole(opening, name, part)).await?;
            State::Idle((Box::new(writer), Vec::new()))
        };
        Ok(LocalTry::new(part, state))
    }
}

impl LocalTry {
    fn new(part: PartRange, state: State) -> Self {
        Self { filling: Filling::new(part.length, BLOCK_BYTES), state, early_sync: None, unsynced_bytes: 0 }
    }

    /// Waits only while the disk is a whole block behind, so a try never holds more than two blocks (768 KiB) of memory.
    pub(crate) async fn write(&mut self, mut bytes: &[u8]) -> Result<(), StoreError> {
        while !bytes.is_empty() {
            bytes = self.filling.gather(bytes);
            if self.filling.is_full() {
                self.write_block().await?;
            }
        }
        Ok(())
    }

    /// A sync that failed is never tried again: this try is lost, and every later try of the upload gets a file of its own.
    pub(crate) async fn finish(mut self) -> Result<StoredPart, StoreError> {
        let (writer, _) = self.idle_writer().await?;
        self.end_early_sync().await?;
        let last = self.filling.replace(Vec::new());
        let finished = blocking(move || writer.finish(&last)).await?;
        Ok(finished.keep())
    }

    /// As [`Self::finish`], for a whole file: it gets its blob's name.
    pub(crate) async fn publish(mut self, blob: BlobKey) -> Result<Digest, StoreError> {
        let last = self.filling.replace(Vec::new());
        match std::mem::replace(&mut self.state, State::Failed) {
            State::Unopened(opening) => {
                return blocking(move || opening.publish(&last, blob)).await;
            }
            opened => self.state = opened,
        }
        let (writer, _) = self.idle_writer().await?;
        self.end_early_sync().await?;
        blocking(move || writer.publish(&last, blob)).await
    }

    /// Hands the full block to a thread and goes on with the other one.
    async fn write_block(&mut self) -> Result<(), StoreError> {
        let (mut writer, spare) = self.idle_writer().await?;
        self.sync_early(&writer).await?;
        let mut full = self.filling.replace(spare);
        self.unsynced_bytes += full.len() as u64;
        self.state = State::Writing(tokio::task::spawn_blocking(move || {
            writer.write(&full)?;
            full.clear();
            Ok((writer, full))
        }));
        Ok(())
    }

    /// Begins to sync what is written, now and then, if the last such sync has ended.
    async fn sync_early(&mut self, writer: &Writer) -> Result<(), StoreError> {
        let is_syncing = self.early_sync.as_ref().is_some_and(|sync| !sync.is_finished());
        if self.unsynced_bytes < EARLY_SYNC_BYTES || is_syncing {
            return Ok(());
        }
        self.end_early_sync().await?;
        self.unsynced_bytes = 0;
        self.early_sync = writer.early_sync().map(tokio::task::spawn_blocking);
        Ok(())
    }

    /// A sync that failed has taken the report of the failure: a later one would find nothing wrong.
    async fn end_early_sync(&mut self) -> Result<(), StoreError> {
        match self.early_sync.take() {
            Some(sync) => joined(sync.await)?,
            None => Ok(()),
        }
    }

    /// Waits for the running write. The handle stays in `self` meanwhile, so a caller that stops waiting loses nothing.
    async fn idle_writer(&mut self) -> Result<Ready, StoreError> {
        if let State::Writing(handle) = &mut self.state {
            let written = handle.await;
            self.state = State::Failed;
            return joined(written)?;
        }
        match std::mem::replace(&mut self.state, State::Failed) {
            State::Idle(ready) => Ok(ready),
            _ => Err(StoreError::Io("the try has failed before".to_owned())),
        }
    }
}

impl Drop for LocalTry {
    fn drop(&mut self) {
        // A running write owns the writer and drops it on its own thread. An idle one is dropped here, and removing a
        // side file may wait for the disk, so not on a thread that serves requests.
        if let State::Idle((writer, _)) = std::mem::replace(&mut self.state, State::Failed)
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            drop(runtime.spawn_blocking(move || drop(writer)));
        }
    }
}
