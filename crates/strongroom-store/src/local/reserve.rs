//! Room kept aside, so that deleting works on a full disk.
//!
//! Whoever frees an upload's bytes commits a row first, and a catalog without a page left cannot take one, however many
//! bytes that row would free: a full vault could only be emptied behind its back. So a few blocks are never used, until
//! such a row needs them.

use std::os::unix::fs::MetadataExt as _;

use rustix::fs::FallocateFlags;

use crate::blocking::blocking;
use crate::error::StoreError;
use crate::local::store::LocalStore;

/// Enough for hundreds of rows, and less than a part of the usual size, so that the parts which filled the disk do not take
/// it when it is given up.
const RESERVE_BYTES: u64 = 4 << 20;

impl LocalStore {
    pub(crate) async fn keep_reserve(&self) -> Result<(), StoreError> {
        let store = self.clone();
        blocking(move || store.keep_reserve_now()).await
    }

    pub(crate) async fn give_up_reserve(&self) -> Result<u64, StoreError> {
        let store = self.clone();
        blocking(move || {
            let path = store.layout().reserve();
            let file = match store.disk().open_write(&path) {
                Err(StoreError::Missing) => return Ok(0),
                opened => opened?,
            };
            let failed = |e| StoreError::of("give up", &path, &e);
            let freed = file.metadata().map_err(failed)?.blocks() * 512;
            // Made short rather than removed: its name is there for the next time, when there may be no room for one.
            file.set_len(0).map_err(failed)?;
            Ok(freed)
        })
        .await
    }

    /// As [`Store::keep_reserve`], on the caller's thread.
    pub(crate) fn keep_reserve_now(&self) -> Result<(), StoreError> {
        let path = self.layout().reserve();
        let file = self.disk().open_or_create(&path)?;
        match rustix::fs::fallocate(&file, FallocateFlags::empty(), 0, RESERVE_BYTES) {
            // Where blocks cannot be set aside without writing them, there is no reserve.
            Ok(()) | Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::NOSYS) => Ok(()),
            Err(error) => Err(StoreError::of("reserve space in", &path, &error.into())),
        }
    }
}
