//! A directory with a catalog in it, and a second way to its file.

use std::path::PathBuf;

use rusqlite::Connection;
use strongroom_catalog::Catalog;

/// Gone with its directory when dropped.
pub(crate) struct Home(tempfile::TempDir);

impl Home {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.0.path().join("catalog.sqlite")
    }

    pub(crate) async fn open(&self) -> Catalog {
        Catalog::open_sqlite(&self.path()).await.unwrap()
    }

    /// A connection as another process would have it.
    pub(crate) fn connect(&self) -> Connection {
        let connection = Connection::open(self.path()).unwrap();
        connection.execute_batch("pragma foreign_keys = on").unwrap();
        connection
    }
}
