//! The first page of a PDF: drawn behind the fence, or refused; never our crash.

use std::fmt::Write as _;

use strongroom_core::media::FailureCode::{self, Malformed};
use strongroom_core::media::Format;
use strongroom_core::rendition::{RenditionFormat, RenditionName, Size};
use strongroom_render::{Limits, RenderError, Renderer, Sandbox};

use crate::support::{BLUE, CHILD, Output, RED, assert_near, quarters};

/// A red quarter above left and a blue one below right, on a page of 400 × 200 points, with a word on it.
const DRAWING: &str = "0.863 0.118 0.118 rg 0 100 200 100 re f 0.118 0.118 0.863 rg 200 0 200 100 re f \
                       0 0 0 rg BT /F1 20 Tf 20 20 Td (Signed) Tj ET";
const WHITE: [u8; 3] = [255, 255, 255];

/// What differs between one PDF and the next.
struct Pdf<'a> {
    catalog: &'a str,
    pages: &'a str,
    page: &'a str,
    content: &'a str,
    trailer: &'a str,
    /// Pages after the first.
    more_pages: usize,
}

impl Default for Pdf<'_> {
    fn default() -> Self {
        let (pages, page) = ("/Kids [3 0 R] /Count 1", "/MediaBox [0 0 400 200]");
        Self { catalog: "", pages, page, content: DRAWING, trailer: "", more_pages: 0 }
    }
}

impl Pdf<'_> {
    /// Objects, where each of them begins, and where that is written.
    fn bytes(&self) -> Vec<u8> {
        let Self { catalog, pages, page, content, trailer, more_pages } = self;
        let font = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>";
        let mut objects = vec![
            format!("<< /Type /Catalog /Pages 2 0 R {catalog} >>"),
            format!("<< /Type /Pages {pages} >>"),
            format!("<< /Type /Page /Parent 2 0 R {page} /Contents 4 0 R /Resources << /Font << /F1 {font} >> >> >>"),
            format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len()),
        ];
        objects.resize(objects.len() + more_pages, "<< /Type /Page /Parent 2 0 R >>".to_owned());
        let (mut text, mut table) = ("%PDF-1.7\n".to_owned(), "0000000000 65535 f \n".to_owned());
        for (index, object) in objects.iter().enumerate() {
            writeln!(table, "{:010} 00000 n ", text.len()).unwrap();
            write!(text, "{} 0 obj\n{object}\nendobj\n", index + 1).unwrap();
        }
        let (start, size) = (text.len(), objects.len() + 1);
        write!(
            text,
            "xref\n0 {size}\n{table}trailer\n<< /Size {size} /Root 1 0 R {trailer} >>\nstartxref\n{start}\n%%EOF\n"
        )
        .unwrap();
        text.into_bytes()
    }
}

async fn try_draw(file: &[u8], limits: Limits) -> Result<Output, RenderError> {
    let scratch = tempfile::tempdir().unwrap();
    let (input, output) = (scratch.path().join("original"), scratch.path().join("renditions"));
    std::fs::write(&input, file).unwrap();
    std::fs::create_dir(&output).unwrap();
    let renderer = Renderer::new(CHILD.into(), limits, Sandbox::Required);
    let rendered = renderer.render_page(&input, &output).await?;
    let mut left: Vec<_> = std::fs::read_dir(&output).unwrap().map(|entry| entry.unwrap().path()).collect();
    left.retain(|path| rendered.renditions.iter().all(|made| made.file != *path));
    assert_eq!(left, Vec::<std::path::PathBuf>::new(), "nothing but renditions is left");
    Ok(Output::new(rendered, scratch))
}

async fn draw(pdf: Pdf<'_>) -> Output {
    try_draw(&pdf.bytes(), Limits::default()).await.unwrap_or_else(|error| panic!("{error}"))
}

