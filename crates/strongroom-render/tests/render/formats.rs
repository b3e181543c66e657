//! The kinds of pictures that are rendered, and what each one's renditions are.

use image::{DynamicImage, GrayImage, Luma, Rgba, RgbaImage};
use strongroom_core::media::{FailureCode, Format, MediaType};
use strongroom_core::rendition::{RenditionFormat, RenditionName, Size};

use crate::support::{
    BLUE, GREEN, RED, YELLOW, assert_near, assert_refused, card, exif, flat, gif, jpeg, png, quarters, render, texture,
    webp,
};

const CARD: [[u8; 3]; 4] = [RED, GREEN, BLUE, YELLOW];

#[tokio::test]
async fn every_rendition_of_a_photo() {
    let file = jpeg::rgb(&card(2000, 1500), jpeg::Style { halve_colour: true, ..jpeg::Style::default() });
    let output = render(&file).await;
    assert_eq!((output.rendered.media_type, output.rendered.format), (MediaType::Photo, Format::Jpeg));
    let digest: Vec<u8> =
        sha2::Digest::finalize(sha2::Digest::chain_update(<sha2::Sha256 as sha2::Digest>::new(), &file)).to_vec();
    assert_eq!(output.rendered.sha256.to_vec(), digest);
    let made: Vec<_> = output.rendered.renditions.iter().map(|file| (file.name, file.format, file.size)).collect();
    assert_eq!(
        made,
        [
            (RenditionName::Full, RenditionFormat::Jpeg, Size::new(2000, 1500)),
            (RenditionName::Preview, RenditionFormat::Jpeg, Size::new(1280, 960)),
            (RenditionName::PreviewWebp, RenditionFormat::Webp, Size::new(1280, 960)),
            (RenditionName::SquarePreview, RenditionFormat::Jpeg, Size::new(960, 960)),
            (RenditionName::Preview640Webp, RenditionFormat::Webp, Size::new(640, 480)),
            (RenditionName::Thumb, RenditionFormat::Jpeg, Size::new(300, 225)),
        ]
    );
    for file in &output.rendered.renditions {
        let pixels = output.pixels(file.name);
        assert_eq!(Size::new(pixels.width(), pixels.height()), file.size, "{}", file.name);
        assert_eq!(file.bytes, output.bytes(file.name).len() as u64);
        for (actual, expected) in quarters(&pixels).into_iter().zip(CARD) {
            assert_near(actual, expected, 8, file.name.as_str());
        }
    }
}

#[tokio::test]
async fn progressive_jpeg() {
    let output = render(&jpeg::rgb(&card(900, 700), jpeg::Style { progressive: true, halve_colour: true })).await;
    for (actual, expected) in quarters(&output.pixels(RenditionName::Preview)).into_iter().zip(CARD) {
        assert_near(actual, expected, 8, "preview");
    }
}

#[tokio::test]
async fn one_pixel_is_a_picture() {
    for file in [
        jpeg::rgb(&flat(1, 1, RED), jpeg::Style::default()),
        png::rgb(&flat(1, 1, RED), &[]),
        webp::lossless(&flat(1, 1, RED).into()),
        gif::frames(&DynamicImage::from(flat(1, 1, RED)).into_rgba8(), 1),
    ] {
        let output = render(&file).await;
        assert_eq!(output.rendered.size, Size::new(1, 1));
        assert_near(output.pixels(RenditionName::Thumb).to_rgb8().get_pixel(0, 0).0, RED, 8, "thumb");
    }
}

#[tokio::test]
async fn slivers_keep_a_pixel_of_width() {
    for (width, height) in [(4000, 1), (1, 4000), (2000, 20), (310, 2000)] {
        let output = render(&png::rgb(&flat(width, height, BLUE), &[])).await;
        assert_eq!(output.rendered.size, Size::new(width, height));
        for file in &output.rendered.renditions {
            let pixels = output.pixels(file.name);
            assert_eq!(Size::new(pixels.width(), pixels.height()), file.size);
        }
    }
}

