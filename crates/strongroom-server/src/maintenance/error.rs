//! What can end maintenance before it is done.

use std::io;
use std::path::{Path, PathBuf};

use strongroom_catalog::CatalogError;
use strongroom_store::StoreError;

/// Why maintenance could not be done. What it has done so far stands, and the next run goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum MaintenanceError {
    /// The catalog does not answer.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// The store does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file of this machine.
    #[error("{}: {error}", path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// What was asked cannot be done as things are. The text says what is expected.
    #[error("{0}")]
    Refused(String),
}

impl MaintenanceError {
    /// For `map_err` on what was done to `path`.
    pub(super) fn at(path: &Path) -> impl Fn(io::Error) -> Self + '_ {
        |error| Self::File { path: path.to_owned(), error }
    }
}
