//! Windows bitmaps: the header, checked, and the file cut off where its pixels end.
//!
//! There is nothing to strip but a tail: the format has no room for text. What the decoder gets is header, palette and pixels.

use image::metadata::Orientation;
use strongroom_core::media::{Failure, Format};
use strongroom_core::rendition::Size;

use super::container::{Components, Container, acceptable_profile, check_size};
use super::{malformed, unsupported};
use crate::limits::Limits;

const FILE_HEADER_BYTES: usize = 14;
/// The oldest header, of OS/2, has sides of 16 bits.
const CORE_HEADER_BYTES: u32 = 12;
/// The newest, and the only one with room for a profile.
const V5_HEADER_BYTES: u32 = 124;
/// RGBA out.
const DECODED_BYTES_PER_PIXEL: u64 = 4;

pub(super) fn take_apart(file: &[u8], limits: &Limits) -> Result<Container, Failure> {
    let cut_short = || malformed("the bitmap ends before its picture does");
    let pixels_start = long(file, 10).ok_or_else(cut_short)?;
    let header = file.get(FILE_HEADER_BYTES..).ok_or_else(cut_short)?;
    let header_bytes = long(header, 0).ok_or_else(cut_short)?;
    let (size, bits, compression) = if header_bytes == CORE_HEADER_BYTES {
        let side = |at| short(header, at).map(u32::from).ok_or_else(cut_short);
        (Size::new(side(4)?, side(6)?), short(header, 10).ok_or_else(cut_short)?, 0)
    } else {
        // A height below zero: the rows begin at the top.
        let side = |at| long(header, at).map(|side| side.cast_signed().unsigned_abs()).ok_or_else(cut_short);
        let size = Size::new(side(4)?, side(8)?);
        (size, short(header, 14).ok_or_else(cut_short)?, long(header, 16).ok_or_else(cut_short)?)
    };
    check_size(size, DECODED_BYTES_PER_PIXEL, limits)?;

    let start = usize::try_from(pixels_start).unwrap_or(usize::MAX);
    let end = match compression {
        // Not compressed, with or without masks that say which bits are which colour.
        0 | 3 => {
            let row_bytes = (u64::from(size.width) * u64::from(bits)).div_ceil(32) * 4;
            let end = u64::from(pixels_start) + row_bytes * u64::from(size.height);
            usize::try_from(end).ok().filter(|end| *end <= file.len()).ok_or_else(cut_short)?
        }
        // Run lengths; they have an end of their own.
        1 | 2 => file.len(),
        other => return Err(unsupported(format!("bitmaps of compression {other} are not supported"))),
    };
    if start < FILE_HEADER_BYTES + CORE_HEADER_BYTES as usize || start >= end {
        return Err(cut_short());
    }
    let profile = profile(header, header_bytes).and_then(|profile| acceptable_profile(profile.to_vec(), limits));
    let (orientation, components) = (Orientation::NoTransforms, Components::Colour);
    let clean = file[..end].to_vec();
    Ok(Container { format: Format::Bmp, stored: size, orientation, profile, components, clean })
}

/// The embedded profile. A linked one is the path of a file on the writer's machine.
fn profile(header: &[u8], header_bytes: u32) -> Option<&[u8]> {
    let is_embedded = header_bytes == V5_HEADER_BYTES && header.get(56..60)? == b"DEBM";
    let (start, length) = (usize::try_from(long(header, 112)?).ok()?, usize::try_from(long(header, 116)?).ok()?);
    header.get(start..start.checked_add(length)?).filter(|_| is_embedded)
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn long(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}
