//! A film's job: what is finished is published at once, so that it can be watched before all of it is made. What an attempt
//! that died has published is not made again.

use std::path::Path;

use strongroom_catalog::records::{ClaimedJob, RenderedFacts, Rendition};
use strongroom_core::rendition::RenditionName;
use strongroom_render::{FilmFacts, FilmStep, Renderer};
use tokio::sync::mpsc;

use super::worker::{Attempt, Worker};

/// Steps that may wait for the catalog before the renderer does.
const STEPS: usize = 16;

/// A change of progress worth a row: a hundredth.
const PROGRESS_PERMILLE: u32 = 10;

/// What is known and made of a film so far.
struct Film {
    /// By earlier attempts.
    kept: Vec<Rendition>,
    facts: Option<RenderedFacts>,
    progress_permille: u32,
}

impl Worker {
    /// Renders a film, a moving picture or a sound, publishing step by step. Answers all that was made.
    pub(super) async fn render_film(
        &self,
        job: &ClaimedJob,
        renderer: &Renderer,
        input: &Path,
        output: &Path,
    ) -> Result<RenderedFacts, Attempt> {
        let kept = self.catalog.kept_renditions(job.clone()).await?;
        let names: Vec<RenditionName> = kept.iter().map(|rendition| rendition.name).collect();
        let (sender, mut steps) = mpsc::channel(STEPS);
        let rendering = async { Ok::<_, Attempt>(renderer.render_film(input, output, &names, sender).await?) };
        let publishing = async {
            let mut film = Film { kept, facts: None, progress_permille: 0 };
            while let Some(step) = steps.recv().await {
                self.take_step(job, &mut film, step).await?;
            }
            Ok(film)
        };
        // Whichever fails first drops the other: a lost lease kills the renderer.
        let (done, film) = tokio::try_join!(rendering, publishing)?;
        let facts = film.facts.ok_or_else(|| Attempt::ours("the renderer ended without telling what the film is"))?;
        Ok(RenderedFacts { sha256: Some(done.sha256), ..facts })
    }

    async fn take_step(&self, job: &ClaimedJob, film: &mut Film, step: FilmStep) -> Result<(), Attempt> {
        match step {
            FilmStep::Facts(facts) => {
                film.facts = Some(RenderedFacts { renditions: film.kept.clone(), ..film_facts(&facts) });
                self.publish_step(job, film).await
            }
            FilmStep::Made(files) => {
                let renditions = self.publish(job, &files).await?;
                if let Some(facts) = &mut film.facts {
                    facts.renditions.retain(|kept| renditions.iter().all(|made| made.name != kept.name));
                    facts.renditions.extend(renditions);
                }
                self.publish_step(job, film).await
            }
            FilmStep::Progress(share) => self.report(job, film, share).await,
        }
    }

    async fn publish_step(&self, job: &ClaimedJob, film: &Film) -> Result<(), Attempt> {
        let Some(facts) = film.facts.clone() else { return Ok(()) };
        let is_watchable =
            |name| matches!(name, RenditionName::Video240 | RenditionName::Video720 | RenditionName::Full);
        let is_playable = facts.renditions.iter().any(|rendition| is_watchable(rendition.name));
        let is_leased = self.catalog.publish_step(job.clone(), facts, is_playable, self.clock.now()).await?;
        if is_playable {
            self.settled.announce(job.blob);
        }
        if is_leased { Ok(()) } else { Err(Attempt::LeaseLost) }
    }

    async fn report(&self, job: &ClaimedJob, film: &mut Film, share: f64) -> Result<(), Attempt> {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 1000")]
        let permille = (share.clamp(0.0, 1.0) * 1000.0) as u32;
        if permille < film.progress_permille + PROGRESS_PERMILLE {
            return Ok(());
        }
        film.progress_permille = permille;
        let is_leased = self.catalog.report_progress(job.clone(), permille, self.clock.now()).await?;
        if is_leased { Ok(()) } else { Err(Attempt::LeaseLost) }
    }
}

fn film_facts(facts: &FilmFacts) -> RenderedFacts {
    RenderedFacts {
        media_type: facts.media_type,
        format: facts.format,
        dimensions: facts.dimensions,
        duration_ms: Some(facts.duration_ms),
        sha256: None,
        renditions: Vec::new(),
    }
}
