//! Originals. What is wrong with one cannot be made right here: only whoever sent it, or a backup, has its bytes.

use strongroom_catalog::records::KeptBlob;
use strongroom_store::{StoreError, StoredName};

use super::blobs::job_kind;
use super::{Fault, FaultKind, Files, Fsck};
use crate::maintenance::MaintenanceError;

impl Fsck {
    pub(super) async fn check_original(
        &self,
        blob: &KeptBlob,
        files: &Files,
        scrub: bool,
    ) -> Result<Option<Fault>, MaintenanceError> {
        let listed = files.get(&StoredName::Original(blob.key)).map(|file| file.size_bytes);
        if listed == Some(blob.size_bytes) && !scrub {
            return Ok(None);
        }
        let Some((kind, detail)) = self.look_at_original(blob, scrub).await? else { return Ok(None) };
        // Rows go before bytes: where the row has gone by now, nothing is missing.
        let Some(now) = self.catalog.kept_blob(blob.key).await? else { return Ok(None) };
        if now.is_in_quarantine || now.etag != blob.etag {
            return Ok(None);
        }
        let is_mended = self.options.repair && kind != FaultKind::Unreadable && self.quarantine(blob, kind).await?;
        Ok(Some(Fault::of_blob(kind, blob, detail).repaired(is_mended)))
    }

    /// What is wrong with an original's bytes as they are now, in words.
    async fn look_at_original(
        &self,
        blob: &KeptBlob,
        scrub: bool,
    ) -> Result<Option<(FaultKind, String)>, MaintenanceError> {
        let reader = match self.store.open_blob(blob.key).await {
            Err(StoreError::Missing) => {
                return Ok(Some((FaultKind::OriginalMissing, format!("{} bytes are not there", blob.size_bytes))));
            }
            opened => opened?,
        };
        if reader.len() != blob.size_bytes {
            let detail = format!("{} bytes, and {} were sent", reader.len(), blob.size_bytes);
            return Ok(Some((FaultKind::OriginalSize, detail)));
        }
        if !scrub {
            return Ok(None);
        }
        Ok(match self.digester.as_filed(blob, &reader).await {
            Ok(digest) if digest == blob.etag => None,
            Ok(digest) => Some((FaultKind::OriginalDigest, format!("digest {digest}, and {} was sent", blob.etag))),
            Err(StoreError::Missing) => {
                Some((FaultKind::OriginalMissing, "its bytes went while they were read".into()))
            }
            // A disk that cannot read a block may do so at the next try: not a reason to give the bytes up.
            Err(StoreError::Io(error)) => Some((FaultKind::Unreadable, error)),
            Err(error) => return Err(error.into()),
        })
    }

    async fn quarantine(&self, blob: &KeptBlob, kind: FaultKind) -> Result<bool, MaintenanceError> {
        let what = if kind == FaultKind::OriginalMissing { "lost" } else { "damaged" };
        let reason = format!("the stored original was found {what} and is withheld; send the file again");
        let (owner, now) = (blob.connection.clone(), self.clock.now());
        Ok(self.catalog.quarantine_blob(owner, blob.key, blob.etag, reason, now).await?)
    }

    /// Ends the quarantine of a blob whose bytes are here again: its sender sent them once more, or an operator put them back.
    pub(super) async fn try_again(&self, blob: &KeptBlob, scrub: bool) -> Result<(), MaintenanceError> {
        if !self.options.repair {
            return Ok(());
        }
        let (owner, now) = (blob.connection.clone(), self.clock.now());
        if self.catalog.replace_lost(owner.clone(), blob.key, job_kind(blob), now).await? {
            tracing::info!(blob = %blob.key, "an original in quarantine was sent again");
            return Ok(self.store.delete_blob(blob.key).await?);
        }
        if scrub && self.look_at_original(blob, true).await?.is_none() {
            let is_lifted = self.catalog.lift_quarantine(owner, blob.key, job_kind(blob), now).await?;
            tracing::info!(blob = %blob.key, is_lifted, "an original in quarantine is whole again");
        }
        Ok(())
    }
}
