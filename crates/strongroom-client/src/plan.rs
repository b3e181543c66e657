//! How a file is cut. The server decides; here its decision is checked and turned into the parts to send.

use serde::Deserialize;
use strongroom_core::upload::{PartRange, Plan};

use crate::error::Error;

/// Most parts a session may have: the contract's bound, checked so that a wrong answer cannot exhaust memory.
const MAX_PARTS: u32 = 10_000;

/// The server's plan for one session, as it came.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AnnouncedPlan {
    pub(crate) upload_type: UploadType,
    pub(crate) total_parts: u32,
    pub(crate) part_size: u64,
}

/// Whether the bytes go in one request or in parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum UploadType {
    Single,
    Multipart,
}

impl AnnouncedPlan {
    /// The parts that cover a file of `size_bytes`, in order; one for the whole file where it goes in one request.
    pub(crate) fn parts(&self, size_bytes: u64) -> Result<Vec<PartRange>, Error> {
        if self.upload_type == UploadType::Single {
            return Ok(vec![PartRange { number: 1, offset: 0, length: size_bytes }]);
        }
        let Self { total_parts, part_size, .. } = self;
        Plan::with_part_bytes(size_bytes, *part_size)
            .filter(|plan| plan.total_parts() == *total_parts && *total_parts <= MAX_PARTS)
            .map(|plan| plan.parts().collect())
            .ok_or_else(|| Error::Protocol(format!("{total_parts} parts of {part_size} bytes for {size_bytes} bytes")))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn multipart(total_parts: u32, part_size: u64) -> AnnouncedPlan {
        AnnouncedPlan { upload_type: UploadType::Multipart, total_parts, part_size }
    }

    #[test]
    fn parts_cover_the_file_and_only_the_last_is_short() {
        let parts = multipart(3, 1024).parts(2500).unwrap();
        let shape: Vec<_> = parts.iter().map(|part| (part.number, part.offset, part.length)).collect();
        assert_eq!(shape, [(1, 0, 1024), (2, 1024, 1024), (3, 2048, 452)]);
    }

    #[test]
    fn a_single_upload_is_one_part_whatever_its_part_size() {
        let plan = AnnouncedPlan { upload_type: UploadType::Single, total_parts: 1, part_size: 7 };
        assert_eq!(plan.parts(7).unwrap(), [PartRange { number: 1, offset: 0, length: 7 }]);
    }

    #[test]
    fn plans_that_do_not_fit_are_refused() {
        for plan in [multipart(2, 1024), multipart(4, 1024), multipart(0, 0), multipart(3, 1000)] {
            assert!(plan.parts(2500).is_err(), "{plan:?}");
        }
        assert!(multipart(10_001, 1024).parts(10_001 * 1024).is_err());
    }
}
