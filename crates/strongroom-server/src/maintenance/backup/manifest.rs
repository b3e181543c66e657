//! The manifest: a line of JSON for each thing that belongs to a snapshot. Written last, and named by `LATEST` with its own
//! digest, so that a snapshot is whole or is not one.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use strongroom_core::digest::{Digest, FileHasher};
use strongroom_core::id::BlobKey;
use strongroom_core::rendition::{RenditionFormat, RenditionName};

use super::files::{create, file_digest, publish};
use crate::maintenance::MaintenanceError;

/// The file's name.
const MANIFEST: &str = "manifest";

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::maintenance) enum Line {
    /// A file of the snapshot's own directory.
    Own(OwnFile),
    /// An original or a rendition.
    File(Entry),
    /// A blob whose original was lost before this was taken.
    Missing(BlobKey),
    /// All of it: how many files, and their bytes.
    End(u64, u64),
}

/// The catalog, the keys, the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::maintenance) struct OwnFile {
    pub(in crate::maintenance) name: String,
    pub(in crate::maintenance) size: u64,
    pub(in crate::maintenance) blake3: String,
}

/// An original or a rendition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::maintenance) struct Entry {
    pub(in crate::maintenance) blob: BlobKey,
    /// Which rendition; none for the original.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::maintenance) rendition: Option<(RenditionName, RenditionFormat)>,
    /// Where it is in the backup.
    pub(in crate::maintenance) path: PathBuf,
    pub(in crate::maintenance) size: u64,
    pub(in crate::maintenance) blake3: String,
}

impl Entry {
    pub(super) fn original(blob: BlobKey, path: &Path, size: u64, digest: Digest) -> Self {
        Self { blob, rendition: None, path: path.to_owned(), size, blake3: digest.to_string() }
    }

    pub(super) fn rendition(
        blob: BlobKey,
        name: RenditionName,
        format: RenditionFormat,
        path: &Path,
        size: u64,
        digest: Digest,
    ) -> Self {
        Self { rendition: Some((name, format)), ..Self::original(blob, path, size, digest) }
    }
}

/// A manifest that is being written.
pub(super) struct ManifestWriter {
    path: PathBuf,
    file: BufWriter<File>,
    hasher: FileHasher,
}

impl ManifestWriter {
    pub(super) fn create(snapshot: &Path) -> Result<Self, MaintenanceError> {
        let path = snapshot.join(MANIFEST);
        let file = BufWriter::new(create(&path)?);
        Ok(Self { path, file, hasher: FileHasher::new() })
    }

    pub(super) fn line(&mut self, line: &Line) -> Result<(), MaintenanceError> {
        let unwritable =
            |error: serde_json::Error| MaintenanceError::Refused(format!("a line of the manifest: {error}"));
        let mut text = serde_json::to_vec(line).map_err(unwritable)?;
        text.push(b'\n');
        self.hasher.update(&text);
        self.file.write_all(&text).map_err(MaintenanceError::at(&self.path))
    }

    /// What lies in the snapshot's directory so far.
    pub(super) fn own_files(&mut self, snapshot: &Path) -> Result<(), MaintenanceError> {
        for entry in fs::read_dir(snapshot).map_err(MaintenanceError::at(snapshot))? {
            let path = entry.map_err(MaintenanceError::at(snapshot))?.path();
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            if name != MANIFEST {
                let size = fs::metadata(&path).map_err(MaintenanceError::at(&path))?.len();
                let blake3 = file_digest(&path)?.to_string();
                self.line(&Line::Own(OwnFile { name, size, blake3 }))?;
            }
        }
        Ok(())
    }

    /// Ends and syncs it. Answers its digest.
    pub(super) fn end(mut self, files: u64, bytes: u64) -> Result<Digest, MaintenanceError> {
        self.line(&Line::End(files, bytes))?;
        let at = MaintenanceError::at(&self.path);
        self.file.flush().map_err(&at)?;
        self.file.get_ref().sync_all().map_err(&at)?;
        Ok(self.hasher.finish())
    }
}

/// The lines of a snapshot's manifest, which ends where it says so.
pub(in crate::maintenance) struct Lines {
    path: PathBuf,
    file: BufReader<File>,
    has_ended: bool,
}

impl Lines {
    pub(in crate::maintenance) fn open(snapshot: &Path) -> Result<Self, MaintenanceError> {
        let path = snapshot.join(MANIFEST);
        let file = BufReader::new(File::open(&path).map_err(MaintenanceError::at(&path))?);
        Ok(Self { path, file, has_ended: false })
    }

    fn read(&mut self) -> Result<Option<Line>, MaintenanceError> {
        let broken = |what: &str| MaintenanceError::Refused(format!("{} {what}", self.path.display()));
        let mut text = String::new();
        if self.file.read_line(&mut text).map_err(MaintenanceError::at(&self.path))? == 0 {
            return if self.has_ended { Ok(None) } else { Err(broken("is cut short")) };
        }
        let line = serde_json::from_str(&text).map_err(|error| broken(&format!("has a line that is none: {error}")))?;
        self.has_ended = matches!(line, Line::End(..));
        Ok(Some(line))
    }
}

impl Iterator for Lines {
    type Item = Result<Line, MaintenanceError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}

/// Names the newest whole snapshot.
pub(super) fn point_at(backup: &Path, snapshot: &str, manifest: Digest) -> Result<(), MaintenanceError> {
    let aside = backup.join("aside").join("LATEST");
    let mut file = create(&aside)?;
    file.write_all(format!("{snapshot} {manifest}\n").as_bytes()).map_err(MaintenanceError::at(&aside))?;
    publish(&aside, &backup.join("LATEST"))
}

/// The newest whole snapshot, its manifest verified.
pub(in crate::maintenance) fn latest(backup: &Path) -> Result<String, MaintenanceError> {
    let path = backup.join("LATEST");
    let text = fs::read_to_string(&path).map_err(MaintenanceError::at(&path))?;
    let unreadable = || MaintenanceError::Refused(format!("{} names no snapshot", path.display()));
    let (name, digest) = text.trim_end().split_once(' ').ok_or_else(unreadable)?;
    let manifest = backup.join("snapshots").join(name).join(MANIFEST);
    if file_digest(&manifest)?.to_string() == digest {
        return Ok(name.to_owned());
    }
    Err(MaintenanceError::Refused(format!("{} is not the manifest that LATEST names", manifest.display())))
}
