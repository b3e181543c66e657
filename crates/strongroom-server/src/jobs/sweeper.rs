//! Clears up after time and crashes: expired sessions, interrupted completes, files that nothing refers to, jobs whose
//! worker died in its last attempt. Every step may be run again, and beside a live server.

mod consent;
mod trash;

use std::sync::Arc;
use std::time::Duration;

use strongroom_catalog::Catalog;
use strongroom_core::clock::{Clock, Timestamp};
use strongroom_core::media::{Failure, FailureCode};
use strongroom_core::upload::UploadState;
use strongroom_store::{StagedUpload, Store, StoreError};

use super::Drain;
use crate::config;
use crate::delivery::urls::Urls;
use crate::problem::Problem;
use crate::services::completion::Completion;
use crate::services::freeing::freeing;
use crate::services::removal::purge_deleted;
use crate::services::settled::Settled;
use crate::telemetry;

/// How long a complete may be at work before it counts as interrupted. One that is only slow is not harmed: its upload is
/// ended in turns.
const INTERRUPTED: Duration = Duration::from_secs(30);

/// How long done jobs stay in `strongroom jobs list`.
const DONE_JOBS_KEPT: Duration = Duration::from_secs(7 * 24 * 3600);

/// In how many sweeps the bucket is once asked for multipart uploads.
const MULTIPARTS_EVERY: u8 = 16;

/// Sessions expired in one sweep.
const MOST_EXPIRED: u32 = 1000;

/// Clears up.
pub(crate) struct Sweeper {
    pub(crate) catalog: Catalog,
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) completion: Completion,
    pub(crate) settled: Settled,
    pub(crate) urls: Urls,
    pub(crate) drain: Drain,
    pub(crate) settings: config::Sweep,
    pub(crate) remember: Duration,
    /// How long a media can be restored, unless its owner says otherwise.
    pub(crate) trash_days: u32,
}

impl Sweeper {
    /// Sweeps now and then until the process drains; the first time at once, for what the last process left.
    pub(crate) async fn run(self) {
        // Blobs are looked through a shard at a time, since unlike staged files they are many.
        loop {
            for shard in Store::shards() {
                self.sweep(shard).await;
                tokio::select! {
                    () = tokio::time::sleep(self.settings.interval) => {}
                    () = self.drain.begun() => return,
                }
            }
        }
    }

    async fn sweep(&self, blob_shard: u8) {
        self.urls.reload().await;
        let steps = [
            ("expire uploads", self.expire_uploads().await),
            ("end interrupted completes", self.resume_completes().await),
            ("purge deleted connections", purge_deleted(&self.catalog, &self.store, self.clock.now()).await),
            ("empty the trash", self.empty_trash().await),
            ("tell of release forms that lapse", self.tell_lapsing_forms().await),
            ("clear staged files", self.clear_staging(blob_shard).await),
            ("abort multipart uploads without a row", self.clear_multiparts(blob_shard).await),
            ("clear blobs without a row", self.clear_blobs(blob_shard).await),
            ("set the reserve aside", self.keep_reserve().await),
            ("clear scratch", self.store.sweep_scratch().await.map(drop).map_err(Problem::from)),
            ("bury abandoned jobs", self.bury_jobs().await),
            ("forget closed uploads and done jobs", self.forget().await),
        ];
        for (step, result) in steps {
            if let Err(Problem { message, private, .. }) = result {
                telemetry::sweep_failed(step);
                tracing::error!(step, message, private, "a step of the sweep failed; the next sweep does it again");
            }
        }
    }

    async fn expire_uploads(&self) -> Result<(), Problem> {
        let now = self.clock.now();
        for upload in self.catalog.due_uploads(now, MOST_EXPIRED).await? {
            let expiring = || self.catalog.expire_upload(upload.connection.clone(), upload.id, now);
            if freeing(&self.store, expiring).await? {
                self.completion.sessions.discard(&upload).await?;
            }
        }
        Ok(())
    }

