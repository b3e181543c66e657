//! Directories that are their owner's alone.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::Path;

use crate::error::StoreError;

const DIRECTORY_MODE: u32 = 0o700;

/// Makes the directory that everything lies in, and those above it. One that is there is taken as it is.
pub(crate) fn create_root(path: &Path) -> Result<(), StoreError> {
    let created = fs::DirBuilder::new().recursive(true).mode(DIRECTORY_MODE).create(path);
    created.map_err(|e| StoreError::of("create", path, &e))
}

/// Makes a directory that only its owner may enter.
pub(crate) fn make_directory(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().mode(DIRECTORY_MODE).create(path)
}

/// As [`make_directory`]; one that is there is made private, and anything else by that name is refused.
pub(crate) fn ensure_directory(path: &Path) -> Result<(), StoreError> {
    match make_directory(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(StoreError::of("create", path, &error)),
        _ => keep_private(path).map_err(|e| StoreError::of("protect", path, &e)),
    }
}

fn keep_private(path: &Path) -> io::Result<()> {
    let metadata = path.symlink_metadata()?;
    if !metadata.is_dir() {
        return Err(io::ErrorKind::NotADirectory.into());
    }
    let mut permissions = metadata.permissions();
    if permissions.mode() & 0o7777 != DIRECTORY_MODE {
        permissions.set_mode(DIRECTORY_MODE);
        fs::set_permissions(path, permissions)?;
    }
    Ok(())
}

/// How many bytes an unprivileged process may still write below `path`.
pub(crate) fn free_bytes(path: &Path) -> Result<u64, StoreError> {
    let space = rustix::fs::statvfs(path).map_err(|e| StoreError::of("inspect", path, &e.into()))?;
    Ok(space.f_bavail.saturating_mul(space.f_frsize))
}
