//! Decodes a clean file, once, no larger than its renditions need.

use std::io::Cursor;

use fast_image_resize::MulDiv;
use image::codecs::{bmp::BmpDecoder, gif::GifDecoder, png::PngDecoder, tiff::TiffDecoder, webp::WebPDecoder};
use image::{DynamicImage, GrayImage, ImageDecoder, ImageError, ImageResult, RgbImage, RgbaImage};
use strongroom_core::media::{Failure, FailureCode, Format};
use strongroom_core::rendition::{Geometry, Reduced, Size};
use turbojpeg::{Decompressor, PixelFormat, ScalingFactor};

use super::container::{Components, Container};
use super::{exif, malformed, too_large, unsupported};
use crate::limits::Care;

/// Decoded pixels, not yet upright, in the colours of the file.
pub(super) struct Picture {
    pub(super) pixels: DynamicImage,
    /// The four channels are cyan, magenta, yellow and black, 0 for no ink; not red, green, blue and alpha.
    pub(super) inks: bool,
}

impl Picture {
    /// Whether the last channel is alpha.
    pub(super) fn has_alpha(&self) -> bool {
        !self.inks && self.pixels.color().has_alpha()
    }
}

/// Decodes `container` at a scale that still covers everything in `plan`; with care, at its own.
pub(super) fn decode(container: &Container, plan: &[Reduced], care: Care) -> Result<Picture, Failure> {
    let clean = Cursor::new(&container.clean);
    let pixels = match container.format {
        Format::Jpeg => {
            let scale = if care == Care::Careful { ScalingFactor::ONE } else { jpeg_scale(container, plan) };
            return decode_jpeg(container, scale);
        }
        Format::Png => PngDecoder::new(clean).and_then(pixels),
        Format::Webp => WebPDecoder::new(clean).and_then(pixels),
        Format::Gif => GifDecoder::new(clean).and_then(pixels).map(without_idle_alpha),
        Format::Bmp => BmpDecoder::new(clean).and_then(pixels).map(without_idle_alpha),
        Format::Tiff => return decode_tiff(container),
        other => {
            return Err(Failure::new(FailureCode::Internal, format!("{other} was taken apart but cannot be decoded")));
        }
    };
    let pixels = pixels.map_err(blame)?;
    Ok(Picture { pixels, inks: false })
}

fn pixels(decoder: impl ImageDecoder) -> ImageResult<DynamicImage> {
    DynamicImage::from_decoder(decoder)
}

fn blame(error: ImageError) -> Failure {
    let message = format!("the picture cannot be decoded: {error}");
    match error {
        ImageError::Unsupported(_) => unsupported(message),
        ImageError::Limits(_) => too_large(message),
        _ => malformed(message),
    }
}

/// GIFs decode to RGBA whether or not any pixel is transparent; most are not.
fn without_idle_alpha(pixels: DynamicImage) -> DynamicImage {
    let opaque = pixels.as_rgba8().is_some_and(|rgba| rgba.pixels().all(|pixel| pixel.0[3] == 255));
    if opaque { DynamicImage::ImageRgb8(pixels.into_rgb8()) } else { pixels }
}

fn decode_tiff(container: &Container) -> Result<Picture, Failure> {
    let mut decoder = TiffDecoder::new(Cursor::new(&container.clean)).map_err(blame)?;
    // Its own default is below what was allowed when the directory was read.
    decoder.set_limits(image::Limits::no_limits()).map_err(blame)?;
    let pixels = pixels(decoder).map_err(blame)?;
    let (width, height) = (pixels.width(), pixels.height());
    Ok(match &container.components {
        Components::Inks { .. } => Picture { pixels: DynamicImage::ImageRgba8(pixels.into_rgba8()), inks: true },
        Components::Palette(colours) => {
            let samples = pixels.as_bytes().iter().flat_map(|index| colours[usize::from(*index)]).collect();
            let pixels = RgbImage::from_raw(width, height, samples).map(DynamicImage::ImageRgb8);
            Picture { pixels: pixels.ok_or_else(|| malformed("the TIFF has no indices for its palette"))?, inks: false }
        }
        Components::Premultiplied => {
            let mut pixels = pixels;
            MulDiv::new()
                .divide_alpha_inplace(&mut pixels)
                .map_err(|error| Failure::new(FailureCode::Internal, error.to_string()))?;
            Picture { pixels: without_idle_alpha(pixels), inks: false }
        }
        Components::Grey | Components::Colour => Picture { pixels: without_idle_alpha(pixels), inks: false },
    })
}

