//! The server's side: starts children, and judges what they answer.

use std::path::{Path, PathBuf};
use std::time::Duration;

use strongroom_core::media::{Failure, FailureCode, Format, MediaType};
use strongroom_core::rendition::{PhotoUse, RenditionFormat, RenditionName, Size};

use crate::door::{self, Ending, Errand};
use crate::limits::Limits;
use crate::order::{Answer, Confinement, Made, Order, Report, SelfTest, Task, Unrolled, file_name};
use crate::sandbox::Sandbox;

/// The subcommand of our own binary that is [`crate::child_main`].
const SUBCOMMAND: &str = "render";
/// How glibc's malloc serves a child, which lives for one file:
///
/// - one arena: each further one reserves 64 MiB of the address space that `RLIMIT_AS` counts;
/// - what is freed is kept, up to 32 MiB a piece, and pictures lie on huge pages where the kernel has them: ten
///   thousand page faults were a tenth to a quarter of a photo's processor time (bench/FINDINGS.md).
const MALLOC: &str = "glibc.malloc.arena_max=1:glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold=33554432:glibc.malloc.trim_threshold=1073741824";
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
    /// Asked for a photo, found pictures that move: [`Renderer::render_film`] is the way.
    #[error("this picture moves, it is no photo")]
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
    photo_use: PhotoUse,
}

impl Renderer {
    /// A renderer that re-executes `program`, which must call [`crate::child_main`] for the subcommand `render`;
    /// normally it is [`std::env::current_exe`].
    #[must_use]
    pub fn new(program: PathBuf, limits: Limits, sandbox: Sandbox) -> Self {
        Self { program, limits, sandbox, photo_use: PhotoUse::Media }
    }

    /// The same renderer for a second attempt: see [`Care::Careful`](crate::Care).
    #[must_use]
    pub fn careful(&self) -> Self {
        Self { limits: self.limits.careful(), ..self.clone() }
    }

