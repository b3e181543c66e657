//! One worker: claims a job, renders under a heartbeat, publishes, and commits the effect under its lease.

use std::sync::Arc;
use std::time::Duration;

use strongroom_catalog::records::{ClaimedJob, RenderedFacts, Rendition};
use strongroom_catalog::{Catalog, CatalogError};
use strongroom_core::clock::Clock;
use strongroom_core::job::{HEARTBEAT, JobKind};
use strongroom_core::media::{Failure, FailureCode, Format};
use strongroom_render::{RenderError, Rendered, RenderedFile, Renderer};
use strongroom_store::{NewRendition, Store, StoreError};
use tokio::time::Instant;
use tracing::Instrument as _;

use super::beginning::{Begun, NO_ROOM_DELAY, NO_ROOM_PAUSE};
use super::digests::digested;
use super::wake::Ear;
use super::{Admission, Drain, Wake};
use crate::services::settled::Settled;
use crate::telemetry;

/// A worker of one queue.
#[derive(Clone)]
pub(crate) struct Worker {
    pub(crate) kind: JobKind,
    pub(crate) catalog: Catalog,
    pub(crate) store: Store,
    pub(crate) renderer: Renderer,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) settled: Settled,
    pub(crate) wake: Wake,
    pub(crate) drain: Drain,
    pub(crate) admission: Admission,
    pub(crate) min_free_bytes: u64,
    pub(crate) poll: Duration,
}

/// Why an attempt made no renditions.
pub(super) enum Attempt {
    /// It is for another queue.
    ForQueue(JobKind),
    /// The media cannot be rendered.
    Failed(Failure),
    /// Something of ours failed; another attempt may do better. The text is for the operator.
    Broken(FailureCode, String),
    /// The disk has too little room to begin. The text is for the operator.
    NoRoom(String),
    /// Another worker has the job.
    LeaseLost,
    /// The process ends.
    CutOff,
}

impl Attempt {
    /// A fault of ours, for the operator.
    pub(super) fn ours(private: &str) -> Self {
        Self::Broken(FailureCode::Internal, private.to_owned())
    }
}

impl From<CatalogError> for Attempt {
    fn from(error: CatalogError) -> Self {
        telemetry::catalog_failed(&error);
        match error {
            CatalogError::Held => Self::CutOff,
            _ => Self::Broken(FailureCode::Storage, error.to_string()),
        }
    }
}

impl From<StoreError> for Attempt {
    fn from(error: StoreError) -> Self {
        telemetry::store_failed(&error);
        Self::Broken(FailureCode::Storage, error.to_string())
    }
}

impl From<RenderError> for Attempt {
    fn from(error: RenderError) -> Self {
        match error {
            RenderError::Failed(failure) => Self::Failed(failure),
            RenderError::Animated => Self::ForQueue(JobKind::RenderFilm),
            RenderError::Broken(text) => Self::Broken(FailureCode::Internal, text),
        }
    }
}

impl Worker {
    /// Works until the process drains.
    pub(crate) async fn run(self) {
        let mut ear = self.wake.ear();
        while !self.drain.is_draining() {
            match self.next_job().await {
                Ok(Some(job)) => self.work_off(job).await,
                // While writes are held there is nothing to do; the sweeper says so.
                Ok(None) | Err(CatalogError::Held) => self.rest(&mut ear).await,
                Err(error) => {
                    tracing::error!(%error, "the queue does not answer");
                    tokio::time::sleep(self.poll).await;
                }
            }
        }
    }

    async fn next_job(&self) -> Result<Option<ClaimedJob>, CatalogError> {
        let now = self.clock.now();
        // Asked by a reader first: an idle worker costs the one writer nothing.
        if self.catalog.next_due(self.kind).await?.is_none_or(|due| due > now) {
            return Ok(None);
        }
        self.catalog.claim_job(self.kind, now).await
    }

    async fn rest(&self, ear: &mut Ear) {
        tokio::select! {
            () = ear.listen() => {}
            () = tokio::time::sleep(self.poll) => {}
            () = self.drain.begun() => {}
        }
    }

    async fn work_off(&self, job: ClaimedJob) {
        let blob = job.blob;
        let span = telemetry::job_span(&job);
        async {
            match self.end(job).await {
                Ok(true) => {}
                Ok(false) => tracing::info!("the job is another worker's by now, or what it was for is purged"),
                // The job is in the rows that move, and claimed again where they go.
                Err(CatalogError::Held) => {}
                // The lease runs out and the job is claimed again.
                Err(error) => tracing::error!(%error, "a job's end could not be written"),
            }
        }
        .instrument(span)
        .await;
        self.settled.announce(blob);
    }

