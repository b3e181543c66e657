//! What is computed of a part as its blocks pass.

use md5::{Digest as _, Md5};
use strongroom_core::content_digest::DigestChecker;
use strongroom_core::digest::{Digest, PartHasher};

use crate::error::StoreError;

/// How many bytes are gathered for one step. A try holds at most seven such blocks: one being filled, one hashed, one that
/// waits, and what the connection takes before the network does, which hyper limits to some 500 KiB.
pub(crate) const BLOCK_BYTES: usize = 128 << 10;

/// All that is computed of a part's bytes.
pub(crate) struct PartDigests {
    hasher: PartHasher,
    checker: DigestChecker,
    md5: Md5,
}

/// What the bytes of a whole part are.
pub(crate) struct PartSums {
    pub(crate) digest: Digest,
    pub(crate) md5: [u8; 16],
}

impl PartDigests {
    pub(crate) fn new(hasher: PartHasher, checker: DigestChecker) -> Self {
        Self { hasher, checker, md5: Md5::new() }
    }

    /// Takes the next block. Slow enough to need a thread.
    pub(crate) fn update(&mut self, block: &[u8]) {
        self.hasher.update(block);
        self.checker.update(block);
        self.md5.update(block);
    }

    /// Takes the last block, and compares with what the client announced.
    pub(crate) fn finish(mut self, last: &[u8]) -> Result<PartSums, StoreError> {
        self.update(last);
        self.checker.verify()?;
        Ok(PartSums { digest: self.hasher.finish(), md5: self.md5.finalize().into() })
    }
}
