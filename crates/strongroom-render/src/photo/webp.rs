//! WebP (RFC 9649): its RIFF chunks, walked and rewritten.

use image::metadata::Orientation;
use strongroom_core::media::{Failure, Format};
use strongroom_core::rendition::Size;

use super::container::{Components, Container, acceptable_profile, check_size};
use super::{exif, malformed};
use crate::limits::Limits;

/// RGBA out, and as much again for the planes or the lossless transforms in between.
const DECODED_BYTES_PER_PIXEL: u64 = 8;

/// Flags of the VP8X chunk.
const HAS_PROFILE: u8 = 0x20;
const HAS_ALPHA: u8 = 0x10;
const HAS_EXIF: u8 = 0x08;

/// Place, size, time and flags of an animation's picture, before its chunks.
const FRAME_HEADER_LENGTH: usize = 16;

/// The chunks that count, the first of each; of a picture's, those before it.
#[derive(Default)]
struct Found<'a> {
    canvas: Option<Size>,
    profile: Option<&'a [u8]>,
    alpha: Option<&'a [u8]>,
    exif: Option<&'a [u8]>,
    /// `VP8 ` or `VP8L`, and its bytes.
    picture: Option<([u8; 4], &'a [u8])>,
}

pub(super) fn take_apart(file: &[u8], limits: &Limits) -> Result<Container, Failure> {
    let found = find(file);
    let (kind, body) = found.picture.ok_or_else(|| malformed("the WebP ends before its picture does"))?;
    let (size, lossless_alpha) = if kind == *b"VP8L" { lossless_header(body) } else { lossy_header(body) }
        .ok_or_else(|| malformed("the WebP's picture has no header"))?;
    if found.canvas.is_some_and(|canvas| canvas != size) {
        return Err(malformed("the WebP's picture has another size than its canvas"));
    }
    check_size(size, DECODED_BYTES_PER_PIXEL, limits)?;

    let orientation = found.exif.map_or(Orientation::NoTransforms, exif::orientation);
    let profile = found.profile.and_then(|profile| acceptable_profile(profile.to_vec(), limits));
    let alpha = found.alpha.filter(|_| kind == *b"VP8 ");
    let mut flags = if alpha.is_some() || lossless_alpha { HAS_ALPHA } else { 0 };
    flags |= if profile.is_some() { HAS_PROFILE } else { 0 };
    flags |= if orientation == Orientation::NoTransforms { 0 } else { HAS_EXIF };

    let mut clean = b"RIFF\0\0\0\0WEBP".to_vec();
    clean.reserve(file.len());
    // The simple format is the picture alone; a lossless one says itself that it has alpha.
    if alpha.is_some() || flags & (HAS_PROFILE | HAS_EXIF) != 0 {
        write_chunk(&mut clean, b"VP8X", &extended_header(flags, size));
    }
    if let Some(profile) = &profile {
        write_chunk(&mut clean, b"ICCP", profile);
    }
    if let Some(alpha) = alpha {
        write_chunk(&mut clean, b"ALPH", alpha);
    }
    write_chunk(&mut clean, &kind, body);
    if flags & HAS_EXIF != 0 {
        write_chunk(&mut clean, b"EXIF", &exif::only_orientation(orientation));
    }
    let length = u32::try_from(clean.len() - 8).map_err(|_| malformed("the WebP is larger than a WebP can be"))?;
    clean[4..8].copy_from_slice(&length.to_le_bytes());
    Ok(Container { format: Format::Webp, stored: size, orientation, profile, components: Components::Colour, clean })
}

/// Walks the chunks. What can be decoded of an animation is its first picture alone, or this would be none of ours: its
/// chunks are looked at as if they stood by themselves.
fn find(file: &[u8]) -> Found<'_> {
    let mut found = Found::default();
    for (kind, body) in Chunks::of(file) {
        match &kind {
            b"VP8X" if found.canvas.is_none() => found.canvas = extended_canvas(body),
            b"ICCP" if found.profile.is_none() => found.profile = Some(body),
            b"EXIF" if found.exif.is_none() => found.exif = Some(body),
            b"ANMF" => Chunks(body.get(FRAME_HEADER_LENGTH..).unwrap_or_default()).for_each(|chunk| found.take(chunk)),
            _ => found.take((kind, body)),
        }
    }
    found
}