    /// Runs a job and writes its end. `false` means that the lease was lost.
    async fn end(&self, job: ClaimedJob) -> Result<bool, CatalogError> {
        let began = Instant::now();
        let attempt = self.attempt(&job).await;
        telemetry::attempt_ended(job.kind, outcome(&attempt), began.elapsed());
        match attempt {
            Ok(facts) => self.catalog.finish_render(job, facts, self.clock.now()).await,
            Err(Attempt::Failed(failure)) if failure.code.is_retryable() => {
                tracing::warn!(%failure, "an attempt failed");
                self.catalog.retry_render(job, failure, self.clock.now()).await
            }
            Err(Attempt::Failed(failure)) => self.catalog.fail_render(job, failure, self.clock.now()).await,
            Err(Attempt::Broken(code, private)) => {
                tracing::error!(private, "an attempt broke");
                let failure = Failure::new(code, "the renditions could not be made here; the original is kept");
                self.catalog.retry_render(job, failure, self.clock.now()).await
            }
            Err(Attempt::ForQueue(kind)) => {
                let passed = self.catalog.hand_over(job, kind, self.clock.now()).await;
                self.wake.wake();
                passed
            }
            Err(Attempt::NoRoom(reason)) => {
                tracing::warn!(reason, "a job is put off");
                let now = self.clock.now();
                let postponed = self.catalog.postpone_job(job, reason, now.after(NO_ROOM_DELAY), now).await;
                // The next one will hardly fare better, and putting off a long queue as fast as may be fills the disk.
                tokio::select! {
                    () = tokio::time::sleep(NO_ROOM_PAUSE) => {}
                    () = self.drain.begun() => {}
                }
                postponed
            }
            Err(Attempt::LeaseLost) => Ok(false),
            Err(Attempt::CutOff) => {
                self.catalog.give_back(job.id, job.lease, self.clock.now()).await?;
                Ok(true)
            }
        }
    }

    /// Renders and publishes, for as long as the lease holds and the process lasts.
    async fn attempt(&self, job: &ClaimedJob) -> Result<RenderedFacts, Attempt> {
        tokio::select! {
            facts = self.render(job) => facts,
            () = self.lose_lease(job) => Err(Attempt::LeaseLost),
            () = self.drain.over() => Err(Attempt::CutOff),
        }
    }

    async fn render(&self, job: &ClaimedJob) -> Result<RenderedFacts, Attempt> {
        let Begun { renderer, scratch, format, memory: _memory } = self.begin(job).await?;
        let input = scratch.link_original(job.blob).await?;
        let output = scratch.output();
        let facts = match job.kind {
            JobKind::RenderPhoto => {
                let wants_squares = self.catalog.wants_squares(job.connection.clone(), job.blob).await?;
                let renderer = if wants_squares { renderer.for_avatars() } else { renderer };
                let rendered = match format {
                    Some(Format::Pdf) => renderer.render_page(&input, &output).await?,
                    _ => renderer.render_photo(&input, &output).await?,
                };
                let renditions = self.publish(job, &rendered.renditions).await?;
                photo_facts(&rendered, renditions)
            }
            JobKind::RenderFilm => self.render_film(job, &renderer, &input, &output).await?,
        };
        scratch.remove().await;
        Ok(facts)
    }

    /// Moves finished files to where they are delivered from, unless the job is another's by now: a worker that was stopped
    /// for longer than its lease, and goes on here, would put them over those of the one who took over. What is left of that,
    /// being stopped between this look and the move, is the store's to prevent (`Store::scratch`).
    pub(super) async fn publish(&self, job: &ClaimedJob, made: &[RenderedFile]) -> Result<Vec<Rendition>, Attempt> {
        let rows =
            digested(made).await.map_err(|error| Attempt::ours(&format!("a rendition could not be read: {error}")))?;
        self.hold(job).await?;
        let file = |made: &RenderedFile| NewRendition { name: made.name, format: made.format, from: made.file.clone() };
        let files: Vec<NewRendition> = made.iter().map(file).collect();
        self.store.put_renditions(job.blob, &files).await?;
        Ok(rows)
    }

    /// Renews the lease until it is lost. A renewal that the catalog does not answer is tried again at the next beat: the
    /// lease lasts for three.
    async fn lose_lease(&self, job: &ClaimedJob) {
        loop {
            tokio::time::sleep(HEARTBEAT).await;
            match self.catalog.renew_lease(job.id, job.lease.clone(), self.clock.now()).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(CatalogError::Held) => {}
                Err(error) => tracing::warn!(%error, "a lease could not be renewed"),
            }
        }
    }
}

/// How an attempt ended, in a word.
fn outcome(attempt: &Result<RenderedFacts, Attempt>) -> &'static str {
    match attempt {
        Ok(_) => "done",
        Err(Attempt::Failed(failure)) if failure.code.is_retryable() => "retried",
        Err(Attempt::Failed(_)) => "failed",
        Err(Attempt::Broken(..)) => "broken",
        Err(Attempt::ForQueue(_)) => "handed_over",
        Err(Attempt::NoRoom(_)) => "no_room",
        Err(Attempt::LeaseLost) => "lease_lost",
        Err(Attempt::CutOff) => "cut_off",
    }
}

fn photo_facts(rendered: &Rendered, renditions: Vec<Rendition>) -> RenderedFacts {
    RenderedFacts {
        media_type: rendered.media_type,
        format: rendered.format,
        dimensions: Some(rendered.size),
        duration_ms: None,
        sha256: Some(rendered.sha256),
        renditions,
    }
}
