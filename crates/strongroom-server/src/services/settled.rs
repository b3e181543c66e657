//! Waiting for a media to be ready, or to have failed.

use std::time::Duration;

use strongroom_catalog::Catalog;
use strongroom_catalog::records::{BlobState, Media};
use strongroom_core::id::{BlobKey, ConnectionId, MediaId};
use strongroom_core::media::MediaStatus;
use tokio::sync::broadcast;

use crate::problem::Problem;

/// How often a waiter looks for itself, for jobs that another process runs.
const LOOK: Duration = Duration::from_millis(250);

/// Tells waiters in this process which blobs have settled.
#[derive(Clone)]
pub(crate) struct Settled {
    sender: broadcast::Sender<BlobKey>,
}

impl Default for Settled {
    fn default() -> Self {
        Self { sender: broadcast::channel(256).0 }
    }
}

impl Settled {
    /// Announces a blob.
    pub(crate) fn announce(&self, blob: BlobKey) {
        // Nobody waiting is no error.
        drop(self.sender.send(blob));
    }

    /// How far a blob has come, once it is no longer processing or `patience` has run out.
    pub(crate) async fn wait_for_blob(
        &self,
        catalog: &Catalog,
        owner: &ConnectionId,
        blob: BlobKey,
        patience: Duration,
    ) -> Result<Option<BlobState>, Problem> {
        let deadline = tokio::time::Instant::now() + patience;
        let mut settled = self.sender.subscribe();
        loop {
            let state = catalog.blob_state(owner.clone(), blob).await?;
            let is_processing = state.as_ref().is_some_and(|state| state.status == MediaStatus::Processing);
            if !is_processing || tokio::time::Instant::now() >= deadline {
                return Ok(state);
            }
            hear(&mut settled, blob, deadline).await;
        }
    }

    /// The media, once it is no longer processing or the `patience` that one has with it has run out.
    pub(crate) async fn wait(
        &self,
        catalog: &Catalog,
        owner: &ConnectionId,
        media: MediaId,
        patience: impl Fn(&Media) -> Duration,
    ) -> Result<Option<Media>, Problem> {
        let began = tokio::time::Instant::now();
        // Subscribed before the first look: what settles in between is heard.
        let mut settled = self.sender.subscribe();
        loop {
            let found = catalog.media(owner.clone(), media).await?;
            let processing = found.as_ref().filter(|media| media.status == MediaStatus::Processing);
            let Some((blob, deadline)) = processing.map(|media| (media.blob, began + patience(media))) else {
                return Ok(found);
            };
            if tokio::time::Instant::now() >= deadline {
                return Ok(found);
            }
            hear(&mut settled, blob, deadline).await;
        }
    }
}

/// Waits until `blob` is announced, but no longer than until it is time to look again.
async fn hear(settled: &mut broadcast::Receiver<BlobKey>, blob: BlobKey, deadline: tokio::time::Instant) {
    let heard = async { while !matches!(settled.recv().await, Ok(key) if key == blob) {} };
    let look = (tokio::time::Instant::now() + LOOK).min(deadline);
    drop(tokio::time::timeout_at(look, heard).await);
}
