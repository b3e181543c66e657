//! PNG (W3C, third edition): its chunks, walked and rewritten.
//!
//! Kept: the header, the palette, the compressed pixels, and the ancillary chunks that say what the samples mean, each
//! only at the length its definition gives it, so that none can smuggle text. The colour profile is inflated under a
//! bound and deflated anew under a fixed name. Everything else is dropped without being inflated: a gigabyte of zTXt
//! costs a length and a skip.

use image::metadata::Orientation;
use strongroom_core::media::{Failure, Format};
use strongroom_core::rendition::Size;

use super::container::{Components, Container, acceptable_profile, check_size};
use super::{exif, malformed};
use crate::limits::Limits;

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
/// Enough for a profile; libpng's own default.
const PROFILE_DEFLATE_LEVEL: u8 = 6;

pub(super) fn take_apart(file: &[u8], limits: &Limits) -> Result<Container, Failure> {
    let mut chunks = Chunks::of(file);
    let header =
        chunks.next().filter(|chunk| chunk.kind == *b"IHDR").ok_or_else(|| malformed("the PNG has no header"))?;
    let (size, decoded_bytes_per_pixel) = read_header(header.body)?;
    check_size(size, decoded_bytes_per_pixel, limits)?;

    let mut clean = SIGNATURE.to_vec();
    clean.reserve(file.len());
    write_chunk(&mut clean, b"IHDR", header.body);
    // Looked for first: it may stand after the pixels, but many readers, ours among them, only look before them.
    let exif = Chunks(chunks.0).find(|chunk| chunk.kind == *b"eXIf");
    let orientation = exif.map_or(Orientation::NoTransforms, |chunk| exif::orientation(chunk.body));
    if orientation != Orientation::NoTransforms {
        write_chunk(&mut clean, b"eXIf", &exif::only_orientation(orientation));
    }
    let (mut profile, mut seen) = (None, Vec::new());
    let (mut has_pixels, mut has_ended) = (false, false);
    for chunk in chunks {
        match &chunk.kind {
            b"IHDR" => return Err(malformed("the PNG has two headers")),
            b"IEND" => {
                has_ended = true;
                break;
            }
            b"IDAT" => {
                has_pixels = true;
                clean.extend_from_slice(chunk.whole);
            }
            // What can be decoded of an animation is its first picture alone, or this would be none of ours. That it goes on
            // says that this picture is whole, even if the file is not.
            b"fcTL" | b"fdAT" if has_pixels => has_ended = true,
            b"iCCP" if profile.is_none() && !has_pixels => {
                profile = inflate_profile(chunk.body, limits);
                if let Some(profile) = &profile {
                    write_profile(&mut clean, profile);
                }
            }
            kind if !has_pixels && !seen.contains(kind) && gives_meaning(*kind, chunk.body.len()) => {
                seen.push(*kind);
                write_chunk(&mut clean, kind, chunk.body);
            }
            _ => {}
        }
    }
    // Rows missing from the end are for the decoder to find, which does not forgive them.
    if !has_pixels || !has_ended {
        return Err(malformed("the PNG ends before its picture does"));
    }
    write_chunk(&mut clean, b"IEND", &[]);
    Ok(Container { format: Format::Png, stored: size, orientation, profile, components: Components::Colour, clean })
}

/// The picture's size and the bytes that one pixel has once decoded.
fn read_header(body: &[u8]) -> Result<(Size, u64), Failure> {
    let [w3, w2, w1, w0, h3, h2, h1, h0, depth, colour, _compression, _filter, _interlace] = *body else {
        return Err(malformed("the PNG's header has the wrong length"));
    };
    // A palette or a tRNS chunk can add colours or an alpha channel: counted as if it did.
    let channels = match colour {
        0 | 4 => 2,
        2 | 3 | 6 => 4,
        _ => return Err(malformed(format!("the PNG has colour type {colour}, which does not exist"))),
    };
    let size = Size::new(u32::from_be_bytes([w3, w2, w1, w0]), u32::from_be_bytes([h3, h2, h1, h0]));
    Ok((size, if depth == 16 { channels * 2 } else { channels }))
}

