//! PNGs, chunk by chunk.

use miniz_oxide::deflate::compress_to_vec_zlib;

pub(crate) const GREY: u8 = 0;
pub(crate) const RGB: u8 = 2;
pub(crate) const PALETTE: u8 = 3;
pub(crate) const GREY_ALPHA: u8 = 4;
pub(crate) const RGBA: u8 = 6;

pub(crate) fn chunk(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let content = [kind.as_slice(), body].concat();
    let length = u32::try_from(body.len()).unwrap().to_be_bytes();
    [&length[..], &content, &crc32fast::hash(&content).to_be_bytes()].concat()
}

pub(crate) fn header(width: u32, height: u32, depth: u8, colour: u8) -> Vec<u8> {
    let body = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[depth, colour, 0, 0, 0]].concat();
    [b"\x89PNG\r\n\x1a\n".as_slice(), &chunk(b"IHDR", &body)].concat()
}

/// A PNG of `samples` (rows without filter bytes), with `extra` chunks between header and pixels.
pub(crate) fn png(width: u32, height: u32, depth: u8, colour: u8, samples: &[u8], extra: &[Vec<u8>]) -> Vec<u8> {
    let row_bytes = samples.len() / height as usize;
    let rows: Vec<u8> = samples.chunks(row_bytes).flat_map(|row| std::iter::once(&0).chain(row)).copied().collect();
    let pixels = chunk(b"IDAT", &compress_to_vec_zlib(&rows, 6));
    [header(width, height, depth, colour), extra.concat(), pixels, chunk(b"IEND", b"")].concat()
}

pub(crate) fn rgb(pixels: &image::RgbImage, extra: &[Vec<u8>]) -> Vec<u8> {
    png(pixels.width(), pixels.height(), 8, RGB, pixels.as_raw(), extra)
}

/// `png` with `extra` chunks right before its end, and `tail` after it.
pub(crate) fn with_ending(png: &[u8], extra: &[Vec<u8>], tail: &[u8]) -> Vec<u8> {
    let (body, end) = png.split_at(png.len() - 12);
    [body, &extra.concat(), end, tail].concat()
}

/// An APNG of these pictures, all of one size. Their pixels may be anything: only their zlib streams are looked at.
pub(crate) fn moving(width: u32, height: u32, pictures: &[Vec<u8>]) -> Vec<u8> {
    let (mut chunks, mut sequence) = (Vec::new(), 0_u32..);
    let mut next = || sequence.next().unwrap().to_be_bytes();
    for (number, pixels) in pictures.iter().enumerate() {
        let size = [width, height, 0, 0].map(u32::to_be_bytes).concat();
        chunks.push(chunk(b"fcTL", &[&next()[..], &size, &[0, 1, 0, 10, 0, 0]].concat()));
        chunks.push(match number {
            0 => chunk(b"IDAT", pixels),
            _ => chunk(b"fdAT", &[&next()[..], pixels].concat()),
        });
    }
    let control = chunk(b"acTL", &[(pictures.len() as u32).to_be_bytes(), [0; 4]].concat());
    [header(width, height, 8, RGB), control, chunks.concat(), chunk(b"IEND", b"")].concat()
}

/// The zlib stream of a picture's rows.
pub(crate) fn pixels(pixels: &image::RgbImage) -> Vec<u8> {
    let row_bytes = pixels.width() as usize * 3;
    let rows = pixels.as_raw().chunks(row_bytes).flat_map(|row| std::iter::once(&0).chain(row));
    compress_to_vec_zlib(&rows.copied().collect::<Vec<u8>>(), 6)
}

pub(crate) fn profile(profile: &[u8]) -> Vec<u8> {
    chunk(b"iCCP", &[b"SECRET-PROFILE-NAME\0\0".as_slice(), &compress_to_vec_zlib(profile, 6)].concat())
}

/// A zlib stream of at least `bytes` zeros, written without having them: one literal, then "258 more of the same" as often
/// as it takes. 159 bytes of bomb for each byte sent.
pub(crate) fn zeros(bytes: usize) -> Vec<u8> {
    let matches = bytes / 258 + 1;
    let mut bits = Bits { bytes: vec![0x78, 0x01], pending: 0, count: 0 };
    bits.push(0b011, 3); // the last block, in the fixed codes
    bits.push(0b0000_1100, 8); // literal 0
    for _ in 0..matches {
        bits.push(0b1010_0011, 8); // length 258
        bits.push(0, 5); // distance 1
    }
    bits.push(0, 14); // end of block, and whatever fills the byte
    let length = 1 + matches * 258;
    let checksum = u32::try_from(length % 65_521).unwrap() << 16 | 1; // Adler-32 of zeros
    [bits.bytes, checksum.to_be_bytes().to_vec()].concat()
}

/// Bits packed from the low end. Huffman codes are given reversed.
struct Bits {
    bytes: Vec<u8>,
    pending: u32,
    count: u32,
}

impl Bits {
    fn push(&mut self, bits: u32, count: u32) {
        self.pending |= bits << self.count;
        self.count += count;
        while self.count >= 8 {
            self.bytes.push(self.pending as u8);
            self.pending >>= 8;
            self.count -= 8;
        }
    }
}
