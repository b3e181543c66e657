//! TIFF: every kind that is decoded, the kinds that are not by their names, and threat T8.

use image::{RgbImage, RgbaImage};
use strongroom_core::media::{FailureCode, Format};
use strongroom_core::rendition::{RenditionFormat, RenditionName, Size};
use strongroom_render::Limits;

use super::tiff_file::{plain, tags, tiff, white_group_4};
use super::{CARD, assert_shows, ffmpeg};
use crate::support::{
    BLUE, GREEN, RED, YELLOW, assert_near, assert_refused, card, flat, quarters, refusal_within, render, texture,
};

const SIZE: Size = Size::new(160, 80);

fn rgb() -> Vec<u8> {
    card(160, 80).into_raw()
}

async fn assert_card(file: &[u8], what: &str) {
    let output = render(file).await;
    assert_eq!(output.rendered.format, Format::Tiff, "{what}");
    assert_shows(&output, CARD, RenditionFormat::Jpeg, SIZE, 10, what);
}

#[tokio::test]
async fn foreign_compressions() {
    for compression in ["raw", "lzw", "deflate", "packbits"] {
        let file = ffmpeg(&card(160, 80), &["-c:v", "tiff", "-compression_algo", compression, "-f", "image2pipe"]);
        assert_card(&file, compression).await;
    }
}

#[tokio::test]
async fn strips_tiles_planes_and_both_byte_orders() {
    let rows: Vec<Vec<u8>> = rgb().chunks(160 * 3 * 7).map(<[u8]>::to_vec).collect();
    for is_big in [false, true] {
        let mut strips = tags(160, 80, 8, 3, 2, 0);
        strips[6].2 = vec![7];
        strips[7].2 = rows.iter().map(|strip| strip.len() as u32).collect();
        assert_card(&tiff(is_big, strips, 273, &rows), "strips").await;
    }
    let pixels = card(160, 80);
    let tiles: Vec<Vec<u8>> = (0..2 * 3)
        .map(|tile| {
            RgbImage::from_fn(64, 64, |x, y| {
                let (x, y) = (tile % 3 * 64 + x, tile / 3 * 64 + y);
                *pixels.get_pixel_checked(x, y).unwrap_or(&image::Rgb([0; 3]))
            })
            .into_raw()
        })
        .collect();
    let mut tiled = tags(160, 80, 8, 3, 2, 0);
    tiled.truncate(6);
    tiled.extend([(322, 3, vec![64]), (323, 3, vec![64]), (325, 4, vec![64 * 64 * 3; 6])]);
    assert_card(&tiff(false, tiled, 324, &tiles), "tiles").await;

    let planes: Vec<Vec<u8>> = (0..3).map(|plane| rgb().iter().skip(plane).step_by(3).copied().collect()).collect();
    let mut planar = tags(160, 80, 8, 3, 2, 0);
    planar[7].2 = vec![160 * 80; 3];
    planar.push((284, 3, vec![2]));
    assert_card(&tiff(false, planar, 273, &planes), "planes").await;
}

#[tokio::test]
async fn sixteen_bits_in_both_byte_orders() {
    let little: Vec<u8> = rgb().iter().flat_map(|sample| [0x80, *sample]).collect();
    assert_card(&plain((160, 80), 16, 3, 2, &[], little), "little").await;
    let big: Vec<u8> = rgb().iter().flat_map(|sample| [*sample, 0x80]).collect();
    assert_card(&tiff(true, tags(160, 80, 16, 3, 2, big.len()), 273, &[big]), "big").await;
}

#[tokio::test]
async fn orientation_all_eight() {
    let upright = [
        [RED, GREEN, BLUE, YELLOW],
        [GREEN, RED, YELLOW, BLUE],
        [YELLOW, BLUE, GREEN, RED],
        [BLUE, YELLOW, RED, GREEN],
        [RED, BLUE, GREEN, YELLOW],
        [BLUE, RED, YELLOW, GREEN],
        [YELLOW, GREEN, BLUE, RED],
        [GREEN, YELLOW, RED, BLUE],
    ];
    for (orientation, colours) in (1..=8).zip(upright) {
        let file = plain((160, 80), 8, 3, 2, &[(274, 3, vec![orientation])], rgb());
        let size = if orientation < 5 { SIZE } else { Size::new(80, 160) };
        let what = format!("orientation {orientation}");
        assert_shows(&render(&file).await, colours, RenditionFormat::Jpeg, size, 10, &what);
    }
}

