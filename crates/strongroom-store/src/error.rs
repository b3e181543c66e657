//! What a caller can decide on when bytes cannot be had or kept.

use std::io;
use std::path::Path;

use strongroom_core::content_digest::DigestMismatch;

/// Why an operation of the store did not happen. Each variant is a decision for the caller; only [`StoreError::Io`] is
/// not, and its text is for the operator, never for a client.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// There are no such bytes.
    #[error("no such bytes are stored")]
    Missing,
    /// The body goes on after the part's last byte. Nothing of it counts.
    #[error("the body is longer than the part's {expected} bytes")]
    TooLong {
        /// The part's length in bytes.
        expected: u64,
    },
    /// The body ended before the part's last byte. Nothing of it counts.
    #[error("the body has {actual} bytes, the part {expected}")]
    TooShort {
        /// The part's length in bytes.
        expected: u64,
        /// How many bytes came.
        actual: u64,
    },
    /// The bytes are not those that the client announced.
    #[error(transparent)]
    Digest(#[from] DigestMismatch),
    /// The upload is being published, hashed or discarded; it takes no bytes now.
    #[error("the upload takes no bytes now")]
    Sealed,
    /// No space, no inodes or no quota is left.
    #[error("the disk is full")]
    Full,
    /// The object store does not answer now, or has answered that it cannot; the same may work in a moment. Whether what was
    /// asked for has happened is not known. The text is for the operator.
    #[error("the object store does not answer now; try again: {0}")]
    Busy(String),
    /// The disk or the object store failed, or someone else changed what is ours.
    #[error("{0}")]
    Io(String),
}

impl StoreError {
    /// What `action` on `path` failed with, as a decision. A missing file is an error of the disk here: whoever expects
    /// that a file may be missing says so with [`StoreError::of_open`].
    pub(crate) fn of(action: &str, path: &Path, error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full,
            _ => Self::Io(format!("could not {action} {}: {error}", path.display())),
        }
    }

    /// As [`StoreError::of`], but a file that is not there is `Missing`. Not so where its directory is gone too: that is a
    /// disk which is not mounted, and whoever took it for deleted bytes would delete their rows next.
    pub(crate) fn of_open(path: &Path, error: &io::Error) -> Self {
        let is_missing = error.kind() == io::ErrorKind::NotFound && path.parent().is_some_and(Path::is_dir);
        if is_missing { Self::Missing } else { Self::of("open", path, error) }
    }
}
