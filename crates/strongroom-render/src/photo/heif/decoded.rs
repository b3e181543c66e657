//! What the decoder made of the coded pictures: Netpbm files, whose header is text and whose samples are nothing else.

use std::fs;
use std::path::Path;

use fast_image_resize::MulDiv;
use image::metadata::Orientation;
use image::{DynamicImage, ImageBuffer, RgbImage};
use strongroom_core::media::Failure;

use crate::coded::{ALPHA_DECODED, Coded, PICTURE_DECODED, PROFILE};
use crate::photo::colour::Colours;
use crate::photo::container::{Components, Container};
use crate::photo::decode::Picture;
use crate::photo::{RunError, malformed};

/// Reads everything that lies in `directory`, for the rest of a photo's way.
pub(in crate::photo) fn pack(coded: &Coded, directory: &Path) -> Result<(Container, Picture, Colours), RunError> {
    let size = coded.shown.size;
    let bytes = fs::read(directory.join(PICTURE_DECODED))?;
    let is_deep = coded.is_deep();
    let samples = samples(bytes, b"P6", size.width, size.height, if is_deep { 6 } else { 3 })?;
    let other_size = || malformed("the picture decodes to another size than it announced");
    let mut pixels = if is_deep {
        let samples = samples.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
        ImageBuffer::from_raw(size.width, size.height, samples).map(DynamicImage::ImageRgb16).ok_or_else(other_size)?
    } else {
        RgbImage::from_raw(size.width, size.height, samples).map(DynamicImage::ImageRgb8).ok_or_else(other_size)?
    };
    if coded.alpha.is_some() {
        let alpha = self::samples(fs::read(directory.join(ALPHA_DECODED))?, b"P5", size.width, size.height, 1)?;
        // Never deep as well: see `Coded::is_deep`.
        let mut with_alpha = pixels.into_rgba8();
        with_alpha.pixels_mut().zip(&alpha).for_each(|(pixel, alpha)| pixel.0[3] = *alpha);
        pixels = DynamicImage::ImageRgba8(with_alpha);
        if coded.is_premultiplied {
            MulDiv::new().divide_alpha_inplace(&mut pixels).map_err(|error| RunError::Ours(error.to_string()))?;
        }
    }
    let profile = fs::read(directory.join(PROFILE))?;
    let colours = match coded.colour {
        _ if !profile.is_empty() => Colours::of(Some(profile)),
        Some(colour) => Colours::of_numbers(colour),
        None => Colours::of(None),
    };
    let orientation = Orientation::from_exif(coded.orientation).unwrap_or(Orientation::NoTransforms);
    let container = Container {
        format: coded.format,
        stored: size,
        orientation,
        profile: None,
        components: Components::Colour,
        clean: Vec::new(),
    };
    Ok((container, Picture { pixels, inks: false }, colours))
}

/// The samples of a Netpbm file of this kind and size: `P6 width height most` and one white space come before them.
fn samples(
    mut file: Vec<u8>,
    kind: &[u8],
    width: u32,
    height: u32,
    bytes_per_pixel: usize,
) -> Result<Vec<u8>, Failure> {
    let length = width as usize * height as usize * bytes_per_pixel;
    let header = file.len().checked_sub(length).and_then(|end| file.get(..end)).unwrap_or_default();
    let words: Vec<&[u8]> = header.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).collect();
    let (width, height) = (width.to_string(), height.to_string());
    if !matches!(words[..], [k, w, h, _] if k == kind && w == width.as_bytes() && h == height.as_bytes()) {
        return Err(malformed("the picture decodes to another size than it announced"));
    }
    file.drain(..file.len() - length);
    Ok(file)
}
