//! What the new store has and no row names: copied while writes went on, and gone from the old vault since.

use std::collections::BTreeSet;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use strongroom_core::id::UploadId;
use strongroom_store::{Store, StoredName};

use super::Move;
use super::copy::{AT_ONCE, files};
use crate::maintenance::MaintenanceError;

impl Move {
    pub(super) async fn clear_surplus(&self, to: &Store) -> Result<(), MaintenanceError> {
        let shards = stream::iter(Store::shards()).map(|shard| self.clear_shard(to, shard));
        shards.buffer_unordered(AT_ONCE).try_collect::<()>().await?;
        for staged in to.multiparts().await? {
            if !self.names_multipart(staged.upload, &staged.multipart).await? {
                to.abort_multipart(staged.upload, &staged.multipart).await?;
            }
        }
        Ok(())
    }

    async fn clear_shard(&self, to: &Store, shard: u8) -> Result<(), MaintenanceError> {
        let there = files(to, shard).await?;
        if there.is_empty() {
            return Ok(());
        }
        let expected = self.expected(shard).await?;
        for name in there.into_keys().filter(|name| !expected.contains(name)) {
            match name {
                StoredName::Original(blob) => to.delete_blob(blob).await?,
                StoredName::Rendition { blob, name, format } => to.delete_rendition(blob, name, format).await?,
                StoredName::Staged(upload) => to.discard_upload(upload, None).await?,
                StoredName::Side { upload, number, generation } => to.discard_side(upload, number, generation).await?,
                StoredName::Foreign(_) => {}
            }
        }
        Ok(())
    }

    /// The files that the new store should have in a shard.
    async fn expected(&self, shard: u8) -> Result<BTreeSet<StoredName>, MaintenanceError> {
        let mut expected = BTreeSet::new();
        for blob in self.catalog.blobs_of_shard(shard).await? {
            expected.insert(StoredName::Original(blob.key));
            expected.extend(blob.renditions.iter().map(|kept| {
                let (name, format) = (kept.name, kept.format);
                StoredName::Rendition { blob: blob.key, name, format }
            }));
        }
        let parts = self.catalog.parts_of_shard(shard).await?;
        for of_upload in parts.chunk_by(|one, other| one.upload == other.upload) {
            if let Some(original) = self.published(of_upload).await? {
                expected.insert(StoredName::Original(original.key));
                continue;
            }
            let Some(first) = of_upload.first() else { continue };
            expected.insert(StoredName::Staged(first.upload));
            for placed in self.keeper().relocated_parts(first.connection.clone(), first.upload).await? {
                let (upload, number) = (placed.upload, placed.number);
                expected.extend(placed.side.map(|generation| StoredName::Side { upload, number, generation }));
            }
        }
        Ok(expected)
    }

    /// Whether the copies of an upload's parts are in this multipart upload, and it is still under way.
    async fn names_multipart(&self, upload: UploadId, multipart: &str) -> Result<bool, MaintenanceError> {
        let shard = upload.uuid().as_bytes().first().copied().unwrap_or_default();
        let parts = self.catalog.parts_of_shard(shard).await?;
        let Some(part) = parts.into_iter().find(|part| part.upload == upload) else { return Ok(false) };
        let known = self.keeper().relocated_upload(part.connection, upload).await?;
        Ok(known.as_deref() == Some(multipart))
    }
}
