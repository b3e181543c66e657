//! How far a scrub has come, so that one which was killed goes on. A line for each shard that is done and for each blob that
//! was found damaged there; a line that a crash cut off costs one shard, no more.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use strongroom_core::clock::Timestamp;
use strongroom_core::id::BlobKey;

use super::Scope;
use crate::maintenance::MaintenanceError;

/// What was compared longer ago is compared again.
const LIFETIME: Duration = Duration::from_secs(7 * 24 * 3600);

/// The journal of one scrub. Locked: two at once would each skip what the other has not finished.
pub(super) struct Journal {
    path: PathBuf,
    file: File,
    /// What was done before this run, and whom to look at again there.
    done: BTreeMap<u8, BTreeSet<BlobKey>>,
}

impl Journal {
    /// Opens the journal below `data_dir`, and reads what the last run left in it.
    pub(super) fn open(data_dir: &Path, now: Timestamp) -> Result<Self, MaintenanceError> {
        let path = data_dir.join("scrub.journal");
        let at = MaintenanceError::at(&path);
        let options = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(&path);
        let mut file = options.map_err(&at)?;
        if file.try_lock().is_err() {
            return Err(MaintenanceError::Refused("another scrub of this data directory is running".to_owned()));
        }
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(&at)?;
        let done = if began_at(&text).is_some_and(|began| began > now.before(LIFETIME)) {
            read(&text)
        } else {
            BTreeMap::new()
        };
        if done.is_empty() {
            file.set_len(0).map_err(&at)?;
            file.seek(SeekFrom::Start(0)).map_err(&at)?;
            file.write_all(format!("began {}\n", now.as_millis()).as_bytes()).map_err(&at)?;
        } else {
            // Ends a line that was cut off.
            file.write_all(b"\n").map_err(&at)?;
        }
        drop(at);
        Ok(Self { path, file, done })
    }

    /// Of which blobs of a shard the digests are still to be compared.
    pub(super) fn scope(&self, shard: u8) -> Scope {
        self.done.get(&shard).map_or(Scope::Everything, |suspects| Scope::Only(suspects.clone()))
    }

    /// Notes that a shard is done, and what is damaged there.
    pub(super) fn note(&mut self, shard: u8, suspects: impl Iterator<Item = BlobKey>) -> Result<(), MaintenanceError> {
        let mut line = format!("done {shard:02x}");
        for suspect in suspects {
            line.push(' ');
            line.push_str(&suspect.to_string());
        }
        line.push('\n');
        self.file.write_all(line.as_bytes()).map_err(MaintenanceError::at(&self.path))
    }

    /// All shards are done: the next scrub begins anew.
    pub(super) fn end(self) -> Result<(), MaintenanceError> {
        self.file.set_len(0).map_err(MaintenanceError::at(&self.path))
    }
}

fn began_at(text: &str) -> Option<Timestamp> {
    let millis = text.lines().next()?.strip_prefix("began ")?.parse().ok()?;
    Some(Timestamp::from_millis(millis))
}

fn read(text: &str) -> BTreeMap<u8, BTreeSet<BlobKey>> {
    // Only whole lines: who was killed may have written half a key.
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole.lines().filter_map(read_line).collect()
}

fn read_line(line: &str) -> Option<(u8, BTreeSet<BlobKey>)> {
    let mut words = line.strip_prefix("done ")?.split(' ');
    let shard = u8::from_str_radix(words.next()?, 16).ok()?;
    let suspects = words.map(|word| word.parse().ok()).collect::<Option<_>>()?;
    Some((shard, suspects))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_journal_goes_on_after_its_last_whole_line() {
        let home = tempfile::tempdir().unwrap();
        let (now, blob): (_, BlobKey) =
            (Timestamp::from_millis(1_000), "3f0c0000-0000-4000-8000-000000000001".parse().unwrap());
        let mut journal = Journal::open(home.path(), now).unwrap();
        assert!(matches!(Journal::open(home.path(), now), Err(MaintenanceError::Refused(_))));
        journal.note(0, std::iter::empty()).unwrap();
        journal.note(0x3f, std::iter::once(blob)).unwrap();
        journal.file.write_all(b"done 40 3f0c").unwrap();
        drop(journal);

        let journal = Journal::open(home.path(), now).unwrap();
        assert!(!journal.scope(0).has(blob));
        assert!(journal.scope(0x3f).has(blob), "what was damaged is looked at again");
        assert!(matches!(journal.scope(0x40), Scope::Everything));
        drop(journal);

        let journal = Journal::open(home.path(), now.after(LIFETIME)).unwrap();
        assert!(matches!(journal.scope(0), Scope::Everything), "too long ago");
        journal.end().unwrap();
    }
}
