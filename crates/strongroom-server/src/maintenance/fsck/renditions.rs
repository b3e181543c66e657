//! Renditions: made again from their original, whatever is wrong with them.

use strongroom_catalog::records::{KeptBlob, KeptRendition};
use strongroom_store::{StoreError, StoredName};

use super::blobs::job_kind;
use super::{Fault, FaultKind, Faults, Files, Fsck};
use crate::maintenance::MaintenanceError;

impl Fsck {
    pub(super) async fn check_renditions(&self, blob: &KeptBlob, files: &Files, scrub: bool) -> Faults {
        let mut faults = Vec::new();
        for rendition in &blob.renditions {
            let name = StoredName::Rendition { blob: blob.key, name: rendition.name, format: rendition.format };
            let listed = files.get(&name).map(|file| file.size_bytes);
            if listed == Some(rendition.size_bytes) && !scrub {
                continue;
            }
            let Some((kind, detail)) = self.look_at_rendition(blob, rendition, scrub).await? else { continue };
            // A job may have begun meanwhile, or ended: then these are not the bytes that the row was read for.
            let now = self.catalog.kept_blob(blob.key).await?;
            if now.is_none_or(|now| now.has_job || now.is_in_quarantine || !now.renditions.contains(rendition)) {
                continue;
            }
            let detail = format!("{}: {detail}", rendition.name);
            let is_mended = self.options.repair && self.lose(blob, rendition).await?;
            faults.push(Fault::of_blob(kind, blob, detail).repaired(is_mended));
        }
        Ok(faults)
    }

    async fn look_at_rendition(
        &self,
        blob: &KeptBlob,
        rendition: &KeptRendition,
        scrub: bool,
    ) -> Result<Option<(FaultKind, String)>, MaintenanceError> {
        let reader = match self.store.open_rendition(blob.key, rendition.name, rendition.format).await {
            Err(StoreError::Missing) => return Ok(Some((FaultKind::RenditionMissing, "it is not there".to_owned()))),
            opened => opened?,
        };
        if reader.len() != rendition.size_bytes {
            let detail = format!("{} bytes, and {} were made", reader.len(), rendition.size_bytes);
            return Ok(Some((FaultKind::RenditionSize, detail)));
        }
        if !scrub {
            return Ok(None);
        }
        match (self.digester.of_file(&reader).await, rendition.digest) {
            (Ok(digest), Some(made)) if digest != made => {
                Ok(Some((FaultKind::RenditionDigest, format!("digest {digest}, and {made} was made"))))
            }
            (Ok(digest), None) if self.options.repair => {
                let (owner, size) = (blob.connection.clone(), rendition.size_bytes);
                self.catalog.keep_digest(owner, blob.key, rendition.name, size, digest).await?;
                Ok(None)
            }
            (Ok(_), _) => Ok(None),
            (Err(StoreError::Missing), _) => {
                Ok(Some((FaultKind::RenditionMissing, "it went while it was read".to_owned())))
            }
            (Err(StoreError::Io(error)), _) => Ok(Some((FaultKind::Unreadable, error))),
            (Err(error), _) => Err(error.into()),
        }
    }

    /// From here on nobody is shown it; the job puts a good one in its place.
    async fn lose(&self, blob: &KeptBlob, rendition: &KeptRendition) -> Result<bool, MaintenanceError> {
        let (owner, now) = (blob.connection.clone(), self.clock.now());
        Ok(self.catalog.lose_rendition(owner, blob.key, rendition.name, job_kind(blob), now).await?)
    }
}
