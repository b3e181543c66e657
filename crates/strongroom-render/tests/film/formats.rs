//! The containers and codecs that are rendered: each one at one size and one length.

use strongroom_core::media::{FailureCode, Format, MediaType};
use strongroom_core::rendition::{RenditionFormat, RenditionName, Size};
use strongroom_render::FilmStep;

use crate::support::{CLIP, Film, Rendered, SOUND, assert_refused, render};

/// One second at 25 pictures a second: within one of them on either side.
fn assert_rendered(rendered: &Rendered, format: Format, what: &str) {
    let facts = rendered.facts();
    assert_eq!((facts.media_type, facts.format), (MediaType::Video, format), "{what}");
    assert_eq!(facts.dimensions, Some(Size::new(426, 320)), "{what}");
    assert!(facts.duration_ms.abs_diff(1000) <= 60, "{what}: {} ms", facts.duration_ms);
    let expected = ["240p", "720p", "preview", "preview-webp", "square", "thumb"];
    let mut names = rendered.names();
    names.sort_unstable();
    assert_eq!(names, expected, "{what}");
    for (name, size) in [(RenditionName::Video720, (426, 320)), (RenditionName::Video240, (320, 240))] {
        let probe = rendered.probe(name);
        let video = probe.video();
        assert_eq!((video["width"].as_u64(), video["height"].as_u64()), (Some(size.0), Some(size.1)), "{what} {name}");
        assert_eq!(video["codec_name"], "h264", "{what} {name}");
        assert_eq!(video["pix_fmt"], "yuv420p", "{what} {name}");
        assert_eq!(video["nb_read_frames"], "25", "{what} {name}");
        assert_eq!(probe.streams("audio")[0]["codec_name"], "aac", "{what} {name}");
        assert!((probe.duration_ms() - 1000.0).abs() <= 60.0, "{what} {name}: {} ms", probe.duration_ms());
        assert_eq!(rendered.file(name).size, Size::new(size.0 as u32, size.1 as u32));
    }
}

#[tokio::test]
async fn every_container_and_codec() {
    let cases = [
        ("a.mp4", Format::Mp4, "-c:v libx264 -preset ultrafast -c:a aac"),
        ("a.mov", Format::Mp4, "-c:v libx264 -preset ultrafast -c:a pcm_s16le"),
        ("a.mp4", Format::Mp4, "-c:v libx265 -preset ultrafast -x265-params log-level=none -tag:v hvc1 -c:a aac"),
        ("a.mov", Format::Mp4, "-c:v prores_ks -profile:v 0 -c:a pcm_s24le"),
        ("a.mp4", Format::Mp4, "-c:v mpeg4 -c:a libmp3lame"),
        ("a.mp4", Format::Mp4, "-c:v libsvtav1 -preset 12 -c:a libopus"),
        ("a.mov", Format::Mp4, "-c:v mjpeg -pix_fmt yuvj420p -c:a pcm_s16be"),
        ("a.3gp", Format::Mp4, "-c:v mpeg4 -c:a aac"),
        ("a.mkv", Format::Matroska, "-c:v libx264 -preset ultrafast -c:a ac3"),
        ("a.mkv", Format::Matroska, "-c:v mpeg2video -q:v 3 -c:a flac"),
        ("a.webm", Format::Matroska, "-c:v libvpx -deadline realtime -b:v 1M -c:a libvorbis"),
        ("a.webm", Format::Matroska, "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -c:a libopus"),
        ("a.avi", Format::Avi, "-c:v mpeg4 -c:a libmp3lame"),
        ("a.avi", Format::Avi, "-c:v mjpeg -pix_fmt yuvj420p -c:a pcm_s16le"),
        ("a.ts", Format::MpegTs, "-c:v libx264 -preset ultrafast -c:a aac"),
        ("a.ts", Format::MpegTs, "-c:v mpeg2video -q:v 3 -c:a mp2"),
    ];
    for (name, format, codecs) in cases {
        let film = Film::made(name, &format!("{CLIP} {SOUND} -shortest {codecs}"));
        let rendered = render(&film).await;
        assert_rendered(&rendered, format, &format!("{name} {codecs}"));
    }
}

