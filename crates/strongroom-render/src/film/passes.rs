//! In which runs of ffmpeg a film is made, and what each of them makes.
//!
//! What can be watched comes first, where that delays the rest by little. Packets are copied in a second, so a film that fits
//! its best rung is there before anything is decoded. Of a film that has to be encoded the small rung takes a third of the
//! time, and costs the best one a second decode; that is won back by what else the two runs need not do (docs/adr/0019-playable-early.md).

use strongroom_core::rendition::RenditionName;

use super::plan::Plan;
use super::source::Picture;

/// A shorter film is ready before anybody has begun to watch it; a second start would be all that shows.
const SHORT_MS: u64 = 10_000;
/// Of larger pictures decoding is most of the work: of 2160 lines in HEVC, twice is half as long again.
const MOST_PIXELS_DECODED_TWICE: u64 = 1920 * 1088;
/// How much of the work is done when the small rung is.
const SMALL_SHARE: f64 = 0.3;

/// One run of ffmpeg.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Pass {
    pub(super) makes_poster: bool,
    pub(super) makes_small: bool,
    pub(super) makes_best: bool,
    /// How much of the film's whole work is done when it begins, and when it ends: from 0 to 1.
    pub(super) span: (f64, f64),
}

impl Pass {
    /// Whether everything it makes is there already.
    pub(super) fn is_in(&self, kept: &[RenditionName]) -> bool {
        let parts = [
            (self.makes_poster, RenditionName::Preview),
            (self.makes_small, RenditionName::Video240),
            (self.makes_best, RenditionName::Video720),
        ];
        parts.iter().all(|(is_made, name)| !is_made || kept.contains(name))
    }
}

/// The runs that make a film, in their order.
pub(super) fn passes(plan: &Plan, picture: &Picture, duration_ms: u64) -> Vec<Pass> {
    let everything = Pass { makes_poster: true, makes_small: plan.small.is_some(), makes_best: true, span: (0.0, 1.0) };
    let without_best = Pass { makes_best: false, ..everything };
    let best_alone = Pass { makes_poster: false, makes_small: false, ..everything };
    let is_worth_two = plan.small.is_some()
        && duration_ms >= SHORT_MS
        && u64::from(picture.width) * u64::from(picture.height) <= MOST_PIXELS_DECODED_TWICE;
    if plan.copies_picture {
        vec![Pass { span: (0.0, 0.0), ..best_alone }, without_best]
    } else if is_worth_two {
        vec![Pass { span: (0.0, SMALL_SHARE), ..without_best }, Pass { span: (SMALL_SHARE, 1.0), ..best_alone }]
    } else {
        vec![everything]
    }
}
