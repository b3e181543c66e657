//! Renditions on the local disk.

use strongroom_core::id::BlobKey;
use strongroom_core::rendition::{RenditionFormat, RenditionName};

use crate::blocking::blocking;
use crate::error::StoreError;
use crate::local::store::LocalStore;
use crate::rendition::NewRendition;

impl LocalStore {
    pub(crate) async fn put_renditions(&self, blob: BlobKey, renditions: &[NewRendition]) -> Result<(), StoreError> {
        let store = self.clone();
        let to = |new: &NewRendition| self.layout().rendition(blob, new.name, new.format);
        let names: Vec<_> = renditions.iter().map(|new| (new.from.clone(), to(new))).collect();
        blocking(move || store.disk().publish(&names)).await
    }

    pub(crate) async fn delete_blob(&self, blob: BlobKey) -> Result<(), StoreError> {
        let store = self.clone();
        blocking(move || {
            for name in RenditionName::ALL {
                for format in RenditionFormat::ALL {
                    store.disk().remove(&store.layout().rendition(blob, *name, *format))?;
                }
            }
            store.disk().remove(&store.layout().blob(blob))
        })
        .await
    }
}
