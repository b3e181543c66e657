//! Where tests make the disk fail. Not part of the API.

use std::io;
use std::path::Path;
use std::sync::Arc;

/// A step of the disk, named before it is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Creating a file.
    Create,
    /// Writing bytes of a part, or copying a side file into its slot.
    Write,
    /// Syncing a file.
    SyncFile,
    /// Syncing a directory.
    SyncDirectory,
    /// Giving a file its final name.
    Rename,
    /// Removing a file.
    Remove,
}

/// Is asked before each step. It may refuse the step with an error, or keep it waiting.
pub type Hook = Arc<dyn Fn(Step, &Path) -> io::Result<()> + Send + Sync>;
