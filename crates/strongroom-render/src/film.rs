//! Films, animations and sound.

use std::path::Path;

use strongroom_core::media::{Format, MediaType};
use strongroom_core::rendition::Size;
use tokio::sync::mpsc::Sender;

use crate::renderer::{RenderError, RenderedFile, Renderer};

/// What a film, an animation or a sound turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilmFacts {
    /// What a viewer will see or hear.
    pub media_type: MediaType,
    /// The format of the original.
    pub format: Format,
    /// Upright, in square pixels; none for a sound.
    pub dimensions: Option<Size>,
    /// From beginning to end.
    pub duration_ms: u64,
}

/// What is told while a film is worked on: `Facts` once, `Progress` often, `Made` as things are finished.
#[derive(Debug, Clone, PartialEq)]
pub enum FilmStep {
    /// What it is; the first step.
    Facts(FilmFacts),
    /// How much is done, from 0 to 1. A step that nobody takes in time is left out.
    Progress(f64),
    /// Files that are finished: first those made from the poster, then 240p, then 720p; of a sound its picture's, then the M4A.
    Made(Vec<RenderedFile>),
}

/// The end of a film that was rendered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilmDone {
    /// SHA-256 of the original, computed on the server's side.
    pub sha256: [u8; 32],
}

/// A program of this machine that films need.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ToolReport {
    /// `ffmpeg` or `ffprobe`.
    pub name: &'static str,
    /// The version it tells of itself; none if it is missing or does not run.
    pub version: Option<String>,
}

impl Renderer {
    /// Makes every rendition of the film, animation or sound `input` in `output_dir`, an existing, empty, private directory.
    ///
    /// Dropping the future kills the tools and everything they started.
    ///
    /// # Errors
    /// [`RenderError::Failed`] for what is the media's fault or the decoder's, [`RenderError::Broken`] for what is ours.
    pub async fn render_film(
        &self,
        _input: &Path,
        _output_dir: &Path,
        _steps: Sender<FilmStep>,
    ) -> Result<FilmDone, RenderError> {
        Err(RenderError::Broken("films are not rendered yet".to_owned()))
    }

    /// The programs that films need, and whether this machine has them.
    pub async fn tools(&self) -> Vec<ToolReport> {
        Vec::new()
    }
}
