//! The server's side: starts children, and judges what they answer.

use std::path::{Path, PathBuf};
use std::time::Duration;

use strongroom_core::media::{Failure, FailureCode, Format, MediaType};
use strongroom_core::rendition::{RenditionFormat, RenditionName, Size};

use crate::door::{self, Ending, Errand};
use crate::limits::Limits;
use crate::order::{Answer, Confinement, Made, Order, Report, SelfTest, Task, file_name};
use crate::sandbox::Sandbox;

/// The subcommand of our own binary that is [`crate::child_main`].
const SUBCOMMAND: &str = "render";
/// Seconds a self-test may take: it waits for nothing.
const SELF_TEST_SECONDS: u64 = 10;

/// What a finished photo run made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// What a viewer will see.
    pub media_type: MediaType,
    /// The format of the original.
    pub format: Format,
    /// Upright.
    pub size: Size,
    /// SHA-256 of the original. As trustworthy as the child: a decoder that was taken over can name any digest.
    pub sha256: [u8; 32],
    /// Every rendition, `full` first.
    pub renditions: Vec<RenderedFile>,
}

/// One rendition, in the output directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderedFile {
    /// Which one.
    pub name: RenditionName,
    /// What it is encoded as.
    pub format: RenditionFormat,
    /// Upright.
    pub size: Size,
    /// The file's length, as this side measured it.
    pub bytes: u64,
    /// The file: regular, of this side's naming, not yet synced.
    pub file: PathBuf,
}

/// Why a run made no renditions.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// The media's fault or the decoder's: its end state, unless [`FailureCode::is_retryable`].
    #[error(transparent)]
    Failed(Failure),
    /// x
    #[error("a")]
    Animated,
    /// Ours: try again.
    #[error("the renderer is broken: {0}")]
    Broken(String),
}

/// Why nothing may be rendered on this machine.
#[derive(Debug, thiserror::Error)]
pub enum SandboxUnavailable {
    /// The kernel does not enforce a layer.
    #[error("the sandbox has no {layer}: {detail} (--allow-unsandboxed renders without it)")]
    Missing {
        /// The layer's name.
        layer: String,
        /// What the kernel said.
        detail: String,
    },
    /// The layers are there, yet the child got through them.
    #[error("the sandbox leaks, a child could: {} (--allow-unsandboxed renders all the same)", attempts.join(", "))]
    Leaks {
        /// What succeeded and should not have.
        attempts: Vec<String>,
    },
    /// The self-test could not run.
    #[error("the sandbox could not be tested: {0}")]
    Untested(String),
}

/// Renders photos in sandboxed children.
#[derive(Debug, Clone)]
pub struct Renderer {
    program: PathBuf,
    limits: Limits,
    sandbox: Sandbox,
}

impl Renderer {
    /// A renderer that re-executes `program`, which must call [`crate::child_main`] for the subcommand `render`;
    /// normally it is [`std::env::current_exe`].
    #[must_use]
    pub fn new(program: PathBuf, limits: Limits, sandbox: Sandbox) -> Self {
        Self { program, limits, sandbox }
    }

    /// Starts a hostile child of our own and lets it try to break out; see [`SelfTest::attempts`] for what it tries.
    ///
    /// # Errors
    /// If a layer is missing, if anything succeeded, or if the child could not run. `canary` is a file the child must
    /// not reach, best the catalog itself.
    pub async fn self_test(&self, canary: &Path) -> Result<SelfTest, SandboxUnavailable> {
        let untested = |error: std::io::Error| SandboxUnavailable::Untested(error.to_string());
        // The child tries to delete its input and to write beside its output: both are bait in a directory of their own.
        let scratch = tempfile::tempdir().map_err(untested)?;
        let (input, output) = (scratch.path().join("input"), scratch.path().join("output"));
        std::fs::write(&input, b"bait").map_err(untested)?;
        std::fs::create_dir(&output).map_err(untested)?;
        let canary = std::path::absolute(canary).map_err(untested)?;

        match self.send(&input, &output, Task::SelfTest { canary }, SELF_TEST_SECONDS).await {
            Ok(Answer::SelfTested(report)) => judge_self_test(report),
            Ok(Answer::Unconfined(layer)) => {
                Err(SandboxUnavailable::Missing { layer: layer.name, detail: layer.detail })
            }
            Ok(other) => Err(SandboxUnavailable::Untested(format!("unexpected answer {other:?}"))),
            Err(error) => Err(SandboxUnavailable::Untested(error.to_string())),
        }
    }

    /// Makes every rendition of the photo `input` in `output_dir`, an existing, empty, private directory.
    ///
    /// Dropping the future kills the child and everything it started.
    ///
    /// # Errors
    /// [`RenderError::Failed`] for what is the media's fault or the decoder's, [`RenderError::Broken`] for what is ours.
    pub async fn render_photo(&self, input: &Path, output_dir: &Path) -> Result<Rendered, RenderError> {
        match self.send(input, output_dir, Task::Photo, self.limits.wall_seconds).await? {
            Answer::Rendered(report) => self.judge(report, output_dir),
            Answer::Failed(failure) => Err(RenderError::Failed(failure)),
            Answer::Broken(reason) => Err(RenderError::Broken(reason)),
            Answer::Unconfined(layer) => Err(RenderError::Broken(format!("no {}: {}", layer.name, layer.detail))),
            Answer::SelfTested(_) => Err(RenderError::Broken("a photo was ordered, a self-test answered".to_owned())),
        }
    }

