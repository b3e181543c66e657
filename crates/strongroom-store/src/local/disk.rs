//! The file system, one call a method: what is created is private, what is opened is never a symbolic link, and a name
//! becomes final here alone.

use std::collections::BTreeSet;
use std::fs::{self, File, Permissions};
use std::io::{self, IoSliceMut};
use std::os::unix::fs::{FileExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FallocateFlags, Mode, OFlags, ResolveFlags};
use rustix::io::ReadWriteFlags;

use crate::error::StoreError;
use crate::fault::{Hook, Step};
use crate::local::together::{Named, Together};

/// Mode of every file: the owner's alone.
const FILE_MODE: u32 = 0o600;

/// How sure an acknowledgement is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Bytes and names are on stable storage before a call returns. What clients are promised.
    Strict,
    /// Nothing is synced: a killed process loses nothing, a power cut may lose everything since. For tests and benchmarks.
    Relaxed,
}

/// The file system below one store.
pub(crate) struct Disk {
    durability: Durability,
    hook: Option<Hook>,
    together: Together,
}

impl Disk {
    pub(crate) fn new(durability: Durability, hook: Option<Hook>) -> Self {
        Self { durability, hook, together: Together::default() }
    }

    /// Whether syncs do anything.
    pub(crate) fn is_strict(&self) -> bool {
        self.durability == Durability::Strict
    }

    fn step(&self, step: Step, action: &str, path: &Path) -> Result<(), StoreError> {
        self.hook.as_ref().map_or(Ok(()), |hook| hook(step, path)).map_err(|e| StoreError::of(action, path, &e))
    }

    /// Opens a file for reading.
    pub(crate) fn open_read(&self, path: &Path) -> Result<File, StoreError> {
        // Not blocking: who left a pipe under this name shall not stop us.
        open(path, OFlags::RDONLY | OFlags::NONBLOCK).map_err(|e| StoreError::of_open(path, &e))
    }

    /// Opens a file for reading where that waits for nothing: its name and its inode are in memory. `None` may mean anything.
    pub(crate) fn open_read_at_once(path: &Path) -> Option<File> {
        // Nobody asks when a file was last read. Refused for files of another user, which are opened in the other way.
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NOATIME;
        let opened = rustix::fs::openat2(CWD, path, flags, Mode::empty(), ResolveFlags::CACHED);
        Some(File::from(opened.ok()?))
    }

    /// Reads what the page cache has of `bytes` at `offset`, without waiting for the disk. Answers how many bytes; 0 may mean
    /// anything.
    pub(crate) fn read_at_once(file: &File, bytes: &mut [u8], offset: u64) -> usize {
        let read = rustix::io::preadv2(file, &mut [IoSliceMut::new(bytes)], offset, ReadWriteFlags::NOWAIT);
        read.unwrap_or_default()
    }

    /// Opens a file for writing that must be there.
    pub(crate) fn open_write(&self, path: &Path) -> Result<File, StoreError> {
        open(path, OFlags::RDWR).map_err(|e| StoreError::of_open(path, &e))
    }

    /// Creates a file that must not be there.
    pub(crate) fn create(&self, path: &Path) -> Result<File, StoreError> {
        self.step(Step::Create, "create", path)?;
        open(path, OFlags::RDWR | OFlags::CREATE | OFlags::EXCL).map_err(|e| StoreError::of("create", path, &e))
    }

    /// Opens a file for writing, and creates it where it is not there.
    pub(crate) fn open_or_create(&self, path: &Path) -> Result<File, StoreError> {
        match self.open_write(path) {
            Err(StoreError::Missing) => {}
            opened => return opened,
        }
        // Exclusive creation refuses a link that was placed meanwhile; who lost the race opens what the winner made.
        self.create(path).or_else(|error| self.open_write(path).map_err(|_| error))
    }

