//! `full` of a JPEG, PNG or WebP: the same compressed pixels.

use image::DynamicImage;
use strongroom_core::rendition::{RenditionFormat, RenditionName};

use crate::support::{card, exif, jpeg, png, render, texture, webp};

/// Everything from the first scan to the end: what a lossless copy of a JPEG must have byte for byte.
fn scans(jpeg: &[u8]) -> &[u8] {
    &jpeg[jpeg.windows(2).position(|pair| pair == [0xff, 0xda]).unwrap()..]
}

#[tokio::test]
async fn jpeg_baseline_and_progressive() {
    for progressive in [false, true] {
        let plain = jpeg::rgb(&texture(333, 217), jpeg::Style { progressive, halve_colour: true });
        let file = jpeg::with(&plain, &[jpeg::exif(&exif(6))]);
        let full = render(&file).await.bytes(RenditionName::Full);
        assert_eq!(scans(&full), scans(&plain));
        assert_eq!(jpeg::decode(&full).to_rgb8(), jpeg::decode(&plain).to_rgb8());
    }
}

#[tokio::test]
async fn jpeg_restart_markers() {
    let plain = jpeg::flat_grey(160, 120, false, 3);
    assert!(plain.windows(2).any(|pair| pair == [0xff, 0xd7]));
    let full = render(&plain).await.bytes(RenditionName::Full);
    assert_eq!(scans(&full), scans(&plain));
}

#[tokio::test]
async fn jpeg_padded_with_fill_bytes() {
    // 0xff may be repeated before any marker (T.81, B.1.1.2).
    let plain = jpeg::rgb(&texture(50, 50), jpeg::Style::default());
    let padded = [&plain[..2], &[0xff, 0xff, 0xff], &plain[2..]].concat();
    let full = render(&padded).await.bytes(RenditionName::Full);
    assert_eq!(jpeg::decode(&full).to_rgb8(), jpeg::decode(&plain).to_rgb8());
}

#[tokio::test]
async fn profile_and_orientation_stay() {
    let profile = moxcms::ColorProfile::new_display_p3().encode().unwrap();
    let mut segments = jpeg::profile(&profile, 100);
    segments.push(jpeg::exif(&exif(8)));
    let full = render(&jpeg::with(&jpeg::rgb(&card(64, 48), jpeg::Style::default()), &segments))
        .await
        .bytes(RenditionName::Full);
    assert!(full.windows(profile.len()).any(|window| window == profile), "the profile, in one piece");

    let extra = [png::profile(&profile), png::chunk(b"eXIf", &exif(8))];
    let full = render(&png::rgb(&card(64, 48), &extra)).await.bytes(RenditionName::Full);
    let mut decoder = image::codecs::png::PngDecoder::new(std::io::Cursor::new(&full)).unwrap();
    assert_eq!(image::ImageDecoder::icc_profile(&mut decoder).unwrap(), Some(profile.clone()));
    assert_eq!(image::ImageDecoder::orientation(&mut decoder).unwrap(), image::metadata::Orientation::Rotate270);

    let simple = webp::lossless(&card(64, 48).into());
    let (before, after) = ([webp::chunk(b"ICCP", &profile)], [webp::chunk(b"EXIF", &exif(8))]);
    let full = render(&webp::extended(&simple, 0x28, (64, 48), &before, &after)).await.bytes(RenditionName::Full);
    let mut decoder = image::codecs::webp::WebPDecoder::new(std::io::Cursor::new(&full)).unwrap();
    assert_eq!(image::ImageDecoder::icc_profile(&mut decoder).unwrap(), Some(profile));
    assert_eq!(image::ImageDecoder::orientation(&mut decoder).unwrap(), image::metadata::Orientation::Rotate270);
}

#[tokio::test]
async fn png_of_every_kind() {
    let sixteen: Vec<u8> = (0..40 * 30 * 8_u32).map(|i| (i * 31) as u8).collect();
    let indices: Vec<u8> = (0..40 * 30_u32).map(|i| (i % 3) as u8).collect();
    let palette = [png::chunk(b"PLTE", &[10, 20, 30, 40, 50, 60, 70, 80, 90]), png::chunk(b"tRNS", &[255, 128])];
    let meaning = [png::chunk(b"gAMA", &45_455_u32.to_be_bytes()), png::chunk(b"sBIT", &[5, 6, 5])];
    for file in [
        png::rgb(&texture(40, 30), &meaning),
        png::png(40, 30, 16, png::RGBA, &sixteen, &[]),
        png::png(40, 30, 8, png::PALETTE, &indices, &palette),
    ] {
        let output = render(&file).await;
        let full = output.bytes(RenditionName::Full);
        assert_eq!(output.file(RenditionName::Full).format, RenditionFormat::Png);
        assert_eq!(full, file, "there was nothing to remove");
    }
}

#[tokio::test]
async fn webp_lossless_with_and_without_alpha() {
    let opaque: DynamicImage = texture(61, 43).into();
    let with_alpha = DynamicImage::from(opaque.to_rgba8());
    for pixels in [opaque, with_alpha] {
        let file = webp::lossless(&pixels);
        let full = render(&file).await.bytes(RenditionName::Full);
        assert_eq!(full, file, "there was nothing to remove");
    }
}

#[tokio::test]
async fn webp_lossy() {
    // The renderer's own preview is a lossy WebP: sent back in, it is to come out as it was.
    let preview = render(&png::rgb(&texture(200, 100), &[])).await.bytes(RenditionName::PreviewWebp);
    assert_eq!(render(&preview).await.bytes(RenditionName::Full), preview);
}
