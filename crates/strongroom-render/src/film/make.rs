//! One run of ffmpeg, told of while it goes on, and the poster's renditions beside it.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::time::Duration;

use strongroom_core::media::{FailureCode, Format, MediaType};
use strongroom_core::rendition::{RenditionFormat, RenditionName, Size};
use tokio::sync::oneshot;

use super::arguments::{self, POSTER_FILE};
use super::plan::Plan;
use super::progress::Progress;
use super::source::{Picture, Source};
use super::tool::{Ran, Run, Tool, run};
use super::{FilmFacts, FilmStep, Work, broken};
use crate::door::Watch;
use crate::limits::Care;
use crate::order::Made;
use crate::renderer::{RenderError, RenderedFile, failed, measure};

/// The last chunk of every PNG.
const PNG_END: [u8; 12] = *b"\0\0\0\0IEND\xaeB`\x82";
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
    let mut plan = Plan::of(source, picture, media_type);
    if work.renderer.limits().care == Care::Careful {
        plan = Plan { copies_picture: false, copies_sound: false, ..plan };
    }
    let dimensions = Some(picture.upright());
    work.tell(FilmStep::Facts(FilmFacts { media_type, format, dimensions, duration_ms: source.duration_ms })).await;

    let arguments = arguments::film(source, picture, &plan, work.input, &work.films, work.renderer.limits())?;
    with_poster(work, arguments, source.duration_ms).await?;
    if let Some(small) = plan.small {
        publish(work, RenditionName::Video240, RenditionFormat::Mp4, small).await?;
    }
    publish(work, RenditionName::Video720, RenditionFormat::Mp4, plan.best).await
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

/// Runs ffmpeg to its end. As soon as its poster is whole, a photo child makes the renditions of that.
pub(super) async fn with_poster(work: &Work<'_>, arguments: Vec<String>, duration_ms: u64) -> Result<(), RenderError> {
    let film = &work.renderer.limits().film;
    let seconds = (duration_ms.div_ceil(1000).saturating_mul(film.seconds_per_second))
        .saturating_add(film.base_seconds)
        .min(film.wall_seconds);
    let input_bytes = std::fs::metadata(work.input).map_err(broken)?.len();
    let silence = Duration::from_secs(film.silence_seconds + input_bytes / SLOWEST_BYTES_PER_SECOND);

    let poster = work.films.join(POSTER_FILE);
    let (found, is_found) = oneshot::channel();
    let mut found = Some(found);
    let mut progress = Progress::default();
    let look = |found: &mut Option<oneshot::Sender<()>>| {
        if found.is_some() && is_whole_png(&poster) {
            found.take().map(|found| found.send(()));
        }
    };
    let making = async {
        let mut hear = |piece: &[u8]| {
            let moves = progress.hear(piece);
            if moves {
                // Left out if nobody takes it in time: the next one says more.
                work.steps.try_send(FilmStep::Progress(progress.share_of(duration_ms))).ok();
            }
            look(&mut found);
            moves
        };
        let errand = Run { tool: Tool::Ffmpeg, arguments, input: work.input, directory: &work.films, seconds };
        let ran = run(work.renderer, errand, Some(Watch { silence, hear: &mut hear })).await?;
        look(&mut found);
        match (ran.is_success, found) {
            (true, None) => Ok(()),
            (true, Some(_)) => Err(failed(FailureCode::Malformed, "not one picture of it could be decoded")),
            (false, _) => Err(blame(&ran)),
        }
    };
    let picturing = async {
        // Dropped without a word only when ffmpeg has failed, and that failure is the one that counts.
        is_found.await.map_err(|_| RenderError::Broken("ffmpeg ended without a poster".to_owned()))?;
        let pictures = pictures_of(work, &poster).await?;
        work.tell(FilmStep::Made(pictures)).await;
        Ok(())
    };
    tokio::try_join!(making, picturing)?;
    Ok(())
}

/// The poster's reduced renditions; as a `full` it would stand in the film's place.
async fn pictures_of(work: &Work<'_>, poster: &Path) -> Result<Vec<RenderedFile>, RenderError> {
    let mut renditions = work.renderer.render_photo(poster, &work.pictures).await?.renditions;
    renditions.retain(|made| made.name != RenditionName::Full);
    Ok(renditions)
}

fn is_whole_png(file: &Path) -> bool {
    let end = || -> std::io::Result<[u8; 12]> {
        let (mut file, mut end) = (File::open(file)?, [0; 12]);
        file.seek(SeekFrom::End(-12))?;
        file.read_exact(&mut end)?;
        Ok(end)
    };
    end().is_ok_and(|end| end == PNG_END)
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
