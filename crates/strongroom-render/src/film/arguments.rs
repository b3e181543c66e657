//! ffmpeg's argument list: words and numbers of our own, and two paths (T15).

use std::path::Path;

use super::allowed::{demuxer, input_guards};
use super::graph::{BEST, POSTER, SMALL, graph};
use super::passes::Pass;
use super::plan::Plan;
use super::source::{Picture, Sound, Source};
use crate::animation::LAST_PICTURE_MS;
use crate::limits::{Care, Limits};
use crate::order::file_name;
use crate::renderer::RenderError;
use strongroom_core::rendition::{RenditionFormat, RenditionName};

/// The poster's file; the photo pipeline makes its renditions. It is the second of two: ffmpeg reports no progress before
/// every output has had its first picture, so one that nobody looks at comes at once.
pub(super) const POSTER_FILE: &str = "poster2.png";
const POSTER_PATTERN: &str = "poster%d.png";
const SOUND_BITS_PER_SECOND: &str = "128k";

/// Leaves out what H.264's writers put in between the pictures (SEI): names of cameras, captions, whole sensors, and x264's
/// own settings. No player needs any of it.
const WITHOUT_NOTES: &str = "-bsf:v filter_units=remove_types=6";

/// Before an input of which only the small rung is made: pictures that no other one is made from keep the edges of their
/// blocks. That is a tenth of the decoder's time, and at 240 lines nobody sees it: SSIM 0.9997. All pictures without (a third
/// of the time) is 0.989, since then each goes on from one that is wrong already.
const WITHOUT_LAST_FILTERS: &str = "-skip_loop_filter noref";

/// Pictures that are decoded ahead for each thread that a film may have. ffmpeg scales on one thread and encodes on others, and while it
/// does, no further picture is begun: with as many decoders as threads the processors stood still for a tenth of the time (20 s of 1080p on
/// two cores: poster and 240 in 7.0 s and not 8.1; 60 s: 720 in 43.8 s and not 46.5).
const DECODERS_PER_THREAD: u8 = 2;

/// A path as a URL that cannot be taken for another protocol, an option or a pattern.
pub(super) fn file_url(path: &Path) -> Result<String, RenderError> {
    let path = std::path::absolute(path).map_err(|error| RenderError::Broken(error.to_string()))?;
    let path = path.to_str().ok_or_else(|| RenderError::Broken("a scratch path is not UTF-8".to_owned()))?;
    Ok(format!("file:{path}"))
}

/// What stands before the first input of every run.
pub(super) fn beginning() -> Vec<String> {
    words("-nostdin -hide_banner -v error -nostats -progress pipe:1 -stats_period 0.25 -y")
}

/// What lets a demuxer and its decoders go on after damage, before an input: packets that are known to be broken are left
/// out, and times that are missing are made up. Not the usual way: it hides damage that the owner should hear of.
pub(super) fn tolerance(care: Care) -> Vec<String> {
    match care {
        Care::Usual => Vec::new(),
        Care::Careful => words("-err_detect ignore_err -fflags +discardcorrupt+genpts"),
    }
}

pub(super) fn words(text: &str) -> Vec<String> {
    text.split_ascii_whitespace().map(str::to_owned).collect()
}

