//! What every format's walker finds in a file, and the limits that all of them hold it to.

use image::metadata::Orientation;
use strongroom_core::media::{Failure, FailureCode, Format, MediaType, SNIFF_LENGTH, sniff};
use strongroom_core::rendition::Size;

use super::{bmp, exif, gif, jpeg, malformed, png, tiff, too_large, unsupported, webp};
use crate::limits::Limits;

/// A photo taken apart.
pub(super) struct Container {
    pub(super) format: Format,
    /// As the pixels are stored, before the orientation is applied.
    pub(super) stored: Size,
    pub(super) orientation: Orientation,
    /// The embedded ICC profile, not yet parsed.
    pub(super) profile: Option<Vec<u8>>,
    /// For a JPEG and a TIFF: what its components are.
    pub(super) components: Components,
    /// The same compressed pixels in a file that holds besides them only colour profile and orientation.
    pub(super) clean: Vec<u8>,
}

/// What samples mean, where the format's decoder does not say so itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Components {
    Grey,
    Colour,
    /// Cyan, magenta, yellow and black; Adobe's writers store 255 for no ink.
    Inks {
        inverted: bool,
    },
    /// Red, green and blue, multiplied by the alpha that follows.
    Premultiplied,
    /// Decoded as grey: indices of these 256 colours.
    Palette(Vec<[u8; 3]>),
}

impl Container {
    /// The size a viewer sees.
    pub(super) fn upright(&self) -> Size {
        let Size { width, height } = self.stored;
        if exif::swaps_sides(self.orientation) { Size::new(height, width) } else { self.stored }
    }
}

/// Takes `file` apart after its own first bytes; names and declared types are never asked.
pub(super) fn take_apart(file: &[u8], limits: &Limits) -> Result<Container, Failure> {
    let format = sniff(&file[..file.len().min(SNIFF_LENGTH)]).ok_or_else(|| {
        Failure::new(FailureCode::NotMedia, "these bytes are no picture, film or sound that is known here")
    })?;
    match format {
        Format::Jpeg => jpeg::take_apart(file, limits),
        Format::Png => png::take_apart(file, limits),
        Format::Webp => webp::take_apart(file, limits),
        Format::Gif => gif::take_apart(file, limits),
        Format::Tiff => tiff::take_apart(file, limits),
        Format::Bmp => bmp::take_apart(file, limits),
        other if other.media_type() == MediaType::Photo => {
            Err(unsupported(format!("{other} pictures are not supported yet")))
        }
        other => Err(unsupported(format!("this is {other}, which is not a photo"))),
    }
}

/// Refuses a size before anything is allocated for it. `decoded_bytes_per_pixel` is what decoding holds at once.
pub(crate) fn check_size(size: Size, decoded_bytes_per_pixel: u64, limits: &Limits) -> Result<(), Failure> {
    let Size { width, height } = size;
    let Limits { max_side, max_pixels, .. } = *limits;
    let pixels = u64::from(width) * u64::from(height);
    if pixels == 0 {
        return Err(malformed(format!("a picture of {width} × {height} pixels shows nothing")));
    }
    if width.max(height) > max_side {
        return Err(too_large(format!("the picture is {width} × {height} pixels; a side may have {max_side}")));
    }
    if pixels > max_pixels {
        return Err(too_large(format!(
            "the picture has {pixels} pixels ({width} × {height}); {max_pixels} are allowed"
        )));
    }
    check_decoded_bytes(pixels.saturating_mul(decoded_bytes_per_pixel), limits)
}

/// Refuses what would take too much memory to decode.
pub(crate) fn check_decoded_bytes(bytes: u64, limits: &Limits) -> Result<(), Failure> {
    let allowed = limits.max_decoded_bytes;
    if bytes > allowed {
        return Err(too_large(format!("decoding the picture takes {bytes} bytes of memory; {allowed} are allowed")));
    }
    Ok(())
}

/// A profile worth keeping: there, and not larger than metadata may be.
pub(super) fn acceptable_profile(profile: Vec<u8>, limits: &Limits) -> Option<Vec<u8>> {
    (!profile.is_empty() && profile.len() as u64 <= limits.max_metadata_bytes).then_some(profile)
}
