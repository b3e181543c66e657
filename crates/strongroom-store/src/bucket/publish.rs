//! The end of an upload in a bucket. Completing is "maybe done" until it has been looked at: an answer may be lost, a second
//! completion is refused by some servers, and a success may carry an error.

use std::sync::Arc;
use std::time::Duration;

use strongroom_core::id::{BlobKey, UploadId};
use strongroom_core::upload::{PartRange, Plan};
use tokio::time::sleep;

use super::BucketStore;
use super::failure::Failure;
use super::objects::Head;
use crate::error::StoreError;
use crate::names;
use crate::part::PartLocation;

/// How often and how long a blob is waited for that another node seems to publish.
const LOOKS: u32 = 4;
const BETWEEN_LOOKS: Duration = Duration::from_millis(500);

impl BucketStore {
    pub(crate) async fn publish(
        &self,
        upload: UploadId,
        plan: &Plan,
        parts: &[(PartRange, PartLocation)],
        multipart: Option<&str>,
        blob: BlobKey,
    ) -> Result<(), StoreError> {
        // Anything but the whole plan would leave a hole.
        if !plan.parts().eq(parts.iter().map(|(part, _)| *part)) {
            return Err(StoreError::Missing);
        }
        let to = self.key(&names::blob(blob));
        if self.is_published(&to, plan, |head| contradicts_tagged(head, parts)).await? {
            self.remove_leftovers(upload, parts).await;
            return Ok(());
        }
        match self.assemble(upload, plan, parts, multipart, &to).await {
            // What it was to be made of is gone, or has changed under our hands. Another node that ends the same upload may
            // have made it, or be about to.
            Err(error @ (StoreError::Missing | StoreError::Sealed)) if !self.appears(&to, plan).await? => {
                // A part number that a side object was just copied to can be written by another node's copy, and by a try that
                // has its claim and hung: then it is copied again.
                let has_copies = parts.iter().any(|(_, location)| matches!(location, PartLocation::Side(_)));
                return Err(match error {
                    StoreError::Sealed if has_copies => StoreError::Busy(format!("parts of {to} have changed")),
                    _ => StoreError::Missing,
                });
            }
            Ok(()) | Err(StoreError::Missing | StoreError::Sealed) => {}
            Err(error) => return Err(error),
        }
        self.remove_leftovers(upload, parts).await;
        Ok(())
    }

    async fn assemble(
        &self,
        upload: UploadId,
        plan: &Plan,
        parts: &[(PartRange, PartLocation)],
        multipart: Option<&str>,
        to: &str,
    ) -> Result<(), StoreError> {
        match (parts, multipart) {
            ([(_, PartLocation::InPlace)], _) => self.copy(&self.key(&names::staging(upload)), to, plan).await,
            ([(part, PartLocation::Side(generation))], _) => {
                self.copy(&self.key(&names::side(upload, part.number, *generation)), to, plan).await
            }
            (_, Some(multipart)) => self.complete(upload, plan, parts, multipart, to).await,
            (_, None) => Err(StoreError::Missing),
        }
    }

    /// Whether the blob is there within two seconds.
    async fn appears(&self, to: &str, plan: &Plan) -> Result<bool, StoreError> {
        for _ in 0..LOOKS {
            if self.is_published(to, plan, |_| false).await? {
                return Ok(true);
            }
            sleep(BETWEEN_LOOKS).await;
        }
        Ok(false)
    }

    /// Publishes an upload's only part by a copy within the bucket. A try that is still running can then do no harm: it writes
    /// a name that is never read again.
    async fn copy(&self, from: &str, to: &str, plan: &Plan) -> Result<(), StoreError> {
        let source = self.client().head(from).await?.filter(|head| head.length == plan.size());
        let Some(source) = source else { return Err(StoreError::Missing) };
        let copied = self.client().copy(from, to).await;
        let differs = |copy: &Head| copy.tag.contradicts_copy(&source.tag);
        self.judge(copied, to, plan, differs).await
    }