    /// The same renderer for photos that show someone beside their name, too.
    #[must_use]
    pub fn for_avatars(&self) -> Self {
        Self { photo_use: PhotoUse::Avatar, ..self.clone() }
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

        match self.send(&input, &output, Task::SelfTest { canary }, self.limits.clone(), SELF_TEST_SECONDS).await {
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
    /// [`RenderError::Failed`] for what is the media's fault or the decoder's, [`RenderError::Animated`] for pictures that
    /// move, [`RenderError::Broken`] for what is ours.
    pub async fn render_photo(&self, input: &Path, output_dir: &Path) -> Result<Rendered, RenderError> {
        let mut answer =
            self.send(input, output_dir, Task::Photo, self.limits.clone(), self.limits.wall_seconds).await?;
        if let Answer::Coded(coded) = answer {
            answer = self.render_coded(coded, output_dir).await?;
        }
        match answer {
            Answer::Rendered(report) => self.judge(report, output_dir),
            Answer::Animated => Err(RenderError::Animated),
            other => Err(no_answer(other)),
        }
    }

    /// Unrolls the animation `input` into a film of raw pictures in `output_dir`.
    pub(crate) async fn unroll(&self, input: &Path, output_dir: &Path) -> Result<Unrolled, RenderError> {
        let limits = Limits { output_bytes: self.limits.film.unrolled_bytes, ..self.limits.clone() };
        match self.send(input, output_dir, Task::Animation, limits, self.limits.wall_seconds).await? {
            Answer::Unrolled(unrolled) => Ok(unrolled),
            other => Err(no_answer(other)),
        }
    }

    pub(crate) async fn send(
        &self,
        input: &Path,
        output: &Path,
        task: Task,
        limits: Limits,
        wall_seconds: u64,
    ) -> Result<Answer, RenderError> {
        let errand = self.errand(input, output, task, limits, wall_seconds)?;
        let finished = door::run(errand).await.map_err(|error| RenderError::Broken(error.to_string()))?;
        if !finished.stderr_tail.is_empty() {
            tracing::debug!(ending = ?finished.ending, stderr = finished.stderr_tail, "a render child complained");
        }
        read_answer(&finished, wall_seconds)
    }

    /// What starts a child that does `task` within `limits`.
    pub(crate) fn errand(
        &self,
        input: &Path,
        output: &Path,
        task: Task,
        limits: Limits,
        wall_seconds: u64,
    ) -> Result<Errand, RenderError> {
        let broken = |error: std::io::Error| RenderError::Broken(error.to_string());
        let order = Order {
            parent: std::process::id(),
            confinement: match self.sandbox {
                Sandbox::Required => Confinement::Required,
                Sandbox::Unsandboxed => Confinement::BestEffort,
            },
            limits,
            photo_use: self.photo_use,
            input: std::path::absolute(input).map_err(broken)?,
            output: std::path::absolute(output).map_err(broken)?,
            task,
        };
        Ok(Errand {
            program: self.program.clone(),
            arguments: vec![SUBCOMMAND.into()],
            environment: vec![("GLIBC_TUNABLES".into(), MALLOC.into())],
            directory: order.output.clone(),
            input: serde_json::to_vec(&order).map_err(|error| RenderError::Broken(error.to_string()))?,
            wall: Duration::from_secs(wall_seconds),
        })
    }

    /// What everything is held to.
    #[must_use]
    pub const fn limits(&self) -> &Limits {
        &self.limits
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
        measure(made, output_dir, self.limits.output_bytes)
    }
}

/// Finds a rendition that a child says it made, and believes only what this side can see of it.
pub(crate) fn measure(made: Made, directory: &Path, most_bytes: u64) -> Result<RenderedFile, String> {
    let Made { name, format, size } = made;
    let file = directory.join(file_name(name, format));
    let metadata = std::fs::symlink_metadata(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    let bytes = metadata.len();
    if !metadata.is_file() || bytes == 0 || bytes > most_bytes {
        return Err(format!("{} is no regular file of 1 to {most_bytes} bytes", file.display()));
    }
    Ok(RenderedFile { name, format, size, bytes, file })
}

/// Turns the way a child ended into what it means for the media.
fn read_answer(finished: &door::Finished, wall_seconds: u64) -> Result<Answer, RenderError> {
    match exit_status(finished.ending, wall_seconds)? {
        0 => serde_json::from_slice(&finished.stdout)
            .map_err(|error| RenderError::Broken(format!("the child's answer is unreadable: {error}"))),
        // A Rust panic: a decoder written in Rust found a state it did not expect.
        101 => Err(failed(FailureCode::DecoderCrash, "the decoder gave up on this file")),
        status => Err(RenderError::Broken(format!("the child exited with status {status}: {}", finished.stderr_tail))),
    }
}

/// The status of a child that ended by itself; for one that was ended, what that says of the media.
pub(crate) fn exit_status(ending: Ending, wall_seconds: u64) -> Result<i32, RenderError> {
    use FailureCode::{DecoderCrash, Timeout, TooLarge};
    match ending {
        Ending::Exited(status) => Ok(status),
        Ending::OutOfTime => Err(failed(Timeout, format!("decoding took longer than {wall_seconds} s"))),
        Ending::Silent => Err(failed(Timeout, "the decoder stopped making progress")),
        Ending::Signalled(libc::SIGXCPU) => Err(failed(Timeout, "decoding took too much CPU time")),
        Ending::Signalled(libc::SIGXFSZ) => Err(failed(TooLarge, "a rendition outgrew its limit")),
        Ending::Signalled(signal) => {
            Err(failed(DecoderCrash, format!("the decoder crashed or ran out of its memory (signal {signal})")))
        }
    }
}

/// The media's fault or the decoder's.
pub(crate) fn failed(code: FailureCode, message: impl Into<String>) -> RenderError {
    RenderError::Failed(Failure::new(code, message))
}

/// What any answer means that is not the one asked for.
fn no_answer(answer: Answer) -> RenderError {
    match answer {
        Answer::Failed(failure) => RenderError::Failed(failure),
        Answer::Broken(reason) => RenderError::Broken(reason),
        Answer::Unconfined(layer) => RenderError::Broken(format!("no {}: {}", layer.name, layer.detail)),
        _ => RenderError::Broken("the child answered another question than it was asked".to_owned()),
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
