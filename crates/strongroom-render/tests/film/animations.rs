//! GIF, APNG and animated WebP.

use strongroom_core::media::{FailureCode, Format, MediaType};
use strongroom_core::rendition::{RenditionName, Size};
use strongroom_render::{Limits, RenderError, Renderer, Sandbox};

use crate::support::{CHILD, Film, assert_refused, refusal, render, try_render};

/// Three pictures with a delay each, in hundredths of a second.
fn gif(delays: [u16; 3]) -> Film {
    let mut bytes = b"GIF89a\x1f\x00\x15\x00\x80\x00\x00\xff\x00\x00\x00\x00\xff".to_vec();
    for (index, delay) in delays.into_iter().enumerate() {
        // Nothing is transparent; 31 × 21 pixels, all of one colour: clear codes, so that no code ever grows.
        bytes.extend_from_slice(&[0x21, 0xf9, 4, 0]);
        bytes.extend_from_slice(&delay.to_le_bytes());
        bytes.extend_from_slice(&[0, 0, 0x2c, 0, 0, 0, 0, 31, 0, 21, 0, 0, 2]);
        bytes.extend_from_slice(&uncompressed(31 * 21, index as u8 % 2));
    }
    bytes.push(0x3b);
    Film::of(&bytes)
}

/// GIF's LZW with a clear code before every two pixels: codes stay three bits wide.
fn uncompressed(pixels: usize, colour: u8) -> Vec<u8> {
    let (mut bits, mut count, mut bytes) = (0_u32, 0, Vec::new());
    let mut put = |code: u32, bytes: &mut Vec<u8>| {
        bits |= code << count;
        count += 3;
        while count >= 8 {
            bytes.push(bits as u8);
            bits >>= 8;
            count -= 8;
        }
    };
    for pixel in 0..pixels {
        if pixel % 2 == 0 {
            put(4, &mut bytes);
        }
        put(colour.into(), &mut bytes);
    }
    put(5, &mut bytes);
    put(0, &mut bytes);
    put(0, &mut bytes);
    let mut blocks = Vec::new();
    for block in bytes.chunks(255) {
        blocks.push(block.len() as u8);
        blocks.extend_from_slice(block);
    }
    blocks.push(0);
    blocks
}

#[tokio::test]
async fn every_picture_has_its_time() {
    // 0 and 1 mean "as fast as you can", which every browser takes for a tenth of a second.
    for (delays, starts, duration) in [
        ([10, 10, 10], [0, 100, 200], 300),
        ([50, 7, 30], [0, 500, 570], 870),
        ([0, 1, 2], [0, 100, 200], 220),
        ([3, 3, 200], [0, 30, 60], 2060),
    ] {
        let rendered = render(&gif(delays)).await;
        let facts = rendered.facts();
        assert_eq!((facts.media_type, facts.format), (MediaType::Gif, Format::Gif));
        assert_eq!(facts.dimensions, Some(Size::new(31, 21)));
        assert_eq!(facts.duration_ms, duration, "{delays:?}");
        let times = rendered.times(RenditionName::Video720);
        for (time, start) in times.iter().zip(starts) {
            assert!((time - f64::from(start)).abs() < 2.0, "{delays:?}: {times:?}");
        }
        let made = rendered.probe(RenditionName::Video720).duration_ms();
        assert!((made - duration as f64).abs() <= 20.0, "{delays:?}: {made} ms of {duration}");
    }
}

