//! Deleting media for good: rows first, then files. What a crash leaves in between are files that no row names, and those the
//! sweeper deletes.

use strongroom_catalog::records::Purged;
use strongroom_core::id::{ConnectionId, MediaId};
use strongroom_store::Store;
use tracing::Instrument as _;

use super::freeing::freeing;
use crate::app::App;
use crate::problem::Problem;

/// Deletes a media for good, from the vault or the trash.
pub(crate) async fn purge(app: &App, owner: ConnectionId, id: MediaId) -> Result<(), Problem> {
    let app = app.clone();
    // A client that goes away does not stop what it has begun.
    let purge = async move {
        let purging = || app.catalog.purge_media(owner.clone(), id, app.clock.now());
        let purged = freeing(&app.store, purging).await?;
        let purged = purged.ok_or_else(|| Problem::not_found("media", &id.to_string()))?;
        delete_bytes(&app.store, purged).await;
        Ok(())
    };
    let running = tokio::spawn(purge.in_current_span());
    running.await.map_err(|error| Problem::internal(error.to_string()))?
}

/// Deletes the files of what was purged. The rows are gone, so a failure is no longer the caller's.
pub(crate) async fn delete_bytes(store: &Store, purged: Purged) {
    for blob in purged.blobs {
        if let Err(error) = store.delete_blob(blob).await {
            tracing::warn!(%blob, %error, "the files of a purged media are left for the sweep");
        }
    }
    // The rows may have needed the reserve. Where others took the room at once, the next sweep tries.
    drop(store.keep_reserve().await);
}
