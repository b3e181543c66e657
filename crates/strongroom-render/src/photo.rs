//! A photo's way through the child: read, take apart, decode once, reduce, encode.
//!
//! The order is the safety: `container` walks the file's segments with nothing but bounds-checked slices, refuses by
//! the header's own numbers, and writes a clean file that holds pixels, colour profile and orientation and nothing
//! else. Decoders see only that clean file, so no text, thumbnail or maker's note ever reaches C code, and it is the
//! very file that is delivered as `full`: what was decoded is what is served.

mod bmp;
mod colour;
pub(crate) mod container;
mod decode;
pub(crate) mod encode;
mod exif;
pub(crate) mod gif;
mod heif;
mod jpeg;
pub(crate) mod png;
mod publish;
pub(crate) mod read;
mod reduce;
mod steps;
mod tiff;
pub(crate) mod webp;
mod webp_encoder;

use strongroom_core::media::{Failure, FailureCode, Format, sniff};

use crate::animation;
use crate::coded::Coded;
use crate::order::{Answer, Order, Report};

/// Why a photo has no renditions.
#[derive(Debug)]
pub(crate) enum RunError {
    /// The media is at fault: trying again gives the same.
    Media(Failure),
    /// The pictures move: this is no photo, and no failure either.
    Animated,
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

/// Makes every rendition of an order's input; of a picture that another program has to decode, what that needs.
pub(crate) fn render(order: &Order) -> Result<Answer, RunError> {
    let Order { input, output, limits, .. } = order;
    let mut steps = steps::Steps::start();
    let original = read::original(input, limits)?;
    steps.done("read");
    if let Some(format @ (Format::Heif | Format::Avif)) = sniff(original.head()) {
        return heif::unpack(&original, format, output, limits).map(Answer::Coded);
    }
    let read::Original { bytes, sha256 } = original;
    if animation::moves(&bytes, limits)? {
        return Err(RunError::Animated);
    }
    let mut container = container::take_apart(&bytes, limits)?;
    // The clean file has what is needed of it; two copies of a large one would not leave room for its pixels.
    drop(bytes);
    steps.done("take apart");
    let decoded = decode::decode(&container, &order.photo_use.plan(container.upright()), limits.care)?;
    steps.done("decode");
    let colours = colour::Colours::of(container.profile.take());
    finish(container, decoded, &colours, sha256, steps, order).map(Answer::Rendered)
}

/// Makes every rendition of what lies decoded in an order's input, a directory.
pub(crate) fn render_decoded(coded: &Coded, order: &Order) -> Result<Report, RunError> {
    let mut steps = steps::Steps::start();
    let (container, decoded, colours) = heif::pack(coded, &order.input)?;
    steps.done("read");
    finish(container, decoded, &colours, coded.sha256.clone(), steps, order)
}

fn finish(
    container: container::Container,
    mut decoded: decode::Picture,
    colours: &colour::Colours,
    sha256: String,
    mut steps: steps::Steps,
    order: &Order,
) -> Result<Report, RunError> {
    let (format, orientation, upright) = (container.format, container.orientation, container.upright());
    let reduced = reduce::reduce(&mut decoded, orientation, colours, &order.photo_use.plan(upright))?;
    steps.done("reduce");
    let full = publish::Full::of(container, decoded, colours)?;
    let renditions = publish::all(&full, &reduced, upright, &order.output, order.limits.threads)?;
    steps.done("encode");

    let (steps, peak_resident_kib) = (steps.finish(), steps::peak_resident_kib());
    Ok(Report { format, size: upright, sha256, renditions, steps, peak_resident_kib })
}

/// A file that breaks its own format's rules.
pub(crate) fn malformed(message: impl Into<String>) -> Failure {
    Failure::new(FailureCode::Malformed, message)
}

/// A file of a kind that is not decoded here.
fn unsupported(message: impl Into<String>) -> Failure {
    Failure::new(FailureCode::UnsupportedCodec, message)
}

/// A file that asks for more than the limits allow.
pub(crate) fn too_large(message: impl Into<String>) -> Failure {
    Failure::new(FailureCode::TooLarge, message)
}
