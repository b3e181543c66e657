//! Reads the original, once, and digests it on the way.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use sha2::{Digest, Sha256};
use strongroom_core::media::SNIFF_LENGTH;

use super::{RunError, too_large};
use crate::limits::Limits;

/// Read and digested in pieces that stay in the processor's cache.
const PIECE_BYTES: usize = 256 << 10;

/// The original's bytes and their SHA-256 in hexadecimal.
pub(crate) struct Original {
    pub(crate) bytes: Vec<u8>,
    pub(crate) sha256: String,
}

impl Original {
    /// What its format is told from.
    pub(super) fn head(&self) -> &[u8] {
        &self.bytes[..self.bytes.len().min(SNIFF_LENGTH)]
    }
}

/// Reads all of `input`, unless it is larger than a photo may be.
pub(crate) fn original(input: &Path, limits: &Limits) -> Result<Original, RunError> {
    let mut file = File::open(input)?;
    // By seeking: `stat` is not among the system calls that the sandbox lets through.
    let length = file.seek(SeekFrom::End(0))?;
    if length > limits.max_input_bytes {
        let allowed = limits.max_input_bytes;
        return Err(too_large(format!("the file has {length} bytes; a photo may have {allowed}")).into());
    }
    file.rewind()?;

    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
    let mut digest = Sha256::new();
    loop {
        let start = bytes.len();
        if file.by_ref().take(PIECE_BYTES as u64).read_to_end(&mut bytes)? == 0 {
            break;
        }
        digest.update(&bytes[start..]);
    }
    let sha256 = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Original { bytes, sha256 })
}
