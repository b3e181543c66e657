//! What a backup does not need any more: runs that died, snapshots beyond those that stay, and files that none of them names.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::manifest::{Line, Lines};
use crate::maintenance::MaintenanceError;

/// What the name of a snapshot ends with until it is whole.
pub(super) const UNFINISHED: &str = ".unfinished";

/// Removes what runs that died have left. What they kept of blobs stays: the next run needs it, too.
pub(super) fn remove_unfinished(backup: &Path) -> Result<(), MaintenanceError> {
    for snapshot in snapshots(backup)?.iter().filter(|path| path.to_string_lossy().ends_with(UNFINISHED)) {
        fs::remove_dir_all(snapshot).map_err(MaintenanceError::at(snapshot))?;
    }
    Ok(())
}

/// Removes all whole snapshots but `newest` and those right before it, `keep` in all, and the files that then belong to none.
/// Answers how many snapshots went.
pub(super) fn prune(backup: &Path, newest: &str, keep: usize) -> Result<u64, MaintenanceError> {
    let newest = backup.join("snapshots").join(newest);
    // Their names are their times.
    let mut others: Vec<PathBuf> = snapshots(backup)?.into_iter().filter(|path| *path != newest).collect();
    others.sort_unstable_by(|one, other| other.cmp(one));
    let stay = keep.saturating_sub(1).min(others.len());
    let surplus = others.split_off(stay);
    for snapshot in &surplus {
        fs::remove_dir_all(snapshot).map_err(MaintenanceError::at(snapshot))?;
    }
    if !surplus.is_empty() {
        others.push(newest);
        remove_unnamed(backup, &others)?;
    }
    Ok(surplus.len() as u64)
}

fn snapshots(backup: &Path) -> Result<Vec<PathBuf>, MaintenanceError> {
    let all = backup.join("snapshots");
    if !all.exists() {
        return Ok(Vec::new());
    }
    let failed = MaintenanceError::at(&all);
    let entries = fs::read_dir(&all).map_err(&failed)?;
    entries.map(|entry| Ok(entry.map_err(&failed)?.path())).collect()
}

/// A manifest that cannot be read names who knows what: the error ends this before anything is removed.
fn remove_unnamed(backup: &Path, stay: &[PathBuf]) -> Result<(), MaintenanceError> {
    let mut named = BTreeSet::new();
    for snapshot in stay {
        for line in Lines::open(snapshot)? {
            if let Line::File(entry) = line? {
                named.insert(entry.path);
            }
        }
    }
    for area in ["blobs", "renditions"] {
        for shard in 0..=u8::MAX {
            let below = PathBuf::from(format!("{area}/{shard:02x}"));
            let directory = backup.join(&below);
            let failed = MaintenanceError::at(&directory);
            for entry in fs::read_dir(&directory).map_err(&failed)? {
                let name = entry.map_err(&failed)?.file_name();
                if !named.contains(&below.join(&name)) {
                    let path = directory.join(name);
                    fs::remove_file(&path).map_err(MaintenanceError::at(&path))?;
                }
            }
        }
    }
    Ok(())
}
