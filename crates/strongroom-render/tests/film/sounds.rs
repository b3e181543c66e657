//! Sound alone.

use strongroom_core::media::{Format, MediaType};
use strongroom_core::rendition::{RenditionFormat, RenditionName};

use strongroom_render::FilmStep;

use crate::support::{Film, render};

#[tokio::test]
async fn every_format() {
    let cases = [
        ("a.mp3", Format::Mp3, "-c:a libmp3lame"),
        ("a.mp3", Format::Mp3, "-c:a libmp3lame -q:a 4 -write_xing 0 -id3v2_version 0"),
        ("a.m4a", Format::M4a, "-c:a aac"),
        ("a.m4a", Format::M4a, "-c:a alac"),
        ("a.flac", Format::Flac, "-c:a flac"),
        ("a.wav", Format::Wav, "-c:a pcm_s16le"),
        ("a.wav", Format::Wav, "-c:a pcm_s24le -ar 96000 -ac 6"),
        ("a.ogg", Format::Ogg, "-c:a libvorbis"),
        ("a.opus", Format::Ogg, "-c:a libopus"),
        ("a.mp4", Format::Mp4, "-c:a aac"),
    ];
    for (name, format, codec) in cases {
        let film = Film::made(name, &format!("-f lavfi -i sine=d=1.5 {codec} -metadata title=SECRET"));
        let rendered = render(&film).await;
        let what = format!("{name} {codec}");
        let facts = rendered.facts();
        assert_eq!((facts.media_type, facts.format, facts.dimensions), (MediaType::Audio, format, None), "{what}");
        // A frame of MP3 has 26 ms, and its encoder's delay is another two of them.
        assert!(facts.duration_ms.abs_diff(1500) <= 80, "{what}: {} ms", facts.duration_ms);
        assert_eq!(
            rendered.names(),
            ["preview", "preview-webp", "square", "preview-640-webp", "thumb", "full"],
            "{what}"
        );
        assert_eq!(rendered.file(RenditionName::Full).format, RenditionFormat::M4a);
        let probe = rendered.probe(RenditionName::Full);
        assert_eq!(probe.streams("audio")[0]["codec_name"], "aac", "{what}");
        assert!((probe.duration_ms() - 1500.0).abs() <= 80.0, "{what}: {} ms", probe.duration_ms());
        assert!(rendered.bytes(RenditionName::Full).windows(6).all(|window| window != b"SECRET"), "{what}");
        assert!(rendered.bytes(RenditionName::Full)[4..].starts_with(b"ftypM4A "), "{what}");
    }
}

#[tokio::test]
async fn aac_is_passed_through_and_the_wave_is_drawn() {
    let film = Film::made("a.m4a", "-f lavfi -i sine=d=2 -c:a aac -b:a 96k");
    let rendered = render(&film).await;
    assert_eq!(rendered.packets(RenditionName::Full, "a"), film.packets("a"));
    let preview = image::load_from_memory(&rendered.bytes(RenditionName::PreviewWebp)).unwrap().to_luma8();
    assert_eq!(preview.dimensions(), (1280, 320));
    let dark = preview.pixels().filter(|pixel| pixel.0[0] < 128).count();
    assert!((1_000..300_000).contains(&dark), "{dark} dark pixels");
}

#[tokio::test]
async fn a_cover_is_no_film_and_does_not_get_through() {
    for cover in ["-c:v mjpeg -pix_fmt yuvj420p", "-c:v png"] {
        let film = Film::made(
            "a.mp3",
            &format!(
                "-f lavfi -i sine=d=1 -f lavfi -i testsrc2=s=64x64:r=1:d=1 -map 0 -map 1 {cover} \
         -metadata:s:v comment=SECRET -disposition:v attached_pic"
            ),
        );
        let rendered = render(&film).await;
        assert_eq!(rendered.facts().media_type, MediaType::Audio);
        assert_eq!(rendered.probe(RenditionName::Full).0["streams"].as_array().unwrap().len(), 1);
    }
}

/// The picture is finished last, and ffmpeg reports nothing before every output has begun: a long sound must not look stuck.
#[tokio::test]
async fn progress_is_told_from_the_beginning() {
    let film = Film::made("a.flac", "-f lavfi -i sine=d=200");
    let rendered = render(&film).await;
    let early = |step: &&FilmStep| matches!(step, FilmStep::Progress(share) if (0.01..0.9).contains(share));
    assert!(rendered.steps.iter().any(|step| early(&step)), "{:?}", rendered.steps);
}
