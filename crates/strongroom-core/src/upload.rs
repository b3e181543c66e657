//! Uploads: how a file is cut into parts, which part may be written now, and whether all are there.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::text_enum::text_enum;

text_enum! {
    /// Where an upload session stands.
    UploadState {
        /// Parts are taken.
        Open = "open",
        /// Complete was called; its end is being written.
        Completing = "completing",
        /// It became a media.
        Completed = "completed",
        /// The client gave it up.
        Aborted = "aborted",
        /// It was idle for too long.
        Expired = "expired",
    }
}

/// Files above this have parts of [`LARGE_PART_BYTES`] at least: each part costs a request and a commit, which was a tenth of the time
/// that a GiB takes.
const LARGE_FILE_BYTES: u64 = 512 << 20;

/// The smallest part of a large file, within the bounds. What a broken connection costs at most, for each part that was under way.
const LARGE_PART_BYTES: u64 = 16 << 20;

/// Bounds on how files are cut. Both sizes are powers of two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlanLimits {
    /// The smallest part, and the largest file that is sent in one piece.
    pub min_part_bytes: u64,
    /// The largest part.
    pub max_part_bytes: u64,
    /// Parts grow until a file has at most this many.
    pub target_parts: u64,
    /// The most parts a file may have.
    pub max_parts: u64,
}

impl Default for PlanLimits {
    fn default() -> Self {
        Self { min_part_bytes: 8 << 20, max_part_bytes: 64 << 20, target_parts: 1000, max_parts: 10_000 }
    }
}

impl PlanLimits {
    /// The largest file that can be cut within these bounds.
    #[must_use]
    pub const fn max_file_bytes(&self) -> u64 {
        self.max_part_bytes.saturating_mul(self.max_parts)
    }
}

/// How one file is cut: parts of equal, power-of-two length, but for the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    size: u64,
    part_bytes: u64,
    total_parts: u32,
}

/// One part's place in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartRange {
    /// From 1.
    pub number: u32,
    /// Bytes before it.
    pub offset: u64,
    /// Bytes in it.
    pub length: u64,
}

impl Plan {
    /// Plans a file of `size` bytes, or `None` where it is empty or too large for the bounds.
    #[must_use]
    pub fn for_size(size: u64, limits: &PlanLimits) -> Option<Self> {
        let wanted_bytes = if size > LARGE_FILE_BYTES { LARGE_PART_BYTES } else { limits.min_part_bytes };
        let is_too_small =
            |part_bytes: u64| part_bytes < wanted_bytes || size.div_ceil(part_bytes) > limits.target_parts;
        let mut part_bytes = limits.min_part_bytes;
        while is_too_small(part_bytes) && part_bytes < limits.max_part_bytes {
            part_bytes *= 2;
        }
        let fits = size > 0 && size.div_ceil(part_bytes) <= limits.max_parts;
        if fits { Self::with_part_bytes(size, part_bytes) } else { None }
    }

    /// The plan that a session was opened with, from what the catalog keeps of it. `None` unless the part length is
    /// a power of two of at least one BLAKE3 chunk: the digest's arithmetic rests on that.
    #[must_use]
    pub fn with_part_bytes(size: u64, part_bytes: u64) -> Option<Self> {
        let total_parts = u32::try_from(size.div_ceil(part_bytes.max(1))).ok()?;
        let is_subtree = part_bytes.is_power_of_two() && part_bytes >= 1024;
        (size > 0 && is_subtree).then_some(Self { size, part_bytes, total_parts })
    }

    /// Bytes in the whole file.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Bytes in every part but the last.
    #[must_use]
    pub const fn part_bytes(&self) -> u64 {
        self.part_bytes
    }

    /// How many parts there are.
    #[must_use]
    pub const fn total_parts(&self) -> u32 {
        self.total_parts
    }

    /// Part `number`, counted from 1.
    #[must_use]
    pub fn part(&self, number: u32) -> Option<PartRange> {
        let index = u64::from(number.checked_sub(1).filter(|_| number <= self.total_parts)?);
        let offset = index * self.part_bytes;
        Some(PartRange { number, offset, length: self.part_bytes.min(self.size - offset) })
    }

    /// All parts, in order.
    pub fn parts(&self) -> impl Iterator<Item = PartRange> + '_ {
        (1..=self.total_parts).filter_map(|number| self.part(number))
    }
}

/// Why a part is refused before its body is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartRefusal {
    /// The session completed, or is completing.
    Closed,
    /// The session expired.
    Expired,
    /// The session was aborted.
    Aborted,
    /// There is no part of this number; the plan has this many.
    NoSuchPart(u32),
    /// Neither a length nor chunked transfer.
    LengthRequired,
    /// The body is announced with another length than the part has.
    LengthMismatch {
        /// The part's length.
        expected: u64,
        /// The announced length.
        actual: u64,
    },
}

/// How long a body says it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnnouncedLength {
    /// `Content-Length`.
    Exactly(u64),
    /// `Transfer-Encoding: chunked`: known only at its end, and cut off at the expected length.
    Chunked,
    /// Neither.
    Missing,
}

/// Whether part `number` may be written now: its exact place, or why not.
///
/// # Errors
/// The refusal, to be answered before the body is read.
pub fn accept_part(
    state: UploadState,
    plan: &Plan,
    number: u32,
    announced: AnnouncedLength,
) -> Result<PartRange, PartRefusal> {
    match state {
        UploadState::Open => {}
        UploadState::Completing | UploadState::Completed => return Err(PartRefusal::Closed),
        UploadState::Aborted => return Err(PartRefusal::Aborted),
        UploadState::Expired => return Err(PartRefusal::Expired),
    }
    let part = plan.part(number).ok_or(PartRefusal::NoSuchPart(plan.total_parts()))?;
    match announced {
        AnnouncedLength::Exactly(actual) if actual != part.length => {
            Err(PartRefusal::LengthMismatch { expected: part.length, actual })
        }
        AnnouncedLength::Exactly(_) | AnnouncedLength::Chunked => Ok(part),
        AnnouncedLength::Missing => Err(PartRefusal::LengthRequired),
    }
}

/// The part numbers that are missing from `received` (sorted, each once), as inclusive ranges.
#[must_use]
pub fn missing_parts(plan: &Plan, received: impl IntoIterator<Item = u32>) -> Vec<(u32, u32)> {
    let mut missing = Vec::new();
    let mut next = 1;
    for number in received {
        if number > next {
            missing.push((next, number - 1));
        }
        next = number + 1;
    }
    if next <= plan.total_parts() {
        missing.push((next, plan.total_parts()));
    }
    missing
}

/// How long sessions live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetime {
    /// After the last accepted part.
    pub idle: Duration,
    /// After the session was opened, whatever arrived.
    pub absolute: Duration,
}

impl Lifetime {
    /// When a session opened at `created_at`, with its last part accepted at `active_at`, expires.
    #[must_use]
    pub fn expires_at(&self, created_at: Timestamp, active_at: Timestamp) -> Timestamp {
        active_at.after(self.idle).min(created_at.after(self.absolute))
    }
}

#[cfg(test)]
mod tests;
