//! HEIC and AVIF: taken out of their boxes here, decoded by ffmpeg in a child of its own, and brought back as a picture.
//!
//! No decoder sees the file itself. [`unpack`] walks its boxes, refuses by their numbers, and writes the coded pictures of
//! the primary item (and of its alpha) as bare streams, with the colour profile beside them; thumbnails, other items, EXIF
//! and XMP never leave the file. [`pack`] makes a picture of what the decoder made of the streams.

mod boxes;
mod decoded;
mod items;
mod stream;
mod transform;

use std::path::Path;

use strongroom_core::media::{Failure, Format};
use strongroom_core::rendition::Size;

use self::boxes::{Box, Fields};
pub(super) use self::decoded::pack;
use self::items::Items;
use self::stream::Configuration;
use super::container::{acceptable_profile, check_decoded_bytes, check_size};
use super::{RunError, malformed, publish, read, too_large, unsupported};
use crate::coded::{ALPHA_CODED, Coded, Nclx, PICTURE_CODED, PROFILE, Plane};
use crate::limits::Limits;

/// The most tiles of a picture: 50 megapixels in the smallest that phones write, 256 × 256.
const MAX_TILES: u32 = 1024;
/// RGBA of 16 bits.
const DECODED_BYTES_PER_PIXEL: u64 = 8;
/// What marks an alpha channel: HEVC's name and MPEG's.
const ALPHA_NAMES: [&[u8]; 2] = [b"urn:mpeg:hevc:2015:auxid:1", b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha"];

/// Takes the file apart and writes its pictures into `output`.
pub(super) fn unpack(
    original: &read::Original,
    format: Format,
    output: &Path,
    limits: &Limits,
) -> Result<Coded, RunError> {
    let items = Items::read(&original.bytes)?;
    let picture = Coding::read(&items, items.primary, limits)?;
    let (shown, orientation) = transform::transform(&items.properties(items.primary)?, picture.size)?;
    let alpha = alpha(&items, picture.size, limits)?;
    let is_premultiplied =
        alpha.as_ref().is_some_and(|(id, _)| items.references_from(items.primary, b"prem").contains(id));
    let colours = colours(&picture.properties, limits)?;

    publish::write_new(&output.join(PICTURE_CODED), &picture.stream)?;
    publish::write_new(&output.join(PROFILE), &colours.profile)?;
    if let Some((_, alpha)) = &alpha {
        publish::write_new(&output.join(ALPHA_CODED), &alpha.stream)?;
    }
    Ok(Coded {
        format,
        sha256: original.sha256.clone(),
        picture: picture.plane,
        alpha: alpha.map(|(_, alpha)| alpha.plane),
        is_premultiplied,
        shown,
        orientation: orientation.to_exif(),
        colour: colours.nclx,
    })
}

/// An item that is a picture: one, or a grid of them.
struct Coding<'a> {
    plane: Plane,
    /// What all of it shows.
    size: Size,
    /// Of the item; of its first tile where the item has none.
    properties: Vec<Box<'a>>,
    stream: Vec<u8>,
}

impl<'a> Coding<'a> {
    fn read(items: &Items<'a>, id: u32, limits: &Limits) -> Result<Self, Failure> {
        let mut properties = items.properties(id)?;
        let size = size(&properties)?;
        check_size(size, DECODED_BYTES_PER_PIXEL, limits)?;
        let (columns, rows, tiles) = match &items.kind(id)? {
            b"hvc1" | b"av01" => (1, 1, vec![id]),
            b"grid" => grid(items, id, size)?,
            kind => {
                let kind = String::from_utf8_lossy(kind).escape_debug().to_string();
                return Err(unsupported(format!("pictures of the kind `{kind}` are not supported")));
            }
        };
        let first = items.properties(tiles[0])?;
        let (tile, configuration) = (self::size(&first)?, configuration(&first)?);
        check_size(tile, DECODED_BYTES_PER_PIXEL, limits)?;
        let laid_out = (u64::from(columns) * u64::from(tile.width), u64::from(rows) * u64::from(tile.height));
        if laid_out.0 < size.width.into() || laid_out.1 < size.height.into() {
            return Err(malformed("the tiles do not cover the picture"));
        }
        check_decoded_bytes(laid_out.0.saturating_mul(laid_out.1).saturating_mul(DECODED_BYTES_PER_PIXEL), limits)?;

        let mut stream = configuration.start();
        for (number, id) in (0..).zip(&tiles) {
            let properties = items.properties(*id)?;
            if self::size(&properties)? != tile || !self::configuration(&properties)?.is_like(&configuration) {
                return Err(unsupported("tiles that differ in size or coding are not supported"));
            }
            configuration.append(&mut stream, &items.bytes(*id)?, number)?;
            // Items may share bytes: a small file must not unfold into a large one.
            if stream.len() as u64 > limits.max_input_bytes {
                return Err(too_large("the picture's tiles have more bytes than a file may have"));
            }
        }
        if !properties.iter().any(|property| property.kind == *b"colr") {
            properties.extend(first.into_iter().filter(|property| property.kind == *b"colr"));
        }
        let plane = Plane { codec: configuration.codec, columns, rows, tile, bits: configuration.bits };
        Ok(Self { plane, size, properties, stream })
    }
}

