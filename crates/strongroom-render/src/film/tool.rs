//! ffprobe, ffmpeg and pdftoppm of this machine: where they are, and one run of one of them in the sandbox.

use std::path::{Path, PathBuf};

use strongroom_core::media::FailureCode;

use crate::door::{self, Watch};
use crate::limits::{FilmLimits, Limits};
use crate::order::{NOT_OBEYED, Task};
use crate::renderer::{RenderError, Renderer, exit_status, failed};

/// Where the distribution and the operator install programs. Not `PATH`: the sandbox opens `/usr` alone.
const DIRECTORIES: [&str; 3] = ["/usr/local/bin", "/usr/bin", "/bin"];

/// A program that is not ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tool {
    Ffprobe,
    Ffmpeg,
    /// Of poppler.
    Pdftoppm,
}

impl Tool {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Ffprobe => "ffprobe",
            Self::Ffmpeg => "ffmpeg",
            Self::Pdftoppm => "pdftoppm",
        }
    }

    /// What cannot be rendered without it.
    const fn needed_for(self) -> &'static str {
        match self {
            Self::Ffprobe | Self::Ffmpeg => "films and sound",
            Self::Pdftoppm => "the preview of a PDF",
        }
    }

    /// The program's own file, links followed.
    pub(crate) fn find(self) -> Option<PathBuf> {
        DIRECTORIES.iter().find_map(|directory| Path::new(directory).join(self.name()).canonicalize().ok())
    }
}

/// One run of a tool.
pub(crate) struct Run<'a> {
    pub(crate) tool: Tool,
    /// Words and numbers of our own, and paths of the server's choosing: never a stranger's text (T15).
    pub(crate) arguments: Vec<String>,
    /// The one file it may read.
    pub(crate) input: &'a Path,
    /// The one directory it may write to.
    pub(crate) directory: &'a Path,
    /// Seconds on the wall, and of CPU on each of the threads.
    pub(crate) seconds: u64,
}

/// How a tool ended that ended by itself.
pub(crate) struct Ran {
    pub(crate) is_success: bool,
    pub(crate) stdout: Vec<u8>,
    /// For the operator: it quotes the file, so it is never shown to anybody else.
    pub(crate) stderr_tail: String,
}

/// Runs a tool to its end, listening to it if somebody wants to.
pub(crate) async fn run(renderer: &Renderer, run: Run<'_>, watch: Option<Watch<'_>>) -> Result<Ran, RenderError> {
    let Run { tool, arguments, input, directory, seconds } = run;
    let program = tool.find().ok_or_else(|| missing(tool))?;
    let limits = confine(renderer.limits(), seconds);
    let errand = renderer.errand(input, directory, Task::Exec { program, arguments }, limits, seconds)?;
    let finished = match watch {
        None => door::run(errand).await,
        Some(watch) => door::run_watched(errand, watch).await,
    }
    .map_err(|error| RenderError::Broken(error.to_string()))?;
    if !finished.stderr_tail.is_empty() {
        tracing::debug!(tool = tool.name(), ending = ?finished.ending, stderr = finished.stderr_tail, "a tool complained");
    }
    let status = exit_status(finished.ending, seconds)?;
    if status == i32::from(NOT_OBEYED) {
        return Err(RenderError::Broken(format!("{} could not be started: {}", tool.name(), finished.stderr_tail)));
    }
    Ok(Ran { is_success: status == 0, stdout: finished.stdout, stderr_tail: finished.stderr_tail })
}

/// The ceilings of a photo's child, as a tool gets them.
fn confine(limits: &Limits, seconds: u64) -> Limits {
    let FilmLimits { address_space_bytes, output_bytes, threads, .. } = limits.film;
    Limits {
        address_space_bytes,
        output_bytes,
        // The wall is for one thread that works all the time; more of them use the same time at once.
        cpu_seconds: seconds.saturating_mul(u64::from(threads.max(1))),
        ..limits.clone()
    }
}

/// Final for this media until the operator installs the tool and reprocesses: a job that waits would only look stuck.
pub(super) fn missing(tool: Tool) -> RenderError {
    failed(
        FailureCode::UnsupportedCodec,
        format!("this server has no {}, which is needed for {}", tool.name(), tool.needed_for()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_tool_is_named_with_what_it_is_for() {
        let told = missing(Tool::Pdftoppm).to_string();
        assert_eq!(told, "unsupported_codec: this server has no pdftoppm, which is needed for the preview of a PDF");
    }
}
