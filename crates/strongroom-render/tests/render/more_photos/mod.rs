//! Stills that browsers do not show, or not all of them: TIFF, BMP, HEIC, AVIF.

mod bmp;
mod heif;
mod heif_file;
mod tiff;
mod tiff_file;

use strongroom_core::rendition::{RenditionFormat, RenditionName, Size};

use crate::support::{BLUE, GREEN, Output, RED, YELLOW, assert_near, quarters};

const CARD: [[u8; 3]; 4] = [RED, GREEN, BLUE, YELLOW];

/// Asserts that every rendition shows four quarters of these colours, and `full` in this format and size.
fn assert_shows(
    output: &Output,
    colours: [[u8; 3]; 4],
    format: RenditionFormat,
    size: Size,
    tolerance: u8,
    what: &str,
) {
    assert_eq!(output.rendered.size, size, "{what}");
    let full = output.file(RenditionName::Full);
    assert_eq!((full.format, full.size), (format, size), "{what}");
    for file in &output.rendered.renditions {
        let pixels = output.pixels(file.name);
        assert_eq!((pixels.width(), pixels.height()), (file.size.width, file.size.height), "{what} {}", file.name);
        for (actual, expected) in quarters(&pixels).into_iter().zip(colours) {
            assert_near(actual, expected, tolerance, &format!("{what} {}", file.name));
        }
    }
}

/// What ffmpeg writes when it is given these pixels.
#[allow(clippy::disallowed_methods, reason = "a foreign encoder: what we wrote ourselves we would read too kindly")]
fn ffmpeg(pixels: &image::RgbImage, arguments: &[&str]) -> Vec<u8> {
    use std::io::Write;
    use std::process::{Command, Stdio};
    let size = format!("{}x{}", pixels.width(), pixels.height());
    let mut child = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", &size, "-i", "pipe:0"])
        .args(arguments)
        .arg("pipe:1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("ffmpeg: run tools/setup test");
    let (mut stdin, bytes) = (child.stdin.take().unwrap(), pixels.as_raw().clone());
    let writer = std::thread::spawn(move || stdin.write_all(&bytes));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success(), "ffmpeg {arguments:?}");
    output.stdout
}

/// Flips, cuts and doubles bytes all over a file: rendered or refused, never broken, never crashed.
async fn assert_mutants_end(seed: &[u8], rounds: usize) {
    use strongroom_render::{Limits, RenderError};
    let mut state = 0x9e37_79b9_u32;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state as usize % below
    };
    for round in 0..rounds {
        let mut mutant = seed.to_vec();
        for _ in 0..=round % 4 {
            // Half of the hits near the start, where headers are, or the end, where directories are.
            let near = mutant.len().min(700);
            let at = match random(4) {
                0 | 1 => random(mutant.len()),
                2 => random(near),
                _ => mutant.len() - 1 - random(near),
            };
            match random(4) {
                0 => mutant[at] = random(256) as u8,
                1 => mutant[at] ^= 1 << random(8),
                2 => mutant.truncate(at.max(12)),
                _ => mutant.insert(at, 0xff),
            }
        }
        let limits = Limits { address_space_bytes: 192 << 20, cpu_seconds: 5, ..Limits::default() };
        match crate::support::try_render(&mutant, limits).await {
            Ok(_) | Err(RenderError::Animated) => {}
            Err(RenderError::Failed(failure)) => assert!(!failure.code.is_retryable(), "{failure}: {mutant:02x?}"),
            Err(RenderError::Broken(reason)) => panic!("broken: {reason}: {mutant:02x?}"),
        }
    }
}