/// Left half: invisible red. Right half: opaque blue.
fn half_transparent() -> RgbaImage {
    RgbaImage::from_fn(1600, 120, |x, _| if x < 800 { Rgba([255, 0, 0, 0]) } else { Rgba([0, 0, 255, 255]) })
}

#[tokio::test]
async fn alpha_is_kept_by_webp_and_lies_on_white_in_jpeg() {
    let pixels = half_transparent();
    for file in [png::png(1600, 120, 8, png::RGBA, pixels.as_raw(), &[]), webp::lossless(&pixels.clone().into())] {
        let output = render(&file).await;
        let jpeg = output.pixels(RenditionName::Preview).to_rgb8();
        assert_near(jpeg.get_pixel(100, 20).0, [255; 3], 4, "transparent");
        assert_near(jpeg.get_pixel(1100, 20).0, [0, 0, 255], 6, "opaque");
        // Premultiplied: invisible red has not bled into the edge.
        for x in 600..680 {
            let [red, _, blue] = jpeg.get_pixel(x, 20).0;
            assert!(red <= blue.saturating_add(12), "red at {x}: {:?}", jpeg.get_pixel(x, 20));
        }
        for name in [RenditionName::PreviewWebp, RenditionName::Preview640Webp] {
            let webp = output.pixels(name).to_rgba8();
            assert_eq!(webp.get_pixel(100, 20).0[3], 0, "{name}");
            assert_eq!(webp.get_pixel(webp.width() - 100, 20).0[3], 255, "{name}");
        }
    }
}

#[tokio::test]
async fn grey_with_alpha_palette_and_low_depths() {
    let grey_alpha: Vec<u8> = (0..64 * 64).flat_map(|i| [80, if i % 64 < 32 { 0 } else { 255 }]).collect();
    let preview = render(&png::png(64, 64, 8, png::GREY_ALPHA, &grey_alpha, &[])).await.pixels(RenditionName::Preview);
    assert_near(quarters(&preview)[0], [255; 3], 4, "transparent");
    assert_near(quarters(&preview)[1], [80; 3], 4, "grey");

    let palette = [png::chunk(b"PLTE", &[RED, BLUE].concat()), png::chunk(b"tRNS", &[0])];
    let indices: Vec<u8> = (0..64 * 64).map(|i| u8::from(i % 64 >= 32)).collect();
    let output = render(&png::png(64, 64, 8, png::PALETTE, &indices, &palette)).await;
    assert_near(quarters(&output.pixels(RenditionName::Preview))[0], [255; 3], 4, "transparent index");
    assert_near(quarters(&output.pixels(RenditionName::Preview))[1], BLUE, 6, "opaque index");
    assert_eq!(output.pixels(RenditionName::PreviewWebp).to_rgba8().get_pixel(8, 8).0[3], 0);

    let bits = vec![0x0f; 64 * 8];
    let preview = render(&png::png(64, 64, 1, png::GREY, &bits, &[])).await.pixels(RenditionName::Preview).to_rgb8();
    assert_near(preview.get_pixel(1, 1).0, [0; 3], 30, "black stripe");
    assert_near(preview.get_pixel(6, 1).0, [255; 3], 30, "white stripe");
}

#[tokio::test]
async fn sixteen_bit_grey() {
    let samples = [0x80, 0x00].repeat(40 * 40);
    let preview = render(&png::png(40, 40, 16, png::GREY, &samples, &[])).await.pixels(RenditionName::Preview);
    assert_near(quarters(&preview)[0], [128; 3], 3, "preview");
}

