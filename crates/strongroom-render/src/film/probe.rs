//! Asks ffprobe what a file holds.

use std::path::Path;

use serde::Deserialize;
use strongroom_core::media::{FailureCode, Format, MediaType};

use super::allowed::{demuxer, input_guards, is_decodable};
use super::measure::measure_ms;
use super::source::{Picture, Sound, Source};
use super::tool::{Run, Tool, run};
use crate::renderer::{RenderError, Renderer, failed};

/// Only what is asked for here: a file's tags may be megabytes, and are nobody's business.
const ENTRIES: &str = "format=duration:stream=index,codec_type,codec_name,profile,width,height,sample_aspect_ratio,\
                       pix_fmt,field_order,color_range,color_space,color_transfer,color_primaries,avg_frame_rate,\
                       start_time,bit_rate,channels,sample_rate:stream_disposition=default,attached_pic:\
                       stream_side_data=rotation";

#[derive(Deserialize)]
struct Report {
    #[serde(default)]
    streams: Vec<Stream>,
    #[serde(default)]
    format: Container,
}

#[derive(Deserialize, Default)]
struct Container {
    duration: Option<String>,
}

#[derive(Deserialize)]
struct Stream {
    index: u32,
    codec_type: Option<String>,
    #[serde(default)]
    codec_name: String,
    profile: Option<String>,
    #[serde(default)]
    width: u32,
    #[serde(default)]
    height: u32,
    sample_aspect_ratio: Option<String>,
    pix_fmt: Option<String>,
    field_order: Option<String>,
    color_range: Option<String>,
    color_space: Option<String>,
    color_transfer: Option<String>,
    color_primaries: Option<String>,
    avg_frame_rate: Option<String>,
    start_time: Option<String>,
    bit_rate: Option<String>,
    #[serde(default)]
    channels: u32,
    sample_rate: Option<String>,
    #[serde(default)]
    disposition: Disposition,
    #[serde(default)]
    side_data_list: Vec<SideData>,
}

#[derive(Deserialize, Default)]
struct Disposition {
    #[serde(default)]
    default: u8,
    #[serde(default)]
    attached_pic: u8,
}

#[derive(Deserialize)]
struct SideData {
    rotation: Option<f64>,
}

/// What `input` holds; nothing if one of its tracks is not decoded here, and ffprobe gave up on it. Decodes no more than it
/// takes to know that.
pub(super) async fn probe(
    renderer: &Renderer,
    input: &Path,
    format: Format,
    directory: &Path,
) -> Result<Option<Source>, RenderError> {
    let mut arguments = vec!["-v".to_owned(), "error".to_owned()];
    arguments.extend(input_guards(demuxer(format)?));
    arguments.extend(["-print_format", "json=compact=1", "-show_entries", ENTRIES].map(str::to_owned));
    arguments.push(super::arguments::file_url(input)?);
    let seconds = renderer.limits().film.probe_seconds;
    let ran = run(renderer, Run { tool: Tool::Ffprobe, arguments, input, directory, seconds }, None).await?;
    if !ran.is_success {
        // It opens every track's decoder, and gives up at the first that is not allowed.
        if ran.stderr_tail.contains(") not on whitelist") {
            return Ok(None);
        }
        return Err(failed(FailureCode::Malformed, format!("this {format} file is damaged, or ends before it should")));
    }
    let report: Report = serde_json::from_slice(&ran.stdout)
        .map_err(|error| RenderError::Broken(format!("ffprobe's answer is unreadable: {error}")))?;
    let mut source = take_stock(format, &report);
    source.check_before_measuring(&renderer.limits().film)?;
    // MP3 has no length but an estimate, and a browser's own recordings have none at all.
    if source.duration_ms == 0 || format == Format::Mp3 {
        source.duration_ms = measure_ms(renderer, input, format, directory).await?;
    }
    Ok(Some(source))
}

fn take_stock(format: Format, report: &Report) -> Source {
    let is = |kind: &'static str| move |stream: &&Stream| stream.codec_type.as_deref() == Some(kind);
    // What is decoded here comes before what the file calls its default, and that before the first.
    let best = |kind: &'static str| {
        let candidates = report.streams.iter().filter(is(kind)).filter(|stream| stream.disposition.attached_pic == 0);
        candidates.min_by_key(|stream| (!is_decodable(&stream.codec_name), stream.disposition.default == 0))
    };
    // What looks like a film in a sound file is its cover.
    let picture = best("video").filter(|_| format.media_type() == MediaType::Video).map(picture);
    // A film whose sound is not decoded here is shown without: most of it is there.
    let sound = best("audio").filter(|stream| picture.is_none() || is_decodable(&stream.codec_name)).map(sound);
    Source {
        format,
        streams: report.streams.len(),
        duration_ms: report.format.duration.as_deref().map_or(0, milliseconds),
        picture,
        sound,
    }
}

fn picture(stream: &Stream) -> Picture {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let (aspect_width, aspect_height) = stream
        .sample_aspect_ratio
        .as_deref()
        .and_then(|ratio| fraction(ratio, ':'))
        .filter(|(width, height)| *width > 0 && *height > 0)
        .unwrap_or((1, 1));
    let rate = stream.avg_frame_rate.as_deref().and_then(|rate| fraction(rate, '/')).filter(|(_, per)| *per > 0);
    Picture {
        index: stream.index,
        codec: stream.codec_name.clone(),
        profile: text(&stream.profile),
        width: stream.width,
        height: stream.height,
        aspect: (aspect_width, aspect_height),
        rotation: stream.side_data_list.iter().find_map(|data| data.rotation).unwrap_or(0.0),
        pixel_format: text(&stream.pix_fmt),
        field_order: text(&stream.field_order),
        range: text(&stream.color_range),
        matrix: text(&stream.color_space),
        transfer: text(&stream.color_transfer),
        primaries: text(&stream.color_primaries),
        frames_per_second: rate.map_or(0.0, |(frames, seconds)| f64::from(frames) / f64::from(seconds)),
        start_ms: stream.start_time.as_deref().map_or(0, milliseconds),
        bits_per_second: stream.bit_rate.as_deref().and_then(|rate| rate.parse().ok()),
    }
}

fn sound(stream: &Stream) -> Sound {
    Sound {
        index: stream.index,
        codec: stream.codec_name.clone(),
        profile: stream.profile.clone().unwrap_or_default(),
        channels: stream.channels,
        samples_per_second: stream.sample_rate.as_deref().and_then(|rate| rate.parse().ok()).unwrap_or(0),
        bits_per_second: stream.bit_rate.as_deref().and_then(|rate| rate.parse().ok()),
    }
}

fn fraction(text: &str, by: char) -> Option<(u32, u32)> {
    let (numerator, denominator) = text.split_once(by)?;
    Some((numerator.parse().ok()?, denominator.parse().ok()?))
}

/// `"12.345000"` as 12345; nothing for what is no positive number.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` saturates, and the limits judge the result"
)]
fn milliseconds(text: &str) -> u64 {
    (text.parse::<f64>().unwrap_or(0.0) * 1000.0).round() as u64
}
