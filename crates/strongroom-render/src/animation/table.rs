//! How many pictures an animation has and how large they are: told by its own blocks, before anything is decoded.

use strongroom_core::media::{Failure, Format, SNIFF_LENGTH, sniff};
use strongroom_core::rendition::Size;

use crate::limits::Limits;
use crate::photo::container::{check_decoded_bytes, check_size};
use crate::photo::{gif, png, too_large, webp};

/// The canvas and a picture on it, in RGBA.
const DECODED_BYTES_PER_PIXEL: u64 = 8;

/// What the pictures of an animation ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Table {
    pub(crate) format: Format,
    /// What a viewer sees at once.
    pub(crate) canvas: Size,
    pub(crate) pictures: u32,
    /// Of all pictures together: each is put on a canvas of its own.
    pixels: u64,
    /// Of the largest; a GIF's may be larger than its canvas.
    largest_pixels: u64,
}

impl Table {
    /// The table of `file`, if it is of a format that can move and says how large its canvas is.
    pub(crate) fn read(file: &[u8]) -> Option<Self> {
        let format = sniff(&file[..file.len().min(SNIFF_LENGTH)])?;
        let mut table = match format {
            Format::Gif => Self::of(format, gif::canvas(file)?),
            Format::Png => Self::of(format, png::canvas(file)?),
            Format::Webp => Self::of(format, webp::canvas(file)?),
            _ => return None,
        };
        match format {
            Format::Gif => gif::pictures(file).for_each(|size| table.add(size)),
            Format::Png => (0..png::pictures(file)).for_each(|_| table.add(table.canvas)),
            _ => (0..webp::pictures(file)).for_each(|_| table.add(table.canvas)),
        }
        Some(table)
    }

    const fn of(format: Format, canvas: Size) -> Self {
        Self { format, canvas, pictures: 0, pixels: 0, largest_pixels: 0 }
    }

    fn add(&mut self, size: Size) {
        let pixels = |size: Size| u64::from(size.width) * u64::from(size.height);
        let pixels = pixels(size).max(pixels(self.canvas));
        self.pictures = self.pictures.saturating_add(1);
        self.pixels = self.pixels.saturating_add(pixels);
        self.largest_pixels = self.largest_pixels.max(pixels);
    }

    /// Refuses what decoding would only find out picture by picture.
    pub(crate) fn check(&self, limits: &Limits) -> Result<(), Failure> {
        check_size(self.canvas, DECODED_BYTES_PER_PIXEL, limits)?;
        check_decoded_bytes(self.largest_pixels.saturating_mul(DECODED_BYTES_PER_PIXEL), limits)?;
        let Self { pictures, pixels, .. } = *self;
        let (most_pictures, most_pixels) = (limits.film.max_animation_frames, limits.film.max_animation_pixels);
        if pictures > most_pictures {
            return Err(too_large(format!("the animation has {pictures} pictures; {most_pictures} are allowed")));
        }
        if pixels > most_pixels {
            return Err(too_large(format!(
                "the {pictures} pictures of the animation have {pixels} pixels together; {most_pixels} are allowed"
            )));
        }
        Ok(())
    }
}
