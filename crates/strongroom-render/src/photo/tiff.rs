//! TIFF 6.0: its first directory, read by an allow-list, and rewritten with nothing but that.
//!
//! What is on the list: strips and tiles, uncompressed, LZW, Deflate, PackBits and CCITT group 4; grey, palette, RGB with
//! and without alpha, CMYK; 1, 8 and 16 bits. The rest is refused by its name.
//!
//! The decoder knows neither palettes nor what inks look like under their profile, so the clean file calls the one grey
//! and the other RGB with alpha, and [`Components`] says what the samples are in truth.

mod directory;
mod writer;

use image::metadata::Orientation;
use strongroom_core::media::{Failure, Format};
use strongroom_core::rendition::Size;

use self::directory::Directory;
use self::writer::Numbers;
use super::container::{Components, Container, acceptable_profile, check_decoded_bytes, check_size};
use super::{malformed, too_large, unsupported};
use crate::limits::Limits;

const WIDTH: u16 = 256;
const HEIGHT: u16 = 257;
const BITS: u16 = 258;
const COMPRESSION: u16 = 259;
const PHOTOMETRIC: u16 = 262;
const FILL_ORDER: u16 = 266;
const STRIP_OFFSETS: u16 = 273;
const ORIENTATION: u16 = 274;
const SAMPLES: u16 = 277;
const ROWS_PER_STRIP: u16 = 278;
const STRIP_LENGTHS: u16 = 279;
const PLANAR: u16 = 284;
const PREDICTOR: u16 = 317;
const PALETTE: u16 = 320;
const TILE_WIDTH: u16 = 322;
const TILE_HEIGHT: u16 = 323;
const TILE_OFFSETS: u16 = 324;
const TILE_LENGTHS: u16 = 325;
const EXTRA_SAMPLES: u16 = 338;
const SAMPLE_FORMAT: u16 = 339;
const PROFILE: u16 = 34675;

/// Values of `Compression`.
const UNCOMPRESSED: u32 = 1;
const GROUP_4: u32 = 4;

/// Values of `PhotometricInterpretation` in the clean file.
const GREY: u16 = 1;
const COLOUR: u16 = 2;
/// Values of `ExtraSamples`.
const IGNORED: u16 = 0;
const PREMULTIPLIED: u32 = 1;
const ALPHA: u16 = 2;

/// What one pixel is.
struct Pixel {
    components: Components,
    /// As the clean file tells it.
    photometric: u16,
    extra: Vec<u16>,
    bits: u16,
    samples: u16,
}

pub(super) fn take_apart(file: &[u8], limits: &Limits) -> Result<Container, Failure> {
    let directory = Directory::first(file)?;
    // Cameras' raw files are TIFFs whose first page is a small preview: passing that off as the photo would be a lie.
    let is_reduced = directory.number(254).unwrap_or(0) & 1 == 1;
    if is_reduced || directory.has(50706) {
        return Err(unsupported("this is a camera's raw file, which is not developed here"));
    }
    let side = |tag| directory.number(tag).ok_or_else(|| malformed("the TIFF does not say how large its picture is"));
    let size = Size::new(side(WIDTH)?, side(HEIGHT)?);
    let pixel = Pixel::read(&directory)?;
    // Decoded into a buffer of the decoder's own, and copied; one bit becomes eight.
    check_size(size, u64::from(pixel.samples * pixel.bits.div_ceil(8)) * 2, limits)?;

    let compression = directory.number(COMPRESSION).unwrap_or(UNCOMPRESSED);
    if !matches!(compression, UNCOMPRESSED | GROUP_4 | 5 | 8 | 32_773 | 32_946) {
        let name = compression_name(compression);
        return Err(unsupported(format!("TIFFs of compression {compression}{name} are not supported")));
    }
    if compression == GROUP_4 && (pixel.bits, pixel.samples) != (1, 1) {
        return Err(malformed("the TIFF's pixels are no bits, its compression is for bits"));
    }
    let predictor = directory.number(PREDICTOR).unwrap_or(1);
    if predictor > 2 {
        return Err(unsupported(format!("TIFFs of predictor {predictor} are not supported")));
    }
    let planar = directory.number(PLANAR).unwrap_or(1);
    let planes = if planar == 2 { u32::from(pixel.samples) } else { 1 };
    // The decoder takes the second plane's tiles for ones below the picture.
    if planes > 1 && directory.has(TILE_OFFSETS) {
        return Err(unsupported("TIFFs in tiles whose colours are apart are not supported"));
    }
    let pieces = Pieces::read(&directory, size, planes, &pixel, limits)?;

    let short = |number: u32| Numbers::Shorts(vec![u16::try_from(number).unwrap_or(u16::MAX)]);
    let mut tags = vec![
        (WIDTH, Numbers::Longs(vec![size.width])),
        (HEIGHT, Numbers::Longs(vec![size.height])),
        (BITS, Numbers::Shorts(vec![pixel.bits; usize::from(pixel.samples)])),
        (COMPRESSION, short(compression)),
        (PHOTOMETRIC, Numbers::Shorts(vec![pixel.photometric])),
        (SAMPLES, Numbers::Shorts(vec![pixel.samples])),
        (PLANAR, short(if planar == 2 { 2 } else { 1 })),
        (PREDICTOR, short(predictor)),
    ];
    if !pixel.extra.is_empty() {
        tags.push((EXTRA_SAMPLES, Numbers::Shorts(pixel.extra)));
    }
    tags.extend(pieces.tags);
    tags.sort_by_key(|(tag, _)| *tag);
    let clean = writer::write(directory.order, &tags, pieces.offsets, &pieces.bytes);

    let orientation = directory
        .number(ORIENTATION)
        .and_then(|number| Orientation::from_exif(u8::try_from(number).ok()?))
        .unwrap_or(Orientation::NoTransforms);
    let profile = directory.bytes(PROFILE).and_then(|profile| acceptable_profile(profile.to_vec(), limits));
    Ok(Container { format: Format::Tiff, stored: size, orientation, profile, components: pixel.components, clean })
}

