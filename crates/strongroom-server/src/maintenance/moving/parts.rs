//! Uploads under way: what was acknowledged is not asked for again. Each part is sent to where the new store would have taken
//! it, and the rows name that place once the move ends.

use futures_util::{StreamExt as _, pin_mut};
use strongroom_catalog::records::{KeptPart, RelocatedPart};
use strongroom_core::content_digest::ExpectedDigests;
use strongroom_core::digest::{Digest, merge};
use strongroom_core::id::BlobKey;
use strongroom_core::upload::UploadState;
use strongroom_store::{PartLocation, Store, StoreError};

use super::Move;
use super::originals::Original;
use super::report::{Copied, Damage};
use crate::maintenance::MaintenanceError;
use crate::services::parts::columns_of;

/// The shortest part that S3 takes, but for the last (docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html).
const SHORTEST_BUCKET_PART_BYTES: u64 = 5 << 20;

/// How many uploads a refusal names.
const MOST_NAMED: usize = 20;

/// Whether these are the parts of a joined file that is being read for its digests: the file's own is not known yet.
pub(super) fn is_half_read(parts: &[KeptPart]) -> bool {
    let has_all = |first: &KeptPart| parts.len() == first.plan.total_parts() as usize;
    parts.first().is_some_and(|first| first.state == UploadState::Completing && !has_all(first))
}

impl Move {
    /// Refuses where acknowledged parts could not be moved: those too short for a bucket, and those that a bucket has in a
    /// multipart upload, where nobody can read them.
    pub(super) async fn refuse_what_cannot_move(&self, to: &Store) -> Result<(), MaintenanceError> {
        let mut stuck = Vec::new();
        for shard in Store::shards() {
            let parts = self.catalog.parts_of_shard(shard).await?;
            for of_upload in parts.chunk_by(|one, other| one.upload == other.upload) {
                let Some(KeptPart { plan, upload, .. }) = of_upload.first() else { continue };
                let is_too_short = plan.total_parts() > 1 && plan.part_bytes() < SHORTEST_BUCKET_PART_BYTES;
                let is_tagged = of_upload.iter().any(|part| part.part.tag.is_some());
                let cannot_move = is_tagged || to.is_shared() && is_too_short;
                if is_half_read(of_upload) || cannot_move && self.published(of_upload).await?.is_none() {
                    stuck.push(*upload);
                }
            }
        }
        if stuck.is_empty() {
            return Ok(());
        }
        let named: Vec<String> = stuck.iter().take(MOST_NAMED).map(ToString::to_string).collect();
        Err(MaintenanceError::Refused(format!(
            "{} upload(s) under way have parts that cannot be moved to another store: complete or abort them first. They are {}",
            stuck.len(),
            named.join(", ")
        )))
    }

    /// The original that an upload became whose end was interrupted just before its row.
    pub(super) async fn published(&self, parts: &[KeptPart]) -> Result<Option<Original>, MaintenanceError> {
        let Some(first) = parts.first().filter(|first| first.state == UploadState::Completing) else { return Ok(None) };
        let key = BlobKey::of_upload(first.upload);
        match self.store.open_blob(key).await {
            Err(StoreError::Missing) => return Ok(None),
            opened => drop(opened?),
        }
        let digests: Vec<Digest> = parts.iter().map(|part| part.part.digest).collect();
        let (connection, size_bytes) = (first.connection.clone(), first.plan.size());
        let original = |etag| Original { connection, key, size_bytes, etag, is_document: false };
        Ok(merge(&digests).map(original))
    }

    pub(super) async fn copy_parts(&self, to: &Store, parts: &[KeptPart]) -> Result<Copied, MaintenanceError> {
        let mut all = Copied::default();
        let Some(first) = parts.first() else { return Ok(all) };
        let known = self.keeper().relocated_parts(first.connection.clone(), first.upload).await?;
        let is_known = |part: &KeptPart| {
            known.iter().any(|known| known.number == part.part.number && known.digest == part.part.digest)
        };
        for part in parts.iter().filter(|part| !is_known(part)) {
            let multipart = self.multipart(to, part).await?;
            all.add(self.copy_part(to, part, multipart.as_deref()).await?);
        }
        Ok(all)
    }

    /// The multipart upload that takes the copies, begun if there is none.
    async fn multipart(&self, to: &Store, part: &KeptPart) -> Result<Option<String>, MaintenanceError> {
        if !to.is_shared() || part.plan.total_parts() == 1 {
            return Ok(None);
        }
        let (owner, upload) = (part.connection.clone(), part.upload);
        if let Some(known) = self.keeper().relocated_upload(owner.clone(), upload).await? {
            return Ok(Some(known));
        }
        let begun = to.begin_multipart(upload).await?;
        self.keeper().keep_relocated_upload(owner, upload, begun.clone()).await?;
        Ok(Some(begun))
    }

    async fn copy_part(
        &self,
        to: &Store,
        part: &KeptPart,
        multipart: Option<&str>,
    ) -> Result<Copied, MaintenanceError> {
        let (upload, number) = (part.upload, part.part.number);
        let damage = |detail: String| {
            let connection = part.connection.clone();
            Copied::damaged(Damage {
                connection,
                blob: None,
                upload: Some(upload),
                detail: format!("part {number}: {detail}"),
            })
        };
        let Some(place) = part.plan.part(number) else { return Ok(damage("it is beyond the file's end".to_owned())) };
        let (location, from) = match part.part.side {
            Some(generation) => (PartLocation::Side(generation), 0),
            None => (PartLocation::InPlace, place.offset),
        };
        let reader = match self.store.open_part(upload, number, &location).await {
            Err(StoreError::Missing) => return Ok(damage("its bytes are not there".to_owned())),
            opened => opened?,
        };
        if reader.len() < from + place.length {
            return Ok(damage("its bytes are cut short".to_owned()));
        }
        // Nobody else writes at the new place: the slot is ours, however often.
        let slot = to.try_slot(upload, number);
        let expected = ExpectedDigests::default();
        let mut writing = to.begin_part(upload, &part.plan, place, expected, slot, multipart).await?;
        let blocks = reader.read(from..from + place.length);
        pin_mut!(blocks);
        while let Some(block) = blocks.next().await {
            let block = match block {
                Err(StoreError::Io(text)) => return Ok(damage(text)),
                block => block?,
            };
            self.digester.pass(&block).await;
            writing.write(&block).await?;
        }
        let stored = writing.finish().await?;
        if stored.digest != part.part.digest {
            return Ok(damage(format!("digest {}, and {} was acknowledged", stored.digest, part.part.digest)));
        }
        let (side, tag) = columns_of(&stored.location);
        let (connection, digest) = (part.connection.clone(), stored.digest);
        self.keeper().keep_relocated_part(RelocatedPart { connection, upload, number, digest, side, tag }).await?;
        Ok(Copied { parts: 1, bytes: place.length, ..Copied::default() })
    }
}
