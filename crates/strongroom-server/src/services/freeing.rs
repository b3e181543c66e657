//! Writes that let bytes go, and so have to work on a full disk.

use strongroom_catalog::CatalogError;
use strongroom_store::Store;

use crate::problem::Problem;

/// Runs a write of the catalog after which bytes can be deleted. Where the disk has no room even for that row, it gets the
/// room that the store keeps aside for it; the store sets it aside again when it discards the bytes.
pub(crate) async fn freeing<T, W>(store: &Store, write: impl Fn() -> W) -> Result<T, Problem>
where
    W: Future<Output = Result<T, CatalogError>>,
{
    match write().await {
        Err(CatalogError::Full) => {
            let bytes = store.give_up_reserve().await?;
            tracing::warn!(bytes, "the disk is full; the reserve is given up for a row that frees more");
            Ok(write().await?)
        }
        written => Ok(written?),
    }
}
