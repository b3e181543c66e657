//! The length of a file that does not tell it, or does not tell the truth: found by walking through its packets.

use std::path::Path;

use strongroom_core::media::{FailureCode, Format};

use super::allowed::{demuxer, input_guards};
use super::arguments::{beginning, file_url, words};
use super::progress::Progress;
use super::tool::{Run, Tool, run};
use crate::door::Watch;
use crate::renderer::{RenderError, Renderer, failed};
use std::time::Duration;

/// Milliseconds from beginning to end. Decodes nothing, but reads everything.
pub(super) async fn measure_ms(
    renderer: &Renderer,
    input: &Path,
    format: Format,
    directory: &Path,
) -> Result<u64, RenderError> {
    let mut arguments = beginning();
    arguments.extend(input_guards(demuxer(format)?));
    arguments.extend(["-i".to_owned(), file_url(input)?]);
    arguments.extend(words("-map 0:V:0? -map 0:a:0? -c copy -f null -"));
    let film = &renderer.limits().film;
    let mut progress = Progress::default();
    let watch =
        Watch { silence: Duration::from_secs(film.silence_seconds), hear: &mut |piece: &[u8]| progress.hear(piece) };
    let errand = Run { tool: Tool::Ffmpeg, arguments, input, directory, seconds: film.base_seconds };
    if !run(renderer, errand, Some(watch)).await?.is_success {
        return Err(failed(FailureCode::Malformed, format!("this {format} file cannot be read to its end")));
    }
    Ok(progress.written_us / 1000)
}
