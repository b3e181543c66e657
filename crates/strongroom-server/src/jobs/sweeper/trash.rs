//! Empties the trash of what has lain there for as long as its owner wants.

use super::Sweeper;
use crate::problem::Problem;
use crate::services::freeing::freeing;
use crate::services::trash::delete_bytes;

/// Media purged in one transaction; no other write waits for longer than it takes.
const BATCH: u32 = 50;

/// Batches in one sweep.
const MOST_BATCHES: usize = 20;

impl Sweeper {
    pub(super) async fn empty_trash(&self) -> Result<(), Problem> {
        for _ in 0..MOST_BATCHES {
            let purging = || self.catalog.purge_trash(self.clock.now(), self.trash_days, BATCH);
            let purged = freeing(&self.store, purging).await?;
            let is_last = purged.media < BATCH;
            if purged.media > 0 {
                tracing::info!(media = purged.media, "purged media whose time in the trash was over");
                delete_bytes(&self.store, purged).await;
            }
            if is_last {
                return Ok(());
            }
        }
        Ok(())
    }
}
