//! EXIF: the one field that is honoured, and the smallest block that says it.

use image::metadata::Orientation;

/// The start of a JPEG's APP1 segment that holds EXIF.
pub(super) const JPEG_PREFIX: &[u8] = b"Exif\0\0";

/// The orientation in a TIFF-shaped EXIF block. Anything broken is upright: a wrong turn is worse than none.
pub(super) fn orientation(block: &[u8]) -> Orientation {
    // Some writers put the JPEG prefix into PNG and WebP chunks too.
    let block = block.strip_prefix(JPEG_PREFIX).unwrap_or(block);
    Orientation::from_exif_chunk(block).unwrap_or(Orientation::NoTransforms)
}

/// An EXIF block with the tag Orientation (0x0112) and nothing else: a little-endian TIFF header, one directory of one
/// entry (type 3, SHORT), and no next directory.
pub(super) fn only_orientation(orientation: Orientation) -> [u8; 26] {
    [
        b'I',
        b'I',
        42,
        0,
        8,
        0,
        0,
        0, // header, directory at 8
        1,
        0,
        0x12,
        0x01,
        3,
        0,
        1,
        0,
        0,
        0, // one entry: 0x0112, SHORT, one value
        orientation.to_exif(),
        0,
        0,
        0, // the value, padded
        0,
        0,
        0,
        0, // no next directory
    ]
}

/// Whether width and height change places when the picture is put upright.
pub(super) const fn swaps_sides(orientation: Orientation) -> bool {
    matches!(
        orientation,
        Orientation::Rotate90 | Orientation::Rotate270 | Orientation::Rotate90FlipH | Orientation::Rotate270FlipH
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        for value in 1..=8 {
            let orientation_written = Orientation::from_exif(value).unwrap();
            assert_eq!(orientation(&only_orientation(orientation_written)), orientation_written);
        }
    }

    #[test]
    fn broken_blocks_are_upright() {
        let whole = only_orientation(Orientation::Rotate180);
        for length in 0..whole.len() - 6 {
            assert_eq!(orientation(&whole[..length]), Orientation::NoTransforms);
        }
        assert_eq!(orientation(b"MM\0*\xff\xff\xff\xff"), Orientation::NoTransforms);
    }
}
