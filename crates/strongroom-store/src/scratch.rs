//! Scratch directories: one render job's own place, gone with it.
//!
//! Whether one is in use is told by a lock on the directory, which the system frees when its process dies, and not by its
//! age: a film may take hours, and the sweep may run in another process.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use strongroom_core::id::BlobKey;

use crate::blocking::blocking;
use crate::directory::make_directory;
use crate::error::StoreError;
use crate::store::{Backend, Store};

/// Between the blob's key and what is random in a directory's name.
const OF_BLOB: char = '.';

/// A private directory with a name of its own. Removed with all it holds when dropped.
#[derive(Debug)]
#[must_use = "the directory is removed when this is dropped"]
pub struct Scratch {
    store: Store,
    path: PathBuf,
    /// Holds the lock.
    _lock: File,
}

impl Store {
    /// A new scratch directory, with an empty directory `out` in it, to render `blob` in.
    ///
    /// Whoever had one for it loses it, and with it the way to publish anything from there: a worker that was stopped and
    /// goes on after its job was taken over finds none of its files. Asking the catalog first could not do that, for it may
    /// be stopped between the answer and the rename.
    ///
    /// # Errors
    /// `Full` or `Io`.
    pub async fn scratch(&self, blob: BlobKey) -> Result<Scratch, StoreError> {
        let store = self.clone();
        blocking(move || {
            seize(&store, blob)?;
            loop {
                // The sweep may find a new directory before it is locked; then another name is tried.
                if let Some(scratch) = Scratch::create(&store, blob)? {
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
            let area = store.scratch_area();
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

impl Store {
    pub(crate) fn scratch_area(&self) -> PathBuf {
        match self.backend() {
            Backend::Local(local) => local.layout().scratch_area(),
            Backend::Bucket(bucket) => bucket.scratch_area().to_owned(),
        }
    }
}

impl Scratch {
    fn create(store: &Store, blob: BlobKey) -> Result<Option<Self>, StoreError> {
        let path = store.scratch_area().join(format!("{blob}{OF_BLOB}{}", random_name()));
        make_directory(&path).map_err(|e| StoreError::of("create", &path, &e))?;
        let lock = match File::open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(|e| StoreError::of("open", &path, &e))?,
        };
        lock.lock().map_err(|e| StoreError::of("lock", &path, &e))?;
        let scratch = Self { store: store.clone(), path, _lock: lock };
        Ok(scratch.path.exists().then_some(scratch))
    }

    /// Makes the original available as [`Scratch::input`]. On a local disk without copying it: it is the original itself, and
    /// whoever is let at it must not be let write. From a bucket it is downloaded.
    ///
    /// # Errors
    /// `Missing`, `Full`, `Busy` or `Io`.
    pub async fn link_original(&self, blob: BlobKey) -> Result<PathBuf, StoreError> {
        let input = self.input();
        match self.store.backend() {
            Backend::Local(local) => {
                let (original, input) = (local.layout().blob(blob), input.clone());
                blocking(move || fs::hard_link(&original, &input).map_err(|e| StoreError::of_open(&original, &e)))
                    .await?;
            }
            Backend::Bucket(bucket) => bucket.download(blob, &input).await?,
        }
        Ok(input)
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

/// Gives every scratch directory of `blob` a name that nobody knows, in one step each. Not removed: there may be a child that
/// still writes to it. It is swept once the lock is gone.
fn seize(store: &Store, blob: BlobKey) -> Result<(), StoreError> {
    let area = store.scratch_area();
    let beginning = format!("{blob}{OF_BLOB}");
    for entry in area.read_dir().map_err(|e| StoreError::of("list", &area, &e))? {
        let entry = entry.map_err(|e| StoreError::of("list", &area, &e))?;
        if !entry.file_name().to_string_lossy().starts_with(&beginning) {
            continue;
        }
        #[allow(clippy::disallowed_methods, reason = "publishes nothing: takes a directory away from who works in it")]
        let seized = fs::rename(entry.path(), area.join(random_name()));
        match seized {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(StoreError::of("seize", &entry.path(), &error));
            }
            _ => tracing::warn!(path = %entry.path().display(), "took a scratch directory from whoever had it"),
        }
    }
    Ok(())
}

fn random_name() -> String {
    let mut bytes = [0; 16];
    strongroom_core::id::fill_random(&mut bytes);
    format!("{:032x}", u128::from_le_bytes(bytes))
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