fn decode_jpeg(container: &Container, scale: ScalingFactor) -> Result<Picture, Failure> {
    let failed = |error: turbojpeg::Error| malformed(format!("the JPEG cannot be decoded: {error}"));
    let (format, channels) = match container.components {
        Components::Grey => (PixelFormat::GRAY, 1),
        Components::Colour => (PixelFormat::RGB, 3),
        _ => (PixelFormat::CMYK, 4),
    };
    let mut decompressor = Decompressor::new().map_err(failed)?;
    decompressor.set_scaling_factor(scale).map_err(failed)?;
    let header = decompressor.read_header(&container.clean).map_err(failed)?.scaled(scale);
    let (width, height) = (header.width, header.height);
    let pitch = width * channels;
    let mut pixels = vec![0; pitch * height];
    let target = turbojpeg::Image { pixels: pixels.as_mut_slice(), width, pitch, height, format };
    match decompressor.decompress(&container.clean, target) {
        Err(turbojpeg::Error::TurboJpegError(message)) if is_warning(&message) => {}
        other => other.map_err(failed)?,
    }
    if container.components == (Components::Inks { inverted: true }) {
        pixels.iter_mut().for_each(|sample| *sample = 255 - *sample);
    }
    let (width, height) = (u32::try_from(width).unwrap_or(0), u32::try_from(height).unwrap_or(0));
    let pixels = match container.components {
        Components::Grey => GrayImage::from_raw(width, height, pixels).map(DynamicImage::ImageLuma8),
        Components::Colour => RgbImage::from_raw(width, height, pixels).map(DynamicImage::ImageRgb8),
        _ => RgbaImage::from_raw(width, height, pixels).map(DynamicImage::ImageRgba8),
    };
    let pixels = pixels.ok_or_else(|| malformed("the JPEG decodes to another size than it announced"))?;
    Ok(Picture { pixels, inks: matches!(container.components, Components::Inks { .. }) })
}

/// libjpeg goes on after these and fills in what is missing, as in every browser; the binding reports them like errors
/// and drops the flag that tells them apart, so that is done by their texts (jerror.h of the libjpeg-turbo built here).
fn is_warning(message: &str) -> bool {
    [
        "Corrupt JPEG data",
        "Premature end of JPEG file",
        "Inconsistent progression sequence",
        "Unknown Adobe color transform",
    ]
    .iter()
    .any(|warning| message.starts_with(warning))
}

/// The smallest of 1/8, 1/4, 1/2 and 1/1 (those with fast transforms) that covers every reduced rendition. `full` made from
/// inks is encoded from these pixels too, so for it nothing may be missing.
fn jpeg_scale(container: &Container, plan: &[Reduced]) -> ScalingFactor {
    if matches!(container.components, Components::Inks { .. }) {
        return ScalingFactor::ONE;
    }
    let covers_plan = |denominator: u32| {
        let Size { width, height } = container.stored;
        let (width, height) = (width.div_ceil(denominator), height.div_ceil(denominator));
        let swapped = exif::swaps_sides(container.orientation);
        let decoded = if swapped { Size::new(height, width) } else { Size::new(width, height) };
        plan.iter().all(|reduced| covers(decoded, reduced.geometry))
    };
    match [8, 4, 2].into_iter().find(|denominator| covers_plan(*denominator)) {
        Some(8) => ScalingFactor::ONE_EIGHTH,
        Some(4) => ScalingFactor::ONE_QUARTER,
        Some(2) => ScalingFactor::ONE_HALF,
        _ => ScalingFactor::ONE,
    }
}

/// Whether a rendition of this geometry can be cut from a whole picture of `source` without enlarging.
pub(super) fn covers(source: Size, geometry: Geometry) -> bool {
    match geometry {
        Geometry::Whole(size) => source.width >= size.width && source.height >= size.height,
        Geometry::CentreSquare(size) => source.width.min(source.height) >= size.width,
    }
}

#[cfg(test)]
mod tests {
    use strongroom_core::rendition::plan_reduced;

    use super::*;
    use crate::limits::Limits;
    use crate::photo::container;

    #[test]
    fn a_careful_decode_does_not_reduce() {
        let photo = include_bytes!("../../../../samples/photo.jpg");
        let container = container::take_apart(photo, &Limits::default()).unwrap();
        let plan = plan_reduced(container.upright());
        let width = |care| decode(&container, &plan, care).unwrap().pixels.width();
        assert_eq!((width(Care::Usual), width(Care::Careful)), (3024 / 2, 3024));
    }
}
