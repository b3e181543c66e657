//! Encodes and writes every rendition, a few side by side.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use fast_image_resize::MulDiv;
use image::DynamicImage;
use image::metadata::Orientation;
use strongroom_core::media::Format;
use strongroom_core::rendition::{RenditionFormat, RenditionName, Size};

use super::RunError;
use super::colour::Colours;
use super::container::{Components, Container};
use super::decode::Picture;
use super::encode::{Style, encode};
use super::reduce::Finished;
use crate::order::{Made, file_name};

/// JPEG quality of a `full` whose original no browser shows as it is.
const FULL_QUALITY: u8 = 92;

/// The `full` rendition, before it is written.
pub(super) enum Full {
    /// The clean file: the same compressed pixels.
    Kept(RenditionFormat, Vec<u8>),
    /// Pixels to encode: upright, sRGB.
    Encoded(Style, DynamicImage),
}

impl Full {
    /// Keeps JPEG, PNG and WebP as they are; makes a JPEG of what no browser shows, a PNG where that has alpha.
    pub(super) fn of(container: Container, decoded: Picture, colours: &Colours) -> Result<Self, RunError> {
        Ok(match (container.format, &container.components) {
            (Format::Jpeg, Components::Inks { .. }) | (Format::Tiff | Format::Bmp | Format::Heif | Format::Avif, _) => {
                drop(container.clean);
                Self::encoded(decoded, container.orientation, colours)?
            }
            (Format::Png, _) => Self::Kept(RenditionFormat::Png, container.clean),
            (Format::Webp, _) => Self::Kept(RenditionFormat::Webp, container.clean),
            (Format::Gif, _) => {
                Self::Encoded(Style { format: RenditionFormat::Png, quality: 100, halve_colour: false }, decoded.pixels)
            }
            _ => Self::Kept(RenditionFormat::Jpeg, container.clean),
        })
    }

    fn encoded(mut decoded: Picture, orientation: Orientation, colours: &Colours) -> Result<Self, RunError> {
        let has_alpha = decoded.has_alpha();
        if has_alpha {
            // It was multiplied for the resizer.
            MulDiv::new()
                .divide_alpha_inplace(&mut decoded.pixels)
                .map_err(|error| RunError::Ours(error.to_string()))?;
        }
        let mut pixels = colours.to_srgb(decoded);
        pixels.apply_orientation(orientation);
        let format = if has_alpha { RenditionFormat::Png } else { RenditionFormat::Jpeg };
        Ok(Self::Encoded(Style { format, quality: FULL_QUALITY, halve_colour: false }, pixels))
    }

    fn piece(&self, size: Size) -> Piece<'_> {
        let (format, source) = match self {
            Self::Kept(format, bytes) => (*format, Source::Bytes(bytes)),
            Self::Encoded(style, pixels) => (style.format, Source::Pixels(pixels, *style)),
        };
        Piece { made: Made { name: RenditionName::Full, format, size }, source }
    }
}

enum Source<'a> {
    Bytes(&'a [u8]),
    Pixels(&'a DynamicImage, Style),
}

/// One file to write.
struct Piece<'a> {
    made: Made,
    source: Source<'a>,
}

/// Writes `full` and everything in `reduced` to `output`, with up to `threads` encoders side by side.
pub(super) fn all(
    full: &Full,
    reduced: &[Finished],
    upright: Size,
    output: &Path,
    threads: u8,
) -> Result<Vec<Made>, RunError> {
    let mut pieces = vec![full.piece(upright)];
    pieces.extend(reduced.iter().map(|Finished { reduced, pixels }| Piece {
        made: Made { name: reduced.name, format: reduced.format, size: reduced.geometry.size() },
        source: Source::Pixels(pixels, Style { format: reduced.format, quality: reduced.quality, halve_colour: true }),
    }));
    // WebP takes three times as long as JPEG: begun first, it does not leave the other encoders waiting at the end.
    let mut queue: Vec<&Piece<'_>> = pieces.iter().collect();
    queue.sort_by_key(|piece| piece.made.format != RenditionFormat::Webp);

    let next = AtomicUsize::new(0);
    let work = || -> Result<(), RunError> {
        while let Some(piece) = queue.get(next.fetch_add(1, Ordering::Relaxed)) {
            write(piece, output)?;
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        // A thread that cannot be started is not missed: this one goes on until the queue is empty.
        let others: Vec<_> =
            (1..threads).filter_map(|_| std::thread::Builder::new().spawn_scoped(scope, work).ok()).collect();
        let mut outcome = work();
        for other in others {
            outcome = outcome.and(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        outcome
    })?;
    Ok(pieces.into_iter().map(|piece| piece.made).collect())
}

fn write(piece: &Piece<'_>, output: &Path) -> Result<(), RunError> {
    let path = output.join(file_name(piece.made.name, piece.made.format));
    match piece.source {
        Source::Bytes(bytes) => write_new(&path, bytes),
        Source::Pixels(pixels, style) => write_new(&path, &encode(pixels, style)?),
    }
}

/// Writes a file that must not be there yet.
pub(super) fn write_new(path: &Path, bytes: &[u8]) -> Result<(), RunError> {
    // Not `File::create_new`: it opens for reading too, which the sandbox allows for the input alone.
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    Ok(file.write_all(bytes)?)
}
