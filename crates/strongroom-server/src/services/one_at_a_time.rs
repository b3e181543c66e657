//! One complete of an upload at a time within this process. Between processes the catalog's compare-and-set decides; here
//! the losers of a race wait and read the winner's answer, instead of asking again and again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use strongroom_core::id::UploadId;
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

/// The uploads that are being completed or aborted.
#[derive(Clone, Default)]
pub(crate) struct OneAtATime {
    turns: Arc<Mutex<HashMap<UploadId, Arc<AsyncMutex<()>>>>>,
}

/// The right to end one upload, until dropped.
pub(crate) struct Turn {
    all: OneAtATime,
    upload: UploadId,
    held: Option<OwnedMutexGuard<()>>,
}

impl OneAtATime {
    /// Waits for the turn to end `upload`.
    pub(crate) async fn turn(&self, upload: UploadId) -> Turn {
        let lock = Arc::clone(self.turns().entry(upload).or_default());
        let held = Some(lock.lock_owned().await);
        Turn { all: self.clone(), upload, held }
    }

    /// Whether somebody has the turn to end `upload`, or waits for it.
    pub(crate) fn is_taken(&self, upload: UploadId) -> bool {
        self.turns().contains_key(&upload)
    }

    fn turns(&self) -> std::sync::MutexGuard<'_, HashMap<UploadId, Arc<AsyncMutex<()>>>> {
        // The map is whole between any two statements, so a panic elsewhere does not spoil it.
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut turns = self.all.turns();
        drop(self.held.take());
        // The last one out: no one waits who has taken the lock's handle from the map.
        if turns.get(&self.upload).is_some_and(|lock| Arc::strong_count(lock) == 1) {
            turns.remove(&self.upload);
        }
    }
}