#[tokio::test]
async fn grey_bits_and_palettes() {
    let half =
        |left: u8, right: u8| -> Vec<u8> { (0..160 * 80).map(|at| if at % 160 < 80 { left } else { right }).collect() };
    let black_left: Vec<u8> = [[0_u8; 10], [255; 10]].concat().repeat(80);
    let mut reversed = black_left.clone();
    reversed.iter_mut().for_each(|byte| *byte = !*byte);
    for (what, file) in [
        ("black is zero", plain((160, 80), 8, 1, 1, &[], half(40, 200))),
        ("white is zero", plain((160, 80), 8, 1, 0, &[], half(215, 55))),
        ("16 bits", plain((160, 80), 16, 1, 1, &[], half(40, 200).iter().flat_map(|s| [*s, *s]).collect())),
        ("bits", plain((160, 80), 1, 1, 1, &[], black_left)),
        ("bits, white is zero", plain((160, 80), 1, 1, 0, &[], reversed)),
    ] {
        let output = render(&file).await;
        let [left, right] = if what.starts_with("bits") { [[0; 3], [255; 3]] } else { [[40; 3], [200; 3]] };
        assert_shows(&output, [left, right, left, right], RenditionFormat::Jpeg, SIZE, 4, what);
    }
    let channel = |samples: [u8; 256]| samples.map(|sample| u32::from(sample) * 257);
    let mut palettes = [[0_u8; 256]; 3];
    for (index, colour) in CARD.iter().enumerate() {
        (0..3).for_each(|place| palettes[place][index * 9] = colour[place]);
    }
    let indices = card(160, 80).pixels().map(|p| CARD.iter().position(|c| *c == p.0).unwrap() as u8 * 9).collect();
    let palette = (320, 3, palettes.map(channel).concat());
    assert_card(&plain((160, 80), 8, 1, 3, &[palette], indices), "palette").await;
    let palette = (320, 3, [RED[0], BLUE[0], RED[1], BLUE[1], RED[2], BLUE[2]].map(|s| u32::from(s) * 257).to_vec());
    let bits = [[0_u8; 10], [255; 10]].concat().repeat(80);
    let output = render(&plain((160, 80), 1, 1, 3, &[palette], bits)).await;
    assert_shows(&output, [RED, BLUE, RED, BLUE], RenditionFormat::Jpeg, SIZE, 10, "palette of two");
}

#[tokio::test]
async fn alpha_makes_a_png() {
    let pixels =
        RgbaImage::from_fn(160, 80, |x, _| image::Rgba(if x < 80 { [200, 0, 0, 128] } else { [0, 0, 200, 255] }));
    let mut premultiplied = pixels.clone();
    premultiplied
        .pixels_mut()
        .for_each(|p| (0..3).for_each(|c| p.0[c] = (u32::from(p.0[c]) * u32::from(p.0[3]) / 255) as u8));
    for (extra, pixels) in [(2, pixels.clone()), (1, premultiplied)] {
        let output = render(&plain((160, 80), 8, 4, 2, &[(338, 3, vec![extra])], pixels.into_raw())).await;
        assert_eq!(output.file(RenditionName::Full).format, RenditionFormat::Png, "{extra}");
        let full = output.pixels(RenditionName::Full).into_rgba8();
        assert_near([full.get_pixel(20, 20).0[0], full.get_pixel(20, 20).0[3], 0], [200, 128, 0], 3, "half");
        assert_eq!(full.get_pixel(140, 20).0, [0, 0, 200, 255]);
        // On white, in JPEG.
        assert_near(quarters(&output.pixels(RenditionName::Preview))[0], [227, 127, 127], 5, "preview");
    }
    // A fourth sample that is not called alpha is none; one that hides nothing is dropped.
    for (extra, last) in [(0, 0), (2, 255)] {
        let pixels = card(160, 80).pixels().flat_map(|p| [p.0[0], p.0[1], p.0[2], last]).collect();
        assert_card(&plain((160, 80), 8, 4, 2, &[(338, 3, vec![extra])], pixels), "no alpha").await;
    }
}

