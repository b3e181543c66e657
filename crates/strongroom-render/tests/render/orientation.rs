//! EXIF orientation 1 to 8: applied once, in every format, and sizes told upright.

use strongroom_core::rendition::{RenditionName, Size};

use crate::support::{BLUE, GREEN, Output, RED, YELLOW, assert_near, card, exif, jpeg, png, quarters, render, webp};

/// What the card's quarters become (Exif 2.32, §4.6.4): above left, above right, below left, below right.
const UPRIGHT: [[[u8; 3]; 4]; 8] = [
    [RED, GREEN, BLUE, YELLOW],
    [GREEN, RED, YELLOW, BLUE],
    [YELLOW, BLUE, GREEN, RED],
    [BLUE, YELLOW, RED, GREEN],
    [RED, BLUE, GREEN, YELLOW],
    [BLUE, RED, YELLOW, GREEN],
    [YELLOW, GREEN, BLUE, RED],
    [GREEN, YELLOW, RED, BLUE],
];

fn assert_upright(output: &Output, orientation: u8, what: &str) {
    let upright = if orientation < 5 { Size::new(160, 80) } else { Size::new(80, 160) };
    assert_eq!(output.rendered.size, upright, "{what}");
    for name in [RenditionName::Preview, RenditionName::PreviewWebp, RenditionName::SquarePreview, RenditionName::Thumb]
    {
        let pixels = output.pixels(name);
        let size = output.file(name).size;
        assert_eq!((pixels.width(), pixels.height()), (size.width, size.height), "{what} {name}");
        assert_eq!(
            size,
            if name == RenditionName::SquarePreview { Size::new(80, 80) } else { upright },
            "{what} {name}"
        );
        for (actual, expected) in quarters(&pixels).into_iter().zip(UPRIGHT[usize::from(orientation) - 1]) {
            assert_near(actual, expected, 12, &format!("{what} {orientation} {name}"));
        }
    }
    assert_eq!(output.file(RenditionName::Full).size, upright);
}

#[tokio::test]
async fn jpeg_all_eight() {
    let plain = jpeg::rgb(&card(160, 80), jpeg::Style::default());
    for orientation in 1..=8 {
        let output = render(&jpeg::with(&plain, &[jpeg::exif(&exif(orientation))])).await;
        assert_upright(&output, orientation, "JPEG");
        // `full` keeps its pixels as they are and says how to turn them: a decoder that honours EXIF shows it upright.
        let full = output.bytes(RenditionName::Full);
        let tag = full.windows(6).position(|window| window == b"Exif\0\0");
        assert_eq!(tag.is_some(), orientation != 1);
        if let Some(tag) = tag {
            assert_eq!(full[tag + 6 + 18], orientation);
        }
    }
}

#[tokio::test]
async fn png_all_eight() {
    for orientation in 1..=8 {
        let output = render(&png::rgb(&card(160, 80), &[png::chunk(b"eXIf", &exif(orientation))])).await;
        assert_upright(&output, orientation, "PNG");
    }
}

#[tokio::test]
async fn webp_all_eight() {
    let simple = webp::lossless(&card(160, 80).into());
    for orientation in 1..=8 {
        let file = webp::extended(&simple, 0x08, (160, 80), &[], &[webp::chunk(b"EXIF", &exif(orientation))]);
        assert_upright(&render(&file).await, orientation, "WebP");
    }
}

#[tokio::test]
async fn broken_exif_is_upright() {
    let plain = jpeg::rgb(&card(160, 80), jpeg::Style::default());
    for block in [&b"II*\0\xff\xff\xff\x7f"[..], b"", b"MM\0*\0\0\0\x08\xff\xff\x01\x12", &exif(9), &exif(0)] {
        assert_upright(&render(&jpeg::with(&plain, &[jpeg::exif(block)])).await, 1, "JPEG");
    }
}

#[tokio::test]
async fn a_large_picture_is_reduced_and_then_turned() {
    // Large enough that the JPEG is scaled while it is decoded.
    let file = jpeg::with(&jpeg::rgb(&card(3000, 2000), jpeg::Style::default()), &[jpeg::exif(&exif(6))]);
    let output = render(&file).await;
    assert_eq!(output.rendered.size, Size::new(2000, 3000));
    assert_eq!(output.file(RenditionName::Preview).size, Size::new(853, 1280));
    assert_eq!(output.file(RenditionName::SquarePreview).size, Size::new(960, 960));
    assert_eq!(output.file(RenditionName::Preview640Webp).size, Size::new(427, 640));
    assert_eq!(output.file(RenditionName::Thumb).size, Size::new(300, 450));
    for name in
        [RenditionName::Preview, RenditionName::SquarePreview, RenditionName::Preview640Webp, RenditionName::Thumb]
    {
        for (actual, expected) in quarters(&output.pixels(name)).into_iter().zip(UPRIGHT[5]) {
            assert_near(actual, expected, 12, name.as_str());
        }
    }
}
