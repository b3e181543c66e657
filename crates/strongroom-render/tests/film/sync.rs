//! Pictures and sound in step, and which sound.

use strongroom_core::rendition::RenditionName;

use crate::support::{CLIP, Film, SOUND, render};

#[tokio::test]
async fn a_varying_rate_keeps_its_times() {
    // Every picture of the first second, and every fifth of the second: what a phone does in the dark.
    let varying = "-f lavfi -i testsrc2=s=320x240:r=30:d=2,select='lt(t\\,1)+not(mod(n\\,5))' -fps_mode vfr";
    let film = Film::made("a.mp4", &format!("{varying} -c:v mpeg4 -video_track_timescale 90000"));
    let before = film.times();
    let rendered = render(&film).await;
    let after = rendered.times(RenditionName::Video720);
    assert_eq!(before.len(), after.len());
    for (before, after) in before.iter().zip(&after) {
        assert!((before - after).abs() < 2.0, "{before} became {after}");
    }
}

#[tokio::test]
async fn sound_that_begins_late_stays_late() {
    let film = Film::made("a.mkv", &format!("{CLIP} -itsoffset 0.4 {SOUND} -map 0 -map 1 -c:v mpeg4 -c:a flac"));
    let rendered = render(&film).await;
    for name in [RenditionName::Video720, RenditionName::Video240] {
        let silence = rendered.silence_ms(name);
        assert!((silence - 400.0).abs() < 60.0, "{name}: silent for {silence} ms");
    }
}

#[tokio::test]
async fn no_sound_is_no_track() {
    let rendered = render(&Film::made("a.mp4", &format!("{CLIP} -c:v mpeg4"))).await;
    assert_eq!(rendered.probe(RenditionName::Video720).0["streams"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn of_several_tracks_the_default_one_is_heard() {
    let two = "-f lavfi -i sine=f=440:d=1 -f lavfi -i sine=f=880:d=1 -map 0 -map 1 -map 2";
    for (disposition, heard) in [
        ("-disposition:a:0 default -disposition:a:1 0", "0:a:0"),
        ("-disposition:a:0 0 -disposition:a:1 default", "0:a:1"),
    ] {
        let film = Film::made("a.mkv", &format!("{CLIP} {two} -c:v mpeg4 -c:a aac {disposition}"));
        let rendered = render(&film).await;
        let probe = rendered.probe(RenditionName::Video720);
        assert_eq!(probe.streams("audio").len(), 1);
        let index = if heard == "0:a:0" { "a:0" } else { "a:1" };
        assert_eq!(rendered.packets(RenditionName::Video720, "a"), film.packets(index), "{disposition}");
    }
}

#[tokio::test]
async fn six_channels_become_two() {
    let film = Film::made("a.mkv", &format!("{CLIP} {SOUND} -c:v mpeg4 -c:a ac3 -ac 6"));
    let rendered = render(&film).await;
    assert_eq!(rendered.probe(RenditionName::Video720).streams("audio")[0]["channels"], 2);
}

#[tokio::test]
async fn a_key_frame_every_two_seconds() {
    let film = Film::made("a.mp4", "-f lavfi -i testsrc2=s=320x240:r=24:d=5 -c:v mpeg4");
    let rendered = render(&film).await;
    let keys = rendered.key_times(RenditionName::Video720);
    for at in [0.0, 2000.0, 4000.0] {
        assert!(keys.iter().any(|key| (key - at).abs() < 45.0), "none at {at}: {keys:?}");
    }
}

#[tokio::test]
async fn a_recording_without_a_length_is_measured() {
    // As a browser's MediaRecorder writes it: to a pipe, so the length is never filled in.
    let film = Film::piped(&format!("{CLIP} {SOUND} -c:v libvpx -deadline realtime -c:a libopus -f webm"));
    assert!(crate::support::Probe::of(&film.file).0["format"].get("duration").is_none());
    let rendered = render(&film).await;
    assert!(rendered.facts().duration_ms.abs_diff(1000) < 60, "{:?}", rendered.facts());
}
