//! What every operation on the local disk shares.

use std::path::Path;
use std::sync::Arc;

use crate::error::StoreError;
use crate::fault::Hook;
use crate::local::blocks::Blocks;
use crate::local::disk::{Disk, Durability};
use crate::local::layout::Layout;
use crate::local::session::Registry;

/// Bytes below one root directory. Cheap to clone; all clones are one store.
#[derive(Clone)]
pub(crate) struct LocalStore {
    shared: Arc<Shared>,
}

struct Shared {
    disk: Disk,
    layout: Layout,
    registry: Registry,
    blocks: Blocks,
}

impl LocalStore {
    pub(crate) fn open(root: &Path, durability: Durability, hook: Option<Hook>) -> Result<Self, StoreError> {
        let disk = Disk::new(durability, hook);
        let layout = Layout::create(root, &disk)?;
        let store = Self {
            shared: Arc::new(Shared { disk, layout, registry: Registry::default(), blocks: Blocks::default() }),
        };
        match store.keep_reserve_now() {
            // Who starts on a full disk is needed most there.
            Ok(()) | Err(StoreError::Full) => Ok(store),
            Err(error) => Err(error),
        }
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

    pub(super) fn blocks(&self) -> &Blocks {
        &self.shared.blocks
    }
}
