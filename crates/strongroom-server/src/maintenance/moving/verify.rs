//! Both sides held against one another, before the new one takes a write.

use std::collections::BTreeSet;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use strongroom_catalog::Catalog;
use strongroom_catalog::records::{TABLES, Table};
use strongroom_core::id::BlobKey;
use strongroom_store::{Store, StoredName};

use super::copy::{AT_ONCE, files};
use super::rows::{PAGE, Walk};
use super::{Move, MoveReport};
use crate::maintenance::MaintenanceError;

impl Move {
    pub(super) async fn verify(&self, report: &mut MoveReport) -> Result<(), MaintenanceError> {
        if let Some((catalog, _)) = &self.target.catalog {
            for table in TABLES {
                self.compare(catalog, table).await?;
            }
            verify_derived(catalog).await?;
        }
        if let Some((store, _)) = &self.target.store {
            let damaged: BTreeSet<BlobKey> = report.damaged.iter().filter_map(|damage| damage.blob).collect();
            let shards = stream::iter(Store::shards()).map(|shard| self.verify_shard(store, shard, &damaged));
            let verified: Vec<u64> = shards.buffer_unordered(AT_ONCE).try_collect().await?;
            report.files_verified = verified.iter().sum();
        }
        Ok(())
    }

    /// Row by row: what came is what went.
    async fn compare(&self, to: &Catalog, table: &'static Table) -> Result<(), MaintenanceError> {
        let (mut here, mut there) = (Walk::new(&self.catalog, table), Walk::new(to, table));
        loop {
            let (went, came) = (here.next().await?, there.next().await?);
            if went != came {
                let first = went.iter().zip(&came).find(|(went, came)| went != came);
                tracing::error!(table = table.name(), ?first, "the first row that differs");
                return Err(differs(&format!("rows of the table {}", table.name())));
            }
            if went.is_empty() {
                return Ok(());
            }
        }
    }

    /// Every file of every row is there, with its length. Its bytes were compared when they were sent.
    async fn verify_shard(&self, to: &Store, shard: u8, damaged: &BTreeSet<BlobKey>) -> Result<u64, MaintenanceError> {
        let blobs = self.catalog.blobs_of_shard(shard).await?;
        if blobs.is_empty() {
            return Ok(0);
        }
        let (there, mut verified) = (files(to, shard).await?, 0);
        for blob in blobs.iter().filter(|blob| !blob.is_in_quarantine && !damaged.contains(&blob.key)) {
            let renditions = blob.renditions.iter().filter(|_| !blob.has_job).map(|kept| {
                let (name, format) = (kept.name, kept.format);
                (StoredName::Rendition { blob: blob.key, name, format }, kept.size_bytes)
            });
            for (name, size) in std::iter::once((StoredName::Original(blob.key), blob.size_bytes)).chain(renditions) {
                if there.get(&name).is_none_or(|file| file.size_bytes != size) {
                    return Err(differs(&format!("the file {}", name.path().display())));
                }
                verified += 1;
            }
        }
        Ok(verified)
    }
}

/// What triggers made of the rows at the new place is what follows from them.
async fn verify_derived(catalog: &Catalog) -> Result<(), MaintenanceError> {
    let mut after = None;
    loop {
        let page = catalog.connections_after(after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.clone());
        for owner in page {
            if !catalog.miscounts(owner.clone()).await?.is_empty() {
                return Err(differs(&format!("what is counted of {owner}")));
            }
            if !catalog.misplaced_media(owner.clone(), 1).await?.is_empty() {
                return Err(differs(&format!("what is listed of {owner}")));
            }
            if !catalog.misworded_media(owner.clone(), 1).await?.is_empty() {
                return Err(differs(&format!("what searches find of {owner}")));
            }
        }
    }
}

fn differs(what: &str) -> MaintenanceError {
    MaintenanceError::Refused(format!(
        "{what} at the new place is not what the old one has; nothing was switched over. Run this again, or --abort"
    ))
}
