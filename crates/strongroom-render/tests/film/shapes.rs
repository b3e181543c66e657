//! What is upright, square, even and whole.

use strongroom_core::rendition::{RenditionName, Size};

use crate::support::{CLIP, Film, render};

/// Four quarters of flat colours: red, green, blue and yellow, as a film is read.
const CARD: &str = "-f lavfi -i color=red:s=320x180:r=10:d=1,drawbox=160:0:160:90:lime:fill,drawbox=0:90:160:90:blue:fill,\
                    drawbox=160:90:160:90:yellow:fill";
const ENCODER: &str = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p";

/// The quarters of a picture as letters: above left, above right, below left, below right.
fn quarters(pixels: &[u8], Size { width, height }: Size) -> String {
    let letter = |x: u32, y: u32| {
        let at = ((y * width + x) * 3) as usize;
        match pixels[at..at + 3].iter().map(|sample| *sample > 128).collect::<Vec<_>>()[..] {
            [true, false, false] => 'r',
            [false, true, false] => 'g',
            [false, false, true] => 'b',
            [true, true, false] => 'y',
            _ => '?',
        }
    };
    let (left, right, top, bottom) = (width / 4, width * 3 / 4, height / 4, height * 3 / 4);
    [letter(left, top), letter(right, top), letter(left, bottom), letter(right, bottom)].into_iter().collect()
}

#[tokio::test]
async fn turned_once() {
    let upright = Film::made("upright.mp4", &format!("{CARD} {ENCODER}"));
    for (degrees, size) in [
        ("0", Size::new(320, 180)),
        ("90", Size::new(180, 320)),
        ("180", Size::new(320, 180)),
        ("270", Size::new(180, 320)),
    ] {
        let source = upright.file.display();
        let film = Film::made("a.mp4", &format!("-i {source} -c copy -metadata:s:v rotate={degrees}"));
        let rendered = render(&film).await;
        assert_eq!(rendered.facts().dimensions, Some(size), "{degrees}");
        assert_eq!(rendered.file(RenditionName::Video720).size, size, "{degrees}");
        // As any other player shows the original, and turned in its pixels: one that knows nothing of matrices shows the same.
        let seen = quarters(&rendered.picture(RenditionName::Video720), size);
        assert_eq!(seen, quarters(&film.picture(), size), "{degrees}");
        assert_eq!(seen == "rgby", degrees == "0", "{degrees}: {seen}");
        assert!(rendered.probe(RenditionName::Video720).video().get("side_data_list").is_none(), "{degrees}");
        let poster = image::load_from_memory(&rendered.bytes(RenditionName::PreviewWebp)).unwrap().to_rgb8();
        assert_eq!(quarters(poster.as_raw(), size), seen, "{degrees}");
    }
}

#[tokio::test]
async fn pixels_are_squared() {
    // PAL on a wide screen: 720 × 576 samples that are 64 : 45.
    let film = Film::made("a.mp4", "-f lavfi -i testsrc2=s=720x576:d=0.4,setsar=64/45 -c:v mpeg4");
    let rendered = render(&film).await;
    assert_eq!(rendered.facts().dimensions, Some(Size::new(1024, 576)));
    assert_eq!(rendered.file(RenditionName::Video720).size, Size::new(1024, 576));
    let probe = rendered.probe(RenditionName::Video720);
    assert_eq!((&probe.video()["width"], &probe.video()["sample_aspect_ratio"]), (&1024.into(), &"1:1".into()));
}

