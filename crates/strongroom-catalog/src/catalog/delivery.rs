//! What delivery asks, thousands of times a second.

use std::sync::Arc;

use strongroom_core::id::MediaId;
use strongroom_core::rendition::RenditionName;

use super::{Catalog, Engine};
use crate::records::Deliverable;
use crate::{CatalogError, postgres, sqlite};

impl Catalog {
    /// What delivery needs of one rendition, as it is now. Whoever asks holds a good signature.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn deliverable(
        &self,
        media: MediaId,
        name: RenditionName,
    ) -> Result<Option<Arc<Deliverable>>, CatalogError> {
        match &self.engine {
            Engine::Sqlite(engine) => {
                let read = async {
                    let mut connection = engine.readers.acquire().await?;
                    sqlite::queries::media::deliverable(&mut connection, media, name).await
                };
                engine.deliverables.get_or_read((media, name), read).await
            }
            Engine::Postgres(engine) => {
                let read = engine
                    .read(move |connection| Box::pin(postgres::queries::media::deliverable(connection, media, name)));
                Ok(read.await?.map(Arc::new))
            }
        }
    }
}
