//! Threats T1 to T9 of the threat model, as files. Each is refused by its own headers, or rendered within the limits; none
//! may crash a child, and none may be anybody's fault but its own.

use image::DynamicImage;
use strongroom_core::media::FailureCode::{Malformed, TooLarge};
use strongroom_core::rendition::RenditionName;
use strongroom_render::{Limits, RenderError};

use crate::support::{assert_refused, card, gif, jpeg, png, refusal_within, render, texture, try_render, webp};

/// What an honest small picture needs, and no bomb fits into.
fn tight_memory() -> Limits {
    Limits { address_space_bytes: 192 << 20, ..Limits::default() }
}

#[tokio::test]
async fn t1_pixel_flood() {
    let pixels = png::zeros(30_000 / 8 * 30_000);
    let file = [png::header(30_000, 30_000, 1, png::GREY), png::chunk(b"IDAT", &pixels)].concat();
    assert_refused(&file, TooLarge, &["30000 × 30000", "16384"]).await;
    let file = png::header(10_000, 10_000, 1, png::GREY);
    assert_refused(&file, TooLarge, &["100000000", "50000000"]).await;
}

#[tokio::test]
async fn t2_sixteen_bit_flood() {
    // 49 megapixels are allowed; at 8 bytes each they are 374 MiB, which these limits do not have.
    let limits = Limits { max_decoded_bytes: 256 << 20, ..Limits::default() };
    let failure = refusal_within(&png::header(7_000, 7_000, 16, png::RGBA), limits).await;
    assert_eq!(failure.code, TooLarge);
    assert!(failure.message.contains("392000000") && failure.message.contains("268435456"), "{failure}");
}

#[tokio::test]
async fn t3_headers_that_lie() {
    assert_refused(&png::header(100_000, 100_000, 8, png::RGB), TooLarge, &["100000"]).await;
    assert_refused(&png::header(0xffff_ffff, 0xffff_ffff, 8, png::RGB), TooLarge, &["4294967295"]).await;
    assert_refused(&png::header(0, 10, 8, png::RGB), Malformed, &["nothing"]).await;
    assert_refused(&jpeg::frame_only(65_500, 65_500, false), TooLarge, &["65500"]).await;
    assert_refused(&jpeg::frame_only(6_000, 6_000, false), Malformed, &["ends before"]).await;
    let mut screen = gif::frames(&DynamicImage::from(card(30, 20)).into_rgba8(), 1);
    screen[6..10].fill(0xff);
    assert_refused(&screen, TooLarge, &["65535"]).await;
    let mut frame = gif::frames(&DynamicImage::from(card(30, 20)).into_rgba8(), 1);
    let descriptor = frame.windows(9).position(|window| window == [0x2c, 0, 0, 0, 0, 30, 0, 20, 0]).unwrap();
    frame[descriptor + 5..descriptor + 9].fill(0xff);
    assert_refused(&frame, TooLarge, &["65535"]).await;
}

#[tokio::test]
async fn t4_metadata_bombs_are_never_inflated() {
    const INFLATED: usize = 300 << 20;
    let bomb = png::zeros(INFLATED);
    for (kind, prefix) in [(b"iCCP", &b"icc\0\0"[..]), (b"zTXt", b"Comment\0\0"), (b"iTXt", b"Comment\0\x01\0\0\0")] {
        let file = png::rgb(&card(100, 100), &[png::chunk(kind, &[prefix, &bomb].concat())]);
        let output = try_render(&file, tight_memory()).await.unwrap_or_else(|error| panic!("{error}"));
        assert!(output.bytes(RenditionName::Full).len() < 2_000);
    }
}

#[tokio::test]
async fn t4_a_hundred_thousand_chunks() {
    let file = png::rgb(&card(100, 100), &vec![png::chunk(b"tEXt", b"Comment\0SECRET"); 100_000]);
    let output = try_render(&file, tight_memory()).await.unwrap_or_else(|error| panic!("{error}"));
    assert!(output.bytes(RenditionName::Full).len() < 2_000);
    let plain = jpeg::rgb(&card(100, 100), jpeg::Style::default());
    let file = jpeg::with(&plain, &vec![jpeg::segment(0xfe, b"SECRET"); 100_000]);
    let output = try_render(&file, tight_memory()).await.unwrap_or_else(|error| panic!("{error}"));
    assert!(output.bytes(RenditionName::Full).len() <= plain.len());
}

#[tokio::test]
async fn t4_a_profile_larger_than_metadata_may_be_is_dropped() {
    let limits = Limits { max_metadata_bytes: 300, ..Limits::default() };
    let profile = moxcms::ColorProfile::new_display_p3().encode().unwrap();
    let file = jpeg::with(&jpeg::rgb(&card(64, 64), jpeg::Style::default()), &jpeg::profile(&profile, 60_000));
    let output = try_render(&file, limits).await.unwrap_or_else(|error| panic!("{error}"));
    assert!(!output.bytes(RenditionName::Full).windows(11).any(|window| window == b"ICC_PROFILE"));
}

