//! GIF (89a): told a still from an animation, and rewritten with nothing but its one picture.

use image::metadata::Orientation;
use strongroom_core::media::Format;
use strongroom_core::rendition::Size;

use super::container::{Components, Container, check_size};
use super::{RunError, malformed};
use crate::limits::Limits;

const EXTENSION: u8 = 0x21;
const PICTURE: u8 = 0x2c;
const END: u8 = 0x3b;
/// The extension that carries a picture's transparent colour.
const GRAPHIC_CONTROL: u8 = 0xf9;
/// The canvas in RGBA, and a frame in palette indices or RGBA.
const DECODED_BYTES_PER_PIXEL: u64 = 8;

pub(super) fn take_apart(file: &[u8], limits: &Limits) -> Result<Container, RunError> {
    let cut_short = || malformed("the GIF ends before its picture does");
    let screen: &[u8; 13] = file.first_chunk().ok_or_else(cut_short)?;
    let size = size_at(&screen[6..]);
    check_size(size, DECODED_BYTES_PER_PIXEL, limits)?;

    let start = 13 + palette_length(screen[10]);
    let mut clean = file.get(..start).ok_or_else(cut_short)?.to_vec();
    let (mut rest, mut control, mut has_picture) = (&file[start..], None, false);
    while let Some((&kind, after)) = rest.split_first() {
        let length = match kind {
            EXTENSION => 2 + sub_blocks_length(after.get(1..).unwrap_or_default()),
            // Found at the second picture, so a bomb of ten thousand costs no more than two.
            PICTURE if has_picture => return Err(RunError::Animated),
            PICTURE => {
                let descriptor: &[u8; 9] = after.first_chunk().ok_or_else(cut_short)?;
                check_size(size_at(&descriptor[4..]), DECODED_BYTES_PER_PIXEL, limits)?;
                // After the descriptor and its palette: one byte of code size, then the data.
                let before_data = 10 + palette_length(descriptor[8]);
                1 + before_data + sub_blocks_length(after.get(before_data..).unwrap_or_default())
            }
            END => break,
            _ => break,
        };
        // A still cut off in its data is shown as far as it goes, as browsers do; the decoder says whether there is any.
        let block = &rest[..length.min(rest.len())];
        match kind {
            EXTENSION if block.get(1) == Some(&GRAPHIC_CONTROL) => control = Some(block),
            PICTURE => {
                clean.extend_from_slice(control.take().unwrap_or_default());
                clean.extend_from_slice(block);
                has_picture = true;
            }
            _ => {}
        }
        rest = &rest[block.len()..];
    }
    if !has_picture {
        return Err(cut_short().into());
    }
    clean.push(END);
    let (orientation, components) = (Orientation::NoTransforms, Components::Colour);
    Ok(Container { format: Format::Gif, stored: size, orientation, profile: None, components, clean })
}

fn size_at(bytes: &[u8]) -> Size {
    let side = |at: usize| u32::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]));
    Size::new(side(0), side(2))
}

/// The bytes of the palette that these flags announce.
fn palette_length(flags: u8) -> usize {
    if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) }
}

/// The length of a run of sub-blocks with the empty one that ends it, or of all there is.
fn sub_blocks_length(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(&length) = bytes.get(at) {
        at += 1 + usize::from(length);
        if length == 0 {
            break;
        }
    }
    at
}
