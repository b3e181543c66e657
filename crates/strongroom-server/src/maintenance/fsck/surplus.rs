//! Bytes that no row names.

use std::collections::BTreeMap;

use strongroom_catalog::records::KeptBlob;
use strongroom_core::id::{BlobKey, UploadId};
use strongroom_core::upload::UploadState;
use strongroom_store::StoredName;

use super::{Fault, FaultKind, Faults, Files, Fsck};
use crate::maintenance::MaintenanceError;

impl Fsck {
    /// The files of a shard that nothing names, of those that are old enough to be named.
    pub(super) async fn check_surplus(&self, files: &Files, blobs: &[KeptBlob]) -> Faults {
        let named: BTreeMap<BlobKey, &KeptBlob> = blobs.iter().map(|blob| (blob.key, blob)).collect();
        let (oldest_kept, mut faults) = (self.oldest_kept(), Vec::new());
        for file in files.values().filter(|file| file.modified_at < oldest_kept) {
            let is_named = match &file.name {
                StoredName::Original(key) => named.contains_key(key),
                StoredName::Rendition { blob, name, format } => named.get(blob).is_some_and(|blob| {
                    blob.renditions.iter().any(|kept| kept.name == *name && kept.format == *format)
                }),
                StoredName::Staged(_) | StoredName::Side { .. } | StoredName::Foreign(_) => false,
            };
            if is_named {
                continue;
            }
            let Some(kind) = self.surplus(&file.name).await? else { continue };
            let detail = format!("{}, {} bytes", file.name.path().display(), file.size_bytes);
            let mut fault = Fault::new(kind, detail);
            match file.name {
                StoredName::Original(blob) | StoredName::Rendition { blob, .. } => fault.blob = Some(blob),
                StoredName::Staged(upload) | StoredName::Side { upload, .. } => fault.upload = Some(upload),
                StoredName::Foreign(_) => {}
            }
            if self.options.repair {
                fault.repaired = self.clear(&file.name).await?;
            }
            faults.push(fault);
        }
        Ok(faults)
    }

    /// What kind of fault it is that a file is there, asked of the rows as they are now.
    async fn surplus(&self, name: &StoredName) -> Result<Option<FaultKind>, MaintenanceError> {
        Ok(match name {
            StoredName::Original(blob) => {
                (!self.catalog.names_blob(*blob).await?).then_some(FaultKind::OriginalWithoutRow)
            }
            StoredName::Rendition { blob, name, format } => {
                let is_needed = match self.catalog.kept_blob(*blob).await? {
                    Some(kept) => {
                        let is_kept = kept.renditions.iter().any(|kept| kept.name == *name && kept.format == *format);
                        is_kept || kept.has_job
                    }
                    // Of a deleted connection: the sweep deletes it with its blob.
                    None => self.catalog.names_blob(*blob).await?,
                };
                (!is_needed).then_some(FaultKind::RenditionWithoutRow)
            }
            StoredName::Staged(upload) => (!self.is_under_way(*upload).await?).then_some(FaultKind::StagingWithoutRow),
            StoredName::Side { upload, number, generation } => {
                let is_named = self.catalog.names_side_file(*upload, *number, *generation).await?;
                let is_needed = is_named && self.is_under_way(*upload).await?;
                (!is_needed).then_some(FaultKind::SideFileWithoutRow)
            }
            StoredName::Foreign(_) => Some(FaultKind::ForeignFile),
        })
    }

    async fn is_under_way(&self, upload: UploadId) -> Result<bool, MaintenanceError> {
        let state = self.catalog.state_of_staged(upload).await?;
        Ok(matches!(state, Some(UploadState::Open | UploadState::Completing)))
    }

    /// Answers whether the file has gone: what is not ours stays in a bucket, which may be somebody else's too.
    async fn clear(&self, name: &StoredName) -> Result<bool, MaintenanceError> {
        match name {
            StoredName::Original(blob) => self.store.delete_blob(*blob).await?,
            StoredName::Rendition { blob, name, format } => {
                self.store.delete_rendition(*blob, *name, *format).await?;
            }
            StoredName::Staged(upload) => self.store.discard_upload(*upload, None).await?,
            StoredName::Side { upload, number, generation } => {
                self.store.discard_side(*upload, *number, *generation).await?;
            }
            StoredName::Foreign(path) => return Ok(self.store.set_aside(path).await?),
        }
        Ok(true)
    }

    /// Scratch directories of processes that died. Looked at twice: one is made before it is locked.
    pub(super) async fn check_scratch(&self) -> Faults {
        let dead = self.store.dead_scratch().await?;
        if dead.is_empty() {
            return Ok(Vec::new());
        }
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        let still = self.store.dead_scratch().await?;
        if self.options.repair {
            self.store.sweep_scratch().await?;
        }
        let fault = |name: &String| Fault::new(FaultKind::ScratchWithoutOwner, format!("scratch/{name}"));
        let faults = dead.iter().filter(|name| still.contains(name)).map(fault);
        Ok(faults.map(|fault| fault.repaired(self.options.repair)).collect())
    }

    /// Multipart uploads of a bucket that no row names. They cost money, and no listing of objects shows them.
    pub(super) async fn check_multiparts(&self) -> Faults {
        let mut faults = Vec::new();
        if !self.store.is_shared() {
            return Ok(faults);
        }
        for staged in self.store.multiparts().await? {
            let named = self.catalog.multipart_of_staged(staged.upload).await?;
            if staged.begun_at >= self.oldest_kept() || named.as_ref() == Some(&staged.multipart) {
                continue;
            }
            if self.options.repair {
                self.store.abort_multipart(staged.upload, &staged.multipart).await?;
            }
            let fault = Fault::new(FaultKind::MultipartWithoutRow, format!("multipart upload {}", staged.multipart));
            faults.push(Fault { upload: Some(staged.upload), ..fault }.repaired(self.options.repair));
        }
        Ok(faults)
    }
}
