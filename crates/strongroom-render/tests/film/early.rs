//! What can be watched comes first, and what is there is not made again.

use strongroom_core::rendition::RenditionName::{Preview, PreviewWebp, SquarePreview, Thumb, Video240, Video720};
use strongroom_core::rendition::{RenditionName, Size};
use strongroom_render::{FilmStep, Limits};

use crate::fence::runs;
use crate::support::{CHILD, Film, SOUND, render, render_rest};

/// Twelve seconds, which is long enough to be made in two runs; to be encoded, or to be copied.
fn film(codec: &str) -> Film {
    let pictures = "-f lavfi -i testsrc2=s=426x320:r=5:d=12";
    Film::made("a.mp4", &format!("{pictures} {SOUND} -c:a aac {codec}"))
}

const ENCODED: &str = "-c:v mpeg4";
const COPIED: &str = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p";

/// Which files a run of ffmpeg writes.
fn outputs(words: &[String]) -> Vec<&str> {
    let files = words.iter().filter(|word| word.starts_with("file:")).skip(1);
    files.map(|word| word.rsplit('/').next().unwrap()).collect()
}

#[tokio::test]
async fn the_small_rung_of_what_is_encoded_and_the_best_of_what_is_copied() {
    let encoded = render(&film(ENCODED)).await;
    assert_eq!(encoded.names(), ["preview", "preview-webp", "square", "thumb", "240p", "720p"]);
    let copied = render(&film(COPIED)).await;
    assert_eq!(copied.names(), ["720p", "preview", "preview-webp", "square", "thumb", "240p"]);
    for rendered in [encoded, copied] {
        for (name, size) in [(Video720, Size::new(426, 320)), (Video240, Size::new(320, 240))] {
            assert_eq!(rendered.file(name).size, size);
            assert_eq!(rendered.probe(name).video()["nb_read_frames"], "60", "{name}");
            assert_eq!(rendered.probe(name).streams("audio").len(), 1, "{name}");
        }
    }
}

#[tokio::test]
async fn progress_goes_on_through_both_runs() {
    let rendered = render(&film(ENCODED)).await;
    let shares: Vec<f64> = rendered
        .steps
        .iter()
        .filter_map(|step| if let FilmStep::Progress(share) = step { Some(*share) } else { None })
        .collect();
    assert!(shares.is_sorted(), "{shares:?}");
    assert!(shares.last().is_some_and(|last| (0.9..=1.0).contains(last)), "{shares:?}");
    let small = rendered
        .steps
        .iter()
        .position(|step| matches!(step, FilmStep::Made(files) if files.iter().any(|file| file.name == Video240)));
    let before = rendered.steps[..small.unwrap()].iter();
    assert!(before.clone().all(|step| !matches!(step, FilmStep::Progress(share) if *share > 0.31)));
}

#[tokio::test]
async fn a_short_film_and_one_that_is_hard_to_decode_are_made_in_one_run() {
    let short = Film::made("a.mp4", "-f lavfi -i testsrc2=s=426x320:r=5:d=3 -c:v mpeg4");
    let large = Film::made("a.mp4", "-f lavfi -i testsrc2=s=2560x1440:r=1:d=12 -c:v mpeg4");
    for film in [short, large] {
        let runs = runs(&film, Limits::default(), &[]).await;
        assert_eq!(outputs(&runs[1].1), ["poster%d.png", "240p.mp4", "720p.mp4"]);
        assert_eq!(runs.len(), 2);
    }
}

#[tokio::test]
async fn what_an_earlier_attempt_made_is_not_made_again() {
    let poster: [RenditionName; 4] = [Preview, PreviewWebp, SquarePreview, Thumb];
    for (codec, kept, made) in [
        (ENCODED, [&poster[..], &[Video240]].concat(), vec![vec!["720p.mp4"]]),
        (ENCODED, poster.to_vec(), vec![vec!["poster%d.png", "240p.mp4"], vec!["720p.mp4"]]),
        (COPIED, vec![Video720], vec![vec!["poster%d.png", "240p.mp4"]]),
        (COPIED, vec![], vec![vec!["720p.mp4"], vec!["poster%d.png", "240p.mp4"]]),
    ] {
        let film = film(codec);
        let runs = runs(&film, Limits::default(), &kept).await;
        let outputs: Vec<_> = runs[1..].iter().map(|(_, words)| outputs(words)).collect();
        assert_eq!(outputs, made, "{codec} {kept:?}");
    }
    let (film, kept) = (film(ENCODED), [&poster[..], &[Video240]].concat());
    let rest = render_rest(CHILD.as_ref(), &film, Limits::default(), &kept).await.unwrap();
    assert_eq!(rest.names(), ["720p"]);
}
