//! The first page of a PDF, on the server's side: pdftoppm draws it, then the photo child makes the renditions of that.
//!
//! Not as untrusting as with photos, where decoders see only what our own code has taken apart: a PDF cannot be taken apart
//! without being a PDF library. The fence alone holds what poppler may do.

use std::path::Path;

use strongroom_core::media::{FailureCode, Format};

use crate::film::{Run, Tool, run, sha256};
use crate::renderer::{RenderError, Rendered, Renderer, failed};

/// The longest side of the picture, in pixels, whatever the page claims to measure.
const LONGEST_SIDE: u32 = 1600;
/// In the output directory between the two steps; pdftoppm adds the ending.
const PAGE: &str = "page";
const PAGE_FILE: &str = "page.png";

impl Renderer {
    /// Makes every rendition of the first page of the PDF `input` in `output_dir`, an existing, empty, private directory.
    ///
    /// Dropping the future kills the tool, the child and everything they started.
    ///
    /// # Errors
    /// [`RenderError::Failed`] for what is the file's fault or the tool's, [`RenderError::Broken`] for what is ours.
    pub async fn render_page(&self, input: &Path, output_dir: &Path) -> Result<Rendered, RenderError> {
        let (sha256, ()) = tokio::try_join!(sha256(input), self.draw(input, output_dir))?;
        let page = output_dir.join(PAGE_FILE);
        let rendered = self.render_photo(&page, output_dir).await?;
        // One that stays is only in the way, and goes with its directory.
        std::fs::remove_file(&page).ok();
        Ok(Rendered { format: Format::Pdf, sha256, ..rendered })
    }

    /// One run of pdftoppm, which leaves a PNG.
    async fn draw(&self, input: &Path, directory: &Path) -> Result<(), RenderError> {
        let absolute = |path: &Path| std::path::absolute(path).map_err(|error| RenderError::Broken(error.to_string()));
        let (input, directory) = (absolute(input)?, absolute(directory)?);
        let run_of = Run {
            tool: Tool::Pdftoppm,
            arguments: arguments(&input, &directory),
            input: &input,
            directory: &directory,
            seconds: self.limits().wall_seconds,
        };
        let ran = run(self, run_of, None).await?;
        if ran.is_success && directory.join(PAGE_FILE).is_file() {
            return Ok(());
        }
        tracing::debug!(stderr = ran.stderr_tail, "a page was not drawn");
        let message = "the first page cannot be drawn: the PDF is broken, has no pages, or is locked with a password";
        Err(failed(FailureCode::Malformed, message))
    }
}

/// Page one as viewers show it, which is its crop box.
fn arguments(input: &Path, directory: &Path) -> Vec<String> {
    let (input, output) = (input.display().to_string(), directory.join(PAGE).display().to_string());
    let side = LONGEST_SIDE.to_string();
    ["-f", "1", "-l", "1", "-singlefile", "-png", "-cropbox", "-scale-to", &side, &input, &output]
        .map(str::to_owned)
        .to_vec()
}
