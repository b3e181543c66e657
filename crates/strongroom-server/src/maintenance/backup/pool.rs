//! Originals and renditions of all snapshots. Each file is there whole, or not at all, and is never written again.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use strongroom_core::digest::Digest;
use strongroom_store::{Store, StoreError, StoredName};

use super::files::{file_digest, make_directory, publish, sync_directory};
use crate::maintenance::MaintenanceError;
use crate::maintenance::digests::Digester;

/// The areas, as the store has them.
const AREAS: [&str; 2] = ["blobs", "renditions"];

/// The files of a backup.
pub(super) struct Pool<'s> {
    root: PathBuf,
    store: &'s Store,
    digester: &'s Digester,
    /// Numbers files that are being written.
    next: AtomicU64,
}

/// A file that shall be kept.
pub(super) struct Wanted<'p> {
    /// What it is in the store.
    pub(super) name: StoredName,
    /// Where it is kept, below the backup's directory.
    pub(super) path: &'p Path,
    pub(super) size: u64,
    /// What it has to be, where that is known.
    pub(super) digest: Option<Digest>,
}

/// How a file came to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    Linked,
    Copied,
    /// An older snapshot has it.
    Reused,
}

impl<'s> Pool<'s> {
    /// Opens the pool of a backup, without what a dead run was writing.
    pub(super) fn open(root: &Path, store: &'s Store, digester: &'s Digester) -> Result<Self, MaintenanceError> {
        let aside = root.join("aside");
        if aside.exists() {
            fs::remove_dir_all(&aside).map_err(MaintenanceError::at(&aside))?;
        }
        make_directory(&aside)?;
        for area in AREAS {
            for shard in 0..=u8::MAX {
                make_directory(&root.join(format!("{area}/{shard:02x}")))?;
            }
            sync_directory(&root.join(area))?;
        }
        Ok(Self { root: root.to_owned(), store, digester, next: AtomicU64::new(0) })
    }

    /// Brings the names of a shard's new files to stable storage.
    pub(super) fn sync(&self, shard: u8) -> Result<(), MaintenanceError> {
        AREAS.iter().try_for_each(|area| sync_directory(&self.root.join(format!("{area}/{shard:02x}"))))
    }

    /// Keeps a file: it is here already, or it is linked, or copied. `None` where the store does not have it, or has other
    /// bytes.
    pub(super) async fn keep(&self, wanted: &Wanted<'_>) -> Result<Option<(How, Digest)>, MaintenanceError> {
        let to = self.root.join(wanted.path);
        let how = if self.has(&to, wanted.size) { How::Reused } else { How::Linked };
        if how == How::Linked {
            match self.store.link_to(&wanted.name, &to).await {
                Ok(true) if self.has(&to, wanted.size) => {}
                Ok(true) => {
                    fs::remove_file(&to).map_err(MaintenanceError::at(&to))?;
                    return Ok(None);
                }
                Ok(false) => return self.copy(wanted, &to).await,
                Err(StoreError::Missing) => return Ok(None),
                Err(error) => return Err(error.into()),
            }
        }
        let digest = wanted.digest.map_or_else(|| file_digest(&to), Ok)?;
        Ok(Some((how, digest)))
    }

    /// Whether a file of this length is here; one of another length is nothing that was kept, and goes.
    fn has(&self, path: &Path, size: u64) -> bool {
        match fs::symlink_metadata(path) {
            Ok(metadata) if metadata.is_file() && metadata.len() == size => true,
            Ok(_) => {
                drop(fs::remove_file(path));
                false
            }
            Err(_) => false,
        }
    }

    async fn copy(&self, wanted: &Wanted<'_>, to: &Path) -> Result<Option<(How, Digest)>, MaintenanceError> {
        let reader = match &wanted.name {
            StoredName::Rendition { blob, name, format } => self.store.open_rendition(*blob, *name, *format).await,
            StoredName::Original(blob) => self.store.open_blob(*blob).await,
            _ => return Ok(None),
        };
        let reader = match reader {
            Err(StoreError::Missing) => return Ok(None),
            opened => opened?,
        };
        if reader.len() != wanted.size {
            return Ok(None);
        }
        let aside = self.root.join("aside").join(self.next.fetch_add(1, Ordering::Relaxed).to_string());
        let digest = match self.digester.write_aside(&reader, &aside).await {
            // Gone from the object store while it was read.
            Err(MaintenanceError::Store(StoreError::Missing)) => return Ok(None),
            written => written?,
        };
        if wanted.digest.is_some_and(|wanted| wanted != digest) {
            fs::remove_file(&aside).map_err(MaintenanceError::at(&aside))?;
            return Ok(None);
        }
        publish(&aside, to)?;
        Ok(Some((How::Copied, digest)))
    }
}
