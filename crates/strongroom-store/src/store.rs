//! The store itself: which backend it has, and what both share.

use std::path::Path;

use strongroom_core::id::UploadId;

use crate::bucket::{BucketOptions, BucketStore};
use crate::directory::free_bytes;
use crate::error::StoreError;
use crate::fault::Hook;
use crate::local::{Durability, LocalSlot, LocalStore};
use crate::slot::SlotGuard;

/// Bytes below one root directory, or in a bucket. Cheap to clone; all clones are one store.
#[derive(Clone)]
pub struct Store {
    backend: Backend,
}

/// Where the bytes are.
#[derive(Clone)]
pub(crate) enum Backend {
    Local(LocalStore),
    Bucket(BucketStore),
}

impl Store {
    /// Opens the store below `root` and creates what is missing there. Blocks; meant for the start of a process.
    ///
    /// # Errors
    /// `Full` or `Io`; also where something that is no directory has one of our names.
    pub fn open(root: &Path, durability: Durability) -> Result<Self, StoreError> {
        Self::with_hook(root, durability, None)
    }

    /// As [`Store::open`], with a hook that tests use to make the disk fail.
    ///
    /// # Errors
    /// As [`Store::open`].
    #[doc(hidden)]
    pub fn with_hook(root: &Path, durability: Durability, hook: Option<Hook>) -> Result<Self, StoreError> {
        Ok(Self { backend: Backend::Local(LocalStore::open(root, durability, hook)?) })
    }

    /// Opens the store in a bucket, with scratch directories below `root` on the local disk. Writes, reads, lists and deletes
    /// a small object first, so that a setting which is wrong is known at the start.
    ///
    /// # Errors
    /// `Busy` where the object store does not answer, `Full`, or `Io` with what is wrong: the URL, the bucket, the key, the
    /// secret or the clock.
    pub async fn open_bucket(options: &BucketOptions, root: &Path) -> Result<Self, StoreError> {
        Ok(Self { backend: Backend::Bucket(BucketStore::open(options, root).await?) })
    }

    /// Whether other machines may write the same store. Then the caller keeps slots, entity tags and the ids of multipart
    /// uploads in its catalog.
    #[must_use]
    pub const fn is_shared(&self) -> bool {
        matches!(self.backend, Backend::Bucket(_))
    }

    /// Takes the slot of part `number`, so that it can be written in place. `None` where another try has it, or where a
    /// sync of the upload's staging file has failed: the part goes to a side file then.
    ///
    /// In a bucket it is always given: the caller has claimed the slot in its catalog before it asks.
    #[must_use]
    pub fn try_slot(&self, upload: UploadId, number: u32) -> Option<SlotGuard> {
        match &self.backend {
            Backend::Local(local) => {
                LocalSlot::acquire(local.registry().session(upload), number).map(SlotGuard::of_local)
            }
            Backend::Bucket(_) => Some(SlotGuard::claimed(upload, number)),
        }
    }

    /// Whether this process has begun to write parts of the upload, and has neither published nor discarded them. In a bucket only
    /// the rows tell.
    #[must_use]
    pub fn has_begun(&self, upload: UploadId) -> bool {
        match &self.backend {
            Backend::Local(local) => local.registry().knows(upload),
            Backend::Bucket(_) => false,
        }
    }

    /// How many bytes an unprivileged process may still write on the local disk, which for a bucket is the scratch disk's.
    ///
    /// # Errors
    /// `Io`.
    pub fn free_bytes(&self) -> Result<u64, StoreError> {
        // Not on another thread: a local file system has these numbers in memory.
        free_bytes(match &self.backend {
            Backend::Local(local) => local.layout().root(),
            Backend::Bucket(bucket) => bucket.scratch_area(),
        })
    }

    /// Sets the reserve aside, as far as there is room: a few blocks that are never used until a row needs them which frees
    /// others. May be run again, and costs nothing where it is whole, nor for a bucket, which needs none.
    ///
    /// # Errors
    /// `Full` where the disk has no room for it, or `Io`.
    pub async fn keep_reserve(&self) -> Result<(), StoreError> {
        match &self.backend {
            Backend::Local(local) => local.keep_reserve().await,
            Backend::Bucket(_) => Ok(()),
        }
    }

    /// Gives the reserve up, and tells how many bytes are free by that. Discarding an upload sets it aside again.
    ///
    /// # Errors
    /// `Io`.
    pub async fn give_up_reserve(&self) -> Result<u64, StoreError> {
        match &self.backend {
            Backend::Local(local) => local.give_up_reserve().await,
            Backend::Bucket(_) => Ok(0),
        }
    }

    pub(crate) const fn backend(&self) -> &Backend {
        &self.backend
    }

    /// The bucket, for what only a bucket can do.
    pub(crate) fn bucket(&self) -> Result<&BucketStore, StoreError> {
        match &self.backend {
            Backend::Bucket(bucket) => Ok(bucket),
            Backend::Local(_) => Err(StoreError::Io("a local disk has no multipart uploads".to_owned())),
        }
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.backend {
            Backend::Local(local) => write!(f, "Store({})", local.layout().root().display()),
            Backend::Bucket(bucket) => write!(f, "Store({bucket})"),
        }
    }
}
