//! How much a photo may ask for, how much its child may use, and how the work is gone about.

use strongroom_core::media::Format;

/// How the work is gone about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Care {
    /// As fast as may be, and with as little loss.
    #[default]
    Usual,
    /// By the plainest way there is, for what crashed its decoder or ran out of time: one thread, no clever shortcut, and
    /// more patience. Of a film nothing is copied: its own packets may be what is wrong with it.
    Careful,
}

/// What a photo may contain and what the child that renders it may consume.
///
/// Two fences of different kinds. The first fields are checked against the file's own headers before anything is
/// decoded, so that a refusal is cheap and its message names the value and the limit. The others are given to the
/// kernel, because a decoder that is wrong about itself is exactly the one that must be stopped.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Limits {
    /// Pixels of a still picture: width × height.
    pub max_pixels: u64,
    /// Pixels along one side.
    pub max_side: u32,
    /// Bytes of the file.
    pub max_input_bytes: u64,
    /// Bytes that decoding needs at once: the pixels, and what the decoder must keep to make them.
    pub max_decoded_bytes: u64,
    /// Bytes of a colour profile after inflation; a larger one is dropped, not refused.
    pub max_metadata_bytes: u64,
    /// Scans of a JPEG. Cameras write 1 to 12; each one walks over the whole picture again.
    pub max_scans: u32,
    /// `RLIMIT_AS` of the child, in bytes.
    pub address_space_bytes: u64,
    /// `RLIMIT_CPU` of the child, in seconds.
    pub cpu_seconds: u64,
    /// Seconds on the wall after which the child's process group is killed.
    pub wall_seconds: u64,
    /// `RLIMIT_FSIZE` of the child, in bytes: the most any one rendition may have.
    pub output_bytes: u64,
    /// Encoders that run side by side in one child.
    pub threads: u8,
    /// What a film, an animation or a sound may contain, and what its children may consume.
    pub film: FilmLimits,
    /// How the work is gone about.
    pub care: Care,
}

impl Limits {
    /// The same for a second attempt: see [`Care::Careful`].
    #[must_use]
    pub fn careful(&self) -> Self {
        let film = FilmLimits {
            threads: 1,
            seconds_per_second: self.film.seconds_per_second.saturating_mul(PATIENCE),
            base_seconds: self.film.base_seconds.saturating_mul(PATIENCE),
            ..self.film.clone()
        };
        Self {
            threads: 1,
            cpu_seconds: self.cpu_seconds.saturating_mul(PATIENCE),
            wall_seconds: self.wall_seconds.saturating_mul(PATIENCE),
            film,
            care: Care::Careful,
            ..self.clone()
        }
    }

    /// The most memory that the children of one photo may have at a time. A HEIC, an AVIF and a
    /// PDF's page are decoded by a tool, with what a film's is allowed; their children run one after another.
    #[must_use]
    pub fn photo_memory_bytes(&self, format: Option<Format>) -> u64 {
        match format {
            Some(Format::Heif | Format::Avif | Format::Pdf) => {
                self.address_space_bytes.max(self.film.address_space_bytes)
            }
            _ => self.address_space_bytes,
        }
    }

    /// The most memory that the children of one film, animation or sound may have at a time: those of the tool, and of the
    /// child that makes the poster's renditions beside it.
    #[must_use]
    pub const fn film_memory_bytes(&self) -> u64 {
        self.film.address_space_bytes.saturating_add(self.address_space_bytes)
    }
}

/// How many times as long a careful attempt may take: it has one thread where the other had two.
const PATIENCE: u64 = 2;

impl Default for Limits {
    /// The numbers of reliability.md §4.2 (50 MP still works in 768 MiB there; 1 GiB leaves room), and zune-jpeg's
    /// limit of 100 scans.
    fn default() -> Self {
        Self {
            max_pixels: 50_000_000,
            max_side: 16_384,
            max_input_bytes: 256 << 20,
            max_decoded_bytes: 512 << 20,
            max_metadata_bytes: 1 << 20,
            max_scans: 100,
            address_space_bytes: 1 << 30,
            cpu_seconds: 20,
            wall_seconds: 30,
            output_bytes: 512 << 20,
            threads: 2,
            film: FilmLimits::default(),
            care: Care::Usual,
        }
    }
}

/// What a film, an animation or a sound may contain, and what the tools that work on it may consume.
///
/// The first block is held against what ffprobe tells of the file, before anything is decoded; the second is the
/// kernel's and the door's to hold, whatever the file said.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct FilmLimits {
    /// Pixels along one side, upright and square.
    pub max_side: u32,
    /// Seconds from beginning to end.
    pub max_seconds: u64,
    /// Pictures a second, on average.
    pub max_frames_per_second: u32,
    /// Tracks of every kind.
    pub max_streams: usize,
    /// Pictures of an animation.
    pub max_animation_frames: u32,
    /// Pixels of all pictures of an animation together.
    pub max_animation_pixels: u64,

    /// `RLIMIT_AS` of a tool, in bytes.
    pub address_space_bytes: u64,
    /// `RLIMIT_FSIZE` of a tool, in bytes: the most any one rendition may have.
    pub output_bytes: u64,
    /// `RLIMIT_FSIZE` of the child that unrolls an animation: three bytes for each of its pixels, and room besides.
    pub unrolled_bytes: u64,
    /// Seconds that looking at a file may take.
    pub probe_seconds: u64,
    /// Seconds that making the renditions may take: this much for every second of the film, and `base_seconds` besides.
    pub seconds_per_second: u64,
    /// See `seconds_per_second`.
    pub base_seconds: u64,
    /// Seconds that making the renditions may take at most.
    pub wall_seconds: u64,
    /// Seconds without any progress after which a tool is killed.
    pub silence_seconds: u64,
    /// Threads of each decoder, filter graph and encoder.
    pub threads: u8,
}

impl Default for FilmLimits {
    /// The numbers of reliability.md §4.2.
    fn default() -> Self {
        Self {
            max_side: 8192,
            max_seconds: 4 * 3600,
            max_frames_per_second: 240,
            max_streams: 16,
            max_animation_frames: 500,
            max_animation_pixels: 250_000_000,
            address_space_bytes: 2 << 30,
            output_bytes: 8 << 30,
            unrolled_bytes: 1 << 30,
            probe_seconds: 10,
            seconds_per_second: 4,
            base_seconds: 60,
            wall_seconds: 6 * 3600,
            silence_seconds: 60,
            threads: 2,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_careful_attempt_has_one_thread_and_more_time() {
        let usual = Limits::default();
        let careful = usual.careful();
        assert_eq!((careful.care, careful.threads, careful.film.threads), (Care::Careful, 1, 1));
        assert_eq!((careful.wall_seconds, careful.cpu_seconds), (60, 40));
        assert_eq!((careful.film.seconds_per_second, careful.film.base_seconds), (8, 120));
        let memory = |limits: &Limits| (limits.photo_memory_bytes(None), limits.film_memory_bytes());
        assert_eq!(memory(&careful), memory(&usual));
    }

    #[test]
    fn memory_is_that_of_all_children_at_a_time() {
        let limits = Limits::default();
        assert_eq!(limits.photo_memory_bytes(Some(Format::Jpeg)), 1 << 30);
        assert_eq!(limits.photo_memory_bytes(Some(Format::Heif)), 2 << 30);
        assert_eq!(limits.photo_memory_bytes(Some(Format::Pdf)), 2 << 30);
        assert_eq!(limits.film_memory_bytes(), 3 << 30);
    }
}
