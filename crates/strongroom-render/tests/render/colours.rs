//! Every reduced rendition is sRGB, whatever the file's colours are. The expected values come from the definitions of the
//! spaces, not from the library under test.

use image::GrayImage;
use moxcms::ColorProfile;
use strongroom_core::rendition::RenditionName;

use crate::support::{Output, assert_near, flat, jpeg, png, quarters, render, webp};

/// A colour that the three spaces show quite differently.
const SAMPLE: [u8; 3] = [200, 100, 60];

fn display_p3() -> Vec<u8> {
    ColorProfile::new_display_p3().encode().unwrap()
}

fn adobe_rgb() -> Vec<u8> {
    ColorProfile::new_adobe_rgb().encode().unwrap()
}

fn srgb_encode(linear: f64) -> u8 {
    let linear = linear.clamp(0.0, 1.0);
    let encoded = if linear <= 0.003_130_8 { linear * 12.92 } else { 1.055 * linear.powf(1.0 / 2.4) - 0.055 };
    (encoded * 255.0).round() as u8
}

fn srgb_decode(encoded: u8) -> f64 {
    let encoded = f64::from(encoded) / 255.0;
    if encoded <= 0.040_45 { encoded / 12.92 } else { ((encoded + 0.055) / 1.055).powf(2.4) }
}

/// Display P3: the sRGB curve, and this matrix between the linear values (both D65).
fn from_display_p3([r, g, b]: [u8; 3]) -> [u8; 3] {
    let [r, g, b] = [r, g, b].map(srgb_decode);
    [1.224_94 * r - 0.224_94 * g, -0.042_06 * r + 1.042_06 * g, -0.019_64 * r - 0.078_64 * g + 1.098_27 * b]
        .map(srgb_encode)
}

/// Adobe RGB (1998): gamma 563/256, red primary and blue primary as sRGB's, a wider green.
fn from_adobe_rgb([r, g, b]: [u8; 3]) -> [u8; 3] {
    let [r, g, b] = [r, g, b].map(|sample| (f64::from(sample) / 255.0).powf(563.0 / 256.0));
    [1.398_36 * r - 0.398_36 * g, g, -0.042_93 * g + 1.042_93 * b].map(srgb_encode)
}

fn assert_shows(output: &Output, expected: [u8; 3], what: &str) {
    for name in [RenditionName::Preview, RenditionName::PreviewWebp, RenditionName::SquarePreview, RenditionName::Thumb]
    {
        for actual in quarters(&output.pixels(name)) {
            assert_near(actual, expected, 4, &format!("{what} {name}"));
        }
    }
}

#[test]
fn the_expectations_differ_from_each_other() {
    assert!(from_display_p3(SAMPLE)[0].abs_diff(SAMPLE[0]) > 8);
    assert!(from_adobe_rgb(SAMPLE)[0].abs_diff(SAMPLE[0]) > 8);
}

#[tokio::test]
async fn without_a_profile_it_is_srgb() {
    assert_shows(&render(&jpeg::rgb(&flat(64, 64, SAMPLE), jpeg::Style::default())).await, SAMPLE, "JPEG");
    assert_shows(&render(&png::rgb(&flat(64, 64, SAMPLE), &[])).await, SAMPLE, "PNG");
}

#[tokio::test]
async fn jpeg_profile_in_one_segment_and_in_many() {
    let plain = jpeg::rgb(&flat(64, 64, SAMPLE), jpeg::Style::default());
    for piece in [60_000, 100] {
        let p3 = render(&jpeg::with(&plain, &jpeg::profile(&display_p3(), piece))).await;
        assert_shows(&p3, from_display_p3(SAMPLE), "Display P3 JPEG");
        let adobe = render(&jpeg::with(&plain, &jpeg::profile(&adobe_rgb(), piece))).await;
        assert_shows(&adobe, from_adobe_rgb(SAMPLE), "Adobe RGB JPEG");
    }
}

#[tokio::test]
async fn png_and_webp_profiles() {
    let pixels = flat(64, 64, SAMPLE);
    let output = render(&png::rgb(&pixels, &[png::profile(&display_p3())])).await;
    assert_shows(&output, from_display_p3(SAMPLE), "Display P3 PNG");
    let simple = webp::lossless(&pixels.into());
    let file = webp::extended(&simple, 0x20, (64, 64), &[webp::chunk(b"ICCP", &adobe_rgb())], &[]);
    assert_shows(&render(&file).await, from_adobe_rgb(SAMPLE), "Adobe RGB WebP");
}

#[tokio::test]
async fn sixteen_bits_with_and_without_a_profile() {
    let samples: Vec<u8> = SAMPLE.iter().flat_map(|sample| [*sample, *sample]).collect::<Vec<_>>().repeat(64 * 64);
    assert_shows(&render(&png::png(64, 64, 16, png::RGB, &samples, &[])).await, SAMPLE, "16-bit PNG");
    let output = render(&png::png(64, 64, 16, png::RGB, &samples, &[png::profile(&display_p3())])).await;
    assert_shows(&output, from_display_p3(SAMPLE), "16-bit Display P3 PNG");
}

