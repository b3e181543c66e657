//! Unrolls an animation: every picture as a viewer sees it, with the time it stands for, as raw pixels.
//!
//! GIF, APNG and animated WebP differ in how one picture builds on the one before; here that is settled in safe Rust behind
//! the narrower fence of our own child. What ffmpeg gets to see afterwards are pixels that we wrote, in a container that we
//! wrote, so none of its decoders for these formats is ever let near a stranger's file.

mod matroska;

use std::fs::OpenOptions;
use std::io::{BufWriter, Cursor, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use image::codecs::{gif::GifDecoder, png::PngDecoder, webp::WebPDecoder};
use image::{AnimationDecoder, Delay, DynamicImage, Frames, ImageDecoder, ImageResult, RgbImage};
use strongroom_core::media::{Failure, Format, SNIFF_LENGTH, sniff};
use strongroom_core::rendition::Size;

use crate::limits::Limits;
use crate::order::{UNROLLED_FILE, Unrolled};
use crate::photo::container::check_size;
use crate::photo::encode::flatten;
use crate::photo::read::{self, Original};
use crate::photo::{RunError, malformed, too_large};

/// The canvas and a picture on it, in RGBA.
const DECODED_BYTES_PER_PIXEL: u64 = 8;
/// Delays up to this one mean "as fast as you can" and are shown for a tenth of a second, in every browser.
const SHORTEST_DELAY_MS: u64 = 10;
const DELAY_MS_FOR_TOO_SHORT: u64 = 100;

/// ffmpeg gives a film's last picture the time of one at the film's own rate, whatever its container says. So the last one
/// is repeated this long before the end, and the rate is said to be one picture in this time.
pub(crate) const LAST_PICTURE_MS: u64 = 10;

/// Writes every picture of `input` to [`UNROLLED_FILE`] in `output`.
pub(crate) fn unroll(input: &Path, output: &Path, limits: &Limits) -> Result<Unrolled, RunError> {
    let Original { bytes, .. } = read::original(input, limits)?;
    let format = sniff(&bytes[..bytes.len().min(SNIFF_LENGTH)]);
    let file = Cursor::new(bytes.as_slice());
    let (format, size, frames) = match format {
        Some(format @ Format::Gif) => opened(format, GifDecoder::new(file), |gif| Ok(gif.into_frames()))?,
        Some(format @ Format::Png) => {
            opened(format, PngDecoder::new(file), |png| png.apng().map(AnimationDecoder::into_frames))?
        }
        Some(format @ Format::Webp) => opened(format, WebPDecoder::new(file), |webp| Ok(webp.into_frames()))?,
        _ => return Err(RunError::Ours("asked to unroll what is no animation".to_owned())),
    };
    check_size(size, DECODED_BYTES_PER_PIXEL, limits)?;

    // Not `File::create_new`: it opens for reading too, which the sandbox allows for the input alone.
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(output.join(UNROLLED_FILE))?;
    let mut file = BufWriter::new(file);
    matroska::begin(&mut file, size)?;
    let (mut count, mut duration_ms, mut last) = (0, 0, RgbImage::default());
    for frame in frames {
        let frame = match frame {
            Ok(frame) => frame,
            Err(error) if count == 0 => return Err(damaged(format, &error).into()),
            // Cut off in the middle: shown as far as it goes, as browsers do.
            Err(_) => break,
        };
        count += 1;
        check_so_far(count, size, limits)?;
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

type Opened<'a> = (Format, Size, Frames<'a>);

fn opened<'a, D: ImageDecoder>(
    format: Format,
    decoder: ImageResult<D>,
    frames: impl FnOnce(D) -> ImageResult<Frames<'a>>,
) -> Result<Opened<'a>, Failure> {
    let open = || {
        let decoder = decoder?;
        let (width, height) = decoder.dimensions();
        Ok((format, Size::new(width, height), frames(decoder)?))
    };
    open().map_err(|error| damaged(format, &error))
}

fn damaged(format: Format, error: &image::ImageError) -> Failure {
    malformed(format!("the {format} cannot be decoded: {error}"))
}

/// Before a picture is written, so that a bomb costs no more than the limits allow.
fn check_so_far(count: u32, size: Size, limits: &Limits) -> Result<(), Failure> {
    let (frames, pixels) = (limits.film.max_animation_frames, limits.film.max_animation_pixels);
    if count > frames {
        return Err(too_large(format!("the animation has more than {frames} pictures, which is what is allowed")));
    }
    let shown = u64::from(count) * u64::from(size.width) * u64::from(size.height);
    if shown > pixels {
        return Err(too_large(format!(
            "the pictures of the animation have {shown} pixels or more together; {pixels} are allowed"
        )));
    }
    Ok(())
}

fn shown_for(delay: Delay) -> u64 {
    let (numerator, denominator) = delay.numer_denom_ms();
    let milliseconds = u64::from(numerator) / u64::from(denominator.max(1));
    if milliseconds <= SHORTEST_DELAY_MS { DELAY_MS_FOR_TOO_SHORT } else { milliseconds }
}