impl Pixel {
    fn read(directory: &Directory<'_>) -> Result<Self, Failure> {
        let samples = directory.number(SAMPLES).unwrap_or(1);
        let bits = directory.numbers(BITS, usize::try_from(samples.min(8)).unwrap_or(8));
        let depth = bits.first().copied().unwrap_or(1);
        if bits.iter().any(|bits| *bits != depth) || !matches!(depth, 1 | 8 | 16) {
            return Err(unsupported(format!("TIFFs of {bits:?} bits a sample are not supported; 1, 8 and 16 are")));
        }
        if directory.number(SAMPLE_FORMAT).unwrap_or(1) != 1 {
            return Err(unsupported("TIFFs whose samples are not whole numbers are not supported"));
        }
        let extra = directory.number(EXTRA_SAMPLES).unwrap_or(0);
        let photometric = directory.number(PHOTOMETRIC).unwrap_or(u32::MAX);
        let (components, photometric, extra) = match (photometric, samples, depth) {
            (0, 1, _) => (Components::Grey, 0, vec![]),
            (1, 1, _) => (Components::Grey, GREY, vec![]),
            (2, 3, 8 | 16) => (Components::Colour, COLOUR, vec![]),
            (2, 4, 8 | 16) if extra == PREMULTIPLIED => (Components::Premultiplied, COLOUR, vec![ALPHA]),
            (2, 4, 8 | 16) if extra == u32::from(ALPHA) => (Components::Colour, COLOUR, vec![ALPHA]),
            // A fourth sample that nobody calls alpha is a mask or a spot colour of somebody's.
            (2, 4, 8 | 16) => (Components::Colour, COLOUR, vec![IGNORED]),
            (3, 1, 1 | 8) => (palette(directory, depth)?, GREY, vec![]),
            (5, 4, 8 | 16) => (Components::Inks { inverted: false }, COLOUR, vec![ALPHA]),
            _ => {
                let name = meaning_name(photometric);
                return Err(unsupported(format!(
                    "TIFFs of {samples} samples of {depth} bits with meaning {photometric}{name} are not supported"
                )));
            }
        };
        let short = |number: u32| u16::try_from(number).unwrap_or(u16::MAX);
        Ok(Self { components, photometric, extra, bits: short(depth), samples: short(samples) })
    }
}

/// What people call a compression that is not on the list.
const fn compression_name(compression: u32) -> &'static str {
    match compression {
        2 => " (CCITT, modified Huffman)",
        3 => " (CCITT group 3)",
        6 => " (JPEG of the old kind)",
        7 => " (JPEG)",
        34_925 => " (LZMA)",
        50_000 => " (Zstandard)",
        50_001 => " (WebP)",
        _ => "",
    }
}

/// What people call a meaning of samples that is not on the list.
const fn meaning_name(photometric: u32) -> &'static str {
    match photometric {
        6 => " (YCbCr)",
        8..=10 => " (CIE L*a*b*)",
        32_803 => " (a sensor's raw mosaic)",
        _ => "",
    }
}

