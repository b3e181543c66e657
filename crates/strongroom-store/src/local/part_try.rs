//! One try of one part on a local disk: from the first byte to the last sync.

use std::cmp::Ordering;

use strongroom_core::content_digest::{DigestChecker, ExpectedDigests};
use strongroom_core::digest::PartHasher;
use strongroom_core::id::UploadId;
use strongroom_core::upload::{PartRange, Plan};
use tokio::task::JoinHandle;

use crate::blocking::{blocking, joined};
use crate::error::StoreError;
use crate::local::session::LocalSlot;
use crate::local::store::LocalStore;
use crate::local::writer::Writer;
use crate::part::StoredPart;

/// How many bytes are gathered for one write. Measured: 256 KiB reaches 2.1 GB/s where 1 MiB reaches 2.3, at a quarter of
/// the memory; a `write` for each frame of the network reaches 0.4.
const BLOCK_BYTES: usize = 256 << 10;

/// One try. Dropped unfinished, nothing of it counts: its side file is removed, or its slot freed, once the
/// write that may still be running has ended.
pub(crate) struct LocalTry {
    length: u64,
    received: u64,
    filling: Vec<u8>,
    state: State,
}

enum State {
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
        Ok(LocalTry { length: part.length, received: 0, filling: Vec::new(), state })
    }
}

impl LocalTry {
    /// Waits only while the disk is a whole block behind, so a try never holds more than two blocks (512 KiB) of memory.
    pub(crate) async fn write(&mut self, mut bytes: &[u8]) -> Result<(), StoreError> {
        self.received = self.received.saturating_add(bytes.len() as u64);
        if self.received > self.length {
            return Err(StoreError::TooLong { expected: self.length });
        }
        while !bytes.is_empty() {
            if self.filling.capacity() == 0 {
                // A small part needs no large block.
                self.filling.reserve_exact(usize::try_from(self.length).map_or(BLOCK_BYTES, |l| l.min(BLOCK_BYTES)));
            }
            let room = BLOCK_BYTES - self.filling.len();
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            self.filling.extend_from_slice(now);
            bytes = later;
            if self.filling.len() == BLOCK_BYTES {
                self.write_block().await?;
            }
        }
        Ok(())
    }

    /// A sync that failed is never tried again: this try is lost, and every later try of the upload gets a file of its own.
    pub(crate) async fn finish(mut self) -> Result<StoredPart, StoreError> {
        let (expected, actual) = (self.length, self.received);
        match actual.cmp(&expected) {
            Ordering::Less => return Err(StoreError::TooShort { expected, actual }),
            Ordering::Greater => return Err(StoreError::TooLong { expected }),
            Ordering::Equal => {}
        }
        let (writer, _) = self.idle_writer().await?;
        let last = std::mem::take(&mut self.filling);
        let finished = blocking(move || writer.finish(&last)).await?;
        Ok(finished.keep())
    }

    /// Hands the full block to a thread and goes on with the other one.
    async fn write_block(&mut self) -> Result<(), StoreError> {
        let (mut writer, mut spare) = self.idle_writer().await?;
        std::mem::swap(&mut self.filling, &mut spare);
        self.state = State::Writing(tokio::task::spawn_blocking(move || {
            writer.write(&spare)?;
            spare.clear();
            Ok((writer, spare))
        }));
        Ok(())
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
