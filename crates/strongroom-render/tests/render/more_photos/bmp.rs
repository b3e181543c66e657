//! Windows bitmaps.

use strongroom_core::media::{FailureCode, Format};
use strongroom_core::rendition::{RenditionFormat, RenditionName, Size};

use super::{CARD, assert_shows, ffmpeg};
use crate::support::{BLUE, RED, assert_refused, card, render};

/// A header of 40 bytes, then whatever comes.
fn bitmap(width: i32, height: i32, bits: u16, compression: u32, colours: u32, rest: &[u8]) -> Vec<u8> {
    let start = 54 + colours * 4;
    let mut file = [&b"BM"[..], &(start + rest.len() as u32).to_le_bytes(), &[0; 4], &start.to_le_bytes()].concat();
    file.extend([&40_u32.to_le_bytes()[..], &width.to_le_bytes(), &height.to_le_bytes(), &[1, 0]].concat());
    file.extend(
        [&bits.to_le_bytes()[..], &compression.to_le_bytes(), &[0; 12], &colours.to_le_bytes(), &[0; 4]].concat(),
    );
    file.extend_from_slice(rest);
    file
}

/// Runs of red and of blue, eight pixels each, in four rows.
pub(super) fn run_lengths() -> Vec<u8> {
    let palette = [RED, BLUE].map(|[r, g, b]| [b, g, r, 0]).concat();
    let rows = [8, 0, 8, 1, 0, 0].repeat(4);
    let mut file = bitmap(16, 4, 8, 1, 2, &[&palette[..], &rows, &[0, 1]].concat());
    file[10..14].copy_from_slice(&62_u32.to_le_bytes());
    file
}

#[tokio::test]
async fn foreign_bitmaps() {
    for pixels in ["bgr24", "bgra", "rgb565le", "rgb8", "pal8"] {
        let filter = format!("format={pixels}");
        let file = ffmpeg(&card(160, 80), &["-vf", &filter, "-c:v", "bmp", "-f", "image2pipe"]);
        let output = render(&file).await;
        assert_eq!(output.rendered.format, Format::Bmp);
        // Eight bits have three for red.
        let tolerance = if pixels.ends_with('8') { 40 } else { 12 };
        assert_shows(&output, CARD, RenditionFormat::Jpeg, Size::new(160, 80), tolerance, pixels);
    }
}

#[tokio::test]
async fn rows_from_the_top_and_run_lengths() {
    let rows: Vec<u8> = card(160, 80).pixels().flat_map(|p| [p.0[2], p.0[1], p.0[0]]).collect();
    let output = render(&bitmap(160, -80, 24, 0, 0, &rows)).await;
    assert_shows(&output, CARD, RenditionFormat::Jpeg, Size::new(160, 80), 10, "top down");
    let output = render(&run_lengths()).await;
    assert_shows(&output, [RED, BLUE, RED, BLUE], RenditionFormat::Jpeg, Size::new(16, 4), 25, "runs");
}

#[tokio::test]
async fn what_is_appended_is_not_looked_at() {
    let mut file = ffmpeg(&card(160, 80), &["-c:v", "bmp", "-f", "image2pipe"]);
    file.extend(b"SECRET".repeat(1000));
    let output = render(&file).await;
    assert!(!output.bytes(RenditionName::Full).windows(6).any(|window| window == b"SECRET"));
}

#[tokio::test]
async fn hostile_headers() {
    use FailureCode::{Malformed, TooLarge, UnsupportedCodec};
    assert_refused(&bitmap(60_000, 60_000, 24, 0, 0, &[]), TooLarge, &["60000 × 60000"]).await;
    assert_refused(&bitmap(i32::MIN, i32::MIN, 24, 0, 0, &[]), TooLarge, &["2147483648"]).await;
    assert_refused(&bitmap(0, 5, 24, 0, 0, &[]), Malformed, &["nothing"]).await;
    assert_refused(&bitmap(5_000, 5_000, 24, 0, 0, &[0; 99]), Malformed, &["ends before"]).await;
    assert_refused(&bitmap(50, 50, 0, 4, 0, &[0; 99]), UnsupportedCodec, &["compression 4"]).await;
    assert_refused(&bitmap(50, 50, 7, 0, 0, &[0; 9999]), Malformed, &[]).await;
}
