//! The whole-file digest, computed from parts that arrive in any order.
//!
//! BLAKE3 is a tree. A part whose length is a power of two and which starts at a multiple of itself is a subtree, so its
//! chaining value can be computed alone, and the values merge to exactly what `b3sum` prints of the whole file, with no byte
//! read again. This module is the only one that calls `blake3::hazmat`, whose own checks are best-effort; the property test
//! below holds it against `blake3::hash`.

use std::fmt;
use std::str::FromStr;

use blake3::hazmat::{HasherExt as _, Mode, merge_subtrees_non_root, merge_subtrees_root};

use crate::id::Malformed;
use crate::upload::{PartRange, Plan};

/// A BLAKE3 value: of a whole file, or the chaining value of one part of several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// From its 32 bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// As an entity tag: lower-case hex in quotes.
    #[must_use]
    pub fn to_etag(&self) -> String {
        format!("\"{self}\"")
    }

    /// Reads an entity tag, quoted or bare.
    ///
    /// # Errors
    /// Where it is not 64 hexadecimal digits.
    pub fn from_etag(text: &str) -> Result<Self, Malformed> {
        text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text).parse()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        blake3::Hash::from_bytes(self.0).to_hex().fmt(f)
    }
}

impl FromStr for Digest {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        blake3::Hash::from_hex(text)
            .map(|hash| Self(*hash.as_bytes()))
            .map_err(|_| Malformed::new(text, "a BLAKE3 digest (64 hexadecimal digits)"))
    }
}

/// Hashes a file whose bytes come in order.
#[derive(Debug, Clone, Default)]
pub struct FileHasher(blake3::Hasher);

impl FileHasher {
    /// A hasher that has seen nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of all bytes so far.
    #[must_use]
    pub fn finish(&self) -> Digest {
        Digest(*self.0.finalize().as_bytes())
    }
}

/// Hashes one part as its bytes arrive.
#[derive(Debug, Clone)]
pub struct PartHasher {
    hasher: blake3::Hasher,
    is_whole_file: bool,
}

impl PartHasher {
    /// A hasher for `part` of an upload planned as `plan`.
    #[must_use]
    pub fn new(plan: &Plan, part: PartRange) -> Self {
        let is_whole_file = plan.total_parts() == 1;
        let mut hasher = blake3::Hasher::new();
        if !is_whole_file {
            // Sound because the plan's parts are powers of two and start at multiples of themselves.
            hasher.set_input_offset(part.offset);
        }
        Self { hasher, is_whole_file }
    }

    /// Takes the next bytes of the part. The caller never feeds more than the part's length.
    pub fn update(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
    }

    /// The part's digest, once all its bytes were taken.
    #[must_use]
    pub fn finish(&self) -> Digest {
        Digest(if self.is_whole_file { *self.hasher.finalize().as_bytes() } else { self.hasher.finalize_non_root() })
    }
}

/// The digest of the whole file from the digests of all its parts, in order. `None` without parts.
#[must_use]
pub fn merge(parts: &[Digest]) -> Option<Digest> {
    match parts {
        [] => None,
        [whole] => Some(*whole),
        _ => {
            let (left, right) = parts.split_at(left_length(parts.len()));
            let root = merge_subtrees_root(&subtree(left), &subtree(right), Mode::Hash);
            Some(Digest(*root.as_bytes()))
        }
    }
}

fn subtree(parts: &[Digest]) -> [u8; 32] {
    match parts {
        [one] => one.0,
        _ => {
            let (left, right) = parts.split_at(left_length(parts.len()));
            merge_subtrees_non_root(&subtree(left), &subtree(right), Mode::Hash)
        }
    }
}

/// The left subtree holds the largest power of two of parts that leaves at least one for the right
/// (BLAKE3 specification, section 2.1).
const fn left_length(count: usize) -> usize {
    1 << (usize::BITS - 1 - (count - 1).leading_zeros())
}

#[cfg(test)]
#[allow(clippy::cast_possible_truncation, reason = "test files are small")]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::upload::PlanLimits;

    proptest! {
        /// Whatever the size and the order in which parts arrive, the merged digest is `blake3::hash` of the file.
        #[test]
        fn parts_in_any_order_merge_to_the_hash_of_the_file(
            size in 1u64..300_000,
            part_log2 in 10u32..18,
            order_seed in any::<u64>(),
            step in 1usize..9000,
        ) {
            let limits = PlanLimits { min_part_bytes: 1 << part_log2, max_part_bytes: 1 << 18, target_parts: 1000, max_parts: 10_000 };
            let plan = Plan::for_size(size, &limits).unwrap();
            let file: Vec<u8> = (0..size).map(|i| (i.wrapping_mul(2_654_435_761) >> 7) as u8).collect();
            let mut numbers: Vec<u32> = (1..=plan.total_parts()).collect();
            numbers.sort_by_key(|n| u64::from(*n).wrapping_mul(order_seed | 1).rotate_left(17));
            let mut digests = vec![Digest::from_bytes([0; 32]); numbers.len()];
            for number in numbers {
                let part = plan.part(number).unwrap();
                let mut hasher = PartHasher::new(&plan, part);
                let bytes = &file[part.offset as usize..(part.offset + part.length) as usize];
                for piece in bytes.chunks(step) {
                    hasher.update(piece);
                }
                digests[number as usize - 1] = hasher.finish();
            }
            prop_assert_eq!(*merge(&digests).unwrap().as_bytes(), *blake3::hash(&file).as_bytes());
        }
    }

    #[test]
    fn etags_are_read_quoted_and_bare() {
        let digest = Digest::from_bytes(*blake3::hash(b"x").as_bytes());
        assert_eq!(Digest::from_etag(&digest.to_etag()).unwrap(), digest);
        assert_eq!(Digest::from_etag(&digest.to_string()).unwrap(), digest);
        assert!(Digest::from_etag("\"abc\"").is_err());
        assert_eq!(merge(&[]), None);
    }
}