#[tokio::test]
async fn grey_jpeg() {
    let pixels = GrayImage::from_fn(1500, 1000, |x, _| Luma([if x < 750 { 40 } else { 200 }]));
    let output = render(&jpeg::grey(&pixels)).await;
    for name in [RenditionName::Preview, RenditionName::SquarePreview, RenditionName::Thumb] {
        let pixels = output.pixels(name);
        assert_near(quarters(&pixels)[0], [40; 3], 4, name.as_str());
        assert_near(quarters(&pixels)[1], [200; 3], 4, name.as_str());
    }
}

#[tokio::test]
async fn a_still_gif_is_a_photo() {
    let pixels = DynamicImage::from(card(300, 200)).into_rgba8();
    let output = render(&gif::frames(&pixels, 1)).await;
    assert_eq!((output.rendered.media_type, output.rendered.format), (MediaType::Photo, Format::Gif));
    assert_eq!(output.file(RenditionName::Full).format, RenditionFormat::Png);
    for name in [RenditionName::Full, RenditionName::Preview] {
        for (actual, expected) in quarters(&output.pixels(name)).into_iter().zip(CARD) {
            assert_near(actual, expected, 10, name.as_str());
        }
    }
}

#[tokio::test]
async fn other_formats_are_refused_by_name() {
    assert_refused(b"\0\0\0\x18ftypisom\0\0\0\0isommp42", FailureCode::UnsupportedCodec, &["mp4", "not a photo"]).await;
    for nothing in
        [&b""[..], b"hello", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.7", b"push graphic-context"]
    {
        assert_refused(nothing, FailureCode::NotMedia, &["no picture"]).await;
    }
}

#[tokio::test]
async fn jpegs_that_no_browser_shows() {
    let mut twelve_bits = jpeg::flat_grey(16, 16, false, 0);
    let frame = twelve_bits.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
    twelve_bits[frame + 4] = 12;
    assert_refused(&twelve_bits, FailureCode::UnsupportedCodec, &["12 bits"]).await;
    for marker in [0xc3, 0xc9, 0xca] {
        let mut other = jpeg::flat_grey(16, 16, false, 0);
        other[frame + 1] = marker;
        assert_refused(&other, FailureCode::UnsupportedCodec, &["arithmetic"]).await;
    }
}

#[tokio::test]
async fn a_truncated_jpeg_is_shown_as_far_as_it_goes() {
    let whole = jpeg::rgb(&texture(400, 400), jpeg::Style::default());
    let output = render(&whole[..whole.len() * 3 / 4]).await;
    let preview = output.pixels(RenditionName::Preview).to_rgb8();
    let original = jpeg::decode(&whole).to_rgb8();
    assert_near(preview.get_pixel(20, 20).0, original.get_pixel(20, 20).0, 60, "what was there");
    assert_near(preview.get_pixel(390, 390).0, [128; 3], 6, "what was not");
    // The delivered file is whole again: it ends with an end.
    assert!(output.bytes(RenditionName::Full).ends_with(&[0xff, 0xd9]));
}

#[tokio::test]
async fn truncated_beyond_use() {
    let flat = jpeg::flat_grey(800, 800, false, 0);
    assert_refused(&flat[..flat.len() - 2_000], FailureCode::Malformed, &["ends before"]).await;
    for file in [
        jpeg::rgb(&texture(400, 400), jpeg::Style::default())[..300].to_vec(),
        png::rgb(&texture(400, 400), &[])[..20_000].to_vec(),
        webp::lossless(&texture(400, 400).into())[..2_000].to_vec(),
        gif::frames(&DynamicImage::from(texture(40, 40)).into_rgba8(), 1)[..30].to_vec(),
    ] {
        assert_refused(&file, FailureCode::Malformed, &[]).await;
    }
}

#[tokio::test]
async fn exif_may_come_before_jfif() {
    let file = jpeg::with(&jpeg::rgb(&card(64, 64), jpeg::Style::default()), &[jpeg::exif(&exif(3))]);
    assert_near(quarters(&render(&file).await.pixels(RenditionName::Preview))[0], YELLOW, 10, "turned");
}
