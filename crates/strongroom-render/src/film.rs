//! Films, animations and sound: looked at by ffprobe, made by ffmpeg, both behind the fence.
//!
//! The steps of a film: [`probe`] asks what the file holds, [`source`] holds that against the limits, [`plan`] says what is
//! made of it and [`passes`] in which runs, [`graph`] and [`arguments`] put those into ffmpeg's words, [`make`] runs them, and
//! [`poster`] has the poster's renditions made meanwhile. [`sift`] comes first where a track is not decoded here. [`sound`] is the same without pictures; [`animation`] has
//! our own child unroll the pictures first, so that ffmpeg never sees a stranger's GIF. The decision records are
//! docs/adr/0009-film.md and docs/adr/0019-playable-early.md.

mod allowed;
mod animation;
mod arguments;
mod digest;
mod graph;
mod make;
mod measure;
mod passes;
mod plan;
mod poster;
mod probe;
mod progress;
mod sift;
mod sound;
mod source;
mod tool;
mod tools;

use std::path::{Path, PathBuf};

use strongroom_core::media::{FailureCode, Format, MediaType, SNIFF_LENGTH, sniff};
use strongroom_core::rendition::{RenditionName, Size};
use tokio::sync::mpsc::Sender;

use crate::renderer::{RenderError, RenderedFile, Renderer, failed};

pub(crate) use digest::sha256;
pub(crate) use tool::{Run, Tool, run};
pub use tools::ToolReport;

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
    /// Files that are finished: those made from the poster, 240p, 720p. The poster's come before whatever is encoded, 720p
    /// comes first where it is copied, else last. Of a sound its picture's, then the M4A.
    Made(Vec<RenderedFile>),
}

/// The end of a film that was rendered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilmDone {
    /// SHA-256 of the original, computed on the server's side.
    pub sha256: [u8; 32],
}

/// One piece of work: what goes in, where things are put, and who is told.
struct Work<'a> {
    renderer: &'a Renderer,
    input: &'a Path,
    /// Where ffmpeg writes, and nobody else: it can do what it likes in there, until it has ended.
    films: PathBuf,
    /// Where the photo child writes what it makes of the poster.
    pictures: PathBuf,
    /// What an earlier attempt has made.
    kept: &'a [RenditionName],
    steps: &'a Sender<FilmStep>,
}

impl Work<'_> {
    /// Tells of a step. A receiver that is gone wants to know no more; that does not stop the work.
    async fn tell(&self, step: FilmStep) {
        self.steps.send(step).await.ok();
    }
}

impl Renderer {
    /// Makes every rendition of the film, animation or sound `input` in `output_dir`, an existing, empty, private directory;
    /// of a film, only what is not made along with renditions that are `kept` from an earlier attempt.
    ///
    /// Dropping the future kills the tools and everything they started.
    ///
    /// # Errors
    /// [`RenderError::Failed`] for what is the media's fault or the decoder's, [`RenderError::Broken`] for what is ours.
    pub async fn render_film(
        &self,
        input: &Path,
        output_dir: &Path,
        kept: &[RenditionName],
        steps: Sender<FilmStep>,
    ) -> Result<FilmDone, RenderError> {
        let format = format_of(input)?;
        let (films, pictures) = (output_dir.join("films"), output_dir.join("pictures"));
        for directory in [&films, &pictures] {
            std::fs::create_dir(directory).map_err(broken)?;
        }
        let work = Work { renderer: self, input, films, pictures, kept, steps: &steps };
        let (sha256, ()) = tokio::try_join!(digest::sha256(input), render(&work, format))?;
        Ok(FilmDone { sha256 })
    }
}

async fn render(work: &Work<'_>, format: Format) -> Result<(), RenderError> {
    match format {
        Format::Gif | Format::Png | Format::Webp => animation::render(work, format).await,
        _ if format.media_type() == MediaType::Photo => {
            Err(failed(FailureCode::UnsupportedCodec, format!("this is {format}, which is not a film")))
        }
        _ => match probe::probe(work.renderer, work.input, format, &work.films).await? {
            Some(source) => render_source(work, &source).await,
            None => render_sifted(work, format).await,
        },
    }
}

/// A file with a track that is not decoded here: rendered without it.
async fn render_sifted(work: &Work<'_>, format: Format) -> Result<(), RenderError> {
    let input = sift::sift(work, format).await?;
    let sifted = Work { input: &input, films: work.films.clone(), pictures: work.pictures.clone(), ..*work };
    let source = probe::probe(work.renderer, &input, format, &work.films).await?.ok_or_else(|| {
        failed(FailureCode::UnsupportedCodec, format!("this {format} file has tracks that are not decoded here"))
    })?;
    render_source(&sifted, &source).await?;
    // As large as the film, and of no use to anybody any more.
    std::fs::remove_file(&input).map_err(broken)
}

async fn render_source(work: &Work<'_>, source: &source::Source) -> Result<(), RenderError> {
    source.check_duration(&work.renderer.limits().film)?;
    match (&source.picture, &source.sound) {
        (Some(picture), _) => make::film(work, source, picture, MediaType::Video, source.format).await,
        (None, Some(sound)) => sound::render(work, source, sound).await,
        (None, None) => Err(failed(FailureCode::UnsupportedCodec, "there is nothing to see or hear")),
    }
}

/// The format by the file's own first bytes; names and declared types are never asked.
fn format_of(input: &Path) -> Result<Format, RenderError> {
    use std::io::Read;
    let mut head = Vec::new();
    let file = std::fs::File::open(input).map_err(broken)?;
    file.take(SNIFF_LENGTH as u64).read_to_end(&mut head).map_err(broken)?;
    sniff(&head)
        .ok_or_else(|| failed(FailureCode::NotMedia, "these bytes are no picture, film or sound that is known here"))
}

fn broken(error: std::io::Error) -> RenderError {
    RenderError::Broken(error.to_string())
}
