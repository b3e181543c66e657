//! Acknowledged parts of uploads that have not ended: what a client was promised, and cannot see.

use std::ops::Range;

use strongroom_catalog::records::KeptPart;
use strongroom_core::id::BlobKey;
use strongroom_core::upload::UploadState;
use strongroom_store::{PartLocation, StoreError, StoredName};

use super::{Fault, FaultKind, Files, Fsck};
use crate::maintenance::MaintenanceError;

impl Fsck {
    pub(super) async fn check_part(&self, part: &KeptPart, files: &Files) -> Result<Option<Fault>, MaintenanceError> {
        // What is in a multipart upload of an object store cannot be read; it answers for that itself.
        if part.part.tag.is_some() || self.may_be_published(part, files) {
            return Ok(None);
        }
        let Some((kind, detail)) = self.look_at_part(part, files).await? else { return Ok(None) };
        // It may have been replaced meanwhile, or be completing by now, and then these bytes are not the part's any more.
        let (owner, upload) = (part.connection.clone(), part.upload);
        if !self.catalog.is_kept_part(owner.clone(), upload, part.state, part.part.clone()).await? {
            return Ok(None);
        }
        let detail = format!("part {}: {detail}", part.part.number);
        let fault = Fault::of_part(kind, part, detail);
        if !self.options.repair {
            return Ok(Some(fault));
        }
        let (before, now) = (self.oldest_kept(), self.clock.now());
        let is_forgotten = self.catalog.lose_part(owner, upload, part.part.clone(), before, now).await?;
        if let (true, Some(generation)) = (is_forgotten, part.part.side) {
            self.store.discard_side(upload, part.part.number, generation).await?;
        }
        Ok(Some(fault.repaired(is_forgotten)))
    }

    /// An upload that is `completing` may have become its blob already. One whose end was interrupted is ended by the sweep, if
    /// its bytes are anywhere.
    fn may_be_published(&self, part: &KeptPart, files: &Files) -> bool {
        let blob = StoredName::Original(BlobKey::of_upload(part.upload));
        part.state == UploadState::Completing && (part.active_at >= self.oldest_kept() || files.contains_key(&blob))
    }

    async fn look_at_part(
        &self,
        part: &KeptPart,
        files: &Files,
    ) -> Result<Option<(FaultKind, String)>, MaintenanceError> {
        let Some(range) = part.plan.part(part.part.number) else { return Ok(None) };
        let (location, name, bytes) = match part.part.side {
            None => {
                let bytes = range.offset..range.offset + part.part.size_bytes;
                (PartLocation::InPlace, StoredName::Staged(part.upload), bytes)
            }
            Some(generation) => {
                let (upload, number) = (part.upload, part.part.number);
                (
                    PartLocation::Side(generation),
                    StoredName::Side { upload, number, generation },
                    0..part.part.size_bytes,
                )
            }
        };
        if !self.options.scrub && files.get(&name).is_some_and(|file| file.size_bytes >= bytes.end) {
            return Ok(None);
        }
        let reader = match self.store.open_part(part.upload, part.part.number, &location).await {
            Err(StoreError::Missing) => {
                return Ok(Some((FaultKind::PartMissing, format!("{} bytes are not there", part.part.size_bytes))));
            }
            opened => opened?,
        };
        if reader.len() < bytes.end {
            return Ok(Some((FaultKind::PartSize, short(&bytes, reader.len()))));
        }
        if !self.options.scrub {
            return Ok(None);
        }
        Ok(match self.digester.of_part(&reader, &part.plan, range, bytes).await {
            Ok(digest) if digest == part.part.digest => None,
            Ok(digest) => {
                Some((FaultKind::PartDigest, format!("digest {digest}, and {} was acknowledged", part.part.digest)))
            }
            Err(StoreError::Missing) => {
                Some((FaultKind::PartMissing, "its bytes went while they were read".to_owned()))
            }
            Err(StoreError::Io(error)) => Some((FaultKind::Unreadable, error)),
            Err(error) => return Err(error.into()),
        })
    }
}

fn short(bytes: &Range<u64>, there: u64) -> String {
    format!("its file ends at byte {there}, and it should reach from {} to {}", bytes.start, bytes.end)
}
