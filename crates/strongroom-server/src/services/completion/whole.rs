//! Complete of a file that came whole in one request: its bytes lie under a key of their own, and one transaction makes a media
//! of the open session. There is no state between: a crash leaves the session open, for the same request again, and at most
//! bytes that no row names, which the sweep deletes.

use strongroom_catalog::CatalogError;
use strongroom_catalog::records::{Upload, WholeCompleted};
use strongroom_core::digest::Digest;
use strongroom_core::id::MediaId;
use strongroom_core::upload::UploadState;
use strongroom_store::{StoreError, WholeTry};
use tracing::Instrument as _;

use super::{Completion, new_media};
use crate::problem::Problem;
use crate::services::sessions::closed;
use crate::telemetry;

impl Completion {
    /// Publishes what was received, and completes the upload with it. Answers the file's digest and what it became.
    pub(crate) async fn complete_whole(
        &self,
        upload: Upload,
        received: WholeTry,
    ) -> Result<(Digest, MediaId), Problem> {
        let this = self.clone();
        // A client that goes away does not stop what it has begun.
        let run = async move { this.run_whole(upload, received).await };
        let running = tokio::spawn(run.in_current_span());
        running.await.map_err(|error| Problem::internal(error.to_string()))?
    }

    async fn run_whole(&self, upload: Upload, received: WholeTry) -> Result<(Digest, MediaId), Problem> {
        let file = received.finish().await?;
        let new = new_media(upload.clone(), file.blob, file.digest, &file.head);
        match self.catalog.complete_whole(new, self.clock.now()).await {
            Ok(WholeCompleted::Completed { completed, had_part }) => {
                telemetry::part_taken(upload.plan.size());
                let media = self.completed(completed, file.blob).await?;
                if had_part || self.store.has_begun(upload.id) {
                    left_for_the_sweep(self.store.discard_upload(upload.id, None).await);
                }
                Ok((file.digest, media))
            }
            Ok(WholeCompleted::NotOpen(state)) => {
                left_for_the_sweep(self.store.delete_blob(file.blob).await);
                Ok((file.digest, self.media_of_winner(&upload, state, file.digest).await?))
            }
            Err(error) => {
                // Where the answer is not known the bytes stay: a row may name them, and if none does, the sweep finds out.
                if matches!(error, CatalogError::OverQuota(_) | CatalogError::Full) {
                    left_for_the_sweep(self.store.delete_blob(file.blob).await);
                }
                Err(error.into())
            }
        }
    }

    /// Another request has completed the upload meanwhile, or is about to. With the same bytes both were whole.
    async fn media_of_winner(&self, upload: &Upload, state: UploadState, digest: Digest) -> Result<MediaId, Problem> {
        let part = match state {
            UploadState::Completing | UploadState::Completed => {
                self.catalog.part(upload.connection.clone(), upload.id, 1).await?
            }
            _ => None,
        };
        if part.is_some_and(|part| part.digest == digest) {
            self.complete(&upload.connection, upload.id, Vec::new()).await
        } else {
            Err(closed(upload.id, state))
        }
    }
}

/// What could not be deleted is of no use and does no harm: nobody has to hear of it but the operator.
fn left_for_the_sweep(deleted: Result<(), StoreError>) {
    if let Err(error) = deleted {
        tracing::warn!(%error, "files that no row names are left for the sweep");
    }
}
