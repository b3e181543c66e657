//! Where everything lies below the root. Paths are asked of this type and formatted nowhere else; what is called what is in
//! [`crate::names`]. Two things are only here:
//!
//! ```text
//! scratch/3f0c…-uuid.8d1b…/{input,out/}          one render job's own directory
//! reserve                                       room for the rows that free other bytes
//! ```
//!
//! The 256 shards of each area exist from the start, so that a new file never waits for a new directory to be synced, and
//! no directory grows to millions of names.

use std::path::{Path, PathBuf};

use strongroom_core::id::{BlobKey, UploadId};
use strongroom_core::rendition::{RenditionFormat, RenditionName};

use crate::directory::{create_root, ensure_directory};
use crate::error::StoreError;
use crate::local::disk::Disk;
use crate::names::{self, Area};

/// The paths below one root.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    root: PathBuf,
}

impl Layout {
    /// Creates what is missing of the layout, and refuses what is not a private directory of ours.
    pub(crate) fn create(root: &Path, disk: &Disk) -> Result<Self, StoreError> {
        let layout = Self { root: root.to_owned() };
        let is_new = !root.exists();
        create_root(root)?;
        if let (true, Some(parent)) = (is_new, root.canonicalize().ok().as_deref().and_then(Path::parent)) {
            disk.sync_directory(parent)?;
        }
        ensure_directory(&layout.scratch_area())?;
        for area in Area::ALL {
            ensure_directory(&root.join(area.name()))?;
            for shard in 0..=u8::MAX {
                ensure_directory(&layout.shard(area, shard))?;
            }
            // Also where all were there: the process that made them may have been killed before it synced them.
            disk.sync_directory(&root.join(area.name()))?;
        }
        disk.sync_directory(root)?;
        Ok(layout)
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn shard(&self, area: Area, shard: u8) -> PathBuf {
        self.root.join(area.shard(shard))
    }

    /// The shard in which an upload's files lie.
    pub(crate) fn staging_shard(&self, upload: UploadId) -> PathBuf {
        self.root.join(names::staging_shard(upload))
    }

    /// The file that an upload's parts share.
    pub(crate) fn staging(&self, upload: UploadId) -> PathBuf {
        self.root.join(names::staging(upload))
    }

    /// The file of one try of one part.
    pub(crate) fn side(&self, upload: UploadId, number: u32, generation: u64) -> PathBuf {
        self.root.join(names::side(upload, number, generation))
    }

    /// An original.
    pub(crate) fn blob(&self, blob: BlobKey) -> PathBuf {
        self.root.join(names::blob(blob))
    }

    /// A rendition.
    pub(crate) fn rendition(&self, blob: BlobKey, name: RenditionName, format: RenditionFormat) -> PathBuf {
        self.root.join(names::rendition(blob, name, format))
    }

    /// The directory of all scratch directories.
    pub(crate) fn scratch_area(&self) -> PathBuf {
        self.root.join("scratch")
    }

    /// The file that keeps room aside.
    pub(crate) fn reserve(&self) -> PathBuf {
        self.root.join("reserve")
    }
}
