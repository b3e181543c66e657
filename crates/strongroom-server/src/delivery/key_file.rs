//! The file that holds the signing keys: a line each, the active one first. Made at the first start, readable by the
//! server's user alone.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use strongroom_core::signed_url::{KeyRing, SigningKey};

use super::keys::{MOST_KEYS, ring};

/// Reads the keys below `data_dir`, making the first one if there is none.
pub(super) fn load_or_create(data_dir: &Path) -> io::Result<KeyRing> {
    let path = path(data_dir);
    if !path.exists() {
        let fresh = write_aside(data_dir, &[SigningKey::random()])?;
        // A link, not a rename: of two processes that start at once, the second takes the first one's key.
        match std::fs::hard_link(&fresh, &path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        std::fs::remove_file(&fresh)?;
        File::open(data_dir)?.sync_all()?;
    }
    load(data_dir)
}

/// Reads the keys below `data_dir`.
pub(super) fn load(data_dir: &Path) -> io::Result<KeyRing> {
    let path = path(data_dir);
    let mut file = File::open(&path)?;
    if file.metadata()?.permissions().mode() & 0o077 != 0 {
        return Err(io::Error::other(format!("{0} can be read by others; run: chmod 600 {0}", path.display())));
    }
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    ring(text.lines(), &path.display().to_string())
}

/// Puts a new key first; the older ones go on verifying. Answers the new key's id.
///
/// # Errors
/// Where the file cannot be read or replaced.
pub(super) fn rotate(data_dir: &Path) -> io::Result<String> {
    let ring = load_or_create(data_dir)?;
    let fresh = SigningKey::random();
    let id = fresh.id().to_owned();
    let keys: Vec<SigningKey> = std::iter::once(fresh).chain(ring.keys().cloned()).take(MOST_KEYS).collect();
    let aside = write_aside(data_dir, &keys)?;
    #[allow(clippy::disallowed_methods, reason = "the key file is not the store's; written, synced and renamed here")]
    std::fs::rename(aside, path(data_dir))?;
    File::open(data_dir)?.sync_all()?;
    Ok(id)
}

pub(super) fn path(data_dir: &Path) -> PathBuf {
    data_dir.join("signing.keys")
}

fn write_aside(data_dir: &Path, keys: &[SigningKey]) -> io::Result<PathBuf> {
    let aside = data_dir.join(format!("signing.keys.{}", std::process::id()));
    let lines: String = keys.iter().map(|key| key.to_line() + "\n").collect();
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&aside)?;
    file.write_all(lines.as_bytes())?;
    file.sync_all()?;
    Ok(aside)
}
