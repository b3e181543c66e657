//! `restore.unfinished` in a data directory: this is no vault yet. Its first line is the snapshot that it will be of, since another one would
//! leave files of both; another line names the database that is given the rows.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::maintenance::MaintenanceError;
use crate::maintenance::backup::{lock, make_directory, sync_directory};

const UNFINISHED: &str = "restore.unfinished";

/// The marker of a data directory, and the lock that keeps other restores out of it.
#[derive(Debug)]
pub(super) struct Marker {
    path: PathBuf,
    _lock: File,
}

impl Marker {
    /// Takes a data directory, which has to be empty or to be left of a restore of the same snapshot that did not end.
    pub(super) fn take(data_dir: &Path, snapshot: &str) -> Result<Self, MaintenanceError> {
        make_directory(data_dir)?;
        let path = data_dir.join(UNFINISHED);
        let at = MaintenanceError::at(data_dir);
        let is_empty = fs::read_dir(data_dir).map_err(at)?.next().is_none();
        if !is_empty && !path.exists() {
            let directory = data_dir.display();
            return Err(MaintenanceError::Refused(format!("{directory} is not empty; restore into a new directory")));
        }
        let lock = lock(&path)?;
        let marker = Self { path, _lock: lock };
        match marker.text()?.lines().next() {
            None => marker.note(&format!("{snapshot}\n"))?,
            Some(first) if first == snapshot => {}
            Some(first) => {
                return Err(MaintenanceError::Refused(format!(
                    "{} is left of a restore of {first}; go on with that, or empty the directory",
                    marker.path.display()
                )));
            }
        }
        Ok(marker)
    }

    /// Notes that `database` is about to be given the rows.
    pub(super) fn begin(&self, database: &str) -> Result<(), MaintenanceError> {
        // Begun with the end of a line, which a run that was cut off may have left unwritten.
        self.note(&format!("\n{database}\n"))
    }

    /// Whether that was noted.
    pub(super) fn has_begun(&self, database: &str) -> Result<bool, MaintenanceError> {
        Ok(self.text()?.lines().any(|line| line == database))
    }

    /// Says that this is a vault now.
    pub(super) fn remove(self) -> Result<(), MaintenanceError> {
        self.sync_directory()?;
        fs::remove_file(&self.path).map_err(MaintenanceError::at(&self.path))?;
        self.sync_directory()
    }

    fn text(&self) -> Result<String, MaintenanceError> {
        fs::read_to_string(&self.path).map_err(MaintenanceError::at(&self.path))
    }

    fn note(&self, text: &str) -> Result<(), MaintenanceError> {
        let at = MaintenanceError::at(&self.path);
        let mut file = OpenOptions::new().append(true).open(&self.path).map_err(&at)?;
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(&at)?;
        self.sync_directory()
    }

    fn sync_directory(&self) -> Result<(), MaintenanceError> {
        self.path.parent().map_or(Ok(()), sync_directory)
    }
}

/// Whether a data directory is left of a restore that did not end. It is no vault until that is run again.
#[must_use]
pub fn is_unfinished(data_dir: &Path) -> bool {
    data_dir.join(UNFINISHED).exists()
}
