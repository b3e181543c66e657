//! Scratch directories: one render job's own place, gone with it.
//!
//! Whether one is in use is told by a lock on the directory, which the system frees when its process dies, and not by its
//! age: a film may take hours, and the sweep may run in another process.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use strongroom_core::id::BlobKey;

use crate::error::StoreError;
use crate::layout::make_directory;
use crate::store::{Store, blocking};

/// A private directory with a random name. Removed with all it holds when dropped.
#[derive(Debug)]
#[must_use = "the directory is removed when this is dropped"]
pub struct Scratch {
    store: Store,
    path: PathBuf,
    /// Holds the lock.
    _lock: File,
}

impl Store {
    /// A new scratch directory, with an empty directory `out` in it.
    ///
    /// # Errors
    /// `Full` or `Io`.
    pub async fn scratch(&self) -> Result<Scratch, StoreError> {
        let store = self.clone();
        blocking(move || {
            loop {
                // The sweep may find a new directory before it is locked; then another name is tried.
                if let Some(scratch) = Scratch::create(&store)? {
                    let output = scratch.output();
                    make_directory(&output).map_err(|e| StoreError::of("create", &output, &e))?;
                    return Ok(scratch);
                }
            }
        })
        .await
    }

    /// Removes the scratch directories of processes that died, and tells how many.
    ///
    /// # Errors
    /// `Io`.
    pub async fn sweep_scratch(&self) -> Result<usize, StoreError> {
        let store = self.clone();
        blocking(move || {
            let area = store.layout().scratch_area();
            let mut removed = 0;
            for entry in area.read_dir().map_err(|e| StoreError::of("list", &area, &e))? {
                let path = entry.map_err(|e| StoreError::of("list", &area, &e))?.path();
                let Ok(directory) = File::open(&path) else { continue };
                if directory.try_lock().is_ok() && remove(&path) {
                    removed += 1;
                }
            }
            Ok(removed)
        })
        .await
    }
}

impl Scratch {
    fn create(store: &Store) -> Result<Option<Self>, StoreError> {
        let mut bytes = [0; 16];
        strongroom_core::id::fill_random(&mut bytes);
        let path = store.layout().scratch_area().join(format!("{:032x}", u128::from_le_bytes(bytes)));
        make_directory(&path).map_err(|e| StoreError::of("create", &path, &e))?;
        let lock = match File::open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(|e| StoreError::of("open", &path, &e))?,
        };
        lock.lock().map_err(|e| StoreError::of("lock", &path, &e))?;
        let scratch = Self { store: store.clone(), path, _lock: lock };
        Ok(scratch.path.exists().then_some(scratch))
    }

    /// Makes the original available as [`Scratch::input`], without copying it. It is the original itself: whoever is let at
    /// it must not be let write.
    ///
    /// # Errors
    /// `Missing` or `Io`.
    pub async fn link_original(&self, blob: BlobKey) -> Result<PathBuf, StoreError> {
        let (original, input) = (self.store.layout().blob(blob), self.input());
        blocking(move || {
            fs::hard_link(&original, &input).map_err(|e| StoreError::of_open(&original, &e))?;
            Ok(input)
        })
        .await
    }

    /// The directory itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the original is, once linked.
    #[must_use]
    pub fn input(&self) -> PathBuf {
        self.path.join("input")
    }

    /// The directory that results are written to.
    #[must_use]
    pub fn output(&self) -> PathBuf {
        self.path.join("out")
    }

    /// Removes the directory and waits for it. Better than dropping where many or large files may be left: dropping removes
    /// on the spot, and holds up whatever else this thread does.
    pub async fn remove(self) {
        let removing = blocking(move || {
            drop(self);
            Ok(())
        });
        // Failing or not, there is nothing to decide: what is left is swept.
        drop(removing.await);
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        remove(&self.path);
    }
}

/// Best effort; does not follow links that a decoder may have left.
fn remove(path: &Path) -> bool {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(path = %path.display(), %error, "a scratch directory is left for the sweep");
            false
        }
        removed => removed.is_ok(),
    }
}
