//! Which upload session a file was being sent to, so that a run after a kill goes on with it.
//!
//! One small file per upload in progress. It holds the session's id and nothing else: what arrived is asked of the
//! server, the only one who knows. Two runs that send one file at once share its session; the server takes a part
//! twice without harm, so nothing is locked.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use strongroom_core::clock::{Clock as _, SystemClock, Timestamp};
use strongroom_core::id::UploadId;

use crate::source::Source;

/// No session lives longer than this, so an older entry is of no use.
const KEEP: Duration = Duration::from_hours(7 * 24);

/// A directory of entries, one per upload in progress.
#[derive(Debug, Clone)]
pub struct Journal {
    directory: PathBuf,
}

/// What one upload is recognised by: the same file, unchanged, to the same place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fingerprint(String);

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    fingerprint: String,
    media_upload_id: UploadId,
}

impl Fingerprint {
    pub(crate) fn new(url: &str, connection: &str, source: &Source) -> Self {
        let version = source.version();
        let mut hasher = blake3::Hasher::new();
        for text in [url.as_bytes(), connection.as_bytes(), source.path().as_os_str().as_encoded_bytes()] {
            // The length first, or ("ab", "c") would be ("a", "bc").
            hasher.update(&(text.len() as u64).to_le_bytes()).update(text);
        }
        hasher.update(&version.size_bytes.to_le_bytes());
        hasher.update(&version.modified_seconds.to_le_bytes());
        hasher.update(&version.modified_nanos.to_le_bytes());
        Self(hasher.finalize().to_hex().to_string())
    }
}

impl Journal {
    /// Opens the journal in `directory`, which is made if need be, and drops entries too old to be of use.
    ///
    /// # Errors
    /// Where the directory cannot be made or read.
    pub fn open(directory: &Path) -> io::Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
        let journal = Self { directory: directory.to_owned() };
        journal.prune(SystemClock.now().before(KEEP))?;
        Ok(journal)
    }

    /// Where the journal is kept unless the user says otherwise, given `XDG_STATE_HOME` and `HOME`.
    #[must_use]
    pub fn default_directory(xdg_state_home: Option<PathBuf>, home: Option<PathBuf>) -> Option<PathBuf> {
        // The XDG base directory specification: a relative path is to be ignored.
        let state_home = xdg_state_home
            .filter(|path| path.is_absolute())
            .or_else(|| home.filter(|path| path.is_absolute()).map(|home| home.join(".local/state")))?;
        Some(state_home.join("strongroom/uploads"))
    }

    /// The session the file was being sent to. An entry that cannot be read is as good as none.
    pub(crate) fn find(&self, fingerprint: &Fingerprint) -> Option<UploadId> {
        let entry: Entry = serde_json::from_slice(&fs::read(self.path(fingerprint)).ok()?).ok()?;
        (entry.fingerprint == fingerprint.0).then_some(entry.media_upload_id)
    }

    /// Remembers the session. The entry is whole or absent, whatever happens to the machine.
    #[allow(clippy::disallowed_methods, reason = "the store's helper publishes blobs; the client knows no store")]
    pub(crate) fn record(&self, fingerprint: &Fingerprint, media_upload_id: UploadId) -> io::Result<()> {
        let entry = Entry { fingerprint: fingerprint.0.clone(), media_upload_id };
        let temporary = self.directory.join(format!("{}.{}.tmp", fingerprint.0, std::process::id()));
        let mut file = File::create(&temporary)?;
        file.write_all(&serde_json::to_vec(&entry)?)?;
        file.sync_all()?;
        fs::rename(&temporary, self.path(fingerprint))?;
        File::open(&self.directory)?.sync_all()
    }

    /// Forgets the session. It does not matter if this fails: the entry leads to a session that says it is done.
    pub(crate) fn forget(&self, fingerprint: &Fingerprint) {
        if let Err(error) = fs::remove_file(self.path(fingerprint))
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(%error, "an entry of the upload journal cannot be removed");
        }
    }

    fn path(&self, fingerprint: &Fingerprint) -> PathBuf {
        self.directory.join(format!("{}.json", fingerprint.0))
    }

    /// Removes what was last written before `oldest`. Only our own kinds of file: the user may have named any directory.
    fn prune(&self, oldest: Timestamp) -> io::Result<()> {
        for entry in fs::read_dir(&self.directory)? {
            let path = entry?.path();
            let is_ours = path.extension().is_some_and(|extension| extension == "json" || extension == "tmp")
                && path.file_name().is_some_and(|name| name.len() > blake3::OUT_LEN * 2);
            if is_ours && modified_at(&path).is_some_and(|time| time < oldest) {
                // Another run may have been faster.
                let _ = fs::remove_file(&path);
            }
        }
        Ok(())
    }
}

fn modified_at(path: &Path) -> Option<Timestamp> {
    let since_epoch = fs::metadata(path).ok()?.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(Timestamp::from_millis(i64::try_from(since_epoch.as_millis()).ok()?))
}

#[cfg(test)]
mod tests;
