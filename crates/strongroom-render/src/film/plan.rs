//! What is made of a film: which rungs, how large, and what of it need not be encoded again.

use strongroom_core::media::{Format, MediaType};
use strongroom_core::rendition::Size;

use super::source::{Picture, Sound, Source};

/// The short sides of the rungs.
const BEST_SHORT_SIDE: u32 = 720;
const SMALL_SHORT_SIDE: u32 = 240;
/// More pictures a second than this are thinned out: no eye misses them, and every phone can still decode the rest.
pub(super) const MOST_FRAMES_PER_SECOND: f64 = 60.5;
/// A film that needs more than this is encoded again even if everything else about it fits.
const MOST_COPIED_BITS_PER_SECOND: u64 = 8_000_000;
/// Likewise for its sound.
const MOST_COPIED_SOUND_BITS_PER_SECOND: u64 = 330_000;
/// Pictures that begin later than this have been cut or shifted by their container; only decoding does justice to that.
const MOST_COPIED_START_MS: u64 = 100;

/// What to make of a film.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plan {
    /// The 720 rung.
    pub(super) best: Size,
    /// The 240 rung; none if the film is as small as that itself.
    pub(super) small: Option<Size>,
    /// The best rung is the film's own compressed pictures in a new container.
    pub(super) copies_picture: bool,
    /// Every rung's sound is the film's own.
    pub(super) copies_sound: bool,
    /// The pictures are an animation's, unrolled.
    pub(super) is_animation: bool,
}

impl Plan {
    pub(super) fn of(source: &Source, picture: &Picture, media_type: MediaType) -> Self {
        let upright = picture.upright();
        let best = upright.fit_shortest_even(BEST_SHORT_SIDE);
        let is_animation = media_type == MediaType::Gif;
        let is_small = upright.width.min(upright.height) <= SMALL_SHORT_SIDE;
        Self {
            best,
            small: (!is_small).then(|| upright.fit_shortest_even(SMALL_SHORT_SIDE)),
            copies_picture: has_our_container(source.format) && is_rung(picture, best),
            copies_sound: has_our_container(source.format) && source.sound.as_ref().is_some_and(is_our_sound),
            is_animation,
        }
    }
}

/// Whether the packets are the same in this container as in an MP4.
const fn has_our_container(format: Format) -> bool {
    matches!(format, Format::Mp4 | Format::M4a | Format::Matroska)
}

/// Whether a film's own pictures are what would be made of them, only better.
fn is_rung(picture: &Picture, best: Size) -> bool {
    let plays_everywhere = ["Constrained Baseline", "Baseline", "Main", "High"].contains(&picture.profile.as_str());
    picture.codec == "h264"
        && plays_everywhere
        && picture.pixel_format == "yuv420p"
        && picture.field_order == "progressive"
        && picture.rotation == 0.0
        && Size::new(picture.width, picture.height) == best
        && picture.upright() == best
        && !picture.is_high_dynamic_range()
        && picture.frames_per_second <= MOST_FRAMES_PER_SECOND
        && picture.start_ms <= MOST_COPIED_START_MS
        && picture.bits_per_second.is_none_or(|bits| bits <= MOST_COPIED_BITS_PER_SECOND)
}

/// AAC that every browser plays.
pub(super) fn is_our_sound(sound: &Sound) -> bool {
    sound.codec == "aac"
        && sound.profile == "LC"
        && (1..=2).contains(&sound.channels)
        && (8_000..=48_000).contains(&sound.samples_per_second)
        && sound.bits_per_second.is_none_or(|bits| bits <= MOST_COPIED_SOUND_BITS_PER_SECOND)
}
