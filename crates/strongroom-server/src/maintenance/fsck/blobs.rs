//! One blob: its original, its renditions, and whether anybody needs it.

use strongroom_catalog::records::KeptBlob;
use strongroom_core::job::JobKind;
use strongroom_core::media::{MediaStatus, MediaType};

use super::{Fault, FaultKind, Faults, Files, Fsck};
use crate::maintenance::MaintenanceError;

impl Fsck {
    /// What is wrong with a blob. `scrub`: read its bytes, too.
    pub(super) async fn check_blob(&self, blob: &KeptBlob, files: &Files, scrub: bool) -> Faults {
        if let Some(fault) = self.check_need(blob).await? {
            return Ok(vec![fault]);
        }
        if blob.is_in_quarantine {
            self.try_again(blob, scrub).await?;
            return Ok(Vec::new());
        }
        let mut faults: Vec<Fault> = self.check_original(blob, files, scrub).await?.into_iter().collect();
        // Of one that is lost nothing can be made again; of one that is being rendered everything will be.
        if faults.is_empty() && !blob.has_job {
            faults.extend(self.check_job(blob).await?);
            faults.extend(self.check_renditions(blob, files, scrub).await?);
        }
        Ok(faults)
    }

    /// Bytes whose sender went away before anything showed them count against a quota, and nobody can reach them.
    async fn check_need(&self, blob: &KeptBlob) -> Result<Option<Fault>, MaintenanceError> {
        let before = self.oldest_kept();
        if blob.is_referenced || blob.created_at >= before {
            return Ok(None);
        }
        if self.catalog.kept_blob(blob.key).await?.is_none_or(|now| now.is_referenced) {
            return Ok(None);
        }
        let fault = Fault::of_blob(
            FaultKind::Unreferenced,
            blob,
            format!("no media, preview, avatar or document shows these {} bytes", blob.size_bytes),
        );
        if !self.options.repair {
            return Ok(Some(fault));
        }
        let owner = blob.connection.clone();
        let let_go = self.catalog.let_go_unreferenced(owner, blob.key, before).await?;
        if let_go {
            self.store.delete_blob(blob.key).await?;
        }
        Ok(Some(fault.repaired(let_go)))
    }

    /// A blob that waits has to have somebody to wait for, and one that is ready something to show.
    async fn check_job(&self, blob: &KeptBlob) -> Faults {
        let kind = match blob.status {
            MediaStatus::Processing | MediaStatus::Playable => FaultKind::NoJob,
            MediaStatus::Ready if blob.renditions.is_empty() => FaultKind::NoRenditions,
            MediaStatus::Ready | MediaStatus::Error => return Ok(Vec::new()),
        };
        if self.catalog.kept_blob(blob.key).await?.as_ref() != Some(blob) {
            return Ok(Vec::new());
        }
        let fault = Fault::of_blob(kind, blob, format!("it is {}, and no job makes its renditions", blob.status));
        let repaired = self.options.repair && self.render_again(blob).await?;
        Ok(vec![fault.repaired(repaired)])
    }

    async fn render_again(&self, blob: &KeptBlob) -> Result<bool, MaintenanceError> {
        let (owner, now) = (blob.connection.clone(), self.clock.now());
        Ok(self.catalog.render_again(owner, blob.key, job_kind(blob), now).await?)
    }
}

/// The job that makes a blob's renditions.
pub(crate) fn job_kind(blob: &KeptBlob) -> JobKind {
    let by_type = || match blob.media_type {
        MediaType::Photo => JobKind::RenderPhoto,
        MediaType::Video | MediaType::Audio | MediaType::Gif => JobKind::RenderFilm,
    };
    blob.format.map_or_else(by_type, JobKind::for_format)
}