/// What all pictures are put on.
pub(crate) fn canvas(file: &[u8]) -> Option<Size> {
    let header = Chunks::of(file).next().filter(|chunk| chunk.kind == *b"IHDR")?;
    read_header(header.body).ok().map(|(size, _)| size)
}

/// How many pictures move: as many as the file says, if it has so many.
pub(crate) fn pictures(file: &[u8]) -> u32 {
    let (mut announced, mut found) = (0, 0);
    for chunk in Chunks::of(file) {
        match &chunk.kind {
            b"acTL" => announced = chunk.body.first_chunk().map_or(0, |count| u32::from_be_bytes(*count)),
            b"fcTL" => found += 1,
            _ => {}
        }
    }
    found.min(announced)
}

/// Whether a chunk says what the samples mean, and has the length of one that does.
const fn gives_meaning(kind: [u8; 4], length: usize) -> bool {
    match &kind {
        b"PLTE" => length <= 768 && length.is_multiple_of(3),
        b"tRNS" => length <= 256,
        b"gAMA" | b"cICP" => length == 4,
        b"cHRM" => length == 32,
        b"sRGB" => length == 1,
        b"sBIT" => length <= 4,
        _ => false,
    }
}

/// iCCP: a name, a zero, the method (0), a zlib stream. Nothing if it is broken or larger than metadata may be.
fn inflate_profile(body: &[u8], limits: &Limits) -> Option<Vec<u8>> {
    let name_end = body.iter().take(80).position(|byte| *byte == 0)?;
    let stream = body.get(name_end + 1..)?.strip_prefix(&[0])?;
    let bound = usize::try_from(limits.max_metadata_bytes).ok()?;
    let profile = miniz_oxide::inflate::decompress_to_vec_zlib_with_limit(stream, bound).ok()?;
    acceptable_profile(profile, limits)
}

fn write_profile(out: &mut Vec<u8>, profile: &[u8]) {
    // The name is text of the writer's choosing, and a zlib stream may have a tail: neither is carried over.
    let mut body = b"icc\0\0".to_vec();
    body.extend(miniz_oxide::deflate::compress_to_vec_zlib(profile, PROFILE_DEFLATE_LEVEL));
    write_chunk(out, b"iCCP", &body);
}

fn write_chunk(out: &mut Vec<u8>, kind: &[u8; 4], body: &[u8]) {
    let mut checksum = crc32fast::Hasher::new();
    checksum.update(kind);
    checksum.update(body);
    // Every body was read from a chunk or is shorter than one, so the length always fits.
    out.extend(u32::try_from(body.len()).unwrap_or(u32::MAX).to_be_bytes());
    out.extend_from_slice(kind);
    out.extend_from_slice(body);
    out.extend(checksum.finalize().to_be_bytes());
}

struct Chunk<'a> {
    kind: [u8; 4],
    body: &'a [u8],
    /// Length, kind, body and checksum.
    whole: &'a [u8],
}

/// The chunks of a PNG, as far as they are whole.
struct Chunks<'a>(&'a [u8]);

impl<'a> Chunks<'a> {
    fn of(file: &'a [u8]) -> Self {
        Self(file.get(SIGNATURE.len()..).unwrap_or_default())
    }
}

impl<'a> Iterator for Chunks<'a> {
    type Item = Chunk<'a>;

    fn next(&mut self) -> Option<Chunk<'a>> {
        let length = usize::try_from(u32::from_be_bytes(*self.0.first_chunk()?)).ok()?;
        let whole = self.0.get(..length.checked_add(12)?)?;
        self.0 = &self.0[whole.len()..];
        Some(Chunk { kind: *whole[4..].first_chunk()?, body: &whole[8..8 + length], whole })
    }
}