#[tokio::test]
async fn odd_sides_lose_a_pixel_and_nothing_is_enlarged() {
    for (source, best, small) in [
        ((641, 359), (640, 358), Some((428, 240))),
        ((101, 77), (100, 76), None),
        ((1081, 1921), (720, 1278), Some((240, 426))),
        ((2, 2), (2, 2), None),
        ((1280, 16), (1280, 16), None),
    ] {
        let (width, height) = source;
        let film = Film::made(
            "a.mkv",
            &format!(
                "-f lavfi -i testsrc=s={width}x{height}:r=5:d=0.6 -c:v libx264 -preset ultrafast -pix_fmt yuv444p"
            ),
        );
        let rendered = render(&film).await;
        assert_eq!(rendered.facts().dimensions, Some(Size::new(width, height)));
        let size = |name| {
            let probe = rendered.probe(name);
            let side = |side: &str| probe.video()[side].as_u64().unwrap() as u32;
            (side("width"), side("height"))
        };
        assert_eq!(size(RenditionName::Video720), best, "{source:?}");
        assert_eq!(rendered.names().contains(&"240p"), small.is_some(), "{source:?}");
        if let Some(small) = small {
            assert_eq!(size(RenditionName::Video240), small, "{source:?}");
        }
    }
}

#[tokio::test]
async fn interlace_is_removed() {
    let film = Film::made(
        "a.mp4",
        "-f lavfi -i testsrc2=s=320x240:r=50:d=1,interlace -c:v libx264 -preset ultrafast -flags +ilme+ildct -x264-params \
         interlaced=1",
    );
    assert_ne!(crate::support::Probe::of(&film.file).video()["field_order"], "progressive");
    let rendered = render(&film).await;
    let probe = rendered.probe(RenditionName::Video720);
    assert_eq!(probe.video()["field_order"], "progressive");
    assert_eq!(probe.video()["nb_read_frames"], "25");
}

#[tokio::test]
async fn more_than_sixty_a_second_are_thinned_out() {
    let film = Film::made("a.mp4", "-f lavfi -i testsrc2=s=320x240:r=120:d=1 -c:v libx264 -preset ultrafast");
    let rendered = render(&film).await;
    let probe = rendered.probe(RenditionName::Video720);
    assert_eq!(probe.video()["nb_read_frames"], "60");
    assert!((probe.duration_ms() - 1000.0).abs() < 30.0);
}

#[tokio::test]
async fn high_dynamic_range_is_mapped() {
    for transfer in ["smpte2084", "arib-std-b67"] {
        // White at the brightness of paper: 203 cd/m² (BT.2408), which is 58 % of PQ and 75 % of HLG.
        let signal = if transfer == "smpte2084" { "0x949494" } else { "0xbfbfbf" };
        let film = Film::made(
            "a.mp4",
            &format!(
                "-f lavfi -i color={signal}:s=320x240:r=10:d=0.5 -c:v libx265 -preset ultrafast -pix_fmt yuv420p10le \
                 -x265-params log-level=none:colorprim=bt2020:transfer={transfer}:colormatrix=bt2020nc -tag:v hvc1"
            ),
        );
        assert_eq!(crate::support::Probe::of(&film.file).video()["color_transfer"], transfer);
        let rendered = render(&film).await;
        let probe = rendered.probe(RenditionName::Video720);
        let video = probe.video();
        assert_eq!((&video["pix_fmt"], &video["color_transfer"]), (&"yuv420p".into(), &"bt709".into()));
        assert_eq!((&video["color_primaries"], &video["color_space"]), (&"bt709".into(), &"bt709".into()));
        let picture = rendered.picture(RenditionName::Video720);
        let middle = &picture[picture.len() / 2 / 3 * 3..][..3];
        println!("{transfer}: {middle:?}");
        assert!(middle.iter().all(|sample| (150..=255).contains(sample)), "{transfer}: {middle:?}");
        assert!(middle.iter().all(|sample| sample.abs_diff(middle[0]) <= 4), "{transfer} is grey: {middle:?}");
    }
}

#[tokio::test]
async fn colours_stay() {
    for codec in ["-c:v libx264 -preset ultrafast -crf 10", "-c:v mjpeg -q:v 2 -pix_fmt yuvj420p"] {
        let film = Film::made("a.mov", &format!("{CLIP} {codec}"));
        let rendered = render(&film).await;
        let (before, after) = (film.picture(), rendered.picture(RenditionName::Video720));
        let difference: u64 = before.iter().zip(&after).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
        let mean = difference as f64 / before.len() as f64;
        assert!(mean < 4.0, "{codec}: {mean}");
    }
}
