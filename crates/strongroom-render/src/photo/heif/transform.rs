//! What is shown of a picture, and which way up: the boxes `clap`, `irot` and `imir`.
//!
//! They alone: HEIF (ISO/IEC 23008-12, annex A) calls an EXIF orientation beside them information about the past, and phones
//! write both. Heeding it too would turn those photos twice. Nor is it heeded where there is no box: Chromium 156 shows an AVIF
//! whose EXIF alone says "turned" as it is stored, and so does libheif 1.15 a HEIC; ours would be the only one that is turned.

use image::metadata::Orientation;
use strongroom_core::media::Failure;
use strongroom_core::rendition::Size;

use super::boxes::{Box, Fields};
use crate::coded::Window;
use crate::photo::{malformed, unsupported};

/// A quarter turn is clockwise; a mirrored picture was mirrored left to right before it was turned.
#[derive(Default)]
struct Turn {
    quarters: u8,
    is_mirrored: bool,
}

/// Applies an item's properties in their order.
pub(super) fn transform(properties: &[Box<'_>], size: Size) -> Result<(Window, Orientation), Failure> {
    let mut window = Window { left: 0, top: 0, size };
    let mut turn = Turn::default();
    for Box { kind, body } in properties {
        match kind {
            b"clap" if turn.quarters != 0 || turn.is_mirrored => {
                return Err(unsupported("a picture that is cut after it is turned is not supported"));
            }
            b"clap" => window = cut(body, size)?,
            b"irot" => turn.quarters = (turn.quarters + 4 - (Fields(body).byte()? & 3)) % 4,
            b"imir" => {
                // Top and bottom change places, or left and right do; the former is the latter and half a turn.
                let half = if Fields(body).byte()? & 1 == 0 { 2 } else { 0 };
                turn = Turn { quarters: (4 - turn.quarters + half) % 4, is_mirrored: !turn.is_mirrored };
            }
            _ => {}
        }
    }
    Ok((window, turn.orientation()))
}

impl Turn {
    fn orientation(&self) -> Orientation {
        match (self.quarters, self.is_mirrored) {
            (1, false) => Orientation::Rotate90,
            (2, false) => Orientation::Rotate180,
            (3, false) => Orientation::Rotate270,
            (0, true) => Orientation::FlipHorizontal,
            // `image` turns first and mirrors then.
            (1, true) => Orientation::Rotate270FlipH,
            (2, true) => Orientation::FlipVertical,
            (3, true) => Orientation::Rotate90FlipH,
            _ => Orientation::NoTransforms,
        }
    }
}

/// The clean aperture (ISO/IEC 14496-12 §12.1.4): a size, and how far its middle is from the picture's; all fractions.
fn cut(clap: &[u8], size: Size) -> Result<Window, Failure> {
    let impossible = || malformed("the picture is cut to a part that it does not have");
    let mut fields = Fields(clap);
    let side = |whole: u32, length: (u32, u32), offset: (u32, u32)| -> Option<(u32, u32)> {
        let length = length.0.checked_div(length.1)?.max(1);
        // Signed; twice the left edge, to keep the half.
        let (numerator, denominator) = (i64::from(offset.0.cast_signed()), i64::from(offset.1.cast_signed()));
        let twice = (2 * numerator).checked_div(denominator)? + i64::from(whole) - i64::from(length);
        let start = u32::try_from(twice.div_euclid(2)).ok()?;
        (start.checked_add(length)? <= whole).then_some((start, length))
    };
    let mut fraction = || Ok::<_, Failure>((fields.long()?, fields.long()?));
    let (width, height, across, down) = (fraction()?, fraction()?, fraction()?, fraction()?);
    let (left, width) = side(size.width, width, across).ok_or_else(impossible)?;
    let (top, height) = side(size.height, height, down).ok_or_else(impossible)?;
    Ok(Window { left, top, size: Size::new(width, height) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turned(properties: &[(&[u8; 4], u8)]) -> Orientation {
        let bodies: Vec<_> = properties.iter().map(|(_, value)| [*value]).collect();
        let boxes: Vec<_> =
            properties.iter().zip(&bodies).map(|((kind, _), body)| Box { kind: **kind, body }).collect();
        transform(&boxes, Size::new(4, 4)).unwrap().1
    }

    #[test]
    fn turns_and_mirrors_in_their_order() {
        assert_eq!(turned(&[(b"irot", 3)]), Orientation::Rotate90);
        assert_eq!(turned(&[(b"irot", 1)]), Orientation::Rotate270);
        assert_eq!(turned(&[(b"irot", 1), (b"irot", 3)]), Orientation::NoTransforms);
        assert_eq!(turned(&[(b"imir", 1)]), Orientation::FlipHorizontal);
        assert_eq!(turned(&[(b"imir", 0)]), Orientation::FlipVertical);
        assert_eq!(turned(&[(b"irot", 3), (b"imir", 1)]), Orientation::Rotate90FlipH);
        assert_eq!(turned(&[(b"imir", 1), (b"irot", 3)]), Orientation::Rotate270FlipH);
        assert_eq!(turned(&[(b"irot", 2), (b"imir", 0)]), Orientation::FlipHorizontal);
    }
}
