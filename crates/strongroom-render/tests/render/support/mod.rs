//! Sends pictures through a renderer, and makes the pictures: ordinary ones, odd ones and hostile ones.
//!
//! Generators, not files: what a test sends is to be read beside what it expects, and a bomb in a repository is a bomb.

pub(crate) mod gif;
pub(crate) mod jpeg;
pub(crate) mod png;
pub(crate) mod webp;

use std::path::Path;

use image::{DynamicImage, Rgb, RgbImage};
use strongroom_core::media::{Failure, FailureCode};
use strongroom_core::rendition::{RenditionFormat, RenditionName};
use strongroom_render::{Limits, RenderError, Rendered, RenderedFile, Renderer, Sandbox};

pub(crate) const CHILD: &str = env!("CARGO_BIN_EXE_strongroom-render-child");
pub(crate) const CHILD_ON_OLD_KERNEL: &str = env!("CARGO_BIN_EXE_strongroom-render-child-on-old-kernel");

pub(crate) const RED: [u8; 3] = [220, 30, 30];
pub(crate) const GREEN: [u8; 3] = [30, 200, 30];
pub(crate) const BLUE: [u8; 3] = [30, 30, 220];
pub(crate) const YELLOW: [u8; 3] = [220, 220, 30];

/// What a run made, with the directory it lies in.
pub(crate) struct Output {
    pub(crate) rendered: Rendered,
    _scratch: tempfile::TempDir,
}

impl Output {
    pub(crate) fn new(rendered: Rendered, scratch: tempfile::TempDir) -> Self {
        Self { rendered, _scratch: scratch }
    }

    pub(crate) fn file(&self, name: RenditionName) -> &RenderedFile {
        self.rendered.renditions.iter().find(|file| file.name == name).unwrap_or_else(|| panic!("no {name}"))
    }

    pub(crate) fn bytes(&self, name: RenditionName) -> Vec<u8> {
        std::fs::read(&self.file(name).file).unwrap()
    }

    pub(crate) fn pixels(&self, name: RenditionName) -> DynamicImage {
        decode(self.file(name).format, &self.bytes(name))
    }
}

/// Decodes a rendition with another path through the libraries than the child takes.
pub(crate) fn decode(format: RenditionFormat, bytes: &[u8]) -> DynamicImage {
    match format {
        RenditionFormat::Jpeg => jpeg::decode(bytes),
        RenditionFormat::Png => image::load_from_memory_with_format(bytes, image::ImageFormat::Png).unwrap(),
        RenditionFormat::Webp => image::load_from_memory_with_format(bytes, image::ImageFormat::WebP).unwrap(),
        RenditionFormat::Mp4 | RenditionFormat::M4a => panic!("not a picture"),
    }
}

pub(crate) async fn try_render(file: &[u8], limits: Limits) -> Result<Output, RenderError> {
    try_render_with(CHILD.as_ref(), file, limits, Sandbox::Required).await
}

pub(crate) async fn try_render_with(
    program: &Path,
    file: &[u8],
    limits: Limits,
    sandbox: Sandbox,
) -> Result<Output, RenderError> {
    let scratch = tempfile::tempdir().unwrap();
    let (input, output) = (scratch.path().join("original"), scratch.path().join("renditions"));
    std::fs::write(&input, file).unwrap();
    std::fs::create_dir(&output).unwrap();
    let rendered = Renderer::new(program.to_owned(), limits, sandbox).render_photo(&input, &output).await?;
    Ok(Output::new(rendered, scratch))
}

pub(crate) async fn render(file: &[u8]) -> Output {
    try_render(file, Limits::default()).await.unwrap_or_else(|error| panic!("{error}"))
}

/// Why `file` is refused; panics if it is not, or if that is not the file's own fault.
pub(crate) async fn refusal_within(file: &[u8], limits: Limits) -> Failure {
    match try_render(file, limits).await {
        Err(RenderError::Failed(failure)) => failure,
        Err(error @ (RenderError::Broken(_) | RenderError::Animated)) => panic!("{error}"),
        Ok(output) => panic!("rendered: {:?}", output.rendered),
    }
}

/// Asserts that `file` is refused as `code`, with every one of `words` in the message.
pub(crate) async fn assert_refused(file: &[u8], code: FailureCode, words: &[&str]) {
    let failure = refusal_within(file, Limits::default()).await;
    assert_eq!(failure.code, code, "{failure}");
    for word in words {
        assert!(failure.message.contains(word), "`{word}` is not in: {failure}");
    }
}

/// Four quarters of four colours: red and green above, blue and yellow below.
pub(crate) fn card(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| match (x < width / 2, y < height / 2) {
        (true, true) => Rgb(RED),
        (false, true) => Rgb(GREEN),
        (true, false) => Rgb(BLUE),
        (false, false) => Rgb(YELLOW),
    })
}

/// Something for an encoder to lose: a pattern that is different everywhere.
pub(crate) fn texture(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| Rgb([(x * 7 + y * 3) as u8, (x * y / 5) as u8, (x ^ y) as u8]))
}

pub(crate) fn flat(width: u32, height: u32, colour: [u8; 3]) -> RgbImage {
    RgbImage::from_pixel(width, height, Rgb(colour))
}

/// Asserts that a pixel is `expected`, give or take what a lossy encoder does.
pub(crate) fn assert_near(actual: [u8; 3], expected: [u8; 3], tolerance: u8, what: &str) {
    let near = actual.iter().zip(expected).all(|(a, e)| a.abs_diff(e) <= tolerance);
    assert!(near, "{what}: {actual:?} is not {expected:?} ± {tolerance}");
}

/// The colours in the middle of each quarter: above left, above right, below left, below right.
pub(crate) fn quarters(pixels: &DynamicImage) -> [[u8; 3]; 4] {
    let rgb = pixels.to_rgb8();
    let (w, h) = rgb.dimensions();
    [(w / 4, h / 4), (w * 3 / 4, h / 4), (w / 4, h * 3 / 4), (w * 3 / 4, h * 3 / 4)].map(|(x, y)| rgb.get_pixel(x, y).0)
}

/// An EXIF block with an orientation, an owner, coordinates and a thumbnail: what phones and cameras write.
pub(crate) fn exif(orientation: u8) -> Vec<u8> {
    let mut block = b"II*\0\x08\0\0\0\x02\0".to_vec();
    block.extend([0x3b, 0x01, 2, 0, 16, 0, 0, 0, 38, 0, 0, 0]); // Artist, 16 letters at 38
    block.extend([0x12, 0x01, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0]);
    block.extend([0, 0, 0, 0]);
    block.extend(b"SECRET-OF-OWNER\0");
    block.extend(b"SECRET-GPS 52.5200N 13.4050E");
    block.extend(b"\xff\xd8\xff\xdbSECRET-THUMBNAIL\xff\xd9");
    block
}