#[tokio::test]
async fn inks_and_profiles() {
    // No ink, all cyan, all black, half black.
    let inks = [[0, 0, 0, 0], [255, 0, 0, 0], [0, 0, 0, 255], [0, 0, 0, 127]];
    let pixels = card(160, 80).pixels().flat_map(|p| inks[CARD.iter().position(|c| *c == p.0).unwrap()]).collect();
    let output = render(&plain((160, 80), 8, 4, 5, &[], pixels)).await;
    let expected = [[255; 3], [0, 255, 255], [0; 3], [128; 3]];
    assert_shows(&output, expected, RenditionFormat::Jpeg, SIZE, 8, "inks");

    let profile = moxcms::ColorProfile::new_display_p3().encode().unwrap();
    let profile = (34_675, 1, profile.iter().map(|byte| u32::from(*byte)).collect());
    let output = render(&plain((160, 80), 8, 3, 2, &[profile], flat(160, 80, [0, 255, 0]).into_raw())).await;
    for name in [RenditionName::Full, RenditionName::Preview] {
        assert_near(quarters(&output.pixels(name))[0], [0, 255, 0], 8, "green of Display P3 is beyond sRGB's");
    }
    let profile = moxcms::ColorProfile::new_display_p3().encode().unwrap();
    let profile = (34_675, 1, profile.iter().map(|byte| u32::from(*byte)).collect());
    let output = render(&plain((160, 80), 8, 3, 2, &[profile], flat(160, 80, [180, 80, 80]).into_raw())).await;
    for name in [RenditionName::Full, RenditionName::Preview] {
        assert_near(quarters(&output.pixels(name))[0], [194, 75, 77], 4, "through the profile");
    }
}

#[tokio::test]
async fn group_4_and_its_fill_order() {
    let strip = white_group_4(80);
    let reversed = strip.iter().map(|byte| byte.reverse_bits()).collect();
    for (order, strip) in [(1, strip), (2, reversed)] {
        let more = [(259, 3, vec![4]), (266, 3, vec![order]), (279, 4, vec![strip.len() as u32])];
        let output = render(&plain((160, 80), 1, 1, 0, &more, strip)).await;
        assert_shows(&output, [[255; 3]; 4], RenditionFormat::Jpeg, SIZE, 2, "white");
    }
}

#[tokio::test]
async fn only_the_first_page_is_looked_at() {
    let mut file = plain((160, 80), 8, 3, 2, &[], rgb());
    // The next directory: this one again.
    let start: [u8; 4] = file[4..8].try_into().unwrap();
    let end = file.len() - 4;
    file[end..].copy_from_slice(&start);
    assert_card(&file, "a directory that follows itself").await;
}

#[tokio::test]
async fn kinds_that_are_not_decoded_say_so() {
    let refuse = async |more: &[(u16, u16, Vec<u32>)], samples: u32, bits: u32, photometric: u32, word: &str| {
        let file = plain((160, 80), bits, samples, photometric, more, rgb());
        assert_refused(&file, FailureCode::UnsupportedCodec, &[word]).await;
    };
    refuse(&[(259, 3, vec![7])], 3, 8, 2, "compression 7 (JPEG)").await;
    refuse(&[(259, 3, vec![3])], 1, 1, 0, "compression 3 (CCITT group 3)").await;
    refuse(&[(259, 3, vec![50_000])], 3, 8, 2, "compression 50000").await;
    refuse(&[(339, 3, vec![3])], 3, 16, 2, "whole numbers").await;
    refuse(&[], 3, 12, 2, "12").await;
    refuse(&[], 3, 8, 8, "meaning 8 (CIE").await;
    refuse(&[], 3, 8, 6, "meaning 6 (YCbCr)").await;
    refuse(&[(339, 3, vec![3])], 1, 32, 1, "32").await;
    refuse(&[(254, 4, vec![1])], 3, 8, 2, "raw").await;
    refuse(&[(50_706, 1, vec![1, 4, 0, 0])], 3, 8, 2, "raw").await;
}