async fn failure_code(file: &[u8], limits: Limits) -> FailureCode {
    match try_draw(file, limits).await {
        Err(RenderError::Failed(failure)) => failure.code,
        Ok(_) => panic!("it was drawn"),
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn a_page_is_a_picture_of_its_proportions() {
    use sha2::Digest as _;
    let output = draw(Pdf::default()).await;
    let rendered = &output.rendered;
    let sha256: [u8; 32] = sha2::Sha256::digest(Pdf::default().bytes()).into();
    assert_eq!((rendered.format, rendered.size, rendered.sha256), (Format::Pdf, Size::new(1600, 800), sha256));
    let preview = output.file(RenditionName::Preview);
    assert_eq!((preview.format, preview.size), (RenditionFormat::Jpeg, Size::new(1280, 640)));
    let pixels = output.pixels(RenditionName::Preview);
    for (actual, expected) in quarters(&pixels).into_iter().zip([RED, WHITE, WHITE, BLUE]) {
        assert_near(actual, expected, 6, "a quarter");
    }
    // Helvetica is no font that comes with the file: one of the machine's is found, behind the fence.
    let word = pixels.to_luma8();
    let ink =
        word.enumerate_pixels().filter(|(x, y, _)| *x < 500 && *y > 400).filter(|(.., luma)| luma.0[0] < 80).count();
    assert!(ink > 500, "{ink} dark pixels");
}

#[tokio::test]
async fn what_viewers_crop_and_turn_is_cropped_and_turned() {
    let page = "/MediaBox [0 0 400 400] /CropBox [0 0 400 200] /Rotate 90";
    let output = draw(Pdf { page, ..Pdf::default() }).await;
    assert_eq!(output.rendered.size, Size::new(800, 1600));
    for (actual, expected) in
        quarters(&output.pixels(RenditionName::Preview)).into_iter().zip([WHITE, RED, BLUE, WHITE])
    {
        assert_near(actual, expected, 6, "a quarter");
    }
}

#[tokio::test]
async fn no_page_is_larger_than_the_picture_of_it() {
    for (sides, size) in [("1000000 1000000", Size::new(1600, 1600)), ("1000000 1", Size::new(1600, 1))] {
        let page = format!("/MediaBox [0 0 {sides}]");
        assert_eq!(draw(Pdf { page: &page, ..Pdf::default() }).await.rendered.size, size);
    }
    for sides in ["0 0", "-5 -5", "1e308 1e308", "nan inf", "0.0001 99999999999999999999"] {
        let pdf = Pdf { page: &format!("/MediaBox [0 0 {sides}]"), ..Pdf::default() };
        match try_draw(&pdf.bytes(), Limits::default()).await {
            Ok(output) => assert!(output.rendered.size.width.max(output.rendered.size.height) <= 1600, "{sides}"),
            Err(RenderError::Failed(_)) => {}
            Err(error) => panic!("{sides}: {error}"),
        }
    }
}

#[tokio::test]
async fn what_a_pdf_brings_along_is_left_alone() {
    let script = "/OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >>";
    let files =
        "/Names << /EmbeddedFiles << /Names [(a.exe) << /Type /Filespec /F (a.exe) /EF << /F 4 0 R >> >>] >> >>";
    let launch = "/OpenAction << /S /Launch /F (/bin/sh) >> /AA << /O << /S /URI /URI (http://127.0.0.1:9/) >> >>";
    for catalog in [script, files, launch] {
        assert_eq!(draw(Pdf { catalog, ..Pdf::default() }).await.rendered.size, Size::new(1600, 800), "{catalog}");
    }
}

#[tokio::test]
async fn only_the_first_of_many_pages_is_drawn() {
    let others: String = (5..10_004).map(|number| format!(" {number} 0 R")).collect();
    let pages = format!("/Kids [3 0 R{others}] /Count 10000");
    let output = draw(Pdf { pages: &pages, more_pages: 9_999, ..Pdf::default() }).await;
    assert_eq!(output.rendered.size, Size::new(1600, 800));
}

#[tokio::test]
async fn what_cannot_be_drawn_is_refused() {
    let locked = format!(
        "/Encrypt << /Filter /Standard /V 1 /R 2 /O ({}) /U ({}) /P -4 >> /ID [(a) (b)]",
        "o".repeat(32),
        "u".repeat(32)
    );
    let whole = Pdf::default().bytes();
    // A table of objects whose predecessor is itself, at the end of the file.
    let mut looped = b"%PDF-1.7\n".to_vec();
    looped.extend(b"xref\n0 1\n0000000000 65535 f \ntrailer\n<< /Size 1 /Prev 9 >>\nstartxref\n9\n%%EOF\n");
    for (what, file) in [
        ("locked", Pdf { trailer: &locked, ..Pdf::default() }.bytes()),
        ("nothing but a signature", b"%PDF-1.7\n".to_vec()),
        ("garbage", [b"%PDF-1.7\n".as_slice(), &[0xa5; 5_000]].concat()),
        ("half", whole[..60].to_vec()),
        ("no pages", Pdf { pages: "/Kids [] /Count 0", ..Pdf::default() }.bytes()),
        ("its own predecessor", looped),
    ] {
        assert_eq!(failure_code(&file, Limits::default()).await, Malformed, "{what}");
    }
}

/// Pages that are their own parents and drawings that contain themselves end, one way or another.
#[tokio::test]
async fn loops_end() {
    for pages in ["/Kids [2 0 R] /Count 1", "/Kids [1 0 R] /Count 1", "/Kids [2 0 R 2 0 R] /Count 2000000000"] {
        let ended = try_draw(&Pdf { pages, ..Pdf::default() }.bytes(), Limits::default()).await;
        assert!(matches!(ended, Ok(_) | Err(RenderError::Failed(_))), "{pages}");
    }
}

#[tokio::test]
async fn work_without_end_is_ended() {
    let content = format!("{} 0 0 400 200 re f", "0 0 m 400 200 l 0 200 l 400 0 l h f\n".repeat(400_000));
    let limits = Limits { wall_seconds: 1, ..Limits::default() };
    let file = Pdf { content: &content, ..Pdf::default() }.bytes();
    assert_eq!(failure_code(&file, limits).await, FailureCode::Timeout);
}

/// Bytes changed, cut and doubled all over: a picture or a reason, whatever poppler makes of it.
#[tokio::test]
async fn broken_ones_end() {
    const ROUNDS: usize = 40;
    let (seed, mut state) = (Pdf::default().bytes(), 0x9e37_79b9_u32);
    let mut random = |below: usize| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as usize % below
    };
    for round in 0..ROUNDS {
        let mut mutant = seed.clone();
        for _ in 0..=round % 4 {
            // The signature stays: it is what makes a document of it.
            let at = 8 + random(mutant.len() - 8);
            match random(4) {
                0 => mutant[at] = b"0123456789<>[]()/ -R"[random(20)],
                1 => mutant[at] = random(256) as u8,
                2 => mutant.truncate(at.max(seed.len() / 2)),
                _ => mutant.insert(at, mutant[at]),
            }
        }
        let ended = try_draw(&mutant, Limits::default()).await;
        let text = String::from_utf8_lossy(&mutant);
        assert!(matches!(ended, Ok(_) | Err(RenderError::Failed(_))), "{:?}: {text}", ended.err());
    }
}
