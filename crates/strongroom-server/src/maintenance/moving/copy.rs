//! A pass over all bytes, a shard at a time.

use std::time::Duration;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use strongroom_catalog::records::{KeptBlob, KeptPart};
use strongroom_store::{Store, StoreError};

use super::parts::is_half_read;
use super::report::Copied;
use super::{Files, Move, MoveReport};
use crate::maintenance::MaintenanceError;

/// Shards that are copied side by side.
pub(super) const AT_ONCE: usize = 8;

/// How often a copy is made anew that the object store did not take.
const TRIES: u32 = 5;

/// Whether writes go on beside a pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// They do: what cannot be copied now may be gone or made anew by the end, and is nobody's fault yet.
    Serving,
    /// They do not.
    Held,
}

impl Move {
    /// Copies what the new store does not have yet, and tells how many files that were.
    pub(super) async fn copy_all(
        &self,
        to: &Store,
        phase: Phase,
        report: &mut MoveReport,
    ) -> Result<u64, MaintenanceError> {
        let mut all = Copied::default();
        let mut shards =
            stream::iter(Store::shards()).map(|shard| self.copy_shard(to, shard)).buffer_unordered(AT_ONCE);
        while let Some(copied) = shards.try_next().await? {
            all.add(copied);
        }
        let files = all.files();
        report.originals += all.originals;
        report.renditions += all.renditions;
        report.parts += all.parts;
        report.bytes += all.bytes;
        if phase == Phase::Held {
            report.damaged = all.damaged;
        }
        Ok(files)
    }

    async fn copy_shard(&self, to: &Store, shard: u8) -> Result<Copied, MaintenanceError> {
        let blobs = self.catalog.blobs_of_shard(shard).await?;
        let parts = self.catalog.parts_of_shard(shard).await?;
        let mut all = Copied::default();
        if blobs.is_empty() && parts.is_empty() {
            return Ok(all);
        }
        let (here, there) = (files(&self.store, shard).await?, files(to, shard).await?);
        for blob in &blobs {
            all.add(retried(|| self.copy_blob(to, blob, &here, &there)).await?);
        }
        // Those of one upload are neighbours.
        for upload in parts.chunk_by(|one, other| one.upload == other.upload) {
            all.add(retried(|| self.copy_upload(to, upload, &there)).await?);
        }
        Ok(all)
    }

    async fn copy_blob(
        &self,
        to: &Store,
        blob: &KeptBlob,
        here: &Files,
        there: &Files,
    ) -> Result<Copied, MaintenanceError> {
        let mut all = Copied::default();
        // What is in quarantine is known to be lost, and its media say so.
        if !blob.is_in_quarantine {
            all.add(self.copy_original(to, &blob.into(), there).await?);
        }
        for rendition in &blob.renditions {
            let mut copied = self.copy_rendition(to, blob, rendition, here, there).await?;
            if blob.has_job {
                // It was cut off between its files and their rows. It is run again at the new place, and makes them anew.
                copied.damaged.clear();
            }
            all.add(copied);
        }
        Ok(all)
    }

    /// Copies the parts of an upload that has not ended. One that was interrupted at its end may be a blob already.
    async fn copy_upload(&self, to: &Store, parts: &[KeptPart], there: &Files) -> Result<Copied, MaintenanceError> {
        if is_half_read(parts) {
            // It is an original in a moment; a move that ends before is refused.
            return Ok(Copied::default());
        }
        match self.published(parts).await? {
            Some(original) => self.copy_original(to, &original, there).await,
            None => self.copy_parts(to, parts).await,
        }
    }
}

/// The files of a shard.
pub(super) async fn files(store: &Store, shard: u8) -> Result<Files, StoreError> {
    Ok(store.inventory(shard).await?.into_iter().map(|file| (file.name.clone(), file)).collect())
}

/// Tries again where an object store asks for it.
async fn retried<F: Future<Output = Result<Copied, MaintenanceError>>>(
    mut work: impl FnMut() -> F,
) -> Result<Copied, MaintenanceError> {
    let mut tries = 1;
    loop {
        match work().await {
            Err(MaintenanceError::Store(StoreError::Busy(text))) if tries < TRIES => {
                tracing::debug!(text, "copying again");
                tokio::time::sleep(Duration::from_secs(1) * tries).await;
                tries += 1;
            }
            done => return done,
        }
    }
}
