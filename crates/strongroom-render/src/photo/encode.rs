//! Encodes finished pixels.

use std::borrow::Cow;
use std::io::Cursor;

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{DynamicImage, ImageEncoder, RgbImage};
use strongroom_core::rendition::RenditionFormat;
use turbojpeg::{Compressor, PixelFormat, Subsamp};

use super::{RunError, webp_encoder};

/// How a rendition is to be encoded.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    pub(super) format: RenditionFormat,
    /// 1–100 on the encoder's own scale; PNG has none.
    pub(super) quality: u8,
    /// JPEG: colour at half the resolution, which at these sizes nobody sees; not for a `full`.
    pub(super) halve_colour: bool,
}

pub(super) fn encode(pixels: &DynamicImage, style: Style) -> Result<Vec<u8>, RunError> {
    match style.format {
        RenditionFormat::Jpeg => jpeg(pixels, style),
        RenditionFormat::Png => png(pixels),
        RenditionFormat::Webp => webp_encoder::encode(pixels, style.quality).map_err(RunError::Ours),
        other @ (RenditionFormat::Mp4 | RenditionFormat::M4a) => {
            Err(RunError::Ours(format!("a picture cannot be encoded as {other}")))
        }
    }
}

fn jpeg(pixels: &DynamicImage, style: Style) -> Result<Vec<u8>, RunError> {
    let failed = |error: turbojpeg::Error| RunError::Ours(format!("cannot encode a JPEG: {error}"));
    let rgb = flatten(pixels);
    let (width, height) = (rgb.width() as usize, rgb.height() as usize);
    let mut compressor = Compressor::new().map_err(failed)?;
    compressor.set_quality(style.quality.into()).map_err(failed)?;
    compressor.set_subsamp(if style.halve_colour { Subsamp::Sub2x2 } else { Subsamp::None }).map_err(failed)?;
    // The usual Huffman tables: a photo's own take a second pass without SIMD, 8 ms of 20 for a picture of 1280 × 960, and
    // save one byte in a hundred.
    compressor.set_optimize(false).map_err(failed)?;
    let image =
        turbojpeg::Image { pixels: rgb.as_raw().as_slice(), width, pitch: width * 3, height, format: PixelFormat::RGB };
    compressor.compress_to_vec(image).map_err(failed)
}

/// RGB; what is transparent lies on white, as on the page it will be shown on.
pub(crate) fn flatten(pixels: &DynamicImage) -> Cow<'_, RgbImage> {
    match pixels {
        DynamicImage::ImageRgb8(rgb) => Cow::Borrowed(rgb),
        DynamicImage::ImageRgba8(rgba) => {
            let on_white = |sample: u8, alpha: u8| {
                let mixed = u32::from(sample) * u32::from(alpha) + 255 * u32::from(255 - alpha);
                u8::try_from((mixed + 127) / 255).unwrap_or(u8::MAX)
            };
            let mut rgb = RgbImage::new(rgba.width(), rgba.height());
            for (to, from) in rgb.pixels_mut().zip(rgba.pixels()) {
                let [r, g, b, alpha] = from.0;
                to.0 = [r, g, b].map(|sample| on_white(sample, alpha));
            }
            Cow::Owned(rgb)
        }
        other => Cow::Owned(other.to_rgb8()),
    }
}

fn png(pixels: &DynamicImage) -> Result<Vec<u8>, RunError> {
    let mut file = Cursor::new(Vec::new());
    PngEncoder::new_with_quality(&mut file, CompressionType::Default, FilterType::Adaptive)
        .write_image(pixels.as_bytes(), pixels.width(), pixels.height(), pixels.color().into())
        .map_err(|error| RunError::Ours(format!("cannot encode a PNG: {error}")))?;
    Ok(file.into_inner())
}
