//! GIF (89a): its blocks, and a still rewritten with nothing but its first picture.

use image::metadata::Orientation;
use strongroom_core::media::{Failure, Format};
use strongroom_core::rendition::Size;

use super::container::{Components, Container, check_size};
use super::malformed;
use crate::limits::Limits;

const EXTENSION: u8 = 0x21;
const PICTURE: u8 = 0x2c;
const END: u8 = 0x3b;
/// The extension that carries a picture's transparent colour.
const GRAPHIC_CONTROL: u8 = 0xf9;
/// The canvas in RGBA, and a frame in palette indices or RGBA.
const DECODED_BYTES_PER_PIXEL: u64 = 8;

pub(super) fn take_apart(file: &[u8], limits: &Limits) -> Result<Container, Failure> {
    let cut_short = || malformed("the GIF ends before its picture does");
    let size = canvas(file).ok_or_else(cut_short)?;
    check_size(size, DECODED_BYTES_PER_PIXEL, limits)?;

    let blocks = Blocks::of(file).ok_or_else(cut_short)?;
    let mut clean = file[..file.len() - blocks.0.len()].to_vec();
    let mut control = None;
    for Block { kind, whole } in blocks {
        match kind {
            EXTENSION if whole.get(1) == Some(&GRAPHIC_CONTROL) => control = Some(whole),
            PICTURE => {
                check_size(size_at(&whole[5..]), DECODED_BYTES_PER_PIXEL, limits)?;
                clean.extend_from_slice(control.unwrap_or_default());
                clean.extend_from_slice(whole);
                clean.push(END);
                let (orientation, components) = (Orientation::NoTransforms, Components::Colour);
                let (format, profile) = (Format::Gif, None);
                return Ok(Container { format, stored: size, orientation, profile, components, clean });
            }
            _ => {}
        }
    }
    Err(cut_short())
}

/// What all pictures are put on.
pub(crate) fn canvas(file: &[u8]) -> Option<Size> {
    file.get(6..10).map(size_at)
}

/// The sizes of the pictures.
pub(crate) fn pictures(file: &[u8]) -> impl Iterator<Item = Size> {
    let blocks = Blocks::of(file).into_iter().flatten();
    blocks.filter(|block| block.kind == PICTURE).map(|block| size_at(&block.whole[5..]))
}

struct Block<'a> {
    kind: u8,
    /// A picture's has at least its descriptor.
    whole: &'a [u8],
}

/// The blocks of a GIF up to its end. One cut off in its data is as long as there is data: browsers show a picture as far as it
/// goes, and the decoder says whether there is any.
struct Blocks<'a>(&'a [u8]);

impl<'a> Blocks<'a> {
    fn of(file: &'a [u8]) -> Option<Self> {
        let start = 13 + palette_length(*file.get(10)?);
        file.get(start..).map(Self)
    }
}

impl<'a> Iterator for Blocks<'a> {
    type Item = Block<'a>;

    fn next(&mut self) -> Option<Block<'a>> {
        let (&kind, after) = self.0.split_first()?;
        let length = match kind {
            EXTENSION => 2 + sub_blocks_length(after.get(1..).unwrap_or_default()),
            PICTURE => {
                let descriptor: &[u8; 9] = after.first_chunk()?;
                // After the descriptor and its palette: one byte of code size, then the data.
                let before_data = 10 + palette_length(descriptor[8]);
                1 + before_data + sub_blocks_length(after.get(before_data..).unwrap_or_default())
            }
            _ => return None,
        };
        let (whole, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        Some(Block { kind, whole })
    }
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
