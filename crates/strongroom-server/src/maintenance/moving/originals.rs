//! Originals: sent to the new store as an upload is, part by part, and published there only if what was read is what was once
//! sent. So an original that the new store has under its name, with its length, is the right one, whichever run put it there.

use futures_util::{StreamExt as _, pin_mut};
use sha2::{Digest as _, Sha256};
use strongroom_catalog::records::KeptBlob;
use strongroom_core::content_digest::ExpectedDigests;
use strongroom_core::digest::{Digest, merge};
use strongroom_core::id::{BlobKey, ConnectionId, UploadId};
use strongroom_core::media::Format;
use strongroom_core::upload::{Plan, PlanLimits};
use strongroom_store::{BlobReader, Store, StoreError, StoredName};

use super::report::{Copied, Damage};
use super::{Files, Move};
use crate::maintenance::MaintenanceError;

/// Most originals are one request; the largest that S3 takes, 5 TiB, are 5,120 parts.
const LIMITS: PlanLimits =
    PlanLimits { min_part_bytes: 64 << 20, max_part_bytes: 1 << 30, target_parts: 1000, max_parts: 10_000 };

/// An original that there should be.
#[derive(Debug, Clone)]
pub(super) struct Original {
    pub(super) connection: ConnectionId,
    pub(super) key: BlobKey,
    pub(super) size_bytes: u64,
    pub(super) etag: Digest,
    /// Filed by its SHA-256 (`services/documents.rs`).
    pub(super) is_document: bool,
}

impl From<&KeptBlob> for Original {
    fn from(blob: &KeptBlob) -> Self {
        Self {
            connection: blob.connection.clone(),
            key: blob.key,
            size_bytes: blob.size_bytes,
            etag: blob.etag,
            is_document: blob.format == Some(Format::Pdf),
        }
    }
}

impl Original {
    fn damage(&self, detail: String) -> Copied {
        let (connection, blob) = (self.connection.clone(), Some(self.key));
        Copied::damaged(Damage { connection, blob, upload: None, detail: format!("original: {detail}") })
    }
}

impl Move {
    pub(super) async fn copy_original(
        &self,
        to: &Store,
        original: &Original,
        there: &Files,
    ) -> Result<Copied, MaintenanceError> {
        let size = original.size_bytes;
        if there.get(&StoredName::Original(original.key)).is_some_and(|file| file.size_bytes == size) {
            return Ok(Copied::default());
        }
        let reader = match self.store.open_blob(original.key).await {
            Err(StoreError::Missing) => return Ok(original.damage(format!("{size} bytes are not there"))),
            opened => opened?,
        };
        let Some(plan) = Plan::for_size(size, &LIMITS).filter(|_| reader.len() == size) else {
            return Ok(original.damage(format!("{} bytes, and {size} were sent", reader.len())));
        };
        let upload = original.key.upload();
        let is_multipart = to.is_shared() && plan.total_parts() > 1;
        let multipart = if is_multipart { Some(to.begin_multipart(upload).await?) } else { None };
        let sent = self.send(to, original, upload, &plan, &reader, multipart.as_deref()).await;
        if !matches!(&sent, Ok(copied) if copied.damaged.is_empty()) {
            to.discard_upload(upload, multipart.as_deref()).await?;
        }
        sent
    }

    async fn send(
        &self,
        to: &Store,
        original: &Original,
        upload: UploadId,
        plan: &Plan,
        reader: &BlobReader,
        multipart: Option<&str>,
    ) -> Result<Copied, MaintenanceError> {
        let (mut digests, mut placed, mut sha256) = (Vec::new(), Vec::new(), Sha256::new());
        for part in plan.parts() {
            let slot = to.try_slot(upload, part.number);
            let expected = ExpectedDigests::default();
            let mut writing = to.begin_part(upload, plan, part, expected, slot, multipart).await?;
            let blocks = reader.read(part.offset..part.offset + part.length);
            pin_mut!(blocks);
            while let Some(block) = blocks.next().await {
                let block = match block {
                    Err(StoreError::Io(text)) => return Ok(original.damage(text)),
                    Err(StoreError::Missing) => return Ok(original.damage("it went while it was read".to_owned())),
                    block => block?,
                };
                self.digester.pass(&block).await;
                if original.is_document {
                    sha256.update(&block);
                }
                writing.write(&block).await?;
            }
            let stored = writing.finish().await?;
            digests.push(stored.digest);
            placed.push((part, stored.location.clone()));
        }
        let digest = match original.is_document {
            true => Some(Digest::from_bytes(sha256.finalize().into())),
            false => merge(&digests),
        };
        if digest != Some(original.etag) {
            let actual = digest.map_or_else(String::new, |digest| digest.to_string());
            return Ok(original.damage(format!("digest {actual}, and {} was sent", original.etag)));
        }
        to.publish(upload, plan, &placed, multipart, original.key).await?;
        Ok(Copied { originals: 1, bytes: original.size_bytes, ..Copied::default() })
    }
}
