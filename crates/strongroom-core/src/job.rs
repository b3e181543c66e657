//! Jobs: what a worker may be asked to do, and when a failed one is tried again.

use std::time::Duration;

use crate::media::{Format, MediaType};
use crate::text_enum::text_enum;

text_enum! {
    /// What a job does. Each kind is a queue of its own, so that a film never delays a photo.
    JobKind {
        /// Make a photo's renditions.
        RenderPhoto = "render_photo",
        /// Make the renditions of a film, a moving picture or a sound.
        RenderFilm = "render_film",
    }
}

impl JobKind {
    /// The job that a file of this format needs. A GIF of one frame is a photo, as most PNGs and WebPs are; how many frames
    /// there are is told by the child that takes it apart, and an animation is then handed to the other queue.
    #[must_use]
    pub const fn for_format(format: Format) -> Self {
        match (format, format.media_type()) {
            (Format::Gif, _) | (_, MediaType::Photo) => Self::RenderPhoto,
            (_, MediaType::Video | MediaType::Audio | MediaType::Gif) => Self::RenderFilm,
        }
    }
}

text_enum! {
    /// Where a job stands.
    JobState {
        /// Waiting for a worker, from its `run_at` on.
        Ready = "ready",
        /// A worker holds its lease.
        Running = "running",
        /// It ended well.
        Done = "done",
        /// Its attempts are used up; visible, and retryable by hand.
        Dead = "dead",
    }
}

/// How long a lease lasts unless renewed. A worker that died is replaced within this and one poll.
pub const LEASE: Duration = Duration::from_secs(12);

/// How often a running worker renews its lease: a third of it, so that one late renewal is no loss.
pub const HEARTBEAT: Duration = Duration::from_secs(4);

/// How many attempts a job gets. Attempts are counted when a job is claimed, before any work is done,
/// so that media which kill their worker are counted too.
pub const MAX_ATTEMPTS: i64 = 3;

/// How long to wait before the attempt after `attempts` have failed: 2 s, 10 s, then 50 s.
#[must_use]
pub fn retry_delay(attempts: i64) -> Duration {
    let exponent = u32::try_from(attempts.clamp(1, 3)).unwrap_or(1) - 1;
    Duration::from_secs(2 * 5u64.pow(exponent))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_and_stay_bounded() {
        let delays: Vec<u64> = [0, 1, 2, 3, 99].into_iter().map(|n| retry_delay(n).as_secs()).collect();
        assert_eq!(delays, [2, 2, 10, 50, 50]);
    }
}
