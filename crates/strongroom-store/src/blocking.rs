//! Threads that may wait for the disk.

use tokio::task::JoinError;

use crate::error::StoreError;

/// Runs `work` where it may wait for the disk.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    joined(tokio::task::spawn_blocking(work).await)?
}

/// A thread that did not come back is a failure like any other.
pub(crate) fn joined<T>(result: Result<T, JoinError>) -> Result<T, StoreError> {
    result.map_err(|error| StoreError::Io(format!("a disk operation did not end: {error}")))
}
