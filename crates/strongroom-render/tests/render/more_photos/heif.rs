//! HEIC and AVIF: tiles, turns, colours, depth, alpha; and files that lie (threat T10).

use image::{Rgb, RgbImage};
use sha2::Digest;
use strongroom_core::media::{FailureCode, Format};
use strongroom_core::rendition::{RenditionFormat, RenditionName, Size};
use strongroom_render::Limits;

use super::heif_file::{Item, PHONE, Samples, av1, boxed, file, grid, heic, hevc, ispe, nclx};
use super::{CARD, assert_mutants_end, assert_shows};
use crate::support::{
    BLUE, GREEN, RED, YELLOW, assert_near, assert_refused, card, exif, flat, quarters, refusal_within, render, texture,
};

const SIZE: Size = Size::new(160, 80);

/// The box that goes with [`PHONE`].
fn phone() -> Vec<u8> {
    nclx(1, 13, 6, true)
}

#[tokio::test]
async fn a_heic_is_a_photo_in_all_renditions() {
    let bytes = heic(&card(1600, 1200), PHONE, &[phone()]);
    let output = render(&bytes).await;
    assert_eq!(output.rendered.format, Format::Heif);
    assert_eq!(output.rendered.sha256[..], sha2::Sha256::digest(&bytes)[..], "of the original");
    assert_eq!(output.rendered.renditions.len(), 6);
    assert_shows(&output, CARD, RenditionFormat::Jpeg, Size::new(1600, 1200), 8, "HEIC");
    // Nothing of the steps in between is left.
    let directory = output.file(RenditionName::Full).file.parent().unwrap();
    assert_eq!(std::fs::read_dir(directory).unwrap().count(), 6);
}

#[tokio::test]
async fn an_avif_is_a_photo() {
    for (samples, colour) in [
        (PHONE, phone()),
        (Samples("yuv420p10le", "bt709", "tv"), nclx(1, 1, 1, false)),
        (Samples("yuv444p", "bt709", "pc"), nclx(1, 13, 1, true)),
    ] {
        let picture = Item::picture(&av1(&card(160, 80), samples), (160, 80), &[colour]);
        let output = render(&file(b"avif", &[picture])).await;
        assert_eq!(output.rendered.format, Format::Avif);
        assert_shows(&output, CARD, RenditionFormat::Jpeg, SIZE, 10, samples.0);
    }
}

#[tokio::test]
async fn tiles_make_one_picture() {
    // Sides that are no multiple of the tile's, as phones' are not.
    let pixels = card(700, 440);
    let tiles = grid(&pixels, 128, |tile| hevc(tile, PHONE), &[phone()]);
    let output = render(&file(b"heic", &tiles)).await;
    assert_shows(&output, CARD, RenditionFormat::Jpeg, Size::new(700, 440), 8, "HEIC");
    // Not only the quarters: every tile is where it belongs.
    let gradient = RgbImage::from_fn(500, 400, |x, y| Rgb([(x / 2) as u8, (y / 2) as u8, 128]));
    let output = render(&file(b"avif", &grid(&gradient, 200, |tile| av1(tile, PHONE), &[phone()]))).await;
    let full = output.pixels(RenditionName::Full).into_rgb8();
    for (x, y, pixel) in full.enumerate_pixels().step_by(977) {
        assert_near(pixel.0, gradient.get_pixel(x, y).0, 8, &format!("{x} {y}"));
    }
}