    async fn resume_completes(&self) -> Result<(), Problem> {
        for upload in self.catalog.interrupted_uploads(self.clock.now().before(INTERRUPTED)).await? {
            let id = upload.id;
            if self.completion.is_ending(id) {
                continue;
            }
            match self.completion.resume(upload).await {
                Ok(media) => tracing::info!(upload = %id, %media, "ended a complete that was interrupted"),
                Err(problem) => {
                    tracing::warn!(upload = %id, message = problem.message, private = problem.private, "a complete could not be ended")
                }
            }
        }
        Ok(())
    }

    async fn clear_staging(&self, shard: u8) -> Result<(), Problem> {
        // In a bucket each look costs a request, and side objects are few: one shard at a time, as with blobs.
        for shard in Store::shards().filter(|each| *each == shard || !self.store.is_shared()) {
            for staged in self.store.staged_uploads(shard).await? {
                match self.catalog.state_of_staged(staged.upload).await? {
                    Some(UploadState::Completing) => {}
                    Some(UploadState::Open) => self.clear_side_files(&staged).await?,
                    Some(_) => self.store.discard_upload(staged.upload, None).await?,
                    None if staged.modified_at < self.oldest_kept() => {
                        self.store.discard_upload(staged.upload, None).await?;
                    }
                    None => {}
                }
            }
        }
        Ok(())
    }

    /// Deletes the side files of an open upload that no row names: those of tries that died, or were replaced just before
    /// a crash.
    async fn clear_side_files(&self, staged: &StagedUpload) -> Result<(), Problem> {
        let old = |modified_at| modified_at < self.oldest_kept();
        for side in staged.side_files.iter().filter(|side| old(side.modified_at)) {
            if !self.catalog.names_side_file(staged.upload, side.number, side.generation).await? {
                self.store.discard_side(staged.upload, side.number, side.generation).await?;
            }
        }
        Ok(())
    }

    /// Aborts multipart uploads that no open session names: begun by a node that died before its row, or by the second of two
    /// nodes, or left of a session that was closed. They cost money until they are aborted, and no listing of objects shows them.
    async fn clear_multiparts(&self, shard: u8) -> Result<(), Problem> {
        if !shard.is_multiple_of(MULTIPARTS_EVERY) {
            return Ok(());
        }
        for staged in self.store.multiparts().await? {
            let is_old = staged.begun_at < self.oldest_kept();
            if is_old && self.catalog.multipart_of_staged(staged.upload).await?.as_ref() != Some(&staged.multipart) {
                tracing::info!(upload = %staged.upload, "aborting a multipart upload that no row names");
                self.store.abort_multipart(staged.upload, &staged.multipart).await?;
            }
        }
        Ok(())
    }

    async fn clear_blobs(&self, shard: u8) -> Result<(), Problem> {
        for stored in self.store.stored_blobs(shard).await? {
            if stored.modified_at < self.oldest_kept() && !self.catalog.names_blob(stored.blob).await? {
                tracing::info!(blob = %stored.blob, "deleting bytes that no row names");
                self.store.delete_blob(stored.blob).await?;
            }
        }
        Ok(())
    }

    /// Others may have taken the reserve's room, and given it back since. That the disk is full is told where that matters.
    async fn keep_reserve(&self) -> Result<(), Problem> {
        match self.store.keep_reserve().await {
            Err(StoreError::Full) => Ok(()),
            kept => Ok(kept?),
        }
    }

    async fn bury_jobs(&self) -> Result<(), Problem> {
        let now = self.clock.now();
        for job in self.catalog.abandoned_jobs(now).await? {
            let blob = job.blob;
            let failure = Failure::new(FailureCode::DecoderCrash, "rendering this file ended its worker, three times");
            if self.catalog.retry_render(job, failure, now).await? {
                self.settled.announce(blob);
            }
        }
        Ok(())
    }

    async fn forget(&self) -> Result<(), Problem> {
        self.catalog.purge_uploads(self.clock.now().before(self.remember)).await?;
        self.catalog.purge_jobs(self.clock.now().before(DONE_JOBS_KEPT)).await?;
        Ok(())
    }

    /// Bytes come before their row; whatever is younger than this may still get one.
    fn oldest_kept(&self) -> Timestamp {
        self.clock.now().before(self.settings.grace)
    }
}