#[tokio::test]
async fn grey_with_and_without_a_profile() {
    let pixels = GrayImage::from_pixel(64, 64, image::Luma([100]));
    assert_shows(&render(&jpeg::grey(&pixels)).await, [100; 3], "grey JPEG");
    let gamma = ColorProfile::new_gray_with_gamma(1.0).encode().unwrap();
    let output = render(&png::png(64, 64, 8, png::GREY, pixels.as_raw(), &[png::profile(&gamma)])).await;
    assert_shows(&output, [srgb_encode(100.0 / 255.0); 3], "linear grey PNG");
    // A profile for other samples than there are says nothing about them.
    let output = render(&png::png(64, 64, 8, png::GREY, pixels.as_raw(), &[png::profile(&display_p3())])).await;
    assert_shows(&output, [100; 3], "grey PNG with an RGB profile");
}

#[tokio::test]
async fn a_broken_profile_is_srgb() {
    let plain = jpeg::rgb(&flat(64, 64, SAMPLE), jpeg::Style::default());
    let mut cut = display_p3();
    cut.truncate(200);
    for broken in [cut, vec![0xff; 4000], b"no profile".to_vec()] {
        let output = render(&jpeg::with(&plain, &jpeg::profile(&broken, 60_000))).await;
        assert_shows(&output, SAMPLE, "broken profile");
    }
    // The second of two chunks is missing.
    let pieces = jpeg::profile(&display_p3(), 300);
    assert_shows(&render(&jpeg::with(&plain, &pieces[..1])).await, SAMPLE, "incomplete profile");
}

#[tokio::test]
async fn inks_become_light() {
    // Cyan, magenta, yellow, black: naive, since there is no profile.
    for (inks, expected) in [
        ([255, 0, 0, 0], [0, 255, 255]),
        ([0, 255, 0, 0], [255, 0, 255]),
        ([0, 0, 0, 255], [0, 0, 0]),
        ([0, 0, 0, 0], [255, 255, 255]),
        ([0, 128, 128, 64], [191, 95, 95]),
    ] {
        for ycck in [false, true] {
            let output = render(&jpeg::adobe_inks(64, 64, inks, ycck)).await;
            assert_shows(&output, expected, "inks");
            // No browser is trusted with inks: `full` is an ordinary JPEG of the full size.
            let full = output.pixels(RenditionName::Full);
            assert_eq!((full.width(), full.height()), (64, 64));
            assert_near(quarters(&full)[0], expected, 4, "full");
        }
    }
}

/// A press whose cyan ink prints grey (ICC.1:2001, `lut8Type` from four inks to Lab): nothing but this profile would say so.
fn press_with_grey_cyan() -> Vec<u8> {
    let identity = [1, 0, 0, 0, 1, 0, 0, 0, 1].map(|one: u32| (one << 16).to_be_bytes()).concat();
    let ramp: Vec<u8> = (0..=255).collect();
    let mut table = [&b"mft1\0\0\0\0\x04\x03\x02\0"[..], &identity, &ramp.repeat(4)].concat();
    for node in 0..16 {
        let (cyan, black) = (node & 8 != 0, node & 1 != 0);
        let lightness = if black {
            0
        } else if cyan {
            128
        } else {
            255
        };
        table.extend([lightness, 128, 128]);
    }
    table.extend(ramp.repeat(3));

    let mut header = vec![0; 128];
    let length = u32::try_from(128 + 16 + table.len()).unwrap();
    header[0..4].copy_from_slice(&length.to_be_bytes());
    header[8..24].copy_from_slice(b"\x02\x40\0\0prtrCMYKLab ");
    header[36..40].copy_from_slice(b"acsp");
    for (at, value) in [(68, 0xf6d6_u32), (72, 0x1_0000), (76, 0xd32d)] {
        header[at..at + 4].copy_from_slice(&value.to_be_bytes()); // D50
    }
    let tags = [1_u32.to_be_bytes(), *b"A2B0", 144_u32.to_be_bytes(), (length - 144).to_be_bytes()].concat();
    [header, tags, table].concat()
}

#[tokio::test]
async fn inks_through_their_profile() {
    // Lab lightness 50.2 is sRGB 120.
    for (inks, expected) in [([255, 0, 0, 0], [120; 3]), ([0, 0, 0, 0], [255; 3]), ([0, 0, 0, 255], [0; 3])] {
        let plain = jpeg::adobe_inks(64, 64, inks, true);
        let output = render(&jpeg::with(&plain, &jpeg::profile(&press_with_grey_cyan(), 60_000))).await;
        assert_shows(&output, expected, "inks with a profile");
        let full = output.bytes(RenditionName::Full);
        assert_near(quarters(&jpeg::decode(&full))[0], expected, 4, "full");
        // It is sRGB now: the press's profile would be a lie.
        assert!(!full.windows(11).any(|window| window == b"ICC_PROFILE"));
    }
}
