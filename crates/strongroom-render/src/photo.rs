//! A photo's way through the child: read, take apart, decode once, reduce, encode.
//!
//! The order is the safety: `container` walks the file's segments with nothing but bounds-checked slices, refuses by
//! the header's own numbers, and writes a clean file that holds pixels, colour profile and orientation and nothing
//! else. Decoders see only that clean file, so no text, thumbnail or maker's note ever reaches C code, and it is the
//! very file that is delivered as `full`: what was decoded is what is served.

mod colour;
mod container;
mod decode;
mod encode;
mod exif;
mod gif;
mod jpeg;
mod png;
mod publish;
mod read;
mod reduce;
mod steps;
mod webp;
mod webp_encoder;

use std::path::Path;

use strongroom_core::media::{Failure, FailureCode};
use strongroom_core::rendition::plan_reduced;

use crate::limits::Limits;
use crate::order::Report;

/// Why a photo has no renditions.
#[derive(Debug)]
pub(crate) enum RunError {
    /// The media is at fault: trying again gives the same.
    Media(Failure),
    /// We are: an I/O error, an encoder that failed.
    Ours(String),
}

impl From<Failure> for RunError {
    fn from(failure: Failure) -> Self {
        Self::Media(failure)
    }
}

impl From<std::io::Error> for RunError {
    fn from(error: std::io::Error) -> Self {
        Self::Ours(error.to_string())
    }
}

/// Makes every rendition of `input` in the directory `output`.
pub(crate) fn render(input: &Path, output: &Path, limits: &Limits) -> Result<Report, RunError> {
    let mut steps = steps::Steps::start();
    let read::Original { bytes, sha256 } = read::original(input, limits)?;
    steps.done("read");
    let mut container = container::take_apart(&bytes, limits)?;
    // The clean file has what is needed of it; two copies of a large one would not leave room for its pixels.
    drop(bytes);
    steps.done("take apart");

    let (format, orientation, upright) = (container.format, container.orientation, container.upright());
    let plan = plan_reduced(upright);
    let mut decoded = decode::decode(&container, &plan)?;
    steps.done("decode");
    let colours = colour::Colours::of(container.profile.take());
    let reduced = reduce::reduce(&mut decoded, orientation, &colours, &plan)?;
    steps.done("reduce");
    let full = publish::Full::of(container, decoded, &colours);
    let renditions = publish::all(&full, &reduced, upright, output, limits.threads)?;
    steps.done("encode");

    let (steps, peak_resident_kib) = (steps.finish(), steps::peak_resident_kib());
    Ok(Report { format, size: upright, sha256, renditions, steps, peak_resident_kib })
}

/// A file that breaks its own format's rules.
fn malformed(message: impl Into<String>) -> Failure {
    Failure::new(FailureCode::Malformed, message)
}

/// A file of a kind that is not decoded here.
fn unsupported(message: impl Into<String>) -> Failure {
    Failure::new(FailureCode::UnsupportedCodec, message)
}

/// A file that asks for more than the limits allow.
fn too_large(message: impl Into<String>) -> Failure {
    Failure::new(FailureCode::TooLarge, message)
}
