//! What a job needs before it begins: memory, room on the disk, a scratch directory that is its alone.

use std::time::Duration;

use strongroom_catalog::records::ClaimedJob;
use strongroom_core::job::JobKind;
use strongroom_core::media::{Format, SNIFF_LENGTH, sniff_document};
use strongroom_render::Renderer;
use strongroom_store::Scratch;

use super::admission::Admitted;
use super::worker::{Attempt, Worker};

/// How long a job waits that found too little room on the disk.
pub(super) const NO_ROOM_DELAY: Duration = Duration::from_secs(30);

/// How long a worker rests that has put off a job.
pub(super) const NO_ROOM_PAUSE: Duration = Duration::from_secs(1);

/// Renditions and what is written on the way to them, in sizes of the original: a `full` or 720p of about its size, and as
/// much again for the rest. The original itself is linked, not copied. Where it is not enough, what must stay free helps out.
const ROOM_FACTOR: u64 = 2;

/// A job that may begin.
pub(super) struct Begun {
    /// The renderer for this attempt.
    pub(super) renderer: Renderer,
    pub(super) scratch: Scratch,
    /// What the original's first bytes say it is.
    pub(super) format: Option<Format>,
    /// Given back when this is dropped.
    pub(super) memory: Admitted,
}

impl Worker {
    /// Waits for memory, looks for room, and takes the scratch directory from whoever had the job before.
    pub(super) async fn begin(&self, job: &ClaimedJob) -> Result<Begun, Attempt> {
        // A PDF has a job only where it is a document: no other door lets it in.
        let format = sniff_document(&self.store.read_blob_head(job.blob, SNIFF_LENGTH).await?);
        let memory = tokio::select! {
            memory = self.admission.admit(self.memory_bytes(job.kind, format)) => memory,
            // Nothing has been done yet that would be worth waiting for.
            () = self.drain.begun() => return Err(Attempt::CutOff),
        };
        self.check_room(job).await?;
        self.hold(job).await?;
        let scratch = self.store.scratch(job.blob).await?;
        // The attempt before this one crashed a decoder, ran out of time, or took its whole worker along.
        let renderer = if job.attempt > 1 { self.renderer.careful() } else { self.renderer.clone() };
        Ok(Begun { renderer, scratch, format, memory })
    }

    /// Renews the lease, or says that it is lost. Asked before whatever another worker would have to suffer from.
    pub(super) async fn hold(&self, job: &ClaimedJob) -> Result<(), Attempt> {
        let is_held = self.catalog.renew_lease(job.id, job.lease.clone(), self.clock.now()).await?;
        if is_held { Ok(()) } else { Err(Attempt::LeaseLost) }
    }

    /// What the job's children may use. Not estimated from the picture's size: only a child may look for that.
    fn memory_bytes(&self, kind: JobKind, format: Option<Format>) -> u64 {
        let limits = self.renderer.limits();
        match kind {
            JobKind::RenderPhoto => limits.photo_memory_bytes(format),
            JobKind::RenderFilm => limits.film_memory_bytes(),
        }
    }

    async fn check_room(&self, job: &ClaimedJob) -> Result<(), Attempt> {
        let original = self.store.open_blob(job.blob).await?.len();
        let need = original.saturating_mul(ROOM_FACTOR).saturating_add(self.min_free_bytes);
        let free = self.store.free_bytes()?;
        if free >= need {
            return Ok(());
        }
        Err(Attempt::NoRoom(format!("storage: {free} bytes are free on the disk, rendering this file needs {need}")))
    }
}