#[tokio::test]
async fn all_three_formats_are_muted_films_of_even_size() {
    let clip = "-f lavfi -i testsrc=s=63x47:r=10:d=1";
    for (film, format) in [
        (Film::made("a.gif", clip), Format::Gif),
        (Film::made("a.png", &format!("{clip} -f apng")), Format::Png),
        (Film::made("a.webp", &format!("{clip} -c:v libwebp_anim -lossless 1 -pix_fmt bgra")), Format::Webp),
    ] {
        let rendered = render(&film).await;
        assert_eq!((rendered.facts().media_type, rendered.facts().format), (MediaType::Gif, format));
        assert_eq!(rendered.facts().dimensions, Some(Size::new(63, 47)));
        assert_eq!(rendered.facts().duration_ms, 1000, "{format}");
        assert_eq!(rendered.names(), ["preview", "preview-webp", "square", "thumb", "720p"]);
        let probe = rendered.probe(RenditionName::Video720);
        assert!(probe.streams("audio").is_empty());
        assert_eq!((&probe.video()["width"], &probe.video()["height"]), (&62.into(), &46.into()), "{format}");
        // Ten, and the last once more at its end.
        assert_eq!(probe.video()["nb_read_frames"], "11", "{format}");
        assert_eq!(rendered.file(RenditionName::Video720).size, Size::new(62, 46));
    }
}

#[tokio::test]
async fn larger_than_240_it_has_both_rungs() {
    let film = Film::made("a.gif", "-f lavfi -i testsrc=s=300x260:r=5:d=1");
    let rendered = render(&film).await;
    assert_eq!(rendered.names(), ["preview", "preview-webp", "square", "thumb", "240p", "720p"]);
    for (name, size) in [(RenditionName::Video240, (276, 240)), (RenditionName::Video720, (300, 260))] {
        let probe = rendered.probe(name);
        let video = probe.video();
        assert_eq!((video["width"].as_u64(), video["height"].as_u64()), (Some(size.0), Some(size.1)), "{name}");
        assert_eq!(video["nb_read_frames"], "6", "{name}");
        assert!((probe.duration_ms() - 1000.0).abs() <= 20.0, "{name}: {}", probe.duration_ms());
    }
}

#[tokio::test]
async fn what_is_transparent_lies_on_white() {
    let film = Film::made("a.png", "-f lavfi -i color=c=red@0:s=64x64:r=5:d=1,format=rgba -f apng");
    let rendered = render(&film).await;
    let pixels = rendered.picture(RenditionName::Video720);
    assert!(pixels.iter().all(|sample| *sample > 250), "{:?}", &pixels[..12]);
}

#[tokio::test]
async fn a_photo_is_told_from_an_animation_and_back() {
    let output = tempfile::tempdir().unwrap();
    let renderer = Renderer::new(CHILD.into(), Limits::default(), Sandbox::Required);
    let moving = renderer.render_photo(&gif([10, 10, 10]).file, output.path()).await;
    assert!(matches!(moving, Err(RenderError::Animated)), "{moving:?}");
    let still = Film::made("a.gif", "-f lavfi -i testsrc2=s=64x48 -frames:v 1");
    let failure = refusal(&still, Limits::default()).await;
    assert_eq!(failure.code, FailureCode::Malformed);
    assert!(failure.message.contains("photo"), "{failure}");
}

#[tokio::test]
async fn t7_bombs_are_refused_by_number() {
    let many = Film::made("a.gif", "-f lavfi -i color=s=16x16:r=50:d=12 -gifflags -transdiff");
    assert_refused(&many, FailureCode::TooLarge, &["600 pictures", "500"]).await;

    let large = Film::made("a.gif", "-f lavfi -i color=s=512x512:r=10:d=1");
    let mut limits = Limits::default();
    limits.film.max_animation_pixels = 1_000_000;
    let failure = refusal(&large, limits).await;
    assert_eq!(failure.code, FailureCode::TooLarge);
    assert!(failure.message.contains("2621440") && failure.message.contains("1000000"), "{failure}");
}

#[tokio::test]
async fn cut_off_in_the_middle_it_is_shown_as_far_as_it_goes() {
    let whole = Film::made("a.gif", "-f lavfi -i testsrc=s=64x48:r=10:d=1 -gifflags -transdiff-offsetting").bytes();
    let rendered = try_render(&Film::of(&whole[..whole.len() * 2 / 3]), Limits::default()).await.unwrap();
    assert!((300..900).contains(&rendered.facts().duration_ms), "{:?}", rendered.facts());
}
