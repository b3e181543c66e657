//! Setting single files of a local store right.

use std::fs;
use std::io;
use std::path::PathBuf;

use crate::blocking::blocking;
use crate::directory::ensure_directory;
use crate::error::StoreError;
use crate::local::store::LocalStore;

impl LocalStore {
    pub(crate) async fn delete_named(&self, name: String) -> Result<(), StoreError> {
        let store = self.clone();
        blocking(move || store.disk().remove(&store.layout().root().join(name))).await
    }

    pub(crate) async fn link_to(&self, name: PathBuf, to: PathBuf) -> Result<bool, StoreError> {
        let from = self.layout().root().join(name);
        blocking(move || match fs::hard_link(&from, &to) {
            Ok(()) => Ok(true),
            // Another file system, or one without links, or one that allows no more of them.
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::CrossesDevices | io::ErrorKind::Unsupported | io::ErrorKind::TooManyLinks
                ) || error.kind() == io::ErrorKind::PermissionDenied =>
            {
                Ok(false)
            }
            Err(error) => Err(StoreError::of_open(&from, &error)),
        })
        .await
    }

    pub(crate) async fn set_aside(&self, foreign: PathBuf) -> Result<(), StoreError> {
        let store = self.clone();
        blocking(move || {
            let root = store.layout().root();
            let lost = root.join("lost+found");
            ensure_directory(&lost)?;
            // Flattened, so that no directory of theirs has to be made: `blobs/3f/x` becomes `blobs.3f.x`.
            let pieces: Vec<_> = foreign.iter().map(|piece| piece.to_string_lossy()).collect();
            let from = root.join(&foreign);
            #[allow(clippy::disallowed_methods, reason = "publishes nothing: takes what is not ours out of the way")]
            fs::rename(&from, lost.join(pieces.join("."))).map_err(|e| StoreError::of("set aside", &from, &e))
        })
        .await
    }
}