    /// Reserves blocks for `length` bytes at `offset` without changing the file's size. One contiguous reservation
    /// made writing 1.5 times as fast (2.3 to 3.4 GB/s), and a full disk is known before the body is read.
    pub(crate) fn reserve(&self, file: &File, path: &Path, offset: u64, length: u64) -> Result<(), StoreError> {
        match rustix::fs::fallocate(file, FallocateFlags::KEEP_SIZE, offset, length) {
            Ok(()) | Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::NOSYS) => Ok(()),
            Err(error) => Err(StoreError::of("reserve space in", path, &error.into())),
        }
    }

    /// Asked before bytes are written at all; apart from [`Disk::write_at`] so that a test can stop a writer there.
    pub(crate) fn before_write(&self, path: &Path) -> Result<(), StoreError> {
        self.step(Step::Write, "write", path)
    }

    /// Writes all `bytes` at `offset`.
    pub(crate) fn write_at(&self, file: &File, path: &Path, bytes: &[u8], offset: u64) -> Result<(), StoreError> {
        file.write_all_at(bytes, offset).map_err(|e| StoreError::of("write", path, &e))
    }

    /// Brings a file's bytes, and what is needed to find them, to stable storage.
    pub(crate) fn sync_data(&self, file: &File, path: &Path) -> Result<(), StoreError> {
        if self.durability == Durability::Relaxed {
            return Ok(());
        }
        self.step(Step::SyncFile, "sync", path)?;
        file.sync_data().map_err(|e| StoreError::of("sync", path, &e))
    }

    /// Brings the names in a directory to stable storage, together with whoever wants the same at this moment.
    pub(crate) fn sync_directory(&self, path: &Path) -> Result<(), StoreError> {
        self.sync_name(self.named_in(path), path)
    }

    /// Says that a name was given in the directory at `path`. `None` where nothing is synced.
    fn named_in(&self, path: &Path) -> Option<Named> {
        self.is_strict().then(|| self.together.named(path))
    }

    /// Brings a name in the directory at `path` to stable storage, unless that has happened since it was given.
    fn sync_name(&self, named: Option<Named>, path: &Path) -> Result<(), StoreError> {
        let Some(named) = named else { return Ok(()) };
        named.sync(|| {
            self.step(Step::SyncDirectory, "sync", path)?;
            let directory = open(path, OFlags::RDONLY | OFlags::DIRECTORY);
            directory.and_then(|directory| directory.sync_all()).map_err(|e| StoreError::of("sync", path, &e))
        })
    }

    /// Gives files their final names: sync, close, rename, then sync each directory that got a name. The only place that
    /// renames, so that nobody can forget a step.
    ///
    /// A file that is anything but a plain file with one name is refused: what a decoder left as a link to something
    /// else must not become a rendition.
    pub(crate) fn publish(&self, names: &[(PathBuf, PathBuf)]) -> Result<(), StoreError> {
        for (from, _) in names {
            let file = self.open_read(from)?;
            let metadata = file.metadata().map_err(|e| StoreError::of("inspect", from, &e))?;
            if !metadata.is_file() || metadata.nlink() != 1 {
                return Err(StoreError::Io(format!("refused to publish {}: not a plain file", from.display())));
            }
            if metadata.mode() & 0o7777 != FILE_MODE {
                let private = Permissions::from_mode(FILE_MODE);
                file.set_permissions(private).map_err(|e| StoreError::of("protect", from, &e))?;
            }
            self.sync_data(&file, from)?;
        }
        for (from, to) in names {
            self.rename(from, to)?;
        }
        let directories: BTreeSet<&Path> = names.iter().filter_map(|(_, to)| to.parent()).collect();
        directories.into_iter().try_for_each(|directory| self.sync_directory(directory))
    }

    /// Gives a file of our own, whose bytes were synced through the handles that wrote them, a name that nobody has: rename, then sync the
    /// directory. That of the old name need not be: both names change in one step of the file system's journal, and where a
    /// journal does otherwise, the old name that comes back is the sweep's.
    pub(crate) fn publish_synced(&self, from: &Path, to: &Path) -> Result<(), StoreError> {
        self.rename(from, to)?;
        let synced = self.sync_directory(to.parent().unwrap_or(Path::new("/")));
        synced.inspect_err(|_| self.withdraw(from, to))
    }

    /// Makes a file of its final name, with all its bytes, where nobody looks for that name yet: a crash may leave half of it. A name
    /// less to change was a fifth more files a second on an ext4 without a journal, and is one commit less of one that has it.
    pub(crate) fn publish_new(&self, path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
        let (file, directory) = (self.create(path)?, path.parent().unwrap_or(Path::new("/")));
        let named = self.named_in(directory);
        let published = self
            .before_write(path)
            .and_then(|()| self.write_at(&file, path, bytes, 0))
            .and_then(|()| self.sync_data(&file, path))
            .and_then(|()| self.sync_name(named, directory));
        published.inspect_err(|_| {
            if let Err(error) = self.remove(path) {
                tracing::warn!(path = %path.display(), %error, "a file that was not finished is left for the sweep");
            }
        })
    }

    /// Undoes a rename whose directory could not be synced. A second sync of the same names would find nothing to write
    /// and report success; a second rename makes them new again.
    pub(crate) fn withdraw(&self, from: &Path, to: &Path) {
        if let Err(error) = self.rename(to, from) {
            tracing::warn!(path = %to.display(), %error, "a name that could not be synced could not be withdrawn");
        }
    }

    #[allow(clippy::disallowed_methods, reason = "the one helper that publishes files")]
    fn rename(&self, from: &Path, to: &Path) -> Result<(), StoreError> {
        self.step(Step::Rename, "rename", from)?;
        fs::rename(from, to).map_err(|e| StoreError::of("rename", from, &e))
    }

    /// Removes a file; that it is not there is as good. Not synced: a name that comes back after a power cut has no row,
    /// and the next sweep removes it again.
    pub(crate) fn remove(&self, path: &Path) -> Result<(), StoreError> {
        self.step(Step::Remove, "remove", path)?;
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(StoreError::of("remove", path, &error)),
            _ => Ok(()),
        }
    }
}

/// Opens `path` with `flags`, never following a link in its last component; a new file is the owner's alone.
fn open(path: &Path, flags: OFlags) -> io::Result<File> {
    let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(File::from(rustix::fs::open(path, flags, Mode::from_raw_mode(FILE_MODE))?))
}
