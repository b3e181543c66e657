//! Whether anything was committed since: what was read stays true until then.

use std::fs::File;
use std::io;
use std::mem::ManuallyDrop;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;

/// Both copies of the header of the write-ahead log's index (sqlite.org/walformat.html §2.2). Each commit of any process changes
/// them, and SQLite's own readers go by nothing else.
const HEADERS_BYTES: usize = 96;

/// The headers as they once were. Two that are equal have no commit between them.
pub(crate) type Moment = [u8; HEADERS_BYTES];

/// Tells commits apart, at the cost of one read of 96 bytes of shared memory.
#[derive(Clone)]
pub(crate) struct Commits {
    /// Never closed: with any descriptor of a file, the kernel takes all of a process's locks on that file away, SQLite's too
    /// (sqlite.org/howtocorrupt.html §2.2).
    index: Arc<ManuallyDrop<File>>,
}

impl Commits {
    /// Of the database at `path`, which has been opened and stays so: otherwise its index would be made anew.
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        let mut index = path.as_os_str().to_owned();
        index.push("-shm");
        Ok(Self { index: Arc::new(ManuallyDrop::new(File::open(index)?)) })
    }

    /// Now. `None` where it cannot be told; then nothing that was read before is known to be true.
    pub(super) fn moment(&self) -> Option<Moment> {
        let mut headers = [0; HEADERS_BYTES];
        self.index.read_exact_at(&mut headers, 0).ok()?;
        Some(headers)
    }
}
