//! WebPs: pixels from `image`'s lossless encoder, chunks by hand.

use image::codecs::webp::WebPEncoder;
use image::{DynamicImage, ImageEncoder};

pub(crate) fn lossless(pixels: &DynamicImage) -> Vec<u8> {
    let mut file = Vec::new();
    let colour = pixels.color().into();
    WebPEncoder::new_lossless(&mut file)
        .write_image(pixels.as_bytes(), pixels.width(), pixels.height(), colour)
        .unwrap();
    file
}

pub(crate) fn chunk(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let mut bytes = [kind.as_slice(), &u32::try_from(body.len()).unwrap().to_le_bytes(), body].concat();
    bytes.resize(bytes.len().next_multiple_of(2), 0);
    bytes
}

pub(crate) fn riff(chunks: &[Vec<u8>]) -> Vec<u8> {
    let body = chunks.concat();
    [b"RIFF".as_slice(), &u32::try_from(body.len() + 4).unwrap().to_le_bytes(), b"WEBP", &body].concat()
}

/// The VP8X chunk.
pub(crate) fn canvas(flags: u8, width: u32, height: u32) -> Vec<u8> {
    let (w, h) = ((width - 1).to_le_bytes(), (height - 1).to_le_bytes());
    chunk(b"VP8X", &[&[flags, 0, 0, 0], &w[..3], &h[..3]].concat())
}

/// The extended form of a simple WebP, with chunks before and after the picture.
pub(crate) fn extended(simple: &[u8], flags: u8, size: (u32, u32), before: &[Vec<u8>], after: &[Vec<u8>]) -> Vec<u8> {
    riff(&[canvas(flags, size.0, size.1), before.concat(), simple[12..].to_vec(), after.concat()])
}

/// An animated WebP of these pictures, each a chunk of its own.
pub(crate) fn moving(width: u32, height: u32, pictures: &[Vec<u8>]) -> Vec<u8> {
    let (w, h) = ((width - 1).to_le_bytes(), (height - 1).to_le_bytes());
    let place = [&[0; 6][..], &w[..3], &h[..3], &[100, 0, 0, 0]].concat();
    let frames = pictures.iter().map(|picture| chunk(b"ANMF", &[&place[..], picture].concat()));
    riff(&[canvas(0x02, width, height), chunk(b"ANIM", &[0; 6])].into_iter().chain(frames).collect::<Vec<_>>())
}

/// A VP8L picture that claims a size, and nothing after its header.
pub(crate) fn lossless_claiming(width: u32, height: u32) -> Vec<u8> {
    let bits = (width - 1) | ((height - 1) << 14);
    riff(&[chunk(b"VP8L", &[&[0x2f][..], &bits.to_le_bytes(), &[0; 16]].concat())])
}
