//! Sound alone: an M4A, and a picture of its waves.

use strongroom_core::media::MediaType;
use strongroom_core::rendition::{RenditionFormat, RenditionName, Size};

use super::allowed::{demuxer, input_guards};
use super::arguments::{anonymous, beginning, file_url, poster, sound_of, tolerance, words};
use super::graph::POSTER;
use super::make::{Course, publish};
use super::plan::is_our_sound;
use super::poster::with_poster;
use super::source::{Sound, Source};
use super::{FilmFacts, FilmStep, Work};
use crate::limits::Care;
use crate::order::file_name;
use crate::renderer::RenderError;
use strongroom_core::media::Format;

/// The wave picture's filter keeps every sample until the end: a long sound is thinned out first.
const WAVE_SAMPLES: u64 = 16_000_000;
const WAVE_SAMPLES_PER_SECOND: u64 = 8_000;
const PAGE: &str = "c=0xf4f5f7:s=1280x320:r=1";
const INK: &str = "0x33415c";

pub(super) async fn render(work: &Work<'_>, source: &Source, sound: &Sound) -> Result<(), RenderError> {
    let (media_type, format, duration_ms) = (MediaType::Audio, source.format, source.duration_ms);
    work.tell(FilmStep::Facts(FilmFacts { media_type, format, dimensions: None, duration_ms })).await;
    with_poster(work, arguments(work, source, sound)?, &Course::of(work, duration_ms)).await?;
    // A sound has no size to be seen at.
    publish(work, RenditionName::Full, RenditionFormat::M4a, Size::new(0, 0)).await
}

fn arguments(work: &Work<'_>, source: &Source, sound: &Sound) -> Result<Vec<String>, RenderError> {
    let mut arguments = beginning();
    let care = work.renderer.limits().care;
    arguments.extend(input_guards(demuxer(source.format)?));
    arguments.extend(tolerance(care));
    arguments.extend(["-i".to_owned(), file_url(work.input)?]);
    arguments.extend(["-filter_complex".to_owned(), waves(source, sound)]);
    arguments.extend(poster(&work.films)?);

    let is_copied = care == Care::Usual
        && matches!(source.format, Format::Mp4 | Format::M4a | Format::Matroska)
        && is_our_sound(sound);
    arguments.extend(sound_of(sound, is_copied));
    arguments.push("-vn".to_owned());
    arguments.extend(anonymous());
    arguments.extend(words("-movflags +faststart -f ipod"));
    arguments.push(file_url(&work.films.join(file_name(RenditionName::Full, RenditionFormat::M4a)))?);
    Ok(arguments)
}

/// All channels as one line of waves, dark on light; before that an empty page, for ffmpeg to begin its reports with.
fn waves(source: &Source, sound: &Sound) -> String {
    let rate = (WAVE_SAMPLES / source.duration_ms.div_ceil(1000).max(1)).clamp(100, WAVE_SAMPLES_PER_SECOND);
    format!(
        "color={PAGE}:d=1,format=rgb24[first];color={PAGE}[page];\
         [0:{}]aformat=channel_layouts=mono:sample_rates={rate},showwavespic=s=1280x320:colors={INK}[line];\
         [page][line]overlay=shortest=1,format=rgb24[drawn];[first][drawn]concat{POSTER}",
        sound.index
    )
}
