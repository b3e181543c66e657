//! The store itself: what every operation shares.

use std::path::Path;
use std::sync::Arc;

use strongroom_core::id::UploadId;
use tokio::task::JoinError;

use crate::disk::{Disk, Durability};
use crate::error::StoreError;
use crate::fault::Hook;
use crate::layout::Layout;
use crate::session::{Registry, SlotGuard};

/// Bytes below one root directory. Cheap to clone; all clones are one store.
#[derive(Clone)]
pub struct Store {
    shared: Arc<Shared>,
}

struct Shared {
    disk: Disk,
    layout: Layout,
    registry: Registry,
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
        let disk = Disk::new(durability, hook);
        let layout = Layout::create(root, &disk)?;
        let store = Self { shared: Arc::new(Shared { disk, layout, registry: Registry::default() }) };
        match store.keep_reserve_now() {
            // Who starts on a full disk is needed most there.
            Ok(()) | Err(StoreError::Full) => Ok(store),
            Err(error) => Err(error),
        }
    }

    /// Takes the slot of part `number`, so that it can be written in place. `None` where another try has it, or where a
    /// sync of the upload's staging file has failed: the part goes to a side file then.
    #[must_use]
    pub fn try_slot(&self, upload: UploadId, number: u32) -> Option<SlotGuard> {
        SlotGuard::acquire(self.registry().session(upload), number)
    }

    /// How many bytes an unprivileged process may still write.
    ///
    /// # Errors
    /// `Io`.
    pub async fn free_bytes(&self) -> Result<u64, StoreError> {
        let store = self.clone();
        blocking(move || {
            let root = store.layout().root();
            let space = rustix::fs::statvfs(root).map_err(|e| StoreError::of("inspect", root, &e.into()))?;
            Ok(space.f_bavail.saturating_mul(space.f_frsize))
        })
        .await
    }

    pub(crate) fn disk(&self) -> &Disk {
        &self.shared.disk
    }

    pub(crate) fn layout(&self) -> &Layout {
        &self.shared.layout
    }

    pub(crate) fn registry(&self) -> &Registry {
        &self.shared.registry
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Store({})", self.layout().root().display())
    }
}

/// Runs `work` where it may wait for the disk.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    joined(tokio::task::spawn_blocking(work).await)?
}

/// A thread that did not come back is a failure like any other.
pub(crate) fn joined<T>(result: Result<T, JoinError>) -> Result<T, StoreError> {
    result.map_err(|error| StoreError::Io(format!("a disk operation did not end: {error}")))
}
