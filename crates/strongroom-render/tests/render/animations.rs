//! What moves is for the films' queue; what only says that it does is a photo.

use image::{DynamicImage, RgbImage};
use strongroom_core::media::{FailureCode, Format};
use strongroom_core::rendition::{RenditionName, Size};
use strongroom_render::{Limits, RenderError};

use crate::support::{Output, assert_near, assert_refused, card, flat, gif, png, quarters, render, try_render, webp};

const SIDES: (u32, u32) = (120, 80);

/// The card and a grey picture in one animation of each format. `break_second` spoils the second picture.
fn animations(break_second: bool) -> [(Format, Vec<u8>); 3] {
    let (width, height) = SIDES;
    let pictures = [card(width, height), flat(width, height, [128; 3])];
    let spoilt = |good: Vec<u8>| if break_second { vec![0xff; good.len()] } else { good };

    let [first, second] = pictures.each_ref().map(png::pixels);
    let apng = png::moving(width, height, &[first, spoilt(second)]);
    let [first, second] = pictures.each_ref().map(|pixels| webp::lossless(&pixels.clone().into())[12..].to_vec());
    let body = spoilt(second[8..].to_vec());
    let webp = webp::moving(width, height, &[first, [&second[..8], &body].concat()]);
    let mut gif = gif_of(&pictures);
    if break_second {
        // The size of its codes: more bits than a code may have.
        let picture = gif.windows(3).rposition(|bytes| bytes == [0x2c, 0, 0]).unwrap();
        let palette = 3 << ((gif[picture + 9] & 7) + 1);
        gif[picture + 10 + palette] = 0xff;
    }
    [(Format::Gif, gif), (Format::Png, apng), (Format::Webp, webp)]
}

/// Both pictures have palettes of their own.
fn gif_of(pictures: &[RgbImage]) -> Vec<u8> {
    let frames: Vec<Vec<u8>> =
        pictures.iter().map(|pixels| gif::frames(&DynamicImage::from(pixels.clone()).into_rgba8(), 1)).collect();
    let start = frames[0].windows(2).position(|bytes| bytes == [0x21, 0xf9]).unwrap();
    let frame = |gif: &[u8]| gif[start..gif.len() - 1].to_vec();
    [&frames[0][..start], &frame(&frames[0]), &frame(&frames[1]), b"\x3b"].concat()
}

fn assert_shows_card(output: &Output, format: Format) {
    assert_eq!((output.rendered.format, output.rendered.size), (format, Size::new(SIDES.0, SIDES.1)));
    for name in [RenditionName::Full, RenditionName::Preview] {
        let expected = quarters(&card(SIDES.0, SIDES.1).into());
        for (actual, expected) in quarters(&output.pixels(name)).into_iter().zip(expected) {
            assert_near(actual, expected, 10, &format!("{format} {name}"));
        }
    }
}

#[tokio::test]
async fn are_told_from_stills() {
    for (format, file) in animations(false) {
        let outcome = try_render(&file, Limits::default()).await;
        assert!(matches!(outcome, Err(RenderError::Animated)), "{format} is for the films' queue");
    }
}

#[tokio::test]
async fn whose_second_picture_is_broken_are_stills() {
    for (format, file) in animations(true) {
        assert_shows_card(&render(&file).await, format);
    }
}

#[tokio::test]
async fn that_end_in_their_second_picture_are_stills() {
    for (format, file) in animations(false) {
        // A few bytes less than all: the second picture's are the last.
        assert_shows_card(&render(&file[..file.len() - 20]).await, format);
    }
}

#[tokio::test]
async fn of_one_picture_are_stills() {
    let (width, height) = SIDES;
    let pixels = card(width, height);
    let webp_picture = webp::lossless(&pixels.clone().into())[12..].to_vec();
    for (format, file) in [
        (Format::Gif, gif::frames(&DynamicImage::from(pixels.clone()).into_rgba8(), 1)),
        (Format::Png, png::moving(width, height, &[png::pixels(&pixels)])),
        (Format::Webp, webp::moving(width, height, &[webp_picture])),
    ] {
        let output = render(&file).await;
        assert_shows_card(&output, format);
        for word in [b"acTL", b"ANMF"] {
            let full = output.bytes(RenditionName::Full);
            assert!(!full.windows(4).any(|window| window == word), "{format} still says that it moves");
        }
    }
}

#[tokio::test]
async fn t7_bombs_are_refused_before_a_picture_is_decoded() {
    // 70 pictures of 4 megapixels, not one of which could be decoded.
    let frame = [&b"\x2c\0\0\0\0\x01\0\x01\0\0"[..], b"\xff\x01\0\0"].concat();
    let large = [&b"GIF89a\xd0\x07\xd0\x07\0\0\0"[..], &frame.repeat(70), b"\x3b"].concat();
    assert_refused(&large, FailureCode::TooLarge, &["70 pictures", "280000000", "250000000"]).await;
    let many = [&b"GIF89a\x40\0\x40\0\0\0\0"[..], &frame.repeat(10_000), b"\x3b"].concat();
    assert_refused(&many, FailureCode::TooLarge, &["10000 pictures", "500"]).await;
    // A picture far larger than its canvas.
    let outside =
        [&b"GIF89a\x40\0\x40\0\0\0\0"[..], &frame, b"\x2c\0\0\0\0\xff\xff\xff\xff\0\xff\x01\0\0\x3b"].concat();
    assert_refused(&outside, FailureCode::TooLarge, &["bytes of memory"]).await;

    let (nothing, small) = (vec![0xff; 9], png::pixels(&flat(2000, 2000, [9; 3])));
    let apng = png::moving(2000, 2000, &[&[small][..], &vec![nothing; 69]].concat());
    assert_refused(&apng, FailureCode::TooLarge, &["70 pictures", "280000000"]).await;
    let webp = webp::moving(2000, 2000, &vec![webp::chunk(b"VP8L", &[0x2f, 0, 0, 0, 0]); 70]);
    assert_refused(&webp, FailureCode::TooLarge, &["70 pictures", "280000000"]).await;
}
