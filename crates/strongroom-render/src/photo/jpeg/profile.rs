//! A colour profile spread over APP2 segments (ICC.1, annex B.4): `ICC_PROFILE\0`, number, count, bytes.

use super::write_segment;
use crate::limits::Limits;
use crate::photo::container::acceptable_profile;

const PREFIX: &[u8] = b"ICC_PROFILE\0";
/// The most profile bytes one segment can hold.
const CHUNK_BYTES: usize = 65_533 - PREFIX.len() - 2;

/// The chunks seen so far, then the profile they make.
#[derive(Default)]
pub(super) struct ProfileChunks<'a> {
    chunks: Vec<(u8, u8, &'a [u8])>,
    profile: Option<Vec<u8>>,
}

impl<'a> ProfileChunks<'a> {
    /// Takes an APP2 segment, if it is a piece of a profile.
    pub(super) fn add(&mut self, body: &'a [u8]) {
        // Numbers are bytes: a file with more chunks than that repeats some, and is no profile.
        if let Some([number, count, bytes @ ..]) = body.strip_prefix(PREFIX)
            && self.chunks.len() < 255
        {
            self.chunks.push((*number, *count, bytes));
        }
    }

    /// Joins the chunks. Any gap, repetition or disagreement: no profile.
    pub(super) fn settle(&mut self, limits: &Limits) {
        let mut chunks = std::mem::take(&mut self.chunks);
        chunks.sort_unstable_by_key(|(number, ..)| *number);
        let complete = chunks.iter().zip(1_usize..).all(|((number, count, _), expected)| {
            usize::from(*number) == expected && usize::from(*count) == chunks.len()
        });
        if complete && !chunks.is_empty() {
            let joined = chunks.iter().flat_map(|(.., bytes)| bytes.iter().copied()).collect();
            self.profile = acceptable_profile(joined, limits);
        }
    }

    /// Writes the profile in as few segments as it fits into.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let Some(profile) = &self.profile else { return };
        let Ok(count) = u8::try_from(profile.len().div_ceil(CHUNK_BYTES)) else { return };
        for (number, chunk) in (1..=count).zip(profile.chunks(CHUNK_BYTES)) {
            write_segment(out, 0xe2, &[PREFIX, &[number, count], chunk]);
        }
    }

    pub(super) fn into_profile(self) -> Option<Vec<u8>> {
        self.profile
    }
}