/// The decoder would panic.
#[tokio::test]
async fn tiles_whose_colours_are_apart_are_refused() {
    let mut tiled = tags(160, 80, 8, 3, 2, 0);
    tiled.truncate(6);
    tiled.extend([(284, 3, vec![2]), (322, 3, vec![64]), (323, 3, vec![64]), (325, 4, vec![64 * 64; 18])]);
    let file = tiff(false, tiled, 324, &vec![vec![9; 64 * 64]; 18]);
    assert_refused(&file, FailureCode::UnsupportedCodec, &["tiles", "apart"]).await;
}

#[tokio::test]
async fn t8_bilevel_bomb() {
    // 1.6 gigapixels in five kilobytes.
    let strip = white_group_4(40_000);
    let more = [(259, 3, vec![4])];
    let file = plain((40_000, 40_000), 1, 1, 0, &more, strip.clone());
    assert!(file.len() < 6_000);
    assert_refused(&file, FailureCode::TooLarge, &["40000 × 40000"]).await;
    // What the limits allow is decoded within them.
    let file = plain((7_000, 7_000), 1, 1, 0, &more, strip);
    render(&file).await;
}

#[tokio::test]
async fn t8_strips_and_tiles_without_end() {
    let tight = Limits { address_space_bytes: 192 << 20, cpu_seconds: 2, ..Limits::default() };
    let base = || tags(160, 80, 8, 3, 2, 160 * 80 * 3);
    let refused = async |file: &[u8], what: &str| {
        let failure = refusal_within(file, tight.clone()).await;
        assert!(!failure.code.is_retryable(), "{what}: {failure}");
    };
    // 2^31 strips: the count of the tag, by hand.
    let mut file = tiff(false, base(), 273, &[rgb()]);
    let entry = file.windows(4).rposition(|window| window == [0x17, 0x01, 4, 0]).unwrap();
    file[entry + 4..entry + 8].copy_from_slice(&0x8000_0000_u32.to_le_bytes());
    refused(&file, "2^31 lengths").await;
    // One row a strip, and all of them the same bytes of the file.
    let mut shared = base();
    (shared[1].2, shared[6].2) = (vec![16_000], vec![1]);
    shared[7].2 = vec![160 * 80 * 3; 16_000];
    let mut file = tiff(false, shared, 273, &vec![Vec::new(); 16_000]);
    file.extend(rgb());
    refused(&file, "shared strips").await;
    for (width, height) in [(1, 1), (0, 64), (0xffff_fff0, 16), (16_384, 16_384)] {
        let mut tiled = base();
        tiled.truncate(6);
        (tiled[0].2, tiled[1].2) = (vec![7_000], vec![7_000]);
        tiled.extend([(322, 4, vec![width]), (323, 4, vec![height]), (325, 4, vec![9])]);
        refused(&tiff(false, tiled, 324, &[rgb()]), "tiles").await;
    }
    refused(b"II*\0\xff\xff\xff\x7f", "a directory beyond the end").await;
    refused(b"II*\0\x08\0\0\0\xff\xff", "a directory without entries").await;
    refused(&tiff(false, base(), 273, &[rgb()[..9_000].to_vec()])[..9_100], "cut short").await;
}

#[tokio::test]
async fn mutants_are_rendered_or_refused() {
    let seeds = [
        plain((40, 30), 8, 3, 2, &[], texture(40, 30).into_raw()),
        ffmpeg(&texture(40, 30), &["-c:v", "tiff", "-compression_algo", "lzw", "-f", "image2pipe"]),
        plain((40, 30), 1, 1, 0, &[(259, 3, vec![4])], white_group_4(30)),
        ffmpeg(&texture(40, 30), &["-c:v", "bmp", "-f", "image2pipe"]),
        super::bmp::run_lengths(),
    ];
    for seed in &seeds {
        super::assert_mutants_end(seed, 40).await;
    }
}
