//! The runs of ffmpeg that make a film, told of while they go on.

use std::time::Duration;

use strongroom_core::media::{FailureCode, Format, MediaType};
use strongroom_core::rendition::{RenditionFormat, RenditionName, Size};
use tokio::time::Instant;

use super::passes::{Pass, passes};
use super::plan::Plan;
use super::poster::with_poster;
use super::progress::Progress;
use super::source::{Picture, Source};
use super::tool::{Ran, Run, Tool, run};
use super::{FilmFacts, FilmStep, Work, arguments, broken};
use crate::door::Watch;
use crate::limits::Care;
use crate::order::Made;
use crate::renderer::{RenderError, failed, measure};

/// How fast a disk is at the least: the index of an MP4 is put at its beginning in a second pass, of which nothing is told.
const SLOWEST_BYTES_PER_SECOND: u64 = 50_000_000;

/// Makes everything of a film. `input` may be another file than the original, whose `format` is told.
pub(super) async fn film(
    work: &Work<'_>,
    source: &Source,
    picture: &Picture,
    media_type: MediaType,
    format: Format,
) -> Result<(), RenderError> {
    let limits = work.renderer.limits();
    let mut plan = Plan::of(source, picture, media_type);
    if limits.care == Care::Careful {
        plan = Plan { copies_picture: false, copies_sound: false, ..plan };
    }
    let dimensions = Some(picture.upright());
    work.tell(FilmStep::Facts(FilmFacts { media_type, format, dimensions, duration_ms: source.duration_ms })).await;

    let began = Instant::now();
    for pass in passes(&plan, picture, source.duration_ms).into_iter().filter(|pass| !pass.is_in(work.kept)) {
        let arguments = arguments::film(source, picture, &plan, pass, work.input, &work.films, limits)?;
        let whole = Course::of(work, source.duration_ms);
        // All runs together have the time that one would have.
        let seconds = whole.seconds.saturating_sub(began.elapsed().as_secs());
        let course = Course { seconds, span: pass.span, ..whole };
        if pass.makes_poster {
            with_poster(work, arguments, &course).await?;
        } else {
            run_course(work, arguments, &course, &mut || {}).await?;
        }
        publish_rungs(work, &plan, pass).await?;
    }
    Ok(())
}

async fn publish_rungs(work: &Work<'_>, plan: &Plan, pass: Pass) -> Result<(), RenderError> {
    if let Some(small) = plan.small.filter(|_| pass.makes_small) {
        publish(work, RenditionName::Video240, RenditionFormat::Mp4, small).await?;
    }
    if pass.makes_best {
        publish(work, RenditionName::Video720, RenditionFormat::Mp4, plan.best).await?;
    }
    Ok(())
}

/// Hands over a file that ffmpeg has finished.
pub(super) async fn publish(
    work: &Work<'_>,
    name: RenditionName,
    format: RenditionFormat,
    size: Size,
) -> Result<(), RenderError> {
    let most_bytes = work.renderer.limits().film.output_bytes;
    let file = measure(Made { name, format, size }, &work.films, most_bytes).map_err(RenderError::Broken)?;
    work.tell(FilmStep::Made(vec![file])).await;
    Ok(())
}

/// How a run is to go.
#[derive(Debug, Clone, Copy)]
pub(super) struct Course {
    /// Of the film.
    duration_ms: u64,
    /// What the run may take.
    seconds: u64,
    /// As [`Pass::span`].
    span: (f64, f64),
}

impl Course {
    /// For a run that makes everything of what lasts so long.
    pub(super) fn of(work: &Work<'_>, duration_ms: u64) -> Self {
        let film = &work.renderer.limits().film;
        let seconds = (duration_ms.div_ceil(1000).saturating_mul(film.seconds_per_second))
            .saturating_add(film.base_seconds)
            .min(film.wall_seconds);
        Self { duration_ms, seconds, span: (0.0, 1.0) }
    }
}

/// Runs ffmpeg to its end, telling of its progress. At every sign of that, `look` is called.
pub(super) async fn run_course(
    work: &Work<'_>,
    arguments: Vec<String>,
    course: &Course,
    look: &mut (dyn FnMut() + Send),
) -> Result<(), RenderError> {
    let Course { duration_ms, seconds, span: (begin, end) } = *course;
    let input_bytes = std::fs::metadata(work.input).map_err(broken)?.len();
    let silence_seconds = work.renderer.limits().film.silence_seconds + input_bytes / SLOWEST_BYTES_PER_SECOND;
    let mut progress = Progress::default();
    let mut hear = |piece: &[u8]| {
        let moves = progress.hear(piece);
        if moves {
            let share = begin + (end - begin) * progress.share_of(duration_ms);
            // Left out if nobody takes it in time: the next one says more.
            work.steps.try_send(FilmStep::Progress(share)).ok();
        }
        look();
        moves
    };
    let errand = Run { tool: Tool::Ffmpeg, arguments, input: work.input, directory: &work.films, seconds };
    let watch = Watch { silence: Duration::from_secs(silence_seconds), hear: &mut hear };
    let ran = run(work.renderer, errand, Some(watch)).await?;
    if ran.is_success { Ok(()) } else { Err(blame(&ran)) }
}

/// What it means that ffmpeg gave up.
fn blame(ran: &Ran) -> RenderError {
    if ran.stderr_tail.contains("No space left on device") {
        return RenderError::Broken("there is no space left for the renditions".to_owned());
    }
    if ran.stderr_tail.contains("Cannot allocate memory") {
        return failed(FailureCode::DecoderCrash, "the decoder ran out of its memory");
    }
    failed(FailureCode::Malformed, "it cannot be decoded: the file is damaged, or not what it says it is")
}
