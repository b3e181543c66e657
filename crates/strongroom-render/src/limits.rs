//! How much a photo may ask for, and how much its child may use.

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
}

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
        }
    }
}
