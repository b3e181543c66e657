//! The picture that stands for a film.

use strongroom_core::rendition::RenditionName;

use crate::support::{Film, render};

/// The mean brightness of a film's preview, of 255.
async fn brightness(arguments: &str) -> f64 {
    let film = Film::made("a.mp4", &format!("{arguments} -c:v libx264 -preset ultrafast -pix_fmt yuv420p"));
    let preview = image::load_from_memory(&render(&film).await.bytes(RenditionName::PreviewWebp)).unwrap().to_luma8();
    preview.as_raw().iter().map(|sample| f64::from(*sample)).sum::<f64>() / preview.as_raw().len() as f64
}

#[tokio::test]
async fn is_not_black_unless_the_film_is() {
    // Black most of the time: the most typical picture would be black.
    let dark = "-f lavfi -i color=black:s=320x240:r=10:d=9 -f lavfi -i testsrc2=s=320x240:r=10:d=3 -filter_complex [0][1]concat";
    assert!(brightness(dark).await > 60.0);
    let fade = "-f lavfi -i testsrc2=s=320x240:r=10:d=4 -vf fade=in:st=1:d=3";
    assert!(brightness(fade).await > 40.0);
    let black = "-f lavfi -i color=black:s=320x240:r=10:d=2";
    assert!(brightness(black).await < 10.0);
    let short = "-f lavfi -i testsrc2=s=320x240:r=10:d=0.1";
    assert!(brightness(short).await > 60.0);
}
