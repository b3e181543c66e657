//! Which database a catalog is in.

use std::path::Path;

use crate::records::About;
use crate::{Announcement, CatalogError, postgres, sqlite};

/// An open database.
#[derive(Clone)]
pub(super) enum Engine {
    /// A file of this process's.
    Sqlite(sqlite::Engine),
    /// A server that many processes share.
    Postgres(postgres::Engine),
}

impl Engine {
    pub(super) async fn probe(&self) -> Result<(), CatalogError> {
        match self {
            Self::Sqlite(engine) => engine.probe().await,
            Self::Postgres(engine) => engine.probe().await,
        }
    }

    pub(super) async fn failed(&self) {
        match self {
            Self::Sqlite(engine) => engine.writer.stopped().await,
            // The server answers for its own disk. When it is back, so is the catalog.
            Self::Postgres(_) => std::future::pending().await,
        }
    }

    pub(super) async fn listen(&self, hear: impl Fn(Announcement) + Send + Sync) {
        match self {
            // Whatever is written here is written by this process.
            Self::Sqlite(_) => std::future::pending().await,
            Self::Postgres(engine) => match engine.listen(hear).await {},
        }
    }

    pub(super) async fn copy_into(&self, file: &Path) -> Result<(), CatalogError> {
        match self {
            Self::Sqlite(engine) => engine.copy_into(file).await,
            Self::Postgres(_) => {
                let advice = "a PostgreSQL catalog is copied with pg_dump, or with the server's own backups";
                Err(CatalogError::Unavailable(advice.to_owned()))
            }
        }
    }

    pub(super) async fn about(&self) -> Result<About, CatalogError> {
        match self {
            Self::Sqlite(engine) => engine.about().await,
            Self::Postgres(engine) => engine.about().await,
        }
    }

    pub(super) async fn self_check(&self) -> Result<Vec<String>, CatalogError> {
        match self {
            Self::Sqlite(engine) => engine.self_check().await,
            // Checksums of pages and pg_amcheck are the server's business.
            Self::Postgres(_) => Ok(Vec::new()),
        }
    }
}
