//! What a file holds, and whether that may be worked on: by its headers, before anything is decoded.

use strongroom_core::media::{FailureCode, Format};
use strongroom_core::rendition::Size;

use super::allowed::is_decodable;
use crate::limits::FilmLimits;
use crate::renderer::{RenderError, failed};

/// A file taken stock of.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub(super) format: Format,
    /// Tracks of every kind.
    pub(super) streams: usize,
    pub(super) duration_ms: u64,
    /// The track to be seen: the default one or the first. Covers are none.
    pub(super) picture: Option<Picture>,
    /// The track to be heard: the default one or the first.
    pub(super) sound: Option<Sound>,
}

/// A track of pictures, in ffprobe's words. They come from ffprobe's own tables, but from a process that may have been
/// taken over: none of them is ever passed on, they are only compared.
#[derive(Debug, Clone)]
pub(super) struct Picture {
    pub(super) index: u32,
    pub(super) codec: String,
    pub(super) profile: String,
    pub(super) width: u32,
    pub(super) height: u32,
    /// A sample's width and height.
    pub(super) aspect: (u32, u32),
    /// Degrees, counter-clockwise.
    pub(super) rotation: f64,
    pub(super) pixel_format: String,
    pub(super) field_order: String,
    pub(super) range: String,
    pub(super) matrix: String,
    pub(super) transfer: String,
    pub(super) primaries: String,
    /// On average; 0 if unknown.
    pub(super) frames_per_second: f64,
    pub(super) start_ms: u64,
    pub(super) bits_per_second: Option<u64>,
}

/// A track of sound.
#[derive(Debug, Clone)]
pub(super) struct Sound {
    pub(super) index: u32,
    pub(super) codec: String,
    pub(super) profile: String,
    pub(super) channels: u32,
    pub(super) samples_per_second: u32,
    pub(super) bits_per_second: Option<u64>,
}

impl Source {
    /// What can be held against the limits without knowing the length.
    pub(super) fn check_before_measuring(&self, limits: &FilmLimits) -> Result<(), RenderError> {
        if self.streams > limits.max_streams {
            let (found, allowed) = (self.streams, limits.max_streams);
            return Err(failed(FailureCode::TooLarge, format!("the file has {found} tracks; {allowed} are allowed")));
        }
        if let Some(picture) = &self.picture {
            picture.check(limits)?;
        }
        if let Some(sound) = &self.sound {
            check_codec("sound track", &sound.codec)?;
        }
        if self.picture.is_none() && self.sound.is_none() {
            return Err(failed(
                FailureCode::UnsupportedCodec,
                format!("this {} file has nothing to see or hear", self.format),
            ));
        }
        Ok(())
    }

    /// Whether it is short enough, and has a length at all.
    pub(super) fn check_duration(&self, limits: &FilmLimits) -> Result<(), RenderError> {
        let seconds = self.duration_ms.div_ceil(1000);
        if self.duration_ms == 0 {
            return Err(failed(FailureCode::Malformed, "there is not a single picture or sound in this file"));
        }
        if seconds > limits.max_seconds {
            let allowed = limits.max_seconds;
            return Err(failed(FailureCode::TooLong, format!("it is {seconds} s long; {allowed} s are allowed")));
        }
        Ok(())
    }
}

impl Picture {
    fn check(&self, limits: &FilmLimits) -> Result<(), RenderError> {
        check_codec("picture track", &self.codec)?;
        if self.width == 0 || self.height == 0 {
            return Err(failed(FailureCode::Malformed, "the film does not say how large its pictures are"));
        }
        let Size { width, height } = self.upright();
        let allowed = limits.max_side;
        if width.max(height).max(self.width).max(self.height) > allowed {
            let message = format!("the film is {width} × {height} pixels; a side may have {allowed}");
            return Err(failed(FailureCode::TooLarge, message));
        }
        if self.frames_per_second > f64::from(limits.max_frames_per_second) {
            let (found, allowed) = (self.frames_per_second.round(), limits.max_frames_per_second);
            let message = format!("the film has {found} pictures a second; {allowed} are allowed");
            return Err(failed(FailureCode::TooLarge, message));
        }
        Ok(())
    }

    /// The size a viewer sees: square pixels, turned.
    pub(super) fn upright(&self) -> Size {
        let (aspect_width, aspect_height) = self.aspect;
        let width = (u64::from(self.width) * u64::from(aspect_width) + u64::from(aspect_height) / 2)
            / u64::from(aspect_height.max(1));
        let width = u32::try_from(width.max(1)).unwrap_or(u32::MAX);
        if self.is_on_its_side() { Size::new(self.height, width) } else { Size::new(width, self.height) }
    }

    /// Turned by a quarter: ffmpeg takes the nearest quarter within one degree, and so do we.
    pub(super) fn is_on_its_side(&self) -> bool {
        let quarter = self.rotation.rem_euclid(180.0);
        (quarter - 90.0).abs() < 1.0
    }

    /// PQ or HLG: brighter than a screen of today, and grey on it unless its tones are mapped.
    pub(super) fn is_high_dynamic_range(&self) -> bool {
        ["smpte2084", "arib-std-b67"].contains(&self.transfer.as_str())
    }

    pub(super) fn is_interlaced(&self) -> bool {
        ["tt", "bb", "tb", "bt"].contains(&self.field_order.as_str())
    }

    /// Stored as red, green and blue, not as brightness and colour.
    pub(super) fn is_rgb(&self) -> bool {
        ["rgb", "bgr", "gbr", "argb", "abgr", "0rgb", "0bgr", "pal8"]
            .iter()
            .any(|kind| self.pixel_format.starts_with(kind))
    }
}

fn check_codec(what: &str, codec: &str) -> Result<(), RenderError> {
    if is_decodable(codec) { Ok(()) } else { Err(unknown_codec(what, codec)) }
}

/// A track that is not decoded here. `codec` is a word of ffmpeg's tables, but read back from a child: only its letters and
/// digits are repeated.
pub(super) fn unknown_codec(what: &str, codec: &str) -> RenderError {
    let name: String =
        codec.chars().filter(|letter| letter.is_ascii_alphanumeric() || *letter == '_').take(32).collect();
    let name = if name.is_empty() { "something unknown" } else { &name };
    failed(FailureCode::UnsupportedCodec, format!("a {what} of it is encoded as {name}, which is not decoded here"))
}
