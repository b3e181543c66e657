//! GIFs from `image`'s encoder.

use image::codecs::gif::GifEncoder;
use image::{Frame, RgbaImage};

pub(crate) fn frames(pixels: &RgbaImage, count: usize) -> Vec<u8> {
    let mut file = Vec::new();
    GifEncoder::new(&mut file).encode_frames((0..count).map(|_| Frame::new(pixels.clone()))).unwrap();
    file
}

/// `gif` with a comment and an application's block before its end, and bytes after it.
pub(crate) fn with_secrets(gif: &[u8]) -> Vec<u8> {
    let comment = b"\x21\xfe\x0eSECRET-COMMENT\0";
    let application = b"\x21\xff\x0bXMP DataXMP\x0aSECRET-XMP\0";
    let body = &gif[..gif.len() - 1];
    [body, comment, application, b"\x3b", b"SECRET-TAIL"].concat()
}