fn property<'a>(properties: &[Box<'a>], kind: &[u8; 4]) -> Option<&'a [u8]> {
    properties.iter().find(|property| property.kind == *kind).map(|property| property.body)
}

fn size(properties: &[Box<'_>]) -> Result<Size, Failure> {
    let ispe = property(properties, b"ispe").ok_or_else(|| malformed("the picture does not say how large it is"))?;
    let mut fields = Fields(ispe);
    fields.version()?;
    Ok(Size::new(fields.long()?, fields.long()?))
}

fn configuration<'a>(properties: &[Box<'a>]) -> Result<Configuration<'a>, Failure> {
    match (property(properties, b"hvcC"), property(properties, b"av1C")) {
        (Some(record), _) => Configuration::hevc(record),
        (None, Some(record)) => Configuration::av1(record),
        (None, None) => Err(malformed("the picture does not say how it is coded")),
    }
}

/// Columns, rows and tiles of a grid (ISO/IEC 23008-12 §6.6.2.3).
fn grid(items: &Items<'_>, id: u32, size: Size) -> Result<(u32, u32, Vec<u32>), Failure> {
    let bytes = items.bytes(id)?;
    let mut fields = Fields(&bytes);
    fields.byte()?;
    let is_long = fields.byte()? & 1 == 1;
    let (rows, columns) = (u32::from(fields.byte()?) + 1, u32::from(fields.byte()?) + 1);
    let announced = Size::new(fields.id(is_long)?, fields.id(is_long)?);
    if announced != size {
        return Err(malformed("the grid has another size than its picture"));
    }
    if columns * rows > MAX_TILES {
        return Err(too_large(format!("the picture has {columns} × {rows} tiles; {MAX_TILES} are allowed")));
    }
    let tiles = items.references_from(id, b"dimg").to_vec();
    if u32::try_from(tiles.len()) != Ok(columns * rows) {
        return Err(malformed(format!("the grid has {} tiles; {columns} × {rows} are needed", tiles.len())));
    }
    Ok((columns, rows, tiles))
}

/// The picture's alpha, if it has one of its own size; libheif, too, ignores others.
fn alpha<'a>(items: &Items<'a>, size: Size, limits: &Limits) -> Result<Option<(u32, Coding<'a>)>, Failure> {
    for id in items.references_to(items.primary, b"auxl") {
        let properties = items.properties(id)?;
        let name = property(&properties, b"auxC").and_then(|auxiliary| auxiliary.get(4..)).unwrap_or_default();
        let is_alpha = name.split(|byte| *byte == 0).next().is_some_and(|name| ALPHA_NAMES.contains(&name));
        if is_alpha && self::size(&properties)? == size {
            return Ok(Some((id, Coding::read(items, id, limits)?)));
        }
    }
    Ok(None)
}

struct Colours {
    profile: Vec<u8>,
    nclx: Option<Nclx>,
}

/// There may be two boxes: a profile, and numbers that say how the samples were made.
fn colours(properties: &[Box<'_>], limits: &Limits) -> Result<Colours, Failure> {
    let mut colours = Colours { profile: Vec::new(), nclx: None };
    for colr in properties.iter().filter(|property| property.kind == *b"colr") {
        let mut fields = Fields(colr.body);
        match fields.take(4)? {
            b"nclx" if colours.nclx.is_none() => {
                // Numbers above 255 are reserved, and mean unspecified here as any other unknown one does.
                let mut number = || Ok::<_, Failure>(u8::try_from(fields.short()?).unwrap_or(2));
                let (primaries, transfer, matrix) = (number()?, number()?, number()?);
                let is_full_range = fields.byte()? & 0x80 != 0;
                colours.nclx = Some(Nclx { primaries, transfer, matrix, is_full_range });
            }
            b"prof" | b"rICC" if colours.profile.is_empty() => {
                colours.profile = acceptable_profile(fields.0.to_vec(), limits).unwrap_or_default();
            }
            _ => {}
        }
    }
    Ok(colours)
}
