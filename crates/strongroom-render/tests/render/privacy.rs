//! Nothing private survives in anything delivered (T27, T29): every secret starts with the same word.

use image::DynamicImage;
use strongroom_core::rendition::RenditionName;

use crate::support::{Output, card, exif, gif, jpeg, png, render, webp};

const SECRET: &[u8] = b"SECRET";

fn assert_silent(output: &Output, what: &str) {
    assert_eq!(output.rendered.renditions.len(), 5, "{what}");
    for file in &output.rendered.renditions {
        let bytes = output.bytes(file.name);
        assert!(!bytes.windows(SECRET.len()).any(|window| window == SECRET), "{what}: {} tells a secret", file.name);
    }
}

fn assert_tells(file: &[u8]) {
    assert!(file.windows(SECRET.len()).any(|window| window == SECRET), "the test's own file has no secret in it");
}

#[tokio::test]
async fn jpeg_segments_and_tail() {
    let plain = jpeg::rgb(&card(120, 90), jpeg::Style::default());
    let jfif_with_thumbnail = [&b"JFIF\0\x01\x01\0\0\x01\0\x01\x02\x01"[..], b"SECRET"].concat();
    let segments = [
        jpeg::segment(0xe0, &jfif_with_thumbnail),
        jpeg::segment(0xe0, b"JFXX\0\x10SECRET thumbnail"),
        jpeg::exif(&exif(6)),
        jpeg::segment(0xe1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>SECRET</x:xmpmeta>"),
        jpeg::segment(0xe1, b"http://ns.adobe.com/xmp/extension/\0SECRET"),
        jpeg::segment(0xe2, b"MPF\0SECRET"),
        jpeg::segment(0xed, b"Photoshop 3.0\08BIM\x04\x04SECRET"),
        jpeg::segment(0xee, b"Adobe\0\x64\0\0\0\0\x01SECRET"),
        jpeg::segment(0xef, b"SECRET"),
        jpeg::segment(0xfe, b"SECRET comment"),
    ];
    let file = [jpeg::with(&plain, &segments), b"SECRET second picture \xff\xd8\xff".to_vec()].concat();
    assert_tells(&file);
    let output = render(&file).await;
    assert_silent(&output, "JPEG");
    // The pixels are untouched by all that.
    assert_eq!(jpeg::decode(&output.bytes(RenditionName::Full)).to_rgb8(), jpeg::decode(&plain).to_rgb8());
}

#[tokio::test]
async fn jpeg_comments_between_scans() {
    let plain = jpeg::rgb(&card(120, 90), jpeg::Style { progressive: true, ..jpeg::Style::default() });
    let last_scan = plain.windows(2).rposition(|pair| pair == [0xff, 0xda]).unwrap();
    let (before, after) = plain.split_at(last_scan);
    let file = [before, &jpeg::segment(0xfe, b"SECRET"), &jpeg::segment(0xe1, b"Exif\0\0SECRET"), after].concat();
    assert_silent(&render(&file).await, "progressive JPEG");
}

#[tokio::test]
async fn png_chunks_and_tail() {
    let profile = moxcms::ColorProfile::new_display_p3().encode().unwrap();
    let extra = [
        png::profile(&profile),
        png::chunk(b"eXIf", &exif(3)),
        png::chunk(b"tEXt", b"Author\0SECRET"),
        png::chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0SECRET"),
        png::chunk(b"zTXt", b"Comment\0\0SECRET"),
        png::chunk(b"tIME", b"SECRET!"),
        png::chunk(b"prVt", b"SECRET"),
        // Chunks that are kept, but not at a length that their definition does not give them.
        png::chunk(b"gAMA", b"SECRET"),
        png::chunk(b"sRGB", b"SECRET"),
        png::chunk(b"cHRM", b"SECRET"),
    ];
    let plain = png::rgb(&card(120, 90), &extra);
    let file = png::with_ending(&plain, &[png::chunk(b"tEXt", b"Comment\0SECRET")], b"SECRET tail");
    assert_tells(&file);
    assert_silent(&render(&file).await, "PNG");
}

#[tokio::test]
async fn webp_chunks_and_tail() {
    let simple = webp::lossless(&card(120, 90).into());
    let after = [webp::chunk(b"EXIF", &exif(5)), webp::chunk(b"XMP ", b"SECRET"), webp::chunk(b"SCRT", b"SECRET")];
    let file = [webp::extended(&simple, 0x0c, (120, 90), &[], &after), b"SECRET tail".to_vec()].concat();
    assert_tells(&file);
    assert_silent(&render(&file).await, "WebP");
}

#[tokio::test]
async fn gif_extensions_and_tail() {
    let file = gif::with_secrets(&gif::frames(&DynamicImage::from(card(120, 90)).into_rgba8(), 1));
    assert_tells(&file);
    assert_silent(&render(&file).await, "GIF");
}
