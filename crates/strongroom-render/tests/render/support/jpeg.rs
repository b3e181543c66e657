//! JPEGs: ordinary ones from libjpeg-turbo, odd ones by hand.

use image::{DynamicImage, GrayImage, RgbImage};
use turbojpeg::{Colorspace, Compressor, Image, PixelFormat, Subsamp};

/// How a JPEG is written.
#[derive(Clone, Copy, Default)]
pub(crate) struct Style {
    pub(crate) progressive: bool,
    pub(crate) halve_colour: bool,
}

pub(crate) fn rgb(pixels: &RgbImage, style: Style) -> Vec<u8> {
    let (width, height) = (pixels.width() as usize, pixels.height() as usize);
    let mut compressor = Compressor::new().unwrap();
    compressor.set_quality(95).unwrap();
    compressor.set_subsamp(if style.halve_colour { Subsamp::Sub2x2 } else { Subsamp::None }).unwrap();
    compressor.set_progressive(style.progressive).unwrap();
    let image = Image { pixels: pixels.as_raw().as_slice(), width, pitch: width * 3, height, format: PixelFormat::RGB };
    compressor.compress_to_vec(image).unwrap()
}

pub(crate) fn grey(pixels: &GrayImage) -> Vec<u8> {
    let (width, height) = (pixels.width() as usize, pixels.height() as usize);
    let mut compressor = Compressor::new().unwrap();
    compressor.set_quality(95).unwrap();
    compressor.set_subsamp(Subsamp::Gray).unwrap();
    let image = Image { pixels: pixels.as_raw().as_slice(), width, pitch: width, height, format: PixelFormat::GRAY };
    compressor.compress_to_vec(image).unwrap()
}

/// A JPEG of four inks as Adobe's programs store them: inverted, with the Adobe marker, and YCCK if asked.
pub(crate) fn adobe_inks(width: usize, height: usize, inks: [u8; 4], ycck: bool) -> Vec<u8> {
    let pixels: Vec<u8> = inks.map(|ink| 255 - ink).repeat(width * height);
    let mut compressor = Compressor::new().unwrap();
    compressor.set_quality(95).unwrap();
    compressor.set_subsamp(Subsamp::None).unwrap();
    compressor.set_colorspace(if ycck { Colorspace::YCCK } else { Colorspace::CMYK }).unwrap();
    let image = Image { pixels: pixels.as_slice(), width, pitch: width * 4, height, format: PixelFormat::CMYK };
    compressor.compress_to_vec(image).unwrap()
}

pub(crate) fn decode(bytes: &[u8]) -> DynamicImage {
    let image = turbojpeg::decompress(bytes, PixelFormat::RGB).unwrap();
    RgbImage::from_raw(image.width as u32, image.height as u32, image.pixels).unwrap().into()
}

pub(crate) fn segment(marker: u8, body: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(body.len() + 2).unwrap().to_be_bytes();
    [&[0xff, marker, high, low], body].concat()
}

/// `jpeg` with `segments` right after its start.
pub(crate) fn with(jpeg: &[u8], segments: &[Vec<u8>]) -> Vec<u8> {
    [&jpeg[..2], &segments.concat(), &jpeg[2..]].concat()
}

pub(crate) fn exif(block: &[u8]) -> Vec<u8> {
    segment(0xe1, &[b"Exif\0\0", block].concat())
}

/// A profile in segments of `piece` bytes.
pub(crate) fn profile(profile: &[u8], piece: usize) -> Vec<Vec<u8>> {
    let count = profile.len().div_ceil(piece) as u8;
    (1..=count)
        .zip(profile.chunks(piece))
        .map(|(n, bytes)| segment(0xe2, &[b"ICC_PROFILE\0", &[n, count][..], bytes].concat()))
        .collect()
}

/// A progressive JPEG in which the last scan (a refinement of the luma) comes `times` times.
pub(crate) fn scan_bomb(times: usize) -> Vec<u8> {
    let jpeg = rgb(&super::texture(64, 64), Style { progressive: true, ..Style::default() });
    let last_scan = jpeg.windows(2).rposition(|pair| pair == [0xff, 0xda]).unwrap();
    let (before, scan) = jpeg.split_at(last_scan);
    let scan = &scan[..scan.len() - 2];
    [before, &scan.repeat(times), &[0xff, 0xd9]].concat()
}

/// A grey JPEG by hand, mid-grey all over: every block is one or two zero bits. Costs nothing however large it claims to
/// be, so it is what bombs are made of. `restart_interval` in blocks, 0 for none.
pub(crate) fn flat_grey(width: u16, height: u16, progressive: bool, restart_interval: u16) -> Vec<u8> {
    let blocks = usize::from(width).div_ceil(8) * usize::from(height).div_ceil(8);
    let bits_per_block = if progressive { 1 } else { 2 };
    let mut file = frame_only(width, height, progressive);
    // One code of one bit, for "no difference" in table DC 0 and for "end of block" in table AC 0.
    let one_code = |class: u8| [&[class][..], &[1], &[0; 15], &[0]].concat();
    file.extend(segment(0xc4, &one_code(0x00)));
    file.extend(segment(0xc4, &one_code(0x10)));
    if restart_interval > 0 {
        file.extend(segment(0xdd, &restart_interval.to_be_bytes()));
    }
    let last_coefficient = if progressive { 0 } else { 63 };
    file.extend(segment(0xda, &[1, 1, 0x00, 0, last_coefficient, 0]));
    let interval = if restart_interval == 0 { blocks } else { usize::from(restart_interval) };
    for (number, start) in (0..blocks).step_by(interval).enumerate() {
        let bits = interval.min(blocks - start) * bits_per_block;
        file.extend(vec![0; bits / 8]);
        if bits % 8 != 0 {
            file.push(0xff >> (bits % 8));
        }
        if start + interval < blocks {
            file.extend([0xff, 0xd0 + (number % 8) as u8]);
        }
    }
    file.extend([0xff, 0xd9]);
    file
}

/// The beginning of a grey JPEG that claims a size, and nothing after its frame header.
pub(crate) fn frame_only(width: u16, height: u16, progressive: bool) -> Vec<u8> {
    let mut file = vec![0xff, 0xd8];
    file.extend(segment(0xdb, &[&[0][..], &[1; 64]].concat()));
    let ([h1, h0], [w1, w0]) = (height.to_be_bytes(), width.to_be_bytes());
    file.extend(segment(if progressive { 0xc2 } else { 0xc0 }, &[8, h1, h0, w1, w0, 1, 1, 0x11, 0]));
    file
}
