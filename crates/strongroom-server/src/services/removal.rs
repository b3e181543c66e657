//! Purges what deleted connections held: bytes first, then the rows that name them.

use std::time::Duration;

use strongroom_catalog::Catalog;
use strongroom_catalog::records::Remains;
use strongroom_core::clock::Timestamp;
use strongroom_core::id::ConnectionId;
use strongroom_store::Store;

use super::freeing::freeing;
use crate::problem::Problem;

/// A request that began before its connection was deleted may still write. After this long a connection is not looked at any
/// more; sessions take no part once their rows are gone, so that only what is sent slower than this stays behind.
const LAST_WRITES: Duration = Duration::from_secs(3600);

/// Batches in one sweep; the rest waits for the next, so that the other steps of the sweep get their turn.
const MOST_BATCHES: u32 = 50;

/// Purges what deleted connections hold, or a good deal of it.
pub(crate) async fn purge_deleted(catalog: &Catalog, store: &Store, now: Timestamp) -> Result<(), Problem> {
    let mut batches = 0;
    for owner in catalog.deleted_connections().await? {
        loop {
            let remains = catalog.remains(owner.clone()).await?;
            if remains.uploads.is_empty() && remains.blobs.is_empty() {
                catalog.bury_connection(owner, now.before(LAST_WRITES), now).await?;
                break;
            }
            if batches == MOST_BATCHES {
                return Ok(());
            }
            batches += 1;
            purge(catalog, store, &owner, remains).await?;
        }
    }
    Ok(())
}

async fn purge(catalog: &Catalog, store: &Store, owner: &ConnectionId, remains: Remains) -> Result<(), Problem> {
    for upload in &remains.uploads {
        // A multipart upload in a bucket is one that no row names from here on; the sweeper aborts it.
        store.discard_upload(*upload, None).await?;
    }
    for blob in &remains.blobs {
        store.delete_blob(*blob).await?;
    }
    freeing(store, || catalog.forget_remains(owner.clone(), remains.clone())).await
}
