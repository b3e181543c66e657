//! A second attempt: nothing clever, and nothing of the film's own is trusted.

use strongroom_core::rendition::RenditionName;
use strongroom_render::Limits;

use crate::fence::runs;
use crate::support::{CLIP, Film, SOUND, try_render};

#[tokio::test]
async fn a_film_that_would_be_copied_is_encoded_on_one_thread() {
    let film = Film::made("a.mp4", &format!("{CLIP} {SOUND} -c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a aac"));
    let usual = try_render(&film, Limits::default()).await.unwrap();
    assert_eq!(usual.pictures(RenditionName::Video720), film.pictures(), "what is to be avoided");

    let careful = try_render(&film, Limits::default().careful()).await.unwrap();
    assert_eq!(sorted(careful.names()), sorted(usual.names()));
    assert_ne!(careful.pictures(RenditionName::Video720), film.pictures());
    assert_ne!(careful.packets(RenditionName::Video720, "a"), film.packets("a"));

    let runs = runs(&film, Limits::default().careful(), &[]).await;
    let (_, words) = &runs[1];
    assert!(!words.iter().any(|word| word == "copy"), "{words:?}");
    let threads: Vec<_> = words.windows(2).filter(|pair| pair[0].ends_with("threads")).map(|pair| &*pair[1]).collect();
    assert!(threads.len() > 3 && threads.iter().all(|threads| *threads == "1"), "{words:?}");
    let input = words.iter().position(|word| word == "-i").unwrap();
    assert!(words[..input].iter().any(|word| word == "ignore_err"), "{words:?}");
}

#[tokio::test]
async fn a_sound_that_would_be_copied_is_encoded() {
    let sound = Film::made("a.m4a", &format!("{SOUND} -c:a aac"));
    let usual = try_render(&sound, Limits::default()).await.unwrap();
    assert_eq!(usual.packets(RenditionName::Full, "a"), sound.packets("a"), "what is to be avoided");
    let careful = try_render(&sound, Limits::default().careful()).await.unwrap();
    assert_ne!(careful.packets(RenditionName::Full, "a"), sound.packets("a"));
}

fn sorted(mut names: Vec<&'static str>) -> Vec<&'static str> {
    names.sort_unstable();
    names
}