    async fn send(&self, input: &Path, output: &Path, task: Task, wall_seconds: u64) -> Result<Answer, RenderError> {
        let broken = |error: std::io::Error| RenderError::Broken(error.to_string());
        let order = Order {
            parent: std::process::id(),
            confinement: match self.sandbox {
                Sandbox::Required => Confinement::Required,
                Sandbox::Unsandboxed => Confinement::BestEffort,
            },
            limits: self.limits.clone(),
            input: std::path::absolute(input).map_err(broken)?,
            output: std::path::absolute(output).map_err(broken)?,
            task,
        };
        let errand = Errand {
            program: self.program.clone(),
            arguments: vec![SUBCOMMAND.into()],
            // One malloc arena: each further one reserves 64 MiB of the address space that RLIMIT_AS counts.
            environment: vec![("MALLOC_ARENA_MAX".into(), "1".into())],
            directory: order.output.clone(),
            input: serde_json::to_vec(&order).map_err(|error| RenderError::Broken(error.to_string()))?,
            wall: Duration::from_secs(wall_seconds),
        };
        let finished = door::run(errand).await.map_err(|error| RenderError::Broken(error.to_string()))?;
        if !finished.stderr_tail.is_empty() {
            tracing::debug!(ending = ?finished.ending, stderr = finished.stderr_tail, "a render child complained");
        }
        read_answer(&finished, wall_seconds)
    }

    /// A report comes from a process that may have been taken over, so it only says what to look at: names are ours,
    /// files must be regular and of a size we measure, and every name may come once.
    fn judge(&self, report: Report, output_dir: &Path) -> Result<Rendered, RenderError> {
        let broken =
            |reason: String| RenderError::Broken(format!("the child's report is not to be believed: {reason}"));
        let steps: Vec<_> =
            report.steps.iter().map(|(step, milliseconds)| format!("{step} {milliseconds:.1}")).collect();
        tracing::debug!(steps = steps.join(", "), peak_resident_kib = report.peak_resident_kib, "photo rendered");

        if report.renditions.first().map(|made| made.name) != Some(RenditionName::Full) {
            return Err(broken("`full` is not its first rendition".to_owned()));
        }
        let mut renditions: Vec<RenderedFile> = Vec::with_capacity(report.renditions.len());
        for made in report.renditions {
            if renditions.iter().any(|earlier| earlier.name == made.name) {
                return Err(broken(format!("`{}` comes twice", made.name)));
            }
            renditions.push(self.measure(made, output_dir).map_err(broken)?);
        }
        let sha256 = from_hex(&report.sha256).ok_or_else(|| broken("its digest is malformed".to_owned()))?;
        Ok(Rendered { media_type: MediaType::Photo, format: report.format, size: report.size, sha256, renditions })
    }

    fn measure(&self, made: Made, output_dir: &Path) -> Result<RenderedFile, String> {
        let Made { name, format, size } = made;
        let file = output_dir.join(file_name(name, format));
        let metadata = std::fs::symlink_metadata(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        let bytes = metadata.len();
        if !metadata.is_file() || bytes == 0 || bytes > self.limits.output_bytes {
            return Err(format!("{} is no regular file of 1 to {} bytes", file.display(), self.limits.output_bytes));
        }
        Ok(RenderedFile { name, format, size, bytes, file })
    }
}

/// Turns the way a child ended into what it means for the media.
fn read_answer(finished: &door::Finished, wall_seconds: u64) -> Result<Answer, RenderError> {
    let failed = |code, message: String| Err(RenderError::Failed(Failure::new(code, message)));
    match finished.ending {
        Ending::Exited(0) => serde_json::from_slice(&finished.stdout)
            .map_err(|error| RenderError::Broken(format!("the child's answer is unreadable: {error}"))),
        // 101 is a Rust panic: a decoder written in Rust found a state it did not expect.
        Ending::Exited(101) => failed(FailureCode::DecoderCrash, "the decoder gave up on this file".to_owned()),
        Ending::Exited(status) => {
            Err(RenderError::Broken(format!("the child exited with status {status}: {}", finished.stderr_tail)))
        }
        Ending::OutOfTime => failed(FailureCode::Timeout, format!("decoding took longer than {wall_seconds} s")),
        Ending::Signalled(libc::SIGXCPU) => failed(FailureCode::Timeout, "decoding took too much CPU time".to_owned()),
        Ending::Signalled(libc::SIGXFSZ) => failed(FailureCode::TooLarge, "a rendition outgrew its limit".to_owned()),
        Ending::Signalled(signal) => {
            failed(FailureCode::DecoderCrash, format!("the decoder crashed or ran out of its memory (signal {signal})"))
        }
    }
}

fn judge_self_test(report: SelfTest) -> Result<SelfTest, SandboxUnavailable> {
    let attempts: Vec<String> =
        report.attempts.iter().filter(|attempt| !attempt.refused).map(|attempt| attempt.name.clone()).collect();
    if attempts.is_empty() { Ok(report) } else { Err(SandboxUnavailable::Leaks { attempts }) }
}

fn from_hex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(index * 2..index * 2 + 2)?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests;

/// x
#[derive(Debug, Clone)]
pub struct FilmFacts {
    /// x
    pub media_type: MediaType,
    /// x
    pub format: Format,
    /// x
    pub dimensions: Option<Size>,
    /// x
    pub duration_ms: u64,
}
/// x
pub enum FilmStep {
    /// x
    Facts(FilmFacts),
    /// x
    Progress(f64),
    /// x
    Made(Vec<RenderedFile>),
}
/// x
pub struct FilmDone {
    /// x
    pub sha256: [u8; 32],
}
impl Renderer {
    /// x
    pub async fn render_film(
        &self,
        _i: &Path,
        _o: &Path,
        _s: tokio::sync::mpsc::Sender<FilmStep>,
    ) -> Result<FilmDone, RenderError> {
        Err(RenderError::Animated)
    }
}
