//! What a sweep asks of a bucket.

use strongroom_core::id::UploadId;

use super::BucketStore;
use crate::error::StoreError;
use crate::multipart::StagedMultipart;
use crate::names::{Area, parse_staged};
use crate::sweep::{Found, StagedUpload, StoredBlob, blobs_of, uploads_of};

impl BucketStore {
    pub(crate) async fn staged_uploads(&self, shard: u8) -> Result<Vec<StagedUpload>, StoreError> {
        Ok(uploads_of(self.found(Area::Staging, shard).await?))
    }

    pub(crate) async fn stored_blobs(&self, shard: u8) -> Result<Vec<StoredBlob>, StoreError> {
        let originals = self.found(Area::Blobs, shard).await?;
        Ok(blobs_of(originals, self.found(Area::Renditions, shard).await?))
    }

    pub(crate) async fn multiparts(&self) -> Result<Vec<StagedMultipart>, StoreError> {
        let unfinished = self.client().list_multiparts(&format!("{}/", Area::Blobs.name())).await?;
        let staged = unfinished.into_iter().filter_map(|unfinished| {
            let (upload, _): (UploadId, _) = parse_staged(last_segment(&unfinished.name))?;
            Some(StagedMultipart { upload, multipart: unfinished.id, begun_at: unfinished.begun_at })
        });
        Ok(staged.collect())
    }

    pub(crate) async fn delete_named(&self, name: String) -> Result<(), StoreError> {
        Ok(self.client().delete(&self.key(&name)).await?)
    }

    /// The objects of a shard.
    pub(crate) async fn found(&self, area: Area, shard: u8) -> Result<Vec<Found>, StoreError> {
        let folder = format!("{}/", area.shard(shard));
        let listed = self.client().list(&folder).await?;
        // All that follows: an object deeper down is none of ours, whatever its last segment says.
        let found = listed.into_iter().filter_map(|object| {
            let name = object.name.strip_prefix(&folder)?.to_owned();
            Some(Found { name, length: object.length, modified_at: object.modified_at })
        });
        Ok(found.collect())
    }
}

fn last_segment(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}
