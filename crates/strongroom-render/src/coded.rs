//! A still picture whose codec is a film's: HEIC and AVIF. What a child found in the file, and what is to be done with it.

use strongroom_core::media::Format;
use strongroom_core::rendition::Size;

/// In the directory between the steps: the coded pictures, what they decode to, the colour profile.
pub(crate) const PICTURE_CODED: &str = "picture.coded";
pub(crate) const PICTURE_DECODED: &str = "picture.ppm";
pub(crate) const ALPHA_CODED: &str = "alpha.coded";
pub(crate) const ALPHA_DECODED: &str = "alpha.pgm";
pub(crate) const PROFILE: &str = "profile.icc";

/// What a HEIC or AVIF file holds, apart from its pixels. Numbers and choices only: some become words of a command line.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Coded {
    pub(crate) format: Format,
    /// Of the original, in hexadecimal.
    pub(crate) sha256: String,
    pub(crate) picture: Plane,
    pub(crate) alpha: Option<Plane>,
    /// Whether the colours are multiplied by the alpha.
    pub(crate) is_premultiplied: bool,
    /// What is shown of the picture, before it is turned.
    pub(crate) shown: Window,
    /// As EXIF counts them, 1 to 8; what the file's own boxes say.
    pub(crate) orientation: u8,
    pub(crate) colour: Option<Nclx>,
}

/// Pictures of one size, decoded one after another and laid out in rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Plane {
    pub(crate) codec: Codec,
    pub(crate) columns: u32,
    pub(crate) rows: u32,
    pub(crate) tile: Size,
    /// Bits of a sample.
    pub(crate) bits: u8,
}

/// How pictures are coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Codec {
    Hevc,
    Av1,
}

/// A part of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Window {
    pub(crate) left: u32,
    pub(crate) top: u32,
    pub(crate) size: Size,
}

/// What samples mean, in the numbers of ITU-T H.273.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Nclx {
    pub(crate) primaries: u8,
    pub(crate) transfer: u8,
    pub(crate) matrix: u8,
    pub(crate) is_full_range: bool,
}

impl Nclx {
    /// PQ or hybrid log-gamma: brighter than a screen of sRGB.
    pub(crate) const fn is_high_dynamic_range(self) -> bool {
        matches!(self.transfer, 16 | 18)
    }
}

impl Coded {
    /// Whether it is decoded to 16 bits a sample. With an alpha it is not: those are drawings, not photos.
    pub(crate) const fn is_deep(&self) -> bool {
        let tones_are_mapped = matches!(self.colour, Some(colour) if colour.is_high_dynamic_range());
        self.picture.bits > 8 && self.alpha.is_none() && !tones_are_mapped
    }
}
