//! From the file's colours to 8-bit sRGB.
//!
//! Converted after the downscale. Resampling mixes neighbouring samples either way in a gamma-encoded space, and the
//! curves of the spaces that photos come in (sRGB, Display P3, Adobe RGB) differ little between neighbours, so mixing
//! before or after the conversion is not told apart by eye; converting 1.2 million pixels instead of 50 is, by the clock.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use image::{DynamicImage, RgbImage, RgbaImage};
use moxcms::{
    CicpColorPrimaries, CicpProfile, CmsError, ColorProfile, DataColorSpace, Layout, MatrixCoefficients,
    TransferCharacteristics, TransformExecutor, TransformOptions,
};

use super::decode::Picture;
use crate::coded::Nclx;

/// What the samples of a file mean.
pub(super) struct Colours {
    /// None is sRGB: no profile, or one that is broken. A picture in nearly right colours beats none.
    profile: Option<ColorProfile>,
}

impl Colours {
    /// By the embedded profile. A hostile one may panic the parser; that, too, is a broken profile.
    pub(super) fn of(profile: Option<Vec<u8>>) -> Self {
        let parse = |bytes: Vec<u8>| catch_unwind(|| ColorProfile::new_from_slice(&bytes).ok()).ok().flatten();
        Self { profile: profile.and_then(parse) }
    }

    /// By the numbers of ITU-T H.273. Tones beyond a screen's range have been mapped into sRGB by then.
    pub(super) fn of_numbers(colour: Nclx) -> Self {
        // Unspecified is sRGB; and the curves of cameras (1, 6, 13, 14, 15) are shown by every viewer as sRGB's.
        let is_usual = matches!(colour.primaries, 1 | 2) || colour.is_high_dynamic_range();
        let primaries = CicpColorPrimaries::try_from(colour.primaries).ok().filter(|_| !is_usual);
        let profile = primaries.map(|color_primaries| {
            ColorProfile::new_from_cicp(CicpProfile {
                color_primaries,
                transfer_characteristics: TransferCharacteristics::Srgb,
                matrix_coefficients: MatrixCoefficients::Identity,
                full_range: true,
            })
        });
        Self { profile }
    }

    /// `picture` in 8-bit sRGB, with alpha if it had any.
    pub(super) fn to_srgb(&self, picture: Picture) -> DynamicImage {
        let converted = catch_unwind(AssertUnwindSafe(|| self.convert(&picture))).ok().flatten();
        match converted {
            Some(pixels) => pixels,
            None if picture.inks => from_inks(&picture.pixels),
            None if picture.has_alpha() => DynamicImage::ImageRgba8(picture.pixels.into_rgba8()),
            None => DynamicImage::ImageRgb8(picture.pixels.into_rgb8()),
        }
    }

    /// Through the profile, if there is one for this kind of samples.
    fn convert(&self, picture: &Picture) -> Option<DynamicImage> {
        use DynamicImage::{
            ImageLuma8, ImageLuma16, ImageLumaA8, ImageLumaA16, ImageRgb8, ImageRgb16, ImageRgba8, ImageRgba16,
        };
        let profile = self.profile.as_ref()?;
        let (space, from, to) = match &picture.pixels {
            ImageRgba8(_) if picture.inks => (DataColorSpace::Cmyk, Layout::Rgba, Layout::Rgb),
            ImageLuma8(_) | ImageLuma16(_) => (DataColorSpace::Gray, Layout::Gray, Layout::Rgb),
            ImageLumaA8(_) | ImageLumaA16(_) => (DataColorSpace::Gray, Layout::GrayAlpha, Layout::Rgba),
            ImageRgb8(_) | ImageRgb16(_) => (DataColorSpace::Rgb, Layout::Rgb, Layout::Rgb),
            ImageRgba8(_) | ImageRgba16(_) => (DataColorSpace::Rgb, Layout::Rgba, Layout::Rgba),
            _ => return None,
        };
        // A grey picture with an RGB profile, say: the profile cannot be about these samples.
        if profile.color_space != space {
            return None;
        }
        let srgb = ColorProfile::new_srgb();
        let options = TransformOptions::default();
        let (width, height) = (picture.pixels.width(), picture.pixels.height());
        let samples = width as usize * height as usize * to.channels();
        let eight = |pixels: &[u8]| {
            let transform = profile.create_transform_8bit(from, &srgb, to, options).ok()?;
            image_of(width, height, to, run(&transform, pixels, samples).ok()?)
        };
        let sixteen = |pixels: &[u16]| {
            let transform = profile.create_transform_16bit(from, &srgb, to, options).ok()?;
            let converted = run(&transform, pixels, samples).ok()?;
            image_of(width, height, to, converted.into_iter().map(to_eight_bits).collect())
        };
        match &picture.pixels {
            ImageLuma8(pixels) => eight(pixels),
            ImageLumaA8(pixels) => eight(pixels),
            ImageRgb8(pixels) => eight(pixels),
            ImageRgba8(pixels) => eight(pixels),
            ImageLuma16(pixels) => sixteen(pixels),
            ImageLumaA16(pixels) => sixteen(pixels),
            ImageRgb16(pixels) => sixteen(pixels),
            ImageRgba16(pixels) => sixteen(pixels),
            _ => None,
        }
    }
}

fn run<T, E>(transform: &Arc<E>, pixels: &[T], samples: usize) -> Result<Vec<T>, CmsError>
where
    T: Copy + Default,
    E: TransformExecutor<T> + ?Sized,
{
    let mut converted = vec![T::default(); samples];
    transform.transform(pixels, &mut converted)?;
    Ok(converted)
}

fn image_of(width: u32, height: u32, layout: Layout, samples: Vec<u8>) -> Option<DynamicImage> {
    if layout == Layout::Rgba {
        RgbaImage::from_raw(width, height, samples).map(DynamicImage::ImageRgba8)
    } else {
        RgbImage::from_raw(width, height, samples).map(DynamicImage::ImageRgb8)
    }
}

/// Rounded: 65535 is 257 × 255.
fn to_eight_bits(sample: u16) -> u8 {
    u8::try_from((u32::from(sample) + 128) / 257).unwrap_or(u8::MAX)
}

/// Inks without a profile: each one takes its part of the light away. Right for no press, recognisable for all.
fn from_inks(pixels: &DynamicImage) -> DynamicImage {
    let remaining = |ink: u8, black: u8| {
        let light = u32::from(255 - ink) * u32::from(255 - black);
        u8::try_from((light + 127) / 255).unwrap_or(u8::MAX)
    };
    let samples =
        pixels.as_bytes().chunks_exact(4).flat_map(|inks| [0, 1, 2].map(|ink| remaining(inks[ink], inks[3]))).collect();
    RgbImage::from_raw(pixels.width(), pixels.height(), samples)
        .map_or_else(DynamicImage::default, DynamicImage::ImageRgb8)
}