#[tokio::test]
async fn turned_by_boxes_once() {
    let (irot, imir) = (|quarters| boxed(b"irot", &[quarters]), |axis| boxed(b"imir", &[axis]));
    let cases = [
        (vec![irot(1)], [GREEN, YELLOW, RED, BLUE]),
        (vec![irot(2)], [YELLOW, BLUE, GREEN, RED]),
        (vec![irot(3)], [BLUE, RED, YELLOW, GREEN]),
        (vec![imir(0)], [BLUE, YELLOW, RED, GREEN]),
        (vec![imir(1)], [GREEN, RED, YELLOW, BLUE]),
        (vec![irot(1), imir(1)], [YELLOW, GREEN, BLUE, RED]),
        // EXIF alone turns nothing, as in Chromium (AVIF) and in libheif.
        (vec![], CARD),
    ];
    let coded = hevc(&card(160, 80), PHONE);
    for (number, (boxes, colours)) in cases.into_iter().enumerate() {
        // Phones say it in EXIF as well.
        let block = [&[0, 0, 0, 0][..], &exif(6)].concat();
        let metadata = Item { kind: *b"Exif", properties: Vec::new(), bytes: block, references: Vec::new() };
        let boxes = [boxes, vec![phone()]].concat();
        let items = [Item::picture(&coded, (160, 80), &boxes), metadata.refers(b"cdsc", &[1])];
        let is_upright = [1, 3, 4, 6].contains(&number);
        let size = if is_upright { SIZE } else { Size::new(80, 160) };
        let output = render(&file(b"heic", &items)).await;
        assert_shows(&output, colours, RenditionFormat::Jpeg, size, 10, &format!("case {number}"));
        for rendition in &output.rendered.renditions {
            let bytes = output.bytes(rendition.name);
            assert!(!bytes.windows(6).any(|window| window == b"SECRET"), "{}", rendition.name);
        }
    }
}

#[tokio::test]
async fn cut_to_the_clean_aperture() {
    let fraction = |numerator: i32| [numerator.to_be_bytes(), 1_i32.to_be_bytes()].concat();
    // 80 × 80 of the right half.
    let clap = boxed(b"clap", &[fraction(80), fraction(80), fraction(40), fraction(0)].concat());
    let output = render(&heic(&card(160, 80), PHONE, &[clap, phone()])).await;
    assert_shows(&output, [GREEN, GREEN, YELLOW, YELLOW], RenditionFormat::Jpeg, Size::new(80, 80), 10, "clap");
    let clap = boxed(b"clap", &[fraction(80), fraction(80), fraction(400), fraction(0)].concat());
    assert_refused(&heic(&card(160, 80), PHONE, &[clap]), FailureCode::Malformed, &["cut"]).await;
}

#[tokio::test]
async fn samples_mean_what_the_box_says() {
    for (samples, colour) in [
        (Samples("yuv420p", "bt709", "tv"), nclx(1, 13, 1, false)),
        (Samples("yuv420p", "bt709", "pc"), nclx(1, 13, 1, true)),
        (Samples("yuv420p", "smpte170m", "tv"), nclx(1, 13, 6, false)),
        (Samples("yuv444p10le", "bt2020", "pc"), nclx(1, 13, 9, true)),
        (Samples("yuv422p10le", "bt709", "tv"), nclx(1, 1, 1, false)),
    ] {
        let what = format!("{} {} {}", samples.0, samples.1, samples.2);
        let output = render(&heic(&card(160, 80), samples, &[colour])).await;
        assert_shows(&output, CARD, RenditionFormat::Jpeg, SIZE, 8, &what);
    }
}

#[tokio::test]
async fn wide_colours_become_srgb() {
    let pixels = flat(160, 80, [180, 80, 80]);
    let profile = moxcms::ColorProfile::new_display_p3().encode().unwrap();
    let profile = boxed(b"colr", &[b"prof", &profile[..]].concat());
    // The profile, with the numbers that say how the samples were made; and the numbers alone.
    for colours in [&[profile, phone()][..], &[nclx(12, 13, 6, true)]] {
        for samples in [PHONE, Samples("yuv420p10le", "smpte170m", "pc")] {
            let output = render(&heic(&pixels, samples, colours)).await;
            for name in [RenditionName::Full, RenditionName::Preview, RenditionName::PreviewWebp] {
                assert_near(quarters(&output.pixels(name))[0], [194, 75, 77], 5, name.as_str());
            }
        }
    }
}

#[tokio::test]
async fn brighter_than_a_screen() {
    // Half of PQ's range is about 92 candelas of 10,000; as it stands it would be the grey of 128.
    let output =
        render(&heic(&flat(160, 80, [128; 3]), Samples("yuv420p10le", "bt2020", "tv"), &[nclx(9, 16, 9, false)])).await;
    let [red, green, blue] = quarters(&output.pixels(RenditionName::Full))[0];
    assert!(red > 140 && red.abs_diff(green) < 4 && green.abs_diff(blue) < 4, "{red} {green} {blue}");
    let samples = Samples("yuv420p10le", "bt2020", "tv");
    let tiles = grid(&card(300, 200), 128, |tile| hevc(tile, samples), &[nclx(9, 18, 9, false)]);
    assert_eq!(render(&file(b"heic", &tiles)).await.rendered.size, Size::new(300, 200));
}