    /// Completes the multipart upload, once what lies in side objects is in it too.
    async fn complete(
        &self,
        upload: UploadId,
        plan: &Plan,
        parts: &[(PartRange, PartLocation)],
        multipart: &str,
        to: &str,
    ) -> Result<(), StoreError> {
        let mut tags = Vec::with_capacity(parts.len());
        for (part, location) in parts {
            tags.push(match location {
                PartLocation::Tagged(tag) => Arc::clone(tag),
                PartLocation::Side(generation) => {
                    let side = names::side(upload, part.number, *generation);
                    let copied = self.copy_into_part(&side, part, multipart, to).await;
                    // The multipart upload is gone: no copy into it will ever be.
                    copied.map_err(
                        |error| if matches!(error, StoreError::Sealed) { StoreError::Missing } else { error },
                    )?
                }
                PartLocation::InPlace => return Err(StoreError::Missing),
            });
        }
        let completed = self.client().complete_multipart(to, multipart, &tags).await;
        self.judge(completed, to, plan, |head| head.tag.contradicts_parts(&tags)).await
    }

    /// What `outcome` means, once it is known whether the blob is there.
    async fn judge(
        &self,
        outcome: Result<(), Failure>,
        to: &str,
        plan: &Plan,
        differs: impl FnOnce(&Head) -> bool,
    ) -> Result<(), StoreError> {
        if self.is_published(to, plan, differs).await? {
            if let Err(failure) = outcome {
                tracing::info!(key = to, %failure, "published, though the object store said otherwise");
            }
            return Ok(());
        }
        Err(match outcome {
            Ok(()) => StoreError::Busy(format!("{to} was published and is not there")),
            Err(failure) if failure.is("InvalidPart") => StoreError::Sealed,
            Err(failure) if failure.is("NoSuchUpload") || failure.is("NoSuchKey") => StoreError::Missing,
            Err(failure) => failure.into(),
        })
    }

    /// Whether the blob is there. One of another length, or with another tag than `differs` allows, is not ours.
    async fn is_published(
        &self,
        to: &str,
        plan: &Plan,
        differs: impl FnOnce(&Head) -> bool,
    ) -> Result<bool, StoreError> {
        match self.client().head(to).await? {
            None => Ok(false),
            Some(head) if head.length == plan.size() && !differs(&head) => Ok(true),
            Some(_) => Err(StoreError::Io(format!("{to} is not of this upload"))),
        }
    }

    /// After publishing, what is left is of no use; a failure to remove it is the sweep's business.
    async fn remove_leftovers(&self, upload: UploadId, parts: &[(PartRange, PartLocation)]) {
        let sides = parts.iter().filter_map(|(part, location)| match location {
            PartLocation::Side(generation) => Some(names::side(upload, part.number, *generation)),
            _ => None,
        });
        let staging = (parts.len() == 1).then(|| names::staging(upload));
        for name in sides.chain(staging) {
            if let Err(failure) = self.client().delete(&self.key(&name)).await {
                tracing::warn!(%upload, %failure, "objects of a published upload are left for the sweep");
                return;
            }
        }
    }

    pub(crate) async fn discard_upload(&self, upload: UploadId, multipart: Option<&str>) -> Result<(), StoreError> {
        if let Some(multipart) = multipart {
            self.abort_multipart(upload, multipart).await?;
        }
        for object in self.client().list(&names::staging(upload)).await? {
            self.client().delete(&self.key(&object.name)).await?;
        }
        Ok(())
    }

    pub(crate) async fn discard_side(&self, upload: UploadId, number: u32, generation: u64) -> Result<(), StoreError> {
        Ok(self.client().delete(&self.key(&names::side(upload, number, generation))).await?)
    }
}

/// Whether the blob was made of other parts than these, as far as their tags tell.
fn contradicts_tagged(head: &Head, parts: &[(PartRange, PartLocation)]) -> bool {
    let tag = |(_, location): &(PartRange, PartLocation)| match location {
        PartLocation::Tagged(tag) => Some(Arc::clone(tag)),
        _ => None,
    };
    let tags: Option<Vec<_>> = parts.iter().map(tag).collect();
    tags.is_some_and(|tags| head.tag.contradicts_parts(&tags))
}