#[tokio::test]
async fn the_sample_is_remuxed_and_told_of_in_order() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../samples/film.mp4");
    let film = Film::of(&std::fs::read(path).unwrap());
    let rendered = render(&film).await;
    assert_eq!(rendered.facts().dimensions, Some(Size::new(1280, 720)));
    assert_eq!(rendered.facts().duration_ms, 5000);
    let made: Vec<_> = rendered.files().iter().map(|file| (file.name, file.format, file.size)).collect();
    assert_eq!(
        made,
        [
            (RenditionName::Video720, RenditionFormat::Mp4, Size::new(1280, 720)),
            (RenditionName::Preview, RenditionFormat::Jpeg, Size::new(1280, 720)),
            (RenditionName::PreviewWebp, RenditionFormat::Webp, Size::new(1280, 720)),
            (RenditionName::SquarePreview, RenditionFormat::Jpeg, Size::new(720, 720)),
            (RenditionName::Preview640Webp, RenditionFormat::Webp, Size::new(640, 360)),
            (RenditionName::Thumb, RenditionFormat::Jpeg, Size::new(300, 169)),
            (RenditionName::Video240, RenditionFormat::Mp4, Size::new(426, 240)),
        ]
    );
    let shares: Vec<f64> = rendered
        .steps
        .iter()
        .filter_map(|step| if let FilmStep::Progress(share) = step { Some(*share) } else { None })
        .collect();
    assert!(shares.is_sorted() && shares.iter().all(|share| (0.0..=1.0).contains(share)), "{shares:?}");
    let digest: [u8; 32] = <sha2::Sha256 as sha2::Digest>::digest(film.bytes()).into();
    assert_eq!(rendered.done.sha256, digest);

    // Not one packet is another, and the index comes first.
    assert_eq!(rendered.pictures(RenditionName::Video720), film.pictures());
    for name in [RenditionName::Video720, RenditionName::Video240] {
        let bytes = rendered.bytes(name);
        let at = |kind: &[u8]| bytes.windows(4).position(|window| window == kind).unwrap();
        assert!(at(b"moov") < at(b"mdat"), "{name}");
    }
}

#[tokio::test]
async fn what_is_almost_a_rung_is_encoded() {
    for codecs in [
        "-c:v libx264 -preset ultrafast -pix_fmt yuv444p",
        "-c:v libx264 -preset ultrafast -vf setsar=2",
        "-c:v libx264 -preset ultrafast -vf scale=1600:900",
        "-c:v libx264 -preset ultrafast -pix_fmt yuv420p10le",
    ] {
        let film = Film::made("a.mp4", &format!("{CLIP} {codecs}"));
        let rendered = render(&film).await;
        assert_ne!(rendered.pictures(RenditionName::Video720), film.pictures(), "{codecs}");
        let probe = rendered.probe(RenditionName::Video720);
        assert_eq!(probe.video()["pix_fmt"], "yuv420p", "{codecs}");
        assert_eq!(probe.video()["sample_aspect_ratio"], "1:1", "{codecs}");
    }
}

#[tokio::test]
async fn codecs_that_are_not_decoded_here_are_named() {
    let magic = Film::made("a.avi", &format!("{CLIP} -c:v magicyuv -pix_fmt gbrp"));
    assert_refused(&magic, FailureCode::UnsupportedCodec, &["magicyuv"]).await;
    let sound = Film::made("a.mkv", &format!("{SOUND} -c:a wmav2"));
    assert_refused(&sound, FailureCode::UnsupportedCodec, &["wmav2"]).await;
    let film = Film::made("a.ogg", &format!("{CLIP} -c:v libtheora"));
    assert_refused(&film, FailureCode::UnsupportedCodec, &["theora"]).await;
}
