//! Unrolls an animation: every picture as a viewer sees it, with the time it stands for, as raw pixels.
//!
//! GIF, APNG and animated WebP differ in how one picture builds on the one before; here that is settled in safe Rust behind
//! the narrower fence of our own child. What ffmpeg gets to see afterwards are pixels that we wrote, in a container that we
//! wrote, so none of its decoders for these formats is ever let near a stranger's file.

mod matroska;
mod table;

use std::fs::OpenOptions;
use std::io::{BufWriter, Cursor, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use image::codecs::{gif::GifDecoder, png::PngDecoder, webp::WebPDecoder};
use image::{AnimationDecoder, Delay, DynamicImage, Frames, ImageResult, RgbImage};
use strongroom_core::media::{Failure, Format};

use self::table::Table;
use crate::limits::Limits;
use crate::order::{UNROLLED_FILE, Unrolled};
use crate::photo::encode::flatten;
use crate::photo::read::{self, Original};
use crate::photo::{RunError, malformed};

/// Delays up to this one mean "as fast as you can" and are shown for a tenth of a second, in every browser.
const SHORTEST_DELAY_MS: u64 = 10;
const DELAY_MS_FOR_TOO_SHORT: u64 = 100;

/// ffmpeg gives a film's last picture the time of one at the film's own rate, whatever its container says. So the last one
/// is repeated this long before the end, and the rate is said to be one picture in this time.
pub(crate) const LAST_PICTURE_MS: u64 = 10;

/// Writes every picture of `input` to [`UNROLLED_FILE`] in `output`.
pub(crate) fn unroll(input: &Path, output: &Path, limits: &Limits) -> Result<Unrolled, RunError> {
    let Original { bytes, .. } = read::original(input, limits)?;
    let table = Table::read(&bytes).ok_or_else(|| malformed("there is nothing here that could move: it is a photo"))?;
    table.check(limits)?;
    let (format, size) = (table.format, table.canvas);
    let frames = open(format, &bytes).map_err(|error| damaged(format, &error))?;

    // Not `File::create_new`: it opens for reading too, which the sandbox allows for the input alone.
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(output.join(UNROLLED_FILE))?;
    let mut file = BufWriter::new(file);
    matroska::begin(&mut file, size)?;
    let (mut count, mut duration_ms, mut last) = (0, 0, RgbImage::default());
    // No more than were counted, and so allowed.
    for frame in frames.take(table.pictures as usize) {
        let frame = match frame {
            Ok(frame) => frame,
            Err(error) if count == 0 => return Err(damaged(format, &error).into()),
            // Cut off in the middle: shown as far as it goes, as browsers do.
            Err(_) => break,
        };
        count += 1;
        let delay_ms = shown_for(frame.delay());
        let pixels = DynamicImage::ImageRgba8(frame.into_buffer());
        last = flatten(&pixels).into_owned();
        matroska::picture(&mut file, duration_ms, delay_ms, last.as_raw())?;
        duration_ms += delay_ms;
    }
    if count == 0 {
        return Err(malformed(format!("the {format} ends before its first picture does")).into());
    }
    matroska::picture(&mut file, duration_ms - LAST_PICTURE_MS, LAST_PICTURE_MS, last.as_raw())?;
    file.flush()?;
    Ok(Unrolled { format, size, frames: count, duration_ms })
}

/// Whether these bytes move: there are several pictures, and not the first alone can be decoded. What a viewer sees of an
/// animation whose second picture is broken is a still.
///
/// # Errors
/// If all its pictures together are more than the limits allow.
pub(crate) fn moves(file: &[u8], limits: &Limits) -> Result<bool, Failure> {
    let Some(table) = Table::read(file).filter(|table| table.pictures > 1) else { return Ok(false) };
    table.check(limits)?;
    let second = open(table.format, file).ok().and_then(|mut frames| frames.nth(1));
    Ok(matches!(second, Some(Ok(_))))
}

fn open(format: Format, file: &[u8]) -> ImageResult<Frames<'_>> {
    let file = Cursor::new(file);
    match format {
        Format::Png => PngDecoder::new(file)?.apng().map(AnimationDecoder::into_frames),
        Format::Webp => WebPDecoder::new(file).map(AnimationDecoder::into_frames),
        _ => GifDecoder::new(file).map(AnimationDecoder::into_frames),
    }
}

fn damaged(format: Format, error: &image::ImageError) -> Failure {
    malformed(format!("the {format} cannot be decoded: {error}"))
}

fn shown_for(delay: Delay) -> u64 {
    let (numerator, denominator) = delay.numer_denom_ms();
    let milliseconds = u64::from(numerator) / u64::from(denominator.max(1));
    if milliseconds <= SHORTEST_DELAY_MS { DELAY_MS_FOR_TOO_SHORT } else { milliseconds }
}
