//! Writes that let bytes go, and so have to work on a full disk.

use std::time::Duration;

use strongroom_catalog::CatalogError;
use strongroom_store::Store;

use crate::problem::Problem;

/// How long to wait for the room before each new try. XFS lends out freed blocks only when their transaction is in its log, and a
/// sweep may have set the reserve aside again in between.
const PAUSES: [Duration; 4] =
    [Duration::ZERO, Duration::from_millis(20), Duration::from_millis(100), Duration::from_millis(500)];

/// Runs a write of the catalog after which bytes can be deleted. Where the disk has no room even for that row, it gets the
/// room that the store keeps aside for it; the store sets it aside again when it discards the bytes.
pub(crate) async fn freeing<T, W>(store: &Store, write: impl Fn() -> W) -> Result<T, Problem>
where
    W: Future<Output = Result<T, CatalogError>>,
{
    for pause in PAUSES {
        match write().await {
            Err(CatalogError::Full) => {
                let bytes = store.give_up_reserve().await?;
                tracing::warn!(bytes, "the disk is full; the reserve is given up for a row that frees more");
                tokio::time::sleep(pause).await;
            }
            written => return Ok(written?),
        }
    }
    Ok(write().await?)
}
