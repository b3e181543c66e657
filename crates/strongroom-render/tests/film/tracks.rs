//! Tracks that are not needed, or not decoded here, beside one that is.

use strongroom_core::media::{FailureCode, Format, MediaType};
use strongroom_core::rendition::{RenditionName, Size};

use crate::support::{CLIP, Film, SOUND, assert_refused, render};

const H264: &str = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -strict -2";
/// Another tone in each track.
const TWO_SOUNDS: &str = "-f lavfi -i sine=f=300:d=1 -f lavfi -i sine=f=2000:d=1 -map 0 -map 1 -map 2";

#[tokio::test]
async fn a_sound_track_that_is_not_decoded_gives_way() {
    for (name, format, codecs) in [
        ("a.mkv", Format::Matroska, "-c:a:0 dca -c:a:1 aac"),
        ("a.mkv", Format::Matroska, "-c:a:0 flac -c:a:1 dca -disposition:a:0 0 -disposition:a:1 default"),
        ("a.mp4", Format::Mp4, "-c:a:0 dca -c:a:1 aac"),
        ("a.mp4", Format::Mp4, "-c:a:0 dca -c:a:1 libopus"),
        ("a.mov", Format::Mp4, "-c:a:0 dca -c:a:1 pcm_s16le"),
        ("a.ts", Format::MpegTs, "-c:a:0 dca -c:a:1 ac3"),
        ("a.avi", Format::Avi, "-c:a:0 dca -c:a:1 libmp3lame"),
    ] {
        let film = Film::made(name, &format!("{CLIP} {TWO_SOUNDS} {H264} {codecs}"));
        let rendered = render(&film).await;
        let what = format!("{name} {codecs}");
        assert_eq!(rendered.facts().format, format, "{what}");
        assert!(rendered.facts().duration_ms.abs_diff(1000) <= 80, "{what}: {:?}", rendered.facts());
        for rung in [RenditionName::Video720, RenditionName::Video240] {
            let probe = rendered.probe(rung);
            assert_eq!(probe.streams("audio").len(), 1, "{what}");
            assert_eq!(probe.video()["nb_read_frames"], "25", "{what}");
        }
        let is_high = rendered.crossings_per_second(RenditionName::Video720) > 2000.0;
        assert_eq!(is_high, codecs.starts_with("-c:a:0 dca"), "{what}: the other one is heard");
    }
}

/// Sound that is not decoded here is no reason to show nothing.
#[tokio::test]
async fn a_film_whose_only_sound_is_not_decoded_is_silent() {
    for name in ["a.mkv", "a.mp4", "a.ts"] {
        let film = Film::made(name, &format!("{CLIP} {SOUND} {H264} -c:a dca"));
        let rendered = render(&film).await;
        assert_eq!(rendered.facts().media_type, MediaType::Video);
        assert_eq!(rendered.file(RenditionName::Video720).size, Size::new(426, 320), "{name}");
        assert!(rendered.probe(RenditionName::Video720).streams("audio").is_empty(), "{name}");
    }
    let sound = Film::made("a.mkv", &format!("{SOUND} -c:a dca -strict -2"));
    assert_refused(&sound, FailureCode::UnsupportedCodec, &["sound track", "dts"]).await;
}

/// Turned and with a place in it: what the copy without the needless tracks must keep, and what nothing may.
#[tokio::test]
async fn what_is_sifted_stays_upright_and_tells_nothing() {
    let upright = Film::made("a.mp4", &format!("{CLIP} {TWO_SOUNDS} {H264} -c:a:0 dca -c:a:1 aac"));
    let source = upright.file.display();
    let turned = "-map 0 -c copy -metadata:s:v rotate=90 -metadata location=+51.4787-000.2950/ -metadata artist=SECRET -strict -2";
    let rendered = render(&Film::made("b.mp4", &format!("-i {source} {turned}"))).await;
    assert_eq!(rendered.facts().dimensions, Some(Size::new(320, 426)));
    assert_eq!(rendered.file(RenditionName::Video720).size, Size::new(320, 426));
    let bytes = rendered.bytes(RenditionName::Video720);
    for secret in [&b"SECRET"[..], b"51.4787"] {
        assert!(!bytes.windows(secret.len()).any(|window| window == secret));
    }
}

#[tokio::test]
async fn covers_of_any_kind_are_left_out() {
    let gif = Film::made("a.gif", "-f lavfi -i testsrc2=s=64x64 -frames:v 1");
    let png = Film::made("a.png", "-f lavfi -i testsrc2=s=64x64 -frames:v 1");
    for cover in [&gif, &png] {
        let cover = cover.file.display();
        let film = Film::made("a.mkv", &format!("{CLIP} -i {cover} -map 0 -map 1 {H264} -c:v:1 copy"));
        let rendered = render(&film).await;
        assert_eq!(rendered.file(RenditionName::Video720).size, Size::new(426, 320), "{cover}");
        let attached = "-map 0 -map 1 -c:v copy -disposition:v attached_pic";
        let song = Film::made("a.mp3", &format!("{SOUND} -i {cover} {attached} -c:a libmp3lame"));
        let rendered = render(&song).await;
        assert_eq!((rendered.facts().media_type, rendered.facts().format), (MediaType::Audio, Format::Mp3), "{cover}");
        assert!(rendered.facts().duration_ms.abs_diff(1000) <= 80, "{cover}: {:?}", rendered.facts());
    }
}

#[tokio::test]
async fn subtitles_timecodes_and_chapters_are_left_out() {
    let scratch = tempfile::tempdir().unwrap();
    let (lines, chapters) = (scratch.path().join("a.srt"), scratch.path().join("a.txt"));
    std::fs::write(&lines, "1\n00:00:00,000 --> 00:00:01,000\nSECRET\n").unwrap();
    std::fs::write(&chapters, ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1\nSTART=0\nEND=1\ntitle=SECRET\n").unwrap();
    let inputs = format!("{CLIP} {SOUND} -i {} -i {} -map 0 -map 1 -map 2", lines.display(), chapters.display());
    for (name, words) in
        [("a.mov", "-c:s mov_text -timecode 01:02:03:04"), ("a.mkv", "-c:s ass"), ("a.mkv", "-c:s srt")]
    {
        let rendered = render(&Film::made(name, &format!("{inputs} -map_metadata 3 {H264} {words} -c:a aac"))).await;
        let probe = rendered.probe(RenditionName::Video720);
        assert_eq!(probe.0["streams"].as_array().unwrap().len(), 2, "{name} {words}");
        assert!(probe.0["chapters"].as_array().unwrap().is_empty(), "{name} {words}");
        assert!(
            !rendered.bytes(RenditionName::Video720).windows(6).any(|window| window == b"SECRET"),
            "{name} {words}"
        );
    }
}
