//! What the server and the child say to each other: one order on stdin, one answer on stdout, both JSON.

use std::path::{Path, PathBuf};

use strongroom_core::media::{Failure, Format};
use strongroom_core::rendition::{PhotoUse, RenditionFormat, RenditionName, Size};

use crate::coded::Coded;
use crate::limits::Limits;

/// One order to a child.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct Order {
    /// The process that waits; a child whose parent is another one has been orphaned already, and leaves.
    pub(crate) parent: u32,
    pub(crate) confinement: Confinement,
    pub(crate) limits: Limits,
    /// What a photo's renditions are for.
    pub(crate) photo_use: PhotoUse,
    /// The one file the child may read.
    pub(crate) input: PathBuf,
    /// The one directory the child may write to.
    pub(crate) output: PathBuf,
    pub(crate) task: Task,
}

/// How much of the sandbox the order insists on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Confinement {
    /// Every layer, or no work.
    Required,
    /// Every layer that this kernel has.
    BestEffort,
    /// None. The server never sends it: the tests do, to prove that the self-test notices.
    Nothing,
}

/// What to do once locked in.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Task {
    /// Make every rendition of the photo.
    Photo,
    /// Make them of the picture that lies decoded in the input, which is a directory here.
    Decoded(Coded),
    /// Unroll the animation into a film of raw pictures, [`UNROLLED_FILE`].
    Animation,
    /// Become this program, which must lie where programs do, with these arguments. There is no [`Answer`] then: what is
    /// said and how it ends is the program's, unless it could not be started ([`NOT_OBEYED`]).
    Exec {
        /// The program.
        program: PathBuf,
        /// Words of the server's own making, and paths.
        arguments: Vec<String>,
    },
    /// Try to break out, and say what happened.
    SelfTest {
        /// A file outside the sandbox that exists and must stay out of reach.
        canary: PathBuf,
    },
}

impl Task {
    /// The program that the child is to become.
    pub(crate) fn program(&self) -> Option<&Path> {
        match self {
            Self::Exec { program, .. } => Some(program),
            Self::Photo | Self::Decoded(_) | Self::Animation | Self::SelfTest { .. } => None,
        }
    }
}

/// How a child exits that could not do as it was told; stderr says why. None of ffmpeg's own (0, 1, 69, 123, 255), nor of
/// pdftoppm's (0 to 3, 99).
pub(crate) const NOT_OBEYED: u8 = 98;

/// A child's answer.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Answer {
    /// The photo's renditions lie in the output directory.
    Rendered(Report),
    /// Asked for a photo, found an animation.
    Animated,
    /// The animation's pictures lie in the output directory.
    Unrolled(Unrolled),
    /// The photo is coded as films are; what it takes to decode it lies in the output directory.
    Coded(Coded),
    /// The media's own fault: final.
    Failed(Failure),
    /// Our fault (an I/O error, an order that makes no sense): try again.
    Broken(String),
    /// A layer of the sandbox is missing and the order insists on it.
    Unconfined(Layer),
    /// What the self-test found.
    SelfTested(SelfTest),
}

/// What a finished photo run says about itself.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct Report {
    pub(crate) format: Format,
    pub(crate) size: Size,
    /// Of the input, in hexadecimal.
    pub(crate) sha256: String,
    pub(crate) renditions: Vec<Made>,
    /// Milliseconds by step, for the operator's log.
    pub(crate) steps: Vec<(String, f64)>,
    /// The largest resident set the child ever had, in KiB.
    pub(crate) peak_resident_kib: i64,
}

/// Where an animation's raw pictures lie in the output directory.
pub(crate) const UNROLLED_FILE: &str = "unrolled.mkv";

/// What an animation turned out to be.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub(crate) struct Unrolled {
    pub(crate) format: Format,
    pub(crate) size: Size,
    pub(crate) frames: u32,
    pub(crate) duration_ms: u64,
}

/// One rendition in the output directory, under [`file_name`].
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub(crate) struct Made {
    pub(crate) name: RenditionName,
    pub(crate) format: RenditionFormat,
    pub(crate) size: Size,
}

/// Where a rendition lies in the output directory. Both sides compute it; neither takes the other's word.
pub(crate) fn file_name(name: RenditionName, format: RenditionFormat) -> String {
    format!("{name}.{}", format.extension())
}

/// What the self-test of the sandbox found.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct SelfTest {
    /// Each layer, and how much of it this kernel enforces.
    pub layers: Vec<Layer>,
    /// Each hostile thing tried from inside.
    pub attempts: Vec<Attempt>,
}

/// One layer of the sandbox.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Layer {
    /// `landlock`, `seccomp`, `rlimits`, …
    pub name: String,
    /// Whether the kernel enforces it.
    pub enforced: bool,
    /// How much of it, or why not, for a person.
    pub detail: String,
}

/// One hostile thing the self-test tried.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Attempt {
    /// What was tried.
    pub name: String,
    /// Whether it was refused, as it must be.
    pub refused: bool,
    /// What the kernel said.
    pub detail: String,
}
