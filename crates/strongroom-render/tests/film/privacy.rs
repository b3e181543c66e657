//! Nothing of what the original says of itself, or of who made it, survives in anything delivered.

use crate::support::{CLIP, Film, SOUND, render};

const SECRET: &[u8] = b"SECRET";

#[tokio::test]
async fn tags_chapters_subtitles_and_places() {
    let notes = tempfile::tempdir().unwrap();
    let (subtitles, chapters) = (notes.path().join("a.srt"), notes.path().join("a.txt"));
    std::fs::write(&subtitles, "1\n00:00:00,000 --> 00:00:01,000\nSECRET words\n").unwrap();
    std::fs::write(&chapters, ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=900\ntitle=SECRET\n").unwrap();
    let (subtitles, chapters) = (subtitles.display(), chapters.display());
    let tags = "-metadata title=SECRET -metadata location=+52.5SECRET/ -metadata com.apple.quicktime.make=SECRET \
                -metadata creation_time=2001-02-03T04:05:06Z -metadata:s:v handler_name=SECRET -metadata:s:v \
                creation_time=2001-02-03T04:05:06Z -metadata:s:a title=SECRET -metadata:s:a handler_name=SECRET -timecode \
                01:02:03:04";
    let inputs = format!("{CLIP} {SOUND} -i {subtitles} -i {chapters} -map 0 -map 1 -map 2 -map_chapters 3");
    for (name, codecs) in [
        // Remuxed, and encoded.
        ("a.mp4", "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a aac -c:s mov_text -movflags use_metadata_tags"),
        ("a.mov", "-c:v mpeg4 -c:a pcm_s16le -c:s mov_text -movflags use_metadata_tags"),
        ("a.mkv", "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a aac -c:s srt"),
    ] {
        let film = Film::made(name, &format!("{inputs} {codecs} {tags}"));
        assert!(holds(&film.bytes(), SECRET), "the test's own film has no secret in it");
        let rendered = render(&film).await;
        for file in rendered.files() {
            let bytes = std::fs::read(&file.file).unwrap();
            assert!(!holds(&bytes, SECRET), "{name}: {} tells a secret", file.name);
            assert!(!holds(&bytes, b"x264 - core"), "{name}: {} tells how it was made", file.name);
            if file.format.extension() == "mp4" {
                let probe = rendered.probe(file.name);
                assert!(probe.0["chapters"].as_array().unwrap().is_empty(), "{name} {}", file.name);
                assert_eq!(probe.0["streams"].as_array().unwrap().len(), 2, "{name} {}", file.name);
                assert!(!probe.0.to_string().contains("creation_time"), "{name} {}: {:#}", file.name, probe.0);
            }
        }
    }
}

fn holds(bytes: &[u8], words: &[u8]) -> bool {
    bytes.windows(words.len()).any(|window| window == words)
}