#[tokio::test]
async fn t5_progressive_coefficients() {
    // 256 megapixels, as in the finding: too many pixels already.
    assert_refused(&jpeg::flat_grey(16_000, 16_000, true, 0), TooLarge, &["256000000"]).await;
    // 9 megapixels are allowed, but progressive they need three bytes each, and so do several scans.
    let limits = Limits { max_decoded_bytes: 16 << 20, ..Limits::default() };
    let progressive = refusal_within(&jpeg::flat_grey(3_000, 3_000, true, 0), limits.clone()).await;
    assert_eq!(progressive.code, TooLarge);
    assert!(progressive.message.contains("27000000"), "{progressive}");
    // The same in one scan is decoded a strip at a time.
    let output = try_render(&jpeg::flat_grey(3_000, 3_000, false, 0), limits).await;
    assert!(output.is_ok());
}

#[tokio::test]
async fn t6_scan_bomb() {
    assert_refused(&jpeg::scan_bomb(400), TooLarge, &["100 scans"]).await;
    // A few more scans than usual are no bomb.
    render(&jpeg::scan_bomb(20)).await;
}

#[tokio::test]
async fn t9_webp_at_its_largest() {
    assert_refused(&webp::lossless_claiming(16_383, 16_383), TooLarge, &["16383 × 16383"]).await;
    let simple = webp::lossless(&card(30, 20).into());
    let file = webp::extended(&simple, 0, (16_000, 3_000), &[], &[]);
    assert_refused(&file, Malformed, &["canvas"]).await;
}

#[tokio::test]
async fn a_file_larger_than_a_photo_may_be() {
    let limits = Limits { max_input_bytes: 1_000, ..Limits::default() };
    let failure = refusal_within(&jpeg::rgb(&texture(100, 100), jpeg::Style::default()), limits).await;
    assert_eq!(failure.code, TooLarge);
    assert!(failure.message.contains("1000"), "{failure}");
}

#[tokio::test]
async fn a_child_without_memory_dies_alone() {
    // Within every limit but the kernel's: the decoder asks for 108 MB and there are 64 MiB.
    let limits = Limits { address_space_bytes: 64 << 20, ..Limits::default() };
    let pixels = png::chunk(b"IDAT", &png::zeros((1 + 6_000 * 3) * 6_000));
    let file = [png::header(6_000, 6_000, 8, png::RGB), pixels, png::chunk(b"IEND", b"")].concat();
    let failure = refusal_within(&file, limits).await;
    assert!(failure.code.is_retryable() || failure.code == TooLarge, "{failure}");
}

#[tokio::test]
async fn an_output_larger_than_allowed_is_the_medias_fault() {
    let limits = Limits { output_bytes: 2_000, ..Limits::default() };
    let failure = refusal_within(&jpeg::rgb(&texture(300, 300), jpeg::Style::default()), limits).await;
    assert_eq!(failure.code, TooLarge, "{failure}");
}

/// Flipped, cut and doubled bytes all over small files of every format: rendered or refused, never broken, never crashed.
#[tokio::test]
async fn mutants_are_rendered_or_refused() {
    let profile = moxcms::ColorProfile::new_display_p3().encode().unwrap();
    let seeds = [
        jpeg::with(&jpeg::rgb(&texture(40, 30), jpeg::Style::default()), &jpeg::profile(&profile, 200)),
        jpeg::rgb(&texture(40, 30), jpeg::Style { progressive: true, halve_colour: true }),
        png::rgb(&texture(40, 30), &[png::profile(&profile)]),
        webp::extended(
            &webp::lossless(&texture(40, 30).into()),
            0x20,
            (40, 30),
            &[webp::chunk(b"ICCP", &profile)],
            &[],
        ),
        gif::frames(&DynamicImage::from(texture(40, 30)).into_rgba8(), 1),
    ];
    let mut state = 0x9e37_79b9_u32;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state as usize % below
    };
    for seed in &seeds {
        for round in 0..24 {
            let mut mutant = seed.clone();
            for _ in 0..=round % 4 {
                // Half of the hits near the start, where the headers are.
                let reach = if random(2) == 0 { mutant.len() } else { mutant.len().min(700) };
                let at = random(reach);
                match random(4) {
                    0 => mutant[at] = random(256) as u8,
                    1 => mutant[at] ^= 1 << random(8),
                    2 => mutant.truncate(at.max(12)),
                    _ => mutant.insert(at, 0xff),
                }
            }
            match try_render(&mutant, Limits { cpu_seconds: 5, ..tight_memory() }).await {
                Ok(_) | Err(RenderError::Animated) => {}
                Err(RenderError::Failed(failure)) => assert!(!failure.code.is_retryable(), "{failure}: {mutant:02x?}"),
                Err(RenderError::Broken(reason)) => panic!("broken: {reason}: {mutant:02x?}"),
            }
        }
    }
}
