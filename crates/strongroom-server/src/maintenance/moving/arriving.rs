//! What a server that starts does about a move.

use strongroom_catalog::records::{Relocation, RelocationRole};
use strongroom_catalog::{Catalog, CatalogError};

use crate::config;

/// The store that is no bucket, in words of the command line.
const DISK: &str = "disk";

/// What a store is called: a bucket's URL, or `disk`.
#[must_use]
pub fn name_of_store(store: &config::Store) -> String {
    let url = |bucket: &strongroom_store::BucketOptions| bucket.url.trim_end_matches('/').to_owned();
    store.bucket.as_ref().map_or_else(|| DISK.to_owned(), url)
}

/// Lets a server start on a vault that moves only for what it may do there. Where only the bytes have moved, the first server
/// that is told of the new store takes writes again; before that, writes would go to the old one.
pub(crate) async fn admit(catalog: &Catalog, store: &config::Store) -> Result<(), CatalogError> {
    match catalog.relocation().await? {
        None => Ok(()),
        Some(Relocation { role: RelocationRole::Arriving, .. }) => Err(CatalogError::Unavailable(
            "a vault is being moved to this database: run `strongroom move` to its end first".to_owned(),
        )),
        Some(Relocation { role: RelocationRole::Left, to_database: None, to_store: Some(to), .. })
            if to == name_of_store(store) =>
        {
            tracing::info!(store = to, "the bytes have moved here; writes are taken again");
            catalog.end_relocation().await
        }
        Some(Relocation { role: RelocationRole::Left, to_database, to_store, .. }) => {
            tracing::warn!(?to_database, ?to_store, "this vault has moved: it answers reads alone");
            Ok(())
        }
        Some(Relocation { role: RelocationRole::Leaving, .. }) => {
            tracing::info!("this vault is being moved");
            Ok(())
        }
    }
}