impl<'a> Found<'a> {
    fn take(&mut self, (kind, body): ([u8; 4], &'a [u8])) {
        match &kind {
            _ if self.picture.is_some() => {}
            b"ALPH" if self.alpha.is_none() => self.alpha = Some(body),
            b"VP8 " | b"VP8L" => self.picture = Some((kind, body)),
            _ => {}
        }
    }
}

/// What all pictures are put on; none in a file of the simple format, which is a still.
pub(crate) fn canvas(file: &[u8]) -> Option<Size> {
    Chunks::of(file).find(|(kind, _)| kind == b"VP8X").and_then(|(_, body)| extended_canvas(body))
}

/// How many pictures move.
pub(crate) fn pictures(file: &[u8]) -> usize {
    Chunks::of(file).filter(|(kind, _)| kind == b"ANMF").count()
}

/// The chunks of a WebP, kinds and bodies, as far as they are whole.
struct Chunks<'a>(&'a [u8]);

impl<'a> Chunks<'a> {
    /// What follows the RIFF's own end is not looked at.
    fn of(file: &'a [u8]) -> Self {
        let riff_length = file.get(4..).and_then(<[u8]>::first_chunk).map_or(0, |length| u32::from_le_bytes(*length));
        let end = usize::try_from(riff_length).unwrap_or(usize::MAX).saturating_add(8).min(file.len());
        Self(file.get(12..end).unwrap_or_default())
    }
}

impl<'a> Iterator for Chunks<'a> {
    type Item = ([u8; 4], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let kind = *self.0.first_chunk()?;
        let length = usize::try_from(u32::from_le_bytes(*self.0.get(4..)?.first_chunk()?)).ok()?;
        let body = self.0.get(8..length.checked_add(8)?)?;
        // Padded to an even length.
        self.0 = self.0.get(8 + length.next_multiple_of(2)..).unwrap_or_default();
        Some((kind, body))
    }
}

fn write_chunk(out: &mut Vec<u8>, kind: &[u8; 4], body: &[u8]) {
    // Every body was read from a chunk or is shorter than one, so the length always fits.
    out.extend_from_slice(kind);
    out.extend(u32::try_from(body.len()).unwrap_or(u32::MAX).to_le_bytes());
    out.extend_from_slice(body);
    if !body.len().is_multiple_of(2) {
        out.push(0);
    }
}

/// The canvas of a VP8X chunk: two 24-bit numbers, each one less than the side.
fn extended_canvas(body: &[u8]) -> Option<Size> {
    let side = |at: usize| Some(u32::from_le_bytes([*body.get(at)?, *body.get(at + 1)?, *body.get(at + 2)?, 0]) + 1);
    Some(Size::new(side(4)?, side(7)?))
}

fn extended_header(flags: u8, size: Size) -> [u8; 10] {
    let [w0, w1, w2, _] = (size.width - 1).to_le_bytes();
    let [h0, h1, h2, _] = (size.height - 1).to_le_bytes();
    [flags, 0, 0, 0, w0, w1, w2, h0, h1, h2]
}

/// A VP8 key frame (RFC 6386 §9.1): a 3-byte tag, the start code, two 14-bit sides.
fn lossy_header(body: &[u8]) -> Option<(Size, bool)> {
    let [tag, _, _, 0x9d, 0x01, 0x2a, w0, w1, h0, h1, ..] = *body else { return None };
    let is_key_frame = tag & 1 == 0;
    let side = |low, high| u32::from(u16::from_le_bytes([low, high]) & 0x3fff);
    is_key_frame.then(|| (Size::new(side(w0, w1), side(h0, h1)), false))
}

/// A VP8L header: its signature, two 14-bit sides less one, and whether alpha is used.
fn lossless_header(body: &[u8]) -> Option<(Size, bool)> {
    let [0x2f, b0, b1, b2, b3, ..] = *body else { return None };
    let bits = u32::from_le_bytes([b0, b1, b2, b3]);
    Some((Size::new((bits & 0x3fff) + 1, ((bits >> 14) & 0x3fff) + 1), bits & (1 << 28) != 0))
}