/// One run of those that make a film.
pub(super) fn film(
    source: &Source,
    picture: &Picture,
    plan: &Plan,
    pass: Pass,
    input: &Path,
    directory: &Path,
    limits: &Limits,
) -> Result<Vec<String>, RenderError> {
    let threads = limits.film.threads;
    // One thread is for what has crashed its decoder: then nothing runs beside it.
    let decoders = if threads == 1 { 1 } else { threads.saturating_mul(DECODERS_PER_THREAD) };
    let mut arguments = beginning();
    arguments
        .extend(words(&format!("-filter_threads {threads} -filter_complex_threads {threads} -threads {decoders}")));
    arguments.extend(input_guards(demuxer(source.format)?));
    arguments.extend(tolerance(limits.care));
    let skips_filters = pass.makes_small && !pass.makes_best && limits.care == Care::Usual;
    if skips_filters {
        arguments.extend(words(WITHOUT_LAST_FILTERS));
    }
    arguments.extend(["-i".to_owned(), file_url(input)?]);
    if pass.makes_poster || pass.makes_small || !plan.copies_picture {
        arguments.extend(["-filter_complex".to_owned(), graph(picture, plan, pass, skips_filters)]);
    }
    // Written as soon as it is found, long before the films are finished.
    if pass.makes_poster {
        arguments.extend(poster(directory)?);
    }

    let mut rung = |name: RenditionName, video: Vec<String>| -> Result<(), RenderError> {
        arguments.extend(video);
        if plan.is_animation {
            arguments.extend(["-r".to_owned(), (1000 / LAST_PICTURE_MS).to_string()]);
        }
        if let Some(sound) = &source.sound {
            arguments.extend(sound_of(sound, plan.copies_sound));
        }
        arguments.extend(mp4());
        arguments.push(file_url(&directory.join(file_name(name, RenditionFormat::Mp4)))?);
        Ok(())
    };
    if pass.makes_small {
        rung(RenditionName::Video240, encoded(SMALL, threads, "600k", "1200k"))?;
    }
    if pass.makes_best {
        let best = if plan.copies_picture { copied(picture) } else { encoded(BEST, threads, "4000k", "8000k") };
        rung(RenditionName::Video720, best)?;
    }
    Ok(arguments)
}

/// The two pictures that end at [`POSTER`].
pub(super) fn poster(directory: &Path) -> Result<Vec<String>, RenderError> {
    let mut arguments = vec!["-map".to_owned(), POSTER.to_owned()];
    // One thread: with more, the first picture waits for the second.
    arguments.extend(words("-frames:v 2 -fps_mode passthrough -c:v png -compression_level 1 -threads 1 -f image2"));
    // The directory's own name is none of the pattern.
    arguments.push(format!("{}/{POSTER_PATTERN}", file_url(directory)?.replace('%', "%%")));
    Ok(arguments)
}

/// H.264 that every browser and phone of ten years plays. A key frame every two seconds by the clock, not by counting
/// pictures, and x264's groups are closed by default. Times are kept as they are, in ninety-thousandths of a second: a
/// phone's rate varies, and evening it out would drift from the sound.
fn encoded(end: &str, threads: u8, most_bits: &str, buffer_bits: &str) -> Vec<String> {
    words(&format!(
        "-map {end} -c:v libx264 -preset veryfast -crf 23 -maxrate {most_bits} -bufsize {buffer_bits} -profile:v high \
         -pix_fmt yuv420p -fps_mode vfr -enc_time_base 1:90000 -force_key_frames expr:gte(t,n_forced*2) -g 480 \
         -a53cc 0 {WITHOUT_NOTES} -threads {threads}"
    ))
}

/// The film's own packets, in a new container.
fn copied(picture: &Picture) -> Vec<String> {
    words(&format!("-map 0:{} -c:v copy {WITHOUT_NOTES}", picture.index))
}

/// AAC, stereo at most. Gaps are filled with silence and the start is moved to where the pictures start, so that sound that
/// stops and starts again stays in step.
pub(super) fn sound_of(sound: &Sound, is_copied: bool) -> Vec<String> {
    let index = sound.index;
    if is_copied {
        return words(&format!("-map 0:{index} -c:a copy"));
    }
    let channels = sound.channels.clamp(1, 2);
    let rate = if sound.samples_per_second > 48_000 { "-ar 48000" } else { "" };
    words(&format!(
        "-map 0:{index} -c:a aac -b:a {SOUND_BITS_PER_SECOND} -ac {channels} {rate} -af aresample=async=1:first_pts=0"
    ))
}

/// Index before the pictures; nothing of what the original says of itself, and nothing of what made the new one.
fn mp4() -> Vec<String> {
    let mut options = anonymous();
    options.extend(words("-write_tmcd 0 -movflags +faststart -f mp4"));
    options
}

/// No tags of the file or of its tracks, no chapters, no data or subtitle tracks, no name of a writer.
///
/// Not `-fs`: it would end a film early and call it finished. The kernel's ceiling on a file's size ends it as a failure.
pub(super) fn anonymous() -> Vec<String> {
    words(
        "-map_metadata -1 -map_metadata:s -1 -map_chapters -1 -dn -sn -fflags +bitexact -flags:v +bitexact \
         -flags:a +bitexact -abort_on empty_output",
    )
}