/// All reds, then all greens, then all blues, of 16 bits. One bit is decoded to 0 and 255.
fn palette(directory: &Directory<'_>, depth: u32) -> Result<Components, Failure> {
    let length = 1_usize << depth;
    let samples: Vec<u8> =
        directory.numbers(PALETTE, length * 3).iter().map(|sample| sample.to_be_bytes()[2]).collect();
    if samples.len() != length * 3 {
        return Err(malformed("the TIFF's palette is cut short"));
    }
    let colour = |index: usize| [0, 1, 2].map(|channel| samples[channel * length + index]);
    Ok(Components::Palette((0..256).map(|sample| colour(sample * (length - 1) / 255)).collect()))
}

/// The strips or tiles that make up the picture.
struct Pieces {
    /// What says how large they are.
    tags: Vec<(u16, Numbers)>,
    /// The tag that says where they lie.
    offsets: u16,
    bytes: Vec<Vec<u8>>,
}

impl Pieces {
    /// Reads as many as the size of the picture asks for, whatever number the file gives.
    fn read(
        directory: &Directory<'_>,
        size: Size,
        planes: u32,
        pixel: &Pixel,
        limits: &Limits,
    ) -> Result<Self, Failure> {
        let (mut tags, offsets, lengths, count);
        if directory.has(TILE_OFFSETS) {
            let side = |tag| directory.number(tag).filter(|side| (1..=limits.max_side).contains(side));
            let (Some(width), Some(height)) = (side(TILE_WIDTH), side(TILE_HEIGHT)) else {
                return Err(malformed("the TIFF's tiles have no size, or a larger one than a picture may have"));
            };
            let tile_bytes = u64::from(width) * u64::from(height) * u64::from(pixel.samples * pixel.bits.div_ceil(8));
            check_decoded_bytes(tile_bytes, limits)?;
            tags = vec![(TILE_WIDTH, Numbers::Longs(vec![width])), (TILE_HEIGHT, Numbers::Longs(vec![height]))];
            (offsets, lengths) = (TILE_OFFSETS, TILE_LENGTHS);
            count = u64::from(size.width.div_ceil(width)) * u64::from(size.height.div_ceil(height));
        } else {
            let rows = directory.number(ROWS_PER_STRIP).unwrap_or(size.height).clamp(1, size.height);
            tags = vec![(ROWS_PER_STRIP, Numbers::Longs(vec![rows]))];
            (offsets, lengths) = (STRIP_OFFSETS, STRIP_LENGTHS);
            count = u64::from(size.height.div_ceil(rows));
        }
        // Each takes eight bytes to tell of, so more than that the file cannot hold; and one row in each is enough.
        let count = usize::try_from(count * u64::from(planes)).unwrap_or(usize::MAX);
        if count > usize::try_from(limits.max_input_bytes / 8).unwrap_or(usize::MAX) {
            return Err(too_large(format!("the TIFF has {count} pieces")));
        }
        let (starts, sizes) = (directory.numbers(offsets, count), directory.numbers(lengths, count));
        if starts.len() != count || sizes.len() != count {
            return Err(malformed(format!("the TIFF's picture needs {count} pieces; it has fewer")));
        }
        let bytes = cut(directory, &starts, &sizes)?;
        let sizes = bytes.iter().map(|piece| u32::try_from(piece.len()).unwrap_or(u32::MAX)).collect();
        tags.push((lengths, Numbers::Longs(sizes)));
        Ok(Self { tags, offsets, bytes })
    }
}

/// Copies the pieces out of the file. Pieces that share bytes would let a small file unfold into a large one.
fn cut(directory: &Directory<'_>, starts: &[u32], sizes: &[u32]) -> Result<Vec<Vec<u8>>, Failure> {
    let whole = directory.file_length();
    let total: u64 = sizes.iter().map(|size| u64::from(*size)).sum();
    if total > whole {
        return Err(malformed(format!("the TIFF's pieces have {total} bytes, the file has {whole}")));
    }
    // Two ways to put bits into bytes; the decoder knows the usual one.
    let is_reversed = directory.number(FILL_ORDER) == Some(2);
    starts
        .iter()
        .zip(sizes)
        .map(|(start, size)| {
            let piece = directory
                .at(*start, u64::from(*size))
                .ok_or_else(|| malformed("the TIFF ends before its picture does"))?;
            Ok(if is_reversed { piece.iter().map(|byte| byte.reverse_bits()).collect() } else { piece.to_vec() })
        })
        .collect()
}
