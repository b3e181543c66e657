//! One resize chain: every reduced rendition from the nearest larger picture there is.

use std::sync::Arc;

use fast_image_resize::{MulDiv, ResizeOptions, Resizer};
use image::DynamicImage;
use image::metadata::Orientation;
use strongroom_core::rendition::{Geometry, Reduced, Size};

use super::colour::Colours;
use super::decode::{Picture, covers};
use super::{RunError, exif};

/// A rendition's pixels: upright, 8-bit sRGB, at its size.
pub(super) struct Finished {
    pub(super) reduced: Reduced,
    pub(super) pixels: Arc<DynamicImage>,
}

/// Makes the pixels of everything in `plan`, which is ordered largest first.
///
/// Preview and square come from the decoded picture; what is smaller comes from the preview, which is upright and sRGB
/// already, so turning and converting are done once, on few pixels. A square that fits into the preview is cut from it.
pub(super) fn reduce(
    decoded: &mut Picture,
    orientation: Orientation,
    colours: &Colours,
    plan: &[Reduced],
) -> Result<Vec<Finished>, RunError> {
    multiply_alpha(decoded)?;
    let mut finished: Vec<Finished> = Vec::with_capacity(plan.len());
    for &reduced in plan {
        let same = finished.iter().find(|other| other.reduced.geometry == reduced.geometry);
        let smallest_cover = finished.iter().rev().find(|other| match other.reduced.geometry {
            Geometry::Whole(size) => covers(size, reduced.geometry),
            Geometry::CentreSquare(_) => false,
        });
        let pixels = if let Some(same) = same {
            Arc::clone(&same.pixels)
        } else if let Some(larger) = smallest_cover {
            Arc::new(resize(&larger.pixels, reduced.geometry, &ResizeOptions::new())?)
        } else {
            Arc::new(from_decoded(decoded, orientation, colours, reduced.geometry)?)
        };
        finished.push(Finished { reduced, pixels });
    }
    Ok(finished)
}

fn from_decoded(
    decoded: &Picture,
    orientation: Orientation,
    colours: &Colours,
    geometry: Geometry,
) -> Result<DynamicImage, RunError> {
    let as_stored = match geometry {
        Geometry::Whole(Size { width, height }) if exif::swaps_sides(orientation) => {
            Geometry::Whole(Size::new(height, width))
        }
        other => other,
    };
    let mut pixels = resize(&decoded.pixels, as_stored, &ResizeOptions::new().use_alpha(false))?;
    if decoded.has_alpha() {
        MulDiv::new().divide_alpha_inplace(&mut pixels).map_err(|error| RunError::Ours(error.to_string()))?;
    }
    let mut pixels = colours.to_srgb(Picture { pixels, inks: decoded.inks });
    pixels.apply_orientation(orientation);
    Ok(pixels)
}

/// Multiplies colours by their alpha, so that the colour of invisible pixels does not bleed into visible ones. In place:
/// left to the resizer, it would copy the whole decoded picture to do so, and be the largest thing in memory twice.
fn multiply_alpha(decoded: &mut Picture) -> Result<(), RunError> {
    if !decoded.has_alpha() {
        return Ok(());
    }
    MulDiv::new().multiply_alpha_inplace(&mut decoded.pixels).map_err(|error| RunError::Ours(error.to_string()))
}

/// Lanczos3.
fn resize(source: &DynamicImage, geometry: Geometry, options: &ResizeOptions) -> Result<DynamicImage, RunError> {
    let Size { width, height } = geometry.size();
    let (across, down) = (f64::from(source.width()), f64::from(source.height()));
    let side = across.min(down);
    let options = match geometry {
        Geometry::Whole(_) => *options,
        Geometry::CentreSquare(_) => {
            options.crop(((across - side) / 2.0).floor(), ((down - side) / 2.0).floor(), side, side)
        }
    };
    let mut target = DynamicImage::new(width, height, source.color());
    Resizer::new()
        .resize(source, &mut target, &options)
        .map_err(|error| RunError::Ours(format!("cannot resize to {width} × {height}: {error}")))?;
    Ok(target)
}
