//! Whether anything was committed since: what was read stays true until then.

use std::fs::File;
use std::io;
use std::mem::ManuallyDrop;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;

/// Both copies of the header of the write-ahead log's index (sqlite.org/walformat.html §2.2). Each commit of any process changes
/// them, and SQLite's own readers go by nothing else.
const HEADERS_BYTES: usize = 96;

/// Where one of them counts commits (`iChange`), in the machine's byte order.
const COUNTER: Range<usize> = 8..12;

/// The headers as they once were. Two that are equal have no commit between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment([u8; HEADERS_BYTES]);

impl Moment {
    /// Whether there is one commit between this moment and `later`, and no other.
    pub(super) fn is_just_before(&self, later: &Self) -> bool {
        let next = self.counter().map(|counter| counter.wrapping_add(1));
        next.is_some() && next == later.counter()
    }

    /// How many commits there were. `None` where both copies differ: somebody was writing them.
    fn counter(&self) -> Option<u32> {
        let (first, second) = self.0.split_at(HEADERS_BYTES / 2);
        let counter = first.get(COUNTER)?.try_into().ok()?;
        (first == second).then(|| u32::from_ne_bytes(counter))
    }
}

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
        Some(Moment(headers))
    }
}
