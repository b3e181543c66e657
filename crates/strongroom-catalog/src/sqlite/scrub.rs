//! What only the embedded engine can be asked: whether its file is whole, and for a copy of it.

use std::path::Path;

use rusqlite::Connection;

use super::Engine;
use super::blocking;
use super::connection::{Purpose, connect};
use crate::CatalogError;
use crate::records::About;

impl Engine {
    /// Writes the whole catalog, as it is at one moment, to a new file. Readers and the writer go on; the write-ahead log
    /// cannot be cut until it is done.
    pub(crate) async fn copy_into(&self, file: &Path) -> Result<(), CatalogError> {
        let name = file.to_str().ok_or_else(|| CatalogError::Unavailable(format!("{} is no text", file.display())))?;
        let (path, name) = (self.readers.path(), name.to_owned());
        blocking(move || Ok(connect(&path, Purpose::Copy)?.execute("vacuum into ?1", [name]).map(drop)?)).await
    }

    /// Which SQLite this is. It is compiled in, so nothing of the machine's can be wrong with it.
    pub(crate) async fn about(&self) -> Result<About, CatalogError> {
        let engine = format!("SQLite {}, write-ahead log, {} sync", rusqlite::version(), self.synchronous.as_str());
        Ok(About { engine, now: None, complaints: Vec::new() })
    }

    /// What SQLite finds wrong with its file.
    pub(crate) async fn self_check(&self) -> Result<Vec<String>, CatalogError> {
        let path = self.readers.path();
        // A connection that has searched before holds totals of the search index that others have changed since, and the check
        // would call the index broken.
        blocking(move || Ok(complaints(&connect(&path, Purpose::Read)?)?)).await
    }
}

fn complaints(connection: &Connection) -> Result<Vec<String>, rusqlite::Error> {
    // At most a hundred: the rest follows from the first ones.
    let mut check = connection.prepare("pragma integrity_check(100)")?;
    let mut complaints: Vec<String> = check.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    complaints.retain(|complaint| complaint != "ok");
    let mut check =
        connection.prepare("select \"table\", parent, count(*) from pragma_foreign_key_check group by 1, 2")?;
    let dangling = check.query_map([], |row| {
        let (table, parent, rows): (String, String, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(format!("{rows} row(s) of {table} refer to no {parent}"))
    })?;
    for complaint in dangling {
        complaints.push(complaint?);
    }
    Ok(complaints)
}