/// 48 megapixels in one piece: as floats they would take gigabytes.
#[tokio::test]
async fn brighter_than_a_screen_and_larger_than_memory() {
    let samples = Samples("yuv420p10le", "bt2020", "tv");
    // A height that no number of strips divides.
    let output = render(&heic(&card(8064, 5998), samples, &[nclx(9, 16, 9, false)])).await;
    assert_eq!(output.rendered.size, Size::new(8064, 5998));
    let shown = output.pixels(RenditionName::Preview);
    for (shown, bright) in quarters(&shown).into_iter().zip([0, 1, 2, 0]) {
        assert!(shown[bright] > 120 && shown.iter().max() == Some(&shown[bright]), "{shown:?}");
    }
    // No strip is missing or in another's place: above and below the middle are each one colour all over.
    let rgb = shown.into_rgb8();
    let (width, height) = rgb.dimensions();
    for (from, to) in [(8, height / 2 - 16), (height / 2 + 16, height - 8)] {
        let first = rgb.get_pixel(width / 4, from).0;
        (from..to).for_each(|y| assert_near(rgb.get_pixel(width / 4, y).0, first, 6, &format!("row {y}")));
    }
}

#[tokio::test]
async fn alpha_makes_a_png() {
    let name = |name: &[u8]| boxed(b"auxC", &[&[0; 4], name, &[0]].concat());
    let mask = RgbImage::from_fn(160, 80, |x, _| Rgb([if x < 80 { 128 } else { 255 }; 3]));
    let grey = Samples("gray", "smpte170m", "pc");
    let heic = [
        Item::picture(&hevc(&card(160, 80), PHONE), (160, 80), &[phone()]),
        Item::picture(&hevc(&mask, grey), (160, 80), &[name(b"urn:mpeg:hevc:2015:auxid:1")]).refers(b"auxl", &[1]),
    ];
    let avif = [
        Item::picture(&av1(&card(160, 80), PHONE), (160, 80), &[phone()]),
        Item::picture(&av1(&mask, grey), (160, 80), &[name(b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha")])
            .refers(b"auxl", &[1]),
    ];
    for (brand, items) in [(b"heic", heic), (b"avif", avif)] {
        let output = render(&file(brand, &items)).await;
        assert_eq!(output.file(RenditionName::Full).format, RenditionFormat::Png);
        let full = output.pixels(RenditionName::Full).into_rgba8();
        let (left, right) = (full.get_pixel(20, 20).0, full.get_pixel(140, 20).0);
        assert!(left[3].abs_diff(128) < 4 && right[3] > 252, "{left:?} {right:?}");
        assert_near([left[0], left[1], left[2]], RED, 10, "under half an alpha");
        assert_near(quarters(&output.pixels(RenditionName::Preview))[1], GREEN, 10, "preview");
    }
}

/// Files of libheif's own making, and its own opinion of what they show.
#[tokio::test]
#[allow(clippy::disallowed_methods, reason = "a foreign encoder and decoder, as a second opinion")]
async fn libheif_agrees() {
    let scratch = tempfile::tempdir().unwrap();
    let path = |name: &str| scratch.path().join(name);
    let pixels = RgbImage::from_fn(321, 200, |x, y| Rgb([(x / 2) as u8, y as u8, 255 - (x / 2) as u8]));
    pixels.save(path("in.png")).unwrap();
    for (file, options) in
        [("a.heic", &["-q", "90"][..]), ("b.avif", &["-A", "-q", "90"]), ("c.heic", &["-b", "10", "-q", "90"])]
    {
        let run = |program: &str, arguments: &[&std::ffi::OsStr]| {
            let done = std::process::Command::new(program).args(arguments).output().expect("run tools/setup test");
            assert!(done.status.success(), "{program} {file}: {done:?}");
        };
        let (input, coded, decoded) = (path("in.png"), path(file), path("out.png"));
        let mut words: Vec<&std::ffi::OsStr> = options.iter().map(AsRef::as_ref).collect();
        words.extend([input.as_os_str(), "-o".as_ref(), coded.as_os_str()]);
        run("heif-enc", &words);
        run("heif-convert", &[coded.as_os_str(), decoded.as_os_str()]);
        let theirs = image::open(&decoded).unwrap().into_rgb8();
        let ours = render(&std::fs::read(&coded).unwrap()).await.pixels(RenditionName::Full).into_rgb8();
        assert_eq!(ours.dimensions(), theirs.dimensions(), "{file}");
        let difference: u64 = ours.as_raw().iter().zip(theirs.as_raw()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
        let mean = difference as f64 / ours.as_raw().len() as f64;
        assert!(mean < 1.5, "{file}: {mean}");
    }
}

#[tokio::test]
async fn hostile_boxes() {
    use FailureCode::{Malformed, TooLarge, UnsupportedCodec};
    let coded = hevc(&card(64, 64), PHONE);
    let sized = |width, height| file(b"heic", &[Item::picture(&coded, (width, height), &[])]);
    assert_refused(&sized(0x8000_0000, 64), TooLarge, &["2147483648"]).await;
    assert_refused(&sized(0, 64), Malformed, &["nothing"]).await;
    assert_refused(&sized(16_000, 16_000), TooLarge, &["256000000"]).await;
    // More than was coded, and (far) less.
    assert_refused(&sized(2_000, 2_000), Malformed, &["decoded"]).await;
    let large = hevc(&card(2_000, 2_000), PHONE);
    assert_refused(&file(b"heic", &[Item::picture(&large, (64, 64), &[])]), Malformed, &["decoded"]).await;

    let mut tiles = grid(&card(128, 128), 64, |tile| hevc(tile, PHONE), &[]);
    tiles[0].bytes[2..4].fill(255);
    assert_refused(&file(b"heic", &tiles), TooLarge, &["256 × 256 tiles"]).await;
    tiles[0].bytes[2..4].fill(2);
    assert_refused(&file(b"heic", &tiles), Malformed, &["3 × 3"]).await;
    let mut loops = grid(&card(128, 128), 64, |tile| hevc(tile, PHONE), &[]);
    loops[0].references[0].1 = vec![1; 4];
    assert_refused(&file(b"heic", &loops), Malformed, &["how it is coded"]).await;
    // One of the tiles holds two pictures: those after it would move.
    let mut double = grid(&card(128, 128), 64, |tile| hevc(tile, PHONE), &[]);
    double[2].bytes = double[2].bytes.repeat(2);
    assert_refused(&file(b"heic", &double), Malformed, &["2 pictures"]).await;

    let other = Item { kind: *b"jpeg", properties: vec![ispe(64, 64)], bytes: vec![0; 9], references: Vec::new() };
    assert_refused(&file(b"heic", &[other]), UnsupportedCodec, &["`jpeg`"]).await;
    assert_refused(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", Malformed, &["no picture"]).await;
    let whole = heic(&texture(64, 64), PHONE, &[]);
    for length in [30, 60, 200, whole.len() / 2, whole.len() - 1] {
        assert_refused(&whole[..length], Malformed, &[]).await;
    }
}

#[tokio::test]
async fn a_small_file_does_not_unfold() {
    // A thousand tiles that are all the same item.
    let tiles = grid(&card(128, 128), 64, |tile| hevc(tile, PHONE), &[]);
    let [mut whole, tile, ..] = <[Item; 5]>::try_from(tiles).ok().unwrap();
    whole.bytes = [0, 0, 31, 31, 0x08, 0, 0x08, 0].to_vec();
    whole.properties = vec![ispe(2048, 2048)];
    whole.references = vec![(*b"dimg", vec![2; 1024])];
    let bytes = file(b"heic", &[whole, tile]);
    let limits = Limits { max_input_bytes: bytes.len() as u64, ..Limits::default() };
    let failure = refusal_within(&bytes, limits).await;
    assert_eq!(failure.code, FailureCode::TooLarge, "{failure}");
}

#[tokio::test]
async fn mutants_are_rendered_or_refused() {
    let seeds = [
        heic(&texture(64, 48), PHONE, &[nclx(1, 13, 6, true), boxed(b"irot", &[1])]),
        file(b"avif", &[Item::picture(&av1(&texture(64, 48), PHONE), (64, 48), &[])]),
        file(b"heic", &grid(&texture(128, 100), 64, |tile| hevc(tile, PHONE), &[])),
    ];
    for seed in &seeds {
        assert_mutants_end(seed, 30).await;
    }
}
