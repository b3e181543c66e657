//! What only the embedded engine can be asked: whether its file is whole, and for a copy of it.

use std::path::Path;

use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection as _, Row as _};

use super::Engine;
use crate::CatalogError;
use crate::records::About;

impl Engine {
    /// Writes the whole catalog, as it is at one moment, to a new file. Readers and the writer go on; the write-ahead log
    /// cannot be cut until it is done.
    pub(crate) async fn copy_into(&self, file: &Path) -> Result<(), CatalogError> {
        let name = file.to_str().ok_or_else(|| CatalogError::Unavailable(format!("{} is no text", file.display())))?;
        // `query_only`, which keeps readers from writing, keeps them from writing another file, too.
        let mut connection = self.fresh("off").await?;
        sqlx::query("vacuum into $1").bind(name).execute(&mut connection).await?;
        Ok(connection.close().await?)
    }

    /// Which SQLite this is. It is compiled in, so nothing of the machine's can be wrong with it.
    pub(crate) async fn about(&self) -> Result<About, CatalogError> {
        let version = self.readers.rows("select sqlite_version()").await?;
        let version: String = version.first().map_or(Ok(String::new()), |row| row.try_get(0))?;
        let engine = format!("SQLite {version}, write-ahead log, full sync");
        Ok(About { engine, now: None, complaints: Vec::new() })
    }

    /// What SQLite finds wrong with its file.
    pub(crate) async fn self_check(&self) -> Result<Vec<String>, CatalogError> {
        // A connection that has searched before holds totals of the search index that others have changed since, and the check
        // would call the index broken.
        let mut connection = self.fresh("on").await?;
        let mut complaints = Vec::new();
        // At most a hundred: the rest follows from the first ones.
        let checked = sqlx::query("pragma integrity_check(100)").fetch_all(&mut connection).await?;
        for row in checked {
            complaints.push(row.try_get::<String, _>(0)?);
        }
        complaints.retain(|complaint| complaint != "ok");
        let dangling = sqlx::query("select \"table\", parent, count(*) from pragma_foreign_key_check group by 1, 2")
            .fetch_all(&mut connection)
            .await?;
        for row in dangling {
            let (table, parent, rows): (String, String, i64) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            complaints.push(format!("{rows} row(s) of {table} refer to no {parent}"));
        }
        connection.close().await?;
        Ok(complaints)
    }

    /// A connection that nobody else has had.
    async fn fresh(&self, query_only: &'static str) -> Result<SqliteConnection, CatalogError> {
        let options = self.readers.options().clone().pragma("query_only", query_only);
        Ok(SqliteConnection::connect_with(&options).await?)
    }
}
