//! Files of a backup: written aside, synced, and then given their names.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use strongroom_core::digest::Digest;

use crate::maintenance::MaintenanceError;
use crate::maintenance::digests::hash_file;

/// Makes a directory that only this user can enter, and what is above it.
pub(in crate::maintenance) fn make_directory(path: &Path) -> Result<(), MaintenanceError> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(MaintenanceError::at(path))
}

/// A new file that only this user can read.
pub(in crate::maintenance) fn create(path: &Path) -> Result<File, MaintenanceError> {
    let made = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path);
    made.map_err(MaintenanceError::at(path))
}

/// Takes the lock that `path` is for, until the answer is dropped.
pub(in crate::maintenance) fn lock(path: &Path) -> Result<File, MaintenanceError> {
    let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path);
    let file = file.map_err(MaintenanceError::at(path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => {
            Err(MaintenanceError::Refused(format!("{} is locked: another run is at work there", path.display())))
        }
        Err(fs::TryLockError::Error(error)) => Err(MaintenanceError::at(path)(error)),
    }
}

/// Brings a file or the names in a directory to stable storage.
pub(in crate::maintenance) fn sync_directory(path: &Path) -> Result<(), MaintenanceError> {
    File::open(path).and_then(|directory| directory.sync_all()).map_err(MaintenanceError::at(path))
}

/// Gives a whole and synced file or directory its name.
pub(super) fn publish(from: &Path, to: &Path) -> Result<(), MaintenanceError> {
    sync_directory(from)?;
    #[allow(clippy::disallowed_methods, reason = "a backup is not the store's; synced above, and its directory below")]
    fs::rename(from, to).map_err(MaintenanceError::at(to))?;
    to.parent().map_or(Ok(()), sync_directory)
}

/// The BLAKE3 of a file.
pub(in crate::maintenance) fn file_digest(path: &Path) -> Result<Digest, MaintenanceError> {
    let mut file = File::open(path).map_err(MaintenanceError::at(path))?;
    hash_file(&mut file, |_| Ok(())).map_err(MaintenanceError::at(path))
}

/// Copies a file and syncs the copy. Where its digest is known and another, nothing is left.
pub(in crate::maintenance) fn copy_verified(
    from: &Path,
    to: &Path,
    expected: Option<Digest>,
) -> Result<Digest, MaintenanceError> {
    let mut source = File::open(from).map_err(MaintenanceError::at(from))?;
    let mut copy = create(to)?;
    let digest = hash_file(&mut source, |block| copy.write_all(block)).map_err(MaintenanceError::at(from))?;
    if expected.is_some_and(|expected| expected != digest) {
        drop(fs::remove_file(to));
        return Err(MaintenanceError::Refused(format!(
            "{} is damaged: its BLAKE3 is {digest}, not that of the manifest",
            from.display()
        )));
    }
    copy.sync_all().map_err(MaintenanceError::at(to))?;
    Ok(digest)
}
